"""Names of TensorFlow's graph mode, with their meaning in a library that evaluates at once."""

from __future__ import annotations

import builtins
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

from ..core.errors import ArgumentTypeError
from ..core.further_errors import StructureError, UncoveredError
from ..core.spec import as_dtype
from ..core.tensor import as_tensor
from ..loops.choice import may_differ
from ..ops.linear import identity


def executing_eagerly() -> bool:
    """Always True: operations are evaluated at once."""
    return True


def gradients(ys: Any, xs: Any, *arguments: Any, **options: Any) -> Any:
    """Graph mode's way to ask for derivatives; always an error here, as in eager TensorFlow.

    Raises:
        RuntimeError: always; use `GradientTape.gradient`.
    """
    raise UncoveredError(
        "tf.gradients is not supported when eager execution is enabled. Use tf.GradientTape instead."
    )


def hessians(ys: Any, xs: Any, *arguments: Any, **options: Any) -> Any:
    """Graph mode's way to ask for Hessians; always an error here, as in eager TensorFlow.

    Raises:
        RuntimeError: always; take `GradientTape.jacobian` of a gradient.
    """
    raise UncoveredError(
        "tf.hessians is not supported when eager execution is enabled. Use nested tf.GradientTape."
    )


class control_dependencies(nullcontext[None]):
    """A context whose operations wait for others: here each is done when its line is reached, so nothing changes.

    >>> import gradtape as gt
    >>> v = gt.Variable(1.0)
    >>> with gt.control_dependencies([v.assign(5.0)]):
    ...     print((v + 1.0).numpy())
    6.0
    """

    def __init__(self, control_inputs: Any) -> None:
        for each in control_inputs or ():
            if callable(each) and not hasattr(type(each), "_as_tensor"):
                each()  # as in eager TensorFlow
        super().__init__()


class init_scope(nullcontext[None]):
    """A context for what is made once, such as variables; here it changes nothing."""

    def __init__(self) -> None:
        super().__init__()


def group(*inputs: Any, **kwargs: Any) -> None:
    """One name for several operations in a graph; here they have been done already."""


def no_op(name: str | None = None) -> None:
    """Does nothing."""


def tuple(tensors: Any, control_inputs: Any = None, name: str | None = None) -> list[Any]:
    """The tensors in a list, each a new one; None stays."""
    return [None if x is None else identity(x) for x in tensors]


def get_static_value(tensor: Any, partial: bool = False) -> Any:
    """The value as a NumPy array where it is the same in every run; None for what depends on an input of a recording.

    >>> import gradtape as gt
    >>> gt.get_static_value(gt.constant([1, 2])).tolist()
    [1, 2]
    """
    x = as_tensor(tensor)
    return None if may_differ([x]) else x.numpy()


def py_function(
    func: Callable[..., Any] | None = None, inp: Any = None, Tout: Any = None, name: str | None = None
) -> Any:
    """Call a function of tensors; here every function is one, and this only checks the dtypes of its results.

    Args:
        func: takes the tensors of `inp`; returns one result, or a list. Without it, a decorator is returned.
        inp: tensors, or what becomes one.
        Tout: the dtype of the result, or a list of those of the results.

    Raises:
        ValueError: for results of other dtypes, or another number of them.

    >>> import gradtape as gt
    >>> gt.py_function(lambda x: x * x, [gt.constant(3.0)], gt.float32).numpy()
    np.float32(9.0)
    """
    if func is None:
        return lambda real: lambda *inputs: py_function(real, inputs, Tout, name)
    return _results("py_function", func(*(as_tensor(x) for x in inp)), Tout)


def numpy_function(
    func: Callable[..., Any] | None = None,
    inp: Any = None,
    Tout: Any = None,
    stateful: bool = True,
    name: str | None = None,
) -> Any:
    """Call a function of NumPy arrays. Derivatives do not pass, and in `gt.function` it is refused as `.numpy()` is.

    Args:
        func: takes the arrays of `inp`; returns one array, or a list. Without it, a decorator is returned.
        inp: tensors, or what becomes one.
        Tout: the dtype of the result, or a list of those of the results.

    Raises:
        ValueError: for results of other dtypes, or another number of them.

    >>> import gradtape as gt
    >>> import numpy as np
    >>> gt.numpy_function(np.cumsum, [gt.constant([1.0, 2.0])], gt.float32).numpy().tolist()
    [1.0, 3.0]
    """
    if func is None:
        return lambda real: lambda *inputs: numpy_function(real, inputs, Tout, stateful, name)
    return _results("numpy_function", func(*(as_tensor(x).numpy() for x in inp)), Tout)


def _results(name: str, given: Any, wanted: Any) -> Any:
    """What a function gave, as tensors of the dtypes that were announced."""
    several = isinstance(wanted, (list, builtins.tuple))
    dtypes = [as_dtype(each) for each in (wanted if several else [wanted])]
    found = list(given) if several and isinstance(given, (list, builtins.tuple)) else [given]
    if len(found) != len(dtypes):
        raise StructureError(
            f"{name}: the function returned {len(found)} results, and Tout names {len(dtypes)} dtypes"
        )
    tensors = [
        as_tensor(x, None if hasattr(x, "dtype") else dtype) for x, dtype in zip(found, dtypes, strict=True)
    ]
    for x, dtype in zip(tensors, dtypes, strict=True):
        if x.dtype != dtype:
            raise ArgumentTypeError(
                f"{name}: pyfunc_0 returns {x.dtype.name}, but expects {dtype.name} (see Tout)"
            )
    return tensors if several else tensors[0]
