"""NumPy's two protocols: how `np.sin(t)` and `np.sum(t)` find what they mean on a tensor, and are recorded.

A name leads to a function of the files `numpy_*.py`, else to a composite, else to a row. `numpy_words.py` says which
functions have no derivative by nature and which are refused. A function without a word is computed on the plain
values if nobody follows a tensor among the arguments; otherwise it raises an error that names it, so that a derivative
never gets lost in silence.

The methods of ufuncs that are no `__call__` are in `ufunc_methods.py`.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from ..core.errors import ArgumentTypeError
from ..core.further_errors import InPlaceError, UncoveredError
from ..core.tensor import FUNCTIONS, ROWS, Tensor, as_tensor, call, look, wraps_arrays
from ..ops.composite import astype
from . import (
    numpy_arrays,
    numpy_elementwise,
    numpy_numerical,
    numpy_polynomials,
    numpy_reductions,
    numpy_statistics,
)
from .numpy_names import NAMES, SCIPY
from .numpy_words import MAKERS, PLAIN, REFUSED, WRITERS
from .scipy_words import LACKING
from .ufunc_methods import METHODS

ENTERED = (
    numpy_arrays,
    numpy_elementwise,
    numpy_numerical,
    numpy_polynomials,
    numpy_reductions,
    numpy_statistics,
)
"""The files whose functions `NAMES` holds."""

SCIPY.files = tuple(
    f"{__package__}.scipy_{file}" for file in ("distributions", "functions", "special", "stats")
)

# Rows whose parameters are not those of NumPy's function of the same name.
_INNER = frozenset(
    {"concatenate", "convolve", "einsum", "identity", "max", "min", "norm", "stack", "sum", "take"}
)
# Settings of a ufunc that change nothing, at these values, on tensors.
_DEFAULTS = {"where": (True,), "casting": ("same_kind",), "order": ("K", "C"), "subok": (True, False)}
# Ufuncs of NumPy's own that functions of the same name are made of: np.clip, and from NumPy 2.5 on np.real and np.imag.
_WITHIN = frozenset({"clip", "imag", "real"})
_UFUNCS: dict[Any, Callable[..., Any] | None] = {}


def full_name(function: Any) -> str:
    """NumPy's name of an array function, with its room unless that is NumPy's own."""
    room = (function.__module__ or "").removeprefix("numpy").removeprefix(".")
    return f"{room}.{function.__name__}" if room else str(function.__name__)


def function_for(function: Any) -> Callable[..., Any] | None:
    """What an array function of NumPy's is on tensors; None if it has no derivative or is not covered."""
    return function_named(full_name(function))


def function_named(name: str) -> Callable[..., Any] | None:
    """What the array function of a name (`full_name`) is on tensors; None if it has no derivative or is not covered."""
    if name in NAMES:
        return NAMES[name]
    if "." in name:
        return FUNCTIONS.find(name) if name.startswith(("linalg.", "fft.")) else None
    return None if name in PLAIN or name in MAKERS or name in REFUSED else _found(name)


def ufunc_for(ufunc: Any) -> Callable[..., Any] | None:
    """What a ufunc of NumPy's or SciPy's is on tensors; None if it has no derivative or is not covered.

    A ufunc of somebody else that has the same name is not taken for it.
    """
    if ufunc not in _UFUNCS:
        _UFUNCS[ufunc] = _ufunc_found(ufunc)
    return _UFUNCS[ufunc]


def _ufunc_found(ufunc: Any) -> Callable[..., Any] | None:
    name = ufunc.__name__
    if getattr(np, name, None) is ufunc or name in _WITHIN:
        return NAMES.get(name) or (None if name in PLAIN else _found(name))
    if name == "_ones_like":  # what np.ones_like is made of
        return FUNCTIONS["ones_like"]  # type: ignore[no-any-return]
    return SCIPY.find(name) or _found(name) if _of_scipy(ufunc) else None


def _of_scipy(ufunc: Any) -> bool:
    """Whether a ufunc is one of SciPy's special functions, or of those that `scipy.stats` calls."""
    name = ufunc.__name__
    rooms = (sys.modules.get("scipy.special"), sys.modules.get("scipy.special._ufuncs"))
    # With SCIPY_ARRAY_API=1 SciPy puts a function in front of each ufunc.
    return any(inspect.unwrap(getattr(room, name, len)) is ufunc for room in rooms)


def _found(name: str) -> Callable[..., Any] | None:
    if name not in FUNCTIONS and name not in ROWS:
        ROWS.load()
    function = FUNCTIONS.get(name)
    if function is not None:
        return function  # type: ignore[no-any-return]
    row = ROWS.get(name)
    return None if row is None or name in _INNER else lambda *xs: call(row, *xs)


def array_ufunc(ufunc: Any, method: str, inputs: tuple[Any, ...], settings: dict[str, Any]) -> Any:
    """Answer `np.sin(t)`, `np.add.reduce(t)` and the like."""
    if any(hasattr(type(x), "__array_ufunc__") and wraps_arrays(type(x)) for x in inputs):
        return NotImplemented
    special = _of_scipy(ufunc)
    name = "scipy.special." * special + "np." * (getattr(np, ufunc.__name__, None) is ufunc) + ufunc.__name__
    name += "" if method == "__call__" else f".{method}"
    if _given(settings.get("out")):
        raise InPlaceError(_NO_OUT.format(name))
    if method == "at":
        raise InPlaceError(
            f"{name} writes into its argument, and tensors do not change; use the tensor that "
            f"t.at[indices].{_UPDATES.get(ufunc.__name__, 'set')}(values) returns"
        )
    function = ufunc_for(ufunc)
    settings = {k: v for k, v in settings.items() if k != "out" and not _default(k, v, method)}
    if function is not None:
        if method != "__call__":
            return METHODS[method](ufunc, function, inputs, settings)
        if not settings:
            return function(*inputs)
        if set(settings) == {"dtype"} and settings["dtype"] is not None:
            return function(*(astype(x, settings["dtype"]) for x in inputs))
    if (special or ufunc.__name__ not in PLAIN) and any(is_followed(x) for x in inputs):
        if "where" in settings:
            raise UncoveredError(
                f"{name}: where= leaves entries of the result undefined; use np.where(mask, {name}(...), other)"
            )
        if special and ufunc.__name__ in LACKING:
            why = f"{name} on a tensor that is recorded: {LACKING[ufunc.__name__]}"
            raise UncoveredError(why)
        raise UncoveredError(_no_rule(name, settings))
    return getattr(ufunc, method)(*(_plain(x) for x in inputs), **settings)


def _default(key: str, value: Any, method: str) -> bool:
    """Whether a setting asks for nothing that is not done anyway."""
    if method != "__call__" and key == "where":
        return value is True
    return key in _DEFAULTS and any(
        value is wanted or value == wanted for wanted in _DEFAULTS[key] if np.ndim(value) == 0
    )


def array_function(function: Any, args: Any, kwargs: Any) -> Any:
    """Answer `np.sum(t)`, `np.concatenate([t, u])`, `np.linalg.norm(t)`, `np.ones(3, like=t)` and the like."""
    ours, name = function_for(function), full_name(function)
    if ours is not None:
        if _given(kwargs.get("out")) or _given_by_place(ours, args):
            raise InPlaceError(_NO_OUT.format(f"np.{name}"))
        try:
            return ours(*args, **kwargs)
        except TypeError as error:
            raise _explained(error, ours, name, args, kwargs) from None
    if name in MAKERS:
        return _made(function, args, kwargs)
    followed = any(is_followed(x) for x in leaves((args, kwargs)))
    if name in REFUSED and (
        followed or (name in WRITERS and hasattr(type(next(iter((*args, *kwargs.values())))), "_as_tensor"))
    ):
        raise UncoveredError(
            f"np.{name} on a tensor{' that is recorded' * (name not in WRITERS)}: {REFUSED[name]}"
        )
    if name not in PLAIN and followed:
        raise UncoveredError(_no_rule(f"np.{name}", {}))
    if _given(kwargs.get("out")):
        raise InPlaceError(_NO_OUT.format(f"np.{name}"))
    return function(*_map(args), **_map(kwargs))


def _made(function: Any, args: Any, kwargs: Any) -> Any:
    """What a function that makes arrays makes with `like=` a tensor: a tensor, of tensors if there are any."""
    if function.__name__ in (
        "array",
        "asarray",
        "asanyarray",
        "ascontiguousarray",
        "asfortranarray",
        "require",
    ):
        source, dtype = args[0], (args[1] if len(args) > 1 else kwargs.get("dtype"))
        if any(hasattr(type(x), "_as_tensor") for x in leaves(source)):
            y = as_tensor(source)
            return y if dtype is None else astype(y, dtype)
    if function.__name__ == "full" and hasattr(
        type(args[1] if len(args) > 1 else kwargs["fill_value"]), "_as_tensor"
    ):
        settings = dict(zip(("shape", "fill_value", "dtype"), args, strict=False)) | kwargs
        return numpy_arrays.full_like(
            settings["fill_value"], settings["fill_value"], settings.get("dtype"), shape=settings["shape"]
        )
    return Tensor(function(*_map(args), **_map(kwargs))[()])


_NO_OUT = (
    "{}: out= cannot receive a tensor's result, as that would leave the tape; use the tensor that is returned"
)
_UPDATES = {
    "add": "add",
    "subtract": "subtract",
    "multiply": "multiply",
    "divide": "divide",
    "minimum": "min",
    "maximum": "max",
}


def _given(out: Any) -> bool:
    return any(x is not None for x in out) if isinstance(out, tuple) else out is not None


def _given_by_place(function: Callable[..., Any], args: Any) -> bool:
    """Whether `out` was given without its name; looked up only where there are several arguments."""
    if len(args) < 2:
        return False
    names = getattr(getattr(function, "__code__", None), "co_varnames", ())
    return "out" in names[: len(args)] and args[names.index("out")] is not None


def _explained(error: TypeError, ours: Any, name: str, args: Any, kwargs: Any) -> TypeError:
    """The error, in words of NumPy's function where the arguments were not understood."""
    try:
        signature = inspect.signature(ours)
    except ValueError:
        return error
    try:
        signature.bind(*args, **kwargs)
    except TypeError as why:
        return ArgumentTypeError(f"np.{name} on a tensor: {why}; it takes {signature_text(signature)}")
    return error


def signature_text(signature: inspect.Signature) -> str:
    """The names of the arguments."""
    return ", ".join(p.name for p in signature.parameters.values())


def _no_rule(what: str, settings: dict[str, Any]) -> str:
    extra = f" with {', '.join(settings)}" if settings else ""
    return (
        f"{what}{extra} has no derivative here, and a tensor given to it is recorded. Use a gradtape function in its "
        "place, take t.numpy() or gt.stop_gradient(t) first to leave the tape on purpose, or give it a rule with "
        "gt.register_primitive"
    )


def leaves(obj: Any) -> Iterator[Any]:
    """The entries of nested lists, tuples and dictionaries."""
    if isinstance(obj, dict):
        obj = tuple(obj.values())
    if isinstance(obj, (list, tuple)):
        for part in obj:
            yield from leaves(part)
    else:
        yield obj


def is_followed(x: Any) -> bool:
    """Whether some listener follows the tensor or variable."""
    return hasattr(type(x), "_as_tensor") and (node := as_tensor(x)._node) is not None and bool(node.notes())


def _plain(x: Any) -> Any:
    """A tensor's values, which cannot be written to; anything else as it is."""
    if not hasattr(type(x), "_as_tensor"):
        return x
    value = look(x, "a NumPy function without a rule")
    if isinstance(value, np.ndarray):
        value = value.view()
        value.flags.writeable = False
    return value


def _map(obj: Any) -> Any:
    if isinstance(obj, dict):
        return {key: _map(value) for key, value in obj.items()}
    if isinstance(obj, (list, tuple)):
        return type(obj)(_map(part) for part in obj)
    return _plain(obj)


FUNCTIONS["__array_ufunc__"] = array_ufunc
FUNCTIONS["__array_function__"] = array_function
