"""TensorFlow's `tf.debugging`: conditions that a program rests on. They return nothing where they hold.

Those about entries are decisions that rest on values, so a recorded program keeps them as guards: a call in which one
does not hold runs the function again, and the error comes from its own line.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from ..core.errors import ArgumentTypeError, DtypeError, InvalidArgumentError, ShapeError
from ..core.primitive import Primitive
from ..core.spec import DType, as_dtype, default_float
from ..core.tensor import Tensor, as_tensor, beside, decide, look
from ..ops import constant as fixed
from ..ops.elementwise import absolute


def _all(held: Tensor) -> bool:
    """Whether all entries are true, as a decision."""
    axes = tuple(range(held.ndim))
    return bool(decide(fixed.all_(held, axis=axes, keepdims=False), bool))


def _lead(function: str, message: str | None) -> str:
    return f"{message + ': ' if message else ''}{function}: "


def _compare(function: str, sign: str, row: Callable[..., Any], x: Any, y: Any, message: str | None) -> None:
    """Raise unless the relation holds for every pair of entries; the shapes broadcast."""
    a, b = beside((x, y))
    held = row(a, b)
    if _all(held):
        return
    truth = np.asarray(held._value)
    place = tuple(int(i) for i in np.argwhere(~truth)[0])
    left, right = (np.broadcast_to(np.asarray(t._value), truth.shape)[place] for t in (a, b))
    raise InvalidArgumentError(
        f"{_lead(function, message)}x {sign} y does not hold for x of shape {a.shape} and y of shape {b.shape}; "
        f"first at {list(place)}: x is {left!s}, y is {right!s}"
    )


def _named(run: Any, function: str, text: str) -> Any:
    run.__name__ = run.__qualname__ = function
    run.__doc__ = (
        f"{text}; InvalidArgumentError, a ValueError, shows the first entry for which it does not hold."
    )
    return run


def _relation(function: str, sign: str, row: Primitive) -> Callable[..., None]:
    """The assertion of a relation between entries."""

    def run(
        x: Any, y: Any, message: str | None = None, summarize: Any = None, name: str | None = None
    ) -> None:
        _compare(function, sign, row, x, y, message)

    return _named(run, function, f"Require x {sign} y in every entry")  # type: ignore[no-any-return]


def _sign(function: str, sign: str, row: Primitive) -> Callable[..., None]:
    """The assertion of a sign of all entries."""

    def run(x: Any, message: str | None = None, summarize: Any = None, name: str | None = None) -> None:
        _compare(function, sign, row, x, 0, message)

    return _named(run, function, f"Require x {sign} 0 in every entry")  # type: ignore[no-any-return]


def assert_equal(
    x: Any, y: Any, message: str | None = None, summarize: Any = None, name: str | None = None
) -> None:
    """Require x == y in every entry.

    Raises:
        InvalidArgumentError: a ValueError that begins with `message` and shows the first entry that differs.

    >>> import gradtape as gt
    >>> gt.debugging.assert_equal([1, 2], [1, 2])
    """
    _compare("assert_equal", "==", fixed.equal, x, y, message)


assert_greater = _relation("assert_greater", ">", fixed.greater)
assert_greater_equal = _relation("assert_greater_equal", ">=", fixed.greater_equal)
assert_less = _relation("assert_less", "<", fixed.less)
assert_less_equal = _relation("assert_less_equal", "<=", fixed.less_equal)
assert_positive = _sign("assert_positive", ">", fixed.greater)
assert_non_negative = _sign("assert_non_negative", ">=", fixed.greater_equal)
assert_negative = _sign("assert_negative", "<", fixed.less)
assert_non_positive = _sign("assert_non_positive", "<=", fixed.less_equal)


def assert_none_equal(
    x: Any, y: Any, summarize: Any = None, message: str | None = None, name: str | None = None
) -> None:
    """Require x != y in every entry; InvalidArgumentError, a ValueError, where it does not hold."""
    _compare("assert_none_equal", "!=", fixed.not_equal, x, y, message)


def assert_near(
    x: Any,
    y: Any,
    rtol: Any = None,
    atol: Any = None,
    message: str | None = None,
    summarize: Any = None,
    name: str | None = None,
) -> None:
    """Require |x - y| <= atol + rtol |y| in every entry.

    Args:
        rtol, atol: by default ten times the distance from one to the next number of the dtype.

    Raises:
        InvalidArgumentError: where it does not hold, with the first entry.
        TypeError: for numbers that are not floating.

    >>> import gradtape as gt
    >>> gt.debugging.assert_near([1.0, 2.0], [1.0, 2.0000002])
    """
    a, b = beside((x, y))
    if a.dtype.kind not in "fc":
        raise DtypeError(f"assert_near compares floating numbers, not {a.dtype.name}; use assert_equal")
    few = 10 * float(np.finfo(a.dtype).eps)
    relative, least = few if rtol is None else rtol, few if atol is None else atol

    def near(p: Any, q: Any) -> Any:
        return fixed.less_equal(absolute(p - q), absolute(q) * relative + least)

    _compare("assert_near", "~", near, a, b, message)


def check_numerics(tensor: Any, message: str, name: str | None = None) -> Tensor:
    """The tensor, if all its entries are finite; `debug.nan` says where the first one that is not was made.

    Raises:
        InvalidArgumentError: a ValueError that begins with `message`, for NaN or infinities.

    >>> import gradtape as gt
    >>> gt.debugging.check_numerics(gt.constant([1.0]) / 0.0, "after the division")
    Traceback (most recent call last):
    gradtape.errors.InvalidArgumentError: after the division: Tensor had Inf values...
    """
    x = as_tensor(tensor)
    if x.dtype.kind not in "fc":
        raise DtypeError(f"check_numerics looks at floating numbers, not at {x.dtype.name}")
    if not _all(fixed.isfinite(x)):
        kinds = [word for word, asks in (("Inf", np.isinf), ("NaN", np.isnan)) if asks(x._value).any()]
        raise InvalidArgumentError(
            f"{message}: Tensor had {' and '.join(kinds)} values (shape {x.shape}, dtype {x.dtype.name})"
        )
    return x


def assert_all_finite(x: Any, message: str, name: str | None = None) -> Tensor:
    """The tensor, if all its entries are finite; the same as `check_numerics`."""
    return check_numerics(x, message)


# conditions about shapes and dtypes, which no recording has to keep


def _rank(function: str, x: Any, fits: Callable[[int], bool], wanted: str, message: str | None) -> None:
    tensor = as_tensor(x)
    if not fits(tensor.ndim):
        raise ShapeError(
            f"{_lead(function, message)}x of shape {tensor.shape} has rank {tensor.ndim}, not {wanted}"
        )


def assert_rank(x: Any, rank: Any, message: str | None = None, name: str | None = None) -> None:
    """Require a number of axes; ValueError, with the shape, for another."""
    wanted = int(look(as_tensor(rank), "assert_rank"))
    _rank("assert_rank", x, wanted.__eq__, str(wanted), message)


def assert_rank_at_least(x: Any, rank: Any, message: str | None = None, name: str | None = None) -> None:
    """Require so many axes or more; ValueError, with the shape, for fewer."""
    least = int(look(as_tensor(rank), "assert_rank_at_least"))
    _rank("assert_rank_at_least", x, lambda own: own >= least, f"at least {least}", message)


def assert_rank_in(x: Any, ranks: Any, message: str | None = None, name: str | None = None) -> None:
    """Require one of some numbers of axes; ValueError, with the shape, for another."""
    wanted = [int(look(as_tensor(rank), "assert_rank_in")) for rank in ranks]
    _rank("assert_rank_in", x, wanted.__contains__, f"one of {wanted}", message)


def assert_scalar(tensor: Any, message: str | None = None, name: str | None = None) -> Tensor:
    """The tensor, if it has no axes; ValueError, with the shape, if it has."""
    _rank("assert_scalar", tensor, (0).__eq__, "0", message)
    return as_tensor(tensor)


def assert_shapes(
    shapes: Any, data: Any = None, summarize: Any = None, message: str | None = None, name: str | None = None
) -> None:
    """Require sizes of axes, and that sizes of one name agree between tensors.

    Args:
        shapes: pairs of a tensor and its shape, or a dictionary with variables' references as keys. A shape has a
            number, a name, or None or "." (any size) for each axis; `...` at its beginning stands for any further axes.

    Raises:
        ValueError: with the tensor's shape, where one does not fit.

    >>> import gradtape as gt
    >>> x, w = gt.ones((5, 3)), gt.ones((3, 2))
    >>> gt.debugging.assert_shapes([(x, ("batch", "n")), (w, ("n", "m"))])
    """
    lead = _lead("assert_shapes", message)
    sizes: dict[Any, int] = {}
    for x, wanted in list(shapes.items()) if hasattr(shapes, "items") else shapes:
        tensor = as_tensor(x.deref() if hasattr(x, "deref") else x)
        if not isinstance(wanted, Iterable):
            raise ArgumentTypeError(f"{lead}a shape must be a sequence of sizes and names, not {wanted!r}")
        signs, own = list(wanted), tuple(tensor._value.shape)
        text = f"a tensor of shape {own} where {tuple(signs)} is required"
        if signs and signs[0] in (Ellipsis, "..."):
            signs = signs[1:]
            own = own[max(len(own) - len(signs), 0) :]
        if len(signs) != len(own):
            raise ShapeError(f"{lead}{text}: it has {tensor.ndim} axes")
        for sign, size in zip(signs, own, strict=True):
            if sign is None or sign == ".":
                continue
            known = sizes.setdefault(sign, size) if isinstance(sign, str) else int(sign)
            if known != size:
                raise ShapeError(f"{lead}{text}: {sign!r} is {known}, not {size}")


def assert_type(tensor: Any, tf_type: Any, message: str | None = None, name: str | None = None) -> None:
    """Require a dtype; TypeError for another."""
    own, wanted = as_tensor(tensor).dtype, as_dtype(tf_type)
    if own != wanted:
        raise DtypeError(f"{_lead('assert_type', message)}the tensor has dtype {own.name}, not {wanted.name}")


def assert_integer(x: Any, message: str | None = None, name: str | None = None) -> None:
    """Require a dtype of integers; TypeError for another."""
    own = as_tensor(x).dtype
    if own.kind not in "iu":
        raise DtypeError(f"{_lead('assert_integer', message)}the tensor has dtype {own.name}, no integers")


def assert_same_float_dtype(tensors: Sequence[Any] | None = None, dtype: Any = None) -> DType:
    """The one floating dtype of all tensors; the given one must be it, and the default float is that of none.

    Raises:
        ValueError: for tensors of different dtypes, or dtypes that are not floating.
    """
    found = [as_tensor(x).dtype for x in tensors or ()]
    found += [] if dtype is None else [as_dtype(dtype)]
    wanted = found[0] if found else default_float()
    if wanted.kind != "f" or any(other != wanted for other in found):
        raise DtypeError(
            f"assert_same_float_dtype: one floating dtype is required, not {', '.join(d.name for d in found)}"
        )
    return wanted


def assert_proper_iterable(values: Any) -> None:
    """Require a list, tuple or other sequence of values; TypeError for a tensor, an array, text or a single value."""
    if isinstance(values, (Tensor, np.ndarray, str, bytes)) or not isinstance(values, Iterable):
        raise ArgumentTypeError(
            f"assert_proper_iterable: a sequence of values is required, not a {type(values).__name__}"
        )


def is_numeric_tensor(tensor: Any) -> bool:
    """Whether this is a tensor of numbers: floating, complex or integers."""
    return isinstance(tensor, Tensor) and tensor.dtype.kind in "fciu"


def Assert(condition: Any, data: Any, summarize: Any = None, name: str | None = None) -> None:
    """Require a condition; the error shows the data.

    Raises:
        InvalidArgumentError: if the condition is false.
    """
    if not _all(fixed.not_equal(as_tensor(condition), as_tensor(False))):
        raise InvalidArgumentError(f"Assert: the condition does not hold; data: {data}")


__all__ = [
    "Assert",
    "assert_all_finite",
    "assert_equal",
    "assert_greater",
    "assert_greater_equal",
    "assert_integer",
    "assert_less",
    "assert_less_equal",
    "assert_near",
    "assert_negative",
    "assert_non_negative",
    "assert_non_positive",
    "assert_none_equal",
    "assert_positive",
    "assert_proper_iterable",
    "assert_rank",
    "assert_rank_at_least",
    "assert_rank_in",
    "assert_same_float_dtype",
    "assert_scalar",
    "assert_shapes",
    "assert_type",
    "check_numerics",
    "is_numeric_tensor",
]
