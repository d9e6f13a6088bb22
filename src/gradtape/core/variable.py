"""The variable: a value that can be replaced, is watched by itself, and is one and the same for every read."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from . import errors
from .holder import show
from .listen import Node, listeners, paused, spec_of
from .naming import scoped
from .primitive import Kind, Primitive, Rule
from .spec import DType, Spec, TensorShape, broadcast_shapes
from .tensor import ROWS, Operators, Tensor, apply, as_tensor
from .values import to_value

_CREATED = itertools.count()


class Variable(Operators):
    """A tensor-valued cell. Reading a trainable one while a tape records makes the tape watch it.

    Assignments put a new value in place; what was recorded before keeps the old one, and no derivative flows to the
    value assigned.

    Args:
        initial_value: number, nested list, array or tensor, or a function without arguments that gives one.
        trainable: whether tapes watch it by themselves. Default: True.
        name: shown as `name:0`, after the prefix of a `name_scope`.
        dtype: default: that of the value, float32 for Python floats, int32 for Python ints.
        shape: what later values must fit; an axis of None fits every size. Default: the shape of the value.

    Raises:
        ValueError: if the value does not fit `shape` or `dtype`.

    >>> import gradtape as gt
    >>> v = gt.Variable(3.0, name="v")
    >>> with gt.GradientTape() as tape:
    ...     y = v * v
    >>> print(tape.gradient(y, v))
    Tensor(6.0, shape=(), dtype=float32)
    >>> v.assign_add(1.0)
    <Variable 'v:0' shape=() dtype=float32, numpy=4.0>
    """

    __slots__ = ("__dict__", "__weakref__", "_fits", "_name", "_node", "_serial", "_trainable", "_value")

    def __init__(
        self,
        initial_value: Any = None,
        trainable: bool | None = None,
        validate_shape: bool = True,
        caching_device: Any = None,
        name: str | None = None,
        variable_def: Any = None,
        dtype: Any = None,
        import_scope: Any = None,
        constraint: Any = None,
        synchronization: Any = None,
        aggregation: Any = None,
        shape: Any = None,
    ) -> None:
        if initial_value is None:
            raise errors.InvalidArgumentError(
                "a Variable needs an initial value: gt.Variable(0.0), gt.Variable(gt.zeros((2, 3)))"
            )
        value = initial_value() if callable(initial_value) else initial_value
        self._value: Any = _value_of(value, dtype)
        self._node: Node | None = None
        self._serial = next(_CREATED)
        self._name = scoped(f"{name or 'Variable'}:0")
        self._trainable = True if trainable is None else bool(trainable)
        self.constraint = constraint
        self._fits: tuple[int | None, ...] | None = self._value.shape if validate_shape else None
        if shape is not None:
            self._fits = tuple(None if n is None else int(n) for n in shape)
        self._check_shape(self._value)
        for listener in listeners():
            listener.hear_write(self, None)

    # reading

    def _as_tensor(self) -> Tensor:
        tensor = Tensor(self._value)
        for listener in listeners():
            listener.hear_read(self, tensor)
        tensor._node = self._node
        return tensor

    def value(self) -> Tensor:
        """The present value as a tensor; a read, which tapes notice."""
        return self._as_tensor()

    read_value = value

    def __getitem__(self, index: Any) -> Any:
        part = super().__getitem__(index)
        return VariableSlice(part, self, index)

    @property
    def name(self) -> str:
        """The name with its suffix, `v:0`."""
        return self._name

    @property
    def trainable(self) -> bool:
        """Whether tapes watch it by themselves; settled when it is made."""
        return self._trainable

    @property
    def handle(self) -> Variable:
        """The variable itself: there is no separate resource."""
        return self

    # writing

    def assign(
        self, value: Any, use_locking: bool = False, name: str | None = None, read_value: bool = True
    ) -> Variable:
        """Replace the value by one of the same shape and dtype; returns the variable.

        Raises:
            ValueError: if shape or dtype differ; the old value stays.
        """
        given = self._given(value)
        return self._put(given, given)

    def assign_add(
        self, delta: Any, use_locking: bool = False, name: str | None = None, read_value: bool = True
    ) -> Variable:
        """Add to the value; returns the variable."""
        given = self._operand(delta)
        return self._put(_unheard(ROWS["add"], self, given), given)

    def assign_sub(
        self, delta: Any, use_locking: bool = False, name: str | None = None, read_value: bool = True
    ) -> Variable:
        """Subtract from the value; returns the variable."""
        given = self._operand(delta)
        return self._put(_unheard(ROWS["subtract"], self, given), given)

    def _given(self, value: Any) -> Tensor:
        """What is to be put in, as a tensor of the variable's dtype."""
        return as_tensor(value, self.dtype)

    def _operand(self, delta: Any) -> Tensor:
        tensor = self._given(delta)
        if tensor._value.shape != self._value.shape:
            raise errors.ShapeError(
                f"{self._name} has shape {self.shape} and cannot be changed by a value of shape {tensor.shape}: "
                "gt.broadcast_to it first"
            )
        return tensor

    def _put(self, tensor: Tensor, given: Tensor) -> Variable:
        for listener in listeners():
            listener.hear_ahead(self)
        self._set(tensor._value)
        for listener in listeners():
            listener.hear_write(self, tensor, given)
        return self

    def _set(self, value: Any) -> None:
        """Put a value in place that nobody else writes to."""
        self._check_shape(value)
        self._value = value
        if self._node is not None and self._node.shape != value.shape:
            self._node.spec = spec_of(value)

    def _check_shape(self, value: Any) -> None:
        fits, shape = self._fits, value.shape
        if fits is None:
            return
        if len(fits) != len(shape) or any(m not in (n, None) for n, m in zip(shape, fits, strict=True)):
            raise errors.ShapeError(
                f"{self._name} has shape {TensorShape(fits)} and cannot take a value of shape "  # type: ignore[arg-type]
                f"{TensorShape(shape)}; gt.reshape it, or make the variable with shape=(None, ...)"
            )

    def _write(self, index: Any, value: Any, function: Any = None) -> Variable:
        """Replace entries (or combine them with a NumPy function) in a copy, then put the copy in place."""
        given = self._given(value)
        return self._put(_unheard(WRITE, self, given, index=index, function=function), given)

    def _nd_index(self, indices: Any) -> Any:
        return tuple(np.moveaxis(np.asarray(indices), -1, 0))

    def scatter_nd_update(self, indices: Any, updates: Any, name: str | None = None) -> Variable:
        """Replace the entries at `indices` (last axis: coordinates); returns the variable."""
        return self._write(self._nd_index(indices), updates)

    def scatter_nd_add(self, indices: Any, updates: Any, name: str | None = None) -> Variable:
        """Add to the entries at `indices`; repeated ones add up."""
        return self._write(self._nd_index(indices), updates, np.add)

    def scatter_nd_sub(self, indices: Any, updates: Any, name: str | None = None) -> Variable:
        """Subtract from the entries at `indices`."""
        return self._write(self._nd_index(indices), updates, np.subtract)

    def scatter_update(
        self, sparse_delta: Any, use_locking: bool = False, name: str | None = None
    ) -> Variable:
        """Replace the rows that an `IndexedSlices` names."""
        return self._write(np.asarray(sparse_delta.indices), sparse_delta.values)

    def scatter_add(self, sparse_delta: Any, use_locking: bool = False, name: str | None = None) -> Variable:
        """Add the rows of an `IndexedSlices`."""
        return self._write(np.asarray(sparse_delta.indices), sparse_delta.values, np.add)

    def scatter_sub(self, sparse_delta: Any, use_locking: bool = False, name: str | None = None) -> Variable:
        """Subtract the rows of an `IndexedSlices`."""
        return self._write(np.asarray(sparse_delta.indices), sparse_delta.values, np.subtract)

    def scatter_mul(self, sparse_delta: Any, use_locking: bool = False, name: str | None = None) -> Variable:
        """Multiply by the rows of an `IndexedSlices`."""
        return self._write(np.asarray(sparse_delta.indices), sparse_delta.values, np.multiply)

    def scatter_div(self, sparse_delta: Any, use_locking: bool = False, name: str | None = None) -> Variable:
        """Divide by the rows of an `IndexedSlices`."""
        return self._write(np.asarray(sparse_delta.indices), sparse_delta.values, np.divide)

    def scatter_max(self, sparse_delta: Any, use_locking: bool = False, name: str | None = None) -> Variable:
        """Keep the larger of each entry and that of the rows of an `IndexedSlices`."""
        return self._write(np.asarray(sparse_delta.indices), sparse_delta.values, np.maximum)

    def scatter_min(self, sparse_delta: Any, use_locking: bool = False, name: str | None = None) -> Variable:
        """Keep the smaller of each entry and that of the rows of an `IndexedSlices`."""
        return self._write(np.asarray(sparse_delta.indices), sparse_delta.values, np.minimum)

    def _no_in_place(self, other: Any) -> Any:
        raise errors.InPlaceError(
            f"Variable {self._name} does not support in-place operators: write v.assign_add(x) for v += x, "
            "v.assign_sub(x) for v -= x, v.assign(v * x) for v *= x"
        )

    # The others fall back to `v = v // x`, which makes a tensor, as in TensorFlow.
    __iadd__ = __isub__ = __imul__ = __itruediv__ = __ipow__ = _no_in_place

    def __setitem__(self, index: Any, value: Any) -> None:
        raise errors.InPlaceError(
            f"Variable {self._name} does not support item assignment: write v[i].assign(value)"
        )

    def __repr__(self) -> str:
        return (
            f"<Variable '{self._name}' shape={self.shape} dtype={self.dtype.name}, numpy={show(self._value)}>"
        )

    __str__ = __repr__
    __hash__ = Operators.__hash__

    def __copy__(self) -> Variable:
        return self.__deepcopy__({})

    def __deepcopy__(self, memo: Any) -> Variable:
        return _remade(np.array(self._value), self.trainable, self._fits, self._name)

    def __reduce__(self) -> Any:
        # Values travel, tapes never do.
        return _remade, (self._value, self.trainable, self._fits, self._name)


def _remade(value: Any, trainable: bool, fits: tuple[int | None, ...] | None, name: str) -> Variable:
    """A copy of a variable, under its whole name whatever the scope."""
    variable = Variable(value, trainable, validate_shape=fits is not None, shape=fits)
    variable._name = name
    return variable


class VariableSlice(Tensor):
    """Some entries of a variable: a tensor that can also be assigned to."""

    __slots__ = ("_index", "_variable")

    def __init__(self, part: Tensor, variable: Variable, index: Any) -> None:
        super().__init__(part._value, part._node)
        self._variable = variable
        self._index = index

    def _as_tensor(self) -> Tensor:
        return Tensor(self._value, self._node)

    def assign(self, value: Any) -> Variable:
        """Replace these entries; returns the variable."""
        return self._variable._write(self._index, value)

    def assign_add(self, value: Any) -> Variable:
        """Add to these entries; returns the variable."""
        return self._variable._write(self._index, value, np.add)

    def assign_sub(self, value: Any) -> Variable:
        """Subtract from these entries; returns the variable."""
        return self._variable._write(self._index, value, np.subtract)


def _value_of(value: Any, dtype: DType | Any) -> Any:
    """A fresh NumPy value of a number, array, tensor or variable."""
    return as_tensor(value, dtype)._value if hasattr(type(value), "_as_tensor") else to_value(value, dtype)


def _written(x: Any, given: Any, *, index: Any, function: Any) -> Any:
    """A copy of x with some entries replaced, or combined with the given ones by a NumPy function."""
    array = np.array(x)
    if broadcast_shapes(given.shape, array[index].shape) != array[index].shape:
        raise errors.ShapeError(
            f"entries of shape {array[index].shape} cannot take a value of shape {given.shape}"
        )
    if function is None:
        array[index] = given
    else:
        function.at(array, index, given)
    return array[()]


WRITE = Primitive("write", Kind.CONSTANT, _written, None, (None, None))

READ = Primitive(
    "read",
    Kind.TANGENT,
    lambda _x, value: value,
    lambda _x, value: Spec(tuple(value.shape), value.dtype),
    (Rule(lambda g, _y, _x, _value: g, lambda dx, _y, _x, _value: dx), None),
    pointwise=True,
    element=lambda _e, _x, value: value,
)
"""What a variable holds behind an assignment, as recordings have it: the value is that of the second argument, the
derivative that of the first, which is the variable itself; none reaches what was assigned."""


def _unheard(primitive: Primitive, variable: Variable, operand: Tensor, **params: Any) -> Tensor:
    """A new value for a variable, heard by recordings and batches alone: assignments are not differentiable."""
    with paused(tuple([listener for listener in listeners() if listener.replays or listener.stands])):
        return apply(primitive, (as_tensor(variable), operand), params)  # type: ignore[no-any-return]
