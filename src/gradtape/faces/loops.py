"""TensorFlow's loops over the first axis: `foldl`, `foldr`, `scan`, `map_fn` and `vectorized_map`.

Each calls its function once for each slice and joins the results, but for `vectorized_map`, which does all slices at
once; what the function computes is recorded as always, so every derivative passes through. `parallel_iterations`,
`back_prop`, `swap_memory` and `infer_shape` are about graphs and change nothing, as in eager TensorFlow.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..core import nest
from ..core.errors import BatchedValueError, InvalidArgumentError, LoopedMapWarning, said
from ..core.tensor import Tensor, as_tensor
from ..modes.batch import mapped
from ..ops import composite, linear
from .control import require_callable, require_structure


def _elements(name: str, elems: Any) -> tuple[list[Tensor], int]:
    """The tensors of a nest and the size of their first axes."""
    flat = [as_tensor(leaf) for leaf in nest.flatten(elems)]
    if not flat:
        raise ValueError(
            f"{name}: elems must be a Tensor or a nest of Tensors. Got {elems!r}, which holds none"
        )
    for x in flat:
        if x.ndim == 0:
            raise ValueError(f"{name}: Elements in elems must be 1+ dimensional Tensors, not scalars")
    sizes = {x._value.shape[0] for x in flat}
    if len(sizes) > 1:
        raise ValueError(
            f"{name}: the first axes of elems differ in the shapes {[tuple(x.shape) for x in flat]}"
        )
    return flat, sizes.pop()


def _row(structure: Any, flat: Sequence[Tensor], index: int) -> Any:
    return nest.pack_sequence_as(structure, [linear.getitem(x, index=(index,)) for x in flat])


def _stacked(name: str, results: list[Any], like: Any = None) -> Any:
    """The results of all turns, leaf by leaf along a new first axis; tensors in `like` say shape and dtype."""
    like = results[0] if like is None else like
    for result in results:
        require_structure(name, like, result)
    columns = zip(*(nest.flatten(result) for result in results), strict=True)
    stacked = []
    for leaf, column in zip(nest.flatten(like), columns, strict=True):
        parts = [as_tensor(part) for part in column]
        first = leaf if isinstance(leaf, Tensor) else parts[0]
        for part in parts:
            if part._value.shape != first._value.shape:
                raise ValueError(
                    f"{name}: Incompatible shape for value ({part.shape}), expected ({first.shape})"
                )
            if part._value.dtype != first._value.dtype:
                raise InvalidArgumentError(
                    f"{name}: a result has the dtype {part.dtype.name} where {first.dtype.name} is expected"
                )
        stacked.append(composite.stack(parts))
    return nest.pack_sequence_as(like, stacked)


def _fold(
    name: str, fn: Any, elems: Any, initial: Any, order: Callable[[int], range]
) -> tuple[Any, list[Any]]:
    """The state before the first turn, or the first slice, and the states after each turn."""
    require_callable(name, "fn", fn)
    flat, count = _elements(name, elems)
    turns = list(order(count))
    history = []
    if initial is None:
        if not count:
            raise ValueError(f"{name}: elems of shape {flat[0].shape} is empty and there is no initializer")
        initial = _row(elems, flat, turns.pop(0))
        history.append(initial)
    state = initial
    for index in turns:
        result = fn(state, _row(elems, flat, index))
        require_structure(name, state, result)
        state = nest.map_structure(as_tensor, result)
        history.append(state)
    return initial, history


def _last(states: tuple[Any, list[Any]]) -> Any:
    initial, history = states
    return history[-1] if history else nest.map_structure(as_tensor, initial)


def _forwards(count: int) -> range:
    return range(count)


def _backwards(count: int) -> range:
    return range(count - 1, -1, -1)


def foldl(
    fn: Callable[[Any, Any], Any],
    elems: Any,
    initializer: Any = None,
    parallel_iterations: int = 10,
    back_prop: bool = True,
    swap_memory: bool = False,
    name: str | None = None,
) -> Any:
    """Combine the slices of the first axis from the first to the last: `state = fn(state, slice)`.

    The state begins with `initializer`, or with the first slice.

    >>> import gradtape as gt
    >>> gt.foldl(lambda a, x: 2 * a + x, gt.constant([1.0, 2.0, 3.0])).numpy()
    np.float32(11.0)
    """
    return _last(_fold("foldl", fn, elems, initializer, _forwards))


def foldr(
    fn: Callable[[Any, Any], Any],
    elems: Any,
    initializer: Any = None,
    parallel_iterations: int = 10,
    back_prop: bool = True,
    swap_memory: bool = False,
    name: str | None = None,
) -> Any:
    """Combine the slices of the first axis from the last to the first: `state = fn(state, slice)`."""
    return _last(_fold("foldr", fn, elems, initializer, _backwards))


def scan(
    fn: Callable[[Any, Any], Any],
    elems: Any,
    initializer: Any = None,
    parallel_iterations: int = 10,
    back_prop: bool = True,
    swap_memory: bool = False,
    infer_shape: bool = True,
    reverse: bool = False,
    name: str | None = None,
) -> Any:
    """All states of a fold, stacked along a new first axis; with `reverse` the fold runs from the last slice.

    >>> import gradtape as gt
    >>> gt.scan(lambda a, x: a + x, gt.constant([1.0, 2.0, 3.0])).numpy().tolist()
    [1.0, 3.0, 6.0]
    """
    start = None if initializer is None else nest.map_structure(as_tensor, initializer)
    initial, history = _fold("scan", fn, elems, start, _backwards if reverse else _forwards)
    if not history:
        return nest.map_structure(lambda leaf: Tensor(np.zeros((0, *leaf._value.shape), leaf.dtype)), initial)
    return _stacked("scan", history[::-1] if reverse else history, initial)


def map_fn(
    fn: Callable[[Any], Any],
    elems: Any,
    dtype: Any = None,
    parallel_iterations: int | None = None,
    back_prop: bool = True,
    swap_memory: bool = False,
    infer_shape: bool = True,
    name: str | None = None,
    fn_output_signature: Any = None,
) -> Any:
    """Apply a function to each slice of the first axis and stack the results.

    Args:
        fn: takes a slice of `elems`, in its structure.
        elems: a tensor or a nest of them with equal first axes.
        dtype, fn_output_signature: dtypes of the result in its structure, those of `elems` by default.

    >>> import gradtape as gt
    >>> gt.map_fn(lambda x: x * x, gt.constant([1.0, 2.0])).numpy().tolist()
    [1.0, 4.0]
    """
    require_callable("map_fn", "fn", fn)
    flat, count = _elements("map_fn", elems)
    signature = dtype if fn_output_signature is None else fn_output_signature
    expected = nest.pack_sequence_as(elems, [x.dtype for x in flat]) if signature is None else signature
    dtypes = [np.dtype(getattr(leaf, "dtype", leaf)) for leaf in nest.flatten(expected)]
    if not count:
        return nest.pack_sequence_as(expected, [Tensor(np.zeros((0,), d)) for d in dtypes])
    results = []
    for index in range(count):
        result = fn(_row(elems, flat, index))
        require_structure("map_fn", expected, result)
        leaves = [as_tensor(leaf) for leaf in nest.flatten(result)]
        for leaf, wanted in zip(leaves, dtypes, strict=True):
            if leaf._value.dtype != wanted:
                raise InvalidArgumentError(
                    f"map_fn: fn returned {leaf.dtype.name} where {wanted.name} is expected; give fn_output_signature"
                )
        results.append(nest.pack_sequence_as(expected, leaves))
    return _stacked("map_fn", results, expected)


def vectorized_map(
    fn: Callable[[Any], Any], elems: Any, fallback_to_while_loop: bool = True, warn: bool = True
) -> Any:
    """Apply a function to each slice of the first axis and stack the results, all at once.

    `fn` is called once, on the first slice, and each of its operations is done for all slices beside it. What it draws
    at random differs between the slices. It may hold tapes, accumulators and other maps, and stand inside them.

    Args:
        fn: takes a slice of `elems`, in its structure; returns tensors in any structure.
        elems: a tensor or a nest of them with equal first axes; a first axis of size one is repeated.
        fallback_to_while_loop: call `fn` once for each slice where it cannot be done at once, because Python or NumPy
            asks for a value that differs between the slices (an `if`, `float(x)`, `x.numpy()`).
        warn: whether to say so.

    Returns:
        what `fn` returns, with one more axis in front of each tensor.

    Raises:
        ValueError: if the first axes differ; or without fallback, where the values are asked for.

    >>> import gradtape as gt
    >>> gt.vectorized_map(lambda p: p[0] * p[1], (gt.constant([1.0, 2.0]), gt.constant([3.0]))).numpy().tolist()
    [3.0, 6.0]
    >>> def slope(x):
    ...     with gt.GradientTape() as tape:
    ...         tape.watch(x)
    ...         y = x**3
    ...     return tape.gradient(y, x)
    >>> gt.vectorized_map(slope, gt.constant([1.0, 2.0])).numpy().tolist()
    [3.0, 12.0]
    """
    require_callable("vectorized_map", "fn", fn)
    flat = [as_tensor(leaf) for leaf in nest.flatten(elems)]
    count = max((x._value.shape[0] for x in flat if x.ndim), default=0)
    if count > 1:
        one = [x.ndim > 0 and x._value.shape[0] == 1 for x in flat]
        flat = [
            linear.broadcast_to(x, shape=(count, *x._value.shape[1:])) if single else x
            for x, single in zip(flat, one, strict=True)
        ]
    flat, count = _elements("vectorized_map", nest.pack_sequence_as(elems, flat))
    if not count:
        shaped = fn(
            nest.pack_sequence_as(elems, [Tensor(np.zeros(x._value.shape[1:], x.dtype)[()]) for x in flat])
        )
        return nest.map_structure(
            lambda y: Tensor(np.zeros((0, *as_tensor(y)._value.shape), as_tensor(y).dtype)), shaped
        )
    structure: Any = None

    def at_once(*slices: Tensor) -> list[Tensor]:
        nonlocal structure
        structure = fn(nest.pack_sequence_as(elems, slices))
        return [as_tensor(leaf) for leaf in nest.flatten(structure)]

    try:
        found = mapped(at_once, flat)
        return nest.pack_sequence_as(structure, found)
    except BatchedValueError as error:
        if not fallback_to_while_loop:
            raise
        if warn:
            text = f"vectorized_map calls its function once for each of {count} slices: {said(error)}"
            warnings.warn(text, LoopedMapWarning, stacklevel=2)
    return _stacked("vectorized_map", [fn(_row(elems, flat, index)) for index in range(count)])


__all__ = ["foldl", "foldr", "map_fn", "scan", "vectorized_map"]
