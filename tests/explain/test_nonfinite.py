"""`gt.debug` stops where the first NaN or infinity is made. Where that is, is known from IEEE arithmetic by hand."""

import inspect
import math

import numpy as np
import pytest

import gradtape as gt
from gradtape.core.listen import listeners


def here(back=0):
    return inspect.currentframe().f_back.f_lineno - back


def stopped(watch, function):
    """The error that running the function inside the context raises."""
    with pytest.raises(gt.debug.NonFiniteError) as caught, watch:
        function()
    assert listeners() == ()
    error = caught.value
    assert isinstance(error, FloatingPointError)
    assert error.place.file == __file__
    assert str(error.place) in str(error)
    assert error.remedy in str(error)
    assert error.pattern in str(error)
    return error


def c(*values):
    return gt.constant(values[0] if len(values) == 1 else list(values), gt.float64)


@pytest.mark.parametrize(
    ("operation", "pattern", "function"),
    [
        ("divide", "0/0", lambda: c(0.0) / c(0.0)),
        ("sqrt", "sqrt of a negative number", lambda: gt.sqrt(c(-1.0, 2.0))),
        ("log", "log of a negative number", lambda: gt.math.log(c(-1.0))),
        ("power", "broken power of a negative number", lambda: c(-8.0) ** c(0.3)),
        ("arcsin", "argument outside [-1, 1]", lambda: gt.asin(c(1.5))),
        ("arccosh", "argument below 1", lambda: gt.acosh(c(0.5))),
        ("arctanh", "argument outside (-1, 1)", lambda: gt.atanh(c(1.5))),
        ("subtract", "infinity minus infinity", lambda: gt.exp(c(800.0)) - gt.exp(c(900.0))),
        ("multiply", "0 times infinity", lambda: c(0.0) * gt.exp(c(800.0))),
    ],
)
def test_patterns_of_a_nan(operation, pattern, function):
    error = stopped(gt.debug.nan(), function)
    assert (error.operation, error.pattern, error.derivative_of) == (operation, pattern, None)
    assert str(error).startswith(f"{operation} made a NaN at {__file__}:")


@pytest.mark.parametrize(
    ("operation", "pattern", "function"),
    [
        ("log", "log of 0", lambda: gt.math.log(c(1.0, 0.0))),
        ("log1p", "log of 0", lambda: gt.math.log1p(c(-1.0))),
        ("divide", "division by 0", lambda: c(1.0) / c(0.0)),
        ("exp", "overflow in exp", lambda: gt.exp(c(710.0))),
        ("exp", "overflow in exp", lambda: gt.exp(gt.constant(89.0, gt.float32))),
        ("sinh", "overflow in exp", lambda: gt.sinh(c(711.0))),
        ("power", "negative power of 0", lambda: c(0.0) ** c(-1.0)),
        ("power", "overflow in a power", lambda: c(1e200) ** c(2.5)),
        ("arctanh", "argument outside (-1, 1)", lambda: gt.atanh(c(1.0))),
        ("multiply", "", lambda: c(1e200) * c(1e200)),
    ],
)
def test_patterns_of_an_infinity(operation, pattern, function):
    error = stopped(gt.debug.inf(), function)
    assert (error.operation, error.pattern) == (operation, pattern)
    assert "made an infinity" in str(error)


def test_a_division_in_a_branch_not_taken():
    x = c(0.0, 1.0)
    line = here(back=-1)
    error = stopped(gt.debug.nan(), lambda: gt.where(x == 0.0, 1.0, gt.sin(x) / x))
    assert error.pattern == "0/0 in a branch not taken"
    assert error.place.line == line
    assert "where" in error.remedy


def test_the_inputs_are_shown_and_kept():
    error = stopped(gt.debug.nan(), lambda: gt.math.log(c(2.0, -1.0)))
    np.testing.assert_array_equal(error.inputs[0], [2.0, -1.0])
    assert "[ 2., -1.]" in str(error)
    many = stopped(gt.debug.nan(), lambda: gt.math.log(gt.constant(np.linspace(-1.0, 3.0, 100))))
    assert "float64[100] between -1 and 3" in str(many)


def test_where_the_infinity_came_from():
    def program():
        x = gt.exp(c(800.0))
        return x, here(back=1)

    lines = []

    def run():
        x, line = program()
        lines.append(line)
        x * c(0.0)

    error = stopped(gt.debug.nan(), run)
    assert f"made by exp at {__file__}:{lines[0]}" in str(error)


def test_on_the_way_back():
    x, lines = c(0.0), []

    def run():
        with gt.GradientTape() as tape:
            tape.watch(x)
            y = gt.sqrt(x)
            lines.append(here(back=1))
        lines.append(here(back=-1))
        tape.gradient(y, x)

    error = stopped(gt.debug.inf(), run)
    assert (error.derivative_of, error.pattern) == ("sqrt", "sqrt at 0")
    assert error.made_at.line == lines[0]
    assert error.place.line == lines[1]
    assert "on the way back, of sqrt" in str(error)


def test_a_nan_on_the_way_back():
    x = c(0.0)

    def run():
        with gt.GradientTape() as tape:
            tape.watch(x)
            y = gt.sqrt(x * x)  # 0 times infinity: the true derivative of |x| does not exist
        tape.gradient(y, x)

    error = stopped(gt.debug.nan(), run)
    assert error.derivative_of == "multiply"
    assert "The infinity among its inputs was made by" in str(error)


@pytest.mark.parametrize(
    ("operation", "pattern", "function"),
    [
        ("log", "log or division at 0", gt.math.log),
        ("power", "broken power at 0", lambda x: x**0.5),
        ("arcsin", "end of the interval", lambda x: gt.asin(x + 1.0)),
    ],
)
def test_patterns_of_a_derivative(operation, pattern, function):
    x = c(0.0)
    with gt.GradientTape(persistent=True) as tape:
        tape.watch(x)
        y = function(x)
    error = stopped(gt.debug.inf(), lambda: tape.gradient(y, x))
    assert (error.derivative_of, error.pattern) == (operation, pattern)
    assert error.made_at is None  # it was computed before the context


def test_forward():
    x = c(0.0)

    def run():
        with gt.autodiff.ForwardAccumulator(x, c(1.0)) as acc:
            y = gt.sqrt(x)
        acc.jvp(y)

    error = stopped(gt.debug.inf(), run)
    assert error.derivative_of == "sqrt"
    assert "forward, of sqrt" in str(error)
    assert error.pattern == "sqrt at 0"


def test_in_a_jet():
    error = stopped(gt.debug.inf(), lambda: gt.partials(lambda x: x * gt.sqrt(x), "x xx")(c(0.0)))
    assert error.derivative_of == "sqrt"
    assert error.pattern == "sqrt at 0"


def test_in_a_compiled_function():
    @gt.function
    def program(x):
        y = x - 1.0
        return gt.math.log(y)

    assert math.isinf(program(c(1.0)).numpy())
    error = stopped(gt.debug.inf(), lambda: program(c(1.0)))
    assert error.operation == "log"
    assert error.place.line == inspect.getsourcelines(program.python_function)[1] + 3


def test_a_mask_raises_no_alarm():
    x = c(0.0, 4.0)
    with gt.debug.nan(), gt.GradientTape() as tape:
        tape.watch(x)
        y = gt.where(x > 0.0, gt.sqrt(x) * gt.math.log(x + 1e-300), 0.0)
        g = tape.gradient(y, x)
    # d sqrt(x) log(x) = log(x) / (2 sqrt(x)) + 1 / sqrt(x), and exactly 0 where the branch is not taken.
    np.testing.assert_allclose(g.numpy(), [0.0, math.log(4.0) / 4 + 0.5], rtol=1e-15)


def test_a_finite_program_is_left_alone_and_its_derivatives_are_the_same():
    x = c(0.3, 2.0)

    def run():
        with gt.GradientTape() as outer:
            outer.watch(x)
            with gt.GradientTape() as inner:
                inner.watch(x)
                y = gt.reduce_sum(gt.sin(x) * gt.exp(x) / (1.0 + x * x))
            g = inner.gradient(y, x)
        return g, outer.gradient(g, x)

    plain = run()
    for watch in (gt.debug.nan(), gt.debug.inf()):
        with watch:
            watched = run()
        for a, b in zip(plain, watched, strict=True):
            np.testing.assert_array_equal(a.numpy(), b.numpy())


def test_a_nan_that_was_given_is_nobodys_fault():
    with gt.debug.nan(), gt.debug.inf():
        y = c(math.nan) + 1.0
    assert math.isnan(y.numpy())
    with gt.debug.nan():
        assert math.isinf(gt.math.log(c(0.0)).numpy())


def test_contexts_nest_and_are_entered_once_at_a_time():
    watch = gt.debug.nan()
    with watch:
        with pytest.raises(ValueError, match="entered already"), watch:
            pass
        with gt.debug.inf(), pytest.raises(gt.debug.NonFiniteError):
            c(1.0) / c(0.0)
    with watch, pytest.raises(gt.debug.NonFiniteError):
        c(0.0) / c(0.0)
    assert listeners() == ()
