"""The array object: it can be written to, promotes as the standard says, and never changes a tensor."""

import copy
import operator
import pickle

import array_api_strict as strict
import numpy as np
import pytest

import gradtape as gt

xp = gt.array_api
V = np.array([1.0, 2.0, 3.0])
DTYPES = ["bool", "int8", "int32", "uint8", "uint16", "float32", "float64", "complex64", "complex128"]
OPERATORS = ["add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "lt", "le", "gt", "ge", "eq", "ne",
             "and_", "or_", "xor", "lshift", "rshift"]  # fmt: skip


def test_tensors_lead_to_the_namespace():
    for holder in (gt.constant(V), gt.Variable(V), xp.asarray(V)):
        assert holder.__array_namespace__() is xp
        assert holder.__array_namespace__(api_version="2024.12") is xp
        with pytest.raises(ValueError, match=r"2019.01.*2024\.12"):
            holder.__array_namespace__(api_version="2019.01")


def test_functions_answer_with_arrays_that_are_tensors():
    for y in (
        xp.sin(V),
        xp.linalg.svd(np.eye(2)).S,
        xp.meshgrid(V, V)[0],
        xp.unique_all(V).counts,
        xp.asarray(V) + 1,
    ):
        assert type(y) is xp.Array
        assert isinstance(y, gt.Tensor)


@pytest.mark.parametrize("name", OPERATORS)
def test_operators_are_the_oracles(name):
    apply = getattr(operator, name)
    compared = 0
    for first in DTYPES:
        for second in [*DTYPES, True, 2, 1.5]:
            x = np.array([1, 0, 3]).astype(first)
            y = np.array([2, 1, 1]).astype(second) if isinstance(second, str) else second
            for swapped in (False, True):
                pairs = [
                    [
                        namespace.asarray(z) if isinstance(z, np.ndarray) else z
                        for z in ((y, x) if swapped else (x, y))
                    ]
                    for namespace in (strict, xp)
                ]
                with np.errstate(all="ignore"):
                    try:
                        wanted = np.asarray(apply(*pairs[0]))
                    except (TypeError, OverflowError):
                        continue
                    found = apply(*pairs[1])
                assert type(found) is xp.Array
                assert found.dtype == wanted.dtype
                np.testing.assert_allclose(np.asarray(found), wanted, rtol=1e-6)
                compared += 1
    assert compared > 5


def test_writing_reaches_the_array_alone():
    t = gt.constant(V)
    a = xp.asarray(t)
    b = a
    c = xp.asarray(a, copy=True)
    before = a * 1.0
    a[0] = 7.0
    a[1:] += 1.0
    assert b.tolist() == a.tolist() == [7.0, 3.0, 4.0]
    assert t.numpy().tolist() == c.tolist() == before.tolist() == V.tolist()


@pytest.mark.parametrize(
    ("index", "value"),
    [
        (0, 5.0), (-1, 5), (slice(1), [5.0]), (Ellipsis, 5.0), (np.array([True, False, True]), 5.0),
        (np.array([2, 0]), np.array([5.0, 6.0])), ((), 5.0),
    ],
)  # fmt: skip
def test_writing_is_numpys(index, value):
    a, wanted = xp.asarray(V), V.copy()
    a[index] = value
    wanted[index] = value
    assert a.tolist() == wanted.tolist()
    a = xp.asarray(V)
    a[xp.asarray(index) if isinstance(index, np.ndarray) else index] = xp.asarray(value)
    assert a.tolist() == wanted.tolist()


def test_what_is_written_is_recorded():
    x, y = gt.constant(V), gt.constant(2.0)
    with gt.GradientTape(persistent=True) as tape:
        tape.watch([x, y])
        a = xp.zeros_like(x)
        for i in range(3):
            a[i] = x[i] * x[i]
        a[1] = y * y * y
        a *= a
        total = xp.sum(a)
    assert tape.gradient(total, x).numpy().tolist() == [4.0, 0.0, 4 * 27.0]
    assert tape.gradient(total, y) == 6 * 2.0**5


def test_a_tape_watches_arrays():
    a = xp.asarray(V)
    with gt.GradientTape() as tape:
        tape.watch(a)
        y = xp.sum(a * a)
    assert tape.gradient(y, a).numpy().tolist() == [2.0, 4.0, 6.0]


def test_compiled_and_batched_programs_write():
    def program(x):
        a = xp.asarray(x, copy=True)
        a[0] = a[1] * a[2]
        return xp.sum(xp.exp(a))

    x = gt.constant(V)
    wanted = np.exp(6.0) + np.exp(2.0) + np.exp(3.0)
    slopes = [0.0, np.exp(6.0) * 3 + np.exp(2.0), np.exp(6.0) * 2 + np.exp(3.0)]
    np.testing.assert_allclose(gt.function(program)(x).numpy(), wanted, rtol=1e-14)
    np.testing.assert_allclose(gt.grad(gt.function(program))(x).numpy(), slopes, rtol=1e-14)
    np.testing.assert_allclose(
        gt.vectorized_map(gt.grad(program), gt.stack([x, x])).numpy(), [slopes, slopes]
    )
    np.testing.assert_allclose(gt.jvp(program, [x], [gt.ones_like(x)])[1].numpy(), sum(slopes))


@pytest.mark.parametrize(
    ("write", "error", "says"),
    [
        (lambda a: operator.setitem(a, 0, 1j), TypeError, "complex128"),
        (lambda a: operator.setitem(a, 5, 1.0), IndexError, "out of bounds"),
        (lambda a: operator.setitem(a, slice(2), [1.0, 2.0, 3.0]), ValueError, "shape"),
        (lambda a: operator.iadd(a, xp.ones((2, 3))), ValueError, "shape"),
        (lambda a: operator.iadd(a, 1j), TypeError, "complex128"),
        (lambda a: operator.add(a, "text"), TypeError, "unsupported operand"),
    ],
)
def test_bad_writes_change_nothing(write, error, says):
    a = xp.asarray(V)
    with pytest.raises(error, match=says):
        write(a)
    assert a.tolist() == V.tolist()


def test_in_place_keeps_the_dtype():
    a = xp.asarray([1, 2], dtype=xp.float32)
    same = a
    a /= xp.asarray([3.0, 3.0])
    assert a is same
    assert a.dtype == xp.float32


def test_tensors_stay_as_they_are():
    t = gt.constant(V)
    with pytest.raises(TypeError, match="tensors do not change"):
        t[0] = 1.0
    same = t
    t += 1.0
    assert same.numpy().tolist() == V.tolist()


def test_arrays_are_copied_and_pickled_by_value():
    a = xp.asarray(V)
    for twin in (copy.copy(a), copy.deepcopy(a), pickle.loads(pickle.dumps(a))):
        twin[0] = 9.0
        assert type(twin) is xp.Array
        assert a.tolist() == V.tolist()


def test_no_array_equals_none():
    a = xp.asarray(V)
    assert (a == None) is False  # noqa: E711


def test_devices():
    a = xp.asarray(V, device="cpu")
    assert a.device == "cpu"
    assert a.to_device("cpu").tolist() == V.tolist()
    for wrong in (
        lambda: a.to_device("gpu"),
        lambda: xp.zeros(3, device="gpu"),
        lambda: xp.asarray(V, device="gpu"),
    ):
        with pytest.raises(ValueError, match="'gpu'"):
            wrong()


def test_attributes():
    a = xp.asarray(np.arange(24.0).reshape(2, 3, 4))
    assert (a.shape, a.ndim, a.size, a.dtype) == ((2, 3, 4), 3, 24, xp.float64)
    assert a.mT.shape == (2, 4, 3)
    assert a[0].T.tolist() == np.arange(12.0).reshape(3, 4).T.tolist()
    assert gt.constant(np.ones((2, 3, 4))).mT.shape == (2, 4, 3)
    assert [1, 2, 3][xp.asarray(1)] == 2
    assert np.from_dlpack(a).tolist() == a.tolist()
    assert a.__dlpack_device__() == (1, 0)


def test_copy_of_asarray():
    a = xp.asarray(V)
    assert xp.asarray(a) is a
    assert xp.asarray(a, copy=False) is a
    assert xp.asarray(a, copy=True) is not a
    with pytest.raises(ValueError, match="without a copy"):
        xp.asarray([1.0], copy=False)
    with pytest.raises(ValueError, match="without a copy"):
        xp.asarray(a, dtype=xp.float32, copy=False)
    with pytest.raises(BufferError, match="copied"):
        xp.from_dlpack(V, copy=False)


def test_lists_with_tensors_are_stacked():
    x = gt.constant(V)
    with gt.GradientTape() as tape:
        tape.watch(x)
        y = xp.asarray([[x[0], 2.0], [x[1] * x[2], 0]])
    assert y.tolist() == [[1.0, 2.0], [6.0, 0.0]]
    assert tape.gradient(y, x).numpy().tolist() == [1.0, 3.0, 2.0]


def test_large_integers_keep_their_digits():
    n = 2**63 + 1
    for a in (xp.asarray([n, 0], dtype=xp.uint64), xp.full(2, n, dtype=xp.uint64)):
        assert int(a[0]) == n
    with pytest.raises(OverflowError):
        xp.asarray([-1], dtype=xp.uint8)


def test_arrays_of_nothing_are_refused():
    for wrong in (None, {"a": 1}, np.array([None]), "text", np.ma.masked_array(V, V > 1)):
        with pytest.raises(TypeError):
            xp.asarray(wrong)


def test_the_inspection_interface():
    info = xp.__array_namespace_info__()
    assert info.devices() == [info.default_device()] == ["cpu"]
    assert info.capabilities() == {
        "boolean indexing": True,
        "data-dependent shapes": True,
        "max dimensions": 64,
    }
    oracle = strict.__array_namespace_info__()
    for kind in (None, "bool", "integral", "numeric", ("real floating", "complex floating")):
        assert info.dtypes(kind=kind).keys() == oracle.dtypes(kind=kind).keys()
    assert info.default_dtypes()["integral"] == xp.asarray(1).dtype
    with pytest.raises(ValueError, match="the kinds are"):
        info.dtypes(kind="strings")


def test_numpy_functions_of_arrays_are_arrays():
    a = xp.asarray(V)
    for y in (
        np.sin(a),
        np.float64(2.0) * a,
        V + a,
        np.sum(a),
        a.sum(),
        a.astype("float32"),
        a.copy(),
        a.reshape(1, 3),
    ):
        assert type(y) is xp.Array


def test_repeats_may_be_unsigned():
    found = xp.repeat(xp.asarray([1.0, 2.0]), xp.asarray([2, 1], dtype=xp.uint64))
    assert np.asarray(found).tolist() == [1.0, 1.0, 2.0]
