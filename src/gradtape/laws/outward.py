"""The laws of what is seen from outside: value, spec and manners."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from ..core.errors import said
from ..core.spec import Spec, complex128, float64, is_differentiable
from .case import Case, LawError, draw, values_of


def value(case: Case, reference: Callable[..., Any] | None = None) -> None:
    """The value equals the reference's; without one, that in double precision."""
    found = values_of(case.call(case.inputs))
    if reference is None:
        wide = case.double()
        wanted = values_of(wide.call(wide.inputs))
    else:
        with np.errstate(all="ignore"):
            given = reference(*case.inputs, **case.params)
        wanted = list(given) if isinstance(given, (tuple, list)) else [given]
    if len(wanted) != len(found):
        raise LawError("value", case, f"{len(found)} outputs where the reference has {len(wanted)}")
    for got, expected in zip(found, wanted, strict=True):
        if not close(got, np.asarray(expected)):
            raise LawError("value", case, f"expected {expected!r}, got {got!r}")


def close(got: Any, expected: Any, ulps: float = 16) -> bool:
    """Equal to rounding: within so many units in the last place of the largest entry; integers exactly."""
    if got.shape != expected.shape:
        return False
    if got.dtype.kind not in "fc":
        return bool(np.all(got == expected))
    eps = ulps * float(np.finfo(got.dtype).eps)
    finite = np.abs(expected[np.isfinite(expected)]).astype(np.float64)
    size = float(np.max(finite, initial=0.0))
    wide = np.result_type(got.dtype, np.float64)
    return bool(
        np.allclose(got.astype(wide), expected.astype(wide), rtol=eps, atol=eps * size, equal_nan=True)
    )


def spec(case: Case) -> None:
    """The declared spec is that of the value; the value is a NumPy scalar for rank 0, else a native array."""
    primitive, found = case.primitive, values_of(case.call(case.inputs))
    if primitive.spec is None:
        raise LawError("spec", case, "none is declared")
    declared = primitive.spec(*(Spec(x.shape, x.dtype) for x in case.inputs), **case.params)
    every = declared if isinstance(declared, tuple) else (declared,)
    if len(every) != len(found):
        raise LawError("spec", case, f"{len(every)} outputs are declared, there are {len(found)}")
    for got, wanted in zip(found, every, strict=True):
        if tuple(got.shape) != tuple(wanted.shape) or got.dtype != wanted.dtype:
            raise LawError("spec", case, f"{wanted} is declared, the value has {Spec(got.shape, got.dtype)}")
        if not isinstance(got, np.generic if got.ndim == 0 else np.ndarray) or not got.dtype.isnative:
            raise LawError("spec", case, f"the value of rank {got.ndim} is a {type(got).__name__}")


def manners(case: Case) -> None:
    """Inputs stay as they are, calls repeat to the bit, memory may lie in any order, errors help, nothing warns."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        kept = [np.array(x) for x in case.inputs]
        first = outcome(case)
        if any(_bits(x) != _bits(y) for x, y in zip(case.inputs, kept, strict=True)):
            raise LawError("manners", case, "an input is changed")
        if [_bits(x) for x in outcome(case)] != [_bits(x) for x in first]:
            raise LawError("manners", case, "a repeated call gives something else")
        for layout, arrange in LAYOUTS.items():
            moved = replace(case, inputs=tuple(arrange(x) if x.ndim else x for x in case.inputs))
            try:
                found = outcome(moved)
            except ValueError as error:
                raise LawError("manners", case, f"{layout} inputs: {said(error)}") from error
            if not all(close(one, two) for one, two in zip(found, first, strict=True)):
                raise LawError("manners", case, f"{layout} inputs give something else")
        if case.dtype in (float64, complex128):  # shapes are taken alike in every precision
            for other in misfits(case):
                _right_or_clear(other)


def outcome(case: Case) -> list[Any]:
    """The values and, where there are any, a gradient and a tangent."""
    found = values_of(case.call(case.inputs))
    if case.moving:
        ys = case.floats(case.inputs)
        xs = [case.inputs[i] for i in case.moving]
        found += [x for x in case.cotangents(case.moving, case.directions(ys, 8)) if x is not None]
        found += [y for y in case.tangents(case.moving, case.directions(xs, 9)) if y is not None]
    return found


def _bits(x: Any) -> tuple[Any, ...]:
    return (x.shape, x.dtype, np.asarray(x).tobytes())


def _frozen(x: Any) -> Any:
    y = np.array(x)
    y.flags.writeable = False
    return y


def _spaced(x: Any) -> Any:
    """The same entries, every second one of a longer array, backwards."""
    y = np.zeros((*x.shape[:-1], 2 * x.shape[-1]), x.dtype)[..., ::-2]
    y[...] = x
    return y


LAYOUTS: dict[str, Callable[[Any], Any]] = {
    "read-only": _frozen,
    "spaced": _spaced,
    "Fortran-ordered": np.asfortranarray,
}


def misfits(case: Case) -> Iterator[Case]:
    """The case with shapes that may not fit: without entries, without axes, one longer, with an axis in front."""
    primitive, given = case.primitive, [tuple(x.shape) for x in case.inputs]
    for i, x in enumerate(case.inputs):
        shape, others = given[i], given[:i] + given[i + 1 :]
        if not is_differentiable(x.dtype):
            continue
        candidates: list[tuple[int, ...]] = [(2, *shape)]
        if shape:
            candidates += [(*shape[:-1], 0), (0, *shape[1:]), (*shape[:-1], shape[-1] + 1), ()]
        for candidate in candidates:
            shapes = [*others[:i], candidate, *others[i:]]
            sample = tuple(
                s if is_differentiable(y.dtype) else y for s, y in zip(shapes, case.inputs, strict=True)
            )
            yield draw(primitive, (sample, case.params), case.dtype, case.seed)
    if all(is_differentiable(x.dtype) and x.ndim for x in case.inputs):
        yield draw(primitive, (tuple((0, *s[1:]) for s in given), case.params), case.dtype, case.seed)


def _right_or_clear(case: Case) -> None:
    """Either the value and the derivatives are of the right shapes, or the error names the operation and the shapes."""
    try:
        case.call(case.inputs)
    except (TypeError, ValueError, IndexError) as error:
        text = str(error)
        shown = all(str(list(x.shape)) in text or str(tuple(x.shape)) in text for x in case.inputs)
        if case.primitive.name not in text or not shown:
            raise LawError(
                "manners", case, f"the error does not name operation and shapes: {said(error)}"
            ) from error
        return
    except Exception as error:
        raise LawError("manners", case, f"raises {type(error).__name__}: {said(error)}") from error
    try:
        spec(case)
        outcome(case)
    except LawError:
        raise
    except Exception as error:
        text = f"has a value, but spec or derivative raise {type(error).__name__}: {said(error)}"
        raise LawError("manners", case, text) from error
