"""Values, gradients and second derivatives equal those that TensorFlow gave, call by call (see `__init__.py`)."""

import inspect

import numpy as np
import pytest

import gradtape

from .calls import CALLS
from .deviations import DIFFERENT_ARGUMENTS, DIFFERENT_DERIVATIVES, MORE_DERIVATIVES
from .generate import stored
from .names import module_of, read
from .sampling import ask

VERSIONS, NAMES, ANSWERS = stored()
MODULES = read()["modules"]
TOLERANCE = {"float32": 2e-5, "float64": 1e-9, "complex128": 1e-9}


def offers(module, name):
    """Whether gradtape has a public name of TensorFlow's."""
    try:
        return hasattr(module_of(gradtape, module), name)
    except AttributeError:
        return False


def offered(dotted):
    return offers(*dotted.rpartition(".")[::2])


def close(got, wanted, dtype):
    """Whether two arrays are equal to what the dtype can give; integers exactly."""
    got, wanted = np.asarray(got), np.asarray(wanted)
    assert got.shape == wanted.shape
    assert got.dtype == wanted.dtype
    if wanted.dtype.kind not in "fc":
        np.testing.assert_array_equal(got, wanted)
        return
    share = TOLERANCE["float32" if wanted.dtype in (np.float32, np.complex64) else dtype]
    size = np.max(np.abs(wanted), initial=0.0, where=np.isfinite(wanted))
    np.testing.assert_allclose(got, wanted, rtol=share, atol=share * size)


def zeros_for_none(parts, likes):
    return [np.zeros_like(like) if part is None else part for part, like in zip(parts, likes, strict=True)]


ASKED = [(number, dtype) for number, dtype in ANSWERS if offered(CALLS[number].name)]


def label(key):
    return f"{key[0]}-{CALLS[key[0]].name}-{key[1]}"


def name_in_tables(one, inputs):
    return one.name + " (complex)" * any(x.dtype.kind == "c" for x in inputs)


@pytest.mark.parametrize("key", ASKED, ids=label)
def test_values_and_derivatives_are_tensorflows(key):
    number, dtype = key
    one, wanted = CALLS[number], ANSWERS[key]
    found = ask(gradtape, one, dtype)
    inputs = one.outputs(gradtape, dtype)[0]
    assert len(found.value) == len(wanted.value)
    for got, expected in zip(found.value, wanted.value, strict=True):
        close(got, expected, dtype)
    if wanted.first is None or name_in_tables(one, inputs) in DIFFERENT_DERIVATIVES:
        return
    more = one.name in MORE_DERIVATIVES
    for got, expected in zip(found.first, wanted.first, strict=True):
        assert (got is None) == (expected is None) or (more and expected is None)
        if expected is not None:
            close(got, expected, dtype)
    if wanted.second is not None and not more:
        got, expected = (zeros_for_none(answer.second, inputs) for answer in (found, wanted))
        for one_got, one_expected in zip(got, expected, strict=True):
            close(one_got, one_expected, dtype)


def test_every_deviation_is_one():
    """A row of the tables whose calls have become equal is taken out."""
    still = set()
    for number, dtype in ASKED:
        one, wanted = CALLS[number], ANSWERS[number, dtype]
        name = name_in_tables(one, one.outputs(gradtape, dtype)[0])
        table = next((t for t in (DIFFERENT_DERIVATIVES, MORE_DERIVATIVES) if name in t), None)
        if table is None:
            continue
        found = ask(gradtape, one, dtype)
        got, expected = (
            zeros_for_none(answer.first, one.outputs(gradtape, dtype)[0]) for answer in (found, wanted)
        )
        if not all(np.allclose(a, b, rtol=1e-6) for a, b in zip(got, expected, strict=True)):
            still.add(name)
    assert still == {*DIFFERENT_DERIVATIVES, *MORE_DERIVATIVES}


def test_the_stored_answers_are_those_of_the_calls():
    assert [one.name for one in CALLS] == NAMES
    assert {key for number, one in enumerate(CALLS) for key in [(number, d) for d in one.dtypes]} == set(
        ANSWERS
    )
    assert VERSIONS["tensorflow"] == read()["version"]


def test_a_wrong_value_is_caught():
    for got in (1.001, np.float32(1.0), [1.0]):
        with pytest.raises(AssertionError):
            close(np.asarray(got), np.float64(1.0), "float64")


FUNCTIONS = [
    f"{module}.{name}".lstrip(".")
    for module, names in MODULES.items()
    for name, (kind, *_) in names.items()
    if kind == "function" and offers(module, name)
]


@pytest.mark.parametrize("name", FUNCTIONS)
def test_arguments_are_tensorflows(name):
    """The same names in the same order; gradtape may take more after them."""
    module, _, last = name.rpartition(".")
    wanted = [argument.rstrip("=") for argument in MODULES[module][last][1:]]
    parameters = inspect.signature(getattr(module_of(gradtape, module), last)).parameters
    kinds = {p.kind for p in parameters.values()}
    if name in DIFFERENT_ARGUMENTS:
        assert list(parameters)[: len(wanted)] != wanted, (
            "it does not differ any more: take it out of the table"
        )
        return
    if inspect.Parameter.VAR_POSITIONAL in kinds:
        return
    assert list(parameters)[: len(wanted)] == wanted
    optional = [a.endswith("=") for a in MODULES[module][last][1:]]
    for parameter, may_miss in zip(parameters.values(), optional, strict=False):
        assert not may_miss or parameter.default is not parameter.empty, f"{parameter.name} may be left out"


@pytest.mark.parametrize("table", [DIFFERENT_ARGUMENTS, DIFFERENT_DERIVATIVES, MORE_DERIVATIVES])
def test_every_deviation_has_its_reason(table):
    assert all(len(reason) > 20 for reason in table.values())
