"""The polynomials of `mathematics.py`, highest power first, in double and single precision.

Each interpolates at Chebyshev's points, computed with mpmath to 60 digits, which is all but the best polynomial of its
degree. Beside it stands what it interpolates; the part of the function that stands in the code is exact.

    EXP  (e^r - 1 - r) / r^2        |r| <= ln 2 / 2
    SIN  (sin r / r - 1) / r^2      of r^2, |r| <= pi/4
    COS  (cos r - 1 + r^2 / 2) / r^4    of r^2, |r| <= pi/4
    LOG  (log((1 + s) / (1 - s)) / s - 2) / s^2    of s^2, |s| <= (sqrt 2 - 1) / (sqrt 2 + 1)

Their errors, of the result, are below a quarter unit in its last place (e^r - 1: four tenths).
"""

from __future__ import annotations

EXP: dict[str, tuple[float, ...]] = {
    "double": (
        2.5100472505694996e-08,
        2.7620201591031547e-07,
        2.7557268276905696e-06,
        2.4801521057868204e-05,
        0.00019841269863171557,
        0.0013888888917367081,
        0.008333333333330039,
        0.041666666666623824,
        0.16666666666666669,
        0.5000000000000001,
    ),
    "float": (
        0.001392625039,
        0.008363232948,
        0.04166655242,
        0.1666657627,
        0.5,
    ),
}
SIN: dict[str, tuple[float, ...]] = {
    "double": (
        1.5917286157176492e-10,
        -2.5051120107084363e-08,
        2.7557316046063308e-06,
        -0.00019841269836649343,
        0.008333333333330877,
        -0.16666666666666666,
    ),
    "float": (
        -0.0001958637731,
        0.008332741447,
        -0.1666666418,
    ),
}
COS: dict[str, tuple[float, ...]] = {
    "double": (
        -1.1382104964453636e-11,
        2.0876138925294287e-09,
        -2.7557317236391144e-07,
        2.4801587298697357e-05,
        -0.0013888888888887352,
        0.041666666666666664,
    ),
    "float": (
        2.454642527e-05,
        -0.001388829551,
        0.04166666418,
    ),
}
LOG: dict[str, tuple[float, ...]] = {
    "double": (
        0.1461916477718642,
        0.1533150172120742,
        0.18182895746801428,
        0.22222211043822487,
        0.28571428626533335,
        0.3999999999989827,
        0.666666666666667,
    ),
    "float": (
        0.2958202362,
        0.3998873532,
        0.6666668653,
    ),
}
