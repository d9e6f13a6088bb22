"""The classical orthogonal polynomials of SciPy as rows; the derivative of each is one of a neighbouring family.

In the degree and the parameters there is no derivative. DLMF 18.9 has the relations; a polynomial of negative degree,
to which the derivative of a constant leads, is 0.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core.define import elementwise
from ..core.primitive import Primitive
from .special import in_double, no_order, special

_OWN_SLOPE = {"eval_jacobi", "eval_gegenbauer", "eval_genlaguerre", "eval_hermite", "eval_hermitenorm"}
"""Families whose derivatives stay among them, and so come to the degree -1."""


LONGEST = 10_000_000
"""The recurrence takes a step for each degree; beyond this many the formula for any degree is taken."""


def _value(name: str) -> Any:
    """SciPy's polynomial; of whole degrees by the recurrence that SciPy has for them."""

    def value(n: Any, *xs: Any) -> Any:
        finite, polynomial = np.isfinite(n), getattr(special(), name)
        whole = (n == np.floor(n)) & (np.abs(n) <= LONGEST)
        found = polynomial(np.where(whole, n, 0).astype(np.int64), *xs)
        if not np.all(whole):  # Hermite's polynomials have whole degrees alone
            other = np.nan if "hermite" in name else polynomial(np.where(finite, n, 0.0), *xs)
            found = np.where(whole, found, np.where(finite, other, np.nan))
        return np.where(n < 0, 0.0, found) if name in _OWN_SLOPE else found

    return in_double(value)


def _family(name: str, slope: Any, shapes: int = 0) -> Primitive:
    """The row of a family with parameters of this number, whose derivative is `slope(n, *parameters, x)`."""
    numbers = np.array([1, 2, 3], np.int8)
    three = (numbers, *[np.array([1, 2, 1], np.int8)] * shapes, (3,))
    one = (np.int8(4), *[np.int8(1)] * shapes, (2,))
    row: Primitive = elementwise(
        name,
        _value(name),
        (*[no_order(name)] * (1 + shapes), lambda _y, *xs: slope(*xs)),
        domain=(*[(0.0, 3.0)] * (1 + shapes), (-0.9, 0.9)),
        samples=((three, {}), (one, {})),
    )
    return row


eval_jacobi: Primitive = _family(  # DLMF 18.9.15
    "eval_jacobi", lambda n, a, b, x: (n + a + b + 1) / 2 * eval_jacobi(n - 1, a + 1, b + 1, x), 2
)
eval_gegenbauer: Primitive = _family(  # DLMF 18.9.19
    "eval_gegenbauer", lambda n, a, x: 2 * a * eval_gegenbauer(n - 1, a + 1, x), 1
)
eval_genlaguerre: Primitive = _family(  # DLMF 18.9.23
    "eval_genlaguerre", lambda n, a, x: -eval_genlaguerre(n - 1, a + 1, x), 1
)
eval_hermite: Primitive = _family("eval_hermite", lambda n, x: 2 * n * eval_hermite(n - 1, x))  # DLMF 18.9.25
eval_hermitenorm: Primitive = _family(  # DLMF 18.9.27
    "eval_hermitenorm", lambda n, x: n * eval_hermitenorm(n - 1, x)
)
eval_chebyt: Primitive = _family("eval_chebyt", lambda n, x: n * eval_chebyu(n - 1, x))  # DLMF 18.9.21
eval_chebyu: Primitive = _family("eval_chebyu", lambda n, x: 2 * eval_gegenbauer(n - 1, n * 0 + 2, x))
eval_legendre: Primitive = _family("eval_legendre", lambda n, x: eval_gegenbauer(n - 1, n * 0 + 1.5, x))
eval_laguerre: Primitive = _family("eval_laguerre", lambda n, x: -eval_genlaguerre(n - 1, n * 0 + 1, x))
