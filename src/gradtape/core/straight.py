"""A graph as one Python function, a line for each operation: for what is evaluated often, as a loop's turn is.

A line takes as long to write and compile as it saves in twenty to thirty turns: a step on numbers takes 0.4 us in
`graph.evaluator`, and 0.07 as a line.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from .graph import Graph, evaluator, failed

OFTEN = 50
"""From so many times on a function is written."""


def evaluator_for(graph: Graph, times: int) -> Callable[[Sequence[Any]], list[Any]]:
    """What `evaluator` makes of a graph, made for being called about so many times."""
    return _written(graph) if times >= OFTEN else evaluator(graph)


def _written(graph: Graph) -> Callable[[Sequence[Any]], list[Any]]:
    bound: dict[str, Any] = {f"v{index}": constant._value for index, constant in graph.constants.items()}
    lines = ["def straight(values):", f"    {_listed(graph.inputs)} = values"]
    for number, operation in enumerate(graph.operations):
        bound[f"f{number}"] = operation.primitive.value
        given = [f"v{i}" for i in operation.inputs]
        if operation.params:
            bound[f"p{number}"] = operation.params
            given.append(f"**p{number}")
        made = _listed(operation.outputs) if operation.joint else f"v{operation.outputs[0]}"
        lines.append(f"    {made} = f{number}({', '.join(given)})")
    lines.append(f"    return {_listed(graph.outputs)}")
    exec(compile("\n".join(lines), __file__, "exec"), bound)
    straight = bound.pop("straight")  # else it and its names would keep each other

    def turn(values: Sequence[Any]) -> list[Any]:
        try:
            return straight(values)  # type: ignore[no-any-return]
        except Exception as error:
            place = error.__traceback__.tb_next  # type: ignore[union-attr]  # of `straight`, which this has called
            number = place.tb_lineno - 3 if place is not None else -1
            if number < 0:  # not as many values as inputs
                raise
            operation, known = graph.operations[number], bound | place.tb_frame.f_locals  # type: ignore[union-attr]
            raise failed(error, operation, [known[f"v{i}"] for i in operation.inputs]) from None

    return turn


def _listed(values: Sequence[int]) -> str:
    return f"[{', '.join(f'v{i}' for i in values)}]"


__all__ = ["OFTEN", "evaluator_for"]
