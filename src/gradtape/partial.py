"""Partial derivatives of any order, asked for together: `tape.partials` and `gt.partials`.

    y_x, y_xx, y_t = tape.partials(y, {"x": x, "t": t}, "x xx t")
    u_x, u_t, u_xxt = gt.partials(u, "x t xxt")(x, t)

The wanted set is planned (`planning.py`), the record is told once more to Taylor listeners (`modes/taylor.py`), one for
each direction or box of the plan, and the coefficients are put together with exact weights. All of this goes through
the one door, so outer tapes record it. Where nobody listens, many rows are taken in blocks (`blocks.py`).

Where the sources are columns of a batch, all rows move at once: the derivative of each row with respect to its own
coordinate is the derivative along ones, as long as no row depends on another, which is checked operation by operation.
"""

from __future__ import annotations

import inspect
import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from .arguments import UnconnectedGradients, short, unconnected_choice
from .blocks import blocks
from .combining import combined, is_precise, norm, warn_precision
from .core.errors import ArgumentTypeError, InvalidArgumentError
from .core.further_errors import ChoiceError
from .core.listen import Node, listeners, paused, replayed
from .core.spec import is_differentiable
from .core.tensor import Tensor, as_tensor
from .core.variable import Variable
from .jacobians import fitting
from .modes.batch import mapped
from .modes.record import Record
from .modes.reverse import zeros
from .modes.series import given
from .modes.taylor import Taylor
from .ops.linear import getitem
from .planning import Index, Plan, Term, plan_partials
from .rows import PlacedRecord, check_sources, refuse_mixed_rows

Source = Tensor | Variable

MEMORY = 1 << 22
"""Bytes that the directions taken at once may have in the largest tensor on the way, unless they are recorded.

All partials to order 4 of sin(xy) exp(yz), 15 directions, took 24 ms at 10,000 points all at once and 33 one by one,
but at 100,000 points 400 and 200: what lies on the way was 200 MB, which the kernel maps anew for each call.
"""


def parse_wanted(wanted: Any, names: Sequence[str]) -> tuple[Index, ...]:
    """The wanted partials as multi-indices.

    Args:
        wanted: a text of partials with blanks between them, such as "x xx t" or "theta,theta theta,t"; or a sequence
            of such partials or of tuples of names. A tuple without names means the function itself.
        names: of the variables.

    Raises:
        ValueError: for a name that is no variable, or a text that can be read in two ways.
    """
    names = tuple(names)
    items = wanted.split() if isinstance(wanted, str) else list(wanted)
    return tuple(_multi_index(item, names) for item in items)


def _multi_index(item: Any, names: Sequence[str]) -> Index:
    if isinstance(item, str):
        parts: Sequence[Any] = item.split(",") if "," in item or item in names else _split(item, names)
    elif isinstance(item, (tuple, list)):
        parts = item
    else:
        raise ArgumentTypeError(f"a partial derivative is a text or a tuple of names, not {short(item)}")
    for part in parts:
        if part not in names:
            raise _unknown(part, item, names)
    return tuple(sum(part == name for part in parts) for name in names)


def _split(item: str, names: Sequence[str]) -> list[str]:
    """Read a text such as "xxt" as names written one after another."""
    readings: list[list[list[str]]] = [[] for _ in range(len(item) + 1)]
    readings[0].append([])
    for end in range(1, len(item) + 1):
        for name in names:
            if item[:end].endswith(name) and name:
                readings[end] += [[*reading, name] for reading in readings[end - len(name)][:2]]
    found = readings[-1]
    if not found:
        raise _unknown(item, item, names)
    if len({tuple(sorted(reading)) for reading in found}) > 1:
        raise InvalidArgumentError(
            f"{item!r} can be read in two ways, {'-'.join(found[0])} and {'-'.join(found[1])}: "
            "write the names with commas between them"
        )
    return found[0]


def _unknown(part: Any, item: Any, names: Sequence[str]) -> ChoiceError:
    return ChoiceError(
        f"the wanted partial {item!r} names {part!r}, which is no variable: the variables are {', '.join(names)}"
    )


def recorded_partials(
    record: Record,
    target: Source,
    sources: Mapping[str, Source],
    plan: Plan,
    unconnected: UnconnectedGradients = UnconnectedGradients.NONE,
    total: bool = False,
) -> tuple[Any, ...]:
    """The partial derivatives of a plan, from what a record has kept."""
    variables = list(sources.values())
    node = target._node if is_differentiable(target.dtype) and record.knows(target) else None
    path = record.path([node]) if node is not None else []
    reached = {id(part) for part in path}
    connected = [s is target or (record.knows(s) and id(s._node) in reached) for s in variables]
    moving = {name: s for (name, s), there in zip(sources.items(), connected, strict=True) if there}
    check_sources(moving)
    if not total:
        highest = max((sum(index) for index in plan.wanted), default=0)
        refuse_mixed_rows("partials", record, path, moving, max(1, highest))
    wanted = {
        index: recipe
        for index, recipe in zip(plan.wanted, plan.recipes, strict=True)
        if recipe and all(there for there, count in zip(connected, index, strict=True) if count)
    }
    found = None if total or listeners() else _in_blocks(record, path, target, variables, plan, wanted)
    if found is None:
        coefficients = _evaluate(record, path, target, variables, plan)
        found = {i: combined(recipe, coefficients, target) for i, recipe in wanted.items()}
        with np.errstate(over="ignore", invalid="ignore"):
            norms = {key: norm(part._value) for key, part in coefficients.items() if part is not None}
            doubtful = [i for i, recipe in wanted.items() if not is_precise(recipe, norms, found[i]._value)]
        for index in doubtful:
            warn_precision(plan.name(index), wanted[index], coefficients, found[index])
    results: list[Any] = []
    for index, recipe in zip(plan.wanted, plan.recipes, strict=True):
        if not recipe:
            results.append(as_tensor(target))
        elif index in found:
            results.append(found[index])
        else:
            results.append(zeros(target) if unconnected is UnconnectedGradients.ZERO else None)
    return tuple(results)


def _in_blocks(
    record: Record,
    path: Sequence[Node],
    target: Source,
    variables: Sequence[Source],
    plan: Plan,
    wanted: Mapping[Index, Sequence[Term]],
) -> dict[Index, Tensor] | None:
    """The wanted partials, some rows at a time; None where that does not do or digits may be lost."""

    def read(record: Record, path: Any, target: Any, variables: Any) -> list[Tensor]:
        coefficients = _evaluate(record, path, target, variables, plan)
        there.update({key: part for key, part in coefficients.items() if part is not None})
        return [*[combined(r, coefficients, target) for r in wanted.values()], *there.values()]

    there: dict[tuple[Index, Any], Tensor] = {}
    copies = [
        *Counter(plan.directions.values()).values(),
        *(math.prod(n + 1 for n in box) for box in plan.boxes),
    ]
    parts = blocks(record, path, target, variables, max(copies, default=1), read)
    if parts is None:
        return None
    count, norms = len(wanted), dict.fromkeys(there, 0.0)
    wholes = [np.empty(target._value.shape, target._value.dtype) for _ in wanted]
    with np.errstate(over="ignore", invalid="ignore"):
        for rows, values in parts:
            for whole, part in zip(wholes, values[:count], strict=True):
                whole[rows] = part
            for key, part in zip(there, values[count:], strict=True):
                norms[key] = math.hypot(norms[key], norm(part))
        precise = all(is_precise(r, norms, whole) for r, whole in zip(wanted.values(), wholes, strict=True))
    return dict(zip(wanted, map(Tensor, wholes), strict=True)) if precise else None


def _evaluate(
    record: Record, path: Sequence[Node], target: Source, variables: Sequence[Source], plan: Plan
) -> dict[tuple[Index, Any], Tensor | None]:
    """Every coefficient that a plan asks for, by direction or box and order."""
    asked: dict[Index, set[Any]] = {}
    for term in {term for recipe in plan.recipes for term in recipe}:
        asked.setdefault(term.source, set()).add(term.order)
    found: dict[tuple[Index, Any], Tensor | None] = {}
    most = None if replayed() else fitting(path, None, MEMORY)
    for order in sorted(set(plan.directions.values())):
        every = [v for v, high in plan.directions.items() if high == order]
        parts = math.ceil(len(every) / (most or len(every)))
        for part in range(parts):
            found |= _along(record, path, target, variables, every[part::parts], order, asked)
    for box in plan.boxes:
        found |= _inside(record, path, target, variables, box, asked[box])
    return found


def _moves(record: Record, source: Source, target: Source) -> bool:
    return source is target or record.knows(source)


def _along(
    record: Record,
    path: Sequence[Node],
    target: Source,
    variables: Sequence[Source],
    directions: Sequence[Index],
    order: int,
    asked: Mapping[Index, Iterable[int]],
) -> dict[tuple[Index, Any], Tensor | None]:
    """Series along directions of one order, all of them at once in batch mode."""
    moving = [
        i for i, s in enumerate(variables) if any(v[i] for v in directions) and _moves(record, s, target)
    ]
    if not moving:
        return {}
    wholes = []
    for i in moving:
        value = variables[i]._value
        components = np.array([v[i] for v in directions], value.dtype).reshape(-1, *[1] * value.ndim)
        wholes.append(Tensor(np.broadcast_to(components, (len(directions), *value.shape))))
    orders = sorted({k for v in directions for k in asked.get(v, ())})

    def coefficients(*seeds: Tensor) -> list[Tensor | None]:
        listener = Taylor(order)
        for i, seed in zip(moving, seeds, strict=True):
            listener.watch(variables[i], given(as_tensor(variables[i]), [seed]))
        listener.hear_again(record, path)
        series = listener.series(target)
        return [None if series is None else series[k] for k in orders]

    found: dict[tuple[Index, Any], Tensor | None] = {}
    for k, whole in zip(orders, mapped(coefficients, wholes), strict=True):
        for place, v in enumerate(directions):
            found[v, k] = None if whole is None else getitem(whole, index=(place,))
    return found


def _inside(
    record: Record,
    path: Sequence[Node],
    target: Source,
    variables: Sequence[Source],
    box: Index,
    asked: Iterable[Index],
) -> dict[tuple[Index, Any], Tensor | None]:
    """Entries of a box: a series in one variable of series in the others, nested as the listeners are."""
    nested: list[tuple[int, Taylor]] = []
    outside = listeners()
    for i, order in enumerate(box):
        if order and _moves(record, variables[i], target):
            listener = Taylor(order)
            with paused((*outside, *[outer for _, outer in nested])):
                x = as_tensor(variables[i])
                listener.watch(variables[i], given(x, [Tensor(np.ones_like(x._value)[()])]))
                listener.hear_again(record, path)
            nested.append((i, listener))
    found: dict[tuple[Index, Any], Tensor | None] = {}
    for index in asked:
        part: Any = target
        for i, listener in nested[::-1]:
            series = None if part is None else listener.series(part)
            if index[i]:
                part = None if series is None else series[index[i]]
        found[box, index] = part
    return found


class Partials:
    """A function that gives partial derivatives of another one; made by `gt.partials`."""

    __slots__ = ("_function", "_places", "_total", "_unconnected", "plan")

    def __init__(
        self, function: Callable[..., Any], places: Sequence[int], plan: Plan, unconnected: Any, total: bool
    ) -> None:
        self._function = function
        self._places = tuple(places)
        self._unconnected = unconnected
        self._total = total
        self.plan = plan

    def __call__(self, *args: Any, **kwargs: Any) -> tuple[Any, ...]:
        """The wanted partial derivatives at these arguments, each of the shape of the function's result."""
        points = list(args)
        if max(self._places, default=-1) >= len(points):
            raise ArgumentTypeError(
                f"partials: the variables {', '.join(self.plan.names)} are positional arguments"
            )
        for i in self._places:
            x = as_tensor(points[i])
            points[i] = Tensor(x._value, x._node) if any(x is other for other in points[:i]) else x
        sources = dict(zip(self.plan.names, [points[i] for i in self._places], strict=True))
        record = PlacedRecord()
        for source in sources.values():
            record.watch(source)
        with paused((*listeners(), record)):
            target = as_tensor(self._function(*points, **kwargs))
        return recorded_partials(record, target, sources, self.plan, self._unconnected, self._total)


def partials(
    function: Callable[..., Any],
    wanted: Any,
    *,
    unconnected_gradients: UnconnectedGradients | str = UnconnectedGradients.ZERO,
    total: bool = False,
) -> Partials:
    """Partial derivatives of a function of any order, computed together.

    Args:
        function: takes tensors and returns one. Its positional parameters are the variables' names.
        wanted: the partials: a text such as "x xx t xxt", or a sequence of texts or of tuples of names; with commas
            where names have several letters ("theta,theta,t"). A tuple without names means the value.
        unconnected_gradients: ZERO (the default) gives zeros where the result does not depend on a variable, NONE None.
        total: the rows of a batch may interact; derivatives are then along all rows moving together.

    Returns:
        a function of the same arguments that returns the partials in the order of `wanted`, each of the shape and dtype
        of the function's result. Its attribute `plan` says what is computed: `plan.explain()`.

    The variables are scalars, vectors (n,) or columns (n, 1) of one batch; derivatives are those of each row with
    respect to its own coordinate. Outer tapes record the computation.

    Raises:
        ValueError: for unknown names, sources that are no columns of one batch, and functions whose rows interact.

    >>> import gradtape as gt
    >>> u_x, u_t, u_xxt = gt.partials(lambda x, t: gt.sin(x) * gt.exp(2.0 * t), "x t xxt")(0.5, 0.0)
    >>> [round(p.numpy().item(), 4) for p in (u_x, u_t, u_xxt)]
    [0.8776, 0.9589, -0.9589]
    """
    parameters = inspect.signature(function).parameters.values()
    positional = [p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    indices = parse_wanted(wanted, positional)
    places = [i for i in range(len(positional)) if any(index[i] for index in indices)]
    plan = plan_partials(
        tuple(positional[i] for i in places), tuple(tuple(index[i] for i in places) for index in indices)
    )
    return Partials(function, places, plan, unconnected_choice(unconnected_gradients), total)
