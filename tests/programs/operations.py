"""The operations of random programs: every pointwise row, and rows and composites that move, add up and multiply.

An `Operation` says which tensors it takes (`shapes`: a predicate for each argument, given the shapes before it), within
which bounds they must lie, and how it runs. Written with NumPy's functions it runs on tensors through the NumPy
protocols and on arrays as NumPy's own, which so is the oracle of the value; else `reference` is NumPy's formula.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

import gradtape as gt
from gradtape.core.primitive import Kind
from gradtape.core.tensor import ROWS

Shape = tuple[int, ...]
REAL, COMPLEX = frozenset("f"), frozenset("fc")


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation: how it runs on tensors, how on arrays, what it takes."""

    run: Callable[..., Any]
    reference: Callable[..., Any]
    shapes: tuple[Callable[..., bool], ...]
    bounds: tuple[tuple[float, float] | None, ...]
    kinds: frozenset[str] = REAL
    choices: tuple[Any, ...] = ()
    """Values of the parameter `choice`, which comes last; none where there is no such parameter."""
    chooses: bool = False


OPERATIONS: dict[str, Operation] = {}


def enter(name, run, shapes=None, *, reference=None, bounds=None, kinds=REAL, choices=()):
    """Enter an operation; without `shapes` it takes one tensor of any shape."""
    takes = shapes or (anything,)
    limits = bounds or (None,) * len(takes)
    OPERATIONS[name] = Operation(run, reference or run, takes, limits, kinds, choices, bool(choices))


def anything(shape):
    return True


def at_least(rank):
    return lambda shape: len(shape) >= rank


def square(shape):
    return len(shape) >= 2 and shape[-1] == shape[-2]


def fits(shape, *before):
    """Whether shapes broadcast together."""
    try:
        np.broadcast_shapes(shape, *before)
    except ValueError:
        return False
    return True


def same(shape, before):
    return shape == before


def follows(shape, before):
    """Whether a matrix can stand right of another."""
    return len(shape) == 2 and shape[0] == before[-1]


# Pointwise rows, each within its domain

FLAT = {"floor", "ceil", "rint", "trunc", "sign"}  # constant, but for steps that a random point does not meet
HOLOMORPHIC = {
    *("add", "subtract", "multiply", "divide", "negative", "reciprocal", "square", "exp", "log", "sqrt"),
    *("sin", "cos", "tan", "sinh", "cosh", "tanh", "expm1", "log1p", "sigmoid"),
}
# Their derivatives in the shape parameters are integrals: too slow to be drawn often. The laws have them.
SLOW = {"gammainc", "gammaincc", "betainc", "zeta", "gamma_density", "beta_density"} | {
    *("gammaincinv", "gammainccinv", "betaincinv", "betainccinv"),
}


def pointwise():
    """The names of rows that work entry by entry on floats, without parameters."""
    for name, row in ROWS.items():
        plain = all(not params and all(type(x) is tuple for x in given) for given, params in row.samples)
        moves = row.kind is not Kind.CONSTANT or name in FLAT
        if row.pointwise and plain and moves and name not in SLOW | {"nextafter", "conjugate"}:
            yield name


NUMPYS = {"identity": np.positive}  # where the namesake is another function

for _name in list(pointwise()):
    _row = ROWS[_name]
    _count = len(_row.samples[0][0])
    _reference = NUMPYS.get(_name) or getattr(np, _name, None) or _row.value
    _limits = tuple(_row.domain[min(i, len(_row.domain) - 1)] for i in range(_count))
    enter(
        _name,
        _row,
        (anything, *[fits] * (_count - 1)),
        reference=_reference,
        bounds=_limits,
        kinds=COMPLEX if _name in HOLOMORPHIC else REAL,
    )

# Reductions


def axis_of(x, choice):
    """An axis of a tensor for each choice: none, the first, the last."""
    return None if choice is None or x.ndim == 0 else {"first": 0, "last": -1}[choice]


def reduction(function, **settings):
    return lambda x, choice: function(x, axis=axis_of(x, choice), **settings)


AXES = (None, "first", "last")
for _function in (np.sum, np.mean):
    enter(_function.__name__, reduction(_function), choices=AXES, kinds=COMPLEX)
for _function in (np.prod, np.var):
    enter(_function.__name__, reduction(_function), choices=AXES)
for _function in (np.max, np.min):
    enter(_function.__name__, reduction(_function), choices=AXES)
enter("sum_keepdims", reduction(np.sum, keepdims=True), choices=AXES, kinds=COMPLEX)
enter(
    "logsumexp",
    lambda x, choice: gt.reduce_logsumexp(x, axis=axis_of(x, choice)),
    reference=lambda x, choice: np.log(np.sum(np.exp(x), axis=axis_of(x, choice))),
    choices=AXES,
)
enter(
    "softmax",
    lambda x: gt.nn.softmax(x),
    (at_least(1),),
    reference=lambda x: np.exp(x) / np.sum(np.exp(x), axis=-1, keepdims=True),
)
enter("norm", lambda x: np.linalg.norm(x), (lambda shape: len(shape) in (1, 2),), bounds=((0.2, 3.0),))
enter("cumsum", lambda x: np.cumsum(x, axis=-1), (at_least(1),), kinds=COMPLEX)
enter(
    "cumprod",
    lambda x: gt.math.cumprod(x, axis=-1),
    (at_least(1),),
    reference=lambda x: np.cumprod(x, axis=-1),
)

# Shapes and selection

enter("ravel", lambda x: np.reshape(x, (-1,)), kinds=COMPLEX)
enter("transpose", lambda x: np.transpose(x), kinds=COMPLEX)
enter("expand", lambda x: np.expand_dims(x, 0), (lambda shape: len(shape) < 3,), kinds=COMPLEX)
enter("flip", lambda x: np.flip(x, axis=-1), (at_least(1),), kinds=COMPLEX)
enter("roll", lambda x: np.roll(x, 1, axis=-1), (at_least(1),), kinds=COMPLEX)
enter("first_entry", lambda x: x[0], (at_least(1),), kinds=COMPLEX)
enter("last_column", lambda x: x[..., -1:], (at_least(1),), kinds=COMPLEX)
enter("reversed_rows", lambda x: x[::-1], (at_least(1),), kinds=COMPLEX)
enter("new_axis", lambda x: x[:, None], (lambda shape: len(shape) in (1, 2),), kinds=COMPLEX)
enter("pad", lambda x: np.pad(x, 1), (lambda shape: len(shape) == 1,), kinds=COMPLEX)
enter("tile", lambda x: np.tile(x, 2), (lambda shape: len(shape) == 1,), kinds=COMPLEX)
enter("concatenate", lambda x, y: np.concatenate([x, y], axis=0), (at_least(1), same), kinds=COMPLEX)
enter("stack", lambda x, y: np.stack([x, y], axis=0), (lambda shape: len(shape) < 3, same), kinds=COMPLEX)
enter("sort", lambda x: np.sort(x, axis=-1), (at_least(1),))
enter(
    "gather_twice",
    lambda x: gt.gather(x, [0, -1 % x.shape[0], 0]),
    (at_least(1),),
    reference=lambda x: np.take(x, [0, -1 % x.shape[0], 0], axis=0),
    kinds=COMPLEX,
)
enter("where_positive", lambda x, y: np.where(x > 0, x, y), (anything, fits))
enter("diagonal", lambda x: np.diagonal(x, axis1=-2, axis2=-1), (square,), kinds=COMPLEX)
enter("triangle", lambda x: np.tril(x), (at_least(2),), kinds=COMPLEX)
enter("clip", lambda x: np.clip(x, -0.9, 1.1))

# Products and linear algebra, on matrices that are far from singular


def plain_matrix(shape):
    return len(shape) == 2 and shape[0] == shape[1] and shape[0] > 0


def regular(x):
    """A matrix that is near enough to a multiple of one to be invertible."""
    return np.tanh(x) + 3.0 * np.eye(x.shape[-1], dtype=x.dtype)


def positive(x):
    """A positive definite matrix."""
    return np.matmul(x, np.swapaxes(x, -1, -2)) + np.eye(x.shape[-1], dtype=x.dtype)


enter("matmul", lambda x, y: np.matmul(x, y), (at_least(1), follows), kinds=COMPLEX)
enter("gram", lambda x: np.einsum("...ij,...kj->...ik", x, x), (at_least(2),), kinds=COMPLEX)
enter(
    "outer",
    lambda x, y: np.einsum("i,j->ij", x, y),
    (lambda s: len(s) == 1, lambda s, before: len(s) == 1),
    kinds=COMPLEX,
)
enter("trace", lambda x: np.einsum("...ii->...", x), (square,), kinds=COMPLEX)
enter("inverse", lambda x: np.linalg.inv(regular(x)), (plain_matrix,))
enter("determinant", lambda x: np.linalg.det(regular(x)), (plain_matrix,))
enter("log_determinant", lambda x: np.linalg.slogdet(regular(x))[1], (plain_matrix,))
enter("solve", lambda x, y: np.linalg.solve(regular(x), y), (plain_matrix, follows))
enter("cholesky", lambda x: np.linalg.cholesky(positive(x)), (plain_matrix,), bounds=((-2.0, 2.0),))
enter("rfft_power", lambda x: np.abs(np.fft.rfft(x)) ** 2.0, (at_least(1),))

# What brings entries back into bounds

SQUASH = "squash"


def squash(x, choice):
    """Entries between two bounds, strictly increasing; complex ones in the disc over them."""
    low, high = choice
    if x.dtype.kind == "c":
        return (low + high) / 2 + (high - low) * x / (1.0 + np.abs(x) ** 2.0)
    return low + (high - low) / (1.0 + np.exp(-x))


enter(SQUASH, squash, kinds=COMPLEX, choices=((-1.0, 1.0),))
