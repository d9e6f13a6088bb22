"""A walk back on plain numbers gives what the same walk through the door gives, to the last bit.

While any tape listens, every rule goes through the door as operations on tensors, which the other laws compare with
oracles; when none does, rules on scalars run as `modes/numbers.py` has read them. The last tests show that a rule
which cannot be read is left to the door, and that a wrong reading would be caught.
"""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any

import numpy as np
import pytest

import gradtape as tf
from gradtape.core.primitive import Primitive
from gradtape.core.tensor import ROWS, Tensor

ON_NUMBERS = sorted(
    name
    for name, row in ROWS.items()
    if row.functions is not None
    and any(row.functions)
    and row.pointwise
    and not any(p for _, p in row.samples)
)
SPECIAL = (0.0, -0.0, 1.0, -1.0, 2.0, np.inf, -np.inf, np.nan)


def points(row: Primitive, kind: Any) -> list[list[Any]]:
    """Inputs from the row's domain, special numbers, and numbers of two dtypes."""
    count, rng = len(row.rules), np.random.default_rng(7)  # type: ignore[arg-type]
    domains = [row.domain[min(i, len(row.domain) - 1)] for i in range(count)]
    drawn = [[kind(rng.uniform(*domain)) for domain in domains] for _ in range(3)]
    special = [[kind(SPECIAL[(i + s * j) % 8]) for j in range(count)] for i in range(8) for s in (0, 3)]
    other = np.float64 if kind is np.float32 else np.float32
    mixed = [[x if i == j else other(x.real) for j, x in enumerate(drawn[0])] for i in range(count)]
    return drawn + special + mixed


def gradients(row: Primitive, values: list[Any], heard: bool) -> list[Any]:
    """The gradients of the operation done twice, in all inputs together and in each alone."""
    found: list[Any] = []
    for known in [range(len(values)), *[[i] for i in range(len(values))]]:
        xs = [Tensor(value) for value in values]
        with tf.GradientTape(persistent=True) as tape:
            tape.watch([xs[i] for i in known])
            y = row(*xs)
            y = row(y, *xs[1:])
        with tf.GradientTape() if heard else nullcontext():
            try:
                found += tape.gradient(y, [xs[i] for i in known])
            except LookupError:  # no derivative in one of these
                found.append(None)
    return [None if g is None else g._value for g in found]


@pytest.mark.parametrize(
    "kind", [np.float16, np.float32, np.float64, np.complex128], ids=lambda k: k.__name__
)
@pytest.mark.parametrize("name", ON_NUMBERS)
def test_a_walk_on_numbers_equals_one_through_the_door(name: str, kind: Any) -> None:
    row = ROWS[name]
    for values in points(row, kind):
        try:
            expected = gradients(row, values, heard=True)
        except (TypeError, ValueError):  # the row does not take such numbers
            continue
        for _ in range(2):  # the first walk reads the rules
            for one, other in zip(gradients(row, values, heard=False), expected, strict=True):
                assert type(one) is type(other)
                np.testing.assert_array_equal(one, other)


def test_most_rules_are_read() -> None:
    for name in ON_NUMBERS:
        x = [np.float64(0.5)] * len(ROWS[name].rules)  # type: ignore[arg-type]
        gradients(ROWS[name], x, heard=False)
    read = {name for name in ON_NUMBERS if ROWS[name].pulls.get(np.float64)}
    assert {"add", "multiply", "divide", "power", "sin", "exp", "log", "tanh", "sqrt"} <= read
    assert len(read) > 0.6 * len(ON_NUMBERS)


def test_a_rule_of_a_user_is_asked_every_time() -> None:
    factor = [2.0]
    row = tf.register_primitive(
        "numbers_scaled", lambda x: x * factor[0], partials=lambda _y, x: factor[0] + 0 * x
    )
    assert gradients(row, [np.float64(1.0)], heard=False)[0] == 4.0
    factor[0] = 3.0
    assert gradients(row, [np.float64(1.0)], heard=False)[0] == 9.0
    del ROWS["numbers_scaled"]


def test_a_wrong_reading_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    row = ROWS["sin"]
    monkeypatch.setitem(row.pulls, np.float64, (lambda g, _y, saved: g * np.cos(saved[0]._value) * 1.001,))
    with pytest.raises(AssertionError):
        test_a_walk_on_numbers_equals_one_through_the_door("sin", np.float64)
