"""`tape.formula`: formulas against SymPy's derivatives of the program written by hand, numbers against both."""

import numpy as np
import pytest
import sympy as sp

import gradtape as gt

X, T = sp.symbols("x t", real=True)


def same(found, expected):
    assert sp.simplify(found.expression - expected) == 0, (found.expression, expected)


def test_the_tutorials_program():
    x, t = gt.constant(1.0), gt.constant(1.0)
    with gt.GradientTape() as tape:
        tape.watch([x, t])
        y = x * x * x + 2 * t
    y_x, y_xx, y_t = tape.formula(y, {"x": x, "t": t}, "x xx t")
    assert (str(y_x), str(y_xx), str(y_t)) == ("3*x**2", "6*x", "2")
    assert (y_x.latex, y_xx.latex, y_t.latex) == ("3 x^{2}", "6 x", "2")
    assert (y_x.value, y_xx.value, y_t.value) == (3.0, 6.0, 2.0)
    assert (y_x.name, y_xx.name, y_t.name) == ("x", "xx", "t")
    assert y_x._repr_latex_() == "$\\displaystyle 3 x^{2}$"
    assert tape.gradient(y, x).numpy() == 3.0  # the tape is not used up


@pytest.mark.parametrize("dtype", [gt.float32, gt.float64])
@pytest.mark.parametrize("at", [0.7, 0.3, 1.25])
def test_constants_of_sums_are_found(dtype, at):
    x = gt.Variable(at, dtype=dtype)
    with gt.GradientTape() as tape:
        y = (x + 0.1) ** 2 * gt.sin(3 * x - 5.25) / (1.5 - x)
    expected = sp.diff(
        (X + sp.Rational(1, 10)) ** 2 * sp.sin(3 * X - sp.Rational(21, 4)) / (sp.Rational(3, 2) - X), X
    )
    found = tape.formula(y, x)
    exact = float(expected.subs(X, sp.Float(float(x.numpy()))))
    assert float(found.expression.subs(X, float(x.numpy()))) == pytest.approx(exact, rel=1e-6)
    assert found.value == pytest.approx(exact, rel=1e-5 if dtype == gt.float32 else 1e-12)
    for other in (0.2, 0.9):  # the formula holds elsewhere too, so the constants are the right ones
        assert float(found.expression.subs(X, other)) == pytest.approx(
            float(expected.subs(X, other)), rel=1e-6
        )


PAIRS = [
    (lambda x: gt.exp(-x * x), sp.exp(-(X**2))),
    (lambda x: gt.math.log(x) / x, sp.log(X) / X),
    (lambda x: gt.sqrt(1.0 + x**2.5), sp.sqrt(1 + X ** sp.Rational(5, 2))),
    (lambda x: gt.tanh(x) + gt.sigmoid(2.0 * x), sp.tanh(X) + 1 / (1 + sp.exp(-2 * X))),
    (lambda x: gt.asin(x) * gt.acos(x) * gt.atan(x), sp.asin(X) * sp.acos(X) * sp.atan(X)),
    (lambda x: gt.sinh(x) * gt.cosh(x) - gt.tan(x), sp.sinh(X) * sp.cosh(X) - sp.tan(X)),
    (lambda x: gt.math.erf(x) + gt.math.lgamma(x), sp.erf(X) + sp.loggamma(X)),
    (lambda x: gt.nn.softplus(x) ** 2, sp.log(1 + sp.exp(X)) ** 2),
    (lambda x: 2.0**x - gt.math.log1p(x) + gt.math.expm1(x), 2**X - sp.log(1 + X) + sp.exp(X)),
    (lambda x: 1.0 / x - 3.0, 1 / X - 3),
    (lambda x: gt.stop_gradient(x) * x, sp.Rational(3, 4) * X),
]


@pytest.mark.parametrize("number", range(len(PAIRS)))
@pytest.mark.parametrize("order", [1, 2, 3])
def test_functions_and_orders(number, order):
    function, expected = PAIRS[number]
    x = gt.constant(0.75, gt.float64)
    with gt.GradientTape() as tape:
        tape.watch(x)
        y = function(x)
    (found,) = tape.formula(y, {"x": x}, "x" * order)
    exact = sp.diff(expected, X, order)
    assert float(found.value) == pytest.approx(float(exact.subs(X, 0.75)), rel=1e-9, abs=1e-12)
    for at in (0.75, 0.5):
        assert float(found.expression.subs(X, at)) == pytest.approx(
            float(exact.subs(X, at)), rel=1e-9, abs=1e-12
        )


def test_mixed_partials_and_names_of_several_letters():
    speed, t = gt.constant(2.0, gt.float64), gt.constant(0.5, gt.float64)
    with gt.GradientTape() as tape:
        tape.watch([speed, t])
        y = gt.sin(speed * t) * speed
    found = tape.formula(y, {"speed": speed, "t": t}, [("speed", "t")])[0]
    s = sp.Symbol("speed", real=True)
    assert found.name == "speed,t"
    assert sp.simplify(found.expression - sp.diff(sp.sin(s * T) * s, s, T)) == 0


def test_the_name_of_one_source():
    rate = gt.Variable(2.0)
    with gt.GradientTape() as tape:
        y = rate**2
    assert str(tape.formula(y, rate)) == "2*rate"
    several = [gt.Variable(2.0, name="gain")]
    with gt.GradientTape() as tape:
        y = several[0] ** 2
    assert str(tape.formula(y, several[0])) == "2*gain"


def test_arrays_that_go_entry_by_entry():
    x = gt.constant([1.0, 2.0, 3.0], gt.float64)
    with gt.GradientTape() as tape:
        tape.watch(x)
        y = 2.0 * gt.sin(x) + x**3
    found = tape.formula(y, x)
    same(found, 2 * sp.cos(X) + 3 * X**2)
    np.testing.assert_allclose(found.value, 2 * np.cos([1.0, 2.0, 3.0]) + 3 * np.array([1.0, 4.0, 9.0]))


def test_what_does_not_depend():
    x, z = gt.constant(1.0), gt.constant(2.0)
    with gt.GradientTape() as tape:
        tape.watch([x, z])
        y = x * x
    assert str(tape.formula(y, z)) == "0"


def test_what_has_no_formula():
    x = gt.constant([1.0, 2.0])
    with gt.GradientTape(persistent=True) as tape:
        tape.watch(x)
        total = gt.reduce_sum(x * x)
        weighed = x * gt.constant([1.0, 3.0])
        long = x
        for _ in range(201):
            long = gt.sin(long)
        double = x + x
    with pytest.raises(ValueError, match="sum"):
        tape.formula(total, x)
    with pytest.raises(ValueError, match="array of different numbers"):
        tape.formula(weighed, x)
    with pytest.raises(ValueError, match="takes 201 operations"):
        tape.formula(long, x)
    with pytest.raises(ValueError, match="'t'"):
        tape.formula(double, {"x": x}, "t")
    with pytest.raises(TypeError, match="should hold tensors"):
        tape.formula(double, {"x": 1.0})
    with pytest.raises(RuntimeError, match="never entered"):
        gt.GradientTape().formula(double, x)


def test_without_sympy(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "sympy", None)
    x = gt.constant(1.0)
    with gt.GradientTape() as tape:
        tape.watch(x)
        y = x * x
    with pytest.raises(ImportError, match="pip install sympy"):
        tape.formula(y, x)
