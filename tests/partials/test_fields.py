"""Differential operators against SymPy's, in every coordinate system; estimators; the tape's methods; bad input."""

import numpy as np
import pytest
import sympy
from sympy.vector import CoordSys3D, curl, divergence, gradient

import gradtape as gt

RNG = np.random.default_rng(11)
POINTS = RNG.uniform(0.4, 1.1, (6, 3))
SYMBOLS = sympy.symbols("x y z", real=True)
X, Y, Z = SYMBOLS
SCALAR = sympy.sin(X * Y) * sympy.exp(-Z) * X + Z**3 * Y
VECTOR = (X * Y * Z, sympy.sin(X) + Z**2 * Y, sympy.exp(Y) * X * Z)


def packed_scalar(p):
    return gt.sin(p[:, 0] * p[:, 1]) * gt.exp(-p[:, 2]) * p[:, 0] + p[:, 2] ** 3 * p[:, 1]


def column_scalar(x, y, z):
    return gt.sin(x * y) * gt.exp(-z) * x + z**3 * y


def packed_vector(p):
    x, y, z = p[:, 0], p[:, 1], p[:, 2]
    return gt.stack([x * y * z, gt.sin(x) + z * z * y, gt.exp(y) * x * z], 1)


def values(expression, points=POINTS):
    return np.broadcast_to(
        sympy.lambdify(SYMBOLS[: points.shape[1]], expression, "numpy")(*points.T), len(points)
    )


def in_system(system):
    """The scalar and the vector field in SymPy's coordinate system, and how to come back to our symbols."""
    space = CoordSys3D("S", transformation=system) if system != "cartesian" else CoordSys3D("S")
    there = dict(zip(SYMBOLS, space.base_scalars(), strict=True))
    back = {there[s]: s for s in SYMBOLS}
    basis = space.base_vectors()
    vector = sum(
        (f.subs(there, simultaneous=True) * b for f, b in zip(VECTOR[1:], basis[1:], strict=True)),
        VECTOR[0].subs(there, simultaneous=True) * basis[0],
    )
    return SCALAR.subs(there, simultaneous=True), vector, basis, back


def close(found, exact, rtol=1e-12):
    found = np.stack([part.numpy() for part in found], -1) if isinstance(found, tuple) else found.numpy()
    assert found.shape == exact.shape
    np.testing.assert_allclose(found, exact, rtol=rtol, atol=rtol * np.abs(exact).max())


SYSTEMS = ["cartesian", "cylindrical", "spherical"]


@pytest.mark.parametrize("system", SYSTEMS)
def test_operators_of_scalar_fields(system):
    scalar, _, basis, back = in_system(system)
    points, columns = gt.constant(POINTS), [gt.constant(POINTS[:, i : i + 1]) for i in range(3)]
    slope = gradient(scalar)
    exact = values(divergence(slope).subs(back))
    close(gt.fields.laplacian(packed_scalar, system=system)(points), exact)
    close(gt.fields.laplacian(column_scalar, "x y z", system=system)(*columns), exact[:, None])
    exact = np.stack([values(slope.dot(b).subs(back)) for b in basis], -1)
    close(gt.fields.gradient(packed_scalar, system=system)(points), exact)
    close(gt.fields.gradient(column_scalar, ["x", "y", "z"], system=system)(*columns), exact[:, None, :])


@pytest.mark.parametrize("system", SYSTEMS)
def test_operators_of_vector_fields(system):
    _, vector, basis, back = in_system(system)
    points = gt.constant(POINTS)
    close(gt.fields.divergence(packed_vector, system=system)(points), values(divergence(vector).subs(back)))
    turn = curl(vector)
    exact = np.stack([values(turn.dot(b).subs(back)) for b in basis], -1)
    close(gt.fields.curl(packed_vector, system=system)(points), exact)


PLANE = X**3 * sympy.sin(X * Y) + Y**4


def packed_plane(p):
    x, y = p[:, 0:1], p[:, 1:2]
    return x**3 * gt.sin(x * y) + y**4


def polar_laplacian(u):
    return sympy.diff(u, X, 2) + sympy.diff(u, X) / X + sympy.diff(u, Y, 2) / X**2


def test_the_plane():
    points = gt.constant(POINTS[:, :2])
    plane = POINTS[:, :2]
    close(
        gt.fields.laplacian(packed_plane, system="polar")(points),
        values(polar_laplacian(PLANE), plane)[:, None],
    )
    exact = values(
        sympy.diff(PLANE, X, 4) + 2 * sympy.diff(PLANE, X, 2, Y, 2) + sympy.diff(PLANE, Y, 4), plane
    )
    close(gt.fields.biharmonic(packed_plane)(points), exact[:, None])
    exact = values(polar_laplacian(polar_laplacian(PLANE)), plane)
    close(gt.fields.biharmonic(packed_plane, system="polar")(points), exact[:, None], rtol=1e-11)
    exact = np.stack([values(sympy.diff(PLANE, s), plane) for s in (X, Y)], -1)
    close(gt.fields.gradient(packed_plane)(points), exact)  # (n, 1) and (n, d) give (n, d)

    def turning(p):
        return gt.stack([p[:, 0] * p[:, 1], p[:, 0] ** 3], 1)

    close(gt.fields.curl(turning)(points), 3 * plane[:, 0] ** 2 - plane[:, 0])
    # F = (r theta, r^3): (1/r) d(r F_theta)/dr - (1/r) dF_r/dtheta
    close(gt.fields.curl(turning, system="polar")(points), 4 * plane[:, 0] ** 2 - 1)
    close(gt.fields.divergence(turning, system="polar")(points), 2 * plane[:, 1])


@pytest.mark.parametrize("dimension", [1, 2, 3, 4, 5])
def test_the_biharmonic_operator_in_any_dimension(dimension):
    symbols = sympy.symbols(f"a0:{dimension}", real=True)
    expression = (
        sympy.sin(sum((i + 1) * s for i, s in enumerate(symbols)))
        + sympy.prod([s**2 for s in symbols]) * symbols[0] ** 2
    )
    laplacian = sum(sympy.diff(expression, s, 2) for s in symbols)
    exact = sympy.lambdify(symbols, sum(sympy.diff(laplacian, s, 2) for s in symbols), "numpy")
    points = RNG.uniform(0.4, 1.1, (4, dimension))

    def field(p):
        return (
            gt.sin(gt.linalg.matvec(p, np.arange(1.0, dimension + 1)))
            + gt.reduce_prod(p * p, 1) * p[:, 0] ** 2
        )

    close(gt.fields.biharmonic(field)(gt.constant(points)), np.broadcast_to(exact(*points.T), 4), rtol=1e-11)


def test_other_derivatives():
    points = gt.constant(POINTS)
    exact = np.stack([values(sympy.diff(SCALAR, s, 2)) for s in SYMBOLS], -1)
    close(gt.fields.hessian_diagonal(packed_scalar)(points), exact)
    v = (1.0, 2.0, -1.0)
    step = lambda e: sum(c * sympy.diff(e, s) for c, s in zip(v, SYMBOLS, strict=True))
    expression = SCALAR
    for order in (1, 2, 3, 4):
        expression = step(expression)
        close(gt.fields.directional(packed_scalar, list(v), order)(points), values(expression), rtol=1e-11)
    columns = [gt.constant(POINTS[:, i]) for i in range(3)]
    close(gt.fields.directional(column_scalar, v, 2, "x y z")(*columns), values(step(step(SCALAR))))


def test_a_direction_for_each_point():
    directions = RNG.normal(size=POINTS.shape)
    found = gt.fields.directional(packed_scalar, directions)(gt.constant(POINTS))
    slopes = np.stack([values(sympy.diff(SCALAR, s)) for s in SYMBOLS], -1)
    close(found, (slopes * directions).sum(1))


def test_the_material_derivative():
    def field(p, t):
        return gt.sin(p[:, 0] - 2.0 * t) * p[:, 1]

    def velocity(p, t):
        return gt.stack([2.0 + 0.0 * p[:, 0], p[:, 0] * t], 1)

    points, t = POINTS[:, :2], 0.7
    x = points[:, 0]
    exact = np.sin(x - 2 * t) * x * t  # what moves with the wave sees y change alone
    close(
        gt.fields.material_derivative(field, velocity)(gt.constant(points), gt.constant(t, "float64")), exact
    )
    p, time = gt.constant(points), gt.constant(t, "float64")
    with gt.GradientTape() as tape:
        tape.watch([p, time])
        u = field(p, time)
    close(tape.material_derivative(u, p, time, velocity(p, time)), exact)


def test_on_the_tape():
    points = gt.constant(POINTS)
    with gt.GradientTape(persistent=True) as tape:
        tape.watch(points)
        u, f = packed_scalar(points), packed_vector(points)
    close(tape.laplacian(u, points), gt.fields.laplacian(packed_scalar)(points).numpy())
    close(tape.biharmonic(u, points), gt.fields.biharmonic(packed_scalar)(points).numpy())
    close(tape.field_gradient(u, points), gt.fields.gradient(packed_scalar)(points).numpy())
    close(tape.hessian_diagonal(u, points), gt.fields.hessian_diagonal(packed_scalar)(points).numpy())
    close(tape.divergence(f, points), gt.fields.divergence(packed_vector)(points).numpy())
    close(tape.curl(f, points), gt.fields.curl(packed_vector)(points).numpy())
    v = np.array([1.0, 0.0, 2.0])
    close(tape.directional(u, points, v, 2), gt.fields.directional(packed_scalar, v, 2)(points).numpy())


def test_a_single_point_and_unconnected_fields():
    found = gt.fields.laplacian(lambda p: gt.reduce_prod(p) ** 2)(gt.constant([1.0, 2.0, 3.0], "float64"))
    assert found.numpy() == pytest.approx(2 * (36 + 9 + 4))
    assert gt.fields.laplacian(lambda p: gt.constant(3.0))([1.0, 2.0]).numpy() == 0.0


def network(width=8, dimension=3, seed=5):
    rng = np.random.default_rng(seed)
    weights = [
        gt.Variable(0.6 * rng.normal(size=s)) for s in [(dimension, width), (width, width), (width, 1)]
    ]
    return lambda p: gt.tanh(gt.tanh(p @ weights[0]) @ weights[1]) @ weights[2], weights


def test_gradients_of_a_laplacian_in_the_weights():
    u, weights = network()
    points = gt.constant(POINTS)
    with gt.GradientTape() as tape:
        loss = gt.reduce_mean(gt.fields.laplacian(u)(points) ** 2)
    found = tape.gradient(loss, weights)
    with gt.GradientTape() as tape:
        total = 0.0
        for i in range(3):
            direction = gt.constant(np.broadcast_to(np.eye(3)[i], POINTS.shape))
            with gt.autodiff.ForwardAccumulator(points, direction) as outer:
                with gt.autodiff.ForwardAccumulator(points, direction) as inner:
                    y = u(points)
                y_i = inner.jvp(y)
            total += outer.jvp(y_i)
        loss = gt.reduce_mean(total**2)
    for one, other in zip(found, tape.gradient(loss, weights), strict=True):
        np.testing.assert_allclose(one.numpy(), other.numpy(), rtol=1e-10, atol=1e-13)


def test_a_laplacian_carries_d_plus_two_streams():
    """Numbers that `tanh` is applied to or that are multiplied by its weights: d + 2 for each value, not 2 d + 1."""
    dimension, width, n = 16, 32, 10
    u, _ = network(width, dimension)
    streams = []

    class Counter(gt.core.listen.Listener):
        def hear(self, primitive, inputs, params, result, outside):
            if (
                primitive.name == "matmul" and inputs[0].shape[-1] == width
            ):  # the product with the second layer's weights
                streams.append(inputs[0].size / (n * width))

    counter = Counter()
    gt.core.listen.activate(counter)
    try:
        gt.fields.laplacian(u)(gt.constant(RNG.normal(size=(n, dimension))))
    finally:
        gt.core.listen.deactivate(counter)
    # The value, each direction's first coefficient and the sum of the second ones; and the one that stands for all
    # directions in batch mode.
    assert sorted(streams)[-1] == dimension
    assert sum(streams) <= 2 * (dimension + 3)  # two layers' inputs have this width


def test_elementwise_functions_compute_three_values_a_direction():
    """The slope times x[1], the square of x[1], and before them a layer's product with its weights."""
    dimension, n, width = 16, 10, 32
    u, _ = network(width, dimension)
    sizes = []

    class Counter(gt.core.listen.Listener):
        def hear(self, primitive, inputs, params, result, outside):
            if primitive.name not in ("reshape", "broadcast_to"):
                sizes.append(result.size)

    counter = Counter()
    gt.core.listen.activate(counter)
    try:
        gt.fields.laplacian(u)(gt.constant(RNG.normal(size=(n, dimension))))
    finally:
        gt.core.listen.deactivate(counter)
    assert sizes.count(dimension * n * width) == 2 * 3  # two layers


ELEMENTWISE = [
    (gt.tanh, sympy.tanh),  # from its output
    (gt.sin, sympy.sin),  # from its input, and of two that refer to each other
    (gt.exp, sympy.exp),
    (gt.math.atan, sympy.atan),
    (gt.math.sqrt, sympy.sqrt),
    (gt.math.reciprocal, lambda a: 1 / a),
    (lambda a: a**2.5, lambda a: a ** sympy.Rational(5, 2)),
    (lambda a: 1.5**a, lambda a: sympy.Rational(3, 2) ** a),  # one of two inputs
    (lambda a: gt.math.atan2(a, np.full((6, 1), 0.7)), lambda a: sympy.atan2(a, 0.7)),  # which is broadcast
    (lambda a: a / 3.0, lambda a: a / 3),  # a slope that does not vary
]


@pytest.mark.parametrize(("function", "formula"), ELEMENTWISE)
def test_a_laplacian_goes_through_elementwise_functions(function, formula):
    inner, outer = 1 + X * Y + Z**2, X + 2 * Y * Z
    exact = formula(formula(inner) + 1 + outer)
    found = gt.fields.laplacian(
        lambda p: function(
            function(1 + p[:, :1] * p[:, 1:2] + p[:, 2:] ** 2) + 1 + p[:, :1] + 2 * p[:, 1:2] * p[:, 2:]
        )
    )(gt.constant(POINTS))
    close(found, values(sum(sympy.diff(exact, s, 2) for s in SYMBOLS))[:, None])


def test_half_precision_does_not_overflow_in_squares():
    """The length of p at (120, 120): each derivative of its square is 240, and the sum of their squares 115,200."""
    points = np.full((1, 2), 120.0, "float16")
    found = gt.fields.laplacian(lambda p: gt.math.sqrt(gt.reduce_sum(p * p, -1)))(gt.constant(points))
    np.testing.assert_allclose(found.numpy(), 1 / np.hypot(120.0, 120.0), rtol=0.02)


@pytest.mark.parametrize("distribution", ["rademacher", "normal", "coordinates"])
def test_estimators_are_unbiased(distribution):
    """Of a quadratic field, whose estimate has a known mean and variance."""
    d, runs = 6, 400
    rng = np.random.default_rng(2)
    matrix = rng.normal(size=(d, d))
    matrix = matrix + matrix.T
    field = lambda p: gt.reduce_sum(p * gt.linalg.matvec(matrix, p)) / 2.0
    samples = 3
    found = np.array(
        [
            gt.fields.laplacian(field, samples=samples, seed=seed, distribution=distribution)(
                np.zeros(d)
            ).numpy()
            for seed in range(runs)
        ]
    )
    trace = np.trace(matrix)
    off = matrix - np.diag(np.diag(matrix))
    variance = {
        "rademacher": 2 * np.sum(off**2) / samples,
        "normal": 2 * np.sum(matrix**2) / samples,
        # Drawing without replacement: d^2 / samples times the spread of the diagonal, less what is drawn already.
        "coordinates": d * d * np.var(np.diag(matrix), ddof=1) / samples * (1 - samples / d),
    }[distribution]
    assert abs(found.mean() - trace) < 4 * np.sqrt(variance / runs)
    assert 0.7 < found.var() / variance < 1.4


def test_the_estimated_biharmonic_is_unbiased():
    runs = 300
    field = lambda p: p[0] ** 4 + p[0] ** 2 * p[1] ** 2
    found = [gt.fields.biharmonic(field, samples=20, seed=seed)(np.ones(2)).numpy() for seed in range(runs)]
    assert abs(np.mean(found) - 32) < 4 * np.std(found) / np.sqrt(runs)


def test_all_coordinates_drawn_is_exact():
    found = gt.fields.laplacian(packed_scalar, samples=3, seed=0, distribution="coordinates")(
        gt.constant(POINTS)
    )
    close(found, gt.fields.laplacian(packed_scalar)(gt.constant(POINTS)).numpy())


@pytest.mark.parametrize(
    ("call", "error", "fragment"),
    [
        (lambda p: gt.fields.laplacian(packed_scalar, system="toroidal")(p), ValueError, "toroidal"),
        (
            lambda p: gt.fields.laplacian(packed_scalar, system="polar")(p),
            ValueError,
            "polar coordinates are 2",
        ),
        (lambda p: gt.fields.laplacian(packed_scalar, samples=2)(p), ValueError, "seed"),
        (lambda p: gt.fields.laplacian(packed_scalar, samples=0, seed=1)(p), ValueError, "positive"),
        (
            lambda p: gt.fields.laplacian(packed_scalar, samples=2, seed=1, distribution="x")(p),
            ValueError,
            "rademacher",
        ),
        (lambda p: gt.fields.laplacian(packed_scalar, "u v"), ValueError, "no parameters"),
        (lambda p: gt.fields.laplacian(lambda q: q - gt.reduce_mean(q))(p), ValueError, "laplacian: rows"),
        (lambda p: gt.fields.divergence(packed_scalar)(p), ValueError, "components"),
        (lambda p: gt.fields.directional(packed_scalar, [1.0, 2.0])(p), ValueError, "direction of shape"),
        (lambda p: gt.fields.directional(packed_scalar, [1.0, 2.0, 0.0], 0)(p), ValueError, "at least 1"),
        (lambda p: gt.fields.laplacian(lambda q: q)(gt.zeros((2, 2, 2))), ValueError, r"\(2, 2, 2\)"),
    ],
)
def test_bad_input_is_refused(call, error, fragment):
    with pytest.raises(error, match=fragment):
        call(gt.constant(POINTS))
