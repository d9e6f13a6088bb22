"""Law: at poles, edges of domains and infinity, values and derivatives to the fourth order are their limits.

A limit is taken from inside the domain, from above where both sides are inside. The numbers are those of calculus;
where both modes give NaN though a limit exists, `docs/nonsmooth.md` says so. `test_special.py` has more.
"""

import numpy as np
import pytest
from law_derivatives import derivative

import gradtape as gt
from gradtape.core.tensor import ROWS

inf, nan, pi = np.inf, np.nan, np.pi
GROWS, FADES = [inf] * 5, [0.0] * 5
RISES, FALLS = [0, inf, -inf, inf, -inf], [-inf, inf, -inf, inf, -inf]
LIMITS = {
    "reciprocal": {0.0: [inf, -inf, inf, -inf, inf], inf: FADES, -inf: FADES},
    "exp": {inf: GROWS, -inf: FADES, 5e-324: [1.0] * 5, 710.0: GROWS, -746.0: FADES},
    "exp2": {inf: GROWS, -inf: FADES, 1024.0: GROWS},
    "expm1": {inf: GROWS, -inf: [-1, 0, 0, 0, 0], 5e-324: [5e-324, 1, 1, 1, 1], -800.0: [-1, 0, 0, 0, 0]},
    "log": {0.0: FALLS, inf: [inf, 0, 0, 0, 0], 1e308: [np.log(1e308), 1e-308, 0, 0, 0]},
    "log2": {0.0: FALLS, inf: [inf, 0, 0, 0, 0]},
    "log10": {0.0: FALLS, inf: [inf, 0, 0, 0, 0]},
    "log1p": {-1.0: FALLS, inf: [inf, 0, 0, 0, 0], 5e-324: [5e-324, 1, -1, 2, -6]},
    "sqrt": {0.0: RISES, inf: [inf, 0, 0, 0, 0], -1.0: [nan] * 5, 5e-324: [np.sqrt(5e-324), 2.25e161, -inf]},
    "cbrt": {0.0: RISES, inf: [inf, 0, 0, 0, 0], -inf: [-inf, 0, 0, 0, 0]},
    "sin": {5e-324: [5e-324, 1, -5e-324, -1, 5e-324], inf: [nan] * 5},
    "cos": {5e-324: [1, -5e-324, -1, 5e-324, 1], inf: [nan] * 5},
    "tan": {5e-324: [5e-324, 1, 1e-323, 2], inf: [nan] * 5},
    "arcsin": {1.0: [pi / 2, inf, inf, inf, inf], -1.0: [-pi / 2, inf, -inf, inf, -inf], 1.5: [nan] * 5},
    "arccos": {1.0: [0, -inf, -inf, -inf, -inf], -1.0: [pi, -inf, inf, -inf, inf], 1.5: [nan] * 5},
    "arctan": {inf: [pi / 2, 0, 0, 0, 0], -inf: [-pi / 2, 0, 0, 0, 0], 1e200: [pi / 2, 0, 0, 0, 0]},
    "sinh": {inf: GROWS, -inf: [-inf, inf, -inf, inf, -inf], 5e-324: [5e-324, 1, 5e-324, 1]},
    "cosh": {inf: GROWS, -inf: [inf, -inf, inf, -inf, inf]},
    "tanh": {inf: [1, 0, 0, 0, 0], -inf: [-1, 0, 0, 0, 0], 5e-324: [5e-324, 1, -1e-323, -2]},
    "arcsinh": {inf: [inf, 0, 0, 0, 0], -inf: [-inf, 0, 0, 0, 0], 1e200: [np.log(2e200), 1e-200, 0, 0, 0]},
    "arccosh": {1.0: RISES, inf: [inf, 0, 0, 0, 0], 0.5: [nan, nan, nan, nan, nan]},
    "arctanh": {1.0: GROWS, -1.0: FALLS, 2.0: [nan]},
    "sigmoid": {inf: [1, 0, 0, 0, 0], -inf: FADES, 800.0: [1, 0, 0, 0, 0], -800.0: FADES},
    "softplus": {inf: [inf, 1, 0, 0, 0], -inf: FADES, 800.0: [800, 1, 0, 0, 0], -800.0: FADES},
    "erf": {inf: [1, 0, 0, 0, 0], -inf: [-1, 0, 0, 0, 0], 5e-324: [5e-324, 2 / np.sqrt(pi)]},
    "erfc": {inf: FADES, -inf: [2, 0, 0, 0, 0], 1e300: FADES},
    "erfcx": {inf: FADES, -inf: [inf, -inf, inf, -inf, inf], 1e300: [1e-300 / np.sqrt(pi), 0, 0, 0, 0]},
    "erfinv": {1.0: GROWS, -1.0: FALLS, 1.5: [nan] * 5},
    "erfcinv": {0.0: [inf, -inf, inf, -inf, inf], 2.0: [-inf] * 5, -0.5: [nan] * 5},
    "gammaln": {0.0: [inf, -inf, inf, -inf, inf], inf: [inf, inf, 0, 0, 0], -2.0: [inf, nan, nan, nan, nan]},
    "psi": {0.0: FALLS, inf: [inf, 0, 0, 0, 0], -2.0: [nan] * 5},
    "j0": {inf: FADES, -inf: FADES, 0.0: [1, 0, -0.5, 0, 0.375]},
    "j1": {inf: FADES, -inf: FADES, 0.0: [0, 0.5, 0, -0.375, 0]},
    "y0": {inf: FADES, 0.0: FALLS, -1.0: [nan] * 5},
    "y1": {inf: FADES, 0.0: FALLS, -1.0: [nan] * 5},
    "i0": {inf: GROWS, -inf: [inf, -inf, inf, -inf, inf], 0.0: [1, 0, 0.5, 0, 0.375]},
    "i1": {inf: GROWS, -inf: [-inf, inf, -inf, inf, -inf], 0.0: [0, 0.5, 0, 0.375, 0]},
    "k0": {inf: FADES, 0.0: [inf, -inf, inf, -inf, inf], -1.0: [nan] * 5},
    "k1": {inf: FADES, 0.0: [inf, -inf, inf, -inf, inf], -1.0: [nan] * 5},
    "i0e": {inf: FADES, -inf: FADES},
    "i1e": {inf: FADES, -inf: FADES},
    "k0e": {inf: FADES, 0.0: [inf, -inf, inf, -inf, inf], -1.0: [nan] * 5},
    "k1e": {inf: FADES, 0.0: [inf, -inf, inf, -inf, inf], -1.0: [nan] * 5},
    "expi": {inf: [inf, inf, inf], -inf: FADES, 0.0: FALLS},
    "spence": {0.0: [pi**2 / 6, -inf, inf, -inf, inf], inf: [-inf, 0, 0, 0, 0], -0.5: [nan] * 5},
    "dawsn": {inf: FADES, -inf: FADES, 0.0: [0, 1, 0, -4, 0]},
    "sinc": {0.0: [1, 0, -(pi**2) / 3, 0, pi**4 / 5]},
}


@pytest.mark.parametrize("mode", ["r", "f"])
@pytest.mark.parametrize("name", LIMITS)
def test_derivatives_are_their_limits(name, mode):
    for point, wanted in LIMITS[name].items():
        x = gt.constant(point, gt.float64)
        found = [
            derivative(lambda at: ROWS[name](*at), [x], (0,) * order, mode * order).numpy()
            for order in range(len(wanted))
        ]
        np.testing.assert_allclose(
            found, wanted, rtol=2e-3 if point == 5e-324 else 1e-14, err_msg=f"{name} at {point}"
        )


PAIRS = [
    ("divide", (1.0, 0.0), inf, (inf, -inf)),
    ("divide", (1.0, inf), 0.0, (0.0, 0.0)),
    ("power", (0.0, 2.0), 0.0, (0.0, 0.0)),
    ("power", (0.0, 1.0), 0.0, (1.0, 0.0)),
    ("power", (0.0, 0.5), 0.0, (inf, 0.0)),
    ("power", (0.0, 0.0), 1.0, (0.0, 0.0)),
    ("power", (-2.0, 3.0), -8.0, (12.0, 0.0)),
    ("hypot", (0.0, 0.0), 0.0, (0.0, 0.0)),
    ("hypot", (inf, 1.0), inf, (1.0, 0.0)),
    ("hypot", (1e200, -1e200), np.sqrt(2) * 1e200, (np.sqrt(0.5), -np.sqrt(0.5))),
    ("hypot", (3e-320, 4e-320), 5e-320, (0.6, 0.8)),
    ("arctan2", (1.0, 0.0), pi / 2, (0.0, -1.0)),
    ("arctan2", (0.0, -1.0), pi, (-1.0, 0.0)),
    ("arctan2", (1e-200, 1e-200), pi / 4, (5e199, -5e199)),
    ("arctan2", (1e200, 1e200), pi / 4, (5e-201, -5e-201)),
    ("logaddexp", (-inf, 1.0), 1.0, (0.0, 1.0)),
    ("logaddexp", (inf, 1.0), inf, (1.0, 0.0)),
    ("divide_no_nan", (1.0, 0.0), 0.0, (0.0, 0.0)),
    ("multiply_no_nan", (inf, 0.0), 0.0, (0.0, 0.0)),
    ("xlogy", (0.0, 0.0), 0.0, (0.0, 0.0)),
    ("xlogy", (2.0, 0.0), -inf, (-inf, inf)),
    ("zeta", (1.0, 2.0), inf, (-inf, 1 - pi**2 / 6)),
    ("gammainc", (2.0, 0.0), 0.0, (0.0, 0.0)),
    ("gammainc", (2.0, inf), 1.0, (0.0, 0.0)),
    ("gammaincc", (1.0, 0.0), 1.0, (0.0, -1.0)),
]


@pytest.mark.parametrize("mode", ["r", "f"])
@pytest.mark.parametrize(("name", "point", "value", "slopes"), PAIRS)
def test_derivatives_of_two_arguments_are_their_limits(name, point, value, slopes, mode):
    xs = [gt.constant(x, gt.float64) for x in point]
    found = [derivative(lambda at: ROWS[name](*at), xs, (i,), mode).numpy() for i in (0, 1)]
    np.testing.assert_allclose(
        [ROWS[name](*xs).numpy(), *found], [value, *slopes], rtol=1e-3 if abs(value) < 1e-300 else 1e-14
    )
