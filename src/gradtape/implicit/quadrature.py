"""Integrals over an interval, differentiated in the limits and in all that the integrand depends on.

Leibniz's rule: the tangent of `I = integral of f(t, p) dt` from a to b is
`f(b) b' - f(a) a' + integral of f_p p' dt`, and its pull of `g` sends `<g, f(b)>` to b, `-<g, f(a)>` to a and the
integral of `f_p^T g` to p. The last terms are integrals again, done by this very operation: every order follows.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from ..capture import Held, pulled, pushed
from ..core.errors import InvalidArgumentError
from ..core.lead import reshaped
from ..core.packages import needed
from ..core.tensor import Tensor, decide
from ..modes.reverse import zeros
from ..ops.arranging import getitem
from ..ops.contraction import dot
from ..ops.linear import add, concatenate
from .equations import ConvergenceError
from .solved import arguments, as_dtype, doubles, returned, solved

Integrand = Callable[..., Tensor]


class Quadrature(NamedTuple):
    """An integral and the estimate of its error; takes apart like the answer of SciPy's `quad`."""

    value: Tensor
    error: float


def quad(
    func: Callable[..., Any],
    a: Any,
    b: Any,
    args: Any = (),
    *,
    epsabs: float = 1e-12,
    epsrel: float = 1e-10,
    limit: int = 10000,
) -> Quadrature:
    """Integrate `func(t, *args)` over t from a to b by `scipy.integrate.quad_vec` (adaptive Gauss-Kronrod).

    Args:
        func: takes t, a tensor of rank 0, and the arguments; returns a real tensor of any shape, always the same.
        a, b: the limits, numbers or tensors of rank 0; infinite ones too.
        args: further arguments, each a tensor, a variable, a number or a nest of them.
        epsabs, epsrel: the error allowed, in the largest entry; derivatives are computed to the same.
        limit: the most intervals.

    Returns:
        `(value, error)`. The value is differentiable in finite limits and in all that `func` depends on, to any order.
        It has the dtype of what `func` returns.

    Raises:
        ConvergenceError: if the error allowed is not reached, or the integral is not finite.
        ValueError: if a limit is no number.
        TypeError: for complex numbers.

    >>> import gradtape as gt
    >>> k, b = gt.constant(2.0, dtype="float64"), gt.constant(1.0, dtype="float64")
    >>> with gt.GradientTape() as tape:
    ...     tape.watch([k, b])
    ...     value, error = gt.implicit.quad(lambda t, k: gt.exp(k * t), 0.0, b, k)
    >>> print(f"{value.numpy():.4f}", [f"{g.numpy():.4f}" for g in tape.gradient(value, [k, b])])
    3.1945 ['2.0973', '7.3891']
    """
    limits = [doubles("quad", name, x) for name, x in (("a", a), ("b", b))]
    for limit_name, x in zip("ab", limits, strict=True):
        if x._value.ndim or np.isnan(x._value):
            raise InvalidArgumentError(f"quad: the limit {limit_name} must be one number, got {x}")
    parameters = arguments("quad", args)
    specs: list[Any] = []

    def integrand(t: Tensor, *tensors: Tensor) -> Tensor:
        result = func(t, *parameters.packed(tensors))
        if not specs:
            first = doubles("quad", "the result of func", result)
            specs.append((first._value.shape, getattr(result, "dtype", first.dtype)))
        y = returned("quad", "the result of func", result, specs[0][0])
        return reshaped(y, (y._value.size,))

    errors: list[float] = []
    settings = {"epsabs": epsabs, "epsrel": epsrel, "limit": limit}
    value = _integral(integrand, limits[0], limits[1], parameters.tensors, settings, errors)
    shape, dtype = specs[0]
    kept = dtype if np.dtype(dtype).kind == "f" else value.dtype
    return Quadrature(as_dtype(reshaped(value, shape), kept), errors[0])


def _integral(
    integrand: Integrand,
    a: Tensor,
    b: Tensor,
    parameters: Sequence[Tensor],
    settings: dict[str, Any],
    errors: list[float] | None = None,
) -> Tensor:
    """The integral of a function from numbers to vectors, with its rule."""

    def solve(low: Any, high: Any, *values: Any) -> Any:
        with needed("scipy", "gt.implicit runs SciPy's solvers"):
            from scipy.integrate import quad_vec  # type: ignore[import-untyped]  # SciPy brings no types

        tensors = [Tensor(value) for value in values]

        def function(t: float) -> Any:
            return integrand(Tensor(np.float64(t)), *tensors)._value

        if low == high:
            return np.zeros_like(function(low))
        found, error, info = quad_vec(
            function, float(low), float(high), norm="max", full_output=True, **settings
        )
        if not info.success or not np.isfinite(found).all():
            raise ConvergenceError(f"quad: {info.message} The error is estimated as {error:.3g}.")
        if errors is not None:
            errors.append(float(error))
        return np.asarray(found)

    def at(limit: Tensor, tensors: Sequence[Tensor]) -> Tensor | None:
        """The integrand at a limit; None at infinity, which does not vary."""
        return integrand(limit, *tensors) if decide(limit, _is_finite) else None

    def tangent(
        held: Held, tangents: Sequence[Any], y: Tensor, low: Tensor, high: Tensor, *x: Tensor
    ) -> Tensor:
        total = zeros(y)
        for limit, rate, sign in ((high, tangents[1], 1.0), (low, tangents[0], -1.0)):
            edge = None if rate is None else at(limit, x)
            if edge is not None:
                total = add(total, edge * (rate * sign))
        moving = tangents[2:]
        rates = [rate for rate in moving if rate is not None]
        if not rates:
            return total

        def slope(t: Tensor, *both: Tensor) -> Tensor:
            given = iter(both[len(x) :])
            spread = [None if rate is None else next(given) for rate in moving]
            _, (moved,) = pushed(lambda *p: [integrand(t, *p)], both[: len(x)], held, spread)
            return zeros(y) if moved is None else moved

        return add(total, _integral(slope, low, high, [*x, *rates], settings))  # type: ignore[no-any-return]

    def pull(held: Held, g: Tensor, y: Tensor, low: Tensor, high: Tensor, *x: Tensor) -> list[Tensor | None]:
        ends = [at(low, x), at(high, x)]
        edges = [
            None if edge is None else dot(g, edge) * sign
            for edge, sign in zip(ends, (-1.0, 1.0), strict=True)
        ]
        sources = [*x, *held]
        if not sources:
            return edges

        def share(t: Tensor, g: Tensor, *p: Tensor) -> Tensor:
            found = pulled(lambda *p: [integrand(t, *p)], p, held, [g])[1]
            return flat([zeros(s) if f is None else f for f, s in zip(found, sources, strict=True)])

        return [*edges, *apart(_integral(share, low, high, [g, *x], settings), sources)]

    value = solved("implicit.quad", solve, [a, b, *parameters], pull, tangent)
    if errors is not None and not errors:
        errors.append(0.0)
    return value


def _is_finite(value: Any) -> bool:
    return bool(np.isfinite(value).all())


def flat(parts: Sequence[Any]) -> Tensor:
    """Tensors of doubles end to end."""
    vectors = [reshaped(doubles("implicit", "a share", part), (part._value.size,)) for part in parts]
    return vectors[0] if len(vectors) == 1 else concatenate(*vectors, axis=0)


def apart(vector: Tensor, likes: Sequence[Any]) -> list[Tensor]:
    """The inverse of `flat`: parts of the shapes and dtypes of others."""
    found, first = [], 0
    for like in likes:
        size = int(like._value.size)
        part = reshaped(getitem(vector, slice(first, first + size)), like._value.shape)
        found.append(as_dtype(part, like.dtype))
        first += size
    return found
