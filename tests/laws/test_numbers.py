"""A walk back by steps that were read off the rules gives what the rules themselves give, to the last bit.

The rules on tensors are compared with oracles by the other laws. On scalars they run as `modes/numbers.py` has read
them: on numbers where nobody listens, on tensors where somebody does. The last tests show that a rule which cannot be
read is asked as ever, that a wrong reading would be caught, and that a derivative is a tensor of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
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
KINDS: tuple[Any, ...] = (np.float16, np.float32, np.float64, np.complex128)
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


@contextmanager
def unread(row: Primitive) -> Iterator[None]:
    """Inside, the rules of the row are asked themselves."""
    known = dict(row.steps)
    row.steps.update(dict.fromkeys(KINDS))
    try:
        yield
    finally:
        row.steps.clear()
        row.steps.update(known)


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


@pytest.mark.parametrize("kind", KINDS, ids=lambda k: k.__name__)
@pytest.mark.parametrize("name", ON_NUMBERS)
def test_steps_that_were_read_equal_the_rules(name: str, kind: Any) -> None:
    row = ROWS[name]
    for values in points(row, kind):
        try:
            with unread(row):
                expected = gradients(row, values, heard=True)
        except (TypeError, ValueError):  # the row does not take such numbers
            continue
        for heard in (False, True):
            for one, other in zip(gradients(row, values, heard), expected, strict=True):
                assert type(one) is type(other)
                np.testing.assert_array_equal(one, other)


def test_most_rules_are_read() -> None:
    for name in ON_NUMBERS:
        x = [np.float64(0.5)] * len(ROWS[name].rules)  # type: ignore[arg-type]
        gradients(ROWS[name], x, heard=False)
    read = {name for name in ON_NUMBERS if ROWS[name].steps.get(np.float64)}
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


@pytest.mark.parametrize("form", [0, 1], ids=["numbers", "tensors"])
def test_a_wrong_reading_is_caught(monkeypatch: pytest.MonkeyPatch, form: int) -> None:
    row = ROWS["sin"]
    gradients(row, [np.float64(0.5)], heard=False)
    steps = list(row.steps[np.float64] or ())
    right = steps[form]
    steps[form] = lambda cotangents, parents, g, node: right(cotangents, parents, g * 1.001, node)
    monkeypatch.setitem(row.steps, np.float64, tuple(steps))
    with pytest.raises(AssertionError):
        test_steps_that_were_read_equal_the_rules("sin", np.float64)


@pytest.mark.parametrize("weights", [None, 1.0, 3.0])
def test_a_derivative_is_a_tensor_of_its_own(weights: float | None) -> None:
    """The slope of w x in w is x, but who watches the slope does not watch x."""
    x, w = tf.constant(2.0), tf.constant(5.0)
    g = None if weights is None else tf.constant(weights)
    with tf.GradientTape(persistent=True) as outer:
        outer.watch([x, w])
        with tf.GradientTape() as inner:
            inner.watch(w)
            y = w * x
        slope = inner.gradient(y, w, output_gradients=g)
        assert slope is not x
        outer.watch(slope)
        z = slope * x
    scale = 1.0 if weights is None else weights
    assert outer.gradient(z, slope) == 2.0
    assert outer.gradient(z, x) == 2.0 * 2.0 * scale
    assert outer.gradient(slope, w) is None


def test_weights_that_are_watched_stay_connected() -> None:
    """A weight that is one because it is a derivative itself is no constant."""
    x = tf.constant(2.0)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        with tf.GradientTape(persistent=True) as inner:
            inner.watch(x)
            y = x * x
        one = inner.gradient(x, x)
        tape.watch(one)
        slope = inner.gradient(y, x, output_gradients=one)
    assert one == 1.0
    assert slope == 4.0
    assert tape.gradient(slope, one) == 4.0
    assert tape.gradient(slope, x) == 2.0
