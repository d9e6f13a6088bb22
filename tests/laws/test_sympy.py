"""Law: derivatives of elementwise primitives to the third order are those that SymPy finds as formulas.

SymPy differentiates symbolically, so the oracle shares neither rules nor numerical differentiation with us; mpmath's
derivatives (`test_formulas.py`) are of values. Both arguments move, in every mixed order.
"""

import numpy as np
import pytest
import sympy as sp
from law_derivatives import derivative, elementwise_rows, points
from law_formulas import indices

import gradtape as gt
from gradtape.core.tensor import ROWS

X, Y = sp.symbols("x y", real=True)
ORDERS = (1, 2, 3)
RELATIVE = 1e-10
COUNT = 2  # points of each sample

ONE = {
    "absolute": sp.Abs(X),
    "arccos": sp.acos(X),
    "arccosh": sp.acosh(X),
    "arcsin": sp.asin(X),
    "arcsinh": sp.asinh(X),
    "arctan": sp.atan(X),
    "arctanh": sp.atanh(X),
    "cbrt": sp.cbrt(X),
    "cos": sp.cos(X),
    "cosh": sp.cosh(X),
    "dawsn": sp.exp(-X * X) * sp.erfi(X) * sp.sqrt(sp.pi) / 2,
    "erf": sp.erf(X),
    "erfc": sp.erfc(X),
    "erfcinv": sp.erfinv(1 - X),
    "erfcx": sp.exp(X * X) * sp.erfc(X),
    "erfinv": sp.erfinv(X),
    "exp": sp.exp(X),
    "exp2": 2**X,
    "expi": sp.Ei(X),
    "expm1": sp.exp(X) - 1,
    "fresnel_cos": sp.fresnelc(X),
    "fresnel_sin": sp.fresnels(X),
    "gammaln": sp.loggamma(X),
    "i0": sp.besseli(0, X),
    "i0e": sp.exp(-X) * sp.besseli(0, X),
    "i1": sp.besseli(1, X),
    "i1e": sp.exp(-X) * sp.besseli(1, X),
    "identity": X,
    "j0": sp.besselj(0, X),
    "j1": sp.besselj(1, X),
    "k0": sp.besselk(0, X),
    "k0e": sp.exp(X) * sp.besselk(0, X),
    "k1": sp.besselk(1, X),
    "k1e": sp.exp(X) * sp.besselk(1, X),
    "log": sp.log(X),
    "log10": sp.log(X, 10),
    "log1p": sp.log(1 + X),
    "log2": sp.log(X, 2),
    "negative": -X,
    "psi": sp.digamma(X),
    "reciprocal": 1 / X,
    "relu": sp.Max(X, 0),
    "sigmoid": 1 / (1 + sp.exp(-X)),
    "sign": sp.sign(X),
    "sin": sp.sin(X),
    "sinc": sp.sin(sp.pi * X) / (sp.pi * X),
    "sinh": sp.sinh(X),
    "softplus": sp.log(1 + sp.exp(X)),
    "spence": sp.polylog(2, 1 - X),
    "sqrt": sp.sqrt(X),
    "square": X**2,
    "tan": sp.tan(X),
    "tanh": sp.tanh(X),
    "y0": sp.bessely(0, X),
    "y1": sp.bessely(1, X),
}
TWO = {
    "add": X + Y,
    "arctan2": sp.atan2(X, Y),
    "divide": X / Y,
    "divide_no_nan": X / Y,
    "hypot": sp.sqrt(X**2 + Y**2),
    "logaddexp": sp.log(sp.exp(X) + sp.exp(Y)),
    "maximum": sp.Max(X, Y),
    "minimum": sp.Min(X, Y),
    "multiply": X * Y,
    "multiply_no_nan": X * Y,
    "power": X**Y,
    "subtract": X - Y,
    "xlogy": X * sp.log(Y),
}
SYMBOLIC = {**ONE, **TWO}
# Of these SymPy has no derivative: in a shape parameter, or of a floor.
WITHOUT = {"betainc", "polygamma", "zeta", "remainder", "nextafter"}


def formula(name, orders):
    """A derivative as a function of numbers."""
    expression = SYMBOLIC[name]
    for symbol, order in zip((X, Y), orders, strict=False):
        if order:
            expression = sp.diff(expression, symbol, order)
    # Away from kinks the derivatives of steps are 0, whichever form SymPy gives them.
    expression = expression.replace(sp.DiracDelta, lambda *_: sp.S.Zero)
    return lambda *at: complex(
        expression.subs(dict(zip((X, Y), map(sp.Float, at, [30] * 2), strict=False))).evalf(20)
    )


@pytest.mark.parametrize("name", SYMBOLIC)
def test_derivatives_are_those_of_sympys_formulas(name):
    count = 1 if name in ONE else 2
    for inputs, params in points(name, "float64"):
        places = [x[:COUNT] for x in inputs]
        for order in ORDERS:
            for orders in indices(count, order):
                agree(name, places, params, orders)


def agree(name, places, params, orders):
    xs = [gt.constant(x) for x in places]
    sequence = tuple(i for i, n in enumerate(orders) for _ in range(n))
    modes = "rfr"[: len(sequence)]
    found = derivative(lambda at: ROWS[name](*at, **params), xs, sequence, modes).numpy()
    wanted = formula(name, orders)
    for i, got in enumerate(found):
        expected = wanted(*(float(x[i]) for x in places))
        size = max(abs(expected), 1e-3)
        assert abs(got - expected) <= RELATIVE * size, (
            f"{name}{tuple(float(x[i]) for x in places)}, orders {orders}: SymPy has {expected!r}, got {got!r}"
        )


def test_every_function_with_a_formula_is_compared():
    """Rows that are functions under a name of NumPy's or TensorFlow's; the others are derivatives of these."""
    known = {name for name in elementwise_rows() if hasattr(np, name) or hasattr(gt.math, name)}
    assert known - set(SYMBOLIC) == WITHOUT & known


def test_a_rule_wrong_by_a_thousandth_is_caught(monkeypatch):
    monkeypatch.setitem(SYMBOLIC, "sin", 1.001 * sp.sin(X))
    with pytest.raises(AssertionError, match="SymPy has"):
        agree("sin", [np.array([0.5])], {}, (1,))
