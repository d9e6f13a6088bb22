"""TensorFlow's loops over the first axis: `foldl`, `foldr`, `scan`, `map_fn` and `vectorized_map`.

Each calls its function once for each slice and joins the results, but for `vectorized_map`, which does all slices at
once; what the function computes is recorded as always, so every derivative passes through. Inside `gt.function` the
turns of a loop that are all the same are one operation (`loops/recorded.py`). `parallel_iterations`, `back_prop`,
`swap_memory` and `infer_shape` are about graphs and change nothing, as in eager TensorFlow.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..core import nest
from ..core.errors import InvalidArgumentError, ShapeError, said
from ..core.further_errors import BatchedValueError, LoopedMapWarning, StructureError
from ..core.tensor import Tensor, as_tensor
from ..loops.recorded import Attempt
from ..loops.trial import Trial
from ..modes.batch import mapped
from ..ops import arranging, linear
from .control import require_callable, require_structure


def _elements(name: str, elems: Any) -> tuple[list[Tensor], int]:
    """The tensors of a nest and the size of their first axes."""
    flat = [as_tensor(leaf) for leaf in nest.flatten(elems)]
    if not flat:
        raise StructureError(
            f"{name}: elems must be a Tensor or a nest of Tensors. Got {elems!r}, which holds none"
        )
    for x in flat:
        if x.ndim == 0:
            raise ShapeError(f"{name}: Elements in elems must be 1+ dimensional Tensors, not scalars")
    sizes = {x._value.shape[0] for x in flat}
    if len(sizes) > 1:
        raise ShapeError(
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
                raise ShapeError(
                    f"{name}: Incompatible shape for value ({part.shape}), expected ({first.shape})"
                )
            if part._value.dtype != first._value.dtype:
                raise InvalidArgumentError(
                    f"{name}: a result has the dtype {part.dtype.name} where {first.dtype.name} is expected"
                )
        stacked.append(arranging.stack(parts))
    return nest.pack_sequence_as(like, stacked)


class _Fold:
    """The states of a fold: `initial` before the first turn, `last` after the last, and all of them.

    Inside a recording the turns become one operation where they can, whose states come `stacked`; else `history` has
    them one by one, in the order of the turns.
    """

    def __init__(
        self, name: str, fn: Any, elems: Any, initial: Any, backwards: bool = False, stacks: bool = False
    ) -> None:
        require_callable(name, "fn", fn)
        flat, count = _elements(name, elems)
        self.name, self.backwards, self.begun = name, backwards, initial is None
        self.history: list[Any] = []
        self.stacked: list[Tensor] | None = None
        if initial is None:
            if not count:
                raise ShapeError(
                    f"{name}: elems of shape {flat[0].shape} is empty and there is no initializer"
                )
            initial = _row(elems, flat, count - 1 if backwards else 0)
            self.history.append(initial)
            rest = slice(0, count - 1) if backwards else slice(1, count)
            flat, count = [linear.getitem(x, index=(rest,)) for x in flat], count - 1
        self.initial = self.last = initial
        attempt, structure, first = Attempt(), initial, nest.flatten(initial)

        def turn(state: list[Any], entries: list[Tensor]) -> tuple[list[Tensor], list[Tensor]]:
            result = fn(nest.pack_sequence_as(structure, state), nest.pack_sequence_as(elems, entries))
            require_structure(name, structure, result)
            leaves = [as_tensor(leaf) for leaf in nest.flatten(result)]
            return leaves, leaves if stacks else []

        formed = attempt.loop(turn, first, flat, count, backwards) if all(map(_is_tensor, first)) else None
        if formed is not None:
            self.stacked = formed.stacked
            self.last = nest.pack_sequence_as(structure, formed.state)
            return
        done = attempt.done
        order = range(count)[::-1] if backwards else range(count)
        for index in order[len(done) :]:
            now = done[-1][0] if done else first
            done.append(turn(now, [linear.getitem(x, index=(index,)) for x in flat]))
        self.history += [nest.pack_sequence_as(structure, leaves) for leaves, _ in done]
        self.last = self.history[-1] if self.history else nest.map_structure(as_tensor, initial)

    def states(self) -> Any:
        """All states along a new first axis."""
        if self.stacked is None:
            return _stacked(self.name, self.history[::-1] if self.backwards else self.history, self.initial)
        stacked = self.stacked
        if self.begun:
            first = [arranging.expand_dims(as_tensor(leaf), 0) for leaf in nest.flatten(self.initial)]
            pairs = zip(stacked, first, strict=True) if self.backwards else zip(first, stacked, strict=True)
            stacked = [arranging.concatenate(pair, 0) for pair in pairs]
        return nest.pack_sequence_as(self.initial, stacked)


def _is_tensor(leaf: Any) -> bool:
    return isinstance(leaf, Tensor)


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
    return _Fold("foldl", fn, elems, initializer).last


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
    return _Fold("foldr", fn, elems, initializer, backwards=True).last


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
    fold = _Fold("scan", fn, elems, start, reverse, stacks=True)
    if fold.stacked is None and not fold.history:
        return nest.map_structure(
            lambda leaf: Tensor(np.zeros((0, *leaf._value.shape), leaf.dtype)), fold.initial
        )
    return fold.states()


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

    def turn(_state: Sequence[Tensor], entries: Sequence[Tensor]) -> tuple[list[Tensor], list[Tensor]]:
        result = fn(nest.pack_sequence_as(elems, entries))
        require_structure("map_fn", expected, result)
        leaves = [as_tensor(leaf) for leaf in nest.flatten(result)]
        for leaf, wanted in zip(leaves, dtypes, strict=True):
            if leaf._value.dtype != wanted:
                raise InvalidArgumentError(
                    f"map_fn: fn returned {leaf.dtype.name} where {wanted.name} is expected; give fn_output_signature"
                )
        return [], leaves

    attempt = Attempt()
    formed = attempt.loop(turn, (), flat, count)
    if formed is not None:
        return nest.pack_sequence_as(expected, formed.stacked)
    results = [leaves for _, leaves in attempt.done]
    results += [
        turn((), [linear.getitem(x, index=(index,)) for x in flat])[1] for index in range(len(results), count)
    ]
    return _stacked("map_fn", [nest.pack_sequence_as(expected, leaves) for leaves in results], expected)


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

    trial = Trial()
    try:
        with trial:
            found = mapped(at_once, flat)
        trial.let_out()
        return nest.pack_sequence_as(structure, found)
    except BatchedValueError as error:
        trial.take_back()
        if not fallback_to_while_loop:
            raise
        if warn:
            text = f"vectorized_map calls its function once for each of {count} slices: {said(error)}"
            warnings.warn(text, LoopedMapWarning, stacklevel=2)
    except BaseException:
        trial.let_out()
        raise
    return _stacked("vectorized_map", [fn(_row(elems, flat, index)) for index in range(count)])


__all__ = ["foldl", "foldr", "map_fn", "scan", "vectorized_map"]
