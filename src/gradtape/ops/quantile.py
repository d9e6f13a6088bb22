"""The quantile functions of the gamma distribution, with derivatives in shape and probability at every order.

With F(a, y) = u the implicit function theorem gives dy/du = 1 / p and dy/da = -F_a / p, where p is the density. Fed
with uniform numbers the first row draws gamma variates that are differentiable in their shape: this is the implicit
reparameterisation of Figurnov, Mohamed and Mnih ("Implicit Reparameterization Gradients", 2018, equation 5), here with
exact F_a, and again differentiable because the rule is made of rows.
"""

from __future__ import annotations

from typing import Any

from ..core.define import elementwise
from ..core.primitive import Primitive
from .elementwise import reciprocal
from .incomplete import gamma_density, gammainc_shape
from .special import scipy_value


def _in_shape(y: Any, a: Any, _u: Any) -> Any:
    return -gammainc_shape(a, y, order=1) / gamma_density(a, y)


gammaincinv: Primitive = elementwise(
    "gammaincinv",
    scipy_value("gammaincinv"),
    (_in_shape, lambda y, a, _u: reciprocal(gamma_density(a, y))),
    domain=((0.5, 3.0), (0.1, 0.9)),
)
gammainccinv: Primitive = elementwise(
    "gammainccinv",
    scipy_value("gammainccinv"),
    (_in_shape, lambda y, a, _u: -reciprocal(gamma_density(a, y))),
    domain=((0.5, 3.0), (0.1, 0.9)),
)
