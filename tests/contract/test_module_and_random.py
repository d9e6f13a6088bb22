"""Modules that gather variables, and random tensors that can be repeated.

Sections: modules; shapes, dtypes and moments; seeds; generators.
"""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest

import gradtape as tf

# Modules


class Dense(tf.Module):
    def __init__(self, name: str | None = None) -> None:
        super().__init__(name=name)
        self.w = tf.Variable([[2.0]], name="w")
        self.b = tf.Variable([1.0], name="b")

    def __call__(self, x: Any) -> Any:
        return x @ self.w + self.b


class Model(tf.Module):
    """Variables in attributes, lists, dictionaries and modules inside; the names of attributes are not in order."""

    def __init__(self) -> None:
        super().__init__()
        self.zeta = tf.Variable(1.0, name="first")
        self.layers = [Dense(), {"q": tf.Variable(2.0, name="second")}]
        self.alpha = tf.Variable(3.0, name="third")
        self.counter = tf.Variable(4.0, name="fourth", trainable=False)
        self.again = self.zeta
        self.note = ("text", 1, None)


def names(variables: Any) -> list[str]:
    return [v.name.removesuffix(":0") for v in variables]


def test_trainable_variables_in_the_order_of_their_creation() -> None:
    model = Model()
    assert names(model.trainable_variables) == ["first", "w", "b", "second", "third"]
    model.alpha, model.zeta = model.zeta, model.alpha  # creation counts, not the attribute
    assert names(model.trainable_variables) == ["first", "w", "b", "second", "third"]


def test_variables_are_gathered_once_each_from_everywhere_inside() -> None:
    model = Model()
    assert sorted(names(model.variables)) == ["b", "first", "fourth", "second", "third", "w"]
    assert sorted(names(model.trainable_variables)) == ["b", "first", "second", "third", "w"]
    assert names(model.non_trainable_variables) == ["fourth"]
    assert [type(found) for found in (model.variables, model.trainable_variables)] == [tuple, tuple]
    assert model.submodules == (model.layers[0],)
    assert tf.Module().trainable_variables == ()


def test_modules_that_contain_each_other_are_walked_once() -> None:
    left, right = Dense(), Dense()
    left.partner, right.partner = right, left
    assert sorted(names(left.trainable_variables)) == ["b", "b", "w", "w"]
    assert left.submodules == (right,)


def test_a_variable_added_or_removed_later_is_seen() -> None:
    dense = Dense()
    dense.extra = tf.Variable(0.0, name="extra")
    del dense.b
    assert sorted(names(dense.trainable_variables)) == ["extra", "w"]


def test_modules_have_names() -> None:
    assert Dense(name="top").name == "top"
    assert Dense().name == "dense"
    assert Model().name == "model"


def test_name_scopes_prefix_the_names_of_variables() -> None:
    with tf.name_scope("outer") as outer:
        first = tf.Variable(1.0, name="w")
        with tf.name_scope("inner") as inner:
            second = tf.Variable(1.0)
            with tf.name_scope("other/") as other, tf.name_scope("") as none:
                third = tf.Variable(1.0, name="w")
            copied = copy.deepcopy(first)
        fourth = tf.Variable(1.0, name="w")
    assert [outer, inner, other, none] == ["outer/", "outer/inner/", "other/", ""]
    found = [v.name for v in (first, second, third, copied, fourth, tf.Variable(1.0, name="w"))]
    assert found == ["outer/w:0", "outer/inner/Variable:0", "w:0", "outer/w:0", "outer/w:0", "w:0"]
    with pytest.raises(ValueError, match="name_scope takes a text"):
        tf.name_scope(None)


def test_a_scope_ends_on_an_exception_and_may_be_entered_inside_itself() -> None:
    scope = tf.name_scope("a")
    with pytest.raises(ZeroDivisionError), scope, scope as inner:
        assert inner == "a/a/"
        1 / 0
    assert tf.Variable(1.0, name="w").name == "w:0"


def test_a_module_names_its_variables() -> None:
    class Scaled(tf.Module):
        def __init__(self, name: str | None = None) -> None:
            super().__init__(name=name)
            with self.name_scope:
                self.a = tf.Variable(2.0, name="a")

        @tf.Module.with_name_scope
        def __call__(self, x: Any, *, power: float = 1.0) -> Any:
            if not hasattr(self, "w"):
                self.w = tf.Variable(3.0, name="w")
            return self.a * self.w * x**power

    with tf.name_scope("net"):
        module = Scaled()
    assert module(tf.constant(2.0), power=2.0).numpy() == 24.0
    assert [v.name for v in module.variables] == ["net/scaled/a:0", "net/scaled/w:0"]
    assert module.name == "scaled"


def test_a_module_trains() -> None:
    dense = Dense()
    x = tf.constant([[1.0], [2.0], [3.0]])
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(dense(x))
    assert {v.name for v in tape.watched_variables()} == {"w:0", "b:0"}
    gradients = tape.gradient(loss, dense.trainable_variables)
    assert isinstance(gradients, (tuple, list))
    for gradient, variable in zip(gradients, dense.trainable_variables, strict=True):
        variable.assign_sub(0.5 * gradient)
    assert [dense.w.numpy().tolist(), dense.b.numpy().tolist()] == [[[-1.0]], [-0.5]]


# Shapes, dtypes and moments

SEED = (1, 2)
ANY = [
    lambda shape, **options: tf.random.normal(shape, **options),
    lambda shape, **options: tf.random.uniform(shape, **options),
    lambda shape, **options: tf.random.stateless_normal(shape, seed=SEED, **options),
    lambda shape, **options: tf.random.stateless_uniform(shape, seed=SEED, **options),
    lambda shape, **options: tf.random.Generator.from_seed(3).normal(shape, **options),
    lambda shape, **options: tf.random.Generator.from_seed(3).uniform(shape, **options),
]
NORMAL, UNIFORM = ANY[::2], ANY[1::2]
KINDS = ["global", "stateless", "generator"]


@pytest.mark.parametrize("sample", ANY)
def test_shape_and_dtype_are_as_asked_for(sample: Any) -> None:
    for shape in ([], (3,), [2, 3], (2, 0), np.array([4, 1])):
        x = sample(shape)
        assert isinstance(x, tf.Tensor)
        assert tuple(x.shape) == tuple(shape)
        assert x.dtype == tf.float32
    assert sample([2], dtype=tf.float64).dtype == tf.float64
    assert sample([2], dtype=tf.float16).dtype == tf.float16


@pytest.mark.parametrize("sample", NORMAL, ids=KINDS)
def test_normal_numbers_have_their_moments(sample: Any) -> None:
    x = sample([200_000]).numpy().astype(float)
    assert [abs(x.mean()) < 0.02, abs(x.std() - 1.0) < 0.02] == [True, True]
    assert abs((x**3).mean()) < 0.1
    assert abs((x**4).mean() - 3.0) < 0.15
    assert abs((x[1:] * x[:-1]).mean()) < 0.02
    y = sample([200_000], mean=3.0, stddev=0.5, dtype=tf.float64).numpy()
    assert [abs(y.mean() - 3.0) < 0.02, abs(y.std() - 0.5) < 0.02] == [True, True]


@pytest.mark.parametrize("sample", UNIFORM, ids=KINDS)
def test_uniform_numbers_fill_their_interval(sample: Any) -> None:
    x = sample([200_000]).numpy()
    counts = np.histogram(x, bins=10, range=(0.0, 1.0))[0]
    assert counts.sum() == 200_000
    assert np.abs(counts - 20_000).max() < 1_000
    assert x.max() < 1.0
    y = sample([1000], minval=5.0, maxval=6.0).numpy()
    assert [y.min() >= 5.0, y.max() < 6.0, y.std() > 0.2] == [True, True, True]


@pytest.mark.parametrize("sample", UNIFORM, ids=KINDS)
def test_uniform_integers_leave_the_upper_end_out(sample: Any) -> None:
    for dtype in (tf.int32, tf.int64):
        x = sample([6000], minval=-1, maxval=2, dtype=dtype)
        assert x.dtype == dtype
        counts = np.unique(x.numpy(), return_counts=True)
        assert counts[0].tolist() == [-1, 0, 1]
        assert counts[1].min() > 1800
    with pytest.raises(ValueError, match="maxval"):
        sample([2], minval=1, maxval=None, dtype=tf.int32)


@pytest.mark.parametrize("sample", NORMAL, ids=KINDS)
def test_mean_and_deviation_broadcast_and_differentiate(sample: Any) -> None:
    mean, deviation = tf.constant([0.0, 100.0, 200.0]), tf.constant(2.0)
    with tf.GradientTape() as tape:
        tape.watch([mean, deviation])
        x = sample([4, 3], mean=mean, stddev=deviation)
    assert tuple(x.shape) == (4, 3)
    assert np.round(x.numpy() / 100.0).tolist() == [[0.0, 1.0, 2.0]] * 4
    by_mean, by_deviation = tape.gradient(x, [mean, deviation])
    assert by_mean.numpy().tolist() == [4.0, 4.0, 4.0]
    noise = (x.numpy().astype(float) - [0.0, 100.0, 200.0]) / 2.0
    assert float(by_deviation) == pytest.approx(noise.sum(), abs=1e-3)


# Seeds


@pytest.mark.parametrize("function", [tf.random.stateless_normal, tf.random.stateless_uniform])
def test_a_pair_of_seeds_decides_the_numbers(function: Any) -> None:
    first = function([5], seed=[1, 2]).numpy()
    tf.random.normal([3])  # no state between
    assert first.tolist() == function([5], seed=(1, 2)).numpy().tolist()
    assert first.tolist() == function([5], tf.constant([1, 2])).numpy().tolist()
    for other in ([2, 1], [1, 3], [0, 2], [-1, 2], [1, 2**40]):
        assert not np.any(function([5], seed=other).numpy() == first)


@pytest.mark.parametrize("seed", [1, [1], [1, 2, 3]])
def test_anything_but_a_pair_of_seeds_is_refused(seed: Any) -> None:
    with pytest.raises(tf.errors.InvalidArgumentError, match="seed must"):
        tf.random.stateless_normal([2], seed=seed)


def test_the_global_seed_repeats_the_sequence() -> None:
    def sequence(seed: int) -> list[Any]:
        tf.random.set_seed(seed)
        return [
            tf.random.normal([2]).numpy().tolist(),
            tf.random.uniform([2]).numpy().tolist(),
            draw().tolist(),
        ]

    def draw() -> Any:
        return tf.random.normal([2]).numpy()

    first = sequence(5)
    assert first == sequence(5)
    assert first[0] != first[2]
    assert first != sequence(6)


def test_a_seed_for_one_operation_repeats_after_the_global_seed() -> None:
    tf.random.set_seed(5)
    first, second = tf.random.normal([2], seed=1).numpy(), tf.random.normal([2], seed=1).numpy()
    tf.random.set_seed(5)
    again, other = tf.random.normal([2], seed=1).numpy(), tf.random.normal([2], seed=2).numpy()
    assert again.tolist() == first.tolist()
    assert not np.any(first == second)
    assert not np.any(second == other)


# Generators


def test_a_generator_from_a_seed_repeats_and_moves_on() -> None:
    one, two = tf.random.Generator.from_seed(3), tf.random.Generator.from_seed(3)
    first = [
        one.normal([2]).numpy().tolist(),
        one.normal([2]).numpy().tolist(),
        one.uniform([2]).numpy().tolist(),
    ]
    tf.random.set_seed(1)  # generators have a state of their own
    again = [
        two.normal([2]).numpy().tolist(),
        two.normal([2]).numpy().tolist(),
        two.uniform([2]).numpy().tolist(),
    ]
    assert first == again
    assert first[0] != first[1]
    assert tf.random.Generator.from_seed(4).normal([2]).numpy().tolist() != first[0]


def test_a_random_tensor_is_a_constant_for_a_tape() -> None:
    x = tf.constant(2.0)
    with tf.GradientTape() as tape:
        tape.watch(x)
        noise = tf.random.normal([], seed=1)
        y = noise * x
    assert tape.gradient(y, x).numpy() == noise.numpy()
