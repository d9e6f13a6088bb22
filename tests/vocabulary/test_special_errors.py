"""Bad input to the special functions: the error names the function as it was called, the dtypes and the shapes."""

import inspect

import pytest

import gradtape as gt
from gradtape.faces import special

REALS = [*special.__all__, "erf", "erfc", "erfcx", "erfinv", "erfcinv", "ndtri", "lgamma", "digamma"]
REALS += ["polygamma", "zeta", "igamma", "igammac", "betainc", "lbeta"]
PAIRS = [
    "polygamma",
    "zeta",
    "igamma",
    "igammac",
    "betainc",
    "divide_no_nan",
    "multiply_no_nan",
    "xlogy",
    "xlog1py",
]
PAIRS += ["xdivy", "nextafter", "atan2", "maximum", "squared_difference"]


def function_of(name):
    return getattr(special, name, None) or getattr(gt.math, name)


def arguments_of(name, *given):
    count = sum(p.name != "name" for p in inspect.signature(function_of(name)).parameters.values())
    return (*given, *(given[-1:] * (count - len(given))))


@pytest.mark.parametrize("value", [[1, 2], [True, False], [1j, 2j]], ids=["int", "bool", "complex"])
@pytest.mark.parametrize("name", REALS)
def test_a_dtype_that_is_not_real_and_floating_is_refused(name, value):
    x = gt.constant(value)
    with pytest.raises(TypeError, match="it takes real floating tensors") as caught:
        function_of(name)(*arguments_of(name, x))
    assert str(caught.value).startswith(name)


@pytest.mark.parametrize("name", ["multiply_no_nan", "xlogy"])
def test_integers_are_refused_where_a_quotient_would_be_cut(name):
    with pytest.raises(TypeError, match=rf"{name}\(int32\[\], int32\[\]\): .*not int32; use gt.cast"):
        function_of(name)(gt.constant(1), gt.constant(2))


@pytest.mark.parametrize("name", PAIRS)
def test_shapes_that_do_not_broadcast_are_named(name):
    with pytest.raises(ValueError, match=r"\(2,\).*\(3,\)|\[2\].*\[3\]") as caught:
        function_of(name)(*arguments_of(name, gt.constant([0.5, 0.6]), gt.constant([0.5, 0.6, 0.7])))
    assert str(caught.value).startswith(name)


@pytest.mark.parametrize("name", [name for name in REALS if name not in PAIRS])
def test_what_is_no_tensor_is_named(name):
    with pytest.raises(TypeError, match="None .* cannot become a tensor") as caught:
        function_of(name)(None)
    assert str(caught.value).startswith(name)
