"""Products that sum over shared axes: matmul and einsum, and what is composed of them."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core import errors, reads
from ..core.define import multilinear
from ..core.primitive import Primitive
from ..core.spec import Spec, broadcast_shapes
from ..core.tensor import Tensor, as_tensor, beside
from .elementwise import conjugated, multiply
from .leading import EINSUM, MATMUL
from .linear import reshape, transpose


def _swap(x: Any) -> Any:
    """Exchange the last two axes."""
    axes = list(range(x.ndim))
    axes[-2:] = axes[:-3:-1]
    return transpose(x, axes=tuple(axes))


def _matmul_spec(a: Spec, b: Spec) -> Spec:
    batch = broadcast_shapes(a.shape[:-2], b.shape[:-2])
    return Spec((*batch, a.shape[-2], b.shape[-1]), np.result_type(a.dtype, b.dtype))


matrix_product: Primitive = multilinear(
    "matmul",
    np.matmul,
    (
        lambda g, _a, b: matrix_product(g, _swap(conjugated(b))),
        lambda g, a, _b: matrix_product(_swap(conjugated(a)), g),
    ),
    spec=_matmul_spec,
    samples=((((2, 3), (3, 4)), {}), (((2, 1, 2, 3), (3, 3, 1)), {}), (((2, 3), (2, 3, 2)), {})),
    lead=MATMUL,
    reads=reads.matmul,
)


def matmul(a: Any, b: Any) -> Tensor:
    """The matrix product, NumPy's meaning for every rank from one up; batch axes broadcast.

    Raises:
        ValueError: for rank 0 and for inner sizes that differ.
    """
    a, b = beside((a, b))
    if a.ndim == 0 or b.ndim == 0:
        raise errors.ShapeError("matmul: tensors of rank 0 have no matrix product; use * to scale")
    if a._value.shape[-1] != b._value.shape[-2 if b.ndim > 1 else 0]:
        raise errors.ShapeError(f"matmul: inner sizes differ for shapes {a.shape} and {b.shape}")
    left = reshape(a, shape=(1, *a._value.shape)) if a.ndim == 1 else a
    right = reshape(b, shape=(*b._value.shape, 1)) if b.ndim == 1 else b
    y = matrix_product(left, right)
    shape = y._value.shape
    if a.ndim == 1:
        shape = (*shape[:-2], shape[-1])
    if b.ndim == 1:
        shape = shape[:-1]
    return y if len(shape) == y.ndim else reshape(y, shape=shape)  # type: ignore[no-any-return]


def tensordot(a: Any, b: Any, axes: Any = 2) -> Tensor:
    """The sum of products over pairs of axes, as `np.tensordot`: one matrix product."""
    a, b = beside((a, b))
    if isinstance(axes, (int, np.integer)):
        count = int(axes)
        if not 0 <= count <= min(a.ndim, b.ndim):
            raise errors.ShapeError(f"tensordot: {count} axes do not fit the shapes {a.shape} and {b.shape}")
        left, right = list(range(a.ndim - count, a.ndim)), list(range(count))
    else:
        given = [np.atleast_1d(np.asarray(part)) for part in axes]
        pair = [[int(i) for i in part] for part in given if part.size == 0 or part.dtype.kind in "iu"]
        if len(given) != 2 or len(pair) != 2 or len(pair[0]) != len(pair[1]):
            raise errors.ShapeError(
                f"tensordot: axes must be a number or two lists of equal length, not {axes!r}"
            )
        if any(not -x.ndim <= i < x.ndim for x, part in zip((a, b), pair, strict=True) for i in part):
            raise errors.ShapeError(f"tensordot: axes {axes!r} do not fit the shapes {a.shape} and {b.shape}")
        left, right = [i % a.ndim for i in pair[0]], [i % b.ndim for i in pair[1]]
    sizes = [a._value.shape[i] for i in left], [b._value.shape[i] for i in right]
    if sizes[0] != sizes[1]:
        raise errors.ShapeError(
            f"tensordot: sizes {sizes[0]} and {sizes[1]} differ for shapes {a.shape} and {b.shape}"
        )
    free_a = [i for i in range(a.ndim) if i not in left]
    free_b = [i for i in range(b.ndim) if i not in right]
    outer = tuple(a._value.shape[i] for i in free_a) + tuple(b._value.shape[i] for i in free_b)
    inner = int(np.prod(sizes[0], dtype=np.int64))
    rows, columns = (
        int(np.prod(outer[: len(free_a)], dtype=np.int64)),
        int(np.prod(outer[len(free_a) :], dtype=np.int64)),
    )
    a = reshape(transpose(a, axes=tuple(free_a + left)), shape=(rows, inner))
    b = reshape(transpose(b, axes=tuple(right + free_b)), shape=(inner, columns))
    return reshape(matrix_product(a, b), shape=outer)  # type: ignore[no-any-return]


# einsum: canonical form with explicit output and no ellipsis


def _einsum_value(*xs: Any, subscripts: str) -> Any:
    return np.asarray(np.einsum(subscripts, *xs, optimize=len(xs) > 2))[()]


def _sizes(xs: Any, subscripts: str) -> dict[str, int]:
    terms = subscripts.split("->")[0].split(",")
    return {
        label: n
        for term, x in zip(terms, xs, strict=True)
        for label, n in zip(term, x.shape, strict=True)
        if n != 1
    } | {
        label: 1
        for label in set("".join(terms))
        if all(
            n == 1
            for term, x in zip(terms, xs, strict=True)
            for other, n in zip(term, x.shape, strict=True)
            if other == label
        )
    }


def _einsum_spec(*xs: Spec, subscripts: str) -> Spec:
    sizes = _sizes(xs, subscripts)
    shape = tuple(sizes[label] for label in subscripts.split("->")[1])
    return Spec(shape, np.result_type(*(x.dtype for x in xs)))


def _einsum_transpose(g: Any, index: int, *xs: Any, subscripts: str) -> Any:
    """The share of one operand: an einsum of g with the other operands.

    A label that the operand repeats (a diagonal) is multiplied by an identity matrix; one that it alone has (a plain
    sum) by a vector of ones.
    """
    inputs, output = subscripts.split("->")
    terms = inputs.split(",")
    own, sizes = terms[index], _sizes(xs, subscripts)
    operands = [g] + [conjugated(x) for i, x in enumerate(xs) if i != index]
    labels = [output] + [term for i, term in enumerate(terms) if i != index]
    unused = iter(sorted(set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") - set(subscripts)))
    wanted = ""
    for position, label in enumerate(own):
        if label in own[:position]:
            fresh = next(unused)
            operands.append(Tensor(np.eye(sizes[label], dtype=g.dtype)))
            labels.append(label + fresh)
            wanted += fresh
        else:
            wanted += label
    present = set("".join(labels))
    for label in dict.fromkeys(own):
        if label not in present:
            operands.append(Tensor(np.ones(sizes[label], g.dtype)))
            labels.append(label)
    return einsum_product(*operands, subscripts=",".join(labels) + "->" + wanted)


einsum_product = multilinear(
    "einsum",
    _einsum_value,
    _einsum_transpose,
    spec=_einsum_spec,
    variadic=True,
    samples=(
        (((2, 3), (3, 2)), {"subscripts": "ij,jk->ik"}),
        (((3, 3),), {"subscripts": "ii->i"}),
        (((2, 2, 3),), {"subscripts": "iij->j"}),
        (((2,), (3,), (2, 3)), {"subscripts": "a,b,ab->"}),
    ),
    lead=EINSUM,
    reads=reads.einsum,
)


_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"  # in the order in which `sorted` has them


def einsum(subscripts: Any, *operands: Any) -> Tensor:
    """Einstein summation in every form that `np.einsum` takes: repeated labels, ellipsis, no arrow.

    The subscripts are a string, or stand as lists of numbers behind each operand, and in the end for the output.

    Raises:
        ValueError: for subscripts that do not fit the operands.
    """
    if not isinstance(subscripts, str):
        subscripts, operands = _spelled((subscripts, *operands))
    xs = beside(operands)
    return einsum_product(*xs, subscripts=_canonical(subscripts, xs))  # type: ignore[no-any-return]


def _spelled(given: tuple[Any, ...]) -> tuple[str, tuple[Any, ...]]:
    """The string, and the operands, of operands that are each followed by a list of numbered labels."""
    pairs = len(given) // 2
    lists = [*given[1 : 2 * pairs : 2], *given[2 * pairs :]]
    numbers = sorted({int(n) for labels in lists for n in labels if n is not Ellipsis})
    if len(numbers) > len(_LETTERS):
        raise errors.InvalidArgumentError(
            f"einsum: {len(numbers)} labels are more than the {len(_LETTERS)} there are"
        )
    letters = dict(zip(numbers, _LETTERS, strict=False))
    terms = ["".join("..." if n is Ellipsis else letters[int(n)] for n in labels) for labels in lists]
    text = ",".join(terms[:pairs]) + "".join(f"->{term}" for term in terms[pairs:])
    return text, given[0 : 2 * pairs : 2]


def _canonical(subscripts: str, xs: list[Tensor]) -> str:
    """Write the ellipsis as labels and the output in full."""
    text = subscripts.replace(" ", "")
    inputs, arrow, output = text.partition("->")
    terms = inputs.split(",")
    if len(terms) != len(xs):
        raise errors.InvalidArgumentError(
            f"einsum: {subscripts!r} names {len(terms)} operands, {len(xs)} were given"
        )
    free = [c for c in reversed(_LETTERS) if c not in text]
    longest, written = "", []
    for term, x in zip(terms, xs, strict=True):
        if "..." in term:
            count = x.ndim - len(term.replace("...", ""))
            if count < 0:
                raise errors.ShapeError(f"einsum: {term!r} has more labels than the shape {x.shape} has axes")
            extra = "".join(free[:count][::-1])
            longest = max(longest, extra, key=len)
            term = term.replace("...", extra)
        if len(term) != x.ndim:
            raise errors.ShapeError(f"einsum: {term!r} does not fit the shape {x.shape}")
        written.append(term)
    if arrow:
        output = output.replace("...", longest)
    else:
        joined = "".join(written)
        output = longest + "".join(
            sorted(c for c in set(joined) if joined.count(c) == 1 and c not in longest)
        )
    return ",".join(written) + "->" + output


def outer(a: Any, b: Any) -> Tensor:
    """All products of an entry of a and an entry of b."""
    a, b = beside((a, b))
    return multiply(reshape(a, shape=(a.size, 1)), reshape(b, shape=(1, b.size)))  # type: ignore[no-any-return]


def dot(a: Any, b: Any) -> Tensor:
    """NumPy's dot: products for rank 0, else the last axis of a with the second-last (or only) axis of b."""
    a, b = as_tensor(a), as_tensor(b)
    if a.ndim == 0 or b.ndim == 0:
        return multiply(a, b)  # type: ignore[no-any-return]
    if a.ndim <= 2 and b.ndim <= 2:
        return matmul(a, b)
    return tensordot(a, b, ([a.ndim - 1], [max(b.ndim - 2, 0)]))
