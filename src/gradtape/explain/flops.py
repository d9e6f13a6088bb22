"""How many floating-point operations an operation takes, estimated from shapes.

An estimate is for reading, not for timing: a function of one number, `exp` as well as `+`, counts as one operation an
entry; what only moves entries counts as none; complex numbers count four times. Products are exact, two operations for
each multiplication with its addition. Factorizations have the leading terms of Golub and Van Loan, "Matrix
Computations", 4th edition, 2013 (tables in chapters 3 to 8); functions of matrices those of Higham, "Functions of
Matrices", 2008 (sections 6.3, 10.3 and 11.5), without squarings; transforms 5 n log2 n for complex entries.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import log2, prod
from typing import Any

import numpy as np

from ..core.bundle import Bundle
from ..core.graph import Graph
from ..core.listen import Key, Node
from ..core.primitive import Primitive
from ..core.spec import Spec
from ..core.tensor import Tensor

Sizes = tuple[int, ...]
Count = Callable[[Sequence[Any], Sequence[Any], Mapping[str, Any]], float]

MOVING = {
    *(
        "astype",
        "broadcast_to",
        "cast",
        "concatenate",
        "conjugate",
        "flip",
        "getitem",
        "identity",
        "imag",
        "real",
    ),
    *(
        "reshape",
        "scatter",
        "stack",
        "stop_gradient",
        "take",
        "transpose",
        "tril",
        "triu",
        "where",
        "windows",
    ),
}
"""Operations that only move, copy or reinterpret entries."""


def flops(
    primitive: Primitive, inputs: Sequence[Any], outputs: Sequence[Any], params: Mapping[str, Any]
) -> float:
    """The estimate for one operation; inputs and outputs are whatever has a shape and a dtype."""
    name = primitive.name
    if name in MOVING:
        return 0.0
    if name == "loop":  # its body has dtypes of its own
        return params["loop"].turns * graph_flops(params["loop"].body)  # type: ignore[no-any-return]
    count = COUNTS.get(name)
    found = count(inputs, outputs, params) if count is not None else _entries(outputs[0])
    return found * (4 if np.dtype(outputs[0].dtype).kind == "c" else 1)


def recorded_flops(node: Node, key: Key) -> float:
    """The estimate for an operation on a record; an input whose shape nobody kept is taken to have the result's."""
    assert node.primitive is not None  # whoever asks has an operation
    specs = node.spec if isinstance(node, Bundle) else (node.spec,)
    outputs = [Spec(*spec) if type(spec) is tuple else Spec((), np.dtype(spec)) for spec in specs]
    parents = node.read(key)
    saved = node.saved if type(node.saved) is tuple else (None,) * len(parents)
    inputs = [
        x._value if isinstance(x, Tensor) else x or parent or outputs[0]
        for parent, x in zip(parents, saved, strict=False)
    ]
    return flops(node.primitive, inputs, outputs, node.params or {})


def graph_flops(graph: Graph) -> float:
    """The estimate for one run of a graph; a loop takes all turns that there could be."""
    specs = graph.specs
    return sum(
        flops(
            operation.primitive,
            [specs[i] for i in operation.inputs],
            [specs[i] for i in operation.outputs],
            operation.params,
        )
        for operation in graph.operations
    )


def _entries(x: Any) -> float:
    return float(prod(x.shape))


def _of_input(factor: float) -> Count:
    return lambda inputs, _outputs, _params: factor * _entries(inputs[0])


def _product(inputs: Sequence[Any], outputs: Sequence[Any], _params: Mapping[str, Any]) -> float:
    return 2 * _entries(outputs[0]) * float(inputs[0].shape[-1])


def _einsum(inputs: Sequence[Any], _outputs: Sequence[Any], params: Mapping[str, Any]) -> float:
    """One pass over all letters, with a multiplication for each operand after the first and an addition."""
    sizes: dict[str, int] = {}
    for letters, x in zip(params["subscripts"].split("->")[0].split(","), inputs, strict=True):
        sizes.update(zip(letters, x.shape, strict=True))
    summed = set(sizes) - set(params["subscripts"].split("->")[1])
    return float(prod(sizes.values())) * (len(inputs) - 1 + bool(summed))


def _convolution(inputs: Sequence[Any], outputs: Sequence[Any], _params: Mapping[str, Any]) -> float:
    """Two for each entry of the result, each place of the kernel and each channel that enters."""
    return 2 * _entries(outputs[0]) * float(prod(inputs[1].shape[:-1]))


def _transform(factor: float, of_result: bool = False) -> Count:
    def count(inputs: Sequence[Any], outputs: Sequence[Any], params: Mapping[str, Any]) -> float:
        x = outputs[0] if of_result else inputs[0]
        length = prod(x.shape[axis] for axis in params["axes"])
        # Counted as real here, since `flops` takes complex results four times and the formula has that in it already.
        return (
            factor * _entries(x) * log2(max(length, 2)) / (4 if np.dtype(outputs[0].dtype).kind == "c" else 1)
        )

    return count


def _sorting(inputs: Sequence[Any], _outputs: Sequence[Any], _params: Mapping[str, Any]) -> float:
    size = _entries(inputs[0])
    return size * log2(max(size, 2))


def _matrix(of_size: Callable[[int, int], float], systems: Callable[[int], float] | None = None) -> Count:
    """A function of the matrix (m, n) with m >= n, and for systems of equations one for each right side."""

    def count(inputs: Sequence[Any], _outputs: Sequence[Any], _params: Mapping[str, Any]) -> float:
        *lead, rows, columns = inputs[0].shape
        found = of_size(max(rows, columns), min(rows, columns))
        if systems is not None:
            found += systems(columns) * inputs[1].shape[-1]
        return float(prod(lead) * found)

    return count


COUNTS: dict[str, Count] = {
    **dict.fromkeys(
        ("sum", "cumsum", "overlap_add", "max", "min", "any", "all", "argmax", "argmin"), _of_input(1)
    ),
    "largest_entry": _of_input(1),
    "put_add": lambda inputs, _outputs, _params: _entries(inputs[-1]),
    "maximum_at": lambda inputs, _outputs, _params: _entries(inputs[-1]),
    "minimum_at": lambda inputs, _outputs, _params: _entries(inputs[-1]),
    "norm": _of_input(2),
    "logsumexp": _of_input(3),
    "argsort": _sorting,
    "argpartition": _of_input(2),
    "searchsorted": lambda inputs, outputs, _params: _entries(outputs[0]) * log2(max(_entries(inputs[0]), 2)),
    "matmul": _product,
    "einsum": _einsum,
    "convolve": _convolution,
    "fftn": _transform(5),
    "ifftn": _transform(5),
    "rfftn": _transform(2.5),
    "irfftn": _transform(2.5, of_result=True),
    "inv": _matrix(lambda m, n: 2 * n**3),
    "solve": _matrix(lambda m, n: 2 / 3 * n**3, lambda n: 2 * n**2),
    "triangular_solve": _matrix(lambda m, n: 0, lambda n: n**2),
    # Schur forms of both coefficients at 25 n^3 each, and the products around them; of twice the size for Riccati's.
    "solve_sylvester": _matrix(lambda m, n: 60 * n**3),
    "solve_continuous_are": _matrix(lambda m, n: 8 * 30 * n**3),
    "solve_discrete_are": _matrix(lambda m, n: 8 * 70 * n**3),
    "tridiagonal_solve": lambda _inputs, outputs, _params: 8 * _entries(outputs[0]),
    "pinv": _matrix(lambda m, n: 6 * m * n**2 + 20 * n**3 + 2 * m * n**2),
    "expm": _matrix(lambda m, n: (2 * 6 + 8 / 3) * n**3),
    "logm": _matrix(lambda m, n: 25 * n**3),
    "sqrtm": _matrix(lambda m, n: (25 + 10 / 3) * n**3),
    "det": _matrix(lambda m, n: 2 / 3 * n**3),
    "slogdet": _matrix(lambda m, n: 2 / 3 * n**3),
    "lu": _matrix(lambda m, n: m * n**2 - n**3 / 3),
    "cholesky": _matrix(lambda m, n: n**3 / 3),
    "qr": _matrix(lambda m, n: 4 * m * n**2 - 4 / 3 * n**3),
    "eigh": _matrix(lambda m, n: 9 * n**3),
    "eigvalsh": _matrix(lambda m, n: 4 / 3 * n**3),
    "eig": _matrix(lambda m, n: 25 * n**3),
    "eigvals": _matrix(lambda m, n: 10 * n**3),
    "svd": _matrix(lambda m, n: 6 * m * n**2 + 20 * n**3),
    "svdvals": _matrix(lambda m, n: 2 * m * n**2 + 2 * n**3),
}
"""Operations whose count is not one for each entry of the result."""
