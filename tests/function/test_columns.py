"""Gradients in columns of a batch that recorded programs take forwards: what they are, and when that is chosen."""

import gc

import mpmath
import numpy as np
import pytest

import gradtape as gt
from gradtape import columns


def derivative(function, *names):
    """The derivative of a function of columns along these, one tape in another for each."""

    def derived(**at):
        if not names:
            return function(**at)
        with gt.GradientTape() as tape:
            tape.watch(at[names[-1]])
            inner = derivative(function, *names[:-1])(**at)
        return tape.gradient(inner, at[names[-1]])

    return derived


@pytest.fixture
def taken(monkeypatch):
    """How often a gradient was taken forwards, and how often not."""
    counts = {"forwards": 0, "backwards": 0}
    whole = columns.forwards

    def counted(*args):
        found = whole(*args)
        counts["backwards" if found is None else "forwards"] += 1
        return found

    monkeypatch.setattr(columns, "forwards", counted)
    return counts


def points(count=6, names="xt", shape=(1,), seed=0):
    rng = np.random.default_rng(seed)
    return [gt.constant(rng.uniform(0.2, 1.0, (count, *shape))) for _ in names]


def program(seed):
    """A random function of two columns, row by row, with weights."""
    rng = np.random.default_rng(seed)
    first, last = gt.Variable(rng.normal(size=(2, 4))), gt.Variable(rng.normal(size=(4, 2)) / 2)
    entries = [
        gt.tanh,
        gt.sin,
        gt.exp,
        lambda h: h * gt.sigmoid(h),
        lambda h: gt.sqrt(1.5 + gt.sin(h)),
        lambda h: h**3,
    ]
    ends = [
        lambda z, x, t: z * x,
        lambda z, x, t: gt.concat([z, x / (1.0 + t * t)], 1),
        lambda z, x, t: gt.where(x > 0.5, z, t * z),
        lambda z, x, t: gt.reduce_sum(z, 1, keepdims=True) + t,
        lambda z, x, t: z[:, 1:] - gt.reduce_max(z, 1, keepdims=True),
        lambda z, x, t: gt.nn.softmax(z) * gt.stack([x[:, 0], t[:, 0]], 1),
    ]
    inner, outer = (entries[i] for i in rng.integers(len(entries), size=2))
    end = ends[rng.integers(len(ends))]
    return lambda x, t: end(outer(inner(gt.concat([x, t], 1) @ first) @ last), x, t), [first, last]


@pytest.mark.parametrize("names", ["x", "xx", "xt", "xxx", "xtt", "xxxx"])
@pytest.mark.parametrize("seed", range(4))
def test_both_ways_give_the_same(names, seed, taken):
    """Nested tapes, plain (backwards) and recorded, and the weights' gradient of what they give."""
    function, weights = program(seed + 10 * len(names))

    def step(x, t):
        with gt.GradientTape() as tape:
            found = derivative(function, *names)(x=x, t=t)
            loss = gt.reduce_sum(gt.sin(found))
        return found, tape.gradient(loss, weights)

    x, t = points()
    expected = gt.nest.flatten(step(x, t))
    taken["forwards"] = 0
    f = gt.function(step)
    f(x, t)
    for found, other in zip(gt.nest.flatten(f(x, t)), expected, strict=True):
        scale = np.max(np.abs(other.numpy()))
        np.testing.assert_allclose(found.numpy(), other.numpy(), rtol=1e-10, atol=1e-10 * scale)
    assert taken["forwards"] == len(names)


def test_the_fourth_derivative_is_that_of_mpmath(taken):
    f = gt.function(derivative(lambda x, t: gt.exp(x * t) * gt.sin(x), *"xxtx"))
    x, t = points(3)
    exact = [
        mpmath.diff(lambda a, b: mpmath.exp(a * b) * mpmath.sin(a), (float(a), float(b)), (3, 1))
        for a, b in zip(x.numpy().ravel(), t.numpy().ravel(), strict=True)
    ]
    for _ in range(2):
        np.testing.assert_allclose(f(x=x, t=t).numpy().ravel(), np.array(exact, float), rtol=1e-12)
    assert taken == {"forwards": 4, "backwards": 0}


def products(f):
    return sum(operation.primitive.name == "matmul" for operation in f.graph().operations)


def layers(*columns, widths=(8, 8, 1), seed=0):
    rng = np.random.default_rng(seed)
    h = gt.concat(columns, 1)
    for width in widths:
        h = gt.tanh(h @ gt.constant(rng.normal(size=(h.shape[1], width))))
    return h


@pytest.mark.parametrize("order", [1, 2, 3, 4])
def test_each_order_adds_one_stream(order, taken):
    """K + 1 products at most for each of the program, in place of 2^K."""
    f = gt.function(derivative(lambda x: layers(x), *"x" * order))
    (x,) = points(names="x")
    f(x=x)
    assert taken == {"forwards": order, "backwards": 0}
    assert products(f) <= 3 * (order + 1) <= 3 * 2**order


def test_targets_share_the_tangents_of_a_column():
    def gradients(x, t):
        with gt.GradientTape(persistent=True) as tape:
            tape.watch([x])
            z = layers(x, t, widths=(8, 8, 5))
            parts = [z[:, i : i + 1] for i in range(5)]
        return [tape.gradient(part, x) for part in parts]

    f = gt.function(gradients)
    f(*points())
    assert products(f) <= 2 * 3


@pytest.mark.parametrize(
    ("count", "orders", "way"),
    [(1, 1, "forwards"), (2, 1, "backwards"), (12, 1, "backwards"), (2, 2, "forwards"), (12, 2, "forwards")],
)
def test_the_way_with_fewer_operations_is_taken(count, orders, way, taken):
    """Many columns of one target share one walk back, unless a second derivative is taken along each."""

    def gradients(*xs):
        with gt.GradientTape(persistent=True) as outer:
            if orders == 2:
                outer.watch(xs)
            with gt.GradientTape(persistent=True) as inner:
                inner.watch(xs)
                u = layers(*xs)
            first = [inner.gradient(u, x) for x in xs]
        return [outer.gradient(g, x) for g, x in zip(first, xs, strict=True)] if orders == 2 else first

    xs = points(names=range(count))
    f = gt.function(gradients)
    f(*xs)
    assert [name for name, number in taken.items() if number] == [way]
    forward, backward = 3 * (1 + orders * count), 3 * 2 + (orders == 2) * 2 * 3 * count
    assert products(f) <= min(forward, backward)


def test_a_target_summed_over_rows_goes_back_to_where_they_are_apart(taken):
    def gradients(x, t):
        with gt.GradientTape() as outer:
            outer.watch(x)
            with gt.GradientTape() as inner:
                inner.watch(x)
                loss = gt.reduce_mean(layers(x, t, widths=(6, 3)) ** 2)
            first = inner.gradient(loss, x)
            total = gt.reduce_sum(first)
        return first, outer.gradient(total, x)

    x, t = points()
    expected = gradients(x, t)
    f = gt.function(gradients)
    for _ in range(2):
        for found, other in zip(f(x, t), expected, strict=True):
            np.testing.assert_allclose(found.numpy(), other.numpy(), rtol=1e-12)
    assert taken["forwards"] == 2


def test_jacobians_of_rows_with_few_inputs_go_by_columns():
    """One stream for the one column, where a walk back for each of five outputs would be five."""

    def jacobian(x):
        with gt.GradientTape() as tape:
            tape.watch(x)
            z = layers(x, widths=(8, 8, 2))
        return tape.batch_jacobian(z, x)

    (x,) = points(names="x")
    f = gt.function(jacobian)
    for _ in range(2):
        np.testing.assert_allclose(f(x).numpy(), jacobian(x).numpy(), rtol=1e-12)
    assert products(f) <= 2 * 3


def test_vectors_weights_and_unconnected_columns():
    def gradients(x, t, g):
        with gt.GradientTape(persistent=True) as tape:
            tape.watch([x, t])
            y = gt.stack([gt.sin(x), x * x], 1)
        return tape.gradient(y, x, output_gradients=g), tape.gradient(y, t, unconnected_gradients="zero")

    x, t = points(shape=())
    g = gt.constant(np.random.default_rng(1).normal(size=(6, 2)))
    f = gt.function(gradients)
    for _ in range(2):
        for found, other in zip(f(x, t, g), gradients(x, t, g), strict=True):
            np.testing.assert_allclose(found.numpy(), other.numpy(), rtol=1e-14)


@pytest.mark.parametrize(
    "function",
    [
        lambda x: x - gt.reduce_mean(x),
        lambda x: gt.cumsum(x, 0),
        lambda x: x[::-1] * x,
        lambda x: gt.transpose(x) @ x,
        lambda x: gt.cast(x, "float32"),
        lambda x: gt.concat([x, x], 0),
    ],
)
def test_where_rows_meet_gradients_go_backwards(function, taken):
    def gradient(x):
        with gt.GradientTape() as tape:
            tape.watch(x)
            y = gt.sin(function(x) * 2)
        return tape.gradient(y, x)

    (x,) = points(names="x")
    f = gt.function(gradient)
    for _ in range(2):
        np.testing.assert_allclose(f(x).numpy(), gradient(x).numpy(), rtol=1e-6)
    assert taken["forwards"] == 0


def test_branches_not_taken_stay_absent():
    """An infinite derivative of a branch that was not taken: not a NaN, in both ways."""

    def gradients(x):
        with gt.GradientTape() as outer:
            outer.watch(x)
            with gt.GradientTape() as inner:
                inner.watch(x)
                y = gt.where(x > 0, gt.sqrt(gt.maximum(x, 0.0)), x * 0.5)
            first = inner.gradient(y, x)
        return first, outer.gradient(first, x)

    x = gt.constant([[0.0], [1.0], [-2.0], [4.0]], dtype=gt.float64)
    f = gt.function(gradients)
    for _ in range(2):
        first, second = f(x)
        np.testing.assert_allclose(first.numpy().ravel(), [0.5, 0.5, 0.5, 0.25])
        np.testing.assert_allclose(second.numpy().ravel(), [0, -0.25, 0, -1 / 32])


def test_tangents_serve_only_tapes_that_have_followed_the_same():
    def gradients(x):
        with gt.GradientTape() as outer:
            outer.watch(x)
            with gt.GradientTape() as inner:
                inner.watch(x)
                z = gt.sin(x)
                with inner.stop_recording():
                    c = x * x
                y = z * c
            first = inner.gradient(y, x)
            both = y + first
        return first, outer.gradient(both, x)

    (x,) = points(names="x")
    f = gt.function(gradients)
    for _ in range(2):
        for found, other in zip(f(x), gradients(x), strict=True):
            np.testing.assert_allclose(found.numpy(), other.numpy(), rtol=1e-12)


def test_tangents_serve_only_tapes_that_have_heard_them():
    w = gt.Variable([[0.7]], dtype=gt.float64)

    def gradients(x):
        with gt.GradientTape() as weights:
            with gt.GradientTape(persistent=True) as tape:
                tape.watch(x)
                y = gt.sin(x @ w)
            with weights.stop_recording():
                first = tape.gradient(y, x)
            both = first + tape.gradient(y, x)
        return weights.gradient(both, w)

    (x,) = points(names="x")
    f = gt.function(gradients)
    for _ in range(2):
        np.testing.assert_allclose(f(x).numpy(), gradients(x).numpy(), rtol=1e-12)


def test_a_recording_goes_without_waiting_for_the_collector(taken):
    """Its values are many; a cycle among them would keep them until Python looks for cycles."""
    from gradtape.core.recording import Recording

    f = gt.function(lambda x, t: derivative(lambda x, t: gt.sin(x * t) * x, "x", "x")(x=x, t=t))
    x, t = points()
    gc.collect()
    gc.disable()
    try:
        f(x, t)
        left = [each for each in gc.get_objects() if type(each) in (Recording, columns.Memory)]
    finally:
        gc.enable()
    assert taken["forwards"] > 0
    assert left == []
