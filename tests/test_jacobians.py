"""Jacobians and Hessians whole, from tapes and as functions, against formulas, SciPy, SymPy and finite differences."""

import numpy as np
import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import rosen, rosen_der, rosen_hess

import gradtape as gt
from gradtape import jacobians
from gradtape.modes.rows import gradients_of_rows

POINT = np.linspace(-1.2, 1.1, 7)


def rosenbrock(x):
    return gt.reduce_sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


@pytest.fixture(params=[1 << 20, 200, 1], ids=["at once", "in chunks", "one by one"])
def memory(request, monkeypatch):
    monkeypatch.setattr(jacobians, "MEMORY", request.param)


# against formulas


@pytest.mark.usefixtures("memory")
def test_rosenbrock_against_scipy():
    value, slope = gt.value_and_grad(rosenbrock)(gt.constant(POINT))
    np.testing.assert_allclose(value.numpy(), rosen(POINT), rtol=1e-13)
    np.testing.assert_allclose(slope.numpy(), rosen_der(POINT), rtol=1e-13)
    np.testing.assert_allclose(
        gt.hessian(rosenbrock)(gt.constant(POINT)).numpy(), rosen_hess(POINT), rtol=1e-13
    )
    direction = np.cos(np.arange(7.0))
    (product,) = gt.hvp(rosenbrock, (gt.constant(POINT),), (gt.constant(direction),))
    np.testing.assert_allclose(product.numpy(), rosen_hess(POINT) @ direction, rtol=1e-13)


@pytest.mark.usefixtures("memory")
def test_the_hessian_of_a_tape_against_scipy():
    x = gt.Variable(POINT)
    with gt.GradientTape() as tape:
        y = rosenbrock(x)
    np.testing.assert_allclose(tape.hessian(y, x).numpy(), rosen_hess(POINT), rtol=1e-13)
    with pytest.raises(RuntimeError, match="A non-persistent GradientTape can only"):
        tape.hessian(y, x)


A, B, T = sympy.symbols("a b t")
FORMULA = sympy.Matrix([A * sympy.sin(B * T), sympy.exp(A - B) / T, A * B * T, T**3 * A])
NUMBERS = {A: 0.7, B: -0.4, T: 1.3}


def program(v):
    a, b, t = v[0], v[1], v[2]
    return gt.stack([a * gt.sin(b * t), gt.exp(a - b) / t, a * b * t, t**3 * a])


def exact(expression):
    return np.array(expression.subs(NUMBERS), dtype=float)


@pytest.mark.usefixtures("memory")
def test_against_sympy():
    v = gt.constant(list(NUMBERS.values()), dtype="float64")
    np.testing.assert_allclose(
        gt.jacobian(program)(v).numpy(), exact(FORMULA.jacobian([A, B, T])), rtol=1e-14
    )
    for i in range(4):
        found = gt.hessian(lambda x, i=i: program(x)[i])(v).numpy()
        np.testing.assert_allclose(found, exact(sympy.hessian(FORMULA[i], [A, B, T])), rtol=1e-13, atol=1e-15)
    third = gt.jacobian(gt.hessian(lambda x: program(x)[0]))(v).numpy()
    wanted = [[[exact(FORMULA[0].diff(p, q, r)) for r in (A, B, T)] for q in (A, B, T)] for p in (A, B, T)]
    np.testing.assert_allclose(third, np.array(wanted, dtype=float), rtol=1e-13, atol=1e-15)


# rows and columns


def layers(x, w):
    return gt.tanh(x @ w[0]) @ w[1]


@pytest.mark.usefixtures("memory")
@pytest.mark.parametrize(("inner", "outer"), [(2, 19), (19, 2), (3, 3)])
def test_by_rows_and_by_columns_against_the_chain_rule(inner, outer):
    rng = np.random.default_rng(0)
    x, w = rng.normal(size=(4, inner)), [rng.normal(size=(inner, 5)), rng.normal(size=(5, outer))]
    hidden = 1 - np.tanh(x @ w[0]) ** 2
    wanted = np.einsum("ih,bh,ho->boi", w[0], hidden, w[1])
    leaf, weights = gt.constant(x), [gt.constant(part) for part in w]
    with gt.GradientTape(persistent=True) as tape:
        tape.watch(leaf)
        y = layers(leaf, weights)
    np.testing.assert_allclose(tape.batch_jacobian(y, leaf).numpy(), wanted, rtol=1e-12, atol=1e-14)
    whole = tape.jacobian(y, leaf).numpy()
    np.testing.assert_allclose(whole, np.einsum("boi,bc->boci", wanted, np.eye(4)), rtol=1e-12, atol=1e-14)
    one = gt.jacobian(lambda row: layers(row[None], weights)[0])(leaf[0]).numpy()
    np.testing.assert_allclose(one, wanted[0], rtol=1e-12, atol=1e-14)


@given(
    st.integers(1, 4),
    st.integers(1, 40),
    st.integers(1, 5),
    st.integers(1, 9),
    st.sampled_from([1, 300, 1 << 20]),
)
@settings(max_examples=25, deadline=None)
def test_every_shape_gives_the_matrix_of_a_linear_map(rows, outputs, inputs, most, memory):
    rng = np.random.default_rng(outputs)
    matrix, x = rng.normal(size=(rows, outputs, inputs)), rng.normal(size=inputs)
    before, jacobians.MEMORY = jacobians.MEMORY, memory
    try:
        found = gt.jacobian(lambda v: gt.linalg.matvec(gt.constant(matrix), v) ** 2, most=most)(
            gt.constant(x)
        )
    finally:
        jacobians.MEMORY = before
    wanted = 2 * (matrix @ x)[..., None] * matrix
    np.testing.assert_allclose(found.numpy(), wanted, rtol=1e-12, atol=1e-13)


def test_an_outer_tape_records_every_whole_derivative():
    w = gt.Variable([[0.3, -0.2], [0.5, 0.7]], dtype="float64")
    x = np.array([0.4, -1.1])

    def sums(v):
        def program(x):
            return gt.tanh(gt.linalg.matvec(v, x))

        at = gt.constant(x)
        curvature = gt.hessian(lambda x: gt.reduce_sum(program(x) ** 2))(at)
        return gt.reduce_sum(gt.jacobian(program)(at) ** 3) + gt.reduce_sum(curvature**2)

    with gt.GradientTape() as tape:
        y = sums(w)
    found = tape.gradient(y, w).numpy()
    wanted, step = np.zeros((2, 2)), 1e-5
    for place in np.ndindex(2, 2):
        moves = np.zeros((2, 2))
        moves[place] = step
        ahead, behind = (sums(gt.constant(w.numpy() + sign * moves)).numpy() for sign in (1, -1))
        wanted[place] = (ahead - behind) / (2 * step)
    np.testing.assert_allclose(found, wanted, rtol=1e-7, atol=1e-9)


# structures and None


def test_results_have_the_structure_of_the_sources():
    p = {"a": gt.constant([1.0, 2.0]), "b": (gt.constant(3.0), gt.constant([5.0]))}

    def f(p, scale):
        return gt.reduce_sum(p["a"] ** 2 * p["b"][0] * scale)

    h = gt.hessian(f)(p, 2.0)
    assert h["a"]["a"].numpy().tolist() == [[12.0, 0.0], [0.0, 12.0]]
    assert h["a"]["b"][0].numpy().tolist() == [4.0, 8.0]
    assert h["b"][0]["a"].numpy().tolist() == [4.0, 8.0]
    assert h["b"][1]["b"][1].numpy().tolist() == [[0.0]]
    with gt.GradientTape(persistent=True) as tape:
        tape.watch(p)
        y = f(p, 2.0)
    h = tape.hessian(y, p)
    assert h["a"]["b"][0].numpy().tolist() == [4.0, 8.0]
    assert h["b"][0]["b"][0] is None
    assert h["a"]["b"][1] is None
    h = tape.hessian(y, p, unconnected_gradients="zero")
    assert h["b"][1]["a"].numpy().tolist() == [[0.0, 0.0]]


def test_one_tensor_twice_has_two_derivatives_and_what_is_closed_over_none():
    x = gt.constant(3.0)
    assert [g.numpy() for g in gt.grad(lambda a, b: a * a * b * x, argnums=(0, 1))(x, x)] == [54.0, 27.0]
    assert gt.grad(lambda a: a * x)(x).numpy() == 3.0
    assert gt.grad(lambda a, b: a * b, argnums=-1)(x, gt.constant(5.0)).numpy() == 3.0


def test_auxiliary_results_pass_through():
    x = gt.constant([1.0, 2.0])
    (value, aux), slope = gt.value_and_grad(lambda x: (gt.reduce_sum(x * x), "seen"), has_aux=True)(x)
    assert (value.numpy(), aux, slope.numpy().tolist()) == (5.0, "seen", [2.0, 4.0])
    assert gt.jacobian(lambda x: (x * x, "seen"), has_aux=True)(x)[1] == "seen"
    assert gt.hessian(lambda x: (gt.reduce_sum(x * x), "seen"), has_aux=True)(x)[1] == "seen"
    assert gt.jvp(lambda x: (x * x, "seen"), (x,), (x,), has_aux=True)[2] == "seen"
    assert gt.vjp(lambda x: (x * x, "seen"), x, has_aux=True)[2] == "seen"


def test_linear_maps_can_be_used_again_and_again():
    x = gt.constant([0.5, -0.3])
    y, push = gt.linearize(lambda x: {"s": gt.sin(x), "n": gt.reduce_sum(x * x)}, x)
    assert y["n"].numpy() == pytest.approx(0.34)
    for direction in np.eye(2):
        moved = push(gt.constant(direction, dtype="float32"))
        np.testing.assert_allclose(moved["s"].numpy(), np.cos([0.5, -0.3]) * direction, rtol=1e-6)
        np.testing.assert_allclose(moved["n"].numpy(), 2 * np.dot([0.5, -0.3], direction), rtol=1e-6)
    _, pull = gt.vjp(lambda x: gt.sin(x), x)
    for seed in np.eye(2):
        np.testing.assert_allclose(
            pull(gt.constant(seed, dtype="float32"))[0].numpy(), np.cos([0.5, -0.3]) * seed
        )


def test_gradients_of_each_example():
    rng = np.random.default_rng(1)
    x, w, b = rng.normal(size=(6, 3)), gt.Variable(rng.normal(size=(3, 2))), gt.Variable(np.zeros(2))
    with gt.GradientTape() as tape:
        loss = gt.reduce_sum(gt.tanh(gt.constant(x) @ w + b) ** 2, axis=1)
    in_w, in_b = tape.batch_gradient(loss, [w, b])
    t = np.tanh(x @ w.numpy())
    wanted = 2 * t * (1 - t**2)
    np.testing.assert_allclose(in_b.numpy(), wanted, rtol=1e-12)
    np.testing.assert_allclose(in_w.numpy(), np.einsum("bi,bo->bio", x, wanted), rtol=1e-12)


HALF = np.random.default_rng(2).normal(size=(6, 3))


def centred(y):
    return y - gt.reduce_mean(y, axis=0)


PROGRAMS = {
    "network": lambda x, w: gt.reduce_sum(gt.tanh(gt.tanh(x @ w) @ w) ** 2, axis=1),
    "crossentropy": lambda x, w: gt.nn.softmax_cross_entropy_with_logits(gt.nn.softmax(x), x @ w),
    "shapes": lambda x, w: gt.reshape(gt.concat([x @ w, x], 1), (6, 2, 3))[:, 0] * gt.transpose(w)[0],
    "choice": lambda x, w: gt.where(x @ w > 0, gt.sqrt(gt.abs(x @ w)), x),
    "embedding": lambda x, w: gt.reduce_sum(gt.gather(w, gt.argmax(x, axis=1)) * x, axis=1),
    "matrices": lambda x, w: gt.reduce_sum(
        gt.linalg.inv(x[:, :, None] * w + 4.0 * gt.eye(3, dtype="float64")), -1
    ),
    "shared": lambda x, w: x * gt.reduce_sum(w * w),
    "shared mean": lambda x, w: x @ w - gt.reduce_mean(x @ w, axis=0),
    "rows that meet": lambda x, w: centred(x @ w),
    "rows turned round": lambda x, w: gt.reverse(x @ w, [0]),
    "one number for all": lambda x, w: gt.broadcast_to(gt.reduce_sum(w), (6,)),
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_gradients_of_each_example_are_those_of_each_row_alone(name):
    x, w = gt.constant(HALF), gt.Variable(HALF[:3] + np.eye(3))
    with gt.GradientTape(persistent=True) as tape:
        y = PROGRAMS[name](x, w)
    found = tape.batch_gradient(y, w).numpy()
    for i in range(6):
        seed = np.zeros(y.shape)
        seed[i] = 1
        wanted = tape.gradient(y, w, output_gradients=gt.constant(seed)).numpy()
        np.testing.assert_allclose(found[i], wanted, rtol=1e-11, atol=1e-13)


@pytest.mark.parametrize("name", PROGRAMS)
def test_rows_that_are_kept_apart_take_one_walk(name):
    x, w = gt.constant(HALF), gt.Variable(HALF[:3] + np.eye(3))
    with gt.GradientTape() as tape:
        y = PROGRAMS[name](x, w)
    found = gradients_of_rows(tape._record, y._node, [w._node])
    assert (found is None) == name.startswith("rows")


def test_outer_tapes_record_gradients_of_each_example():
    x, w = gt.constant(HALF), gt.Variable(HALF[:3])
    with gt.GradientTape() as outer:
        with gt.GradientTape() as inner:
            y = gt.reduce_sum(gt.tanh(x @ w), axis=1)
        penalty = gt.reduce_sum(inner.batch_gradient(y, w) ** 2)
    t = np.tanh(HALF @ w.numpy())
    slope, bend = 1 - t**2, -2 * t * (1 - t**2)
    wanted = 2 * np.einsum("bi,bo,b->io", HALF, slope * bend, np.sum(HALF**2, axis=1))
    np.testing.assert_allclose(outer.gradient(penalty, w).numpy(), wanted, rtol=1e-11, atol=1e-13)


# bad input


@pytest.mark.parametrize(
    ("call", "kind", "text"),
    [
        (lambda x: gt.grad(3.0)(x), TypeError, "grad takes a function first"),
        (lambda x: gt.grad(lambda x: x * x)(x), ValueError, r"one floating number, not shape \(2,\)"),
        (lambda x: gt.grad(lambda x: x, argnums=1)(x), ValueError, "argnums 1 does not fit 1 positional"),
        (lambda x: gt.grad(lambda i: i)(gt.constant(1)), TypeError, "not int32; use gt.cast"),
        (lambda x: gt.jvp(lambda x: x, (x,), (gt.constant([1.0]),)), ValueError, r"tangent of shape \(1,\)"),
        (lambda x: gt.vjp(lambda x: x, x)[1](gt.constant([1.0])), ValueError, r"cotangent of shape \(1,\)"),
        (lambda x: gt.jacobian(lambda x: x, has_aux=True)(x), TypeError, "must return a pair"),
    ],
)
def test_bad_input_is_refused(call, kind, text):
    with pytest.raises(kind, match=text):
        call(gt.constant([1.0, 2.0]))


def test_a_custom_rule_that_looks_at_its_cotangent_asks_for_one_walk_after_another():
    @gt.custom_gradient
    def clipped(x):
        return gt.identity(x), lambda g: g if float(gt.reduce_sum(g)) < 0.5 else 0.5 * g

    x = gt.constant([1.0, 2.0])
    with gt.GradientTape(persistent=True) as tape:
        tape.watch(x)
        y = clipped(x)
    with pytest.raises(
        ValueError, match=r"Encountered an exception while vectorizing.*experimental_use_pfor=False"
    ):
        tape.jacobian(y, x)
    assert tape.jacobian(y, x, experimental_use_pfor=False).numpy().tolist() == [[0.5, 0.0], [0.0, 0.5]]


def test_targets_that_have_no_hessian_or_no_examples_are_refused():
    x = gt.constant([1.0, 2.0])
    with gt.GradientTape(persistent=True) as tape:
        tape.watch(x)
        y = x * x
        z = gt.reduce_sum(y)
    with pytest.raises(ValueError, match=r"hessian: the target must have one entry, not the shape \(2,\)"):
        tape.hessian(y, x)
    with pytest.raises(ValueError, match="batch_gradient: the target must have a first axis"):
        tape.batch_gradient(z, x)


def test_walks_share_the_partials_of_elementwise_operations(monkeypatch):
    """Computed once for all walks, where they are not too large together."""
    asked = []

    def slope(y, x):
        asked.append(x.shape)
        return 2.0 * x

    squares = gt.register_primitive("squares_for_walks", value=np.square, partials=slope)
    monkeypatch.setattr(jacobians, "MEMORY", 0)  # one walk after another
    x, w = gt.constant(HALF), HALF[:3] + np.eye(3)
    for kept, times in ((jacobians.KEPT, 1), (0, 3)):
        monkeypatch.setattr(jacobians, "KEPT", kept)
        asked.clear()
        with gt.GradientTape() as outer:
            outer.watch(x)
            with gt.GradientTape() as tape:
                tape.watch(x)
                y = squares(x) @ w
            found = tape.batch_jacobian(y, x)
        np.testing.assert_allclose(found.numpy(), np.einsum("io,bi->boi", w, 2 * HALF), rtol=1e-14)
        assert len(asked) == times
        again = outer.gradient(found, x).numpy()
        np.testing.assert_allclose(again, np.tile(2 * w.sum(axis=1), (6, 1)), rtol=1e-13)
