"""More of SciPy's special ufuncs on tensors, each by an identity from rows: elliptic, Bessel, polynomials, elementary.

The logistic functions, entropies, and the gamma family are in `scipy_special.py`, distributions in
`scipy_distributions.py`.
"""

from __future__ import annotations

import math
from typing import Any

from ..core.tensor import Tensor, as_tensor, beside
from ..ops import bessel, elliptic, hypergeometric, polynomials
from ..ops import constant as fixed
from ..ops import elementwise as each
from ..ops import special as row
from .numpy_names import scipy_name
from .scipy_special import pick

# elementary functions that keep the digits of small results


@scipy_name("powm1")
def powm1(x: Any, y: Any) -> Tensor:
    """x**y - 1, for x above 0 by expm1, which keeps the digits of small results."""
    x, y = beside((x, y))
    positive = fixed.greater(x, each.like(x, 0))
    return pick(positive, each.expm1(y * each.log(pick(positive, x, 1.0))), each.power(x, y) - 1)


@scipy_name("exprel")
def exprel(x: Any) -> Tensor:
    """(exp(x) - 1) / x = 1F1(1; 2; x), smooth at 0 (DLMF 13.6.2)."""
    x = as_tensor(x)
    return hypergeometric.hyp1f1(each.like(x, 1), each.like(x, 2), x)  # type: ignore[no-any-return]


# several results


@scipy_name("sici")
def sici(x: Any) -> tuple[Tensor, Tensor]:
    """The sine and the cosine integral."""
    x = as_tensor(x)
    return hypergeometric.sine_integral(x), hypergeometric.cosine_integral(x)


@scipy_name("shichi")
def shichi(x: Any) -> tuple[Tensor, Tensor]:
    """The hyperbolic sine and cosine integral."""
    x = as_tensor(x)
    return hypergeometric.hyperbolic_sine_integral(x), hypergeometric.hyperbolic_cosine_integral(x)


@scipy_name("airy")
def airy(x: Any) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Ai, Ai', Bi and Bi'."""
    x = as_tensor(x)
    return (
        hypergeometric.airy_ai(x),
        hypergeometric.airy_ai_slope(x),
        hypergeometric.airy_bi(x),
        hypergeometric.airy_bi_slope(x),
    )


# Bessel functions of real arguments under further names


@scipy_name("kn")
def kn(n: Any, x: Any) -> Tensor:
    """The modified function of the second kind, of whole order."""
    return bessel.kv(*beside((n, x)))  # type: ignore[no-any-return]


@scipy_name("jve")
def jve(v: Any, x: Any) -> Tensor:
    """Scaled by exp(-abs(imaginary part)), which is 1 for real numbers."""
    return bessel.jv(*beside((v, x)))  # type: ignore[no-any-return]


@scipy_name("yve")
def yve(v: Any, x: Any) -> Tensor:
    """Scaled by exp(-abs(imaginary part)), which is 1 for real numbers."""
    return bessel.yv(*beside((v, x)))  # type: ignore[no-any-return]


# elliptic integrals


@scipy_name("elliprc")
def elliprc(x: Any, y: Any) -> Tensor:
    """R_C(x, y) = R_F(x, y, y) for y above 0 (DLMF 19.16.6), Cauchy's principal value below (19.2.20)."""
    x, y = beside((x, y))
    below = fixed.less(y, each.like(y, 0))
    first, other = pick(below, x - y, x), pick(below, -y, y)
    scale = pick(below, each.sqrt(x / (x - pick(below, y, x - 1))), 1.0)
    return scale * elliptic.elliprf(first, other, other)  # type: ignore[no-any-return]


@scipy_name("elliprd")
def elliprd(x: Any, y: Any, z: Any) -> Tensor:
    """R_D, -6 times the derivative of R_F in z (DLMF 19.18.1)."""
    return -6 * elliptic.in_last(*beside((x, y, z)))  # type: ignore[no-any-return]


@scipy_name("elliprg")
def elliprg(x: Any, y: Any, z: Any) -> Tensor:
    """R_G by R_F and R_D (DLMF 19.21.10), of which one argument at most is 0."""
    x, y, z = beside((x, y, z))
    swapped = fixed.equal(z, each.like(z, 0))
    x, z = pick(swapped, z, x), pick(swapped, x, z)
    share = (x - z) * (y - z) * elliprd(x, y, z) / 3
    return (z * elliptic.elliprf(x, y, z) - share + each.sqrt(x * y / z)) / 2  # type: ignore[no-any-return]


@scipy_name("agm")
def agm(a: Any, b: Any) -> Tensor:
    """The arithmetic-geometric mean of numbers of one sign (DLMF 19.8.5): pi / (2 R_F(0, a**2, b**2))."""
    a, b = beside((a, b))
    size = math.pi / 2 / elliptic.elliprf(each.like(a, 0), each.square(a), each.square(b))
    apart = fixed.less(a * b, each.like(a, 0))
    return pick(apart, math.nan, pick(fixed.less(a, each.like(a, 0)), -size, size))


# orthogonal polynomials on other intervals and scales (DLMF 18.7)


def _of_twice(family: Any) -> Any:
    """The shifted polynomial on (0, 1)."""

    def shifted(n: Any, x: Any) -> Any:
        n, x = beside((n, x))
        return family(n, 2 * x - 1)

    return shifted


scipy_name("eval_sh_legendre")(_of_twice(polynomials.eval_legendre))
scipy_name("eval_sh_chebyt")(_of_twice(polynomials.eval_chebyt))
scipy_name("eval_sh_chebyu")(_of_twice(polynomials.eval_chebyu))


@scipy_name("eval_chebyc")
def eval_chebyc(n: Any, x: Any) -> Tensor:
    """C(n) of x: 2 T(n) of x/2."""
    n, x = beside((n, x))
    return 2 * polynomials.eval_chebyt(n, x / 2)  # type: ignore[no-any-return]


@scipy_name("eval_chebys")
def eval_chebys(n: Any, x: Any) -> Tensor:
    """S(n) of x: U(n) of x/2."""
    n, x = beside((n, x))
    return polynomials.eval_chebyu(n, x / 2)  # type: ignore[no-any-return]


@scipy_name("eval_sh_jacobi")
def eval_sh_jacobi(n: Any, p: Any, q: Any, x: Any) -> Tensor:
    """G(n)(p, q) of x: the Jacobi polynomial of 2x - 1 over a binomial coefficient."""
    n, p, q, x = beside((n, p, q, x))
    size = row.gammaln(2 * n + p) - row.gammaln(n + p) - row.gammaln(n + 1)
    return polynomials.eval_jacobi(n, p - q, q - 1, 2 * x - 1) * each.exp(-size)  # type: ignore[no-any-return]
