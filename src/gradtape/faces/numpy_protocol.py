"""NumPy's functions on our tensors: a name leads to a row or a composite of that name, and is recorded.

A function without a rule is computed on the plain values if no tensor among the arguments is followed by anybody;
otherwise it raises an error that names it, so that a derivative never gets lost in silence.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from ..core.tensor import FUNCTIONS, ROWS, as_tensor, call, look
from ..ops import composite
from ..ops.fourier import FUNCTIONS_FFT
from ..ops.matrices import FUNCTIONS_LINALG


def array_ufunc(ufunc: Any, method: str, inputs: tuple[Any, ...], settings: dict[str, Any]) -> Any:
    """Answer `np.sin(t)`, `np.add.reduce(t)` and the like."""
    if settings.get("out") is not None:
        raise TypeError(
            f"np.{ufunc.__name__}: out= cannot receive a tensor's result; use the returned tensor"
        )
    if method == "reduce" and ufunc.__name__ in _REDUCE:
        return _REDUCE[ufunc.__name__](inputs[0], **{"axis": 0, **settings})
    function = _found(ufunc.__name__)
    if method == "__call__" and function is not None and not settings:
        return function(*inputs)
    if any(_followed(x) for x in inputs):
        what = f"np.{ufunc.__name__}" + ("" if method == "__call__" else f".{method}")
        raise TypeError(_no_rule(what, settings))
    return getattr(ufunc, method)(*(_plain(x) for x in inputs), **settings)


def array_function(function: Any, args: Any, kwargs: Any) -> Any:
    """Answer `np.sum(t)`, `np.concatenate([t, u])`, `np.linalg.norm(t)` and the like."""
    room = _ROOMS.get(function.__module__)
    ours = _found(function.__name__) if room is None else room.get(function.__name__)
    if ours is not None:
        return ours(*args, **kwargs)
    if any(_followed(x) for x in _leaves((args, kwargs))):
        raise TypeError(_no_rule(f"{function.__module__}.{function.__name__}", {}))
    return function(*_map(args), **_map(kwargs))


def _found(name: str) -> Callable[..., Any] | None:
    function = FUNCTIONS.get(name)
    if function is not None:
        return function  # type: ignore[no-any-return]
    row = ROWS.get(name)
    return None if row is None or name in _INNER else lambda *xs: call(row, *xs)


# Rows whose parameters are not those of NumPy's function of the same name; a composite stands before each.
_INNER = frozenset(
    {"sum", "any", "all", "take", "stack", "concatenate", "einsum", "norm", "max", "min", "item"}
)

_REDUCE: dict[str, Callable[..., Any]] = {
    "add": composite.sum,
    "multiply": composite.prod,
    "maximum": composite.max,
    "minimum": composite.min,
}


# NumPy's modules with names of their own.
_ROOMS = {"numpy.linalg": FUNCTIONS_LINALG, "numpy.fft": FUNCTIONS_FFT}


def _no_rule(what: str, settings: dict[str, Any]) -> str:
    extra = f" with {', '.join(settings)}" if settings else ""
    return (
        f"{what}{extra} has no derivative here, and a tensor given to it is recorded. Use a gradtape function in its "
        "place, take t.numpy() or gt.stop_gradient(t) first to leave the tape on purpose, or give it a rule with "
        "gt.register_primitive"
    )


def _leaves(obj: Any) -> Iterator[Any]:
    if isinstance(obj, dict):
        obj = tuple(obj.values())
    if isinstance(obj, (list, tuple)):
        for part in obj:
            yield from _leaves(part)
    else:
        yield obj


def _followed(x: Any) -> bool:
    """Whether some listener follows the tensor or variable."""
    return hasattr(type(x), "_as_tensor") and (node := as_tensor(x)._node) is not None and bool(node.notes())


def _plain(x: Any) -> Any:
    return look(x, "a NumPy function without a rule") if hasattr(type(x), "_as_tensor") else x


def _map(obj: Any) -> Any:
    if isinstance(obj, dict):
        return {key: _map(value) for key, value in obj.items()}
    if isinstance(obj, (list, tuple)):
        return type(obj)(_map(part) for part in obj)
    return _plain(obj)


FUNCTIONS["__array_ufunc__"] = array_ufunc
FUNCTIONS["__array_function__"] = array_function
