"""Rows in the words of an emitter: which ones say how an entry is computed, and what they are given.

Inputs of other kinds are cast as NumPy casts them. Half precision is computed with in single precision.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ...core.graph import Operation, frozen
from ...core.primitive import Kind, Primitive
from ...core.spec import Spec
from ...core.tensor import ROWS
from .complex_mathematics import OWN
from .emit import Lane, Module
from .kinds import FLOATS, KINDS, Unsupported
from .verbs import Verbs


def converted(
    e: Verbs, primitive: Primitive, lanes: list[Lane], specs: list[Spec], result: str
) -> list[Lane]:
    """The inputs in the kind in which a row works: the result's, or their common one where the result tells no kind."""
    if primitive.name in ("cast", "astype"):
        return lanes
    if primitive.name == "where":
        return [lanes[0], *(e.to(x, result) for x in lanes[1:])]
    if primitive.kind is Kind.CONSTANT and result == "i1":
        common = KINDS.get(np.result_type(*(s.dtype for s in specs)))
        whole = all(s.dtype.kind in "iu" for s in specs)
        if common is None or (whole and common in FLOATS):  # NumPy compares them as they are
            raise Unsupported(f"{primitive.name} of {specs}")
        return [e.to(x, common) for x in lanes]
    return [e.to(x, result) for x in lanes]


def spoken(e: Verbs, operation: Operation, lanes: list[Lane], specs: list[Spec], result: str) -> Lane:
    """One operation in the words of its row."""
    primitive = operation.primitive
    assert primitive.element is not None
    if result == "half" or {x.kind for x in lanes} != {result}:
        return _cast(e, operation, lanes, specs, result)
    made = primitive.element(e, *lanes, **operation.params)  # the usual case, much quicker
    if made.kind != result:
        raise Unsupported(f"{primitive.name} gives {made.kind} where {result} is declared")
    return made  # type: ignore[no-any-return]


def _cast(e: Verbs, operation: Operation, lanes: list[Lane], specs: list[Spec], result: str) -> Lane:
    """The same with the inputs and the result cast as they need it."""
    primitive = operation.primitive
    assert primitive.element is not None
    lanes = converted(e, primitive, lanes, specs, result)
    # Half precision is computed with in single precision, as NumPy does.
    lanes = [e.to(x, "float") if x.kind == "half" else x for x in lanes]
    made = primitive.element(e, *lanes, **operation.params)
    if result == "half" and made.kind == "float":
        made = e.to(made, "half")
    if made.kind != result:
        raise Unsupported(f"{primitive.name} gives {made.kind} where {result} is declared")
    return made  # type: ignore[no-any-return]


_WORDS: dict[Any, float] = {}

CALLED = 500.0
"""A function of the C library, lane by lane, takes about as long as so many instructions."""


def speaks(primitive: Primitive, params: Mapping[str, Any], specs: list[Spec]) -> bool:
    """Whether a row says how entries of these dtypes are computed."""
    return words(primitive, params, specs) > 0


def words(primitive: Primitive, params: Mapping[str, Any], specs: list[Spec]) -> float:
    """In about how many instructions a row computes entries of these dtypes, 0 if it does not say how.

    Asked once for each, by trying.
    """
    if primitive.element is None or primitive.spec is None:
        return 0.0
    if ROWS.get(primitive.name) is not primitive and primitive not in OWN:
        return 0.0
    key = (primitive.name, frozen(params) if params else (), *[s.dtype for s in specs])
    if key not in _WORDS:
        _WORDS[key] = _tries(primitive, params, specs)
    return _WORDS[key]


def _tries(primitive: Primitive, params: Mapping[str, Any], specs: list[Spec]) -> float:
    numbers = [Spec((), s.dtype) for s in specs]
    kinds = [KINDS.get(s.dtype) for s in numbers]
    assert primitive.spec is not None
    result = KINDS.get(np.dtype(primitive.spec(*numbers, **params).dtype))
    if result is None or None in kinds:
        return 0.0
    lanes = [Lane(f"%x{i}", kind) for i, kind in enumerate(kinds) if kind is not None]
    e = Verbs(Module())
    try:
        spoken(e, Operation(primitive, params, (), ()), lanes, numbers, result)
    except Unsupported:
        return 0.0
    called = sum(f"@{name}(" in line for line in e.lines for name in e.module.imports)
    return 1.0 + len(e.lines) + CALLED * called


__all__ = ["CALLED", "speaks", "spoken", "words"]
