"""Which operations on entries belong together: those that share values of their shape, directly or through others.

One loop over two that share nothing saves nothing but a call. Apart they often come out the same, as the updates of
many weights do, and a loop that is there already need not be compiled.
"""

from __future__ import annotations

from ...core.graph import Graph


def kin(graph: Graph) -> list[int]:
    """For each value one of those with which it meets, at its shape, in operations that work entry by entry."""
    first = list(range(len(graph.specs)))

    def find(index: int) -> int:
        while first[index] != index:
            first[index] = index = first[first[index]]
        return index

    for operation in graph.operations:
        if operation.primitive.element is None:
            continue
        (output,) = operation.outputs
        shape = graph.specs[output].shape
        for index in operation.inputs:
            if graph.specs[index].shape == shape:
                first[find(output)] = find(index)
    return [find(index) for index in first]


__all__ = ["kin"]
