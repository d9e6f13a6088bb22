"""The tensor, and the one door through which every operation goes.

`apply` evaluates a primitive and tells the listeners. `call` is `apply` for arguments that may still have to become
tensors. Operators look their row up by name when they are first called, so this file stands before the vocabulary.

A tensor's value is a NumPy scalar (for rank 0) or an array that nobody writes to.
"""

from __future__ import annotations

from _thread import get_ident
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from . import errors
from .errors import retold, said
from .holder import Holder, leave, lines, show
from .listen import ACTIVE, Node, listeners
from .methods import ArrayMethods
from .spec import DType
from .values import QUIET, number, to_value, value_beside
from .vocabulary import Vocabulary

if TYPE_CHECKING:
    from .primitive import Primitive

ROWS: Vocabulary[Primitive] = Vocabulary()
"""The vocabulary: every row by its name."""

FUNCTIONS: Vocabulary[Any] = Vocabulary()
"""Composites by NumPy's name, as `ROWS` has the primitives; filled by the folder `ops`."""


NONE: dict[str, Any] = {}
_new = object.__new__


def apply(primitive: Primitive, inputs: tuple[Tensor, ...], params: Any = NONE) -> Any:
    """Evaluate a primitive on tensors, then tell the listeners, outermost first. The one door.

    One and two inputs without parameters, which most operations are, have a line of their own for speed.
    """
    try:
        if params:
            value = QUIET.run(primitive.value, *[x._value for x in inputs], **params)
        elif len(inputs) == 2:
            first, second = inputs
            value = QUIET.run(primitive.value, first._value, second._value)
        elif len(inputs) == 1:
            value = QUIET.run(primitive.value, inputs[0]._value)
        else:
            value = QUIET.run(primitive.value, *[x._value for x in inputs])
    except Exception as error:
        value = _retry(error, primitive, inputs, params)
    if type(value) is not tuple:
        result: Any = _new(Tensor)  # as `Tensor(value)`, without Python's detour to `__init__`
        result._value = value
        result._node = None
    else:
        result = tuple([Tensor(part) for part in value])
    active = ACTIVE.get()
    if active:
        if active[-1].home != get_ident():
            active = listeners()
        if len(active) == 1:
            active[0].hear(primitive, inputs, params, result, ())
        else:
            for position, listener in enumerate(active):
                listener.hear(primitive, inputs, params, result, active[:position])
    return result


def _retry(error: Exception, primitive: Primitive, inputs: tuple[Tensor, ...], params: dict[str, Any]) -> Any:
    """Evaluate again if the thread's quiet context was busy (a signal handler or finalizer), else explain."""
    if isinstance(error, RuntimeError) and "cannot enter context" in str(error):
        with np.errstate(all="ignore"):
            return primitive.value(*[x._value for x in inputs], **params)
    raise explained(error, primitive, [x._value for x in inputs], params) from None


def explained(error: Exception, primitive: Primitive, values: Sequence[Any], params: Any) -> Exception:
    """An error of NumPy in the words of the operation: its name, the dtypes and shapes, the parameters."""
    if getattr(error, "__notes__", None):  # told already, of an operation inside this one
        return error
    given = ", ".join(f"{x.dtype.name}{list(x.shape)}" for x in values)
    settings = "".join(f", {name}={value!r}" for name, value in params.items())
    return retold(error, f"{primitive.name}({given}{settings}): {said(error)}", errors.DtypeError)


def call(primitive: Primitive, *inputs: Any, **params: Any) -> Any:
    """Apply a primitive to tensors or to what can stand beside one (numbers, arrays, variables, lists)."""
    for x in inputs:
        if type(x) is not Tensor:
            return apply(primitive, tuple(beside(inputs)), params)
    return apply(primitive, inputs, params)


def as_tensor(obj: Any, dtype: Any = None) -> Tensor:
    """The object as a tensor: itself if it is one, a read of a variable, else a constant.

    A nested list with tensors in it is stacked, so that derivatives reach them.

    Raises:
        ValueError: if a tensor of another dtype is asked to change it (use `cast`).
        TypeError: if the object cannot become a tensor.
    """
    if type(obj) is not Tensor:
        read = getattr(type(obj), "_as_tensor", None)
        if read is not None:
            obj = read(obj)
        elif isinstance(obj, (list, tuple)) and _holds_tensors(obj):
            parts = beside(tuple([as_tensor(o) if isinstance(o, (list, tuple)) else o for o in obj]))
            obj = apply(ROWS["stack"], tuple(parts), {"axis": 0})
            return obj if dtype is None else FUNCTIONS["astype"](obj, dtype)  # type: ignore[no-any-return]
        else:
            return Tensor(to_value(obj, dtype))
    if dtype is not None and obj._value.dtype != dtype:
        raise errors.DtypeError(
            f"a tensor of dtype {obj._value.dtype.name} was given where {np.dtype(dtype).name} is asked for; "
            "use gt.cast to change its dtype"
        )
    return obj  # type: ignore[no-any-return]


def look(x: Any, operation: str) -> Any:
    """The value of x for an operation whose result has a shape or places that depend on it."""
    return leave(as_tensor(x), operation)


def decide(x: Any, question: Callable[[Any], Any]) -> Any:
    """The answer to a question about the value of x, by which a rule chooses its way; recordings guard it."""
    return question(leave(as_tensor(x), question))


def _holds_tensors(obj: Any) -> bool:
    """Whether there is a tensor or a variable anywhere in a nested list."""
    return any(
        _holds_tensors(part) if isinstance(part, (list, tuple)) else hasattr(type(part), "_as_tensor")
        for part in obj
    )


def beside(inputs: tuple[Any, ...]) -> list[Tensor]:
    """Make tensors of arguments that stand together: plain numbers and arrays take the tensors' dtype.

    Python floats beside integer tensors bring these to the default float.
    """
    tensors = [
        as_tensor(x)
        if hasattr(type(x), "_as_tensor") or (isinstance(x, (list, tuple)) and _holds_tensors(x))
        else None
        for x in inputs
    ]
    dtypes = [x._value.dtype for x in tensors if x is not None]
    if not dtypes:
        return [as_tensor(x) for x in inputs]
    dtype: DType = dtypes[0] if len(dtypes) == 1 else np.result_type(*dtypes)
    result, higher = [], dtype
    for given, tensor in zip(inputs, tensors, strict=True):
        if tensor is None:
            tensor = Tensor(value_beside(given, dtype))
            if dtype.kind in "biu" and tensor._value.dtype.kind in "fc":
                higher = tensor._value.dtype
        result.append(tensor)
    if higher is not dtype:
        result = [FUNCTIONS["astype"](x, higher) if x._value.dtype.kind in "iu" else x for x in result]
    return result


def _operator(name: str, reflected: bool = False) -> Callable[[Any, Any], Any]:
    """A binary operator over the row of this name; what cannot be an operand is left to the other side."""
    row: Any = None  # looked up once, with the first call

    def _operate(self: Any, other: Any) -> Any:
        nonlocal row
        if row is None:
            row = ROWS[name]
        kind = type(other)
        if type(self) is Tensor:
            if kind is not Tensor and (kind is float or kind is int):
                dtype = self._value.dtype
                if dtype.kind == "f":
                    other, kind = Tensor(number(dtype, other)), Tensor
            if kind is Tensor:
                return apply(row, (other, self) if reflected else (self, other))
        if other is None and name in ("equal", "not_equal"):
            return NotImplemented  # Python compares identities
        if hasattr(kind, "__array_ufunc__") and wraps_arrays(kind):
            return NotImplemented
        try:
            return call(row, other, self) if reflected else call(row, self, other)
        except errors.UnconvertibleError:
            # Then it is self, a text, that has no arithmetic; or an array, which would take a tensor off the tape.
            # A None is likely a derivative that there is none of, and our message can say why.
            if other is None or isinstance(other, (int, float, complex, np.ndarray)):
                raise
            return NotImplemented

    return _operate


def wraps_arrays(kind: type) -> bool:
    """Whether objects of a type with `__array_ufunc__` hold arrays of others and answer for them: xarray's, pint's.

    NumPy's arrays and scalars do not, nor do we; pandas makes NumPy arrays of what it is given, so we answer for it.
    """
    return not (
        hasattr(kind, "_as_tensor")
        or issubclass(kind, (np.ndarray, np.generic))
        or hasattr(kind, "__pandas_priority__")
    )


def _unary(name: str) -> Callable[[Any], Any]:
    """A unary operator over the row of this name."""

    def _operate(self: Any) -> Any:
        return call(ROWS[name], self)

    return _operate


class Operators(ArrayMethods):
    """Python's operators over the rows of the same meaning, for tensors and variables."""

    __slots__ = ()

    # NumPy arrays hand their operators over instead of taking a tensor apart entry by entry.
    __array_priority__ = 100.0
    __pandas_priority__ = 5000  # and so do those of pandas, whose own are 4000 at most

    __add__, __radd__ = _operator("add"), _operator("add", True)
    __sub__, __rsub__ = _operator("subtract"), _operator("subtract", True)
    __mul__, __rmul__ = _operator("multiply"), _operator("multiply", True)
    __truediv__, __rtruediv__ = _operator("divide"), _operator("divide", True)
    __floordiv__, __rfloordiv__ = _operator("floor_divide"), _operator("floor_divide", True)
    __mod__, __rmod__ = _operator("remainder"), _operator("remainder", True)
    __pow__, __rpow__ = _operator("power"), _operator("power", True)
    __and__, __rand__ = _operator("bitwise_and"), _operator("bitwise_and", True)
    __or__, __ror__ = _operator("bitwise_or"), _operator("bitwise_or", True)
    __xor__, __rxor__ = _operator("bitwise_xor"), _operator("bitwise_xor", True)
    __lt__, __le__ = _operator("less"), _operator("less_equal")
    __gt__, __ge__ = _operator("greater"), _operator("greater_equal")
    __eq__, __ne__ = _operator("equal"), _operator("not_equal")
    __neg__, __abs__, __invert__ = _unary("negative"), _unary("absolute"), _unary("invert")

    def __matmul__(self, other: Any) -> Any:
        return FUNCTIONS["matmul"](self, other)

    def __rmatmul__(self, other: Any) -> Any:
        return FUNCTIONS["matmul"](other, self)

    def __pos__(self) -> Tensor:
        return as_tensor(self)

    __hash__ = Holder.__hash__

    def astype(
        self, dtype: Any, order: Any = "K", casting: Any = "unsafe", subok: bool = True, copy: bool = True
    ) -> Tensor:
        """A tensor of another dtype, as `gt.cast`; `casting` as in NumPy.

        Raises:
            TypeError: where `casting` does not allow it.
        """
        if not np.can_cast(self.dtype, dtype, casting):
            raise errors.DtypeError(
                f"cannot cast a tensor of {self.dtype} to {np.dtype(dtype)} by the rule {casting!r}"
            )
        return FUNCTIONS["astype"](self, dtype)  # type: ignore[no-any-return]

    def copy(self, order: Any = "C") -> Tensor:
        """A tensor of the same value and history; tensors do not change, so nothing is copied."""
        return as_tensor(self)

    @property
    def T(self) -> Tensor:
        """The transpose: axes in reverse order."""
        return call(ROWS["transpose"], self, axes=tuple(range(self.ndim))[::-1])  # type: ignore[no-any-return]

    @property
    def mT(self) -> Tensor:
        """The transpose of stacks of matrices: the last two axes exchanged."""
        return FUNCTIONS["swapaxes"](self, -1, -2)  # type: ignore[no-any-return]

    @property
    def real(self) -> Tensor:
        """The real part."""
        return FUNCTIONS["real"](self)  # type: ignore[no-any-return]

    @property
    def imag(self) -> Tensor:
        """The imaginary part."""
        return FUNCTIONS["imag"](self)  # type: ignore[no-any-return]

    def __getitem__(self, index: Any) -> Tensor:
        return FUNCTIONS["getitem"](self, index)  # type: ignore[no-any-return]

    @property
    def at(self) -> Any:
        """`t.at[index].set(v)`, `.add(v)`, `.multiply(v)`, ...: a new tensor that differs at the index."""
        return FUNCTIONS["at"](self)

    def __iter__(self) -> Iterator[Tensor]:
        if self.ndim == 0:
            raise errors.ArgumentTypeError("a tensor of rank 0 cannot be iterated over")
        return (self[i] for i in range(len(self)))

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **settings: Any) -> Any:
        return FUNCTIONS["__array_ufunc__"](ufunc, method, inputs, settings)

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        return FUNCTIONS["__array_function__"](function, args, kwargs)

    def __array_namespace__(self, *, api_version: str | None = None) -> Any:
        """The module of the Python array API standard: `gradtape.array_api`."""
        return FUNCTIONS["__array_namespace__"](api_version)

    def to_device(self, device: Any, /, *, stream: Any = None) -> Tensor:
        """The tensor itself: there is one device, "cpu"; ValueError for any other."""
        if device != "cpu":
            raise errors.ChoiceError(
                f"to_device: tensors live in the processor's memory, 'cpu', not on {device!r}"
            )
        return as_tensor(self)


class Tensor(Operators):
    """An immutable array of numbers whose operations are recorded by the tapes that know it.

    Made by `constant`, `convert_to_tensor` and every operation; not by calling the class.

    >>> import gradtape as gt
    >>> x = gt.constant([1.0, 2.0])
    >>> x
    <Tensor: shape=(2,), dtype=float32, numpy=array([1., 2.], dtype=float32)>
    >>> print(x[0] + 1)
    Tensor(2.0, shape=(), dtype=float32)
    """

    __slots__ = ("__weakref__", "_node", "_value")

    def __init__(self, value: Any, node: Node | None = None) -> None:
        self._value = value
        self._node = node

    def _as_tensor(self) -> Tensor:
        return self

    @property
    def name(self) -> str:
        """Tensors have no names outside a graph."""
        raise AttributeError("Tensor.name has no meaning in eager execution; a Variable has a name")

    def __repr__(self) -> str:
        return f"<Tensor: shape={self.shape}, dtype={self.dtype.name}, numpy={show(self._value)}>"

    def __str__(self) -> str:
        return f"Tensor({lines(str(self._value))}, shape={self.shape}, dtype={self.dtype.name})"

    def __copy__(self) -> Tensor:
        return self

    def __deepcopy__(self, memo: Any) -> Tensor:
        return Tensor(self._value.copy())

    def __reduce__(self) -> Any:
        return Tensor, (self._value,)

    def __setitem__(self, index: Any, value: Any) -> None:
        raise errors.InPlaceError(
            "tensors do not change, so t[i] = v is not possible; write t = t.at[i].set(v), and t = t.at[i].add(v) for "
            "t[i] += v; or build the result with gt.where, gt.stack or gt.concat, or keep it in a gt.Variable and use "
            "v[i].assign(...)"
        )
