"""The forward accumulator: tangents computed along with the operations, by TensorFlow's name for it."""

from __future__ import annotations

from typing import Any, Self

import numpy as np

from .arguments import UnconnectedGradients, short, unconnected_choice, warn_dtype
from .core import nest
from .core.errors import ArgumentTypeError, ShapeError
from .core.further_errors import AlreadyRecordingError, RepeatedPrimalError, WatchError
from .core.listen import activate, deactivate
from .core.spec import is_differentiable
from .core.tensor import Tensor, as_tensor
from .core.variable import Variable
from .modes.forward import Pusher
from .ops.constant import astype


class ForwardAccumulator:
    """Computes Jacobian-vector products of what is computed inside its context.

    Accumulators and tapes nest in any order. What an inner one computes is seen by those outside it, so higher
    derivatives are asked from the outer ones.

    Args:
        primals: tensor or variable, or a nest of them, to vary.
        tangents: the direction, in the same structure; shapes as the primals, converted to their dtypes.

    Raises:
        ValueError: if a primal is given twice, or structure or shapes differ.

    >>> import gradtape as gt
    >>> v = gt.Variable([1.0, 2.0])
    >>> with gt.autodiff.ForwardAccumulator(v, gt.constant([1.0, 0.0])) as acc:
    ...     with gt.GradientTape() as tape:
    ...         y = gt.reduce_sum(v * v * v)
    ...     g = tape.gradient(y, v)
    >>> acc.jvp(g).numpy().tolist()     # the Hessian times the direction
    [6.0, 0.0]
    """

    __slots__ = ("__weakref__", "_pusher", "_recording")

    def __init__(self, primals: Any, tangents: Any) -> None:
        nest.assert_same_structure(primals, tangents)
        self._pusher = Pusher()
        self._recording = False
        flat = nest.flatten(primals)
        pairs: list[tuple[Any, Tensor]] = []
        for primal, tangent in zip(flat, nest.flatten(tangents), strict=True):
            if not isinstance(primal, (Tensor, Variable)):
                raise WatchError(f"a primal must be a tensor or a variable, not {short(primal)}")
            if any(primal is other for other, _ in pairs):
                raise RepeatedPrimalError(
                    f"Tensor {short(primal)} was passed as a primal multiple times; give it once"
                )
            pairs.append((primal, self._direction(primal, tangent)))
        for primal, tangent in pairs:
            if is_differentiable(primal.dtype):
                self._pusher.watch(primal, tangent)
            else:
                warn_dtype("watched primal", primal.dtype)

    def _direction(self, primal: Any, tangent: Any) -> Tensor:
        direction = as_tensor(tangent)
        if direction._value.dtype != primal.dtype:
            direction = astype(direction, dtype=primal.dtype)
        if direction._value.shape != primal._value.shape:
            raise ShapeError(
                f"a tangent of shape {direction.shape} was given for a primal of shape {primal.shape}"
            )
        return direction

    def __enter__(self) -> Self:
        if self._recording:
            raise AlreadyRecordingError(
                "Accumulator is already recording: it cannot be entered again before its context ends"
            )
        self._recording = True
        activate(self._pusher)
        return self

    def __exit__(self, *exception: object) -> None:
        if self._recording:
            deactivate(self._pusher)
        self._recording = False

    def jvp(
        self, primals: Any, unconnected_gradients: UnconnectedGradients | str = UnconnectedGradients.NONE
    ) -> Any:
        """The tangents of what was computed inside the context; a look-up, possible at any time.

        Args:
            primals: tensor or variable, or a nest of them.
            unconnected_gradients: NONE gives None for what does not vary, ZERO gives zeros.
        """
        unconnected = unconnected_choice(unconnected_gradients)

        def look_up(tensor: Any) -> Any:
            if tensor is None:
                return None
            if not isinstance(tensor, (Tensor, Variable)):
                raise ArgumentTypeError(f"jvp takes tensors and variables, not {short(tensor)}")
            found = self._pusher.tangent(tensor)
            if found is None and unconnected is UnconnectedGradients.ZERO:
                return Tensor(np.zeros_like(tensor._value)[()])
            return found

        return nest.map_structure(look_up, primals)
