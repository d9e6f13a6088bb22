"""`vectorize`: a function of numbers over arrays, compiled, with Python's `if` on values.

The function runs once, on the numbers of one element, under a batch listener (`modes/batch.py`) that does each of its
operations for all elements; so its tapes and partials are done for all elements as well. `function` records what the
batch does, which gives vector instructions and threads. A derivative of the mapped call is one of a compiled function.

Where Python asks for a value (`if x > 0:`, `int(x)`), the elements may part. The batch then notes which ones answer as
the element that Python follows: they go its *way*. The function runs again on one that does not, until every element
has gone a way, and `where` puts the results together. That every element has a way is a guard of the recording, so a
call with elements of another kind is recorded anew, with their ways.
"""

from __future__ import annotations

import functools
import math
import operator
from collections.abc import Callable
from types import MethodType
from typing import Any

import numpy as np

from .arguments import short
from .core import nest
from .core.errors import ArgumentTypeError, ShapeError, said
from .core.further_errors import BatchedValueError
from .core.graph import Graph
from .core.listen import listeners, paused
from .core.place import user_place
from .core.spec import broadcast_shapes
from .core.tensor import Tensor, as_tensor, decide
from .functions import Function
from .modes.batch import Batch
from .ops import constant, elementwise, linear

WAYS = 16
"""So many ways through the function are followed in one call."""
EXACT = 8
"""So many sizes are compiled as they are; further ones are rounded up by at most an eighth, so that few are met."""

BLOCK = 1 << 16
"""Longer rows are done by blocks of so many numbers, which are recorded quickly and stay in the caches."""

_TRUTH = ("bool", bool)
_WHOLE = ("int", "index", int, operator.index)
_NUMBER = ("float", "complex", "item", "numpy", "array", "tolist", "dlpack", float, complex)


class Ways(Batch):
    """A batch that lets Python ask for values, and notes which examples answer as the one it follows.

    Attributes:
        same: a truth value for each example, None as long as nothing was asked.
        lines: where in the program it was asked.
    """

    __slots__ = ("lines", "same")

    def __init__(self, size: int, followed: int) -> None:
        super().__init__(size, followed)
        self.same: Any = None
        self.lines: set[str] = set()

    def hear_leave(self, holder: Any, how: Any) -> None:
        node = holder._node
        if node is None or not node.knows(self.key):
            return
        active = listeners()
        with paused(active[: active.index(self)]):
            same = _same(node.read(self.key), holder._value, how)
            if same is not None:
                self.lines.add(str(user_place()))
                self.same = same if self.same is None else constant.logical_and(self.same, same)
        if same is None:
            super().hear_leave(holder, how)


def _same(whole: Tensor, value: Any, how: Any) -> Any:
    """For each example whether it gives the answer that `value` gives; None if the question is another sort."""
    if how in _TRUTH:
        found = constant.astype(whole, dtype=np.dtype(bool))
        value = value.astype(bool)
    elif how in _WHOLE:
        found = constant.trunc(whole) if value.dtype.kind == "f" else whole
        value = np.trunc(value) if value.dtype.kind == "f" else value
    elif how in _NUMBER:
        found = whole
    else:
        return None
    same = constant.equal(found, Tensor(value))
    if value.dtype.kind in "fc" and np.isnan(value).any():
        same = constant.logical_or(same, constant.logical_and(constant.isnan(found), Tensor(np.isnan(value))))
    if value.dtype.kind == "f" and how in _NUMBER and (value == 0).any():
        with np.errstate(divide="ignore"):
            inverse = np.divide(1, value, where=value == 0, out=np.zeros_like(value))  # 0 is not -0
        one = Tensor(value.dtype.type(1))
        signed = constant.equal(elementwise.divide(one, found), Tensor(inverse))
        same = constant.logical_and(same, constant.logical_or(signed, Tensor(value != 0)))
    rest = tuple(range(1, same.ndim))
    return constant.all_(same, axis=rest, keepdims=False) if rest else same


class Vectorized:
    """A function of numbers mapped over arrays; what `gt.vectorize` returns.

    Attributes:
        python_function: the function as it was written.
    """

    def __init__(self, python_function: Callable[..., Any], backend: str | None = None) -> None:
        functools.update_wrapper(self, python_function, updated=())  # its attributes are not ours
        self.python_function = python_function
        self._name = getattr(python_function, "__name__", type(python_function).__name__)
        self._sizes: set[int] = set()
        self._alone = Function(python_function, None, backend)
        self._compiled = Function(self._all, None, backend)
        self._compiled._name = self._name

    def __reduce__(self) -> Any:
        return Vectorized, (
            self.python_function,
            self._compiled._backend,
        )  # as `Function.__reduce__`

    def __repr__(self) -> str:
        return f"<gt.vectorize {self._name}>"

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        return self if instance is None else MethodType(self, instance)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        leaves = nest.flatten((args, kwargs))
        given = {i: as_tensor(x) for i, x in enumerate(leaves) if _varies(x)}
        try:
            shape = broadcast_shapes(*[x._value.shape for x in given.values()])
        except ValueError:
            shapes = ", ".join(str(tuple(x._value.shape)) for x in given.values())
            raise ShapeError(
                f"vectorize: the arrays given to {self._name} do not broadcast together: {shapes}"
            ) from None
        if not shape:
            return self._alone(*args, **kwargs)
        size = math.prod(shape)
        if not size:
            return self._none(args, kwargs, shape)
        for i, x in given.items():
            leaves[i] = _laid(x, shape) if x._value.ndim else x
        call = functools.partial(nest.pack_sequence_as, (args, kwargs))
        found = self._rows(size, leaves, call) if listeners() else self._blocks(size, leaves, call)

        def shaped(y: Any) -> Any:
            wanted = (*shape, *y._value.shape[1:]) if isinstance(y, Tensor) else ()
            return linear.reshape(y, shape=wanted) if wanted and y._value.shape != wanted else y

        return nest.map_structure(shaped, found)

    def _rows(self, size: int, leaves: list[Any], call: Callable[[list[Any]], Any]) -> Any:
        """The results for rows of so many numbers."""
        padded = self._padded(size)
        if padded > size:
            leaves = [_longer(x, padded) if isinstance(x, Tensor) and x._value.ndim else x for x in leaves]
        found = self._compiled(padded, *call(leaves))
        if padded == size:
            return found
        return nest.map_structure(
            lambda y: linear.getitem(y, index=(slice(0, size),)) if isinstance(y, Tensor) else y, found
        )

    def _blocks(self, size: int, leaves: list[Any], call: Callable[[list[Any]], Any]) -> Any:
        """The same, by blocks where the rows are long."""
        if size <= BLOCK:
            return self._rows(size, leaves, call)
        wholes: list[Any] = []
        structure = None
        for start in range(0, size, BLOCK):
            stop = min(start + BLOCK, size)
            part = [
                Tensor(x._value[start:stop]) if isinstance(x, Tensor) and x._value.ndim else x for x in leaves
            ]
            structure = self._rows(stop - start, part, call)
            for place, y in enumerate(nest.flatten(structure)):
                if place == len(wholes):
                    whole = isinstance(y, Tensor)
                    wholes.append(np.empty((size, *y._value.shape[1:]), y._value.dtype) if whole else y)
                if isinstance(y, Tensor):
                    wholes[place][start:stop] = y._value
        results = [Tensor(y) if isinstance(y, np.ndarray) else y for y in wholes]
        return nest.pack_sequence_as(structure, results)

    def _padded(self, size: int) -> int:
        """The size that is compiled: the size itself as long as there are few."""
        if size == BLOCK or size in self._sizes or len(self._sizes) < EXACT:
            self._sizes.add(size)
            return size
        step = max(1 << (size.bit_length() - 4), 1)
        return -(-size // step) * step

    def _all(self, size: int, args: Any, kwargs: Any) -> Any:
        """All elements at once: run the function for one element after another until each has gone a way."""
        leaves = nest.flatten((args, kwargs))
        followed, covered, lines = 0, None, set()
        structure, result = None, []
        for _ in range(WAYS):
            batch = Ways(size, followed)
            examples = [batch.first(x) if isinstance(x, Tensor) and x.ndim else x for x in leaves]
            own_args, own_kwargs = nest.pack_sequence_as((args, kwargs), examples)
            try:
                with paused((*listeners(), batch)):
                    found = self.python_function(*own_args, **own_kwargs)
            except Exception as error:
                error.add_note(f"vectorize: for the element that is number {followed} in row-major order")
                raise
            wholes = [self._whole(batch, leaf) for leaf in nest.flatten(found)]
            if covered is None:
                structure, result, covered = found, wholes, batch.same
            else:
                self._check_structure(structure, found)
                result = [self._either(covered, a, b) for a, b in zip(result, wholes, strict=True)]
                covered = None if batch.same is None else constant.logical_or(covered, batch.same)
            lines |= batch.lines
            if covered is None or covered._value.all():
                break
            followed = int(np.argmin(covered._value))
        else:
            raise BatchedValueError(
                f"vectorize: the elements given to {self._name} go more than {WAYS} different ways, because Python "
                f"sees values of its tensors (at {'; '.join(sorted(lines))}). Use gt.where or gt.minimum and the like "
                "on the values, or a loop with a fixed number of turns"
            )
        if covered is not None:
            decide(constant.all_(covered, axis=(0,), keepdims=False), bool)
        return nest.pack_sequence_as(structure, result)

    def _whole(self, batch: Batch, leaf: Any) -> Any:
        """A result for all elements; None stays None."""
        if leaf is None or isinstance(leaf, str):
            return leaf
        return batch.whole(as_tensor(leaf)) if not isinstance(leaf, (bool, int, float, complex)) else leaf

    def _check_structure(self, first: Any, second: Any) -> None:
        try:
            nest.assert_same_structure(first, second)
        except (TypeError, ValueError) as error:
            raise type(error)(
                f"vectorize: {self._name} returns another structure for some elements than for others. {said(error)}"
            ) from None

    def _either(self, covered: Tensor, first: Any, second: Any) -> Any:
        """The first result where its ways were gone, else the second."""
        tensors = [x for x in (first, second) if isinstance(x, Tensor)]
        if not tensors and type(first) is type(second) and first == second:
            return first
        if any(x is None or isinstance(x, str) for x in (first, second)):
            raise ArgumentTypeError(
                f"vectorize: {self._name} returns {short(first)} for some elements and {short(second)} for others"
            )
        shapes = {x._value.shape[1:] for x in tensors}
        if len(shapes) > 1:
            shown = " and ".join(str(shape) for shape in sorted(shapes))
            raise ShapeError(
                f"vectorize: {self._name} returns tensors of shapes {shown} for different elements"
            )
        dtype = tensors[0].dtype if tensors else None
        sides = [x if isinstance(x, Tensor) else as_tensor(x, dtype) for x in (first, second)]
        rank = max((len(shape) for shape in shapes), default=0)
        mask = linear.reshape(covered, shape=(*covered._value.shape, *(1,) * rank)) if rank else covered
        return linear.where(mask, *sides)

    def _none(self, args: Any, kwargs: Any, shape: tuple[int, ...]) -> Any:
        """No elements: the results' shapes and dtypes are those of the function on ones."""

        def one(x: Any) -> Any:
            return Tensor(as_tensor(x)._value.dtype.type(1)) if _varies(x) else x

        found = self.python_function(*nest.map_structure(one, args), **nest.map_structure(one, kwargs))

        def empty(y: Any) -> Any:
            if y is None or isinstance(y, str):
                return y
            y = as_tensor(y)
            return Tensor(np.zeros((*shape, *y._value.shape), y.dtype))

        return nest.map_structure(empty, found)

    def graph(self) -> Graph:
        """The graph of the program over arrays that was recorded last; see `gt.function`."""
        return self._compiled.graph()

    def source(self) -> str:
        """The same as text."""
        return self._compiled.source()

    def stats(self) -> dict[str, Any]:
        """What was recorded and compiled; see `gt.function`."""
        return self._compiled.stats()


def _varies(x: Any) -> bool:
    return isinstance(x, (Tensor, np.ndarray, np.generic)) or hasattr(type(x), "_as_tensor")


def _laid(x: Tensor, shape: tuple[int, ...]) -> Tensor:
    """An argument as a row of numbers: broadcast and flat."""
    if x._value.shape != shape:
        x = linear.broadcast_to(x, shape=shape)
    size = math.prod(shape)
    return x if x._value.shape == (size,) else linear.reshape(x, shape=(size,))


def _longer(x: Tensor, size: int) -> Tensor:
    """A row with its last number repeated up to a size."""
    own = x._value.shape[0]
    last = linear.getitem(x, index=(slice(own - 1, own),))
    longer: Tensor = linear.concatenate(x, linear.broadcast_to(last, shape=(size - own,)), axis=0)
    return longer


def vectorize(func: Callable[..., Any] | None = None, *, backend: str | None = None) -> Any:
    """Map a function of numbers over arrays: compiled, with vector instructions and threads.

    The arrays and tensors among the arguments (also in nests) are broadcast together, and `func` sees tensors of rank
    0, in the dtypes of the arrays. Derivatives inside it, by tapes, accumulators or `partials`, are those of one
    element, for all. Python numbers, text and other objects are given to it as they are; another one is compiled anew.

    Python may look at values: `if x > 0:` follows both branches where the elements part, and chooses among the results,
    derivatives included. This takes one run of the function for each way that some element goes, at most 16, and
    computes all elements on each; so a loop that stops at a value is better written with a fixed number of turns.

    Args:
        func: the function; without it, a decorator is returned.
        backend: as for `gt.function`.

    Returns:
        a callable with the arguments of `func`. Each tensor that `func` returns, in any structure, comes with the shape
        of the broadcast arrays in front of its own. Without elements, shapes and dtypes are found by a call on ones.

    Raises:
        ValueError: at a call with arrays that do not broadcast together, or if ways return tensors of different shapes.
        BatchedValueError: at a call whose elements go more than 16 ways, or where all values are asked for at once.

    >>> import numpy as np
    >>> import gradtape as gt
    >>> @gt.vectorize
    ... def huber(x, width):
    ...     with gt.GradientTape() as tape:
    ...         tape.watch(x)
    ...         if abs(x) < width:
    ...             y = x * x / 2
    ...         else:
    ...             y = width * (abs(x) - width / 2)
    ...     return y, tape.gradient(y, x)
    >>> y, slope = huber(np.array([0.5, -1.0, 3.0]), np.float64(2.0))
    >>> y.numpy().tolist(), slope.numpy().tolist()
    ([0.125, 0.5, 4.0], [0.5, -1.0, 2.0])
    """
    if func is None:
        return lambda function: vectorize(function, backend=backend)
    if not callable(func):
        raise ArgumentTypeError(f"vectorize takes a callable, not {short(func)}")
    return Vectorized(func, backend)


__all__ = ["Vectorized", "vectorize"]
