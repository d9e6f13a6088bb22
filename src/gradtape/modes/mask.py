"""What absent entries do in each mode, and how a share is brought to its input's shape and dtype.

Absent is what no path of the program leads through. A product of an absent entry with an infinite or undefined
derivative must stay absent, so what comes of each step is cut to the entries that are still alive. A zero that was
*computed* is not absent: its product with an infinity is NaN, as IEEE arithmetic says.

| mode    | what is absent, and where it begins        | how it goes on                                            |
|---------|--------------------------------------------|-----------------------------------------------------------|
| reverse | entries of a `Masked` cotangent: what      | `reach`: an input's entry is alive if a living entry of   |
|         | `where` did not take                       | the result depends on it                                  |
| forward | entries of a `Masked` tangent: where a row | `forward.carried`: an entry of the result is alive if it  |
|         | with `gaps` puts zeros, and in `where` the | depends on a living entry of an input                     |
|         | branch that does not vary                  |                                                           |
| Taylor  | those entries of all coefficients from the | the same, in `Series.live`                                |
|         | first on                                   |                                                           |

Several shares, terms or inputs: an entry is alive where it is in any of them. Where a row says nothing about which
entries depend on which, everything is alive again. Who asks a tape or an accumulator sees absent entries as zeros.

Here a mask is looked at as a value: when all its entries are alive (in every example of a batch) it is dropped, unless
somebody listens who will do it again, and the mask will have other values then.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core.listen import Node, listeners, values_of
from ..core.primitive import Masked, Primitive, Rule
from ..core.spec import DType, Spec
from ..core.tensor import Tensor, apply
from ..ops.constant import any_, logical_and, logical_or, not_equal
from ..ops.linear import add, broadcast_to, cast, reshape, sum_, where

Cotangent = Tensor | Masked
Tangent = Cotangent
Live = Tensor | bool
"""Which entries are alive: a mask, or True for all of them."""


def masked(value: Tensor, live: Tensor) -> Cotangent:
    """A cotangent whose entries outside `live` are absent and exactly zero."""
    if _everywhere(live):
        return value
    return Masked(where(live, value, Tensor(value._value.dtype.type(0))), live)


def cut(share: Cotangent, live: Live) -> Cotangent:
    """Keep of a share or term only what is alive."""
    if live is True:
        return share
    if type(share) is Masked:
        return masked(share.value, logical_and(share.live, live))
    return masked(share, live)  # type: ignore[arg-type]


def live_of(tangent: Tangent | None) -> Live:
    """Which entries of a tangent are alive; none of one that there is not."""
    return tangent.live if type(tangent) is Masked else tangent is not None


def settled(live: Tensor, y: Any) -> Live:
    """A mask in the shape of y, or True if it says that all entries are alive."""
    if _everywhere(live):
        return True
    shape = tuple(y.shape)
    return live if live._value.shape == shape else broadcast_to(live, shape=shape)


def _everywhere(live: Tensor) -> bool:
    """Whether all entries are alive, in every example of a batch, and will be when somebody does this again."""
    fixed = not any(listener.varies(live) for listener in listeners())
    return fixed and all(value.all() for value in values_of(live))


def join(old: Any, new: Any) -> Any:
    """The sum of two shares of one cotangent; an entry is alive where it is in either."""
    if old is None:
        return new
    if type(new) is dict:
        return old | {i: join(old.get(i), g) for i, g in new.items()}
    if type(old) is Tensor and type(new) is Tensor:
        return apply(add, (old, new))
    total = add(plain(old), plain(new))
    if type(old) is Tensor or type(new) is Tensor:
        return total
    live = logical_or(old.live, new.live)
    return total if _everywhere(live) else Masked(total, live)


def plain(cotangent: Cotangent) -> Tensor:
    """The cotangent or tangent with absent entries as zeros."""
    return cotangent.value if isinstance(cotangent, Masked) else cotangent


def conform(share: Cotangent, node: Node | Spec) -> Cotangent:
    """Bring a share to the shape and dtype of its input: sum over broadcast axes, take the real part for reals."""
    if isinstance(share, Masked):
        live = share.live
        if live._value.shape != node.shape:
            live = _unbroadcast(live, node.shape, any_)
        return masked(conform(share.value, node), live)  # type: ignore[arg-type]
    if share._value.shape != node.shape:
        share = _unbroadcast(share, node.shape, sum_)
    if share._value.dtype != node.dtype:
        share = cast(share, dtype=node.dtype)
    return share


def _unbroadcast(x: Tensor, shape: tuple[int, ...], total: Any) -> Tensor:
    """Sum over the axes along which something of this shape was broadcast to the shape of x."""
    if x.ndim < len(shape) or any(
        n != m and m != 1 for n, m in zip(x._value.shape[::-1], shape[::-1], strict=False)
    ):
        return broadcast_to(x, shape=shape)  # type: ignore[no-any-return]  # a rule gave a smaller, constant share
    extra = x.ndim - len(shape)
    axes = tuple(range(extra)) + tuple(
        extra + i for i, n in enumerate(shape) if n == 1 and x._value.shape[extra + i] != 1
    )
    x = total(x, axis=axes, keepdims=False)
    return x if x._value.shape == shape else reshape(x, shape=shape)


def reach(
    primitive: Primitive, rule: Rule, live: Tensor, index: int, saved: Any, params: dict[str, Any]
) -> Any:
    """Which entries of an input the living entries of the result depend on; True if all of them may matter."""
    if primitive.pointwise:
        return live
    if primitive.reach is not None:
        return primitive.reach(live, *saved, **params)
    if not primitive.structural or rule.function is None:
        return True
    ones = tuple(_ones(s) for s in saved or ())
    leading: tuple[Any, ...] = (index,) if isinstance(primitive.rules, Rule) else ()
    share = rule.function(cast(live, dtype=_FLOAT), *leading, *ones, **params)
    return True if type(share) is Masked else present(share)


def present(count: Tensor) -> Tensor:
    """The entries that something was counted for."""
    return not_equal(count, Tensor(np.float64(0)))  # type: ignore[no-any-return]


def counting(x: Any, live: Live) -> Tensor:
    """A stand-in for an input of this shape: one where it is alive."""
    if type(live) is bool:
        return Tensor(np.full(tuple(x.shape), float(live))[()])
    return cast(live, dtype=_FLOAT)  # type: ignore[no-any-return]


def _ones(saved: Any) -> Any:
    """A stand-in for a kept input under which every dependence counts once."""
    if type(saved) is Tensor and saved._value.dtype.kind in "fc":
        return Tensor(np.ones(saved._value.shape)[()])
    if type(saved) is Tensor:
        return saved
    return Spec(saved.shape, _FLOAT)


_FLOAT: DType = np.dtype("float64")
