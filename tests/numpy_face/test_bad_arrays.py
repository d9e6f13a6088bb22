"""Arrays of other kinds and arguments that do not fit, beside recorded tensors: a right answer or a clear error."""

import threading

import numpy as np
import pytest

import gradtape as gt

V = np.array([1.0, 2.0, 3.0])
FIELDS = np.array([(1, 2.0)] * 3, dtype=[("a", int), ("b", float)])


def recorded(function):
    """A function's value and gradient on a recorded tensor."""
    x = gt.constant(V)
    with gt.GradientTape() as tape:
        tape.watch(x)
        y = function(x)
    return y, tape.gradient(y, x)


def objects(entries):
    array = np.empty(len(entries), object)
    for place, entry in enumerate(entries):
        array[place] = entry
    return array


@pytest.mark.parametrize(
    ("function", "says"),
    [
        (lambda x: objects([1, 2, 3]) * x, "multiply: an array of dtype object"),
        (lambda x: x * objects([gt.constant(1.0)] * 3), "multiply: an array of dtype object"),
        (lambda x: x * np.ma.masked_array(V, V > 2), r"multiply: a masked array .* array\.filled\(0\)"),
        (lambda x: FIELDS * x, r"multiply: an array of dtype \[\('a'"),
        (lambda x: np.array(["2020-01-01"] * 3, "M8[D]") * x, "an array of dtype datetime64"),
        (lambda x: np.array(["a", "b", "c"]) * x, "cannot become float64"),
        (lambda x: x * {1: 2.0}, "unsupported operand"),
        (lambda x: np.add(x, {1.0, 2.0}), "a set"),
        (lambda x: np.add(V, x, out=np.ones(3)), "out= cannot receive"),
        (lambda x: np.mean(x, out=np.zeros(())), "np.mean: out= cannot receive"),
        (lambda x: np.sin(x, where=V > 1), r"np\.where\(mask, np\.sin"),
        (lambda x: np.add(x, 1, signature="dd->d"), "np.add with signature"),
        (lambda x: np.sum(x, corners=1), "corners"),
        (lambda x: np.add(x, 1, corners=1), "corners"),
    ],
)
def test_what_cannot_stand_beside_a_tensor_says_so(function, says):
    with pytest.raises(TypeError, match=says):
        recorded(function)


def test_an_array_does_not_take_a_tensor_in_place():
    array = np.ones(3)
    with pytest.raises(TypeError, match="out= cannot receive"):
        recorded(lambda x: array.__iadd__(x))
    assert array.tolist() == [1.0, 1.0, 1.0]
    with pytest.warns(gt.DetachedTensorWarning):
        recorded(lambda x: (array.__setitem__(slice(1, None), x[1:]), x)[1])
    assert array.tolist() == [1.0, 2.0, 3.0]


def test_a_masked_array_in_front_answers_by_itself_and_that_is_said():
    x = gt.constant(V)
    with gt.GradientTape() as tape:
        tape.watch(x)
        with pytest.warns(gt.DetachedTensorWarning, match="as a NumPy array"):
            y = np.ma.masked_array(V, V > 2) * x
    assert isinstance(y, np.ma.MaskedArray)
    assert [event.how for event in tape.detach_events()] == ["array"]


def test_an_object_array_of_tensors_records_by_its_own_arithmetic():
    y, slope = recorded(lambda x: np.sum(objects([x[0], x[1] ** 2, x[2]]) * 2.0))
    assert y.numpy() == 16.0
    assert slope.numpy().tolist() == [2.0, 8.0, 2.0]


@pytest.mark.parametrize(
    "other",
    [
        FIELDS["b"],
        V.astype(np.longdouble),
        V.astype(np.float16),
        V.astype(">f8"),
        V[::-1],
        range(3),
        [1, 2.5, 3],
        np.lib.stride_tricks.as_strided(V, (3,), (0,), writeable=False),
    ],
    ids=lambda other: f"{type(other).__name__} {getattr(other, 'dtype', '')}",
)
def test_other_arrays_take_the_dtype_of_the_tensor(other):
    y, slope = recorded(lambda x: other * x if isinstance(other, np.ndarray) else x * other)
    np.testing.assert_array_equal(y.numpy(), V * np.asarray(other, float))
    np.testing.assert_array_equal(slope.numpy(), np.asarray(other, float))
    assert y.dtype == np.float64


def test_masks_of_reductions():
    y, slope = recorded(lambda x: np.sum(x * x, where=np.array([True, False, True])))
    assert y.numpy() == 10.0
    assert slope.numpy().tolist() == [2.0, 0.0, 6.0]


def test_tensors_of_several_tapes_meet():
    """Each tape follows what it watches, whoever else does."""
    a, b = gt.constant(2.0), gt.constant(3.0)
    with gt.GradientTape(persistent=True) as first:
        first.watch(a)
        y = a * a
    with gt.GradientTape(persistent=True) as second:
        second.watch(b)
        z = y * b
    assert second.gradient(z, b).numpy() == 4.0
    assert second.gradient(z, a) is None
    assert first.gradient(y, a).numpy() == 4.0
    assert first.gradient(z, a) is None  # it no longer listened
    assert "has not heard how z was computed, though another tape has" in str(first.explain(z, a))


def test_a_tensor_of_another_thread_is_a_constant_there():
    x = gt.constant(2.0)
    found = []
    with gt.GradientTape() as tape:
        tape.watch(x)
        y = x * x

        def work():
            with gt.GradientTape() as own:
                own.watch(y)
                z = y * 3.0
            found.append(own.gradient(z, y))
            float(y)  # nobody records this tensor in this thread, so that nothing is lost

        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
    assert found[0].numpy() == 3.0
    assert tape.gradient(y, x).numpy() == 4.0
