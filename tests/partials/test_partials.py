"""Partial derivatives against SymPy, mpmath and nested tapes; batches, unconnected sources, bad input."""

import math
from itertools import combinations_with_replacement

import mpmath
import numpy as np
import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st

import gradtape as gt

RNG = np.random.default_rng(7)


def sympy_partial(expression, symbols, word):
    for letter in word:
        expression = sympy.diff(expression, symbols[letter])
    return expression


FUNCTIONS = {
    "one": ("x", lambda m, x: m.sin(x) * m.exp(-x * x) + m.log(x) * m.tanh(x)),
    "two": ("xt", lambda m, x, t: m.sin(x * t) * m.exp(-x) / (1 + t * t) + x**3 * m.tanh(t)),
    "three": ("xyz", lambda m, x, y, z: m.exp(x * y) * m.cos(z) + m.sqrt(x + y * z) / (2 + z)),
    "four": ("abcd", lambda m, a, b, c, d: m.sin(a * a * b * c * d) + m.atan(a * b) * c**2 * d),
}


ORDER_EIGHT = {
    "x": (lambda m, x: m.exp(m.sin(x)), ["xxxxxxxx"]),
    "xy": (lambda m, x, y: m.exp(x * y) * m.cos(y), ["xxxxyyyy", "xxxxxxxy", "yyyyyyyy"]),
    "xyz": (lambda m, x, y, z: m.sin(x * y + z) * m.exp(z), ["xxxyyyzz", "xyzzzzzz", "xxxxxyyz"]),
    "abcd": (lambda m, a, b, c, d: m.sin(a * b) * m.exp(c * d), ["aabbccdd", "abcccddd", "aaaabbcd"]),
}


@pytest.mark.parametrize("names", sorted(ORDER_EIGHT))
def test_the_eighth_order(names):
    function, words = ORDER_EIGHT[names]
    points = [RNG.uniform(0.4, 1.1, 3) for _ in names]
    symbols = {n: sympy.Symbol(n, real=True) for n in names}
    expression = function(sympy, *symbols.values())
    traced = eval(
        f"lambda {', '.join(names)}: f(m, {', '.join(names)})", {"f": function, "m": GradtapeNames()}
    )
    for word, partial in zip(words, gt.partials(traced, words)(*map(gt.constant, points)), strict=True):
        wanted = sympy.lambdify(list(symbols.values()), sympy_partial(expression, symbols, word), "mpmath")
        with mpmath.workdps(40):
            exact = np.array([float(wanted(*map(mpmath.mpf, row))) for row in np.stack(points, 1)])
        assert np.abs(partial.numpy() - exact).max() <= 1e-10 * max(1.0, np.abs(exact).max()), word


class GradtapeNames:
    """Gradtape's functions under the names that SymPy gives them."""

    def __getattr__(self, name):
        return getattr(gt.math, name) if name == "log" else getattr(gt, name)


@pytest.mark.parametrize(("name", "order"), [("one", 8), ("two", 6), ("three", 4), ("four", 3)])
def test_all_partials_against_sympy(name, order):
    names, function = FUNCTIONS[name]
    points = [RNG.uniform(0.4, 1.1, (4, 1)) for _ in names]
    symbols = {n: sympy.Symbol(n, real=True) for n in names}
    expression = function(sympy, *symbols.values())
    words = ["".join(c) for k in range(1, order + 1) for c in combinations_with_replacement(names, k)]
    if len(words) > 30:
        words = [*words[:12], *words[-12:]]
    scope = {"f": function, "m": GradtapeNames()}
    traced = eval(
        f"lambda {', '.join(names)}: f(m, {', '.join(names)})", scope
    )  # the parameters' names are wanted
    found = gt.partials(traced, words)(*map(gt.constant, points))
    for word, partial in zip(words, found, strict=True):
        wanted = sympy.lambdify(list(symbols.values()), sympy_partial(expression, symbols, word), "mpmath")
        with mpmath.workdps(40):
            exact = np.array([[float(wanted(*map(mpmath.mpf, row)))] for row in np.hstack(points)])
        size = max(1.0, float(np.abs(exact).max()))
        assert partial.shape == (4, 1)
        assert np.abs(partial.numpy() - exact).max() <= 1e-12 * size * 4 ** len(word), word


def test_the_tutorial():
    x, t = gt.constant(1.0), gt.constant(1.0)
    with gt.GradientTape() as tape:
        tape.watch([x, t])
        y = x * x * x + 2 * t
    y_x, y_xx, y_t, y_xt = tape.partials(y, {"x": x, "t": t}, "x xx t xt")
    assert [p.numpy().item() for p in (y_x, y_xx, y_t, y_xt)] == [3.0, 6.0, 2.0, 0.0]
    assert {p.dtype for p in (y_x, y_xx, y_t, y_xt)} == {np.dtype("float32")}
    with pytest.raises(RuntimeError, match="A non-persistent GradientTape can only"):
        tape.partials(y, {"x": x}, "x")


def test_four_variables_on_many_points():
    points = [RNG.uniform(0.5, 1.0, 1000) for _ in range(4)]
    (found,) = gt.partials(lambda a, b, c, d: gt.sin(a**2 * b**2 * c**2 * d**2), "abcd")(
        *map(gt.constant, points)
    )
    p = np.prod(points, axis=0)
    q = p * p
    # d^4 sin(q) / da db dc dd with q = (abcd)^2: each derivative acts as 2 (q d/dq) / its variable.
    exact = 16 * (q * np.cos(q) - 7 * q**2 * np.sin(q) - 6 * q**3 * np.cos(q) + q**4 * np.sin(q)) / p
    terms = 16 * (q + 7 * q**2 + 6 * q**3 + q**4) / p
    assert np.max(np.abs(found.numpy() - exact) / terms) < 1e-14


def network(seed=3, width=8):
    rng = np.random.default_rng(seed)
    weights = [
        gt.Variable(0.5 * rng.normal(size=s)) for s in [(2, width), (width,), (width, width), (width, 1)]
    ]

    def u(x, t):
        first, bias, second, last = weights
        return gt.tanh(gt.tanh(gt.concat([x, t], 1) @ first + bias) @ second) @ last

    return u, weights


@pytest.mark.parametrize(("count", "together"), [(100, 9), (60_000, 5), (100_000, 1)])
def test_directions_are_taken_together_as_they_fit(count, together):
    """Where one of them is large they come in parts or one by one, with the same results."""
    x, y = np.random.default_rng(8).uniform(0.5, 1.0, (2, count))
    words = ["x" * i + "y" * (8 - i) for i in range(9)]
    sizes = []

    class Counter(gt.core.listen.Listener):
        def hear(self, primitive, inputs, params, result, outside):
            sizes.append(result.size)

    counter = Counter()
    gt.core.listen.activate(counter)
    try:
        found = gt.partials(lambda x, y: gt.exp(x) * gt.cos(y), words)(gt.constant(x), gt.constant(y))
    finally:
        gt.core.listen.deactivate(counter)
    assert max(sizes) == together * count
    for i, part in enumerate(found):
        exact = np.exp(x) * np.cos(y + (8 - i) * np.pi / 2)
        np.testing.assert_allclose(part.numpy(), exact, rtol=0, atol=1e-9)


def test_gradients_in_all_weights_as_nested_tapes_give_them():
    u, weights = network()
    x, t = (gt.constant(RNG.normal(size=(6, 1))) for _ in range(2))
    with gt.GradientTape() as tape:
        u_x, u_t, u_xx, u_xt = gt.partials(u, "x t xx xt")(x, t)
        loss = gt.reduce_mean((u_t + u_x * u_xx - u_xt) ** 2)
    found = tape.gradient(loss, weights)
    with gt.GradientTape() as tape:
        with gt.GradientTape(persistent=True) as second:
            second.watch([x, t])
            with gt.GradientTape(persistent=True) as first:
                first.watch([x, t])
                y = u(x, t)
            y_x, y_t = first.gradient(y, [x, t])
        y_xx, y_xt = second.gradient(y_x, [x, t])
        expected_loss = gt.reduce_mean((y_t + y_x * y_xx - y_xt) ** 2)
    expected = tape.gradient(expected_loss, weights)
    assert float(loss) == pytest.approx(float(expected_loss), rel=1e-12)
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one.numpy(), other.numpy(), rtol=1e-10, atol=1e-13)


def test_partials_of_partials_and_of_a_recording_tape():
    def u_x(x, t):
        return gt.partials(lambda x, t: gt.sin(x * t) * x**2, "x")(x, t)[0]

    x, t = gt.constant([[0.5], [0.7]], "float64"), gt.constant([[0.3], [0.4]], "float64")
    (nested,) = gt.partials(u_x, "xt")(x, t)
    (direct,) = gt.partials(lambda x, t: gt.sin(x * t) * x**2, "xxt")(x, t)
    np.testing.assert_allclose(nested.numpy(), direct.numpy(), rtol=1e-13)


def test_a_parameter_shared_by_all_rows():
    x, a = RNG.normal(size=(5, 1)), 0.7
    f_a, f_xa, f_aa = gt.partials(lambda x, a: gt.exp(a * x) * a, "a xa aa")(
        gt.constant(x), gt.constant(np.float64(a))
    )
    e = np.exp(a * x)
    np.testing.assert_allclose(f_a.numpy(), e * (1 + a * x), rtol=1e-13)
    np.testing.assert_allclose(f_xa.numpy(), e * (2 * a + a * a * x), rtol=1e-13)
    np.testing.assert_allclose(f_aa.numpy(), e * (2 * x + a * x * x), rtol=1e-13)


MIXING = {
    "mean": lambda x: x - gt.reduce_mean(x * x),
    "cumsum": lambda x: gt.cumsum(x * x, 0),
    "reverse": lambda x: gt.reverse(x * x, [0]),
    "gather": lambda x: gt.gather(x * x, [0, 2, 1, 3]),
    "matmul": lambda x: gt.matmul(x, x, transpose_b=True) @ x,
    "sum": lambda x: gt.reduce_sum(x * x),
}


@pytest.mark.parametrize("name", sorted(MIXING))
@pytest.mark.parametrize("at", [RNG.normal(size=(4, 1)), np.ones((4, 1))], ids=["anywhere", "equal rows"])
def test_rows_that_interact_are_refused_by_name(name, at):
    operation = {"mean": "sum", "sum": "sum", "reverse": "flip", "gather": "take|getitem"}.get(name, "")
    with pytest.raises(
        ValueError, match=f"rows of the batch interact in .*{operation}" if operation else "interact"
    ):
        gt.partials(MIXING[name], "xx")(gt.constant(at))


def test_the_line_that_mixes_rows_is_named():
    def f(x):
        y = x * x
        return y - gt.reduce_mean(y)  # this line

    line = f.__code__.co_firstlineno + 2
    with pytest.raises(ValueError, match=rf"test_partials\.py:{line}, so a row"):
        gt.partials(f, "x")(gt.constant(RNG.normal(size=(4, 1))))


def test_the_total_derivative_may_be_asked_for():
    x = RNG.normal(size=(4, 1))
    (found,) = gt.partials(MIXING["mean"], "x", total=True)(gt.constant(x))
    np.testing.assert_allclose(found.numpy(), np.full((4, 1), 1 - 2 * x.mean()), rtol=1e-13)


def test_unconnected_sources():
    x, t, other = (gt.constant(v) for v in (2.0, 3.0, 4.0))
    with gt.GradientTape(persistent=True) as tape:
        tape.watch([x, t, other])
        y = x * x
    sources = {"x": x, "t": t, "o": other}
    assert tape.partials(y, sources, "x t")[1] is None
    assert tape.partials(y, sources, "xt", "zero")[0].numpy() == 0.0
    assert tape.partials(y, sources, "xxx")[0].numpy() == 0.0  # connected, and zero
    assert tape.partials(x, sources, ["x", "xx", ()])[0].numpy() == 1.0
    assert [p.numpy().item() for p in gt.partials(lambda x, t: x * x, "t xt x")(2.0, 3.0)] == [0.0, 0.0, 4.0]


@pytest.mark.parametrize(
    ("sources", "fragment"),
    [
        ({"x": gt.zeros((3, 2))}, r"shape \(3, 2\)"),
        ({"x": gt.zeros((2, 1, 1))}, r"shape \(2, 1, 1\)"),
        ({"x": gt.zeros((3, 1)), "t": gt.zeros((4, 1))}, "different batches"),
    ],
)
def test_sources_that_are_no_columns_of_one_batch(sources, fragment):
    with gt.GradientTape() as tape:
        tape.watch(sources)
        y = gt.add_n([gt.reduce_sum(s) for s in sources.values()])
    with pytest.raises(ValueError, match=fragment):
        tape.partials(y, sources, "x")


def test_bad_arguments_leave_the_tape_as_it_was():
    x = gt.constant(2.0)
    with gt.GradientTape() as tape:
        tape.watch(x)
        y = x * x
    with pytest.raises(TypeError, match="dictionary"):
        tape.partials(y, [x], "x")
    with pytest.raises(ValueError, match="no variable"):
        tape.partials(y, {"x": x}, "q")
    with pytest.raises(TypeError, match="sources"):
        tape.partials(y, {"x": 2.0}, "x")
    with pytest.raises(TypeError, match="target"):
        tape.partials(None, {"x": x}, "x")
    assert tape.partials(y, {"x": x}, "x")[0].numpy() == 4.0


def test_an_operation_without_a_rule_is_named():
    blind = gt.register_primitive("blind_to_partials", value=np.sin)
    with pytest.raises(LookupError, match="blind_to_partials"):
        gt.partials(lambda x: blind(x), "x")(1.0)


def test_a_dtype_that_cannot_carry_the_order_is_told():
    with pytest.warns(gt.PrecisionWarning, match="float16"):
        gt.partials(lambda x: gt.exp(x) * 30.0, ["x" * 9])(gt.constant(0.5, "float16"))


@pytest.mark.parametrize(("dtype", "digits"), [("float32", 5e-6), ("float64", 1e-14)])
@pytest.mark.parametrize("order", range(1, 9))
def test_accuracy_of_each_order(dtype, digits, order):
    """The figures of docs/partials.md: errors relative to the size of the derivative over a few points."""
    points = np.linspace(0.2, 1.2, 9)
    (found,) = gt.partials(lambda x: gt.tanh(x) * gt.sin(2.0 * x), ["x" * order])(gt.constant(points, dtype))
    with mpmath.workdps(40):
        exact = [
            mpmath.diff(
                lambda s: mpmath.tanh(s) * mpmath.sin(2 * s),
                mpmath.mpf(float(np.dtype(dtype).type(p))),
                order,
            )
            for p in points
        ]
    exact = np.array([float(e) for e in exact])
    assert np.max(np.abs(found.numpy() - exact)) <= digits * 2**order / 2 * np.max(np.abs(exact))


WORDS = st.lists(st.lists(st.sampled_from("xy"), max_size=4).map("".join).filter(bool), max_size=5)


@given(WORDS, st.integers(0, 2**31))
@settings(max_examples=25, deadline=None)
def test_any_wanted_set(words, seed):
    """Any set of partials, repeats and nothing too, of a polynomial whose partials are known."""
    rng = np.random.default_rng(seed)
    coefficients = rng.normal(size=(5, 5))
    x, y = rng.normal(size=(2, 3))

    def polynomial(x, y):
        return gt.add_n([coefficients[i, j] * x**i * y**j for i in range(5) for j in range(5)])

    found = gt.partials(polynomial, words)(gt.constant(x), gt.constant(y))
    assert len(found) == len(words)
    for word, partial in zip(words, found, strict=True):
        a, b = word.count("x"), word.count("y")
        exact = sum(
            coefficients[i, j] * math.perm(i, a) * x ** max(i - a, 0) * math.perm(j, b) * y ** max(j - b, 0)
            for i in range(a, 5)
            for j in range(b, 5)
        )
        np.testing.assert_allclose(partial.numpy(), exact, rtol=1e-9, atol=1e-9)
