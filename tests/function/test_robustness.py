"""What goes wrong leaves a function whole: threads, failed compilations, Ctrl-C, errors, recursion, generators."""

import copy
import os
import pickle
import subprocess
import sys
import threading
import warnings

import numpy as np
import pytest

import gradtape as gt
from gradtape.backends.llvm import calling, engine
from gradtape.core.listen import listeners

both = pytest.mark.parametrize("backend", ["llvm", "reference"])


def at_once(work, count):
    """Start threads together; what they raised."""
    barrier, failures = threading.Barrier(count), []

    def run(number):
        try:
            barrier.wait()
            work(number)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return failures


@both
def test_first_calls_from_many_threads(backend):
    """All record, one road is kept of each way; later derivatives and entries are right in every thread."""

    def program(x):
        y = x * x if x > 0 else -x
        with gt.GradientTape() as tape:
            tape.watch(y)
            z = gt.sin(y) * y
        return tape.gradient(z, y)

    f = gt.function(program, backend=backend)

    def work(number):
        for k in range(12):
            x = (number + 1) * 0.1 * (-1) ** (number + k)
            y = x * x if x > 0 else -x
            found = f(gt.constant(x, dtype=gt.float64))
            np.testing.assert_allclose(found, np.cos(y) * y + np.sin(y), rtol=1e-12)
            with gt.GradientTape() as tape:
                v = gt.constant(x, dtype=gt.float64)
                tape.watch(v)
                slope = f(v)
            inner = 2 * x if x > 0 else -1.0
            np.testing.assert_allclose(
                tape.gradient(slope, v), inner * (2 * np.cos(y) - y * np.sin(y)), rtol=1e-10
            )

    assert at_once(work, 8) == []
    assert f.stats()["roads"] == 2


def test_walks_and_blocks_from_many_threads():
    rng = np.random.default_rng(1)
    weights = rng.normal(size=(3, 4))
    f = gt.function(lambda x: gt.reduce_sum(gt.tanh(x @ weights) ** 2), backend="llvm")
    g = gt.vectorize(lambda x: gt.exp(x) if x > 0 else x)

    def work(number):
        own = np.random.default_rng(number)
        for _ in range(10):
            x = own.normal(size=(1000, 3))
            np.testing.assert_allclose(f(x), np.sum(np.tanh(x @ weights) ** 2), rtol=1e-12)
            np.testing.assert_allclose(
                g(x[:, 0]), np.where(x[:, 0] > 0, np.exp(x[:, 0]), x[:, 0]), rtol=1e-12
            )

    assert at_once(work, 6) == []


@pytest.mark.parametrize("place", ["_compiled", "_linked"])
def test_a_compilation_that_fails_is_said_once_and_the_function_works(monkeypatch, place):
    def broken(*_given):
        raise RuntimeError("no room for code")

    monkeypatch.setattr(engine, place, broken)
    f = gt.function(lambda x: gt.exp(x) * x)
    x = np.array([1.0, 2.0])
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        for _ in range(3):
            np.testing.assert_allclose(f(x), np.exp(x) * x)
    (warning,) = heard
    assert "could not be compiled: RuntimeError: no room for code" in str(warning.message)
    assert f.stats()["backend"] == "reference"
    strict = gt.function(lambda x: gt.exp(x) * x, backend="llvm")
    strict(x)
    for _ in range(2):
        with pytest.raises(RuntimeError, match="no room for code"):
            strict(x)
    monkeypatch.undo()
    np.testing.assert_allclose(strict(x), np.exp(x) * x)


def test_an_entry_that_fails_is_done_without(monkeypatch):
    def broken(*_given):
        raise RuntimeError("no entry")

    monkeypatch.setattr(calling, "entry", broken)
    f = gt.function(lambda x: x * x, backend="llvm")
    assert [float(f(gt.constant(x))) for x in (1.0, 2.0, 3.0)] == [1.0, 4.0, 9.0]
    assert f._entry is None


def interrupt(*_given, **_settings):
    raise KeyboardInterrupt


def is_whole(f, *args, expected):
    """Whether a function still gives what it should, alone and under a tape, and nobody is left listening."""
    assert listeners() == ()
    for _ in range(3):
        np.testing.assert_allclose(f(*args), expected, rtol=1e-6)
    with gt.GradientTape() as tape:
        x = gt.constant(2.0)
        tape.watch(x)
        y = x * x
    assert float(tape.gradient(y, x)) == 4.0


@both
@pytest.mark.parametrize("number", range(4))
def test_ctrl_c_while_recording(backend, number):
    """At several places of a program with tapes and a variable, which is as before."""
    v = gt.Variable(1.0, dtype=gt.float64)
    count = [number]

    def maybe():
        count[0] -= 1
        if count[0] < 0:
            raise KeyboardInterrupt

    @gt.function(backend=backend)
    def f(x):
        maybe()
        with gt.GradientTape() as outer:
            outer.watch(x)
            with gt.GradientTape() as inner:
                inner.watch(x)
                y = x**3 * v
                maybe()
            first = inner.gradient(y, x)
            maybe()
        second = outer.gradient(first, x)
        maybe()
        v.assign_add(0.0)
        return second

    x = gt.constant(2.0, dtype=gt.float64)
    with pytest.raises(KeyboardInterrupt):
        f(x)
    count[0] = 1 << 30
    assert float(v) == 1.0
    is_whole(f, x, expected=12.0)


@pytest.mark.parametrize("place", ["_compiled", "_linked"])
def test_ctrl_c_while_compiling(monkeypatch, place):
    f = gt.function(lambda x: gt.exp(x) + 1.25, backend="llvm")
    x = np.array([0.5, 0.25])
    f(x)
    with monkeypatch.context() as patched:
        patched.setattr(engine, place, interrupt)
        with pytest.raises(KeyboardInterrupt):
            f(x)
        with pytest.raises(KeyboardInterrupt), gt.GradientTape() as tape:
            z = gt.constant(x)
            tape.watch(z)
            f(z)
            f(z)
    is_whole(f, x, expected=np.exp(x) + 1.25)


@both
def test_ctrl_c_while_running(backend):
    """In an operation that is done by NumPy, between machine code."""
    stopped = []

    def value(x):
        if stopped:
            raise KeyboardInterrupt
        return np.sort(x)

    row = gt.register_primitive("sorted_until_stopped", value=value, partials=None)
    v = gt.Variable([0.0, 0.0], dtype=gt.float64)

    @gt.function(backend=backend)
    def f(x):
        y = row(gt.exp(x)) * 2.0
        v.assign(y)
        return y + 1.0

    x = np.array([1.0, 0.0])
    expected = 2 * np.sort(np.exp(x)) + 1
    for _ in range(2):
        f(x)
    v.assign([7.0, 7.0])
    stopped.append(True)
    with pytest.raises(KeyboardInterrupt):
        f(x)
    np.testing.assert_array_equal(v, [7.0, 7.0])
    stopped.clear()
    is_whole(f, x, expected=expected)


@both
def test_recursion(backend):
    """By Python numbers, by values (a road each), and without end."""

    @gt.function(backend=backend)
    def power(x, n):
        return x if n == 1 else x * power(x, n - 1)

    @gt.function(backend=backend)
    def down(x):
        return x if x < 1 else down(x - 1)

    @gt.function(backend=backend)
    def endless(x):
        return endless(x + 1)

    for _ in range(2):
        assert float(power(gt.constant(3.0), 4)) == 81.0
        assert [float(down(gt.constant(k + 0.25))) for k in range(4)] == [0.25] * 4
        with pytest.raises(RecursionError):
            endless(gt.constant(0.0))
    assert listeners() == ()


def test_generators_and_coroutines_are_refused():
    def numbers(x):
        yield x

    async def later(x):
        return x

    async def both_of_them(x):
        yield x

    class Model:
        def rows(self, x):
            yield x

    for function, what in (
        (numbers, "numbers is a generator"),
        (later, "later is a coroutine"),
        (both_of_them, "both_of_them is a generator"),
        (Model().rows, "rows is a generator"),
    ):
        for make in (gt.function, gt.vectorize):
            with pytest.raises(TypeError, match=f"{what}: it hands over before it is done"):
                make(function)


@both
def test_an_error_of_the_program_comes_out_as_it_is(backend):
    """Recorded and replayed: the same type, and the line of the program in a replay."""

    def solve(a):
        return gt.linalg.inv(a) * 2.0

    f = gt.function(solve, backend=backend)
    good = np.array([[2.0, 0.0], [0.0, 4.0]])
    for _ in range(2):
        with pytest.raises(Exception, match="Singular") as first:
            f(np.zeros((2, 2)))
        np.testing.assert_allclose(f(good), np.diag([1.0, 0.5]))
    assert listeners() == ()
    assert any("test_robustness.py" in note for note in first.value.__notes__)


@pytest.mark.parametrize(
    "dtype", ["float16", "complex64", "complex128", "uint8", "uint32", "uint64", "int8", "int16"]
)
def test_dtypes_of_every_kind_give_what_numpy_does(dtype):
    """Beside others that have it, in kernels, reductions, batches and derivatives."""
    rng = np.random.default_rng(5)
    x = (rng.normal(size=(600, 3)) * 3).astype("complex128")
    x = (x + 1j * rng.normal(size=x.shape) if dtype[0] == "c" else np.abs(x.real)).astype(dtype)

    def program(x, w):
        y = x * x + x
        number = gt.cast(gt.math.real(y) if dtype[0] == "c" else y, "float64")
        with gt.GradientTape() as tape:
            tape.watch([x, w] if dtype[0] in "fc" else w)
            z = gt.reduce_sum(gt.tanh(number @ w)) + gt.cast(gt.math.real(gt.reduce_sum(x * x)), "float64")
        slopes = tape.gradient(z, [x, w] if dtype[0] in "fc" else w)
        return y, gt.reduce_max(number, 0), y[::2] - y[1::2], slopes

    w = rng.normal(size=(3, 2))
    fast, slow = (gt.function(program, backend=backend) for backend in ("llvm", "reference"))
    for _ in range(2):
        for a, b in zip(gt.nest.flatten(fast(x, w)), gt.nest.flatten(slow(x, w)), strict=True):
            assert a.dtype == b.dtype
            np.testing.assert_allclose(a, b, rtol=1e-2 if dtype == "float16" else 1e-5, atol=1e-7)
    found, expected = fast(x, w)[0].numpy(), x * x + x
    if dtype[0] != "c":
        np.testing.assert_array_equal(found, expected)
    else:  # NumPy rounds the products in a complex one apart on some processors, and once on others
        assert (np.abs(found - expected) <= 4 * np.finfo(dtype).eps * (np.abs(x) ** 2 + np.abs(x))).all()


@both
@pytest.mark.parametrize("shape", [(2, 3) + (1,) * 31, (1,) * 62 + (2, 3)])
def test_as_many_axes_as_numpy_has(backend, shape):
    def program(x, y):
        with gt.GradientTape() as tape:
            tape.watch([x, y])
            z = gt.where(x > 2, gt.sin(x) * y, x - y)
        return tape.gradient(z, [x, y])

    f = gt.function(program, backend=backend)
    x, y = np.arange(6.0).reshape(shape), np.ones((1,) * 33)
    for _ in range(3):
        dx, dy = f(x, y)
        np.testing.assert_allclose(dx.numpy(), np.where(x > 2, np.cos(x), 1.0), rtol=1e-12)
        np.testing.assert_allclose(dy.numpy(), np.sum(np.sin([3.0, 4.0, 5.0])) - 3, rtol=1e-12)


def cube(x):
    return x * x * x


@both
@pytest.mark.parametrize("again", [copy.copy, copy.deepcopy, lambda f: pickle.loads(pickle.dumps(f))])
def test_a_copy_records_for_itself(backend, again):
    """Also before and after it was compiled, and where it goes with the object that it belongs to."""
    f, g = gt.function(cube, backend=backend), gt.vectorize(cube, backend=backend)
    x, rows = gt.constant(2.0), np.array([1.0, 2.0])
    for _ in range(3):
        for one, other in ((f, again(f)), (g, again(g))):
            given = x if one is f else rows
            for _ in range(3):
                np.testing.assert_allclose(other(given).numpy(), one(given).numpy(), rtol=1e-6)
    assert f.stats()["roads"] == 1
    with pytest.raises(RuntimeError, match="cube has not been recorded yet"):
        again(f).stats()


def test_a_copied_module_has_compiled_functions_of_its_own():
    class Model(gt.Module):
        def __init__(self):
            self.w = gt.Variable(3.0)
            self.run = gt.function(self.plain)

        def plain(self, x):
            return x * self.w

    model, x = Model(), gt.constant(2.0)
    for _ in range(3):
        assert float(model.run(x)) == 6.0
    other = copy.deepcopy(model)
    other.w.assign(5.0)
    for _ in range(3):
        assert [float(m.run(x)) for m in (model, other)] == [6.0, 10.0]


FORKING = """
import os, signal, sys, threading
import numpy as np
import gradtape as gt
from gradtape import kinds, replay
from gradtape.backends.llvm import engine, threads
from gradtape.core import listen

def program(k):
    f = gt.function(lambda x: gt.tanh(x) * k, backend="llvm")
    x = np.linspace(0.0, 1.0, 5)
    with gt.GradientTape() as tape:
        v = gt.constant(x)
        tape.watch(v)
        y = f(v)
    assert np.allclose(tape.gradient(y, v), (1 - np.tanh(x) ** 2) * k)
    assert all(np.allclose(f(x), np.tanh(x) * k) for _ in range(3))

program(1.0)
held, go_on = threading.Event(), threading.Event()

def hold():
    with {lock}:
        held.set()
        go_on.wait(0.3)  # the fork comes now, and has to wait

thread = threading.Thread(target=hold)
thread.start()
held.wait()
pid = os.fork()
if pid == 0:
    signal.alarm(30)
    program(2.0)
    with {lock}:
        os._exit(0)
thread.join()
program(3.0)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
"""


@pytest.mark.skipif(not hasattr(os, "register_at_fork"), reason="a system that forks")
@pytest.mark.parametrize(
    "lock", ["replay._LOCK", "engine._LOCK", "threads._LOCK", "kinds._LOCK", "listen._WRITING"]
)
def test_a_fork_waits_for_what_other_threads_have_begun(lock):
    """As in a child that compiles while a thread of its parent did; without, it waits for good."""
    program = FORKING.replace("{lock}", lock)
    done = subprocess.run(
        [sys.executable, "-W", "ignore::DeprecationWarning", "-c", program],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
