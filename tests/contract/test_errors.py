"""The table of errors: for every row its type, its fragment of text, and that the tape is left as it was.

Sections: methods of the tape; custom functions; accumulators.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import gradtape as tf

CONSUMED = "A non-persistent GradientTape can only"


class Setting:
    """An exited tape with y = x * x recorded at x = [[3, 4]]."""

    def __init__(self, persistent: bool = False) -> None:
        self.x = tf.constant([[3.0, 4.0]])
        self.tape = tf.GradientTape(persistent=persistent)
        with self.tape:
            self.tape.watch(self.x)
            self.y = self.x * self.x

    def check(self) -> None:
        """The tape is as it was: one gradient, the right one, and resumable before it is taken."""
        with self.tape:
            z = self.y * self.x
        assert self.tape.gradient(z, self.x).numpy().tolist() == [[27.0, 48.0]]


def enter(context: Any) -> None:
    with context:
        pass


# Methods of the tape


@pytest.mark.parametrize("method", ["gradient", "jacobian", "batch_jacobian"])
@pytest.mark.parametrize("persistent", [False, True])
def test_no_record(method: str, persistent: bool) -> None:
    setting = Setting()
    never = tf.GradientTape(persistent=persistent)
    with pytest.raises(RuntimeError, match=CONSUMED):
        getattr(never, method)(setting.y, setting.x)
    with never:  # and it can be used afterwards
        never.watch(setting.x)
        y = setting.x * 2.0
    assert never.gradient(y, setting.x).numpy().tolist() == [[2.0, 2.0]]
    setting.tape.gradient(setting.y, setting.x)
    with pytest.raises(RuntimeError, match=CONSUMED):
        getattr(setting.tape, method)(setting.y, setting.x)


REFUSALS: dict[str, tuple[type[Exception], str, Callable[[Setting], Any]]] = {
    "sequential jacobian": (
        RuntimeError,
        "persistent=True",
        lambda s: s.tape.jacobian(s.y, s.x, experimental_use_pfor=False),
    ),
    "sequential batch_jacobian": (
        RuntimeError,
        "persistent=True",
        lambda s: s.tape.batch_jacobian(s.y, s.x, experimental_use_pfor=False),
    ),
    "parallel_iterations": (
        RuntimeError,
        "(?s)persistent=True.*parallel_iterations",
        lambda s: s.tape.batch_jacobian(s.y, s.x, parallel_iterations=2),
    ),
    "stop_recording of an exited tape": (
        ValueError,
        "Tape is not recording",
        lambda s: enter(s.tape.stop_recording()),
    ),
    "reset of an exited tape": (ValueError, "Tape is not recording", lambda s: s.tape.reset()),
    "watch an array": (ValueError, r"(?s)ndarray.*not tf\.Tensor", lambda s: s.tape.watch(np.ones(2))),
    "watch a number in a nest": (
        ValueError,
        r"(?s)float.*not tf\.Tensor",
        lambda s: s.tape.watch({"a": [s.x, 1.0]}),
    ),
    "unknown choice": (
        ValueError,
        "Unknown value for unconnected_gradients: 'nonsense'",
        lambda s: s.tape.gradient(s.y, s.x, unconnected_gradients="nonsense"),
    ),
    "unknown choice in jacobian": (
        ValueError,
        "Unknown value for unconnected_gradients: 'nonsense'",
        lambda s: s.tape.jacobian(s.y, s.x, unconnected_gradients="nonsense"),
    ),
    "unknown choice in batch_jacobian": (
        ValueError,
        "Unknown value for unconnected_gradients: 'nonsense'",
        lambda s: s.tape.batch_jacobian(s.y, s.x, unconnected_gradients="nonsense"),
    ),
    "rank of the target": (
        ValueError,
        "must have rank at least 2",
        lambda s: s.tape.batch_jacobian(tf.constant([1.0]), s.x),
    ),
    "rank of a scalar target": (
        ValueError,
        "must have rank at least 2",
        lambda s: s.tape.batch_jacobian(tf.constant(1.0), s.x),
    ),
    "rank of the source": (
        ValueError,
        "must have rank at least 2",
        lambda s: s.tape.batch_jacobian(s.y, tf.constant([1.0])),
    ),
    "first dimensions": (
        ValueError,
        "Need first dimension",
        lambda s: s.tape.batch_jacobian(tf.ones([2, 2]), s.x),
    ),
    "target None": (TypeError, "Argument `target` should be", lambda s: s.tape.gradient(None, s.x)),
    "target number": (TypeError, "float", lambda s: s.tape.gradient(3.0, s.x)),
    "source array": (TypeError, "ndarray", lambda s: s.tape.gradient(s.y, np.ones(2))),
    "too many weights": (ValueError, "output_gradients", lambda s: s.tape.gradient(s.y, s.x, [s.x, s.x])),
    "weights of another shape": (ValueError, r"\(3,\)", lambda s: s.tape.gradient(s.y, s.x, tf.ones([3]))),
    "weights of another kind": (
        (TypeError, ValueError),  # type: ignore[dict-item]  # a pair of types, as pytest.raises takes it
        "str|text|'a'",
        lambda s: s.tape.gradient(s.y, s.x, "a"),
    ),
    "too few arguments": (TypeError, "sources", lambda s: s.tape.gradient(s.y)),
    "unknown argument": (TypeError, "nonsense", lambda s: s.tape.gradient(s.y, s.x, nonsense=1)),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_a_refusal_leaves_the_tape_as_it_was(name: str) -> None:
    error, fragment, call = REFUSALS[name]
    setting = Setting()
    with pytest.raises(error, match=fragment):
        call(setting)
    setting.check()


RECORDING: dict[str, tuple[type[Exception], str, Callable[[Any], Any]]] = {
    "enter": (ValueError, "Tape is still recording", lambda tape: enter(tape)),
    "stop_recording twice": (ValueError, "Tape is not recording", lambda tape: twice(tape)),
    "reset in a pause": (ValueError, "Tape is not recording", lambda tape: reset_in_pause(tape)),
    "watch a number": (ValueError, r"(?s)float.*not tf\.Tensor", lambda tape: tape.watch(1.0)),
}


def twice(tape: Any) -> None:
    with tape.stop_recording(), tape.stop_recording():
        pass


def reset_in_pause(tape: Any) -> None:
    with tape.stop_recording():
        tape.reset()


@pytest.mark.parametrize("name", RECORDING)
def test_a_refusal_while_recording_leaves_the_tape_recording(name: str) -> None:
    error, fragment, call = RECORDING[name]
    x, v = tf.constant(3.0), tf.Variable(2.0)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = x * v
        with pytest.raises(error, match=fragment):
            call(tape)
        z = y * x
    assert [w is v for w in tape.watched_variables()] == [True]
    assert [float(g.numpy()) for g in tape.gradient(z, [x, v])] == [12.0, 9.0]


def test_stop_recording_without_a_record() -> None:
    tape = tf.GradientTape()
    with pytest.raises(RuntimeError, match="Trying to stop recording"):
        enter(tape.stop_recording())
    x = tf.constant(3.0)
    with tape:
        tape.watch(x)
        y = x * x
    assert tape.gradient(y, x).numpy() == 6.0
    with pytest.raises(RuntimeError, match="Trying to stop recording"):
        enter(tape.stop_recording())


@pytest.mark.parametrize("bad", [ZeroDivisionError("mine"), KeyboardInterrupt("mine")])
def test_an_error_in_a_rule_comes_through_and_the_record_stays(bad: BaseException) -> None:
    trouble = [True]

    @tf.custom_gradient
    def double(x: Any) -> Any:
        def pull(upstream: Any) -> Any:
            if trouble:
                raise bad
            return 2.0 * upstream

        return x * 2.0, pull

    x = tf.constant(3.0)
    with tf.GradientTape() as outer:
        outer.watch(x)
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = double(x)
        with pytest.raises(type(bad), match="mine"):
            tape.gradient(y, x)
        trouble.clear()
        assert tape.gradient(y, x).numpy() == 2.0
        z = x * x
    assert outer.gradient(z, x).numpy() == 6.0


# Custom functions


def test_a_custom_gradient_of_the_wrong_count() -> None:
    @tf.custom_gradient
    def product(a: Any, b: Any) -> Any:
        return a * b, lambda upstream: upstream

    x = tf.constant(3.0)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        y = product(x, x)
        z = x * x
    with pytest.raises(ValueError, match="(?s)expected to return 2.*1"):
        tape.gradient(y, x)
    assert tape.gradient(z, x).numpy() == 6.0


def test_a_custom_gradient_that_must_accept_variables() -> None:
    v = tf.Variable(2.0)

    @tf.custom_gradient
    def times(a: Any) -> Any:
        return a * v, lambda upstream: upstream

    x = tf.constant(3.0)
    with tf.GradientTape() as tape:
        tape.watch(x)
        with pytest.raises(TypeError, match="must accept keyword argument 'variables'"):
            times(x)
        y = x * x
    assert tape.gradient(y, x).numpy() == 6.0


def test_a_custom_gradient_with_too_few_for_its_variables() -> None:
    v, w = tf.Variable(2.0), tf.Variable(5.0)

    @tf.custom_gradient
    def times(a: Any) -> Any:
        def pull(upstream: Any, variables: Any = None) -> Any:
            return upstream, [upstream]

        return a * v * w, pull

    x = tf.constant(3.0)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = times(x)
    with pytest.raises(ValueError, match="Must return gradient for each variable"):
        tape.gradient(y, x)


def test_recompute_grad_in_forward_mode() -> None:
    x = tf.constant(3.0)
    square = tf.recompute_grad(lambda t: t * t)
    with (
        pytest.raises(NotImplementedError, match="tried to transpose"),
        tf.autodiff.ForwardAccumulator(x, tf.constant(1.0)) as accumulator,
    ):
        accumulator.jvp(square(x))
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = square(x)
    assert tape.gradient(y, x).numpy() == 6.0


# Accumulators


def test_an_accumulator_with_a_primal_twice() -> None:
    x = tf.constant(3.0)
    with pytest.raises(ValueError, match="multiple times"):
        tf.autodiff.ForwardAccumulator([x, x], [x, x])


def test_an_accumulator_entered_twice() -> None:
    x = tf.constant(3.0)
    with tf.autodiff.ForwardAccumulator(x, tf.constant(1.0)) as accumulator:
        with pytest.raises(ValueError, match="already recording"):
            enter(accumulator)
        y = x * x
    assert accumulator.jvp(y).numpy() == 6.0
