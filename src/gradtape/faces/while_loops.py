"""TensorFlow's `while_loop`: Python's own `while`, and in a recording one operation where all turns are the same.

A `TensorArray` among the loop variables takes part by what each turn writes (`array_turns.py`). Shapes and
dtypes may change from one turn to the next, as in eager TensorFlow; `parallel_iterations`, `back_prop`, `swap_memory`
and shape invariants are about graphs and change nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..core import nest
from ..core.errors import ArgumentTypeError
from ..core.further_errors import StepStateError
from ..core.tensor import Tensor, as_tensor, decide
from ..loops.recorded import Attempt, actions
from .array_turns import TurnArray
from .control import cond, holds, require_callable, require_structure
from .tensor_array import TensorArray


def while_loop(
    cond: Callable[..., Any],
    body: Callable[..., Any],
    loop_vars: Any,
    shape_invariants: Any = None,
    parallel_iterations: int = 10,
    back_prop: bool = True,
    swap_memory: bool = False,
    maximum_iterations: Any = None,
    name: str | None = None,
) -> Any:
    """Repeat `body` while `cond` holds; both take the loop variables, `body` returns the next ones.

    Returns:
        the last loop variables, in the structure of `loop_vars`.

    Raises:
        ValueError: if `body` returns another structure, or there are no loop variables.

    >>> import gradtape as gt
    >>> i, x = gt.while_loop(lambda i, x: i < 3, lambda i, x: (i + 1, x * x), (gt.constant(0), gt.constant(2.0)))
    >>> print(x.numpy())
    256.0
    """
    require_callable("while_loop", "cond", cond)
    require_callable("while_loop", "body", body)
    if not isinstance(loop_vars, (list, tuple)) or not loop_vars:
        raise ArgumentTypeError(
            f"'loop_vars' must be provided: a list or tuple of at least one, got {loop_vars!r}"
        )
    _positive("while_loop", parallel_iterations)
    limit = None if maximum_iterations is None else int(maximum_iterations)
    turns, before = 0, actions()
    goes_on = limit != 0 and cond(*loop_vars)
    counted = limit is not None and actions() != before
    attempt = Attempt()
    if isinstance(goes_on, Tensor) and all(map(_may_turn, nest.flatten(loop_vars))):
        formed, loop_vars, goes_on = _as_loop(attempt, cond, body, loop_vars, goes_on, limit, counted)
        if formed:
            return loop_vars
        turns = len(attempt.done)
    while (limit is None or turns < limit) and holds("while_loop", goes_on):
        loop_vars, turns = _next(body, loop_vars), turns + 1
        goes_on = (limit is None or turns < limit) and cond(*loop_vars)
    return nest.map_structure(lambda v: as_tensor(v) if _numeric(v) else v, loop_vars)


def _next(body: Callable[..., Any], loop_vars: Any) -> Any:
    """The next loop variables, in the structure of the old ones."""
    kind, result = type(loop_vars), body(*loop_vars)
    if len(loop_vars) == 1 and not isinstance(result, (list, tuple)):
        result = (result,)
    if not isinstance(result, (list, tuple)):
        raise StepStateError(f"while_loop: body must return {len(loop_vars)} loop variables, not {result!r}")
    result = list(result) if kind is list else tuple(result) if kind is tuple else result
    require_structure("while_loop", loop_vars, result)
    return result


def _may_turn(leaf: Any) -> bool:
    return isinstance(leaf, (Tensor, TensorArray))


def _as_loop(
    attempt: Attempt,
    condition: Any,
    body: Any,
    loop_vars: Any,
    goes_on: Tensor,
    limit: int | None,
    counted: bool,
) -> tuple[bool, Any, Any]:
    """Whether a recording holds the loop as one operation, the last loop variables, and whether it goes on.

    Where it does not, the variables are those behind the turns that are done. Where it is `counted`, the turns are,
    since the condition does more than answer and is not asked behind the last.
    """
    if goes_on._value.shape or goes_on._value.dtype.kind != "b":
        return False, loop_vars, goes_on
    if not attempt.nested and not holds("while_loop", goes_on):
        return False, loop_vars, goes_on
    before, first = nest.flatten(loop_vars), 1 + counted
    counter = [Tensor(np.int32(0))] if counted else []
    is_array = [isinstance(leaf, TensorArray) for leaf in before]
    begun = [TurnArray.of(leaf) for leaf in before if isinstance(leaf, TensorArray)]
    arrays: list[list[Any]] = [list(begun)]

    def packed(tensors: Sequence[Any], arrays: Sequence[Any]) -> Any:
        own, others = iter(tensors), iter(arrays)
        return nest.pack_sequence_as(loop_vars, [next(others if array else own) for array in is_array])

    def turn(now: list[Tensor], _entries: list[Tensor]) -> tuple[list[Tensor], list[Tensor]]:
        after = _next(body, packed(now[first:], [array.turned() for array in arrays[-1]]))
        leaves = nest.flatten(after)
        arrays.append([leaf for leaf, array in zip(leaves, is_array, strict=True) if array])
        noted = [array.noted(last) for array, last in zip(begun, arrays[-1], strict=True)]
        if None in noted:
            decide(now[0], bool)  # asked for as Python does, so that the turn stays as it is written
        state = [as_tensor(leaf) for leaf, array in zip(leaves, is_array, strict=True) if not array]
        count = [x + 1 for x in now[1:first]]

        def ask() -> Tensor:
            return as_tensor(condition(*after))

        question = cond(count[0] < limit, ask, lambda: Tensor(np.False_)) if counted else ask()
        return [question, *count, *state], [part for parts in noted for part in parts or ()]

    tensors = [leaf for leaf in before if isinstance(leaf, Tensor)]
    formed = attempt.while_loop(turn, [goes_on, *counter, *tensors], limit)
    if formed is not None:
        stacked = iter(formed.stacked)
        counts = [len(array.noted(last) or ()) for array, last in zip(begun, arrays[-1], strict=True)]
        behind = [
            array.plain([next(stacked) for _ in range(count)])
            for array, count in zip(begun, counts, strict=True)
        ]
        return True, packed(formed.state[first:], behind), None
    done = len(attempt.done)
    if attempt.nested:  # Python has not asked yet whether the turns that were done are to be done
        for asked in [goes_on, *(leaves[0] for leaves, _ in attempt.done)][:done]:
            holds("while_loop", asked)
    if not done:
        return False, loop_vars, goes_on
    for array in [array for turned in arrays[1 : done + 1] for array in turned]:
        if isinstance(array, TurnArray):
            array.asked()
    now = [array.plain() if isinstance(array, TurnArray) else array for array in arrays[done]]
    return False, packed(attempt.done[-1][0][first:], now), attempt.done[-1][0][0]


def _numeric(leaf: Any) -> bool:
    return isinstance(leaf, (int, float, complex, np.ndarray, np.generic)) or hasattr(
        type(leaf), "_as_tensor"
    )


def _positive(name: str, parallel_iterations: Any) -> None:
    if parallel_iterations is not None and (
        not isinstance(parallel_iterations, int) or parallel_iterations < 1
    ):
        raise ArgumentTypeError(
            f"{name}: 'parallel_iterations' must be a positive integer, got {parallel_iterations!r}"
        )


__all__ = ["while_loop"]
