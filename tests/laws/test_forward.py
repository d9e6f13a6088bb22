"""Law: the tangent is the derivative: of extrapolated differences (`test_formulas.py` has mpmath)."""

import numpy as np
import pytest

from gradtape.core.tensor import ROWS
from gradtape.laws import cases
from gradtape.laws.derivative import forward


@pytest.mark.parametrize("name", ROWS)
def test_tangent_is_the_derivative_along_a_direction(name):
    for case in cases(ROWS[name]):
        forward(case)


def test_directions_are_not_only_real():
    case = next(iter(cases(ROWS["exp"], [np.dtype("complex128")])))
    (direction,) = case.directions(case.inputs, 1)
    assert np.all(direction.imag != 0)
