"""`t.at[index]`: the values of NumPy's assignment and `ufunc.at`, and derivatives against differences."""

import numpy as np
import pytest

import gradtape as gt

X = np.random.default_rng(5).uniform(0.5, 1.5, (3, 4))
INDICES = [
    1,
    (slice(None), -1),
    (Ellipsis, slice(None, None, -2)),
    ([0, 2, 0],),
    ([0, 2, 0], [1, 1, 1]),
    X > 1,
    (slice(1, None), None, [3, 1]),
    np.array([True, False, True]),
    slice(5, 9),
]


def written(index, values):
    y = X.copy()
    y[index] = values
    return y


def ufunc_at(ufunc):
    def write(index, values):
        y = X.copy()
        ufunc.at(y, index, values)
        return y

    return write


METHODS = {
    "set": written,
    "add": ufunc_at(np.add),
    "subtract": ufunc_at(np.subtract),
    "multiply": ufunc_at(np.multiply),
    "divide": ufunc_at(np.divide),
    "min": ufunc_at(np.minimum),
    "max": ufunc_at(np.maximum),
}


@pytest.mark.parametrize("index", INDICES, ids=repr)
@pytest.mark.parametrize("name", METHODS)
def test_values_and_derivatives(name, index):
    places = index if isinstance(index, tuple) else (index,)
    values = np.random.default_rng(6).uniform(0.5, 1.5, X[places].shape)
    update = lambda x, v: getattr(x.at[index], name)(v)
    np.testing.assert_allclose(
        update(gt.constant(X), values).numpy(), METHODS[name](places, values), rtol=1e-14
    )
    gt.testing.check(update, X, values, limit=5)


def test_values_broadcast_and_scalars_stand_for_all():
    np.testing.assert_array_equal(gt.constant(X).at[:, 1].set(7.0).numpy(), written((slice(None), 1), 7.0))
    np.testing.assert_array_equal(gt.constant(X).at[1:].add(X[0]).numpy(), np.vstack([X[0], X[1:] + X[0]]))


def test_what_is_overwritten_reaches_nothing():
    x = gt.constant([0.0, 4.0])
    with gt.GradientTape() as tape:
        tape.watch(x)
        y = gt.sqrt(x).at[0].set(0.0)
    assert tape.gradient(y, x).numpy().tolist() == [0.0, 0.25]


def test_get_power_and_apply():
    x = gt.constant(X)
    np.testing.assert_array_equal(x.at[1].get().numpy(), X[1])
    np.testing.assert_allclose(x.at[1].power(2.0).numpy()[1], X[1] ** 2)
    np.testing.assert_allclose(x.at[1].apply(np.sin).numpy()[1], np.sin(X[1]))
    gt.testing.check(lambda x: x.at[1].power(2.5), X, limit=4)


def test_a_loop_that_fills_an_array():
    def powers(x):
        y = np.zeros(4, like=x)
        for i in range(4):
            y = y.at[i].set(x**i)
        return y

    gt.testing.check(powers, 1.3)
    np.testing.assert_allclose(powers(gt.constant(1.5, gt.float64)).numpy(), 1.5 ** np.arange(4))


def test_variables_have_it_too():
    v = gt.Variable([1.0, 2.0])
    assert v.at[0].set(5.0).numpy().tolist() == [5.0, 2.0]
    assert v.numpy().tolist() == [1.0, 2.0]


@pytest.mark.parametrize(
    ("update", "error", "says"),
    [
        (lambda t: t.at[7].set(1.0), IndexError, "out of bounds"),
        (lambda t: t.at[0].set([1.0, 2.0, 3.0]), ValueError, r"shape \(3,\) do not fit the shape \(4,\)"),
        (lambda t: gt.constant([1, 2]).at[0].set(1.5), TypeError, "cast one of them"),
        (lambda t: t.at[0].set(1j), TypeError, "cast one of them"),
        (lambda t: t.at["a"].set(1.0), IndexError, "indices"),
    ],
)
def test_errors(update, error, says):
    with pytest.raises(error, match=says):
        update(gt.constant(X))


def test_assignment_names_the_rewrite():
    x = gt.constant(X)
    with pytest.raises(TypeError, match=r"t = t\.at\[i\]\.set\(v\)"):
        x[0] = 1.0


def test_a_mask_that_varies_can_be_compiled_and_mapped():
    def program(x):
        return np.sum(x.at[x > 1.5].set(4.0) ** 2)

    for values in ([1.0, 2.0, 3.0], [3.0, 1.0, 0.5]):
        x = gt.constant(values)
        expected = np.where(np.array(values) > 1.5, 0.0, 2 * np.array(values))
        np.testing.assert_array_equal(gt.grad(program)(x).numpy(), expected)
    compiled = gt.function(gt.grad(program))
    rows = gt.constant([[1.0, 2.0, 3.0], [3.0, 1.0, 0.5]])
    wanted = np.where(rows.numpy() > 1.5, 0.0, 2 * rows.numpy())
    np.testing.assert_array_equal([compiled(row).numpy() for row in rows], wanted)
    np.testing.assert_array_equal(gt.vectorized_map(gt.grad(program), rows).numpy(), wanted)
