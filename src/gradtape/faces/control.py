"""TensorFlow's choices with their meaning in a library that evaluates at once: Python's own branches.

Inside `gt.function`, and for examples that differ in a batch, a choice is an operation, all branches of which are known
(`loops/choice.py`). What a function computes is recorded as always, so every derivative passes through.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from ..core import nest
from ..core.errors import ArgumentTypeError, DtypeError, InvalidArgumentError, ShapeError, said
from ..core.holder import Holder
from ..core.tensor import Tensor, as_tensor
from ..loops.choice import chosen, may_differ
from ..ops import constant, linear

Branch = Callable[[], Any]


def require_callable(name: str, argument: str, value: Any) -> None:
    """Refuse an argument that cannot be called."""
    if not callable(value):
        raise ArgumentTypeError(f"'{argument}' must be callable: {name} was given {value!r}")


def require_structure(name: str, expected: Any, result: Any) -> None:
    """Refuse a result whose nest differs from the expected one."""
    try:
        nest.assert_same_structure(expected, result)
    except (TypeError, ValueError) as error:
        raise type(error)(f"{name}: {said(error)}") from None


# branches


def holds(name: str, pred: Any) -> bool:
    """A predicate of one entry as a Python truth value."""
    value = pred if isinstance(pred, Holder) else np.asarray(pred)
    _check_truth(name, value)
    return bool(value)


def _check_truth(name: str, value: Any) -> None:
    if value.size != 1 or value.dtype.kind not in "biuf":
        raise ShapeError(
            f"{name}: the predicate must be one truth value, got shape {tuple(value.shape)}, {value.dtype}"
        )


def _gate(name: str, pred: Tensor) -> Tensor:
    """A predicate of one entry as a tensor that is true or false, of shape ()."""
    _check_truth(name, pred)
    if pred.dtype.kind != "b":
        pred = constant.not_equal(pred, Tensor(pred.dtype.type(0)))
    return linear.reshape(pred, shape=()) if pred.ndim else pred


def cond(
    pred: Any, true_fn: Branch | None = None, false_fn: Branch | None = None, name: str | None = None
) -> Any:
    """Call `true_fn` if the predicate holds, else `false_fn`, and return what it returns.

    Inside `gt.function`, where the predicate depends on an input, both are called while recording and become one
    operation that does at each call the one that is asked for; so they must return the same structure and dtypes.
    A branch with a value that Python looks at is decided by Python, and recorded as a road of its own; so are branches
    of different shapes. In a batch (`gt.vectorized_map`) each example goes its own way.

    Raises:
        ValueError: if the predicate is not one truth value.
        TypeError: if a branch is missing or cannot be called; inside `gt.function` if they return different
            structures or dtypes.

    >>> import gradtape as gt
    >>> x = gt.constant(3.0)
    >>> with gt.GradientTape() as tape:
    ...     tape.watch(x)
    ...     y = gt.cond(x > 0, lambda: x * x, lambda: -x)
    >>> print(tape.gradient(y, x).numpy())
    6.0
    """
    for argument, branch in (("true_fn", true_fn), ("false_fn", false_fn)):
        if branch is None:
            raise ArgumentTypeError(f"cond(): '{argument}' argument required")
        require_callable("cond", argument, branch)
    assert true_fn is not None
    assert false_fn is not None
    if isinstance(pred, Holder) and may_differ([truth := as_tensor(pred)]):
        names = ["true_fn", "false_fn"]
        return _one_of("cond", [_gate("cond", truth)], [true_fn, false_fn], names, lambda: bool(pred))
    return true_fn() if holds("cond", pred) else false_fn()


def case(
    pred_fn_pairs: Any,
    default: Branch | None = None,
    exclusive: bool = False,
    strict: bool = False,
    name: str = "case",
) -> Any:
    """Call the function of the first predicate that holds, `default` if none does.

    Args:
        pred_fn_pairs: pairs of a boolean tensor and a function.
        default: called if no predicate holds.
        exclusive: refuse more than one predicate that holds.

    Raises:
        ValueError: if no predicate holds and there is no default, or several hold though `exclusive`.

    >>> import gradtape as gt
    >>> x = gt.constant(2.0)
    >>> gt.case([(x < 1, lambda: "small"), (x < 3, lambda: "middle")], default=lambda: "large")
    'middle'
    """
    if not isinstance(pred_fn_pairs, (list, tuple)):
        raise ArgumentTypeError(
            f"'pred_fn_pairs' must be a list of pairs, not {type(pred_fn_pairs).__name__}"
        )
    pairs: list[tuple[Any, Branch]] = []
    for pair in pred_fn_pairs:
        if not isinstance(pair, tuple) or len(pair) != 2:
            raise ArgumentTypeError(f"Each entry in 'pred_fn_pairs' must be a 2-tuple. Received {pair!r}.")
        pred, branch = pair
        if not hasattr(type(pred), "_as_tensor"):
            raise ArgumentTypeError(f"case: pred must be a Tensor, got: {pred!r}")
        if pred.dtype.kind != "b":
            raise DtypeError(
                f"case: pred must be a boolean tensor, not {pred.dtype.name} of shape {pred.shape}"
            )
        require_callable("case", "fn", branch)
        pairs.append((pred, branch))
    if default is not None:
        require_callable("case", "default", default)
        if not exclusive and may_differ(truths := [as_tensor(pred) for pred, _ in pairs]):
            gates = [_gate("case", truth) for truth in truths]
            names = [f"the function of predicate {place}" for place in range(len(pairs))]
            every = [*(branch for _, branch in pairs), default]
            return _one_of("case", gates, every, [*names, "default"], lambda: [bool(p) for p, _ in pairs])
    holding = [branch for pred, branch in pairs if holds("case", pred)]
    if exclusive and len(holding) > 1:
        raise InvalidArgumentError(f"case: {len(holding)} predicates hold, but exclusive=True allows one")
    if not holding and default is None:
        raise InvalidArgumentError("case: None of conditions evaluated as True and there is no default")
    return holding[0]() if holding else default()  # type: ignore[misc]


def _one_of(
    name: str, truths: list[Tensor], branches: list[Branch], names: list[str], ask: Callable[[], Any]
) -> Any:
    """The branch of the first truth that holds, recorded as a choice; the last branch where none does."""
    gates, before = truths[:1], truths[0]
    for truth in truths[1:]:
        gates.append(constant.logical_and(truth, constant.logical_not(before)))
        before = constant.logical_or(before, truth)
    gates.append(constant.logical_not(before))
    taken = next(place for place, gate in enumerate(gates) if gate._value)
    return chosen(name, gates, branches, names, taken, ask)


def switch_case(
    branch_index: Any, branch_fns: Any, default: Branch | None = None, name: str = "switch_case"
) -> Any:
    """Call the function of this number; `default` (the last function if there is none) for a number out of range.

    Args:
        branch_index: an integer tensor of rank 0.
        branch_fns: functions, or pairs of number and function (or a dictionary) that cover 0 to n - 1.

    >>> import gradtape as gt
    >>> gt.switch_case(gt.constant(1), [lambda: "zero", lambda: "one"])
    'one'
    """
    branches = _branches(branch_fns)
    if not hasattr(type(branch_index), "_as_tensor"):
        raise ArgumentTypeError(f"'branch_index' must be a Tensor, got {type(branch_index)}")
    index = as_tensor(branch_index)
    if index._value.dtype.kind not in "iu":
        raise DtypeError(f"'branch_index' must be an integer Tensor, got {index.dtype.name}")
    if index.ndim:
        raise ShapeError(f"switch_case: branch_index must have rank 0, not the shape {index.shape}")
    if default is not None:
        require_callable("switch_case", "default", default)
    every = branches if default is None else [*branches, default]
    if may_differ([index]) and len(every) > 1:
        numbers = [Tensor(index.dtype.type(number)) for number in range(len(every) - 1)]
        names = [f"branch {number}" for number in range(len(branches))] + ["default"]
        truths = [constant.equal(index, number) for number in numbers]
        return _one_of("switch_case", truths, every, names[: len(every)], lambda: int(index))
    number = int(index)
    if 0 <= number < len(branches):
        return branches[number]()
    return default() if default is not None else branches[-1]()


def _branches(given: Any) -> list[Branch]:
    """The functions in the order of their numbers."""
    if not isinstance(given, (list, tuple, Mapping)):
        raise ArgumentTypeError(f"'branch_fns' must be a list, tuple, or dict, not {type(given).__name__}")
    if not given:
        raise InvalidArgumentError("switch_case: Must provide at least one item in 'branch_fns'")
    entries = list(given.items()) if isinstance(given, Mapping) else list(given)
    if all(callable(entry) for entry in entries):
        return entries  # type: ignore[return-value]  # each has been seen to be a function
    for entry in entries:
        if not isinstance(entry, tuple) or len(entry) != 2:
            raise ArgumentTypeError(f"Each entry in 'branch_fns' must be a 2-tuple. Received {entry!r}.")
        if isinstance(entry[0], bool) or not isinstance(entry[0], (int, np.integer)):
            raise ArgumentTypeError(
                f"switch_case: the key of a branch must be a Python int, got {entry[0]!r}"
            )
        require_callable("switch_case", "branch_fns", entry[1])
    keys = sorted(int(entry[0]) for entry in entries)
    if keys != list(range(len(keys))):
        shown = ",".join(map(str, keys))
        raise InvalidArgumentError(
            f"branch indices (keys) must form contiguous range of [0 to {len(keys)}) but found {{{shown}}}"
        )
    table = {int(key): branch for key, branch in entries}
    return [table[key] for key in keys]


__all__ = ["case", "cond", "switch_case"]
