"""The row: everything that is said about one primitive, in one place.

A primitive belongs to one of five kinds; the kind says what its rules mean and each mode (folder `modes`) has one
case for each kind:

| kind         | a rule, per argument                 | it says                                                |
|--------------|--------------------------------------|--------------------------------------------------------|
| CONSTANT     | none                                 | the result does not vary                               |
| LINEAR       | `transpose(g, *x, **params)`         | the cotangent of the argument; linear in all arguments |
|              |                                      | with a rule together                                   |
| MULTILINEAR  | `transpose(g, *x, **params)`         | the same, linear in each argument apart                |
| ELEMENTWISE  | `partial(y, *x)`                     | the partial derivative, entry by entry                 |
| TANGENT      | `tangent(dx, y, *x, **params)` and/or| the tangent of the result, linear in `dx`; and its     |
|              | `pull(g, y, *x, **params)`           | transpose; either is derived from the other            |

What a rule needs is read off its signature: an argument named `_x` (leading underscore) is given as a `Spec`-like
object without values, so its values are not kept; a transpose that takes `g` alone keeps nothing at all. A primitive
with any number of arguments (`concatenate`, `einsum`) has one rule for all, which takes the argument's index second:
`transpose(g, index, *x, **params)`; a TANGENT primitive may have one joint rule, `pull(g, y, *x)` giving the shares
of all inputs and `tangent(dx, y, *x)` with all tangents (None where absent). Parameters (`axis`) are keyword-only.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import Enum
from functools import cache
from types import FunctionType
from typing import Any

import numpy as np

from . import errors
from .lead import ENTRYWISE, LOOPED, Lead
from .reads import Reads
from .spec import Spec, broadcast_shapes
from .tensor import ROWS, Tensor, apply, call


class Kind(Enum):
    """The five kinds of primitive."""

    CONSTANT = "constant"
    LINEAR = "linear"
    MULTILINEAR = "multilinear"
    ELEMENTWISE = "elementwise"
    TANGENT = "tangent"


@dataclass(frozen=True, slots=True)
class Rule:
    """A derivative rule for one argument, and what of the inputs and the output it wants kept.

    `function` is the reverse rule (LINEAR, MULTILINEAR), the partial (ELEMENTWISE) or the pull (TANGENT);
    `tangent` is the tangent (TANGENT only). `keeps` says for each input whether its values are kept (a single
    True or False stands for all of any number), `keeps_output` the same for the output, and `bare` that the
    function takes the cotangent alone. `absent` (joint rules) says that it takes None for the cotangent of an output
    from which nothing comes back, and absent entries; else these are zeros.
    """

    function: Callable[..., Any] | None
    tangent: Callable[..., Any] | None = None
    keeps: tuple[bool, ...] | bool = False
    keeps_output: bool = False
    bare: bool = False
    absent: bool = False


Sample = tuple[tuple[Any, ...], dict[str, Any]]
Saving = tuple[tuple[bool, ...] | bool, bool, bool] | None
Steps = tuple[Callable[..., Any], Callable[..., Any]]


@dataclass(frozen=True, eq=False, slots=True)
class Masked:
    """A cotangent or tangent whose entries outside `live` are absent, not merely zero (see `docs/nonsmooth.md`).

    A selection and its transpose give one: what was not selected stays exactly zero on its way, even where a
    derivative that it meets is infinite. What absence does in each mode: `modes/mask.py`.
    """

    value: Tensor
    live: Tensor


@dataclass(frozen=True, eq=False, slots=True)
class Primitive:
    """One operation of the vocabulary; call it with tensors (or what becomes one) to apply it.

    Attributes:
        name: NumPy's name for the function where there is one.
        kind: which of the five kinds.
        value: computes the result from NumPy arrays or scalars; never changes them.
        spec: computes shape and dtype of the result from those of the inputs: `spec(*specs, **params)`.
        rules: one per input, None where the result does not vary with it; or one `Rule` for all inputs.
        reach: (TANGENT only) maps "which entries of the result are alive" to the same for an input.
        samples: inputs for the laws, each a tuple of shapes (or arrays) and the parameters.
        domain: for each input the interval that random samples are drawn from; the last one serves for the rest.
        pointwise: entry i of the result depends on entry i of each (broadcast) input only.
        functions: the rules' functions alone, where there is one rule an input and it works without the output's
            tangent; what the walk of reverse mode needs at every step.
        savings: `saving` of one or two inputs, by bits; `many` has all that were asked for, by bits and
            count.
        steps: what a step of reverse mode does on scalars, on numbers and on tensors, by the dtype's scalar type, as
            `modes/numbers.py` reads it off the rules when it is first needed; None where they cannot be read.
        element: says with the verbs of an emitter (`backends/llvm/emit.py`) how one entry of the result is computed,
            `element(e, *x, **params)`; without it machine code calls `value`.
        structural: a zero in the transpose of ones means that the entry of the input has no influence, and a zero in
            the operation on ones that nothing influences the entry of the result.
        commutes: exchanging its two inputs changes nothing, so that equal inputs have equal shares.
        gaps: (structural only) the result may have entries that not every input influences: zeros are put there.
        lead: how the row reads with one more axis in front (`lead.py`); by itself for a pointwise row.
        reads: which entries of its inputs an entry of the result reads (`reads.py`), where the rest does not tell.
        unfold: does what a row stands for operation by operation, `unfold(*x, **params)`; None if it cannot be done so.
    """

    name: str
    kind: Kind
    value: Callable[..., Any]
    spec: Callable[..., Any] | None
    rules: tuple[Rule | None, ...] | Rule
    reach: Callable[..., Any] | None = None
    samples: tuple[Sample, ...] = ()
    domain: tuple[tuple[float, float], ...] = ((-2.0, 2.0),)
    pointwise: bool = False
    structural: bool = False
    gaps: bool = False
    element: Callable[..., Any] | None = None
    lead: Lead = LOOPED
    reads: Reads | None = None
    unfold: Callable[..., Any] | None = None
    commutes: bool = False
    functions: tuple[Callable[..., Any] | None, ...] | None = field(init=False)
    savings: tuple[Saving, ...] = field(init=False)
    many: dict[tuple[int, int], Saving] = field(init=False, default_factory=dict)
    steps: dict[type, Steps | None] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        if self.pointwise and self.lead is LOOPED:
            object.__setattr__(self, "lead", ENTRYWISE)
        plain = isinstance(self.rules, tuple) and self.kind is not Kind.TANGENT
        functions = tuple(None if r is None else r.function for r in self.rules) if plain else None  # type: ignore[union-attr]
        object.__setattr__(self, "functions", functions)
        object.__setattr__(self, "savings", _savings(self._wants(2)))

    def __repr__(self) -> str:
        return f"<primitive {self.name} ({self.kind.value})>"

    def __call__(self, x: Any, *others: Any, **params: Any) -> Any:
        if type(x) is Tensor and not others and not params:
            return apply(self, (x,))
        return call(self, x, *others, **params)

    def rule(self, index: int) -> Rule | None:
        """The rule of one input."""
        return self.rules if isinstance(self.rules, Rule) else self.rules[index]

    def saving(self, bits: int, count: int) -> Saving:
        """What to keep when the inputs of these bits are known; None if the result does not vary with them.

        Returns:
            which inputs (one flag for all, or one each), whether the output, whether the rules take no input at all.
        """
        if isinstance(self.rules, Rule):  # which stands for any number of inputs, whichever of them are known
            return _want(self.rules) if bits else None
        if (bits, count) not in self.many:
            self.many[(bits, count)] = _saving(self._wants(count), bits)
        return self.many[(bits, count)]

    def _wants(self, count: int) -> tuple[_Want | None, ...]:
        """What the rule of each input wants kept; one rule for all stands for so many inputs."""
        if isinstance(self.rules, Rule):
            return (_want(self.rules),) * count
        return tuple([_want(rule) for rule in self.rules])


_Want = tuple[tuple[bool, ...] | bool, bool, bool]


def _want(rule: Rule | None) -> _Want | None:
    return None if rule is None else (rule.keeps, rule.keeps_output, rule.bare)


@cache
def _savings(wants: tuple[_Want | None, ...]) -> tuple[Saving, ...]:
    """`Primitive.savings`. Hundreds of rows share few answers, which are found as the library is loaded."""
    return tuple([_saving(wants, bits) for bits in range(4)])


def _saving(wants: tuple[_Want | None, ...], bits: int) -> Saving:
    """What `Primitive.saving` remembers."""
    wanted = [want for i, want in enumerate(wants) if bits >> i & 1 and want is not None]
    if not wanted:
        return None
    flags = [
        any(keeps if isinstance(keeps, bool) else keeps[i] for keeps, _, _ in wanted)
        for i in range(len(wants))
    ]
    keeps: tuple[bool, ...] | bool = all(flags) if len(set(flags)) < 2 else tuple(flags)
    return keeps, any(output for _, output, _ in wanted), all(bare for _, _, bare in wanted)


def register(primitive: Primitive) -> Primitive:
    """Enter a row into the vocabulary."""
    if primitive.name in ROWS:
        raise errors.InvalidArgumentError(f"a primitive named {primitive.name!r} exists already")
    ROWS[primitive.name] = primitive
    return primitive


def read_rule(
    function: Callable[..., Any], leading: int
) -> tuple[tuple[bool, ...] | bool, bool, tuple[bool, ...]]:
    """What a rule's signature says: which inputs it keeps, whether it takes none, and the flags of leading names.

    Args:
        function: the rule.
        leading: how many parameters come before the inputs (`g`, `y`, `dx`, an index).
    """
    positional, variadic = _parameters(function)
    flags = [not name.startswith("_") for name in positional]
    if variadic is not None:
        return not variadic.startswith("_"), False, tuple(flags[:leading])
    return tuple(flags[leading:]) or False, len(flags) == leading, tuple(flags[:leading])


def _parameters(function: Callable[..., Any]) -> tuple[Sequence[str], str | None]:
    """The names of a function's positional parameters, and that of the one that takes all further ones.

    They are read off the code where that says it: `inspect.signature` takes twenty times as long.
    """
    if type(function) is FunctionType and not hasattr(function, "__wrapped__"):
        code, count = function.__code__, function.__code__.co_argcount
        rest = (
            code.co_varnames[count + code.co_kwonlyargcount] if code.co_flags & inspect.CO_VARARGS else None
        )
        return code.co_varnames[:count], rest
    given = inspect.signature(function).parameters.values()
    named = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    variadic = next((p.name for p in given if p.kind is p.VAR_POSITIONAL), None)
    return [p.name for p in given if p.kind in named], variadic


def broadcast_spec(*specs: Spec, **_params: Any) -> Spec:
    """Shapes broadcast together, dtypes promoted: the spec of an elementwise primitive that keeps the dtype."""
    first, last = specs[0], specs[-1]
    shape, dtype = first.shape, first.dtype
    same = last.dtype is dtype and last.shape == shape and dtype.isnative
    if same and (len(specs) < 3 or all(s.dtype is dtype and s.shape == shape for s in specs)):
        return Spec(shape, dtype)  # the usual case, much quicker
    return Spec(broadcast_shapes(*(s.shape for s in specs)), np.result_type(*(s.dtype for s in specs)))
