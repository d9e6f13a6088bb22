"""Which Taylor series to compute for a set of partial derivatives, and how to put the partials together from them.

A partial derivative is a multi-index: how often each variable is differentiated. Two ways give mixed partials:

- **Directions.** The k-th Taylor coefficient along a direction v is c_k(v) = sum over |b| = k of v^b / b! times the
  partial b. Enough directions determine a partial of order k as a fixed combination of their c_k (Griewank, Utke and
  Walther, "Evaluating higher derivative tensors by forward propagation of univariate Taylor series", Mathematics of
  Computation 69, 2000). Directions have integer components, so the weights are exact fractions.
- **Boxes.** A series in one variable of a series in another, and so on: all partials b <= a at once, for a box a.

`plan_partials` chooses what costs least. Costs are counted in products of coefficients for each product of the
program, (K + 1)(K + 2)/2 along a direction to order K and the product of such factors for a box, less the one for the
value, which is there already. Nested accumulators need 3^k for a partial of order k, as a product of numbers with k
nilpotent parts does.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from itertools import combinations, product
from math import comb, factorial, gcd, prod

import numpy as np

Index = tuple[int, ...]
"""A multi-index or a direction: one integer for each variable."""

# The space of partials of one order in some variables: up to this size directions are searched for, beyond the lattice
# of the closed formula is taken.
SEARCHED = 60


@dataclass(frozen=True, slots=True)
class Term:
    """A number times one coefficient: coefficient `order` along a direction, or entry `order` of a box."""

    weight: Fraction
    source: Index
    order: int | Index


@dataclass(frozen=True, slots=True)
class Plan:
    """What to compute for some partial derivatives.

    Attributes:
        names: of the variables.
        wanted: the partials, as multi-indices.
        directions: for each direction the order of its series.
        boxes: the boxes of nested series.
        recipes: for each partial the terms that add up to it; none for the value itself.
    """

    names: tuple[str, ...]
    wanted: tuple[Index, ...]
    directions: dict[Index, int]
    boxes: tuple[Index, ...]
    recipes: tuple[tuple[Term, ...], ...]

    @property
    def cost(self) -> int:
        """Products of coefficients for each product of the program, the value's own included."""
        series = sum(_jet_cost(order) for order in self.directions.values())
        return 1 + series + sum(_box_cost(box) for box in self.boxes)

    @property
    def nested_cost(self) -> int:
        """The same for nested forward mode, once for each partial that is not met on the way to another."""
        wanted = set(self.wanted)
        last = [index for index in wanted if not any(_within(index, other) for other in wanted - {index})]
        return 1 + sum(int(3 ** sum(index)) - 1 for index in last)

    def explain(self) -> str:
        """A few lines that say what will be computed and why.

        >>> import gradtape as gt
        >>> print(gt.partials(lambda x, t: x * t, "x xx t xt").plan.explain())
        4 partial derivatives in x, t, up to order 2
          box x^1 t^1: nested series, for x, t, xt
          along (1, 0): series to order 2, for xx
        cost: 14 products for each product of the program; nested accumulators need 17
        """
        shown = {index: self.name(index) or "the value" for index in self.wanted}
        highest = max((sum(index) for index in self.wanted), default=0)
        noun = "partial derivative" if len(shown) == 1 else "partial derivatives"
        lines = [f"{len(shown)} {noun} in {', '.join(self.names)}, up to order {highest}"]
        users: dict[tuple[str, Index], list[str]] = {}
        for index, recipe in zip(self.wanted, self.recipes, strict=True):
            for term in recipe:
                kind = "along" if isinstance(term.order, int) else "box"
                users.setdefault((kind, term.source), []).append(shown[index])
        for (kind, source), partials in users.items():
            each = list(dict.fromkeys(partials))
            who = ", ".join(each) if len(each) <= 8 else f"{', '.join(each[:6])} and {len(each) - 6} more"
            if kind == "along":
                lines.append(f"  along {source}: series to order {self.directions[source]}, for {who}")
            else:
                text = " ".join(f"{n}^{k}" for n, k in zip(self.names, source, strict=True) if k)
                lines.append(f"  box {text}: nested series, for {who}")
        lines.append(
            f"cost: {self.cost} products for each product of the program; nested accumulators need {self.nested_cost}"
        )
        return "\n".join(lines)

    def name(self, index: Index) -> str:
        """A multi-index as users write it: `xxt`, or `theta,theta,t` for longer names."""
        parts = [name for name, count in zip(self.names, index, strict=True) for _ in range(count)]
        return ("" if all(len(name) == 1 for name in self.names) else ",").join(parts)


def _jet_cost(order: int) -> int:
    return (order + 1) * (order + 2) // 2 - 1


def _box_cost(box: Index) -> int:
    return prod((a + 1) * (a + 2) // 2 for a in box) - 1


@lru_cache(maxsize=1024)
def plan_partials(names: tuple[str, ...], wanted: tuple[Index, ...]) -> Plan:
    """Choose the series for these partials: for each group of mixed ones directions or boxes, whichever costs less."""
    mixed = [index for index in dict.fromkeys(wanted) if sum(n > 0 for n in index) > 1]
    groups: dict[tuple[Index, int], list[Index]] = {}
    for index in sorted(mixed, key=sum, reverse=True):
        groups.setdefault((tuple(int(n > 0) for n in index), sum(index)), []).append(index)
    choices = list(product((True, False), repeat=len(groups))) if len(groups) <= 6 else _few(len(groups))
    plans = [_plan(names, wanted, list(groups.values()), choice) for choice in choices]
    return min(plans, key=lambda plan: (plan.cost, len(plan.directions) + len(plan.boxes)))


def _few(count: int) -> list[tuple[bool, ...]]:
    """For many groups: all by directions, all by boxes, and the highest orders by directions."""
    return [tuple(i < cut for i in range(count)) for cut in (0, count // 4, count // 2, count)]


def _plan(
    names: tuple[str, ...], wanted: tuple[Index, ...], groups: list[list[Index]], along: Sequence[bool]
) -> Plan:
    """The plan in which the groups of mixed partials so marked go by directions, the others by boxes."""
    boxes = _merged(
        [index for group, chosen in zip(groups, along, strict=True) if not chosen for index in group]
    )
    directions: dict[Index, int] = {}
    recipes: dict[Index, tuple[Term, ...]] = {(0,) * len(names): ()}
    for index in dict.fromkeys(wanted):
        inside = next((box for box in boxes if _within(index, box)), None)
        support = [i for i, n in enumerate(index) if n]
        if not support:
            continue
        if inside is not None:
            recipes[index] = (Term(Fraction(prod(map(factorial, index))), inside, index),)
        elif len(support) == 1:
            axis = tuple(int(i == support[0]) for i in range(len(names)))
            order = index[support[0]]
            directions[axis] = max(order, directions.get(axis, 0))
            recipes[index] = (Term(Fraction(factorial(order)), axis, order),)
    for group, chosen in zip(groups, along, strict=True):
        if chosen:
            order = sum(group[0])
            missing = tuple(index for index in group if index not in recipes)
            for index, terms in combinations_of(missing, tuple(directions)).items():
                recipes[index] = terms
                for term in terms:
                    directions[term.source] = max(order, directions.get(term.source, 0))
    return Plan(names, wanted, directions, tuple(boxes), tuple(recipes[index] for index in wanted))


def _within(index: Index, box: Index) -> bool:
    return all(n <= m for n, m in zip(index, box, strict=True))


def _merged(boxes: Iterable[Index]) -> list[Index]:
    """Boxes that cover all of these, two made into one where that costs less."""
    found = list(dict.fromkeys(boxes))
    while True:
        for a, b in combinations(found, 2):
            union = tuple(map(max, a, b))
            if _box_cost(union) < _box_cost(a) + _box_cost(b):
                found = [box for box in found if box not in (a, b)] + [union]
                break
        else:
            return found


@lru_cache(maxsize=1024)
def combinations_of(wanted: tuple[Index, ...], present: tuple[Index, ...]) -> dict[Index, tuple[Term, ...]]:
    """Partials of one order in the same variables as exact combinations of coefficients along directions.

    Directions that are present already are preferred, then those with small components; one that can be spared is.
    """
    if not wanted:
        return {}
    count, order = len(wanted[0]), sum(wanted[0])
    support = [i for i in range(count) if any(index[i] for index in wanted)]
    space = list(multi_indices(len(support), order))
    if len(space) > SEARCHED:
        return {index: _closed_formula(index) for index in wanted}
    targets = [space.index(tuple(index[i] for i in support)) for index in wanted]
    usable = [v for v in present if all(v[i] == 0 for i in range(count) if i not in support)]
    known = [tuple(v[i] for i in support) for v in usable]
    chosen = _spanning(space, targets, known, order)
    found = {}
    for index, target in zip(wanted, targets, strict=True):
        weights = _exact_weights(space, target, chosen)
        terms = []
        for v, weight in zip(chosen, weights, strict=True):
            if weight:
                whole = [0] * count
                for place, component in zip(support, v, strict=True):
                    whole[place] = component
                terms.append(Term(weight, tuple(whole), order))
        found[index] = tuple(terms)
    return found


def multi_indices(count: int, order: int) -> Iterable[Index]:
    """All multi-indices of so many variables whose sum is the order."""
    if count == 1:
        yield (order,)
        return
    for first in range(order, -1, -1):
        for rest in multi_indices(count - 1, order - first):
            yield (first, *rest)


def _candidates(count: int, size: int) -> list[Index]:
    """Directions with components up to this size, one for each line through the origin, simple ones first."""
    found = [v for v in product(range(-size, size + 1), repeat=count) if any(v) and gcd(*v) == 1]
    forward = [v for v in found if next(n for n in v if n) > 0]
    return sorted(
        forward, key=lambda v: (max(map(abs, v)), sum(map(bool, v)), sum(map(abs, v)), [-n for n in v])
    )


def _row(space: Sequence[Index], v: Index) -> list[float]:
    """What each partial contributes to the coefficient along v."""
    return [prod(c**n / factorial(n) for c, n in zip(v, index, strict=True)) for index in space]


def _spanning(
    space: Sequence[Index], targets: Sequence[int], known: Sequence[Index], order: int
) -> list[Index]:
    """Directions that determine the targets; found by adding simple ones, then sparing those that can be."""
    chosen = list(known)
    for size in range(1, order + 1):
        for v in _candidates(len(space[0]), size):
            if v not in chosen:
                chosen.append(v)
        if _determines(space, targets, chosen):
            break
    for v in chosen[::-1]:
        fewer = [w for w in chosen if w != v]
        if v not in known and _determines(space, targets, fewer):
            chosen = fewer
    return chosen


def _determines(space: Sequence[Index], targets: Sequence[int], chosen: Sequence[Index]) -> bool:
    """Whether the coefficients along these directions determine the targets, by rank in floating point."""
    if not chosen:
        return False
    matrix = np.array([_row(space, v) for v in chosen]).T
    wanted = np.eye(len(space))[:, list(targets)]
    weights = np.linalg.lstsq(matrix, wanted, rcond=None)[0]
    return bool(np.abs(matrix @ weights - wanted).max() < 1e-8)


def _exact_weights(space: Sequence[Index], target: int, chosen: Sequence[Index]) -> list[Fraction]:
    """Solve for the weights in fractions: Gauss-Jordan elimination; free weights are zero."""
    rows = [
        [
            prod((Fraction(c**n, factorial(n)) for c, n in zip(v, index, strict=True)), start=Fraction(1))
            for v in chosen
        ]
        + [Fraction(int(i == target))]
        for i, index in enumerate(space)
    ]
    pivots: list[int] = []
    for column in range(len(chosen)):
        row = next((r for r in range(len(pivots), len(rows)) if rows[r][column]), None)
        if row is None:
            continue
        here = len(pivots)
        rows[here], rows[row] = rows[row], rows[here]
        lead = rows[here][column]
        rows[here] = [entry / lead for entry in rows[here]]
        for r, other in enumerate(rows):
            if r != here and other[column]:
                factor = other[column]
                rows[r] = [a - factor * b for a, b in zip(other, rows[here], strict=True)]
        pivots.append(column)
    weights = [Fraction(0)] * len(chosen)
    for r, column in enumerate(pivots):
        weights[column] = rows[r][-1]
    return weights


def _closed_formula(index: Index) -> tuple[Term, ...]:
    """Griewank, Utke and Walther's interpolation formula, with all directions whose components sum to the order.

    The weight of direction j for the partial i, both of order d, is the sum over 0 < k <= i of
    (-1)^|i - k| binom(i, k) binom(d k / |k|, j) (|k| / d)^d (their equation 13; binomials of fractions are products).
    """
    order = sum(index)
    support = [i for i, n in enumerate(index) if n]
    inner = tuple(index[i] for i in support)
    terms = []
    for j in multi_indices(len(support), order):
        weight = Fraction(0)
        for k in product(*(range(n + 1) for n in inner)):
            size = sum(k)
            if not size:
                continue
            sign = (-1) ** (order - size) * prod(map(comb, inner, k))
            scale = Fraction(size, order) ** order
            spread = prod(
                (_binomial(Fraction(order * n, size), m) for n, m in zip(k, j, strict=True)),
                start=Fraction(1),
            )
            weight += sign * scale * spread
        if weight:
            shared = gcd(*j)
            whole = [0] * len(index)
            for place, component in zip(support, j, strict=True):
                whole[place] = component // shared
            terms.append(Term(weight * shared**order, tuple(whole), order))
    return tuple(terms)


def _binomial(top: Fraction, bottom: int) -> Fraction:
    """The binomial coefficient of a fraction."""
    value = Fraction(1)
    for i in range(bottom):
        value *= (top - i) / (i + 1)
    return value
