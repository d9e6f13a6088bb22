"""Whole Jacobians by few products, recorded or not: values, where it is chosen, zeros that are exact."""

import numpy as np
import pytest

import gradtape as gt
from gradtape import coloring, compressed, jacobians
from gradtape.coloring import Coloring
from gradtape.core.primitive import Kind
from gradtape.core.tensor import ROWS
from gradtape.laws import cases

RNG = np.random.default_rng(5)
FULL = RNG.normal(size=(300, 300))
COMPLEX = {"eig", "eigvals", "fftn", "ifftn", "rfftn"}  # no real way leads through them
BAND = np.triu(np.tril(RNG.normal(size=(200, 200)), 2), -2)


@pytest.fixture
def always(monkeypatch):
    """Few products wherever the structure can be read."""
    for name, number in (("SHARE", 0), ("LEAST", 0), ("PLACED", 0)):
        monkeypatch.setattr(compressed, name, number)
    monkeypatch.setattr(compressed, "_limit", lambda *_: 1 << 20)
    chosen, plans = [], compressed.plans
    monkeypatch.setattr(compressed, "plans", lambda *given: chosen.append(plans(*given)) or chosen[-1])
    return chosen


def recorded(function, **settings):
    """The Jacobian in a recorded program, and its operations."""
    program = gt.function(gt.jacobian(function, **settings), backend="reference")

    def call(*args):
        program(*args)
        return program(*args), {op.primitive.name for op in program.graph().operations}

    return call


@pytest.mark.parametrize("name", [name for name, row in ROWS.items() if row.kind is not Kind.CONSTANT])
def test_the_values_are_those_of_walks(name, always, monkeypatch):
    """Over the vocabulary: every row, every input that moves."""
    for case in cases(ROWS[name], [np.dtype("float64")]):
        for place in case.moving:
            x = gt.constant(case.inputs[place])

            def moved(x, case=case, place=place):
                inputs = [x if i == place else gt.constant(given) for i, given in enumerate(case.inputs)]
                ys = [y for y in case.call(inputs) if y.dtype == "float64"]
                return gt.concat([gt.zeros(1, "float64"), *(gt.reshape(y, (-1,)) for y in ys)], 0)

            walked = gt.jacobian(moved)(x)
            if walked is None or (name == "det" and np.any(np.linalg.det(case.inputs[place]) == 0)):
                continue  # where a matrix is singular its values decide, which a recording refuses
            found, _ = recorded(moved)(x)
            with monkeypatch.context() as patched:
                patched.setattr(jacobians, "READ", 0)
                read = gt.jacobian(moved)(x)
            np.testing.assert_allclose(found.numpy(), walked.numpy(), rtol=1e-10, atol=1e-12)
            np.testing.assert_allclose(read.numpy(), walked.numpy(), rtol=1e-10, atol=1e-12)
    assert None not in always
    assert always or name in COMPLEX


def test_too_few_colours_are_seen(always, monkeypatch):
    def all_in_one(pattern):
        places = pattern.rows
        return Coloring(np.zeros(pattern.shape[1], int), np.full(pattern.shape[0], -1), places)

    x = gt.constant(RNG.normal(size=9))
    program = gt.jacobian(lambda x: gt.sin(x[1:]) * x[:-1])
    assert np.allclose(gt.function(program, backend="reference")(x), program(x))
    monkeypatch.setattr(coloring, "both_ways", all_in_one)
    assert not np.allclose(gt.function(program, backend="reference")(x), program(x))


def rosenbrock(x):
    return gt.reduce_sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


def neighbours(x):
    u = gt.reshape(x, (-1, 20))
    return u[1:-1, 1:-1] * (u[2:, 1:-1] + u[:-2, 1:-1] - 4 * u[1:-1, 1:-1] + u[1:-1, 2:] + u[1:-1, :-2])


def arrow(x):
    return gt.concat([x[0] * gt.tanh(x), gt.reduce_sum(x * x * gt.sin(x), keepdims=True)], 0)


CHOSEN = pytest.mark.parametrize(
    ("function", "size"),
    [
        (lambda x: gt.cos(x[1:] - x[:-1]) * x[1:], 300),
        (neighbours, 400),
        (arrow, 600),
        (lambda x: gt.constant(BAND) @ gt.sin(x) * gt.exp(x) * gt.cos(x) * gt.tanh(x), 200),
        (lambda x: gt.reshape(gt.tanh(gt.reshape(x, (-1, 4)) @ BAND[:4, :8]) @ BAND[:8, :3], (-1,)), 600),
        (lambda x: sum(gt.sin(k * x[k : k + 300]) for k in range(9)), 310),
        (lambda x: gt.scan(lambda y, t: y + gt.sin(t * y) * y, gt.linspace(0.0, 1.0, 50), x)[-1], 100),
    ],
    ids=["differences", "stencil", "arrow", "bands", "rows of a batch", "window", "loop"],
)


@CHOSEN
def test_it_is_chosen_where_few_products_do(function, size):
    x = gt.constant(RNG.normal(size=size))
    found, operations = recorded(function)(x)
    assert "scatter" in operations
    np.testing.assert_allclose(found.numpy(), gt.jacobian(function)(x).numpy(), rtol=1e-12, atol=1e-13)
    assert found.shape == (*function(x).shape, size)


@pytest.mark.parametrize(
    "function",
    [
        lambda x: gt.nn.softmax(x),
        lambda x: gt.constant(FULL) @ gt.tanh(x),
        lambda x: gt.cumsum(gt.sin(x) * x),
        lambda x: gt.sort(x) * gt.sin(x),
        lambda x: x**2,
    ],
    ids=["softmax", "matrix", "cumsum", "sort", "little to save"],
)
def test_it_is_not_chosen_elsewhere(function, monkeypatch):
    x = gt.constant(RNG.normal(size=300))
    chosen = []
    plans = compressed.plans
    monkeypatch.setattr(compressed, "plans", lambda *given: chosen.append(plans(*given)) or chosen[-1])
    found, _ = recorded(function)(x)
    assert chosen == [None]
    np.testing.assert_allclose(found.numpy(), gt.jacobian(function)(x).numpy(), rtol=1e-12, atol=1e-13)


@pytest.fixture
def plans(monkeypatch):
    """What was planned, where every structure that may be read is."""
    made, whole = [], compressed.plans
    monkeypatch.setattr(jacobians, "READ", 0)
    monkeypatch.setattr(compressed, "plans", lambda *given: made.append(whole(*given)) or made[-1])
    return made


@CHOSEN
def test_without_recording_too(function, size, plans, monkeypatch):
    x = gt.constant(RNG.normal(size=size))
    found = gt.jacobian(function)(x).numpy()
    assert len(plans) == 1
    assert plans[0] is not None
    monkeypatch.setattr(jacobians, "READ", 1 << 62)
    np.testing.assert_allclose(found, gt.jacobian(function)(x).numpy(), rtol=1e-12, atol=1e-13)
    assert len(plans) == 1


def test_without_recording_it_is_chosen_by_size(monkeypatch):
    made, whole = [], compressed.plans
    monkeypatch.setattr(compressed, "plans", lambda *given: made.append(whole(*given)) or made[-1])
    for size, count in ((500, 0), (1200, 1)):
        x = np.linspace(-1.0, 1.0, size)
        found = gt.hessian(rosenbrock)(gt.constant(x)).numpy()
        assert len(made) == count
        exact = np.zeros((size, size))
        i = np.arange(size - 1)
        exact[i, i] = 1200 * x[:-1] ** 2 - 400 * x[1:] + 2
        exact[i + 1, i + 1] += 200
        exact[i, i + 1] = exact[i + 1, i] = -400 * x[:-1]
        np.testing.assert_allclose(found, exact, rtol=1e-12, atol=1e-10)


def test_zeros_that_a_tape_outside_follows_may_vary(plans):
    """The Jacobian of x^2 at zero is zero, its derivative is not."""
    x = gt.constant(np.zeros(600))

    def slopes(x):
        return gt.jacobian(lambda x: x**2 * gt.cos(x) ** 2 * gt.exp(x) ** 2)(x)

    assert (slopes(x).numpy() == 0).all()
    assert len(plans) == 1
    assert plans[0] is not None
    np.testing.assert_allclose(gt.grad(lambda x: gt.reduce_sum(slopes(x)))(x).numpy(), np.full(600, 2.0))
    _, pushed = gt.jvp(slopes, (x,), (gt.ones_like(x),))
    np.testing.assert_allclose(pushed.numpy(), 2 * np.eye(600))
    assert len(plans) == 1


def test_hessians_and_outer_tapes():
    x = gt.constant(np.linspace(-1.0, 1.0, 300))
    hessian = gt.function(gt.hessian(rosenbrock), backend="reference")
    for _ in range(2):
        with gt.GradientTape() as tape:
            tape.watch(x)
            total = gt.reduce_sum(hessian(x) ** 2)
        found = tape.gradient(total, x)
    assert "scatter" in {op.primitive.name for op in hessian.graph().operations}
    eager = gt.hessian(rosenbrock)
    np.testing.assert_allclose(hessian(x).numpy(), eager(x).numpy(), rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(
        found.numpy(), gt.grad(lambda x: gt.reduce_sum(eager(x) ** 2))(x).numpy(), rtol=1e-9
    )


def test_several_sources_and_shapes():
    """A source that is not connected has none; each has the target's axes first, then its own."""

    def program(a, b, c):
        with gt.GradientTape() as tape:
            tape.watch([a, b, c])
            y = gt.reshape(gt.sin(a) * gt.exp(b) * gt.cos(a) * gt.tanh(b), (20, 15))
        da, db, dc = tape.jacobian(y, [a, b, c])
        assert dc is None
        return da, db

    given = [gt.constant(RNG.normal(size=shape)) for shape in ((15, 20), (15, 20), (3,))]
    compiled = gt.function(program, backend="reference")
    compiled(*given)
    for found, wanted in zip(compiled(*given), program(*given), strict=True):
        assert found.shape == (20, 15, 15, 20)
        np.testing.assert_allclose(found.numpy(), wanted.numpy(), rtol=1e-12, atol=1e-14)
    assert [op.primitive.name for op in compiled.graph().operations].count("scatter") == 2


def test_zeros_of_the_structure_are_exact_beside_infinities():
    """Each entry has the value of a walk; where a walk has NaN from 0 times infinity, the structure knows better."""

    def function(x):
        return gt.sqrt(x[1:]) * gt.sin(x[:-1]) * gt.cos(x[1:]) * x[:-1]

    x = np.linspace(0.0, 3.0, 300)
    x[7] = 0.0
    x[11] = np.nan
    given = gt.constant(x)
    found, operations = recorded(function)(given)
    assert "scatter" in operations
    walked = gt.jacobian(function)(given).numpy()
    there = np.eye(299, 300, dtype=bool) | np.eye(299, 300, 1, dtype=bool)
    assert np.isinf(found.numpy()[6, 7])
    np.testing.assert_allclose(found.numpy()[there], walked[there], rtol=1e-12)
    assert (found.numpy()[~there] == 0).all()


def test_constants_of_a_batch_are_not_those_of_its_first_example():
    masks = np.ones((2, 200))
    masks[0, 5] = 0.0

    def slopes(mask):
        x = gt.constant(np.linspace(0.0, 1.0, 200))
        with gt.GradientTape() as tape:
            tape.watch(x)
            y = mask * gt.sin(x) * gt.exp(x) * gt.cos(x) * gt.tanh(x + 1) * gt.sqrt(x + 1)
        return tape.jacobian(y, x)

    mapped = gt.function(lambda given: gt.vectorized_map(slopes, given), backend="reference")
    found = mapped(gt.constant(masks)).numpy()
    for i in range(2):
        np.testing.assert_allclose(found[i], slopes(gt.constant(masks[i])).numpy(), rtol=1e-12, atol=1e-14)
