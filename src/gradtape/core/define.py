"""Constructors of rows, one for each kind. Each reads the rules' signatures and enters the row into the vocabulary.

    tanh   = elementwise("tanh", np.tanh, lambda y, _x: 1 - y * y)
    divide = elementwise("divide", np.divide, (lambda _y, _a, b: reciprocal(b), lambda y, _a, b: -y * reciprocal(b)))

`element`, where given, says how machine code computes one entry: `element=lambda e, a, b: e.div(a, b)`.
See `primitive.py` for what each rule means and how its signature says what is kept for it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from .lead import LOOPED, Lead
from .primitive import Kind, Primitive, Rule, Sample, broadcast_spec, read_rule, register
from .reads import Reads
from .spec import DType, Spec, bool_

Function = Callable[..., Any]
Functions = Function | Sequence[Function | None]
Domain = tuple[float, float] | tuple[tuple[float, float], ...]

_UNARY: tuple[Sample, ...] = ((((3,),), {}), (((),), {}), (((2, 3),), {}))
_BINARY: tuple[Sample, ...] = (
    (((3,), (3,)), {}),
    (((2, 3), (3,)), {}),
    (((), (2, 1)), {}),
    (((3, 1), (1, 2)), {}),
)


def _each(functions: Functions) -> Sequence[Function | None]:
    return (functions,) if callable(functions) else functions


def _domain(domain: Domain) -> tuple[tuple[float, float], ...]:
    return domain if isinstance(domain[0], tuple) else (domain,)  # a pair of floats


def _rule(function: Function, leading: int, output: int | None = None) -> Rule:
    """Read a rule with so many parameters before the inputs, of which the one at `output` is the output."""
    keeps, bare, flags = read_rule(function, leading)
    return Rule(function, None, keeps, output is not None and flags[output], bare)


def entrywise_spec(value: Function) -> Function:
    """The spec of a row that works entry by entry: floats keep their dtype, of others it is that of the value for ones.

    NumPy's functions make floats of whole numbers, of a size that depends on theirs, and numbers of truth values.
    """
    known: dict[tuple[DType, ...], DType] = {}

    def spec(*specs: Spec, **params: Any) -> Spec:
        common = broadcast_spec(*specs)
        if common.dtype.kind in "fc":
            return common
        dtypes = tuple([s.dtype for s in specs])
        if dtypes not in known:
            with np.errstate(all="ignore"):
                known[dtypes] = np.asarray(value(*[dtype.type(1) for dtype in dtypes], **params)).dtype
        return Spec(common.shape, known[dtypes])

    return spec


def constant(
    name: str,
    value: Function,
    *,
    arity: int = 1,
    spec: Function | None = None,
    dtype: DType | None = bool_,
    samples: tuple[Sample, ...] = (),
    domain: Domain = (-2.0, 2.0),
    pointwise: bool = False,
    element: Function | None = None,
    lead: Lead = LOOPED,
    commutes: bool = False,
) -> Primitive:
    """A row whose result is locally constant: comparisons, rounding, argmax.

    Without `spec` it is pointwise and gives `dtype` (None: the inputs' dtype, as `entrywise_spec` has it).
    """

    def broadcast(*specs: Spec, **_params: Any) -> Spec:
        return Spec(broadcast_spec(*specs).shape, dtype)  # type: ignore[arg-type]  # where it is not None

    drawn = samples or (_UNARY if arity == 1 else _BINARY)
    rules = (None,) * arity
    return register(
        Primitive(
            name,
            Kind.CONSTANT,
            value,
            spec or (entrywise_spec(value) if dtype is None else broadcast),
            rules,
            None,
            drawn,
            _domain(domain),
            pointwise or spec is None,
            element=element,
            lead=lead,
            commutes=commutes,
        )
    )


def linear(
    name: str,
    value: Function,
    transposes: Functions,
    *,
    spec: Function = broadcast_spec,
    samples: tuple[Sample, ...] = (),
    variadic: bool = False,
    structural: bool = False,
    gaps: bool = False,
    pointwise: bool = False,
    element: Function | None = None,
    lead: Lead = LOOPED,
    reads: Reads | None = None,
    commutes: bool = False,
) -> Primitive:
    """A row that is linear in all the inputs that have a transpose, taken together.

    `pointwise` says that it works entry by entry on broadcast inputs, as every row with the spec of one does;
    `structural` promises that the transpose only moves, copies and adds up entries, so that a zero in the transpose
    of ones means "does not depend"; `gaps` says of such a row that it puts zeros where nothing comes from.
    """
    return _with_transposes(
        Kind.LINEAR,
        name,
        value,
        transposes,
        spec,
        samples,
        variadic,
        structural,
        gaps,
        pointwise,
        element,
        lead,
        reads,
        commutes,
    )


def multilinear(
    name: str,
    value: Function,
    transposes: Functions,
    *,
    spec: Function = broadcast_spec,
    samples: tuple[Sample, ...] = (),
    variadic: bool = False,
    element: Function | None = None,
    lead: Lead = LOOPED,
    reads: Reads | None = None,
    commutes: bool = False,
) -> Primitive:
    """A row that is linear in each of the inputs that have a transpose, taken one at a time."""
    return _with_transposes(
        Kind.MULTILINEAR,
        name,
        value,
        transposes,
        spec,
        samples,
        variadic,
        True,
        False,
        False,
        element,
        lead,
        reads,
        commutes,
    )


def _with_transposes(
    kind: Kind,
    name: str,
    value: Function,
    transposes: Functions,
    spec: Function,
    samples: tuple[Sample, ...],
    variadic: bool,
    structural: bool,
    gaps: bool,
    pointwise: bool,
    element: Function | None,
    lead: Lead,
    reads: Reads | None,
    commutes: bool,
) -> Primitive:
    rules: tuple[Rule | None, ...] | Rule
    if variadic:
        assert callable(transposes)
        rules = Rule(transposes, None, read_rule(transposes, 2)[0])
    else:
        rules = tuple(None if f is None else _rule(f, 1) for f in _each(transposes))
    entrywise = pointwise or spec is broadcast_spec
    drawn = samples or (_UNARY if isinstance(rules, tuple) and len(rules) == 1 else _BINARY)
    return register(
        Primitive(
            name,
            kind,
            value,
            spec,
            rules,
            None,
            drawn,
            pointwise=entrywise,
            structural=structural,
            gaps=gaps,
            element=element,
            lead=lead,
            reads=reads,
            commutes=commutes,
        )
    )


def elementwise(
    name: str,
    value: Function,
    partials: Functions,
    *,
    domain: Domain = (-2.0, 2.0),
    samples: tuple[Sample, ...] = (),
    spec: Function | None = None,
    element: Function | None = None,
) -> Primitive:
    """A row that works entry by entry on broadcast inputs, with one partial derivative `p(y, *x)` per input."""
    each = _each(partials)
    rules = tuple(None if f is None else replace(_rule(f, 1, output=0), bare=False) for f in each)
    drawn = samples or (_UNARY if len(each) == 1 else _BINARY)
    return register(
        Primitive(
            name,
            Kind.ELEMENTWISE,
            value,
            spec or entrywise_spec(value),
            rules,
            None,
            drawn,
            _domain(domain),
            pointwise=True,
            element=element,
        )
    )


def tangent(
    name: str,
    value: Function,
    tangents: Functions | None,
    *,
    pulls: Functions | None = None,
    spec: Function,
    samples: tuple[Sample, ...],
    domain: Domain = (-2.0, 2.0),
    reach: Function | None = None,
    pointwise: bool = False,
    element: Function | None = None,
    lead: Lead = LOOPED,
    reads: Reads | None = None,
) -> Primitive:
    """A row that gives the tangent of its result, `tangent(dx, y, *x)`, for each input; optionally its transpose.

    `pulls` (`pull(g, y, *x)`) gives the transposes where they are known in closed form; else the tangent, which is
    linear in `dx`, is transposed by walking over it backwards. `pointwise` as for `linear`.
    """
    forward = _each(tangents) if tangents is not None else (None,) * len(_each(pulls or ()))
    backward = _each(pulls) if pulls is not None else (None,) * len(forward)
    rules = tuple(_both(f, b) for f, b in zip(forward, backward, strict=True))
    entrywise = pointwise or spec is broadcast_spec
    return register(
        Primitive(
            name,
            Kind.TANGENT,
            value,
            spec,
            rules,
            reach,
            samples,
            _domain(domain),
            entrywise,
            element=element,
            lead=lead,
            reads=reads,
        )
    )


def _both(forward: Function | None, backward: Function | None) -> Rule | None:
    """One rule of a tangent and its transpose; what either of them uses is kept, for a record can be read both ways."""
    given = [_rule(function, 2, output=1) for function in (forward, backward) if function is not None]
    if not given:
        return None
    keeps: tuple[bool, ...] | bool = given[0].keeps
    if len(given) == 2 and isinstance(keeps, tuple) and isinstance(given[1].keeps, tuple):
        keeps = tuple(a or b for a, b in zip(keeps, given[1].keeps, strict=True))
    elif len(given) == 2:
        keeps = bool(keeps) or bool(given[1].keeps)
    return Rule(backward, forward, keeps, any(rule.keeps_output for rule in given))
