"""Every name of NumPy's own inventory: it differentiates, is without derivative by nature, or says what to write."""

import numpy as np
import numpy.char  # its functions are counted once it is loaded
import numpy.lib.recfunctions
import numpy.polynomial
import numpy.strings
import pytest
from numpy.polynomial import polynomial
from numpy.testing.overrides import get_overridable_numpy_array_functions, get_overridable_numpy_ufuncs
from numpy_calls import CALLS, NEWER, NUMPY

import gradtape as gt
from gradtape.faces.numpy_names import NAMES
from gradtape.faces.numpy_protocol import ENTERED, full_name, function_for, ufunc_for
from gradtape.faces.numpy_words import MAKERS, PLAIN, REFUSED, WRITERS

UFUNCS = {ufunc.__name__: ufunc for ufunc in get_overridable_numpy_ufuncs()}
FUNCTIONS = {full_name(function): function for function in get_overridable_numpy_array_functions()}
# Values at which a difference quotient says nothing: NaN and infinities as inputs, or a step that jumps.
NOT_DIFFERENCED = {"nan_to_num", "nextafter", "empty_like", "ldexp"}
ROOMS = ("linalg.", "fft.")  # tests/vocabulary/test_numpy_linalg.py and test_signal.py have these


def answered():
    """The names that a function on tensors answers."""
    names = {name for name, f in UFUNCS.items() if ufunc_for(f)}
    return names | {name for name, f in FUNCTIONS.items() if function_for(f)}


def words(name):
    """The kinds of word there are on a name."""
    kinds = {"plain": PLAIN, "maker": MAKERS, "refused": REFUSED, "function": answered()}
    return [kind for kind, names in kinds.items() if name in names]


@pytest.mark.parametrize("name", sorted({*UFUNCS, *FUNCTIONS}))
def test_there_is_one_word_on_every_name(name):
    assert len(words(name)) == 1, (
        f"NumPy has np.{name}: give it a function, or a word in faces/numpy_words.py"
    )


@pytest.mark.parametrize("name", sorted({*UFUNCS} & {*FUNCTIONS}))
def test_a_ufunc_answers_as_the_function_does_that_is_made_of_it(name):
    assert ufunc_for(UFUNCS[name]) is function_for(FUNCTIONS[name])


def test_a_new_name_is_noticed():
    assert words("a_name_that_numpy_may_have_one_day") == []


def test_no_word_is_on_a_name_that_is_not_there():
    assert ENTERED
    assert {*NAMES, *PLAIN, *MAKERS, *REFUSED} <= {*UFUNCS, *FUNCTIONS, *NEWER}


def test_newer_names_are_there_in_the_versions_that_brought_them():
    for name, version in NEWER.items():
        assert (name in FUNCTIONS) == (np.lib.NumpyVersion(np.__version__) >= f"{version}.0")
        assert np.lib.NumpyVersion(f"{version}.0") <= f"{NUMPY}.0"


def test_every_function_has_a_call():
    missing = {n for n in answered() if not n.startswith(ROOMS)} - set(CALLS) - {"_ones_like"}
    assert not missing


def both(function, arguments):
    """The function's value on arrays and on tensors."""
    with np.errstate(all="ignore"):
        expected = function(*arguments)
    return function(*map(gt.constant, map(np.asarray, arguments))), expected


@pytest.mark.parametrize(
    ("name", "function", "arguments"),
    [(name, *one) for name, calls in CALLS.items() for one in calls],
)
def test_values_are_numpys(name, function, arguments):
    found, expected = both(function, arguments)
    assert not isinstance(found, np.ndarray) or name in PLAIN
    np.testing.assert_allclose(np.asarray(found), expected, rtol=1e-12, atol=1e-13)
    assert np.asarray(found).dtype == np.asarray(expected).dtype
    assert np.shape(found) == np.shape(expected)


@pytest.mark.parametrize(
    ("name", "function", "arguments"),
    [(name, *one) for name, calls in CALLS.items() for one in calls if name not in NOT_DIFFERENCED],
)
def test_derivatives_are_those_of_the_values(name, function, arguments):
    found, _ = both(function, arguments)
    if np.asarray(found).dtype.kind in "fc" and name not in PLAIN:
        gt.testing.check(function, *arguments, limit=3, atol=1e-5)


def test_the_coordinates_of_a_polynomials_points_have_one_shape():
    x = gt.constant([1.0, 2.0])
    with pytest.raises(
        ValueError, match=r"polyvalnd: coordinates of one shape are needed, got \(2,\), \(1,\)"
    ):
        polynomial.polyval2d(x, x[:1], [[1.0, 2.0]])


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_refusals_say_what_to_write(name):
    x = gt.constant([1.0, 2.0])
    with gt.GradientTape() as tape:
        tape.watch(x)
        with pytest.raises(TypeError, match=name.rpartition(".")[2]) as caught:
            x.__array_function__(FUNCTIONS[name], (gt.Tensor,), (x,), {})
    assert REFUSED[name] in str(caught.value)


@pytest.mark.parametrize("name", sorted(WRITERS))
def test_nothing_is_written_into_a_tensor_that_nobody_follows(name):
    x = gt.constant([1.0, 2.0])
    with pytest.raises(TypeError, match="writes into its argument"):
        x.__array_function__(FUNCTIONS[name], (gt.Tensor,), (x, [0], 5.0), {})
    assert x.numpy().tolist() == [1.0, 2.0]


def test_a_function_without_a_rule_cannot_write_into_a_tensor():
    x = gt.constant([1.0, 2.0])

    def write(values):
        values[...] = 7.0
        return values

    with pytest.raises(ValueError, match="read-only"):
        x.__array_function__(write, (gt.Tensor,), (x,), {})
