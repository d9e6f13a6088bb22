"""`vectorized_map` is the loop, done at once: in tapes, accumulators and itself, with every dtype that differs."""

import numpy as np
import pytest
from hypothesis import given as drawn
from hypothesis import settings
from hypothesis import strategies as st

import gradtape as gt
from gradtape.core.listen import activate, deactivate
from gradtape.modes.series import given
from gradtape.modes.taylor import Taylor

ROWS = np.random.default_rng(0).normal(size=(5, 3))


def both(fn, elems):
    """The map at once, and its loop; no warning means that it was done at once."""
    found = gt.nest.flatten(gt.vectorized_map(fn, elems, fallback_to_while_loop=False))
    count = gt.nest.flatten(elems)[0].shape[0]
    turns = [gt.nest.flatten(fn(gt.nest.map_structure(lambda x, i=i: x[i], elems))) for i in range(count)]
    for part, column in zip(found, zip(*turns, strict=True), strict=True):
        wanted = np.stack([np.asarray(gt.convert_to_tensor(y)) for y in column])
        assert part.dtype == wanted.dtype
        np.testing.assert_allclose(part.numpy(), wanted, rtol=1e-12, atol=1e-14)
    return found


MATRIX = np.random.default_rng(1).normal(size=(3, 3))
PROGRAMS = {
    "elementwise": lambda x: gt.sin(x) * 2.0 + x[0],
    "reductions": lambda x: (gt.reduce_max(x), gt.argmax(x), gt.norm(x), gt.reduce_logsumexp(x)),
    "products": lambda x: gt.linalg.matvec(gt.constant(MATRIX), x) + gt.tensordot(x, gt.constant(MATRIX), 1),
    "outer": lambda x: gt.einsum("i,j->ij", x, gt.constant(MATRIX[0])) @ gt.reshape(x, (3, 1)),
    "sorting": lambda x: (gt.sort(x), gt.argsort(x), gt.cumsum(x)),
    "choice": lambda x: gt.where(x > 0, gt.sqrt(gt.abs(x)), x**2),
    "indexing": lambda x: (x[::-1], x[gt.constant([0, 2, 2])], gt.stack([x, 2 * x], 1), gt.concat([x, x], 0)),
    "solving": lambda x: gt.linalg.solve(gt.linalg.diag(x * x + 1.0) + 0.1, gt.reshape(x, (3, 1))),
    "shared": lambda x: (gt.constant(1.0), gt.constant([1, 2]), gt.zeros_like(x)),
    "padding": lambda x: gt.pad(x, [[1, 2]]),
    "fourier": lambda x: gt.abs(gt.signal.rfft(x)),
    "nothing": lambda x: x,
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_it_is_the_loop(name):
    both(PROGRAMS[name], gt.constant(ROWS))


@pytest.mark.parametrize("name", ["elementwise", "products", "choice", "solving", "outer"])
def test_derivatives_inside_are_those_of_the_loop(name):
    def derivatives(x):
        with gt.autodiff.ForwardAccumulator(x, gt.constant(MATRIX[0])) as accumulator:
            with gt.GradientTape() as outer:
                outer.watch(x)
                with gt.GradientTape() as inner:
                    inner.watch(x)
                    y = gt.reduce_sum(PROGRAMS[name](x) ** 2)
                slope = inner.gradient(y, x)
            curvature = outer.gradient(slope, x)
        return slope, curvature, accumulator.jvp(slope), accumulator.jvp(curvature)

    both(derivatives, gt.constant(ROWS))


@pytest.mark.parametrize("name", ["elementwise", "products", "choice", "solving", "outer"])
def test_derivatives_outside_are_those_of_the_loop(name):
    def gradients(apply):
        x = gt.constant(ROWS)
        with gt.GradientTape() as tape:
            tape.watch(x)
            y = gt.reduce_sum(apply(PROGRAMS[name], x) ** 2)
        return tape.gradient(y, x).numpy()

    np.testing.assert_allclose(gradients(gt.vectorized_map), gradients(gt.map_fn), rtol=1e-11, atol=1e-12)


def test_maps_nest():
    x = gt.constant(ROWS)
    found = gt.vectorized_map(lambda a: gt.vectorized_map(lambda b: gt.reduce_sum(a * b), x), x)
    np.testing.assert_allclose(found.numpy(), ROWS @ ROWS.T, rtol=1e-13)
    jacobians = gt.vectorized_map(gt.jacobian(lambda r: gt.vectorized_map(gt.sin, r)), x).numpy()
    np.testing.assert_allclose(jacobians, np.cos(ROWS)[:, :, None] * np.eye(3), rtol=1e-13)
    whole = gt.jacobian(lambda x: gt.vectorized_map(lambda r: gt.reduce_sum(r**3), x))(x).numpy()
    np.testing.assert_allclose(whole, 3 * np.eye(5)[:, :, None] * ROWS**2, rtol=1e-12, atol=1e-14)


def test_hessians_of_each_example():
    x = gt.constant(ROWS)
    found = gt.vectorized_map(gt.hessian(lambda r: gt.reduce_sum(r**3)), x).numpy()
    np.testing.assert_allclose(found, 6 * ROWS[:, :, None] * np.eye(3), rtol=1e-12, atol=1e-14)


def test_gradients_of_each_example_in_shared_weights():
    x, w = gt.constant(ROWS), gt.Variable(MATRIX)

    def slope(row):
        with gt.GradientTape() as tape:
            y = gt.reduce_sum(gt.linalg.matvec(w, row) ** 2)
        return tape.gradient(y, w)

    wanted = 2 * np.einsum("bo,bi->boi", ROWS @ MATRIX.T, ROWS)
    np.testing.assert_allclose(gt.vectorized_map(slope, x).numpy(), wanted, rtol=1e-12)


@drawn(
    st.lists(st.integers(1, 3), max_size=3),
    st.lists(st.integers(1, 3), max_size=3),
    st.integers(1, 4),
    st.sampled_from(["float32", "float64", "complex128", "int32", "bool"]),
)
@settings(max_examples=40, deadline=None)
def test_shapes_meet_as_they_do_for_one_example(first, second, count, dtype):
    second = [n if i < len(first) and n == first[::-1][i] else 1 for i, n in enumerate(second)][::-1]
    rng = np.random.default_rng(count)
    a, b = (rng.normal(size=(count, *shape)).round().astype(dtype) for shape in (first, second))
    operations = (lambda p: gt.logical_and(p[0], p[1])) if dtype == "bool" else (lambda p: p[0] * p[1] + p[0])
    both(operations, (gt.constant(a), gt.constant(b)))


def test_custom_rules_hold_inside_and_outside():
    @gt.custom_gradient
    def doubled(x):
        y = gt.exp(x)
        return y, lambda g: 2.0 * g * y

    x = gt.constant(ROWS)
    with gt.GradientTape() as tape:
        tape.watch(x)
        y = gt.vectorized_map(lambda r: doubled(r * r), x)
    np.testing.assert_allclose(tape.gradient(y, x).numpy(), 4 * ROWS * np.exp(ROWS**2), rtol=1e-12)
    found = gt.vectorized_map(gt.grad(lambda r: gt.reduce_sum(gt.recompute_grad(doubled)(r * r))), x)
    np.testing.assert_allclose(found.numpy(), 4 * ROWS * np.exp(ROWS**2), rtol=1e-12)


def series(fn, x, order):
    """The Taylor coefficients of fn along x + s, from the first on."""
    taylor = Taylor(order)
    taylor.watch(x, given(x, [gt.ones_like(x)]))
    activate(taylor)
    try:
        found = taylor.series(fn(x))
    finally:
        deactivate(taylor)
    return [found[k] for k in range(1, order + 1)]


def test_taylor_series_inside_and_outside():
    x = ROWS[:, 0]
    wanted = [np.cos(x), -np.sin(x) / 2, -np.cos(x) / 6, np.sin(x) / 24]
    inside = gt.vectorized_map(lambda e: series(gt.sin, gt.identity(e), 4), gt.constant(x))
    outside = series(lambda v: gt.vectorized_map(gt.sin, v), gt.constant(x), 4)
    for found in (inside, outside):
        for got, right in zip(found, wanted, strict=True):
            np.testing.assert_allclose(got.numpy(), right, rtol=1e-13)


def test_the_branch_not_taken_stays_absent_in_every_example():
    """The first example takes one branch everywhere; in the second the other has an infinite derivative."""
    x = gt.constant([[1.0, 4.0], [0.0, 4.0], [4.0, 0.0]])
    slope = gt.grad(lambda r: gt.reduce_sum(gt.where(r > 0, gt.sqrt(r), 0.0)))
    assert gt.vectorized_map(slope, x).numpy().tolist() == [[0.5, 0.25], [0.0, 0.25], [0.25, 0.0]]


def test_a_rule_that_chooses_by_value_chooses_once_only_where_all_examples_agree():
    regular = np.eye(3) + 0.1 * MATRIX
    slope = gt.grad(gt.linalg.det)
    both(slope, gt.constant(np.stack([regular, regular.T])))
    mixed = gt.constant(np.stack([regular, np.diag([1.0, 1.0, 0.0])]))
    with pytest.raises(gt.errors.BatchedValueError, match="a decision between two ways"):
        gt.vectorized_map(slope, mixed, fallback_to_while_loop=False)
    found = gt.vectorized_map(slope, mixed, warn=False).numpy()
    np.testing.assert_allclose(found[0], np.linalg.det(regular) * np.linalg.inv(regular).T, rtol=1e-12)
    np.testing.assert_allclose(found[1], np.diag([0.0, 0.0, 1.0]), atol=1e-14)


# what cannot be done at once


def test_a_value_asked_for_by_python_falls_back_to_the_loop_and_says_so():
    x = gt.constant(ROWS)
    with pytest.warns(gt.errors.LoopedMapWarning, match=r"5 slices.*\(bool\).*gt.where"):
        found = gt.vectorized_map(lambda r: r if r[0] > 0 else -r, x)
    np.testing.assert_array_equal(found.numpy(), np.where(ROWS[:, :1] > 0, ROWS, -ROWS))
    gt.vectorized_map(lambda r: r if r[0] > 0 else -r, x, warn=False)


@pytest.mark.parametrize(
    ("fn", "how"),
    [
        (lambda r: r * float(r[0]), "float"),
        (lambda r: r * int(r[0]), "int"),
        (lambda r: r.numpy(), "numpy"),
        (lambda r: gt.boolean_mask(r, r > 0), "boolean_mask"),
        (lambda r: r if r[0] > 0 else -r, "bool"),
        (lambda r: gt.cond(r[0] > 0, lambda: r, lambda: r * float(r[1])), "bool"),
        (lambda r: gt.Variable(gt.zeros(3, "float64")).assign(r), "assignment"),
        (lambda r: gt.Variable(gt.zeros(3, "float64")).assign_add(r), "assignment"),
    ],
)
def test_without_fallback_the_error_names_the_way_out(fn, how):
    with pytest.raises(gt.errors.BatchedValueError, match=rf"5 examples of a batch.*{how}.*gt\.map_fn"):
        gt.vectorized_map(fn, gt.constant(ROWS), fallback_to_while_loop=False)


def test_a_value_that_all_examples_share_may_be_asked_for():
    scale = gt.constant(2.0, dtype="float64")
    both(lambda r: r * float(scale) if scale > 1 else -r, gt.constant(ROWS))


def test_each_example_draws_its_own_numbers_unless_it_makes_the_generator():
    x = gt.constant(np.zeros((400, 3)))
    noise = gt.vectorized_map(lambda r: r + gt.random.normal((3,), dtype="float64"), x).numpy()
    assert len(np.unique(noise)) == noise.size
    assert np.abs(noise.mean()) < 0.15
    same = gt.vectorized_map(
        lambda r: r + gt.random.stateless_normal((3,), [1, 2], dtype="float64"), x
    ).numpy()
    assert (same == same[0]).all()


def test_empty_and_single():
    assert gt.vectorized_map(lambda r: gt.reduce_sum(r), gt.zeros((0, 3))).shape == (0,)
    assert gt.vectorized_map(lambda r: gt.reduce_sum(r), gt.ones((1, 3))).numpy().tolist() == [3.0]
    with pytest.raises(ValueError, match="the first axes of elems differ"):
        gt.vectorized_map(lambda p: p[0], (gt.ones((2, 3)), gt.ones((3, 3))))


@pytest.mark.filterwarnings("ignore::gradtape.errors.LoopedMapWarning")
@pytest.mark.parametrize("recorded", [False, True])
def test_what_was_done_at_once_in_vain_is_taken_back(recorded, capsys):
    def program(g, total):
        def one(x):
            gt.print("x", x)
            total.assign_add(1.0)
            noise = g.normal((), dtype="float64")
            return x * noise if x > 0 else x

        return one

    def run(mapped):
        g, total = gt.random.Generator.from_seed(1), gt.Variable(0.0)
        f = mapped(program(g, total))
        found = [f(x).numpy().tolist() for x in (POINTS, -POINTS, POINTS)]
        return found, float(total), g.state.numpy().tolist(), capsys.readouterr().err

    map_ = lambda one: lambda x: gt.vectorized_map(one, x)
    expected = run(lambda one: lambda x: gt.stack([one(y) for y in x]))
    assert run(lambda one: gt.function(map_(one)) if recorded else map_(one)) == expected


POINTS = gt.constant([1.0, -2.0, 3.0, -4.0], gt.float64)


@pytest.mark.filterwarnings("ignore::gradtape.errors.LoopedMapWarning")
def test_a_recorded_function_that_looks_at_values_does_so_for_each_example():
    f = gt.function(lambda x: 2.0 * x if x > 0 else -x)
    for value in (1.0, -1.0):
        f(gt.constant(value, gt.float64))
    assert gt.vectorized_map(f, POINTS).numpy().tolist() == [2.0, 2.0, 6.0, 4.0]
    assert gt.vectorized_map(gt.grad(f), POINTS).numpy().tolist() == [2.0, -1.0, 2.0, -1.0]
    with pytest.raises(gt.errors.BatchedValueError, match="bool"):
        gt.vectorized_map(f, POINTS, fallback_to_while_loop=False)
    whole = gt.function(lambda x: gt.vectorized_map(f, x))
    for x in (POINTS, -POINTS, 2.0 * POINTS):
        np.testing.assert_array_equal(whole(x), [2.0 * y if y > 0 else -y for y in x.numpy()])


@pytest.mark.filterwarnings("ignore::gradtape.errors.LoopedMapWarning")
def test_a_recorded_function_that_draws_does_so_for_each_example():
    def program(g):
        return lambda x: (
            x + g.normal((), dtype="float64") + gt.cond(x > 0.0, lambda: g.uniform(()), lambda: 0.0)
        )

    own, plain = (gt.random.Generator.from_seed(1) for _ in range(2))
    for recorded in (True, False):
        f = gt.function(program(own)) if recorded else program(own)
        f(POINTS[0])
        program(plain)(POINTS[0])
        drawing = lambda f: gt.vectorized_map(lambda x: f(x) + f(2.0 * x), gt.abs(POINTS))
        np.testing.assert_array_equal(drawing(f), drawing(program(plain)))


@pytest.mark.filterwarnings("ignore::gradtape.errors.LoopedMapWarning")
def test_what_a_rule_asks_of_all_examples_is_guarded():
    logits = gt.constant([[0.2, 0.3, 0.5], [0.1, 0.1, 0.8]])
    one = lambda labels: gt.nn.sparse_softmax_cross_entropy_with_logits(labels, logits)
    f = gt.function(lambda labels: gt.vectorized_map(one, labels))
    assert f(gt.constant([[0, 1], [1, 1]])).shape == (2, 2)
    for _ in range(2):
        with pytest.raises(gt.errors.RangeError, match="a label is not in"):
            f(gt.constant([[0, 1], [1, 3]]))
    x = gt.constant([[0, 2], [1, 0]])
    np.testing.assert_array_equal(f(x), gt.stack([one(labels) for labels in x]))
    assert f.stats()["roads"] == f.stats()["guards"] == 1


def test_what_a_rule_asks_of_maps_in_maps_is_guarded():
    """The determinant's rule asks whether a matrix is regular; a singular one is refused by a recording."""
    slopes = lambda x: gt.vectorized_map(lambda m: gt.vectorized_map(gt.grad(gt.linalg.det), m), x)
    f = gt.function(slopes)
    x = gt.constant(np.random.default_rng(0).normal(size=(2, 2, 3, 3)))
    for each in (x, 2.0 * x):
        np.testing.assert_allclose(f(each), slopes(each), rtol=1e-9)
    assert f.stats()["guards"] == 1
    with pytest.raises(gt.errors.RecordingError, match="det at a singular matrix"), pytest.warns():
        f(0.0 * x)
