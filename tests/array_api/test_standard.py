"""Every function of the array API standard: values, shapes and dtypes are those of array-api-strict."""

import inspect
import warnings

import array_api_strict as strict
import numpy as np
import pytest
from standard_calls import CALLS

import gradtape as gt

xp = gt.array_api
# What array-api-strict has beyond the standard's names.
NOT_OF_THE_STANDARD = {
    "ArrayAPIStrictFlags", "Device", "ModuleType", "get_array_api_strict_flags", "reset_array_api_strict_flags",
    "set_array_api_strict_flags",
}  # fmt: skip
CONSTANTS = {"e", "inf", "nan", "newaxis", "pi"}
DTYPES = {"bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float32", "float64",
          "complex64", "complex128"}  # fmt: skip


def functions(namespace, prefix=""):
    """The names of a namespace of the oracle that are functions of the standard."""
    names = getattr(namespace, "__all__", dir(namespace))
    return {
        prefix + name
        for name in names
        if not name.startswith("_") and callable(getattr(namespace, name)) and name not in NOT_OF_THE_STANDARD
    } - DTYPES


EXPECTED = functions(strict) | functions(strict.linalg, "linalg.") | functions(strict.fft, "fft.")


def plain(result):
    """A result of either namespace as NumPy's and Python's objects."""
    if isinstance(result, (gt.Tensor, strict.Array if hasattr(strict, "Array") else type(strict.asarray(0)))):
        return np.asarray(result)
    if isinstance(result, (tuple, list)):
        return [plain(part) for part in result]
    return str(getattr(result, "_np_dtype", result)) if "dtype" in type(result).__name__.lower() else result


def agree(found, wanted):
    """Whether value, shape and dtype agree, also of tuples of arrays."""
    if isinstance(wanted, list):
        assert len(found) == len(wanted)
        for one, other in zip(found, wanted, strict=True):
            agree(one, other)
    elif isinstance(wanted, np.ndarray):
        assert (found.dtype, found.shape) == (wanted.dtype, wanted.shape)
        single = wanted.dtype in ("float32", "complex64")
        np.testing.assert_allclose(
            found, wanted, rtol=2e-6 if single else 1e-12, atol=1e-6 if single else 1e-12
        )
        if wanted.dtype.kind == "f":
            zero = wanted == 0
            assert np.array_equal(
                np.signbit(found)[zero & (found == 0)], np.signbit(wanted)[zero & (found == 0)]
            )
    else:
        assert type(found) is type(wanted)
        assert found == wanted or (found != found and wanted != wanted)


def answers(function, arrays):
    """What both namespaces answer; None where the standard leaves it undefined and the oracle refuses."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            wanted = function(strict, *map(strict.asarray, arrays))
        except (TypeError, OverflowError):
            return None
    return plain(function(xp, *map(xp.asarray, arrays))), plain(wanted)


@pytest.mark.parametrize("name", sorted(CALLS))
def test_answers_are_the_oracles(name):
    compared = 0
    for function, arrays in CALLS[name]:
        both = answers(function, arrays)
        if both is not None:
            agree(*both)
            compared += 1
    assert compared


def test_a_wrong_answer_is_caught():
    right = np.array([1.0, 2.0])
    for wrong in (right * 1.001, right.astype("float32"), right[None]):
        with pytest.raises(AssertionError):
            agree(wrong, right)


def test_every_function_is_called():
    known = {"__array_namespace_info__"}
    assert EXPECTED - set(CALLS) - known - {"linalg.EigResult"} == set()


def test_every_name_is_there():
    for name in EXPECTED:
        room, _, own = name.rpartition(".")
        assert callable(getattr(getattr(xp, room) if room else xp, own))
        assert own in (getattr(xp, room) if room else xp).__all__
    for name in CONSTANTS:
        assert getattr(xp, name) == getattr(strict, name) or name == "nan"
    assert np.isnan(xp.nan)
    for name in DTYPES:
        assert getattr(xp, name) == getattr(strict, name)._np_dtype


def parameters(function):
    """Name, kind and whether there is a default, of each parameter that the standard knows."""
    known = inspect.signature(function).parameters.values()
    return [(p.name, p.kind, p.default is not p.empty) for p in known]


# In 2024.12 the axis has a default, which the oracle's newer version took away.
WITH_A_DEFAULT = {"expand_dims": "axis"}


@pytest.mark.parametrize("name", sorted(EXPECTED - {"linalg.EigResult"}))
def test_signatures_are_the_oracles(name):
    room, _, own = name.rpartition(".")
    ours = getattr(getattr(xp, room) if room else xp, own)
    theirs = getattr(getattr(strict, room) if room else strict, own)
    wanted = [(n, kind, default or n == WITH_A_DEFAULT.get(name)) for n, kind, default in parameters(theirs)]
    assert parameters(ours) == wanted


def test_numpys_other_functions_are_there_where_they_are_recorded():
    x = np.array([[1.0, 2.0], [3.0, 4.0]])
    for name, arguments in (("einsum", ("ij->j", x)), ("pad", (x, 1)), ("nanmean", (x,)), ("arcsinh", (x,))):
        given = [xp.asarray(a) if isinstance(a, np.ndarray) else a for a in arguments]
        found = getattr(xp, name)(*given)
        assert type(found) is xp.Array
        np.testing.assert_allclose(np.asarray(found), getattr(np, name)(*arguments))
    for name in ("histogram", "ndarray", "no_such_function", "_core"):
        assert not hasattr(xp, name)
