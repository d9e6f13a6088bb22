"""Power series pushed along with every operation, from the same rules as the other modes.

A series holds the coefficients x[k] of a value along a curve: x(s) = x[0] + x[1] s + x[2] s^2 + ...; None stands for a
coefficient that is absent, which counts as zero. How a result's coefficients follow from those of the inputs:

| kind                 | coefficient k of the result                                                                |
|----------------------|--------------------------------------------------------------------------------------------|
| CONSTANT             | none beyond the first                                                                      |
| LINEAR               | the operation on the coefficients k                                                        |
| MULTILINEAR          | the Cauchy product: the operation on all choices of coefficients whose indices sum to k    |
| ELEMENTWISE, TANGENT | forward mode's tangent is a differential equation, y' = T(y, x, x'), so k y[k] = T[k-1]    |

The right side of the equation is evaluated once, as operations, by `forward.push`; a `Solver` listens and gives each
of its results a series of its own, whose coefficients are computed when they are asked for. T[k-1] needs no more than
y[0..k-1], so a rule may refer to its own output (`tanh`: y' = (1 - y y) x'). Equal operations share one series, which
closes systems such as that of sine and cosine. The cost of order K is O(K^2) products. (Series raised out of
first-order rules by integration: McIlroy, "Squinting at power series", 1990; Griewank and Walther, "Evaluating
Derivatives", 2nd ed. 2008, section 13.2.)

Entries of a series may be absent from the first coefficient on: outside `Series.live` (`mask.py`).

Collapse: where many directions are carried at once and only the *sum* over them of the highest coefficient is wanted,
that sum alone is carried. The highest coefficient is linear in those of the inputs, and the sum goes through
(Dangel, Siebert, Zeinhofer, Walther, "Collapsing Taylor mode automatic differentiation", 2025). Where it is the second,
an elementwise f takes f' and f'' of each entry, once for all directions (`Solver._composition`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import combinations_with_replacement, pairwise
from typing import Any

import numpy as np

from ..core.bundle import bundle_of
from ..core.listen import Listener, Node, leaf, paused
from ..core.primitive import Kind, Masked, Primitive
from ..core.spec import is_differentiable
from ..core.tensor import Tensor, apply
from ..ops.elementwise import multiply, square
from ..ops.linear import add, identity
from .forward import carried, joint_live, linear_live, linear_tangent, output_like, push
from .mask import Live, Tangent, cut, plain
from .reverse import zeros

Coefficient = Tensor | None
Total = Callable[[Tensor], Tensor]


class Series:
    """The Taylor coefficients of one value; computed in order when they are asked for, then kept.

    What `compute` gives for an index is either the coefficient x[k] or, `by_rate`, coefficient k of the derivative x',
    which is (k + 1) x[k + 1]: an equation gives the latter and linear operations keep to the form of their inputs, so
    that few coefficients need to be scaled back and forth.

    `collapse` is the index of the coefficient that is a sum over directions (None: no coefficient is). Outside `live`
    the coefficients from the first on are absent, not merely zero.
    """

    __slots__ = ("_coefficients", "_compute", "_rates", "by_rate", "collapse", "live")

    def __init__(
        self,
        primal: Any,
        compute: Callable[[int], Coefficient] | None = None,
        collapse: int | None = None,
        by_rate: bool = False,
        live: Live = True,
    ) -> None:
        self._coefficients: list[Any] = [primal]
        self._rates: list[Coefficient] = []
        self._compute = compute
        self.collapse = collapse
        self.by_rate = by_rate
        self.live = live

    def __getitem__(self, index: int) -> Any:
        found = self._coefficients
        while len(found) <= index:
            k = len(found)
            if self.by_rate:
                rate = self.rate(k - 1)
                found.append(rate if rate is None or k == 1 else scaled(rate, 1 / k))
            elif self._compute is None:
                return None
            else:
                found.append(self._compute(k))
        return found[index]

    def rate(self, index: int) -> Coefficient:
        """Coefficient `index` of the derivative."""
        found = self._rates
        while len(found) <= index:
            k = len(found)
            if not self.by_rate:
                part = self[k + 1]
                found.append(part if part is None or k == 0 else scaled(part, k + 1))
            elif self._compute is None:
                return None
            else:
                found.append(self._compute(k))
        return found[index]

    def settle(self, order: int) -> bool:
        """Compute what the coefficients up to an order are made of, close, and say whether one is there."""
        if self.by_rate:
            self.rate(order - 1)
        else:
            self[order]
        self.close()
        return any(part is not None for part in self._rates + self._coefficients[1:])

    def close(self) -> None:
        """Let go of what the coefficients are computed from; those beyond the ones known are absent then."""
        self._compute = None


def given(primal: Any, coefficients: Sequence[Coefficient], collapse: int | None = None) -> Series:
    """A series of known coefficients, from the first on; all beyond are absent."""
    series = Series(primal, None, collapse)
    series._coefficients.extend(coefficients)
    return series


class Solver(Listener):
    """Listens to the rules of one operation while its series is worked out; no rule outlives it.

    `outside` are those who hear the coefficients being computed.
    """

    __slots__ = ("_equal", "_held", "_made", "_rates", "outside", "series", "total")

    forward = True

    def __init__(self, outside: tuple[Listener, ...], total: Total | None = None) -> None:
        super().__init__()
        self.outside = outside
        self.total = total
        self.series: dict[Node, Series] = {}
        self._equal: dict[Any, Any] = {}
        self._rates: dict[int, Tensor] = {}
        self._held: list[Any] = []
        self._made: list[Series] = []

    def hear(
        self,
        primitive: Primitive,
        inputs: tuple[Tensor, ...],
        params: dict[str, Any],
        result: Any,
        outside: Any,
    ) -> None:
        streams = [None if x._node is None else self.series.get(x._node) for x in inputs]
        if primitive.kind is Kind.CONSTANT or all(stream is None for stream in streams):
            return
        key = self._key(primitive, inputs, params, streams)
        found = self._equal.get(key) if key is not None else None
        if found is None:
            found = self.solve(primitive, inputs, params, result, streams)
            if key is not None:
                self._equal[key] = found
        if type(result) is tuple:
            bundle_of(result)
            for part, series in zip(result, found, strict=True):
                self.assign(part, series)
        else:
            self.assign(result, found)

    def follows(self, node: Node) -> bool:
        return node in self.series

    def release(self) -> None:
        """Let go of everything, so that what refers to this solver and to which it refers is no cycle."""
        super().release()
        for series in self._made:
            series.close()
        self.series, self._equal, self._rates, self._held, self._made = {}, {}, {}, [], []

    def assign(self, tensor: Tensor, series: Series | None) -> None:
        """Let a tensor have this series."""
        if series is not None and is_differentiable(tensor._value.dtype):
            if tensor._node is None:
                tensor._node = leaf(tensor._value)
            self.series[tensor._node] = series

    def _key(self, primitive: Primitive, inputs: Sequence[Any], params: Any, streams: Sequence[Any]) -> Any:
        """Equal for operations with equal results: same inputs (series, arrays or numbers), same parameters."""
        parts: list[Any] = [primitive.name]
        for x, stream in zip(inputs, streams, strict=True):
            if stream is not None:
                parts.append(id(stream))
            elif type(x) is Tensor and x._node is None and x._value.ndim == 0:
                parts.append((x._value.dtype, x._value.tobytes()))
            else:
                parts.append(id(x._value) if type(x) is Tensor else id(x))
        self._held += [inputs, streams]  # what an identity in a key stands for must live as long as the key
        try:
            key = (*parts, *params.items())
            hash(key)
        except TypeError:
            return None
        return key

    def solve(self, primitive: Primitive, inputs: Sequence[Any], params: Any, y: Any, streams: Any) -> Any:
        """The series of a result (or a tuple of them) from those of the inputs. The cases of Taylor mode.

        Inputs and result are tensors, or specs where the rules of the primitive do not use their values.
        """
        streams = [s if primitive.rule(i) is not None else None for i, s in enumerate(streams)]
        moving = [s for s in streams if s is not None]
        if primitive.kind is Kind.CONSTANT or not moving:
            return (None,) * len(y) if type(y) is tuple else None
        collapse = min((s.collapse for s in moving if s.collapse is not None), default=None)
        lives = [s.live if s is not None else False for s in streams]
        if primitive.kind is Kind.LINEAR:
            by_rate = all(s.by_rate for s in moving)

            def coefficient(k: int) -> Coefficient:
                parts = [None if s is None else s.rate(k) if by_rate else s[k] for s in streams]
                if collapse is not None and k + by_rate == collapse:
                    parts = [
                        p if p is None or s.collapse == collapse else self._summed(p)
                        for p, s in zip(parts, streams, strict=True)
                    ]
                if all(part is None for part in parts):
                    return None
                return output_like(linear_tangent(primitive, inputs, params, parts), y)  # type: ignore[no-any-return]

            live = linear_live(primitive, inputs, params, y, lives)
            return self._series(y, coefficient, collapse, live, by_rate)
        live = joint_live(primitive, inputs, params, y, lives)
        if primitive.kind is Kind.MULTILINEAR:
            return self._series(
                y, lambda k: self._product(primitive, inputs, params, y, streams, k, collapse), collapse, live
            )
        if collapse == 2 and primitive.kind is Kind.ELEMENTWISE and len(moving) == 1 and live is True:
            index = streams.index(moving[0])
            if all(part.dtype.kind == "f" and part.dtype.itemsize > 2 for part in (y, inputs[index])):
                return self._composition(primitive, inputs, params, y, moving[0], index)
        return self._equation(primitive, inputs, params, y, streams, collapse, live)

    def _series(
        self,
        primal: Any,
        compute: Callable[[int], Coefficient],
        collapse: int | None,
        live: Live,
        by_rate: bool = False,
    ) -> Series:
        """A series that is closed with this solver."""
        series = Series(primal, compute, collapse, by_rate, live)
        self._made.append(series)
        return series

    def _product(
        self,
        primitive: Primitive,
        inputs: Any,
        params: Any,
        y: Any,
        streams: Any,
        k: int,
        collapse: int | None,
    ) -> Coefficient:
        moving = [i for i, s in enumerate(streams) if s is not None]
        absent = any(streams[i].live is not True for i in moving)
        square = primitive is multiply and len(moving) == 2 and streams[0] is streams[1]
        # Sums of terms, by whether they count twice (of a square) and whether each direction still has its own.
        sums: dict[tuple[bool, bool], Coefficient] = {}
        for indices in compositions(k, len(moving)):
            if square and indices[0] > indices[1]:
                continue
            factors = list(inputs)
            for i, index in zip(moving, indices, strict=True):
                if index:  # else the input itself, which a record has kept where it did not keep the series' own value
                    factors[i] = streams[i][index]
            if any(factors[i] is None for i in moving):
                continue
            each = k == collapse and (max(indices) < k or streams[moving[indices.index(k)]].collapse != k)
            kind = square and indices[0] != indices[1], each
            term = apply(primitive, tuple(factors), params)
            if absent:  # the factors of index zero are the inputs themselves, which are everywhere
                lives = [True] * len(inputs)
                for i, index in zip(moving, indices, strict=True):
                    lives[i] = streams[i].live if index else True
                term = plain(cut(term, carried(primitive, inputs, params, y, lives)))
            sums[kind] = plus(sums.get(kind), term)
        total: Coefficient = None
        for (twice, each), part in sums.items():
            assert part is not None
            part = scaled(part, 2) if twice else part
            total = plus(total, self._summed(part) if each else part)
        return None if total is None else output_like(total, y)

    def _summed(self, term: Tensor) -> Tensor:
        assert self.total is not None
        return self.total(term)

    def _equation(
        self,
        primitive: Primitive,
        inputs: Any,
        params: Any,
        y: Any,
        streams: Any,
        collapse: int | None,
        live: Live,
    ) -> Any:
        """Series y with y' = T(y, x, x'); the rule is evaluated when the first coefficient is asked for."""
        rates: list[Any] = []

        def series(part: Any, index: int) -> Series:
            def rate(k: int) -> Coefficient:
                if not rates:
                    rates.extend(self._rates_of(primitive, inputs, params, y, streams))
                return None if rates[index] is None else rates[index][k]

            return self._series(part, rate, collapse, live, by_rate=True)

        outputs = y if type(y) is tuple else (y,)
        found = tuple([series(part, index) for index, part in enumerate(outputs)])
        for part, own in zip(outputs, found, strict=True):
            if isinstance(part, Tensor):
                self.assign(part, own)
        return found if type(y) is tuple else found[0]

    def _composition(
        self, primitive: Primitive, inputs: Any, params: Any, y: Any, stream: Series, index: int
    ) -> Series:
        """Coefficients of f(x) where the second is a sum over directions: f' x[1], and f' x[2] + f''/2 sum x[1]^2.

        Unlike the equation's, this second derivative is computed once for all directions; of all directions there are
        x[1], its square and f' x[1] only. (Li et al., "A computational framework for neural network-based variational
        Monte Carlo with Forward Laplacian", 2024.) Half precision overflows in squares and keeps to the equation.
        """
        slopes: list[Any] = []

        def slope(order: int) -> Any:
            if not slopes:
                slopes.extend(self._slopes(primitive, inputs, params, y, index))
            return slopes[order - 1]

        def coefficient(k: int) -> Coefficient:
            x = stream[k]
            total = None if x is None else apply(multiply, (slope(1), x))
            if k == 2 and stream[1] is not None and slope(2) is not None:
                squares = self._summed(apply(square, (stream[1],)))
                total = plus(total, apply(multiply, (scaled(slope(2), 1 / 2), squares)))
            return None if total is None else output_like(total, y)

        return self._series(y, coefficient, 2, True)

    def _slopes(
        self, primitive: Primitive, inputs: Any, params: Any, y: Any, index: int
    ) -> tuple[Tensor, Coefficient]:
        """The first and the second derivative of an elementwise operation in one input, entry by entry."""
        rule = primitive.rule(index)
        assert rule is not None
        assert rule.function is not None
        x = inputs[index]
        found: list[Any] = []
        solver = Solver(self.outside)
        if isinstance(x, Tensor):
            solver.assign(x, given(x, [Tensor(np.ones(x._value.shape, x._value.dtype)[()])]))
        if isinstance(y, Tensor):
            solver.assign(y, solver._series(y, lambda _k: found[0], None, True))
        with paused((*self.outside, solver)):
            found.append(rule.function(y, *inputs, **params))
        with paused(self.outside):
            second = solver._series_of(found[0])
            slopes = found[0], None if second is None else second[1]
        solver.release()
        return slopes

    def _rates_of(self, primitive: Primitive, inputs: Any, params: Any, y: Any, streams: Any) -> list[Any]:
        """The series of the right side, one for each output: forward mode's tangents, heard as operations."""
        for x, stream in zip(inputs, streams, strict=True):
            if stream is not None and isinstance(x, Tensor):
                self.assign(x, stream)
        tangents = [None if s is None else self._rate(x, s) for x, s in zip(inputs, streams, strict=True)]
        with paused((*self.outside, self)):
            found = push(primitive, inputs, params, y, tangents)
        return [self._series_of(z) for z in (found if type(found) is tuple else (found,))]

    def _series_of(self, tangent: Tangent | None) -> Series | None:
        if tangent is None:
            return None
        tensor = plain(tangent)
        series = None if tensor._node is None else self.series.get(tensor._node)
        return Series(tensor) if series is None else series

    def _rate(self, x: Any, series: Series) -> Tangent:
        """The derivative x' of a series as a tensor of this solver: its coefficients are (k + 1) x[k + 1]."""
        known = self._rates.get(id(series))
        if known is None:
            first = series.rate(0)
            # A new tensor, for the coefficient itself may be a value with another series.
            known = zeros(x) if first is None else apply(identity, (first,))
            collapse = None if series.collapse is None else series.collapse - 1
            self.assign(known, self._series(known, series.rate, collapse, series.live))
            self._rates[id(series)] = known
            self._held.append(series)
        return known if series.live is True else Masked(known, series.live)  # type: ignore[arg-type]


def scaled(x: Tensor, factor: float) -> Tensor:
    """A coefficient times a number."""
    return apply(multiply, (x, Tensor(x._value.dtype.type(factor))))  # type: ignore[no-any-return]


def plus(total: Coefficient, term: Tensor) -> Tensor:
    """A sum with one more term."""
    return term if total is None else apply(add, (total, term))


def compositions(total: int, parts: int) -> Iterator[tuple[int, ...]]:
    """All tuples of so many non-negative numbers with this sum."""
    for bars in combinations_with_replacement(range(total + 1), parts - 1):
        cuts = (0, *bars, total)
        yield tuple(b - a for a, b in pairwise(cuts))
