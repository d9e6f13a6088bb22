"""`vectorize`: functions of numbers over arrays are what a loop over the elements gives, derivatives included."""

import math

import numpy as np
import pytest

import gradtape as gt
from gradtape import vectorize as made_by
from gradtape import vectorized as module
from gradtape.core.further_errors import BatchedValueError

both = pytest.mark.parametrize("backend", ["llvm", "reference"])


def collatz(n):
    steps = 0
    while n > 1:
        n = n // 2 if n % 2 == 0 else 3 * n + 1
        steps += 1
    return n + steps


def kinked(x, a):
    if x > a:
        return gt.sqrt(x - a)
    if x < -a:
        return x * x
    return x * 0.0


def kinked_by_hand(x, a):
    return math.sqrt(x - a) if x > a else x * x if x < -a else x * 0.0


@both
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_python_decides_for_each_element(backend, dtype):
    f = gt.vectorize(kinked, backend=backend)
    rng = np.random.default_rng(3)
    for shape in ((40,), (5, 8)):
        for _ in range(3):
            x = rng.normal(size=shape).astype(dtype)
            found = f(x, np.asarray(0.5, dtype))
            assert found.dtype == dtype
            assert found.shape == shape
            expected = np.vectorize(kinked_by_hand, otypes=[dtype])(x, 0.5)
            np.testing.assert_allclose(found, expected, rtol=1e-5 if dtype == "float32" else 1e-12)


@both
def test_loops_that_end_at_different_turns(backend):
    n = np.array([[1, 2, 3, 4], [5, 6, 8, 12]])
    expected = np.vectorize(collatz)(n)
    f = gt.vectorize(collatz, backend=backend)
    for _ in range(2):
        np.testing.assert_array_equal(f(n), expected)
    np.testing.assert_array_equal(f(np.array([4, 4])), [3, 3])


@both
def test_a_way_that_comes_later_is_found(backend):
    f = gt.vectorize(lambda x: x if x > 0 else -2 * x, backend=backend)
    for values in ([1.0, 2.0], [3.0, 4.0], [-1.0, -2.0], [5.0, -5.0], [-5.0, 5.0], [1.0, 2.0], [-7.0, -8.0]):
        x = np.array(values)
        np.testing.assert_array_equal(f(x), np.where(x > 0, x, -2 * x))
    assert f.stats()["roads"] <= 3


def test_questions_other_than_truth():
    x = np.array([0.0, -0.0, 1.5, np.nan, 2.9, 1.2])
    whole = gt.vectorize(lambda x: x + int(x) if x == x else x)
    np.testing.assert_array_equal(whole(x), [0.0, 0.0, 2.5, np.nan, 4.9, 2.2])
    exact = gt.vectorize(lambda x: x * 0 + math.copysign(1.0, float(x)))
    np.testing.assert_array_equal(exact(x[:4]), [1.0, -1.0, 1.0, np.nan])
    several = gt.vectorize(lambda x: gt.reduce_sum(gt.stack([x, 2 * x]).numpy() * x))
    np.testing.assert_array_equal(several(x[4:]), 3 * x[4:] ** 2)


def test_more_ways_than_are_followed():
    f = gt.vectorize(lambda x: x * float(x))
    with pytest.raises(BatchedValueError, match=r"go more than 16 different ways.*test_vectorize\.py:\d+"):
        f(np.arange(17.0))
    np.testing.assert_array_equal(f(np.arange(16.0)), np.arange(16.0) ** 2)
    with pytest.raises(BatchedValueError, match="differs between the 3 examples"):
        gt.vectorize(lambda x: gt.boolean_mask(gt.stack([x, x]), gt.stack([x > 1, x > 0])))(np.arange(3.0))


@both
def test_derivatives_inside_are_of_each_element(backend):
    def slopes(x, t):
        with gt.GradientTape() as outer:
            outer.watch(x)
            with gt.GradientTape(persistent=True) as tape:
                tape.watch([x, t])
                y = gt.sin(x * t) if x > 0 else x**3 * t
            dx, dt = tape.gradient(y, x), tape.gradient(y, t)
        return {"dx": dx, "dt": dt, "dxx": outer.gradient(dx, x)}

    f = gt.vectorize(slopes, backend=backend)
    x, t = np.array([[0.3], [-0.7], [1.1]]), np.array([0.5, 2.0])
    for _ in range(2):
        found = f(x, t)
    up = x > 0
    np.testing.assert_allclose(found["dx"], np.where(up, t * np.cos(x * t), 3 * x**2 * t), rtol=1e-12)
    np.testing.assert_allclose(found["dt"], np.where(up, x * np.cos(x * t), x**3 * (t * 0 + 1)), rtol=1e-12)
    np.testing.assert_allclose(found["dxx"], np.where(up, -t * t * np.sin(x * t), 6 * x * t), rtol=1e-12)


@both
def test_derivatives_outside(backend):
    """Also where the branch that an element does not take has none."""
    f = gt.vectorize(lambda x, a: gt.sqrt(x) * a if x > 0 else a * a * x, backend=backend)
    x, a = gt.constant(np.array([4.0, 0.0, -1.0])), gt.constant(np.float64(3.0))
    for _ in range(3):
        with gt.GradientTape(persistent=True) as tape:
            tape.watch([x, a])
            y = gt.reduce_sum(f(x, a) * gt.constant(np.array([1.0, 2.0, 3.0])))
        np.testing.assert_allclose(tape.gradient(y, x), [0.75, 18.0, 27.0])
        np.testing.assert_allclose(tape.gradient(y, a), 2.0 + 0.0 + 3 * 2 * 3.0 * -1.0)
        _, pushed = gt.jvp(lambda x: f(x, a), (x,), (gt.ones_like(x),))
        np.testing.assert_allclose(pushed, [0.75, 9.0, 9.0])
    hessian = gt.hessian(lambda x: gt.reduce_sum(f(x, a)))(gt.constant(np.array([4.0, -1.0])))
    np.testing.assert_allclose(hessian, np.diag([-3.0 / 32.0, 0.0]), atol=1e-15)


def test_variables_are_read_and_differentiated():
    v = gt.Variable(2.0, dtype=gt.float64)
    f = gt.vectorize(lambda x: v * x if x > 0 else x)
    x = np.array([1.0, -1.0, 3.0])
    for value in (2.0, 5.0):
        v.assign(value)
        np.testing.assert_array_equal(f(x), [value, -1.0, 3 * value])
    with gt.GradientTape() as tape:
        y = gt.reduce_sum(f(x))
    assert float(tape.gradient(y, v)) == 4.0


def test_arguments_of_all_sorts():
    def g(pair, scale, power=1, *, shift):
        a, b = pair["a"], pair["b"]
        return (a * scale + b) ** power + shift, "text", None

    f = gt.vectorize(g)
    a, b = np.array([[1.0], [2.0]]), gt.constant(np.array([10.0, 20.0, 30.0]))
    for power in (1, 2):
        found, text, nothing = f({"a": a, "b": b}, 0.5, power, shift=np.float64(1.0))
        np.testing.assert_allclose(found, (a * 0.5 + b.numpy()) ** power + 1.0)
        assert (text, nothing) == ("text", None)
    number, *_ = f({"a": gt.constant(1.0), "b": gt.constant(2.0)}, 0.5, shift=1.0)
    assert float(number) == 3.5
    assert number.shape == ()


def test_results_with_axes_of_their_own():
    f = gt.vectorize(lambda x: gt.stack([x, x * x]) if x > 0 else gt.zeros((2,), x.dtype))
    x = np.array([[1.0, -2.0, 3.0]])
    for _ in range(2):
        found = f(x)
    np.testing.assert_array_equal(found, np.where(x[..., None] > 0, np.stack([x, x * x], -1), 0))


def test_results_that_are_python_numbers():
    f = gt.vectorize(lambda x: 1 if x > 0 else -x)
    found = f(np.array([2.0, -3.0]))
    np.testing.assert_array_equal(found, [1.0, 3.0])
    assert found.dtype == np.float64
    assert gt.vectorize(lambda x: (x, 3))(np.ones(2))[1] == 3


@pytest.mark.parametrize(
    ("function", "kind", "text"),
    [
        (lambda x: (x, x) if x > 0 else x, ValueError, "another structure for some elements"),
        (
            lambda x: gt.stack([x, x]) if x > 0 else x,
            ValueError,
            r"tensors of shapes \(\) and \(2,\) for different",
        ),
        (lambda x: x if x > 0 else None, TypeError, "for some elements and .*None.* for others"),
    ],
)
def test_ways_that_do_not_agree(function, kind, text):
    with pytest.raises(kind, match=text):
        gt.vectorize(function)(np.array([1.0, -1.0]))


def test_bad_arguments():
    with pytest.raises(ValueError, match=r"given to f do not broadcast together: \(2,\), \(3,\)"):

        @gt.vectorize
        def f(x, y):
            return x + y

        f(np.ones(2), np.ones(3))
    with pytest.raises(TypeError, match="vectorize takes a callable, not 3"):
        gt.vectorize(3)


def test_an_error_in_the_function_names_the_element_and_leaves_it_usable():
    @gt.vectorize
    def root(x):
        if x < 0:
            raise ArithmeticError("no root")
        return gt.sqrt(x)

    with pytest.raises(ArithmeticError) as caught:
        root(np.array([[1.0, 4.0], [-9.0, 16.0]]))
    assert caught.value.__notes__ == ["vectorize: for the element that is number 2 in row-major order"]
    np.testing.assert_array_equal(root(np.array([1.0, 4.0])), [1.0, 2.0])


def test_no_elements():
    f = gt.vectorize(lambda x, y: (x * y, x > y))
    product, larger = f(np.zeros((0, 1), np.float32), np.zeros(3, np.float32))
    assert product.shape == larger.shape == (0, 3)
    assert (product.dtype, larger.dtype) == (np.float32, np.bool_)


def test_each_element_draws_its_own_numbers():
    generator = gt.random.Generator.from_seed(1)
    f = gt.vectorize(lambda x: x + generator.normal(()) if x > 0 else x)
    x = np.where(np.arange(100) % 2 == 0, 1.0, -1.0).astype(np.float32)
    seen = [f(x).numpy() for _ in range(3)]
    for one in seen:
        assert len(set(one[::2])) == 50
        np.testing.assert_array_equal(one[1::2], -1.0)
    assert len({one[0] for one in seen}) == 3


def test_many_sizes_are_few_programs():
    f = gt.vectorize(lambda x: x * x if x > 1 else x + 1)
    for size in (*range(2, 10), *range(100, 120), 57, 58, 59, 1000, 1001):
        x = np.linspace(0, 2, size)
        np.testing.assert_allclose(f(x), np.where(x > 1, x * x, x + 1))
        with gt.GradientTape() as tape:
            z = gt.constant(x)
            tape.watch(z)
            y = f(z)
        np.testing.assert_allclose(tape.gradient(y, z), np.where(x > 1, 2 * x, 1.0))
    assert f.stats()["kinds"] == 8 + 5


def test_long_rows_are_done_by_blocks(monkeypatch):
    monkeypatch.setattr(module, "BLOCK", 64)
    f = gt.vectorize(lambda x, a: (x * a, gt.stack([x, -x]), 7) if x < 3 else (x - a, gt.stack([x, x]), 7))
    x, a = np.linspace(0, 4, 300).reshape(30, 10), np.float64(2.0)
    for _ in range(2):
        first, second, third = f(x, a)
    np.testing.assert_allclose(first, np.where(x < 3, x * 2, x - 2))
    np.testing.assert_allclose(second, np.stack([x, np.where(x < 3, -x, x)], -1))
    assert third == 7
    assert f.stats()["kinds"] == 2


def test_it_stands_inside_and_around_others():
    f = gt.vectorize(lambda x: x * x if x > 0 else -x)
    outer = gt.vectorize(lambda x: gt.reduce_sum(f(gt.stack([x, x + 1, x + 2]))))
    whole = gt.function(lambda x: gt.reduce_sum(f(x) * 2))
    x = np.array([1.0, 2.0, 3.0])
    np.testing.assert_allclose(outer(x), x**2 + (x + 1) ** 2 + (x + 2) ** 2)
    for values in ([1.0, -2.0], [-1.0, 2.0], [3.0, 3.0]):
        v = np.array(values)
        np.testing.assert_allclose(whole(v), 2 * np.sum(np.where(v > 0, v * v, -v)))
    mapped = gt.vectorized_map(f, gt.constant([[1.0, 2.0], [3.0, 4.0]]))
    np.testing.assert_allclose(mapped, [[1.0, 4.0], [9.0, 16.0]])


def test_a_method_and_a_decorator_with_settings():
    class Model:
        def __init__(self, a):
            self.a = a

        @gt.vectorize(backend="reference")
        def value(self, x):
            """Doubles."""
            return self.a * x

    model = Model(3.0)
    np.testing.assert_array_equal(model.value(np.arange(3.0)), [0.0, 3.0, 6.0])
    assert Model.value.__doc__ == "Doubles."
    assert "value" in repr(Model.value)
    assert "multiply" in Model.value.source()
    assert made_by is gt.vectorize
