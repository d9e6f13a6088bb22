"""Programs of numbers called straight from CPython: right, typed, counted, and without a leak."""

import gc
import sys
import threading

import numpy as np
import pytest

import gradtape as gt
from gradtape.backends import llvm


def derivatives(x, t):
    with gt.GradientTape() as outer:
        outer.watch(x)
        with gt.GradientTape(persistent=True) as inner:
            inner.watch([x, t])
            y = x**3 + 2 * t
        dx, dt = inner.gradient(y, x), inner.gradient(y, t)
    return dx, outer.gradient(dx, x), dt


def entered(function, *args, **settings):
    f = gt.function(function, backend="llvm", **settings)
    f(*args)
    f(*args)
    assert f._entry is not None
    return f


@pytest.mark.parametrize("dtype", ["float32", "float64", "int32", "int64"])
@pytest.mark.parametrize("structure", [tuple, list, lambda parts: parts[0]])
def test_results_are_tensors_of_the_right_type(dtype, structure):
    f = entered(lambda a, b: structure([a + b, a * b - a]), *(gt.constant(k, dtype=dtype) for k in (1, 2)))
    for a, b in ((3, 4), (-5, 7)):
        found = f(gt.constant(a, dtype=dtype), gt.constant(b, dtype=dtype))
        expected = structure([a + b, a * b - a])
        assert gt.nest.map_structure(lambda y: y.numpy().item(), found) == expected
        for y in gt.nest.flatten(found):
            assert type(y) is gt.Tensor
            assert type(y.numpy()) is getattr(np, dtype)


def test_results_go_on_as_any_tensor():
    f = entered(derivatives, gt.constant(2.0), gt.constant(1.0))
    a, b, c = f(gt.constant(3.0), gt.constant(1.0))
    with gt.GradientTape() as tape:
        tape.watch(a)
        y = a * b
    assert float(tape.gradient(y, a)) == 18.0
    assert "numpy=27.0" in repr(a)
    assert (a.ref(), c.shape) == (a.ref(), ())


def test_other_arguments_take_the_ordinary_way():
    f = entered(lambda x: x * 2, gt.constant(1.0))
    assert float(f(gt.constant(3.0, dtype=gt.float64))) == 6.0
    assert f(gt.constant([1.0, 2.0])).numpy().tolist() == [2.0, 4.0]
    assert f(3) == 6
    assert float(f(np.float32(4.0))) == 8.0
    v = gt.Variable(5.0)
    assert float(f(v)) == 10.0
    with pytest.raises(TypeError):
        f(gt.constant(1.0), gt.constant(2.0))


def test_listeners_hear_a_call():
    f = entered(lambda x: x * x, gt.constant(1.0))
    x = gt.constant(3.0)
    with gt.GradientTape() as tape:
        tape.watch(x)
        y = f(x)
    assert float(tape.gradient(y, x)) == 6.0


def test_plain_numbers():
    f = entered(derivatives, 2.0, 1.0, results="python")
    assert f(3.0, 1.0) == (27.0, 18.0, 2.0)
    assert all(type(y) is float for y in f(0.1, 0.2))
    g = entered(lambda x: gt.exp(x) / x, 1.0, results="python")
    assert np.isinf(g(0.0))
    assert np.isnan(g(float("nan")))


def test_calls_do_not_leak():
    f = entered(derivatives, gt.constant(2.0), gt.constant(1.0))
    g = entered(derivatives, 2.0, 1.0, results="python")
    x, t = gt.constant(3.0), gt.constant(1.0)
    gc.collect()
    own = sys.getrefcount(x), sys.getrefcount(x._value)
    before = sys.getallocatedblocks(), sys.getrefcount(gt.Tensor), sys.getrefcount(None)
    for _ in range(20_000):
        f(x, t)
        g(3.0, 1.0)
    gc.collect()
    after = sys.getallocatedblocks(), sys.getrefcount(gt.Tensor), sys.getrefcount(None)
    assert all(abs(a - b) < 200 for a, b in zip(before, after, strict=True))
    assert (sys.getrefcount(x), sys.getrefcount(x._value)) == own


def test_compilations_do_not_leak():
    def once(k):
        f = entered(lambda x: x * x + k, gt.constant(1.0))
        return float(f(gt.constant(2.0)))

    for k in range(5):
        once(k)
    gc.collect()
    before = len(gc.get_objects())
    assert [once(k) for k in range(30)] == [4.0 + k for k in range(30)]
    gc.collect()
    assert len(gc.get_objects()) - before < 300


def test_an_entry_outlives_its_function():
    call = entered(lambda x: x * 3, gt.constant(1.0))._entry
    gc.collect()
    assert float(call(gt.constant(2.0))) == 6.0


def test_where_objects_lie_otherwise_there_is_no_entry(monkeypatch):
    monkeypatch.setattr(sys.modules["gradtape.backends.llvm.calling"], "layout", lambda: None)
    f = gt.function(lambda x: x * 2, backend="llvm")
    assert [float(f(gt.constant(k))) for k in (1.0, 2.0, 3.0)] == [2.0, 4.0, 6.0]
    assert f._entry is None


def test_an_input_signature_says_what_fits() -> None:
    @gt.function(
        input_signature=[gt.TensorSpec([None, 2], gt.float32), gt.TensorSpec(None, "float64", name="w")]
    )
    def total(x, w=None):
        return gt.reduce_sum(x) if w is None else gt.reduce_sum(w)

    assert total(gt.ones((3, 2))).numpy() == 6.0
    assert total(gt.ones((5, 2))).numpy() == 10.0
    assert total(gt.ones((1, 2)), gt.ones((2, 2), gt.float64)).numpy() == 4.0
    for wrong in (gt.ones((3, 3)), gt.ones((2,)), gt.ones((3, 2), gt.float64)):
        with pytest.raises(
            TypeError, match=r"argument 0 .* does not fit its input_signature: shape \(None, 2\)"
        ):
            total(wrong)
    with pytest.raises(TypeError, match="takes 2 arguments by its input_signature, 3 were given"):
        total(gt.ones((1, 2)), None, None)
    assert gt.TensorSpec.from_tensor(gt.ones((2, 3)), "x") == gt.TensorSpec((2, 3), "float32", "x")


def test_an_input_signature_of_a_method_begins_after_self() -> None:
    """Called on an object, on the class, and made of a bound method; numbers and lists become tensors."""

    class Model(gt.Module):
        def __init__(self, factor):
            self.factor = gt.Variable(factor)

        @gt.function(input_signature=[gt.TensorSpec([None], gt.float32)])
        def __call__(self, x):
            return x * self.factor

        def plain(self, x):
            return x * self.factor

    two, three = Model(2.0), Model(3.0)
    for _ in range(2):
        assert two(gt.constant([1.0, 2.0])).numpy().tolist() == [2.0, 4.0]
        assert three([1, 2]).numpy().tolist() == [3.0, 6.0]
        assert Model.__call__(three, gt.constant([4.0])).numpy().tolist() == [12.0]
    bound = gt.function(three.plain, input_signature=[gt.TensorSpec([], gt.float32)])
    assert [float(bound(k)) for k in (1, 2.5, 3)] == [3.0, 7.5, 9.0]
    assert bound.stats()["kinds"] == 1
    with pytest.raises(TypeError, match=r"argument 0 .* does not fit its input_signature: shape \(None,\)"):
        two(gt.constant(1.0))
    with pytest.raises(TypeError, match="takes 1 arguments by its input_signature, 2 were given"):
        two(gt.constant([1.0]), 3)
    with gt.GradientTape() as tape:
        y = two([1.0, 5.0])
    assert float(tape.gradient(y, two.factor)) == 6.0


def test_a_program_with_an_entry_is_compiled_otherwise_when_asked_for(monkeypatch):
    """Once, however many threads want it."""
    made = []
    compiled = llvm.compile
    monkeypatch.setattr(llvm, "compile", lambda graph: made.append(graph) or compiled(graph))
    f = entered(lambda x: gt.sin(x) * x, gt.constant(2.0, dtype=gt.float64))
    x = gt.constant(3.0, dtype=gt.float64)
    assert float(f(x)) == pytest.approx(3 * np.sin(3), rel=1e-15)
    assert not made
    (road,) = f._roads()
    found = []
    threads = [
        threading.Thread(target=lambda: found.append(road.replay([np.float64(3.0)]))) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [(fits, float(y)) for fits, y in found] == [(True, pytest.approx(3 * np.sin(3), rel=1e-15))] * 4
    assert len(made) == 1
    assert f.stats()["kernels"] == 1


def test_a_choice_between_numbers_has_an_entry():
    f = entered(lambda x: gt.cond(x > 0, lambda: gt.sqrt(x), lambda: 2.0 * x), gt.constant(4.0))
    found = [float(f(gt.constant(v))) for v in (9.0, -3.0, np.nan)]
    np.testing.assert_array_equal(found, [3.0, -6.0, np.nan])
    assert f.stats()["roads"] == 1
