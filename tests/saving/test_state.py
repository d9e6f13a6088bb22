"""State of objects: training that is interrupted goes on as if it had not been, and nothing is restored by half."""

import collections

import numpy as np
import pytest

import gradtape as gt


@pytest.fixture
def path(tmp_path):
    return tmp_path / "state.safetensors"


class Dense(gt.Module):
    def __init__(self, n, m, seed=0):
        super().__init__()
        self.kernel = gt.Variable(np.random.default_rng(seed).normal(size=(n, m)), dtype=gt.float64)
        self.bias = gt.Variable(np.zeros(m), dtype=gt.float64)

    def __call__(self, x):
        return gt.tanh(x @ self.kernel + self.bias)


class Model(gt.Module):
    def __init__(self, seed=0):
        super().__init__()
        self.layers = [Dense(2, 3, seed), Dense(3, 1, seed + 1)]
        self.named = {"scale": gt.Variable(1.0, dtype=gt.float64)}
        self.settings = {"depth": 2, "note": "not saved"}

    def __call__(self, x):
        for layer in self.layers:
            x = layer(x)
        return x * self.named["scale"]


def train(model, optimizer, steps):
    x = gt.constant(np.random.default_rng(9).normal(size=(8, 2)))
    losses = []
    for _ in range(steps):
        noise = gt.random.normal((8, 1), dtype=gt.float64)
        with gt.GradientTape() as tape:
            loss = gt.reduce_mean((model(x) - 0.1 * noise - 0.5) ** 2)
        weights = model.trainable_variables
        optimizer.apply_gradients(zip(tape.gradient(loss, weights), weights, strict=True))
        losses.append(float(loss))
    return losses


OPTIMIZERS = {
    "sgd": lambda: gt.optimizers.SGD(0.1),
    "momentum": lambda: gt.optimizers.SGD(0.1, momentum=0.9),
    "adam": lambda: gt.optimizers.Adam(0.05, amsgrad=True),
    "rmsprop": lambda: gt.optimizers.RMSprop(0.01, centered=True),
    "adagrad": lambda: gt.optimizers.Adagrad(0.1),
    "schedule": lambda: gt.optimizers.Adam(gt.optimizers.schedules.ExponentialDecay(0.1, 2, 0.5)),
}


@pytest.mark.parametrize("kind", OPTIMIZERS)
def test_training_goes_on_as_if_it_had_not_stopped(path, kind):
    gt.random.set_seed(1)
    model, optimizer = Model(), OPTIMIZERS[kind]()
    train(model, optimizer, 3)
    gt.save(path, model=model, optimizer=optimizer, random=gt.random.get_global_generator())
    expected = train(model, optimizer, 4)

    gt.random.set_seed(77)
    fresh, other = Model(seed=5), OPTIMIZERS[kind]()
    gt.load(path, model=fresh, optimizer=other, random=gt.random.get_global_generator())
    assert other.iterations.numpy() == 3
    assert train(fresh, other, 4) == expected  # to the last bit
    # Into objects that have gone elsewhere, too.
    gt.load(path, model=fresh, optimizer=other, random=gt.random.get_global_generator())
    assert train(fresh, other, 4) == expected


def test_slots_find_their_variables_whatever_the_order_of_the_first_steps(path):
    def pair():
        return {"a": gt.Variable(1.0), "b": gt.Variable(2.0)}

    ours, optimizer = pair(), gt.optimizers.SGD(0.1, momentum=0.9)
    optimizer.apply_gradients([(3.0, ours["b"]), (5.0, ours["a"])])
    gt.save(path, v=ours, o=optimizer)
    fresh, other = pair(), gt.optimizers.SGD(0.1, momentum=0.9)
    other.build([fresh["a"], fresh["b"]])
    gt.load(path, v=fresh, o=other)
    for v, o in ((ours, optimizer), (fresh, other)):
        o.apply_gradients([(0.0, v["a"]), (0.0, v["b"])])
    # By the formula: m = -rate g, x += m; then m *= 0.9, x += m.
    assert fresh["a"].numpy() == ours["a"].numpy() == pytest.approx(1 - 0.5 - 0.45)
    assert fresh["b"].numpy() == ours["b"].numpy() == pytest.approx(2 - 0.3 - 0.27)


def test_names_are_paths(path):
    model, optimizer = Model(), gt.optimizers.SGD(0.1, momentum=0.5)
    optimizer.minimize(lambda: gt.reduce_sum(model.layers[0].bias), [model.layers[0].bias])
    gt.save(path, model=model, optimizer=optimizer)
    assert sorted(gt.load(path)) == [
        "model/layers/0/bias",
        "model/layers/0/kernel",
        "model/layers/1/bias",
        "model/layers/1/kernel",
        "model/named/scale",
        "optimizer/iterations",
        "optimizer/learning_rate",
        "optimizer/slots/model/layers/0/bias/momentum",
    ]


def test_an_optimizer_without_its_variables(path):
    """Its own slots come back by number; another optimiser cannot know whose they were."""
    v, optimizer = gt.Variable(1.0), gt.optimizers.SGD(0.1, momentum=0.9)
    optimizer.apply_gradients([(1.0, v)])
    gt.save(path, optimizer)
    assert sorted(gt.load(path)) == ["iterations", "learning_rate", "slots/0/momentum"]
    optimizer.apply_gradients([(1.0, v)])
    gt.load(path, optimizer)
    assert optimizer.variables[2].numpy() == np.float32(-0.1)
    with pytest.raises(ValueError, match="save and load the variables with their optimizer"):
        gt.load(path, gt.optimizers.SGD(0.1, momentum=0.9))


def test_an_optimizer_saved_before_its_first_step_starts_afresh(path):
    v, optimizer = gt.Variable(1.0), gt.optimizers.SGD(0.1, momentum=0.9)
    gt.save(path, v=v, optimizer=optimizer)
    optimizer.apply_gradients([(1.0, v)])
    gt.load(path, v=v, optimizer=optimizer)
    optimizer.apply_gradients([(0.0, v)])
    assert v.numpy() == 1.0  # no momentum is left


@pytest.mark.parametrize("dtype", ["bool", "int8", "uint64", "float16", "float64", "complex64", "complex128"])
def test_variables_of_every_kind(path, dtype):
    value = np.array([[1, 0, 1]], dtype)
    v = gt.Variable(value)
    gt.save(path, v)
    v.assign(np.zeros_like(value))
    assert list(gt.load(path, v)) == ["value"]
    np.testing.assert_array_equal(v.numpy(), value, strict=True)


def test_structures(path):
    Pair = collections.namedtuple("Pair", "left right")
    shared = gt.Variable(1.0)
    cyclic = gt.Module()
    cyclic.own, cyclic.me = gt.Variable(2.0), cyclic
    objects = {
        "pair": Pair(shared, shared),
        "odd/key": [gt.Variable(3), None],
        "g": gt.random.Generator.from_seed(4),
        "cyclic": cyclic,
    }
    gt.save(path, objects)
    assert sorted(gt.load(path)) == ["cyclic/own", "g", "odd%2Fkey/0", "pair/left"]
    draws = objects["g"].normal((3,)).numpy()
    gt.load(path, objects)
    np.testing.assert_array_equal(objects["g"].normal((3,)).numpy(), draws)


def test_a_shape_that_may_vary(path):
    v = gt.Variable([1.0, 2.0, 3.0], shape=(None,))
    gt.save(path, v=v)
    v.assign([0.0])
    gt.load(path, v=v)
    assert v.numpy().tolist() == [1.0, 2.0, 3.0]


def snapshot(objects):
    return [np.array(v.numpy()) for v in objects]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda m, o: {"model": m}, "no object has the file's optimizer/iterations"),
        (lambda m, o: {"model": m, "optimizer": o, "extra": gt.Variable(1.0)}, "the file has no extra"),
        (lambda m, o: {"net": m, "optimizer": o}, "the file has no net/layers/0/bias"),
        (lambda m, o: {"model": m, "optimizer": gt.optimizers.SGD(0.1)}, "optimizer is SGD here and Adam in"),
    ],
)
def test_a_file_that_does_not_fit_changes_nothing(path, change, words):
    model, optimizer = Model(), gt.optimizers.Adam(0.1)
    train(model, optimizer, 1)
    gt.save(path, model=model, optimizer=optimizer)
    train(model, optimizer, 1)
    before = snapshot((*model.variables, *optimizer.variables))
    with pytest.raises(ValueError, match="does not fit: ") as caught:
        gt.load(path, **change(model, optimizer))
    assert words in str(caught.value)
    assert "nothing was changed" in str(caught.value)
    for was, now in zip(before, snapshot((*model.variables, *optimizer.variables)), strict=True):
        np.testing.assert_array_equal(now, was)


@pytest.mark.parametrize(
    ("other", "words"),
    [
        (gt.Variable(np.zeros((3, 2)), dtype=gt.float64), "float64 of shape (2, 3) in the file"),
        (gt.Variable(np.zeros((2, 3)), dtype=gt.float32), "float32 of shape (2, 3) here"),
        (gt.Variable(np.zeros(6), dtype=gt.float64), "float64 of shape (6,) here"),
    ],
)
def test_shapes_and_dtypes_are_checked_before_anything_is_put(path, other, words):
    first, kernel = gt.Variable(1.0), gt.Variable(np.ones((2, 3)))
    gt.save(path, first=first, kernel=kernel)
    first.assign(9.0)
    with pytest.raises(ValueError, match="kernel is ") as caught:
        gt.load(path, first=first, kernel=other)
    assert words in str(caught.value)
    assert first.numpy() == 9.0


@pytest.mark.parametrize(
    ("objects", "words"),
    [
        ({"epoch": 3}, "type int under 'epoch' has no state to save"),
        ({"x": np.zeros(2)}, "type ndarray under 'x'"),
        ({"x": gt.constant(1.0)}, "type Tensor under 'x'"),
        ({"deep": [{"a": lambda x: x}]}, "type function under 'deep/0/a'"),
    ],
)
def test_what_has_no_state_is_refused(path, objects, words):
    with pytest.raises(TypeError, match="has no state to save") as caught:
        gt.save(path, objects)
    assert words in str(caught.value)
    assert not path.exists()


def test_calls_that_mean_nothing(path):
    with pytest.raises(TypeError, match="give one object or named ones"):
        gt.save(path, gt.Variable(1.0), v=gt.Variable(2.0))
    with pytest.raises(TypeError, match="give the objects"):
        gt.save(path)
    with pytest.raises(ValueError, match="two values would have the name '1'"):
        gt.save(path, {1: gt.Variable(1.0), "1": gt.Variable(2.0)})


def test_not_inside_a_recorded_function(path):
    v = gt.Variable(1.0)
    with pytest.raises(gt.errors.RecordingError, match=r"gt\.save"):
        gt.function(lambda x: gt.save(path, v=v) or x)(gt.constant(1.0))


def test_tapes_keep_what_they_recorded(path):
    v = gt.Variable(3.0)
    gt.save(path, v=v)
    with gt.GradientTape() as tape:
        y = v * v
        v.assign(5.0)
        gt.load(path, v=v)
    assert tape.gradient(y, v).numpy() == 6.0
