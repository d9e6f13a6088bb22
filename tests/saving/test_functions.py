"""Programs in files: what comes back computes and differentiates as what was saved, and a bad file can only raise."""

import json
import os
import random
import subprocess
import sys
import warnings
from functools import partial

import numpy as np
import pytest

import gradtape as gt
from gradtape.core.tensor import ROWS
from gradtape.laws import case
from gradtape.saving.encoding import decode, encode
from gradtape.saving.errors import UnwritableError
from gradtape.saving.files import Content, read, write


@pytest.fixture
def path(tmp_path):
    return tmp_path / "program.safetensors"


def again(path, function, *args, **kwargs):
    gt.save_function(path, function, *args, **kwargs)
    return gt.load_function(path)


def test_values_and_derivatives_of_every_order_and_mode(path):
    w = gt.constant([[0.3, -0.2], [0.1, 0.7]], gt.float64)
    function = lambda x: gt.reduce_sum(gt.tanh(x @ w) * x**2, axis=1)
    x = gt.constant(np.random.default_rng(0).normal(size=(3, 2)))
    loaded = again(path, function, x)
    y = gt.constant(np.random.default_rng(1).normal(size=(3, 2)))
    np.testing.assert_allclose(loaded(y), function(y), rtol=1e-14)
    for derivative in (
        lambda f: gt.grad(lambda z: gt.reduce_sum(f(z)))(y),
        lambda f: gt.hessian(lambda z: gt.reduce_sum(f(z)))(y),
        lambda f: gt.jacobian(f)(y),
        lambda f: gt.jvp(f, (y,), (gt.ones_like(y),))[1],
        lambda f: gt.taylor(f, (y,), ([gt.ones_like(y)],), 3),
        lambda f: gt.vectorized_map(f, gt.stack([y, 2.0 * y])),
    ):
        for ours, theirs in zip(
            gt.nest.flatten(derivative(loaded)), gt.nest.flatten(derivative(function)), strict=True
        ):
            np.testing.assert_allclose(ours, theirs, rtol=1e-11, atol=1e-12)


def test_against_a_formula(path):
    slope = again(path, gt.grad(lambda x: gt.sin(x) * x), gt.constant(0.5, gt.float64))
    x = 1.25
    assert float(slope(x)) == pytest.approx(np.cos(x) * x + np.sin(x), rel=1e-15)
    assert float(gt.grad(slope)(gt.constant(x, gt.float64))) == pytest.approx(2 * np.cos(x) - np.sin(x) * x)


def test_a_training_step_goes_on_in_another_process(path):
    """Variables, slots and draws travel: eight steps here are four here and four from the file."""

    def start():
        gt.random.set_seed(3)
        w, optimizer = gt.Variable([1.0, -2.0]), gt.optimizers.Adam(0.1)
        optimizer.build([w])

        @gt.function
        def step(x):
            noise = gt.random.normal((2,))
            with gt.GradientTape() as tape:
                loss = gt.reduce_sum((w * x + noise) ** 2)
            optimizer.apply_gradients([(tape.gradient(loss, w), w)])
            return {"loss": loss, "note": "kept", "n": (3, None)}

        return step

    x = gt.constant([0.5, 2.0])
    step = start()
    expected = [float(step(x)["loss"]) for _ in range(8)]
    step = start()
    for _ in range(3):
        step(x)
    gt.save_function(path, step, x)  # the fourth step is the run that is recorded
    loaded = gt.load_function(path)
    assert [v.name for v in loaded.trainable_variables] == ["Variable:0"]
    assert len(loaded.variables) == 5  # the weights, two slots, the count of steps and the learning rate
    found = [loaded(x) for _ in range(4)]
    assert [float(each["loss"]) for each in found] == pytest.approx(expected[4:], rel=1e-6)
    assert found[0]["note"] == "kept"
    assert found[0]["n"] == (3, None)


def test_loops(path):
    """A loop of a recording is one operation with a body; Newton's square root is the oracle's."""

    def roots(x, starts):
        return gt.scan(lambda y, start: 0.5 * (y + x / y) + 0.0 * start, starts, initializer=x)

    x, starts = gt.constant([2.0, 9.0], gt.float64), gt.zeros((12, 2), gt.float64)
    loaded = again(path, roots, gt.constant([1.0, 1.0], gt.float64), starts)
    assert [op.primitive.name for op in loaded.graph().operations].count("loop") == 1
    np.testing.assert_allclose(loaded(x, starts)[-1], np.sqrt([2.0, 9.0]), rtol=1e-14)
    slope = gt.grad(lambda x: gt.reduce_sum(loaded(x, starts)[-1]))
    np.testing.assert_allclose(slope(x), 0.5 / np.sqrt([2.0, 9.0]), rtol=1e-12)

    content = read(path, "program")
    for place, change in [(1, 99), (4, 3), (6, "x"), (0, {})]:
        text = json.dumps(content.description)
        data = json.loads(text)
        (operation,) = [each for each in data["graph"]["operations"] if each[0] == "loop"]
        operation[1][0][1]["loop"][place] = change
        write(path, Content("program", content.tensors, data))
        with pytest.raises(ValueError, match="fits together"):
            gt.load_function(path)


def test_draws_of_a_generator_of_ones_own(path):
    g = gt.random.Generator.from_seed(8)
    draw = lambda n: (
        g.normal((2,)) * n,
        g.uniform((3,), 0, 9, dtype=gt.int32),
        g.binomial((2,), 10.0, 0.5),
        g.uniform_full_int((1,)),
        g.truncated_normal((2,)),
    )
    gt.save_function(path, draw, gt.constant(2.0))
    loaded = gt.load_function(path)
    for ours, theirs in zip(loaded(2.0), draw(gt.constant(2.0)), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    shuffled = again(path, lambda x: gt.random.shuffle(x), gt.constant([1.0, 2.0, 3.0]))
    assert sorted(shuffled([4.0, 5.0, 6.0]).numpy().tolist()) == [4.0, 5.0, 6.0]
    assert again(path, lambda x: x * gt.random.poisson((4,), 3.0), 1.0 * gt.constant(1.0))(1.0).shape == (4,)


def test_guards(path):
    def choose(x):
        return x * 2.0 if x > 1.0 else x - 1.0

    loaded = again(path, choose, gt.constant(3.0))
    assert loaded(4.0).numpy() == 8.0
    with pytest.raises(
        gt.errors.RecordingError, match=r"Python decides otherwise \(at test_functions\.py:\d+\)"
    ):
        loaded(0.0)
    x = gt.constant(0.0)
    with gt.GradientTape() as tape, pytest.raises(gt.errors.RecordingError):
        tape.watch(x)
        loaded(x)
    labels, logits = gt.constant([0, 1]), gt.constant([[1.0, 2.0], [0.5, 0.1]])
    cross = again(path, gt.nn.sparse_softmax_cross_entropy_with_logits, labels, logits)
    np.testing.assert_allclose(
        cross(labels, logits), gt.nn.sparse_softmax_cross_entropy_with_logits(labels, logits)
    )
    with pytest.raises((gt.errors.RecordingError, gt.errors.InvalidArgumentError)):
        cross(gt.constant([0, 2]), logits)
    square = again(path, lambda x: gt.grad(gt.linalg.det)(x), gt.eye(2, dtype=gt.float64))
    np.testing.assert_allclose(square(np.array([[2.0, 1.0], [0.0, 3.0]])), [[3.0, 0.0], [-1.0, 2.0]])


def test_inside_functions_and_lookers_in(path):
    v = gt.Variable([1.0, 2.0])

    def push(x):
        v[0].assign_add(x)
        return gt.reduce_sum(v) * gt.sqrt(x)

    loaded = again(path, push, gt.constant(1.0))
    (own,) = loaded.variables
    outer = gt.function(lambda x: loaded(x) + 1.0)
    assert outer(gt.constant(4.0)).numpy() == pytest.approx((2.0 + 4.0 + 2.0) * 2.0 + 1.0)
    assert own.numpy().tolist() == [6.0, 2.0]
    assert outer(gt.constant(1.0)).numpy() == pytest.approx(7.0 + 2.0 + 1.0)
    assert v.numpy().tolist() == [2.0, 2.0]  # the original only had the run that was recorded
    with pytest.raises(gt.debug.NonFiniteError, match="sqrt"), gt.debug.nan():
        loaded(-1.0)


def test_arguments(path):
    loaded = again(
        path, lambda x, n, mode="a", *, y: (x * n + y["b"], [mode]), np.ones(2), 3, y={"b": gt.ones(2)}
    )
    assert "2 operations" in repr(loaded) or "operations" in repr(loaded)
    found = loaded(np.array([1.0, 2.0]), 3, y={"b": gt.ones(2)})
    assert found[0].numpy().tolist() == [4.0, 7.0]
    assert found[1] == ["a"]
    for args, kwargs, words in [
        ((np.ones(2), 4), {"y": {"b": gt.ones(2)}}, "3 belongs to the saved program, 4 is another"),
        ((np.ones(2), True), {"y": {"b": gt.ones(2)}}, "True is another"),
        (
            (np.ones(3), 3),
            {"y": {"b": gt.ones(2)}},
            r"float64 of shape \(3,\); the program was saved for float64 of",
        ),
        ((np.ones(2, "f"), 3), {"y": {"b": gt.ones(2)}}, r"float32 of shape \(2,\)"),
    ]:
        with pytest.raises(gt.errors.InvalidArgumentError, match=words):
            loaded(*args, **kwargs)
    with pytest.raises(TypeError, match="was saved for arguments like"):
        loaded(np.ones(2), 3, y={"c": gt.ones(2)})


def test_variables_made_at_the_first_call(path):
    class Lazy(gt.Module):
        def __call__(self, x):
            if not hasattr(self, "w"):
                self.w = gt.Variable(3.0, name="w", trainable=False)
            return x * self.w

    loaded = again(path, Lazy(), gt.constant(2.0))
    assert loaded(2.0).numpy() == 6.0
    assert loaded.trainable_variables == ()
    loaded.variables[0].assign(5.0)
    assert loaded(2.0).numpy() == 10.0


@gt.custom_gradient
def odd(x):
    return x * x, lambda g: g


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (odd, r"the operation \w+ \(test_functions\.py:\d+\) has a rule of its own"),
        (lambda x: gt.print(x) or x, "it prints"),
        (lambda x: {1, 2} and (x, gt.Variable), "a result: a value of type type cannot be written"),
        (
            lambda x: x if gt.core.tensor.decide(x, lambda v: v > 0) else -x,
            "looked at in a way that a file cannot",
        ),
    ],
)
def test_what_cannot_be_written(path, function, words):
    with pytest.raises(TypeError, match=words):
        gt.save_function(path, function, gt.constant(1.0))
    assert not path.exists()


def test_objects_and_constraints_cannot_be_written(path):
    with pytest.raises(TypeError, match="an argument: a value of type object"):
        gt.save_function(path, lambda x, o: x, gt.constant(1.0), object())
    v = gt.Variable(1.0, constraint=lambda w: w)
    with pytest.raises(TypeError, match="has a constraint"):
        gt.save_function(path, lambda x: v * x, gt.constant(1.0))


def test_a_row_of_ones_own_must_be_registered(path, monkeypatch):
    rows = dict(ROWS)
    try:
        cube = gt.register_primitive("own_cube", lambda x: x**3, partials=lambda _y, x: 3 * x * x)
        loaded = again(path, cube, gt.constant(2.0))
        assert gt.grad(loaded)(gt.constant(2.0)).numpy() == 12.0
    finally:
        ROWS.clear()
        ROWS.update(rows)
    with pytest.raises(LookupError, match=r"'own_cube', which is not there.*register_primitive"):
        gt.load_function(path)


def test_another_kind_of_file(path):
    gt.save(path, v=gt.Variable(1.0))
    with pytest.raises(ValueError, match="holds a state, not a program; gt.load reads it"):
        gt.load_function(path)


def test_in_a_process_that_knows_nothing_of_it(path):
    gt.save_function(path, lambda x: gt.exp(-x) * gt.constant([1.0, 2.0]), gt.constant([0.0, 0.0]))
    program = (
        f"import gradtape as gt; f = gt.load_function({str(path)!r}); print(f([0.0, 0.0]).numpy().tolist())"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    )
    assert ran.stdout == "[1.0, 2.0]\n"


# parameters


def test_values_as_json():
    values = [
        *(None, True, False, 0, -(2**70), "text", 0.1, -0.0, float("inf"), 1e-320, 1 - 2j, Ellipsis),
        *((), [], {}, (1, [2.5, None]), {"a": 1, 2: (3,)}, slice(None, 3, -1), np.dtype("float16"), np.add),
        *(np.float32(0.1), np.arange(3), np.zeros((0, 2), complex), np.bool_(True)),
    ]
    arrays = {}
    text = json.dumps(encode(values, arrays))
    back = decode(json.loads(text), arrays)
    for value, found in zip(values, back, strict=True):
        assert type(found) is type(value)
        assert repr(found) == repr(value)
    assert np.isnan(decode(json.loads(json.dumps(encode(float("nan"), {}))), {}))


@pytest.mark.parametrize(
    "value", [object(), print, np.sin, {1, 2}, np.array(["a"]), np.dtype("O"), gt.Variable(1.0)]
)
def test_what_is_no_data_is_not_written(value):
    with pytest.raises(UnwritableError):
        encode([value], {})


@pytest.mark.parametrize(
    "data",
    [
        [1],
        {},
        {"ufunc": "sin"},
        {"dtype": "object"},
        {"pickle": "x"},
        {"tuple": 3},
        {"array": "nowhere"},
        {"float": "x"},
        {"spec": [[-1], "float32"]},
        {"slice": [1, 2, 3, 4]},
        {"list": [], "tuple": []},
        1.5,
    ],
)
def test_what_is_no_value_is_not_read(data):
    with pytest.raises((ValueError, KeyError, TypeError)):
        decode(data, {})


# the whole vocabulary


@pytest.mark.filterwarnings("ignore")
def test_every_row_comes_back(path, monkeypatch):
    """Each sample of each row, saved and loaded, computes the same."""
    count = 0
    monkeypatch.setattr(os, "fsync", lambda *_: None)
    every = {
        (one.primitive.name, repr(one.params)): one
        for row in ROWS.values()
        if row.samples
        for one in case.cases(row, [np.dtype("float64")])
    }
    for one in every.values():
        name, xs = one.primitive.name, one.inputs
        function = partial(one.primitive, **one.params)
        tensors = [gt.constant(x) for x in xs]
        expected = function(*tensors)
        gt.save_function(path, function, *tensors)
        loaded = gt.load_function(path, backend="reference")
        assert [op.primitive.name for op in loaded.graph().operations] == [name]
        for ours, theirs in zip(gt.nest.flatten(loaded(*tensors)), gt.nest.flatten(expected), strict=True):
            np.testing.assert_allclose(ours, theirs, rtol=1e-10, atol=1e-10, err_msg=name)
        count += 1
    assert count > 200


# files made by hand


def rewritten(path, change):
    """The file with another description, under a checksum that fits."""
    content = read(path, "program")
    write(
        path,
        Content(
            "program",
            content.tensors,
            content.description if (new := change(content.description)) is None else new,
        ),
    )


def setting(*keys_and_value):
    *keys, last, value = keys_and_value

    def change(data):
        for key in keys:
            data = data[key]
        data[last] = value

    return change


@pytest.mark.parametrize(
    "change",
    [
        setting("graph", "operations", 0, 2, 0, 99),  # a value that is not there
        setting("graph", "operations", 0, 2, 0, -1),
        setting("graph", "operations", 0, 3, 0, 0),  # made twice
        setting("graph", "specs", 2, 0, [10**6]),  # larger than it is
        setting("graph", "specs", 0, 1, "float64"),
        setting("graph", "operations", 0, 5, True),
        setting("graph", "operations", 0, 1, [["axis", 7]]),
        setting("graph", "outputs", []),
        setting("graph", "outputs", 0, 0.0),
        setting("sources", []),
        setting("sources", 0, 1, 5),
        setting("sources", 0, ["draw", 0, "__import__", []]),
        setting("guards", [["eval", {"tuple": []}, True, "x"]]),
        setting("variables", [["v", True, [1], "os.system"]]),
        setting("arguments", None),
        setting("example", []),
        lambda data: data["graph"].pop("operations").clear(),
        lambda data: [],
        lambda data: "[" * 5,
    ],
)
def test_a_program_that_does_not_fit_together(path, change):
    gt.save_function(path, lambda x, y: gt.exp(x * y), gt.constant([1.0, 2.0]), gt.constant([1.0, 2.0]))
    rewritten(path, change)
    with pytest.raises(ValueError, match="holds no program that fits together"):
        gt.load_function(path)


def test_an_index_out_of_range_is_found_before_machine_code_is_made(path):
    gt.save_function(path, lambda x: gt.reduce_sum(x[np.array([0, 1])] * 2.0), gt.constant([1.0, 2.0, 3.0]))
    content = read(path, "program")
    (name,) = [n for n, v in content.tensors.items() if np.array_equal(v, [0, 1])]
    write(path, Content("program", {**content.tensors, name: np.array([0, 10**7])}, content.description))
    with pytest.raises(ValueError, match="fits together"):
        gt.load_function(path)


def mutated(data, source):
    """JSON with one place changed."""
    places = []

    def collect(part):
        for key in part if isinstance(part, dict) else range(len(part)):
            places.append((part, key))
            if isinstance(part[key], (dict, list)):
                collect(part[key])

    collect(data)
    part, key = source.choice(places)
    other, other_key = source.choice(places)
    values = [None, -1, 0, 1, 2, 10**9, 1.5, "sum", "float64", [], {}, True, [[1]], {"tuple": [1, 2]}]
    part[key] = source.choice([*values, json.loads(json.dumps(other[other_key]))])
    return data


@pytest.mark.filterwarnings("ignore")
def test_random_files_can_only_raise(path):
    """Changed at random under a checksum that fits: an error of Python's, or a program that runs."""
    w = gt.Variable([[1.0, 2.0], [3.0, 4.0]])

    def function(x):
        with gt.GradientTape() as tape:
            tape.watch(x)
            y = gt.reduce_sum(gt.tanh(x @ w)[:, 1:] * x[np.array([1, 0])], axis=0)
        w.assign_add(gt.ones((2, 2)))
        return gt.concat([tape.gradient(y, x), gt.transpose(x)], 0), gt.random.normal((2,))

    x = gt.constant([[0.1, 0.2], [0.3, 0.4]])
    gt.save_function(path, function, x)
    content = read(path, "program")
    source, raised, ran = random.Random(5), 0, 0
    for _ in range(120):
        data = mutated(json.loads(json.dumps(content.description)), source)
        write(path, Content("program", content.tensors, data))
        try:
            gt.load_function(path)(x)
            ran += 1
        except (ValueError, LookupError, TypeError, gt.errors.RecordingError, MemoryError):
            raised += 1
    assert raised > 60
    assert ran > 0
    warnings.simplefilter("default")


def test_a_loaded_function_can_be_part_of_another_program(tmp_path):
    path, x = tmp_path / "square.safetensors", gt.constant([1.0, 2.0])
    gt.save_function(path, lambda x: x * x, x)
    loaded = gt.load_function(path)
    for outer in (gt.function(loaded), gt.function(lambda x: loaded(x))):
        for _ in range(3):
            np.testing.assert_array_equal(outer(x).numpy(), [1.0, 4.0])
