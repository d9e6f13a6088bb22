"""The array that the namespace deals in: a tensor that can be written to, by the standard's rules of dtypes.

A tensor does not change. An `Array` is a name for a tensor, and writing binds the name anew: after `a[i] = v` it stands
for the tensor `a.at[i].set(v)`. What was made of it before keeps the tensor that it was made of. So programs that fill
arrays run, each write is recorded as one operation, and no value that a tape relies on is overwritten.

`promoted` is where dtypes meet, `exported` is the door through which every function of the namespace answers.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from ..core.errors import UnconvertibleError
from ..core.further_errors import ArrayWriteError
from ..core.holder import show
from ..core.tensor import FUNCTIONS, ROWS, Operators, Tensor, apply, as_tensor, call, wraps_arrays
from ..core.values import to_value
from ..faces.updates import set_at
from ..ops.composite import astype

SCALARS = (bool, int, float, complex)


class Array(Tensor):
    """A tensor as the array API standard has it: `a[i] = v` and `a += v` change it, and dtypes promote.

    Made by the functions of `gradtape.array_api` and by operators on arrays; not by calling the class. It shares its
    values with the tensor that it was made of, and no write reaches that tensor.

    >>> import gradtape as gt
    >>> x = gt.constant([1.0, 2.0, 3.0])
    >>> with gt.GradientTape() as tape:
    ...     tape.watch(x)
    ...     y = gt.array_api.asarray(x)
    ...     y[0] = 5.0
    ...     y *= y
    >>> print(y, tape.gradient(y, x).numpy())
    Array([25.  4.  9.], shape=(3,), dtype=float32) [0. 4. 6.]
    """

    __slots__ = ()

    def _as_tensor(self) -> Tensor:
        return Tensor(self._value, self._node)

    def _become(self, tensor: Tensor) -> Array:
        """Stand for another tensor from now on."""
        self._value, self._node = tensor._value, tensor._node
        return self

    def __setitem__(self, index: Any, value: Any) -> None:
        given = value if type(value) in SCALARS else as_tensor(value)
        if isinstance(given, Tensor) and given._value.dtype != self._value.dtype:
            given = (
                astype(given, self._value.dtype)
                if np.can_cast(given.dtype, self.dtype, "same_kind")
                else given
            )
        self._become(set_at(self._as_tensor(), index, given))

    def __getitem__(self, index: Any) -> Array:
        return array(FUNCTIONS["getitem"](self._as_tensor(), index))  # type: ignore[no-any-return]

    @property
    def T(self) -> Array:
        """The transpose: axes in reverse order."""
        return array(super().T)  # type: ignore[no-any-return]

    @property
    def mT(self) -> Array:
        """The last two axes exchanged."""
        return array(super().mT)  # type: ignore[no-any-return]

    @property
    def real(self) -> Array:
        """The real part."""
        return array(super().real)  # type: ignore[no-any-return]

    @property
    def imag(self) -> Array:
        """The imaginary part."""
        return array(super().imag)  # type: ignore[no-any-return]

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **settings: Any) -> Any:
        return array(super().__array_ufunc__(ufunc, method, *inputs, **settings))

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        return array(super().__array_function__(function, types, args, kwargs))

    def astype(self, *args: Any, **settings: Any) -> Array:
        """An array of another dtype; the arguments are those of NumPy's method."""
        return array(super().astype(*args, **settings))  # type: ignore[no-any-return]

    def copy(self, order: Any = "C") -> Array:
        """Another array of the same values and history, which writes to this one do not reach."""
        return Array(self._value, self._node)

    def __copy__(self) -> Array:
        return self.copy()

    def __deepcopy__(self, memo: Any) -> Array:
        return Array(self._value.copy())

    def __reduce__(self) -> Any:
        return Array, (self._value,)

    def __repr__(self) -> str:
        return f"<Array: shape={self.shape}, dtype={self.dtype.name}, numpy={show(self._value)}>"

    def __str__(self) -> str:
        return super().__str__().replace("Tensor", "Array", 1)

    __hash__ = Operators.__hash__


def array(result: Any) -> Any:
    """What a function answers with, its tensors as arrays; tuples, also named ones, and lists keep their kind."""
    if isinstance(result, Tensor):
        tensor = result._as_tensor()
        return Array(tensor._value, tensor._node)
    if isinstance(result, tuple):
        parts = [array(part) for part in result]
        return type(result)(*parts) if hasattr(result, "_fields") else tuple(parts)
    return [array(part) for part in result] if isinstance(result, list) else result


def exported(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function with its results as arrays: how each function of the namespace is made."""

    @functools.wraps(function)
    def answer(*args: Any, **settings: Any) -> Any:
        return array(function(*args, **settings))

    return answer


def described(function: Callable[..., Any], name: str, text: str) -> Callable[..., Any]:
    """A function of the namespace that is made for a name, with the name and its docstring."""
    function.__name__ = function.__qualname__ = name
    function.__doc__ = text
    return exported(function)


def tensor_of(x: Any) -> Tensor:
    """A tensor of an array or of what stands for one; numbers of Python's in double precision, as the standard says."""
    if hasattr(type(x), "_as_tensor"):
        return as_tensor(x)
    if isinstance(x, SCALARS) and not isinstance(x, np.generic):
        return Tensor(np.asarray(x)[()])
    return Tensor(to_value(x, None if isinstance(x, (np.ndarray, np.generic)) else np.asarray(x).dtype))


def common_dtype(*xs: Any) -> Any:
    """The dtype of arrays, dtypes and Python's numbers together; a number alone has no say within its kind.

    Kinds that the standard leaves undefined together (integers and floats) meet as in NumPy.
    """
    return np.result_type(*(x if type(x) in SCALARS or isinstance(x, np.dtype) else _dtype_of(x) for x in xs))


def _dtype_of(x: Any) -> Any:
    return x._value.dtype if hasattr(type(x), "_as_tensor") else np.asarray(x).dtype


def promoted(*xs: Any) -> list[Tensor]:
    """Tensors of one dtype, that which the standard's promotion gives."""
    wanted = common_dtype(*xs)
    if wanted.kind not in "biufc":
        raise UnconvertibleError(f"arrays hold numbers and truth values, not {wanted}")
    return [
        Tensor(np.asarray(x, wanted)[()]) if type(x) in SCALARS else astype(tensor_of(x), wanted) for x in xs
    ]


def _operator(name: str, reflected: bool = False) -> Callable[[Any, Any], Any]:
    """A binary operator over the row of this name."""

    def operator(self: Array, other: Any) -> Any:
        kind = type(other)
        if other is None or (hasattr(kind, "__array_ufunc__") and wraps_arrays(kind)):
            return NotImplemented
        try:
            given = promoted(other, self) if reflected else promoted(self, other)
        except UnconvertibleError:
            return NotImplemented
        return array(FUNCTIONS["matmul"](*given) if name == "matmul" else apply(ROWS[name], tuple(given)))

    return operator


def _in_place(name: str) -> Callable[[Any, Any], Any]:
    """The operator that binds its left side anew, whose shape and dtype stay."""
    plain = _operator(name)

    def operator(self: Array, other: Any) -> Any:
        result = plain(self, other)
        if result is NotImplemented:
            return result
        if result._value.shape != self._value.shape:
            raise ArrayWriteError(
                f"{name} in place: the result has the shape {result.shape}, the array {self.shape}; "
                "write a = a ... b"
            )
        if not np.can_cast(result.dtype, self.dtype, "same_kind"):
            raise ArrayWriteError(
                f"{name} in place: the result is {result.dtype.name} and the array {self.dtype.name}; write a = a ... b"
            )
        return self._become(astype(result, self.dtype))

    return operator


def _unary(name: str) -> Callable[[Any], Any]:
    return lambda self: array(call(ROWS[name], self))


_BINARY = {
    "add": "add",
    "sub": "subtract",
    "mul": "multiply",
    "truediv": "divide",
    "floordiv": "floor_divide",
    "mod": "remainder",
    "pow": "power",
    "matmul": "matmul",
    "and": "bitwise_and",
    "or": "bitwise_or",
    "xor": "bitwise_xor",
    "lshift": "left_shift",
    "rshift": "right_shift",
}
_COMPARED = {
    "lt": "less",
    "le": "less_equal",
    "gt": "greater",
    "ge": "greater_equal",
    "eq": "equal",
    "ne": "not_equal",
}
_ALONE = {"neg": "negative", "pos": "identity", "abs": "absolute", "invert": "invert"}

for _python, _row in _BINARY.items():
    setattr(Array, f"__{_python}__", _operator(_row))
    setattr(Array, f"__r{_python}__", _operator(_row, reflected=True))
    setattr(Array, f"__i{_python}__", _in_place(_row))
for _python, _row in _COMPARED.items():
    setattr(Array, f"__{_python}__", _operator(_row))
for _python, _row in _ALONE.items():
    setattr(Array, f"__{_python}__", _unary(_row))
