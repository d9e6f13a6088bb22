"""Calls between the kernels that can write their results into memory that is there, warm from call to call.

A program keeps one block of memory for what lies between its steps. NumPy would take new memory for each large result,
and the system would hand it out page by page.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ...core.graph import Operation
from ...core.spec import Spec
from ...core.tensor import ROWS

Into = Callable[[Sequence[Any], Sequence[Any]], None]


def into(operation: Operation, specs: Sequence[Spec]) -> Into | None:
    """A function `(outputs, inputs)` that does an operation and writes into the outputs; None if there is none."""
    given = [specs[i] for i in (*operation.inputs, *operation.outputs)]
    if operation.primitive is ROWS["matmul"] and all(
        s.ndim >= 2 and s.dtype == given[0].dtype and s.dtype.kind == "f" and math.prod(s.shape)
        for s in given
    ):
        return _matmul
    return None


def _matmul(outputs: Sequence[Any], inputs: Sequence[Any]) -> None:
    np.matmul(inputs[0], inputs[1], out=outputs[0])


__all__ = ["Into", "into"]
