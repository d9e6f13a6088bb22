"""`testing.check` and `testing.compute_gradient`: right functions pass, a rule wrong by 0.1 % is caught and named."""

import math

import numpy as np
import pytest

import gradtape as gt
from gradtape.checking import differences
from gradtape.testing import CheckError, Report, check, compute_gradient

ALL_MODES = {
    (1, "reverse"),
    (1, "forward"),
    (2, "reverse over reverse"),
    (2, "forward over reverse"),
    (2, "reverse over forward"),
    (2, "forward over forward"),
}


def scaled_sine(first=1.0, second=1.0):
    """sin with a first derivative and a second one that are wrong by these factors."""

    @gt.custom_gradient
    def slope(x):
        return first * gt.cos(x), lambda dy: -second * gt.sin(x) * dy

    @gt.custom_gradient
    def sine(x):
        return gt.sin(x), lambda dy: slope(x) * dy

    return sine


# Right functions pass

RIGHT = {
    "polynomial": (lambda x: x * x * x - 2.0 * x, 1.3),
    "sine": (gt.sin, 0.7),
    "ratio": (lambda x: x / (1.0 + x * x), -2.5),
    "logarithm": (gt.math.log, 3.0),
    "chain": (lambda x: gt.exp(gt.sin(x * x)), 1.1),
    "saturated": (gt.tanh, 15.0),
    "absolute": (gt.abs, -1.5),
    "bump": (lambda x: gt.exp(-x * x), 0.4),
    "branch": (lambda x: gt.where(x > 0, gt.math.log(x), x * x), -0.5),
}


@pytest.mark.parametrize("name", RIGHT)
@pytest.mark.parametrize("scale", [1e-12, 1e-3, 1.0, 1e4, 1e15])
def test_right_functions_pass_at_any_scale_of_their_values(name, scale):
    function, x = RIGHT[name]
    report = check(lambda x: scale * function(x), x)
    assert report.ok
    assert {(finding.order, finding.mode) for finding in report.findings} == ALL_MODES
    assert len(report.findings) == 6


@pytest.mark.parametrize("name", RIGHT)
@pytest.mark.parametrize("scale", [1e-12, 1e-3, 1e4, 1e12])
def test_right_functions_pass_at_any_scale_of_their_inputs(name, scale):
    function, x = RIGHT[name]
    assert check(lambda x: function(x / scale), x * scale).ok


def test_expected_values_are_those_of_the_formula():
    report = check(lambda x: x * gt.sin(x), 2.0)
    first, second = math.sin(2) + 2 * math.cos(2), 2 * math.cos(2) - 2 * math.sin(2)
    for finding in report.findings:
        assert finding.expected == pytest.approx(first if finding.order == 1 else second, rel=1e-10)
        assert finding.got == pytest.approx(first if finding.order == 1 else second, rel=1e-12)


def test_outputs_of_very_different_size():
    """1 less something small has a derivative that is rough beside its own size, and no chance agreement may count."""
    report = check(lambda x: gt.nn.softmax(gt.stack([x, 2.0 * x, -x])), -8.479329358850515)
    small = next(finding for finding in report.findings if finding.entry == "d2 y[2] / d x d x")
    assert small.expected == pytest.approx(-1.72667635e-07, rel=1e-7)


def test_every_shape_of_input_and_output():
    weights = np.array([[1.0, -0.5], [0.25, 2.0]])

    def program(matrix, named, number):
        inner = gt.matmul(matrix, gt.constant(weights)) + named["shift"]
        return {
            "out": gt.tanh(inner) * number,
            "also": (gt.reduce_sum(matrix * matrix), named["factor"] * number),
        }

    report = check(
        program,
        gt.constant([[0.1, 0.2], [0.3, -0.4]]),
        {"shift": np.array([0.5, -0.1], np.float32), "factor": gt.Variable(2.0)},
        1.5,
    )
    assert report.ok
    # 4 + 2 + 1 + 1 inputs and 4 + 1 + 1 outputs, twice; 6 times 8 times 8 second derivatives in four ways.
    assert len(report.findings) == 2 * 48 + 4 * 384
    assert report.left_out == 0
    entries = {finding.entry for finding in report.findings}
    # Dictionaries go in the order of their keys: "also" before "out", "factor" before "shift".
    assert {"d y2[0, 1] / d matrix[1, 0]", "d2 y1 / d named.0 d number", "d y0 / d named.1[1]"} <= entries


def test_integers_are_handed_on():
    report = check(lambda x, n, flag: x**n if flag else x, 1.5, 3, True)
    assert {finding.entry for finding in report.findings} == {"d y / d x", "d2 y / d x d x"}
    assert report.findings[0].expected == pytest.approx(3 * 1.5**2, rel=1e-12)


def test_complex_inputs_are_two_coordinates():
    report = check(lambda z: z * z, 1.0 + 2.0j)
    found = {finding.entry: finding.expected for finding in report.findings if finding.order == 1}
    assert found == pytest.approx(
        {
            "d Re y / d Re z": 2.0,
            "d Re y / d Im z": -4.0,
            "d Im y / d Re z": 4.0,
            "d Im y / d Im z": 2.0,
        },
        rel=1e-9,
    )


def test_functions_that_are_not_analytic():
    report = check(lambda z: gt.abs(z) * gt.math.real(z), 3.0 + 4.0j)
    found = {finding.entry: finding.expected for finding in report.findings if finding.order == 1}
    # x |z| has the derivatives |z| + x^2 / |z| and x y / |z|.
    assert found == pytest.approx({"d y / d Re z": 6.8, "d y / d Im z": 2.4}, rel=1e-9)


def test_the_method_is_the_complex_step_only_where_that_is_sound():
    assert check(lambda x: gt.exp(x) * x, 0.3).method == "complex step"
    assert check(lambda x: gt.abs(x) * x, -0.3).method == "central differences, extrapolated"
    assert check(lambda x: gt.math.real(x) * x, 0.3).method == "central differences, extrapolated"


def test_a_limit_leaves_entries_out_and_says_so():
    report = check(lambda x: gt.reduce_sum(x**3), np.linspace(1.0, 2.0, 40), limit=3, orders=(1,))
    assert {finding.entry for finding in report.findings} == {
        "d y / d x[0]",
        "d y / d x[20]",
        "d y / d x[39]",
    }
    assert report.left_out == 37
    assert "37 first derivatives were left out" in str(report)


def test_orders_and_modes_can_be_chosen():
    report = check(gt.sin, 1.0, orders=[2], modes=["forward"])
    assert {(finding.order, finding.mode) for finding in report.findings} == {(2, "forward over forward")}


# Wrong ones do not


@pytest.mark.parametrize("scale", [1e-9, 1.0, 1e9])
@pytest.mark.parametrize("factor", [1.001, 0.999, -1.0, 0.0])
def test_a_wrong_first_derivative_is_caught(scale, factor):
    sine = scaled_sine(first=factor)
    with pytest.raises(CheckError) as caught:
        check(lambda x: scale * sine(x), 0.7)
    wrong = {(finding.order, finding.mode) for finding in caught.value.report.failures}
    assert {(1, "reverse"), (1, "forward")} <= wrong
    assert all(finding.verdict == "wrong" for finding in caught.value.report.failures)


@pytest.mark.parametrize("scale", [1e-9, 1e-3, 1e6])
@pytest.mark.parametrize(
    ("function", "slope"),
    [
        (gt.sin, gt.cos),
        (lambda x: x**3, lambda x: 3.0 * x * x),
        (lambda x: gt.abs(x) * x, lambda x: 2.0 * gt.abs(x)),
    ],
    ids=["analytic", "polynomial", "not analytic"],
)
def test_a_wrong_first_derivative_is_caught_at_any_scale_of_the_input(function, slope, scale):
    @gt.custom_gradient
    def wrong(x):
        return function(x), lambda dy: dy * slope(x) * 1.001

    report = check(lambda x: wrong(x / scale), 0.63 * scale, orders=(1,), raise_on_failure=False)
    assert [finding.verdict for finding in report.findings] == ["wrong", "wrong"]


@pytest.mark.parametrize("factor", [1.001, 0.999])
def test_a_wrong_second_derivative_is_caught_where_the_first_is_right(factor):
    report = check(scaled_sine(second=factor), 0.7, raise_on_failure=False)
    assert {(finding.order, finding.mode) for finding in report.failures} == ALL_MODES - {
        (1, "reverse"),
        (1, "forward"),
    }


def test_one_wrong_entry_among_many_is_named():
    factors = gt.constant(np.array([1.0, 1.0, 1.001]))

    @gt.custom_gradient
    def square(x):
        return x * x, lambda dy: 2.0 * x * factors * dy

    report = check(square, np.array([1.0, 2.0, 3.0]), orders=(1,), raise_on_failure=False)
    assert not report
    assert {finding.entry for finding in report.failures} == {"d y[2] / d x[2]"}
    fault = report.failures[0]
    assert (fault.order, fault.mode, fault.verdict) == (1, "reverse", "wrong")
    assert fault.expected == pytest.approx(6.0, rel=1e-12)
    assert fault.got == pytest.approx(6.006, rel=1e-12)
    assert fault.off == pytest.approx(0.006, rel=1e-9)
    text = str(report)
    assert "check of square: wrong in 2 of 18 entries (expected values by complex step)" in text
    row = next(line for line in text.splitlines() if "d y[2] / d x[2]" in line)
    assert row.split() == [
        "1",
        "reverse",
        "d",
        "y[2]",
        "/",
        "d",
        "x[2]",
        "6",
        "6.006",
        "0.006",
        "0.001",
        "wrong",
    ]


def test_the_error_is_an_assertion_error_and_shows_the_table():
    with pytest.raises(AssertionError, match=r"order +mode +entry +expected +got +off by +relative +verdict"):
        check(scaled_sine(first=1.001), 0.7)


def test_a_cut_path_is_shown_as_none():
    report = check(
        lambda x: x * gt.stop_gradient(x) + gt.stop_gradient(x), 3.0, orders=(1,), raise_on_failure=False
    )
    assert [finding.got for finding in report.failures] == [3.0, 3.0]
    report = check(lambda x: gt.stop_gradient(x) * 2.0, 3.0, orders=(1,), raise_on_failure=False)
    assert [finding.got for finding in report.failures] == [None, None]
    assert "None" in str(report)


def test_a_slope_frozen_at_the_point_is_caught_at_second_order():
    """The first derivative is right, but written as a number, so that it has none itself."""

    @gt.custom_gradient
    def cube(x):
        slope = 3.0 * x.numpy() ** 2
        return x**3, lambda dy: dy * slope

    report = check(cube, 2.0, raise_on_failure=False)
    assert {finding.order for finding in report.failures} == {2}
    assert report.failures[0].expected == pytest.approx(12.0, rel=1e-9)


def test_tolerances_are_the_users_to_widen():
    sine = scaled_sine(first=1.001, second=1.001)
    assert check(sine, 0.7, rtol=0.01).ok
    assert check(sine, 0.7, atol=0.01).ok
    assert not check(sine, 0.7, rtol=5e-4, raise_on_failure=False).ok


# What cannot be decided is said, and no answer is not a pass


@pytest.mark.parametrize(
    ("function", "x"),
    [
        (gt.sqrt, 0.0),  # the edge of the domain
        (lambda x: gt.round(1e4 * x) / 1e4 + 0.0 * x, 0.3),  # steps
    ],
    ids=["edge", "steps"],
)
def test_what_cannot_be_decided_is_no_pass(function, x):
    report = check(function, x, orders=(1,), raise_on_failure=False)
    assert not report.ok


def test_undecided_is_not_wrong():
    with pytest.raises(CheckError, match="undecided in 2 of 2 entries") as caught:
        check(gt.sqrt, 0.0, orders=(1,))
    assert {finding.verdict for finding in caught.value.report.findings} == {"undecided"}


@pytest.mark.parametrize(
    ("arguments", "settings", "error", "text"),
    [
        ((1.0,), {"orders": (3,)}, ValueError, "orders are 1, 2 or both"),
        ((1.0,), {"orders": ()}, ValueError, "orders are 1, 2 or both"),
        ((1.0,), {"modes": ("backward",)}, ValueError, "modes are 'reverse', 'forward' or both"),
        ((3,), {}, TypeError, "no input is floating or complex"),
        ((), {}, TypeError, "no input is floating or complex"),
    ],
)
def test_bad_requests(arguments, settings, error, text):
    with pytest.raises(error, match=text):
        check(lambda *x: x[0], *arguments, **settings)


def test_a_function_that_returns_no_number_to_differentiate():
    with pytest.raises(TypeError, match="the function returns no floating or complex tensor"):
        check(lambda x: x > 0, 1.0)


def test_the_point_is_left_as_it_was():
    x, v = np.array([1.0, 2.0], np.float32), gt.Variable([3.0])
    check(lambda x, v: gt.reduce_sum(x * x) * v, x, v)
    assert x.tolist() == [1.0, 2.0]
    assert x.dtype == np.float32
    assert v.numpy().tolist() == [3.0]


def test_reports_are_data():
    report = check(gt.sin, 1.0, orders=(1,), modes=("reverse",))
    assert isinstance(report, Report)
    with pytest.raises(AttributeError):
        report.method = "guess"
    assert (
        str(report).splitlines()[0]
        == "check of sin: right in all 1 entries (expected values by complex step)"
    )


# The oracle itself

FORMULAS = [
    (np.exp, np.exp, np.exp, 1.3),
    (np.log, lambda x: 1 / x, lambda x: -1 / x**2, 1e-6),
    (lambda x: np.sin(1e3 * x), lambda x: 1e3 * np.cos(1e3 * x), lambda x: -1e6 * np.sin(1e3 * x), 10.2),
    # A period of 1/8, at which steps of 1/8 and 1/16 would see a constant.
    (
        lambda x: np.sin(16 * np.pi * x),
        lambda x: 16 * np.pi * np.cos(16 * np.pi * x),
        lambda x: -((16 * np.pi) ** 2) * np.sin(16 * np.pi * x),
        0.3,
    ),
    (
        lambda x: np.sqrt(1 - x * x),
        lambda x: -x / np.sqrt(1 - x * x),
        lambda x: -((1 - x * x) ** -1.5),
        0.999,
    ),
    (np.sin, np.cos, lambda x: -np.sin(x), 1e8),
]


@pytest.mark.parametrize(("f", "slope", "curvature", "x"), FORMULAS)
def test_derivatives_from_values_alone(f, slope, curvature, x):
    point = np.array([x])
    with np.errstate(all="ignore"):
        one = differences.first(f, point, 0)
        two = differences.second(f, point, 0, 0, (10 * one.step,) * 2)
        three = differences.second_complex(f, point, 0, 0, 10 * one.step)
    assert one.value[0] == pytest.approx(slope(x), rel=1e-9)
    # Where the function itself is ill-conditioned its values are worse than the estimate can know.
    assert abs(one.value[0] - slope(x)) <= 10 * one.error[0] + 1e-9 * abs(slope(x))
    assert differences.first_complex(f, point, 0)[0] == pytest.approx(slope(x), rel=1e-14)
    assert two.value[0] == pytest.approx(curvature(x), rel=1e-8)
    assert abs(two.value[0] - curvature(x)) <= 10 * two.error[0] + 1e-9 * abs(curvature(x))
    assert three.value[0] == pytest.approx(curvature(x), rel=1e-9)
    assert abs(three.value[0] - curvature(x)) <= 10 * three.error[0] + 1e-9 * abs(curvature(x))


def test_mixed_second_derivatives_from_values_alone():
    point = np.array([0.7, 1.9])

    def f(x):
        return np.array([np.sin(x[0] * x[1]), x[0] * np.log(x[1])])

    product = 0.7 * 1.9
    exact = [math.cos(product) - product * math.sin(product), 1 / 1.9]
    assert differences.second(f, point, 0, 1, (0.5, 0.5)).value == pytest.approx(exact, rel=1e-9)
    assert differences.second_complex(f, point, 0, 1, 0.5).value == pytest.approx(exact, rel=1e-11)


# TensorFlow's checker: the values in this part were printed by TensorFlow 2.21


def test_compute_gradient_of_two_arguments():
    theoretical, numerical = compute_gradient(
        lambda x, y: x * y, [gt.constant([1.0, 2.0]), gt.constant([3.0, 4.0])]
    )
    for jacobians in (theoretical, numerical):
        assert [jacobian.tolist() for jacobian in jacobians] == [[[3, 0], [0, 4]], [[1, 0], [0, 2]]]
        assert {jacobian.dtype for jacobian in jacobians} == {np.dtype("float32")}


def test_compute_gradient_of_lists_and_scalars():
    theoretical, numerical = compute_gradient(lambda x: gt.reduce_sum(x * x), [[1.0, 2.0]])
    assert theoretical[0].tolist() == numerical[0].tolist() == [[2.0, 4.0]]
    theoretical, numerical = compute_gradient(lambda x: x * x, [gt.constant(1.0, gt.float64)])
    assert theoretical[0].tolist() == [[2.0]]
    assert theoretical[0].dtype == numerical[0].dtype == np.float64


def test_compute_gradient_shows_a_cut_path():
    theoretical, numerical = compute_gradient(gt.stop_gradient, [gt.constant([[1.0, 2.0]])])
    assert theoretical[0].tolist() == [[0.0, 0.0], [0.0, 0.0]]
    assert numerical[0].tolist() == [[1.0, 0.0], [0.0, 1.0]]


def test_compute_gradient_of_complex_arguments():
    z = gt.constant([1 + 2j], gt.complex64)
    theoretical, numerical = compute_gradient(lambda x: x * x, [z])
    assert theoretical[0].tolist() == numerical[0].tolist() == [[2.0, -4.0], [4.0, 2.0]]
    assert theoretical[0].dtype == np.float32
    theoretical, numerical = compute_gradient(lambda x: gt.math.conj(x) * x, [z])
    assert theoretical[0].tolist() == numerical[0].tolist() == [[2.0, 4.0], [0.0, 0.0]]


def test_compute_gradient_of_a_gather_and_of_nothing():
    theoretical, numerical = compute_gradient(lambda x: gt.gather(x, [0, 0]), [gt.ones([3, 1])])
    assert theoretical[0].tolist() == numerical[0].tolist() == [[1.0, 0.0, 0.0], [1.0, 0.0, 0.0]]
    theoretical, numerical = compute_gradient(lambda x: x * x, [gt.zeros([0, 2])])
    assert theoretical[0].shape == numerical[0].shape == (0, 0)


def test_compute_gradient_takes_a_step():
    coarse = compute_gradient(lambda x: x * x * x, [gt.constant(1.0, gt.float64)], delta=0.5)[1][0]
    assert coarse.tolist() == [[3.25]]  # 3 x^2 + delta^2
    fine = compute_gradient(lambda x: x * x * x, [gt.constant(1.0, gt.float64)])[1][0]
    assert fine[0, 0] == pytest.approx(3 + 2**-20, rel=1e-12)


def test_compute_gradient_refuses_what_it_cannot_take():
    with pytest.raises(ValueError, match="`x` must be a list or tuple"):
        compute_gradient(lambda x: x * x, gt.constant([1.0]))
    with pytest.raises(AssertionError, match="unsupported type int32 of argument 0"):
        compute_gradient(lambda x: x * x, [gt.constant([1])])


def test_a_function_that_makes_real_numbers_of_complex_ones_is_not_taken_for_analytic():
    """The first derivative of this variance is 0 at the point, and its complex step is 0 everywhere."""
    report = gt.testing.check(lambda x: np.var(x * 1.0, axis=1), np.array([[0.5, -1.0, 2.0]]), limit=1)
    assert report.method.startswith("central differences")
    assert report.ok
