"""How many bytes the machine code of a program loads and stores: what fusing and computing again are to save."""

from __future__ import annotations

import math

from .steps import Call, Kernel, Plan


def bytes_moved(plan: Plan) -> int:
    """The bytes that kernels and products read and write when the steps of a plan are done once.

    Each kernel loads and stores an entry once; a value that is spread over a larger shape counts with its own entries.
    """
    total = 0
    for step in plan.steps:
        if isinstance(step, Call):
            continue
        if isinstance(step, Kernel):
            made = {operation.outputs[0] for operation in step.operations}
            read = {i for operation in (*step.operations, *step.reductions) for i in operation.inputs} - made
            written = made & (plan.stored | plan.placed) | {op.outputs[0] for op in step.reductions}
        else:
            read, written = set(step.operation.inputs), set(step.operation.outputs)
        total += sum(_size(plan, index) for index in read | written)
    return total


def _size(plan: Plan, index: int) -> int:
    """The bytes of a value; one number is part of the code."""
    view = plan.views.get(index)
    entries = math.prod(plan.specs[index].shape)
    if view is not None:
        entries = min(entries, math.prod(plan.specs[view.base].shape))
    constant = plan.graph.constants.get(view.base if view else index)
    return 0 if constant is not None and entries == 1 else entries * plan.specs[index].dtype.itemsize


__all__ = ["bytes_moved"]
