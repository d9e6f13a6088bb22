"""Differential operators as methods of the tape: the entrance to `fields/`, which is loaded with the first one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .arguments import single
from .core.listen import Listener
from .modes.record import Record


class FieldOperators:
    """Operators of a recorded field with respect to recorded points; see `gradtape.fields` for what each one gives.

    Points are one tensor with the coordinates along its last axis, (d,) or (n, d), or a sequence or dictionary of
    tensors, one a coordinate: columns of one batch. Points that do not interact are told by `RuntimeError` and
    `ValueError` as from `partials`.

    >>> import gradtape as gt
    >>> x = gt.constant([[1.0, 2.0]])
    >>> with gt.GradientTape() as tape:
    ...     tape.watch(x)
    ...     u = gt.reduce_sum(x * x * x, -1)
    >>> tape.laplacian(u, x).numpy().tolist()
    [18.0]
    """

    __slots__ = ()

    def _begin(self, target: Any, sources: Any) -> tuple[Record, Sequence[Listener]]:
        raise NotImplementedError

    def _finish(self, results: Any, told: Sequence[Listener]) -> None:
        raise NotImplementedError

    def _measure(self, operator: str, target: Any, points: Any, **options: Any) -> Any:
        from .fields.recorded import measured

        (value,) = single(target, operator)
        record, told = self._begin(target, points)
        found = measured(operator, record, value, points, **options)
        self._finish(found, told)
        return found

    def laplacian(
        self,
        target: Any,
        points: Any,
        *,
        system: str = "cartesian",
        samples: int | None = None,
        seed: int | None = None,
        distribution: str = "rademacher",
    ) -> Any:
        """The Laplacian of a field, exact or estimated from random directions: `gradtape.fields.laplacian`."""
        options = {"system": system, "samples": samples, "seed": seed, "distribution": distribution}
        return self._measure("laplacian", target, points, **options)

    def biharmonic(
        self, target: Any, points: Any, *, samples: int | None = None, seed: int | None = None
    ) -> Any:
        """The Laplacian of the Laplacian in cartesian coordinates: `gradtape.fields.biharmonic`."""
        return self._measure("biharmonic", target, points, samples=samples, seed=seed)

    def divergence(self, target: Any, points: Any, *, system: str = "cartesian") -> Any:
        """The divergence of a vector field with its components along the last axis: `gradtape.fields.divergence`."""
        return self._measure("divergence", target, points, system=system)

    def curl(self, target: Any, points: Any, *, system: str = "cartesian") -> Any:
        """The curl of a vector field with its components along the last axis: `gradtape.fields.curl`."""
        return self._measure("curl", target, points, system=system)

    def field_gradient(self, target: Any, points: Any, *, system: str = "cartesian") -> Any:
        """The gradient of a scalar field, by physical components: `gradtape.fields.gradient`."""
        return self._measure("gradient", target, points, system=system)

    def hessian_diagonal(self, target: Any, points: Any) -> Any:
        """The second derivative in each coordinate: `gradtape.fields.hessian_diagonal`."""
        return self._measure("hessian_diagonal", target, points)

    def directional(self, target: Any, points: Any, direction: Any, order: int = 1) -> Any:
        """The derivative of some order along a direction: `gradtape.fields.directional`."""
        return self._measure("directional", target, points, direction=direction, order=order)

    def material_derivative(self, target: Any, points: Any, time: Any, velocity: Any) -> Any:
        """The rate of change along a flow, u_t + v . grad u: `gradtape.fields.material_derivative`."""
        return self._measure("material_derivative", target, points, time=time, velocity=velocity)
