"""Jacobians, Hessians and per-example gradients whole, as methods of the tape."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .arguments import UnconnectedGradients, single, tensors_of, unconnected_choice
from .core import errors, nest
from .core.absent import origin
from .core.listen import Listener
from .core.tensor import Tensor
from .jacobians import gradients_of_rows, hessian, jacobian
from .modes.record import Record


def answer(result: Any, source: Any, unconnected: UnconnectedGradients, lead: tuple[int, ...] = ()) -> Any:
    """A derivative, or what stands for it where there is no connection; `lead` are its axes before the source's."""
    if result is None and unconnected is UnconnectedGradients.ZERO:
        return Tensor(np.zeros(lead + tuple(source._value.shape), source._value.dtype)[()])
    return result


class WholeDerivatives:
    """What a tape can do beyond the gradient; `GradientTape` is the class to use."""

    __slots__ = ()

    _persistent: bool

    def _begin(self, target: Any, sources: Any) -> tuple[Record, Sequence[Listener]]:
        raise NotImplementedError

    def _finish(self, results: Any, told: Sequence[Listener]) -> None:
        raise NotImplementedError

    def _unconnected(self, record: Record, target: Any, sources: Any, results: Any) -> None:
        raise NotImplementedError

    def jacobian(
        self,
        target: Any,
        sources: Any,
        unconnected_gradients: UnconnectedGradients | str = UnconnectedGradients.NONE,
        parallel_iterations: int | None = None,
        experimental_use_pfor: bool = True,
    ) -> Any:
        """All derivatives of each entry of one target with respect to each entry of the sources.

        Args:
            target: one tensor or variable of any rank.
            sources: tensor or variable, or a nest of them.
            unconnected_gradients: as for `gradient`.
            parallel_iterations: how many rows or columns at once, at most; by default so many as fit into the cache.
                The result does not depend on it.
            experimental_use_pfor: False asks for one walk after another, which needs a persistent tape.

        Returns:
            tensors of shape target.shape + source.shape, in the structure of the sources.

        >>> import gradtape as gt
        >>> x = gt.constant([1.0, 2.0])
        >>> with gt.GradientTape() as tape:
        ...     tape.watch(x)
        ...     y = x * x
        >>> tape.jacobian(y, x).numpy().tolist()
        [[2.0, 0.0], [0.0, 4.0]]
        """
        self._may_repeat(experimental_use_pfor)
        record, told = self._begin(target, sources)
        if target is None:
            raise errors.TargetError(
                f"Argument `target` should be a tensor or variable, not None{origin(None)}"
            )
        unconnected = unconnected_choice(unconnected_gradients)
        (y,), flat = single(target, "jacobian"), tensors_of(sources, "sources")
        shape = tuple(y._value.shape)
        found = jacobian(record, y, flat, 0, parallel_iterations if experimental_use_pfor else 1)
        results = [answer(j, source, unconnected, shape) for j, source in zip(found, flat, strict=True)]
        if any(result is None for result in results):
            self._unconnected(record, [y], flat, results)
        self._finish(results, told)
        return nest.pack_sequence_as(sources, results)

    def batch_jacobian(
        self,
        target: Any,
        source: Any,
        unconnected_gradients: UnconnectedGradients | str = UnconnectedGradients.NONE,
        parallel_iterations: int | None = None,
        experimental_use_pfor: bool = True,
    ) -> Any:
        """The Jacobian of each example of a batch: derivatives of target[b] with respect to source[b].

        The examples must not interact; this is not checked. A source without connection gives zeros.

        Args:
            target: tensor of shape (b, y...), rank 2 or more.
            source: tensor or variable of shape (b, x...), rank 2 or more.

        Returns:
            tensor of shape (b, y..., x...).

        Raises:
            ValueError: if a rank is below 2 or the first sizes differ.

        >>> import gradtape as gt
        >>> x = gt.constant([[1.0, 2.0], [3.0, 4.0]])
        >>> with gt.GradientTape() as tape:
        ...     tape.watch(x)
        ...     y = x * x
        >>> tape.batch_jacobian(y, x).numpy().tolist()
        [[[2.0, 0.0], [0.0, 4.0]], [[6.0, 0.0], [0.0, 8.0]]]
        """
        if parallel_iterations is not None and not self._persistent:
            raise errors.PersistenceError(
                "batch_jacobian needs persistent=True when parallel_iterations is given"
            )
        self._may_repeat(experimental_use_pfor)
        record, told = self._begin(target, source)
        if target is None:
            raise errors.TargetError(
                f"Argument `target` should be a tensor or variable, not None{origin(None)}"
            )
        unconnected_choice(unconnected_gradients)
        (y,), (x,) = single(target, "batch_jacobian"), single(source, "batch_jacobian")
        ys, xs = tuple(y._value.shape), tuple(x._value.shape)
        for name, shape in (("target", ys), ("source", xs)):
            if len(shape) < 2:
                raise errors.BatchJacobianError(
                    f"batch_jacobian: the {name} must have rank at least 2, not the shape {shape}"
                )
        if ys[0] != xs[0]:
            raise errors.BatchJacobianError(
                f"Need first dimension of target shape {ys} and source shape {xs} to match"
            )
        (found,) = jacobian(record, y, [x], 1, parallel_iterations if experimental_use_pfor else 1)
        result = Tensor(np.zeros(ys + xs[1:], y._value.dtype)) if found is None else found
        self._finish(result, told)
        return result

    def hessian(
        self,
        target: Any,
        sources: Any,
        unconnected_gradients: UnconnectedGradients | str = UnconnectedGradients.NONE,
        parallel_iterations: int | None = None,
    ) -> Any:
        """All second derivatives of a number with respect to each pair of entries of the sources.

        This tape alone is enough: it hears the walk for the gradients and is walked along again. As with `gradient`, a
        tape that is not persistent is used up.

        Args:
            target: a tensor or variable with one entry.
            sources: tensor or variable, or a nest of them.
            unconnected_gradients: NONE gives None for a pair without connection (where the target is linear), ZERO
                gives zeros.
            parallel_iterations: how many rows at once, at most; by default so many as fit into the cache.

        Returns:
            tensors of shape first.shape + second.shape, in the structure of the sources twice over.

        Raises:
            ValueError: if the target has more than one entry.

        >>> import gradtape as gt
        >>> x = gt.constant([1.0, 2.0])
        >>> with gt.GradientTape() as tape:
        ...     tape.watch(x)
        ...     y = gt.reduce_sum(x * x * x)
        >>> tape.hessian(y, x).numpy().tolist()
        [[6.0, 0.0], [0.0, 12.0]]
        """
        record, told = self._begin(target, sources)
        unconnected = unconnected_choice(unconnected_gradients)
        (y,), flat = single(target, "hessian"), tensors_of(sources, "sources")
        if y._value.size != 1:
            raise errors.ShapeError(
                f"hessian: the target must have one entry, not the shape {tuple(y._value.shape)}; use gt.reduce_sum "
                "or the jacobian of a gradient"
            )
        answers = []
        for source, row in zip(flat, hessian(record, y, flat, parallel_iterations), strict=True):
            lead = tuple(source._value.shape)
            found = [answer(h, other, unconnected, lead) for h, other in zip(row, flat, strict=True)]
            answers.append(nest.pack_sequence_as(sources, found))
        self._finish(answers, told)
        return nest.pack_sequence_as(sources, answers)

    def batch_gradient(
        self,
        target: Any,
        sources: Any,
        unconnected_gradients: UnconnectedGradients | str = UnconnectedGradients.NONE,
    ) -> Any:
        """The gradient of each example's target with respect to each source: per-example gradients in weights.

        Args:
            target: tensor or variable of shape (b, ...), one example after the other; the entries of one are added up.
            sources: tensor or variable, or a nest of them, of any shapes: the weights that all examples share.
            unconnected_gradients: as for `gradient`.

        Returns:
            tensors of shape (b,) + source.shape, in the structure of the sources; their sums over the first axis are
            what `gradient` gives.

        Raises:
            ValueError: if the target has rank 0.

        >>> import gradtape as gt
        >>> w, x = gt.Variable([1.0, 2.0]), gt.constant([[1.0, 2.0], [3.0, 4.0]])
        >>> with gt.GradientTape() as tape:
        ...     loss = gt.linalg.matvec(x, w) ** 2
        >>> tape.batch_gradient(loss, w).numpy().tolist()
        [[10.0, 20.0], [66.0, 88.0]]
        """
        record, told = self._begin(target, sources)
        unconnected = unconnected_choice(unconnected_gradients)
        (y,), flat = single(target, "batch_gradient"), tensors_of(sources, "sources")
        if y._value.ndim == 0:
            raise errors.ShapeError(
                "batch_gradient: the target must have a first axis, that of the examples, not rank 0"
            )
        count = int(y._value.shape[0])
        found = gradients_of_rows(record, y, flat)
        answers = [answer(g, source, unconnected, (count,)) for g, source in zip(found, flat, strict=True)]
        self._finish(answers, told)
        return nest.pack_sequence_as(sources, answers)

    def _may_repeat(self, vectorised: bool) -> None:
        if not vectorised and not self._persistent:
            raise errors.PersistenceError(
                "experimental_use_pfor=False walks the tape once for each entry, which needs "
                "GradientTape(persistent=True)"
            )
