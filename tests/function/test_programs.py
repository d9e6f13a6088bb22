"""Programs of every sort recorded: the plain program's values, at other inputs than were recorded, in one road."""

import numpy as np
import pytest

import gradtape as gt

W = gt.Variable([[0.3, -0.2], [0.1, 0.5]], dtype=gt.float64)
COLUMN = np.random.default_rng(0).normal(size=(5, 1))


def network(x, y):
    return gt.reduce_sum(gt.tanh(gt.concat([x, y], 1) @ W), 1, keepdims=True)


def hessian(x):
    with gt.GradientTape() as outer:
        outer.watch(x)
        with gt.GradientTape() as inner:
            inner.watch(x)
            z = gt.reduce_sum(gt.sin(x) * x**3)
        g = inner.gradient(z, x)
    return outer.jacobian(g, x)


def batch_jacobian(x):
    with gt.GradientTape() as tape:
        tape.watch(x)
        z = gt.tanh(x @ W)
    return tape.batch_jacobian(z, x)


def gradient_of_partials(x, y):
    with gt.GradientTape() as tape:
        a, b = gt.partials(network, "xx xyy")(x, y)
        loss = gt.reduce_sum(a * a + b)
    return tape.gradient(loss, W)


def partials_on_a_tape(x, y):
    with gt.GradientTape() as tape:
        tape.watch([x, y])
        u = network(x, y)
    return tape.partials(u, {"x": x, "y": y}, "xx xy")


def gradient_of_a_determinant(x):
    with gt.GradientTape() as tape:
        tape.watch(x)
        y = gt.linalg.det(x @ gt.transpose(x) + gt.eye(5, dtype=gt.float64))
    return tape.gradient(y, x)


def whiles(x):
    return gt.while_loop(lambda i, z: i < 3, lambda i, z: (i + 1, z * z), (gt.constant(0), x))[1]


PROGRAMS = {
    "jacobian of a gradient": (hessian, (np.ones(4),)),
    "batch_jacobian": (batch_jacobian, (np.ones((3, 2)),)),
    "partials": (lambda x, y: gt.partials(network, "x y xx xy xxx")(x, y), (COLUMN, COLUMN[::-1].copy())),
    "gradient of partials": (gradient_of_partials, (COLUMN, COLUMN[::-1].copy())),
    "partials on a tape": (partials_on_a_tape, (COLUMN, COLUMN[::-1].copy())),
    "gradient of a determinant": (gradient_of_a_determinant, (COLUMN,)),
    "vectorized_map": (
        lambda x: gt.vectorized_map(lambda r: gt.reduce_sum(r * r) * r, x),
        (np.ones((3, 2)),),
    ),
    "map_fn": (lambda x: gt.map_fn(lambda r: r * r, x), (np.ones((3, 2)),)),
    "scan": (lambda x: gt.scan(lambda a, b: a * b + 1, x), (np.ones(4),)),
    "while_loop": (whiles, (np.array(1.5),)),
    "cond": (lambda x: gt.cond(x > 0, lambda: x * x, lambda: -x), (np.array(1.5),)),
    "sort": (lambda x: gt.sort(x, axis=0), (COLUMN,)),
    "gather by argsort": (lambda x: gt.gather(x, gt.argsort(x[:, 0])), (COLUMN,)),
    "slices": (lambda x: x[::2, 0] + x[1, 0], (COLUMN,)),
    "complex": (lambda x: gt.math.real(gt.signal.fft(gt.cast(x[:, 0], gt.complex128))), (COLUMN,)),
    "softmax and moments": (lambda x: (gt.nn.softmax(x, 0), gt.nn.moments(x, 0)), (COLUMN,)),
    "integers": (lambda x: gt.cast(x * 3, gt.int32) + 1, (COLUMN,)),
}


@pytest.mark.parametrize("backend", ["reference", "llvm"])
@pytest.mark.parametrize("name", PROGRAMS)
def test_a_program_recorded_is_the_program(name, backend):
    program, inputs = PROGRAMS[name]
    f = gt.function(program, backend=backend)
    for k in range(3):
        given = [gt.constant(x + 0.1 * k) for x in inputs]
        expected, found = gt.nest.flatten(program(*given)), gt.nest.flatten(f(*given))
        for a, b in zip(expected, found, strict=True):
            np.testing.assert_allclose(b.numpy(), a.numpy(), rtol=1e-9, atol=1e-12)
    assert f.stats()["roads"] == 1


@pytest.mark.parametrize(
    "name", ["SGD", "Adam", "RMSprop", "Adagrad", "AdamW", "Adadelta", "Adamax", "Nadam", "Ftrl"]
)
def test_steps_of_an_optimiser(name):
    rng = np.random.default_rng(0)
    x = gt.constant(rng.normal(size=(64, 3)))
    y = gt.constant(x.numpy() @ [1.0, 2.0, 3.0] + 0.5)

    def losses(wrap):
        w, b = gt.Variable(np.zeros(3)), gt.Variable(0.0, dtype=gt.float64)
        optimiser = getattr(gt.optimizers, name)(0.05)

        @wrap
        def step(x, y):
            with gt.GradientTape() as tape:
                loss = gt.reduce_mean((gt.linalg.matvec(x, w) + b - y) ** 2)
            optimiser.apply_gradients(zip(tape.gradient(loss, [w, b]), [w, b], strict=True))
            return loss

        return [float(step(x, y)) for _ in range(8)], step

    found, step = losses(gt.function)
    np.testing.assert_allclose(found, losses(lambda f: f)[0], rtol=1e-10)
    assert step.stats()["roads"] == 1
