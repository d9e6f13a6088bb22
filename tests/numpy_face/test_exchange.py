"""Values that come and go: DLPack, `__array__`, pickle and copies, texts, and the rules of == and hash."""

import copy
import pickle

import numpy as np
import pytest

import gradtape as gt

X = np.arange(6.0).reshape(2, 3)
DTYPES = ["bool", "int8", "uint16", "int64", "float16", "float32", "float64", "complex64", "complex128"]


class Capsule:
    """Another library's array, which tells what it was asked and can pretend to lie elsewhere."""

    def __init__(self, array, device=(1, 0)):
        self.array, self.device = array, device

    def __dlpack__(self, **asked):
        return self.array.__dlpack__(**asked)

    def __dlpack_device__(self):
        return self.device


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(), (3,), (0, 2), (2, 3, 4)])
def test_values_go_both_ways(dtype, shape):
    array = np.ones(shape, dtype)
    out = np.from_dlpack(gt.constant(array))
    back = gt.from_dlpack(Capsule(array))
    for found in (out, back.numpy()):
        np.testing.assert_array_equal(found, array)
        assert found.dtype == array.dtype
        assert found.shape == array.shape


def test_strides_are_kept_right():
    np.testing.assert_array_equal(gt.from_dlpack(X.T[::-1]).numpy(), X.T[::-1])
    np.testing.assert_array_equal(np.from_dlpack(gt.transpose(gt.constant(X))), X.T)


def test_nobody_writes_to_a_tensor():
    x, source = gt.constant(X), X.copy()
    out = np.from_dlpack(x)
    if out.flags.writeable:  # NumPy 2.0 cannot know that it is a copy
        out[...] = 7.0
    assert not np.shares_memory(out, np.asarray(x))
    taken = gt.from_dlpack(source)
    source[...] = 7.0
    np.testing.assert_array_equal(x.numpy(), X)
    np.testing.assert_array_equal(taken.numpy(), X)
    if (
        np.lib.NumpyVersion(np.__version__) >= "2.1.0"
    ):  # before, the protocol cannot say that memory is read-only
        shared = np.from_dlpack(x, copy=False)
        assert not shared.flags.writeable
        assert np.shares_memory(shared, np.asarray(x))


def test_a_capsule_of_the_first_version_is_written_where_numpy_knows_no_other(monkeypatch):
    """What NumPy 2.0 lacks."""
    monkeypatch.setattr("gradtape.core.holder._NEGOTIATES", False)
    x = gt.constant(X)
    capsule = x.__dlpack__(max_version=(1, 0), dl_device=(1, 0))
    assert "dltensor_versioned" not in repr(capsule)
    np.testing.assert_array_equal(np.from_dlpack(x), X)
    with pytest.raises(BufferError):
        x.__dlpack__(copy=False)
    with pytest.raises(BufferError, match="processor's memory"):
        x.__dlpack__(dl_device=(2, 0))


def test_an_old_consumer_gets_a_capsule_and_no_memory_of_ours():
    assert "dltensor" in repr(gt.constant(X).__dlpack__())
    with pytest.raises(BufferError):
        gt.constant(X).__dlpack__(copy=False)  # the old protocol cannot say that memory is read-only
    assert gt.constant(X).__dlpack_device__() == (1, 0)


def test_variables_and_recorded_tensors_give_their_values():
    v = gt.Variable([1.0, 2.0])
    with gt.GradientTape():
        doubled = v * 2
        with pytest.warns(gt.DetachedTensorWarning, match="through DLPack"):
            np.testing.assert_array_equal(np.from_dlpack(doubled), [2, 4])
    np.testing.assert_array_equal(np.from_dlpack(v), [1, 2])


@pytest.mark.parametrize(
    ("x", "error", "says"),
    [
        ([1.0], TypeError, "a list has no __dlpack__"),
        (Capsule(X, (2, 0)), ValueError, r"kind 2; bring them to the processor"),
        (Capsule(np.array(["a"])), TypeError, "cannot be taken over"),
    ],
)
def test_what_cannot_come(x, error, says):
    with pytest.raises(error, match=says):
        gt.from_dlpack(x)


def test_array_takes_dtype_and_copy():
    x = gt.constant(X)
    assert not np.asarray(x).flags.writeable
    assert np.shares_memory(np.asarray(x), np.array(x, copy=False))
    assert np.array(x).flags.writeable
    np.testing.assert_array_equal(np.asarray(x, np.float32), X.astype(np.float32))
    assert np.asarray(x, np.float32).dtype == np.float32
    with pytest.raises(ValueError, match="without a copy"):
        x.__array__(np.float32, copy=False)
    with pytest.raises(
        ValueError, match=r"(without a|avoid) copy"
    ):  # from Python 3.12 on NumPy takes the buffer
        np.array(x, np.float32, copy=False)


@pytest.mark.parametrize("travel", [lambda t: pickle.loads(pickle.dumps(t)), copy.copy, copy.deepcopy])
def test_values_travel_and_tapes_do_not(travel):
    x, v = gt.constant(X), gt.Variable(X, name="weights")
    with gt.GradientTape(persistent=True) as tape:
        tape.watch(x)
        y = x * v
    there, other = travel(y), travel(v)
    np.testing.assert_array_equal(there.numpy(), y.numpy())
    assert there.dtype == y.dtype
    np.testing.assert_array_equal(other.numpy(), X)
    assert other.name == v.name
    assert other is not v
    if travel is not copy.copy:  # a tensor does not change, so it stands for its own copy
        assert tape.gradient(there, x) is None
    other.assign(X + 1)
    np.testing.assert_array_equal(v.numpy(), X)


def test_equality_is_by_entry_and_identity_by_ref():
    x, y = gt.constant([1.0, 2.0]), gt.constant([1.0, 3.0])
    assert (x == y).numpy().tolist() == [True, False]
    assert (x != y).numpy().tolist() == [False, True]
    assert (np.array([1.0, 5.0]) == x).numpy().tolist() == [True, False]
    for holder in (x, gt.Variable(1.0)):
        with pytest.raises(TypeError, match=r"unhashable.*\.ref\(\)"):
            hash(holder)
    assert len({x.ref(), x.ref(), y.ref()}) == 2
    assert x.ref().deref() is x


def test_texts_lengths_and_indices():
    x = gt.constant(1.5, gt.float64)
    assert f"{x:.3f} {x:>6} {x}" == f"{1.5:.3f} {1.5:>6} {1.5}"
    assert f"{gt.constant([1.0, 2.0])}" == "[1. 2.]"
    with pytest.raises(TypeError, match="format"):
        f"{gt.constant([1.0, 2.0]):.3f}"
    assert len(gt.constant(X)) == 2
    assert [row.numpy().tolist() for row in gt.constant(X)] == X.tolist()
    assert ["a", "b"][gt.constant(1)] == "b"
    with pytest.raises(TypeError):
        ["a", "b"][gt.constant(1.0)]
