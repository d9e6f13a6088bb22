"""Taylor series for users: an accumulator that carries coefficients along, and `taylor`, the same for a function."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Self

from .arguments import short
from .core import nest
from .core.errors import ArgumentTypeError, InvalidArgumentError, ShapeError
from .core.further_errors import AlreadyRecordingError, RangeError, RepeatedPrimalError, WatchError
from .core.listen import activate, deactivate
from .core.spec import is_differentiable
from .core.tensor import Tensor, as_tensor
from .core.variable import Variable
from .modes.reverse import zeros
from .modes.series import given
from .modes.taylor import Taylor
from .ops.constant import astype


class TaylorAccumulator:
    """Carries Taylor coefficients along with what is computed inside its context.

    The primals move along a curve x(s) = x + x_1 s + x_2 s^2 + ..., and each result y has coefficients y_1, y_2, ...
    of its own: y_k is the k-th derivative along the curve divided by k!. Accumulators and tapes nest in any order; what
    an inner one computes is seen by those outside it.

    Args:
        primals: tensor or variable, or a nest of them.
        series: for each primal the list of its coefficients from the first on, in the structure of `primals`: tensors
            of the primal's shape, converted to its dtype, or None for a coefficient that is zero.
        order: how many coefficients to carry; by default as many as the longest list has.

    Raises:
        ValueError: for coefficients that do not fit their primal, a primal given twice, an order below 1.

    >>> import gradtape as gt
    >>> x = gt.constant(2.0)
    >>> with gt.TaylorAccumulator(x, [1.0], order=3) as accumulator:
    ...     y = x * x * x
    >>> [c.numpy().item() for c in accumulator.series(y)]     # y', y''/2, y'''/6
    [12.0, 6.0, 1.0]

    The coefficients follow from each operation's first-order rule, read as a differential equation: Griewank and
    Walther, "Evaluating Derivatives", 2nd ed., SIAM 2008, section 13.2. The cost of order K is O(K^2).
    """

    __slots__ = ("__weakref__", "_listener", "_recording")

    def __init__(self, primals: Any, series: Any, order: int | None = None) -> None:
        flat = nest.flatten(primals)
        lists = nest.flatten_up_to(primals, series)
        for primal, coefficients in zip(flat, lists, strict=True):
            _check(primal, coefficients)
        if len({id(primal) for primal in flat}) < len(flat):
            raise RepeatedPrimalError("a tensor was passed as a primal multiple times; give it once")
        highest = max((len(coefficients) for coefficients in lists), default=0)
        chosen = highest if order is None else int(order)
        if chosen < max(1, highest):
            raise RangeError(
                f"the order must be at least {max(1, highest)}, the coefficients given, not {chosen}"
            )
        self._listener = Taylor(chosen)
        self._recording = False
        for primal, coefficients in zip(flat, lists, strict=True):
            if is_differentiable(primal.dtype):
                parts = [
                    None if c is None else _fitting(c, primal, k) for k, c in enumerate(coefficients, start=1)
                ]
                self._listener.watch(primal, given(as_tensor(primal), parts))

    def __enter__(self) -> Self:
        if self._recording:
            raise AlreadyRecordingError(
                "Accumulator is already recording: it cannot be entered again before its context ends"
            )
        self._recording = True
        activate(self._listener)
        return self

    def __exit__(self, *exception: object) -> None:
        if self._recording:
            deactivate(self._listener)
        self._recording = False

    def series(self, target: Any) -> Any:
        """The coefficients from the first up to the order; a look-up, possible at any time.

        Args:
            target: tensor or variable, or a nest of them.

        Returns:
            in the structure of `target`, a list of tensors of the target's shape and dtype; None in place of the list
            where the target does not vary along the curve.
        """

        def look_up(tensor: Any) -> Any:
            if not isinstance(tensor, (Tensor, Variable)):
                raise ArgumentTypeError(f"series takes tensors and variables, not {short(tensor)}")
            found = self._listener.series(tensor)
            if found is None:
                return None
            orders = range(1, self._listener.order + 1)
            return [zeros(tensor) if (part := found[k]) is None else part for k in orders]

        return nest.map_structure(look_up, target)


def _check(primal: Any, coefficients: Any) -> None:
    if not isinstance(primal, (Tensor, Variable)):
        raise WatchError(f"a primal must be a tensor or a variable, not {short(primal)}")
    if not isinstance(coefficients, (list, tuple)):
        raise ArgumentTypeError(
            f"the series of a primal is a list of coefficients, not {short(coefficients)}"
        )


def _fitting(coefficient: Any, primal: Any, index: int) -> Tensor:
    """A coefficient as a tensor of the primal's shape and dtype."""
    tensor = coefficient if isinstance(coefficient, Tensor) else as_tensor(coefficient, primal.dtype)
    if tensor._value.dtype != primal.dtype:
        tensor = astype(tensor, dtype=primal.dtype)
    if tensor._value.shape != primal._value.shape:
        raise ShapeError(
            f"coefficient {index} of shape {tensor.shape} was given for a primal of shape {primal.shape}"
        )
    return tensor


def taylor(
    function: Callable[..., Any], primals: Sequence[Any], series: Sequence[Any], order: int | None = None
) -> tuple[Any, Any]:
    """The Taylor coefficients of a function along a curve through its arguments.

    Args:
        function: takes tensors, returns a tensor or a nest of them.
        primals: one argument each: tensors, or what can become one.
        series: for each argument the list of its coefficients from the first on (None for one that is zero); tensors
            of the argument's shape.
        order: how many coefficients to compute; by default as many as the longest list has.

    Returns:
        the function's result, and in its structure the lists of its coefficients 1 to `order`; None in place of a list
        where the result does not vary.

    >>> import gradtape as gt
    >>> y, coefficients = gt.taylor(gt.exp, [0.0], [[1.0]], order=4)
    >>> [round(c.numpy().item(), 4) for c in coefficients]     # 1 / k!
    [1.0, 0.5, 0.1667, 0.0417]
    """
    points = [as_tensor(primal) for primal in primals]
    # An argument that is given twice is two arguments.
    distinct = [
        Tensor(p._value, p._node) if any(p is q for q in points[:i]) else p for i, p in enumerate(points)
    ]
    if len(series) != len(points):
        raise InvalidArgumentError(f"taylor: {len(series)} series were given for {len(points)} arguments")
    with TaylorAccumulator(distinct, list(series), order) as accumulator:
        y = nest.map_structure(as_tensor, function(*distinct))
    return y, accumulator.series(y)
