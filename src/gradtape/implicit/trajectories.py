"""Solutions of ordinary differential equations, differentiated in the start, in the times and in all parameters.

For `y' = f(t, y, p)` with outputs `Y[i] = y(t[i])`, the rule of the one operation is an equation again, solved by this
very operation; so every order follows.

- Tangent: the variational equation `s' = f_y s + f_p p'`, `s(t0) = y0' - f(t0, y0) t0'`, solved along with y; and
  `Y'[i] = s(t[i]) + f(t[i], Y[i]) t'[i]`.
- Pull of `g`: the adjoint equation `l' = -f_y^T l`, backwards from the last time; at each output `l` gains `g[i]`, and
  the parameters gather the integral of `f_p^T l`. The trajectory is integrated backwards along with it from output to
  output, and starts at each from the value found there (Chen, Rubanova, Bettencourt, Duvenaud, "Neural ordinary
  differential equations", 2018, appendices B and C; the new start at each output bounds what a backward run loses).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..capture import Held, pulled, pushed
from ..core.errors import InvalidArgumentError, ShapeError
from ..core.further_errors import RangeError
from ..core.lead import reshaped
from ..core.packages import needed
from ..core.tensor import Tensor
from ..modes.reverse import zeros
from ..ops.arranging import getitem, stack
from ..ops.contraction import dot
from ..ops.linear import add, concatenate, negative, subtract
from .equations import ConvergenceError
from .quadrature import apart, flat
from .solved import arguments, as_dtype, doubles, matrix, returned, solved, start

Field = Callable[..., Tensor]
_STIFF = ("Radau", "BDF", "LSODA")


@dataclass(frozen=True, slots=True)
class Trajectory:
    """What `solve_ivp` found.

    Attributes:
        t: the times, of shape (m,).
        y: the states at these times, of shape y0.shape + (m,); differentiable.
        success: True; a failure is raised.
        message: the solver's own words.
        nfev: how often the solver called the function.
    """

    t: Tensor
    y: Tensor
    success: bool
    message: str
    nfev: int


def solve_ivp(
    fun: Callable[..., Any],
    t_span: Any,
    y0: Any,
    method: str = "DOP853",
    t_eval: Any = None,
    args: Any = (),
    *,
    rtol: float = 1e-10,
    atol: float = 1e-12,
) -> Trajectory:
    """Solve `y' = fun(t, y, *args)`, `y(t_span[0]) = y0`, by `scipy.integrate.solve_ivp`, with derivatives.

    Args:
        fun: takes t, a tensor of rank 0, the state and the arguments; returns the rate, of the shape of the state.
        t_span: where to begin and to end; numbers or tensors of rank 0, in either order.
        y0: the state at the beginning, real, of any shape. The result has its dtype.
        method: as SciPy's; "Radau", "BDF" and "LSODA" are given the exact Jacobian.
        t_eval: times of shape (m,), sorted, inside the span; by default the two ends of the span.
        args: further arguments, each a tensor, a variable, a number or a nest of them.
        rtol, atol: the error allowed in each step, finer than SciPy's defaults; derivatives are computed to the same.

    Returns:
        the trajectory, differentiable in y0, the beginning, the times of output and all that `fun` depends on.

    Raises:
        ConvergenceError: if the solver gives up, with its message.
        ValueError: if shapes do not fit, or times are not sorted or outside the span.
        TypeError: for complex numbers.

    >>> import gradtape as gt
    >>> k = gt.constant(2.0, dtype="float64")
    >>> with gt.GradientTape() as tape:
    ...     tape.watch(k)
    ...     y = gt.implicit.solve_ivp(lambda t, y, k: -k * y, (0.0, 1.0), gt.constant(1.0, dtype="float64"), args=k).y
    >>> print(f"{y.numpy()[-1]:.6f} {tape.gradient(y, k).numpy():.6f}")     # exp(-k) and its derivative
    0.135335 -0.135335
    """
    if not isinstance(t_span, (tuple, list)) or len(t_span) != 2:
        raise InvalidArgumentError(f"solve_ivp: t_span must be a pair (beginning, end), got {t_span!r}")
    first, last = (doubles("solve_ivp", f"t_span[{i}]", t) for i, t in enumerate(t_span))
    outputs = stack([first, last]) if t_eval is None else doubles("solve_ivp", "t_eval", t_eval)
    _check_times(first._value, last._value, outputs._value)
    state, dtype = start("solve_ivp", "y0", y0)
    shape, parameters = state._value.shape, arguments("solve_ivp", args)

    def field(t: Tensor, y: Tensor, *tensors: Tensor) -> Tensor:
        rate = fun(t, reshaped(y, shape), *parameters.packed(tensors))
        return reshaped(returned("solve_ivp", "the result of fun", rate, shape), (y._value.size,))

    said: list[Any] = []
    times = concatenate(reshaped(first, (1,)), outputs, axis=0)
    settings = {"method": method, "rtol": rtol, "atol": atol}
    vector = reshaped(state, (state._value.size,))
    rows = _flow(field, times, vector, parameters.tensors, settings, said)
    y = reshaped(rows.T, (*shape, outputs._value.size))
    message, count = said[0]
    return Trajectory(outputs, as_dtype(y, dtype), True, str(message), int(count))


def _check_times(first: Any, last: Any, outputs: Any) -> None:
    if np.ndim(first) or np.ndim(last) or np.ndim(outputs) != 1 or not outputs.size:
        raise ShapeError(
            f"solve_ivp: t_span must be two numbers and t_eval of rank 1 with at least one time, got the shapes "
            f"{np.shape(first)}, {np.shape(last)} and {np.shape(outputs)}"
        )
    steps = np.diff(np.concatenate([[first], outputs, [last]])) * (1 if last >= first else -1)
    if not (steps >= 0).all() or (not (steps[1:-1] > 0).all() and first != last):
        raise RangeError(
            f"solve_ivp: t_eval must be sorted and lie in t_span ({first}, {last}), got {outputs}"
        )


def _flow(
    field: Field,
    times: Tensor,
    y0: Tensor,
    parameters: Sequence[Tensor],
    settings: dict[str, Any],
    said: list[Any] | None = None,
) -> Tensor:
    """States of shape (m, n) at times[1:], from the state y0 of shape (n,) at times[0], with their rule."""

    def solve(t: Any, first: Any, *values: Any) -> Any:
        with needed("scipy", "gt.implicit runs SciPy's solvers"):
            from scipy import integrate  # type: ignore[import-untyped]  # SciPy brings no types

        tensors = [Tensor(value) for value in values]

        def function(at: float, y: Any) -> Any:
            return field(Tensor(np.float64(at)), Tensor(y), *tensors)._value

        def slope(at: float, y: Any) -> Any:
            return matrix(lambda z: [field(Tensor(np.float64(at)), z, *tensors)], Tensor(y))._value

        if t[0] == t[-1]:
            function(t[0], first)  # so that a wrong shape is told here too
            said_now = ("There was no way to go.", 1)
            found = np.tile(first, (len(t) - 1, 1))
        else:
            jac = {"jac": slope} if settings["method"] in _STIFF else {}
            answer = integrate.solve_ivp(function, (t[0], t[-1]), first, t_eval=t[1:], **settings, **jac)
            said_now = (answer.message, answer.nfev)
            if not answer.success or not np.isfinite(answer.y).all():
                raise ConvergenceError(f"solve_ivp: {answer.message}")
            found = np.ascontiguousarray(answer.y.T)
        if said is not None:
            said.append(said_now)
        return found

    def tangent(
        held: Held, tangents: Sequence[Any], y: Tensor, t: Tensor, first: Tensor, *x: Tensor
    ) -> Tensor:
        size = first._value.size
        beginning = zeros(first) if tangents[1] is None else tangents[1]
        if tangents[0] is not None:
            beginning = subtract(beginning, field(t[0], first, *x) * tangents[0][0])
        moving = tangents[2:]
        rates = [rate for rate in moving if rate is not None]

        def variational(at: Tensor, both: Tensor, *p: Tensor) -> Tensor:
            given = iter(p[len(x) :])
            spread = [None if rate is None else next(given) for rate in moving]
            (rate,), (moved,) = pushed(
                lambda z, *p: [field(at, z, *p)],
                [both[:size], *p[: len(x)]],
                held,
                [both[size:], *spread],
            )
            return concatenate(rate, zeros(rate) if moved is None else moved, axis=0)  # type: ignore[no-any-return]

        together = concatenate(first, beginning, axis=0)
        total = getitem(
            _flow(variational, t, together, [*x, *rates], settings), (slice(None), slice(size, None))
        )
        if tangents[0] is None:
            return total
        edges = [field(t[i + 1], y[i], *x) * tangents[0][i + 1] for i in range(y._value.shape[0])]
        return add(total, stack(edges))  # type: ignore[no-any-return]

    def pull(held: Held, g: Tensor, y: Tensor, t: Tensor, first: Tensor, *x: Tensor) -> list[Tensor | None]:
        size = first._value.size
        sources = [*x, *held]

        def adjoint(at: Tensor, both: Tensor, *p: Tensor) -> Tensor:
            (rate,), found = pulled(
                lambda z, *p: [field(at, z, *p)],
                [both[:size], *p],
                held,
                [both[size : 2 * size]],
            )
            likes = [first, *sources]
            shares = [zeros(s) if f is None else f for f, s in zip(found, likes, strict=True)]
            return concatenate(rate, negative(flat(shares)), axis=0)  # type: ignore[no-any-return]

        costate = zeros(first)
        gathered = Tensor(np.zeros(sum(int(s._value.size) for s in sources)))
        to_times: list[Tensor] = []
        for i in reversed(range(y._value.shape[0])):
            to_times.insert(0, dot(g[i], field(t[i + 1], y[i], *x)))
            costate = add(costate, g[i])
            backwards = getitem(t, slice(i, i + 2))[::-1]
            end = _flow(adjoint, backwards, concatenate(y[i], costate, gathered, axis=0), x, settings)[0]
            costate, gathered = end[size : 2 * size], end[2 * size :]
        to_times.insert(0, negative(dot(costate, field(t[0], first, *x))))
        return [stack(to_times), costate, *(apart(gathered, sources) if sources else [])]

    return solved("implicit.solve_ivp", solve, [times, y0, *parameters], pull, tangent)
