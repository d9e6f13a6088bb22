"""Law: values and derivatives to the fourth order of elementwise primitives are those of formulas in 50 digits.

In reverse, forward and mixed modes, at random points of the domain and at the hard ones of `law_points`; a derivative
is right to 1e-12 relatively, or to what inputs moved by four units in the last place would do to it.
"""

import numpy as np
import pytest
from law_derivatives import agrees, elementwise_rows, hard_points, points
from law_formulas import FORMULAS, Formula, differences, indices, mp
from law_points import HARD

import gradtape as gt
from gradtape.core.define import elementwise
from gradtape.core.tensor import ROWS

MODES = {
    0: ("",),
    1: ("r", "f"),
    2: ("rr", "fr", "rf", "ff"),
    3: ("rrr", "fff", "frf"),
    4: ("rrrr", "ffff", "frfr"),
}


def agrees_to_the_fourth_order(name, inputs, params):
    for order, mixtures in MODES.items():
        for orders in indices(len(inputs), order, FORMULAS[name].fixed):
            for modes in mixtures:
                agrees(name, inputs, params, orders, modes)


def test_every_elementwise_primitive_has_a_formula():
    missing = [name for name in elementwise_rows() if name not in FORMULAS]
    assert missing == [], "add their formulas to law_formulas.FORMULAS"


@pytest.mark.parametrize("name", elementwise_rows())
def test_derivatives_of_the_formula(name):
    for dtype in ("float64", "complex128"):
        for inputs, params in points(name, dtype):
            agrees_to_the_fourth_order(name, inputs, params)


@pytest.mark.parametrize("name", HARD)
def test_derivatives_at_hard_points(name):
    agrees_to_the_fourth_order(name, hard_points(name), {})


@pytest.mark.parametrize("order", [1, 2, 3, 4])
def test_a_derivative_wrong_by_a_thousandth_is_caught(order, monkeypatch):
    """The partial derivative of the fourth power with a term that first shows at this order."""

    def partial(_y, x):
        return 4 * x * x * x + 0.001 * (x - gt.stop_gradient(x) + (order == 1)) ** (order - 1)

    row = elementwise("quartic", lambda x: x**4, partial)
    del ROWS["quartic"]
    monkeypatch.setitem(ROWS, "quartic", row)
    monkeypatch.setitem(FORMULAS, "quartic", Formula(lambda x: x**4))
    for lower in range(order):
        for modes in MODES[lower]:
            agrees("quartic", [np.array([1.5])], {}, (lower,), modes)
    for modes in MODES[order]:
        with pytest.raises(AssertionError, match=rf"quartic\('1.5',\) .* orders \({order},\), modes {modes}"):
            agrees("quartic", [np.array([1.5])], {}, (order,), modes)


def test_the_differences_are_derivatives():
    with mp.workdps(250):
        x, y = mp.mpf("0.7"), mp.mpf("1.3")
        found = differences(lambda a, b: mp.exp(a * b), [x, y], 4, mp.mpf(10) ** -245)
        exact = mp.exp(x * y)
        for orders, factor in {(0, 0): 1, (1, 0): y, (0, 2): x**2, (1, 1): 1 + x * y, (4, 0): y**4}.items():
            assert abs(found[orders] / (factor * exact) - 1) < mp.mpf(10) ** -23
