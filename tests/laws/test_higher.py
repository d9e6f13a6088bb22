"""Law: higher derivatives. Seven ways to a Hessian agree; orders two to four are those of formulas in 50 digits.

A derivative is right to 1e-12 relatively, or to what inputs moved by four units in the last place would do to it.
"""

import pytest
from law_derivatives import agrees, elementwise_rows, points
from law_formulas import FORMULAS, indices

from gradtape.core.tensor import ROWS
from gradtape.laws import cases
from gradtape.laws.derivative import higher
from gradtape.laws.hessians import WAYS


@pytest.mark.parametrize("name", ROWS)
def test_seven_ways_to_a_second_derivative(name):
    for case in cases(ROWS[name]):
        higher(case)


def test_there_are_seven_ways():
    assert len(WAYS) == len(set(WAYS.values())) == 7


MODES = {2: ("rr", "fr", "rf", "ff"), 3: ("rrr", "fff", "frf"), 4: ("rrrr", "ffff", "frfr")}


@pytest.mark.parametrize("order", MODES)
@pytest.mark.parametrize("dtype", ["float64", "complex128"])
@pytest.mark.parametrize("name", elementwise_rows())
def test_derivative_of_the_formula(name, dtype, order):
    for inputs, params in points(name, dtype):
        for orders in indices(len(inputs), order, FORMULAS[name].fixed):
            for modes in MODES[order]:
                agrees(name, inputs, params, orders, modes)
