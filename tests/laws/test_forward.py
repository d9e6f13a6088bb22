"""Law: the tangent is the derivative: of formulas in 50 digits for scalars, of extrapolated differences for all."""

import numpy as np
import pytest
from law_derivatives import agrees, elementwise_rows, points
from law_formulas import FORMULAS, indices

from gradtape.core.tensor import ROWS
from gradtape.laws import cases
from gradtape.laws.derivative import forward


@pytest.mark.parametrize("name", ROWS)
def test_tangent_is_the_derivative_along_a_direction(name):
    for case in cases(ROWS[name]):
        forward(case)


def test_every_elementwise_primitive_has_a_formula():
    missing = [name for name in elementwise_rows() if name not in FORMULAS]
    assert missing == [], "add their formulas to law_formulas.FORMULAS"


@pytest.mark.parametrize("dtype", ["float64", "complex128"])
@pytest.mark.parametrize("name", elementwise_rows())
def test_value_and_tangent_of_the_formula(name, dtype):
    for inputs, params in points(name, dtype):
        fixed = FORMULAS[name].fixed
        agrees(name, inputs, params, (0,) * len(inputs), "")
        for orders in indices(len(inputs), 1, fixed):
            agrees(name, inputs, params, orders, "f")


def test_directions_are_not_only_real():
    case = next(iter(cases(ROWS["exp"], [np.dtype("complex128")])))
    (direction,) = case.directions(case.inputs, 1)
    assert np.all(direction.imag != 0)
