"""Compilation as such: equal loops are one, long programs are short as code, and nothing of a compilation stays."""

import gc
import weakref

import numpy as np
import pytest

import gradtape as gt
from gradtape.backends.llvm import driver, engine
from gradtape.backends.llvm.emit import Emitter, Lane, Module
from gradtape.ops.special import hermite_gaussian


@pytest.fixture
def modules(monkeypatch):
    """The texts of the modules that are compiled."""
    f = gt.function(lambda x: x + 1.0, backend="llvm")
    for _ in range(2):
        f(np.ones(2))  # what all programs share is made first
    texts = []
    compiled = engine._compiled
    monkeypatch.setattr(
        engine, "_compiled", lambda compiler, text: texts.append(text) or compiled(compiler, text)
    )
    return texts


def turns(count):
    def function(x):
        y = x
        for _ in range(count):
            y = gt.tanh(y) * x
            y = y / gt.reduce_sum(y * y)
        return y

    return gt.function(function, backend="llvm")


def test_more_of_the_same_is_no_more_code(modules):
    x = np.linspace(0.1, 1.0, 50)
    for count in (20, 40):
        f = turns(count)
        for _ in range(2):
            found = f(x)
        y = x
        for _ in range(count):
            y = np.tanh(y) * x
            y = y / np.sum(y * y)
        np.testing.assert_allclose(found, y, rtol=1e-12)
        assert f.stats()["kernels"] >= count
    assert modules[0] == modules[1]


@pytest.mark.parametrize("dtype", ["float32", "float64", "int64"])
def test_loops_that_differ_a_little_are_not_one(dtype):
    """In constants, in the order of inputs, in how they lie in memory, in what is stored, in parameters and dtypes."""

    ways = (
        lambda x, z: x - z,
        lambda x, z: z - x,
        lambda x, z: x - x,
        lambda x, z: x * 2,
        lambda x, z: x * 3,
        lambda x, z: x + z[::-1],
        lambda x, z: x + z[0],
        lambda x, z: x[:, ::-1] + z,
        lambda x, z: gt.transpose(x) + gt.transpose(z),
        lambda x, z: gt.where(x > z, x, z),
        lambda x, z: gt.where(x < z, x, z),
        lambda x, z: gt.cast(x, "float32") * 2.5,
        lambda x, z: gt.cast(x, "float64") * 2.5,
        lambda x, z: hermite_gaussian(gt.cast(x, "float64"), degree=1),
        lambda x, z: hermite_gaussian(gt.cast(x, "float64"), degree=2),
        lambda x, z: gt.reduce_max(x + z, 0),
        lambda x, z: gt.reduce_min(x + z, 0),
        lambda x, z: gt.reduce_sum(x + z, 0),
        lambda x, z: gt.reduce_sum(x + z, 1),
        lambda x, z: gt.reduce_sum(x + z),
    )

    def function(x, z):
        shown = []
        for way in ways:
            shown.append(way(x, z))
            x = gt.cumsum(x)[::-1] // 3  # done by NumPy, so no two fall into one loop
        return shown

    rng = np.random.default_rng(7)
    x, z = (rng.integers(-9, 9, (5, 5)).astype(dtype) for _ in range(2))
    fast, slow = gt.function(function, backend="llvm"), gt.function(function, backend="reference")
    for _ in range(2):
        for a, b in zip(fast(x, z), slow(x, z), strict=True):
            assert a.dtype == b.dtype
            np.testing.assert_allclose(a, b, rtol=1e-6)


@pytest.mark.parametrize("longest", [40, 150, 2000])
def test_loops_of_a_module_share_functions(modules, monkeypatch, longest):
    """Few functions, whose loops are told apart by a number; in several or one they do the same."""
    monkeypatch.setattr(driver, "LONGEST", longest)
    rng = np.random.default_rng(3)
    x, w = rng.normal(size=(40, 9)), rng.normal(size=(9, 7))

    def program(xp, x, w):
        h = xp.tanh(x @ w)
        g = h @ xp.transpose(w) + x
        return [xp.exp(g) * x[:, ::-1], xp.transpose(x) @ h, xp.sum(g, axis=0), xp.max(g, axis=1)]

    f = gt.function(lambda x, w: program(np, x, w), backend="llvm")
    wanted = program(np, x, w)
    for _ in range(2):
        for found, own in zip(f(x, w), wanted, strict=True):
            np.testing.assert_allclose(found, own, rtol=1e-12)
    functions = modules[-1].count("define internal void")
    assert functions == 1 if longest == 2000 else 1 < functions <= f.stats()["kernels"]


@pytest.mark.parametrize("size", [1, 5, 64, 700])
def test_a_loop_that_comes_once_needs_few_pointers(modules, size):
    """One for all values that lie in the same block and are gone through in the same way; the rest are distances."""

    def program(x):
        kept = [x]
        for k in range(12):
            kept.append(np.sin(kept[-1]) + 0.1 * k)
        total = gt.cumsum(x)  # by NumPy, so a new loop begins
        for y in kept[1:]:
            total = np.cos(total) * y
        return total, np.sum(total[:, ::-1] * x[:, :1], axis=0), gt.cumsum(kept[-1])

    x = np.linspace(0.1, 2.0, 3 * size).reshape(3, size)
    fast, slow = gt.function(program, backend="llvm"), gt.function(program, backend="reference")
    for _ in range(2):
        for found, own in zip(fast(x), slow(x), strict=True):
            np.testing.assert_allclose(found, own, rtol=1e-11)
    assert 2 <= modules[-1].count("load ptr, ptr") <= 12


@pytest.mark.parametrize("width", [1, 7, 32])
@pytest.mark.parametrize("inner", [1, 2, 41])
@pytest.mark.parametrize("rows", [1, 3, 9])
def test_products_of_all_shapes_and_looks(rows, inner, width):
    """Also with one turn, where there is no loop, and with rows that are all the same or go backwards."""
    rng = np.random.default_rng(rows + inner + width)
    x, w, v = (rng.normal(size=size) for size in ((rows, inner), (inner, width), (width,)))

    def program(x, w, v):
        same = np.broadcast_to(v, (inner, width))
        return [x @ w, x[:, ::-1] @ w, x[::-1] @ w[::-1], x @ same, np.transpose(w) @ np.transpose(x)]

    f = gt.function(program, backend="llvm")
    for _ in range(2):
        for found, own in zip(f(x, w, v), program(x, w, v), strict=True):
            np.testing.assert_allclose(found, own, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("numbers", [True, False])
def test_functions_that_are_called_are_those_that_are_inlined(modules, dtype, numbers):
    functions = [gt.exp, gt.tanh, gt.sin, gt.cos, gt.sigmoid, gt.math.log1p, gt.math.expm1, gt.nn.softplus]

    def many(x):
        return [f(x + k) for k in range(4) for f in functions]

    x = gt.constant(0.3, dtype) if numbers else np.linspace(-0.9, 3, 21).astype(dtype)
    whole = gt.function(many, backend="llvm")
    for _ in range(3):
        found = whole(x)
    assert "call" in modules[-1]
    assert "@tanh_" in modules[-1]
    for k, y in enumerate(found[:8]):
        one = gt.function(lambda x, k=k: functions[k](x + 0), backend="llvm")
        for _ in range(3):
            alone = one(x)
        assert "@tanh_" not in modules[-1]
        np.testing.assert_array_max_ulp(np.asarray(y), np.asarray(alone), 1)


@pytest.mark.parametrize("numbers", [True, False])
def test_functions_that_are_called_are_compiled_once_for_all_programs(modules, numbers):
    x = gt.constant(0.3, "float64") if numbers else np.linspace(0.1, 3.0, 19)
    texts = []
    for factor in (1.5, 2.5):
        f = gt.function(
            lambda x, factor=factor: [
                g(x * (factor + k)) for k in range(3) for g in (np.sinh, np.cosh, np.log, np.exp)
            ],
            backend="llvm",
        )
        del modules[:]
        for _ in range(3):
            found = f(x)
        wanted = [
            g(np.asarray(x) * (factor + k)) for k in range(3) for g in (np.sinh, np.cosh, np.log, np.exp)
        ]
        for a, b in zip(found, wanted, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-14, atol=1e-15)
        texts.append(list(modules))
    names = ("sinh_double", "cosh_double", "log_double", "exp_double")
    assert len(texts[1]) == 1  # the program, and nothing that the one before has needed too
    assert all(f"declare {'double' if numbers else '<8 x double>'} @{name}" in texts[1][0] for name in names)


def test_programs_leave_nothing_behind(monkeypatch):
    """Linkers and libraries go with their function; no passes are made, and the processor once."""
    import llvmlite.binding as llvm

    def once(k):
        f = gt.function(lambda x: x * x * (k + 0.25), backend="llvm")
        for _ in range(2):
            np.testing.assert_allclose(f(x), x * x * (k + 0.25))
        for _ in range(3):
            assert float(f(number)) == np.float32(0.25) * np.float32(k + 0.25)

    x, number = np.array([0.5, 1.5]), gt.constant(0.5)
    once(-1)
    alive = weakref.WeakSet()
    made = []

    def counted(name):
        real = getattr(llvm, name)

        def make(*args, **settings):
            thing = real(*args, **settings)
            alive.add(thing)
            made.append(name)
            return thing

        monkeypatch.setattr(llvm, name, make)

    for name in (
        "create_lljit_compiler",
        "create_pass_builder",
        "create_new_module_pass_manager",
        "parse_assembly",
        "create_context",
    ):
        counted(name)
    linked = engine._linked
    libraries = weakref.WeakSet()

    def link(*given):
        library = linked(*given)
        libraries.add(library)
        made.append("library")
        return library

    monkeypatch.setattr(engine, "_linked", link)
    blocks = []
    for k in range(60):
        once(k)
        if k in (20, 40, 59):
            gc.collect()
            blocks.append(len(gc.get_objects()))
    assert made.count("parse_assembly") == made.count("library") >= 120
    assert made.count("create_pass_builder") == made.count("create_new_module_pass_manager") == 0
    assert len(libraries) == len(alive) == 0
    assert blocks[2] - blocks[1] < 200
    assert blocks[1] - blocks[0] < 200


def test_equal_work_is_written_once_where_it_has_been_done():
    e = Emitter(Module())
    a, b = Lane("%a", "double"), Lane("%b", "double")
    first = e.mul(e.add(a, b), a)
    assert e.mul(e.add(a, b), a) == first
    assert len(e.lines) == 2
    known = e.forgotten()  # a branch: what it writes is not there behind it
    assert e.mul(e.add(a, b), b) != e.mul(e.add(a, b), a) != first
    assert len(e.lines) == 5
    e.forgotten(known)
    assert e.mul(e.add(a, b), a) == first
    assert e.mul(e.add(a, b), b).name == "%v6"


@pytest.mark.parametrize("size", [5, 9, 23, 40, 300])
@pytest.mark.parametrize("dtype", ["float32", "float64", "int64"])
def test_short_axes_are_written_out_and_give_the_same(dtype, size):
    """Also where the last vector overlaps the one before, and where a reduction comes back to its entries."""
    rng = np.random.default_rng(size)
    x, z = (rng.integers(-9, 9, (4, size)).astype(dtype) for _ in range(2))

    def program(x, z):
        y = x * z + x
        whole = [gt.reduce_sum(y), gt.reduce_sum(y, axis=0), gt.reduce_sum(y, axis=1), y]
        return whole if dtype == "int64" else [*whole, gt.reduce_max(y, axis=1), gt.reduce_min(y, axis=0)]

    f = gt.function(program, backend="llvm")
    y = x * z + x
    wanted = [y.sum(), y.sum(0), y.sum(1), y, y.max(1), y.min(0)]
    for _ in range(2):
        for found, own in zip(f(x, z), wanted, strict=False):
            np.testing.assert_array_equal(found, own)


def test_a_program_in_use_keeps_its_code():
    f = gt.function(lambda x: gt.exp(x), backend="llvm")
    f(np.ones(3))
    f(np.ones(3))
    program = f._latest().program
    g = gt.function(lambda x: x + 1.5, backend="llvm", results="python")
    for _ in range(3):
        g(1.0)
    entry = g._entry
    del f, g
    gc.collect()
    np.testing.assert_allclose(program([np.zeros(3)])[0], 1.0)
    assert entry(2.0) == 3.5


def test_what_shares_nothing_is_compiled_once_for_all(modules):
    """Many weights of one shape, moved each by its own slope: one loop, called for each."""

    def step(weights, slopes):
        return [w - 0.1 * g / (1.0 + abs(g)) for w, g in zip(weights, slopes, strict=True)]

    rng = np.random.default_rng(0)
    for count in (3, 6):
        weights, slopes = rng.normal(size=(2, count, 5, 7))
        f = gt.function(step, backend="llvm")
        for _ in range(2):
            found = f(list(weights), list(slopes))
        np.testing.assert_allclose(found, weights - 0.1 * slopes / (1.0 + abs(slopes)), rtol=1e-14)
        assert f.stats()["kernels"] == count
    assert modules[0] == modules[1]


def test_strangers_whose_results_meet_share_a_loop():
    f = gt.function(lambda x, z: gt.sin(x) + gt.exp(z), backend="llvm")
    x, z = np.random.default_rng(0).normal(size=(2, 5, 7))
    for _ in range(2):
        found = f(x, z)
    np.testing.assert_allclose(found, np.sin(x) + np.exp(z), rtol=1e-14)
    assert f.stats()["kernels"] == 1


@pytest.mark.parametrize("collects", [True, False])
def test_the_collector_rests_while_a_program_is_compiled(monkeypatch, collects):
    """And is afterwards as it was, also behind an error."""
    from gradtape import backends

    seen = []
    real = backends.llvm.compile

    def compile(graph):
        seen.append(gc.isenabled())
        if len(graph) > 4:
            raise ZeroDivisionError
        return real(graph)

    monkeypatch.setattr(backends.llvm, "compile", compile)
    was = gc.isenabled()
    try:
        (gc.enable if collects else gc.disable)()
        x = np.ones(3)
        short = gt.function(lambda x: gt.exp(x) * x, backend="llvm")
        long = gt.function(lambda x: gt.exp(gt.sin(gt.cos(gt.exp(gt.sin(x))))) * x, backend="llvm")
        for _ in range(2):
            np.testing.assert_allclose(short(x), np.e * x)
        with pytest.raises(ZeroDivisionError):
            for _ in range(2):
                long(x)
        assert gc.isenabled() is collects
    finally:
        (gc.enable if was else gc.disable)()
    assert seen == [False, False]
