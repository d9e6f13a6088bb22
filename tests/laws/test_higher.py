"""Law: higher derivatives. Seven ways to a Hessian agree (`test_formulas.py` has the orders to the fourth)."""

import pytest

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
