"""NumPy's protocols beyond plain calls: methods of ufuncs, `like=`, bad input, and what is not followed."""

import warnings

import numpy as np
import pytest
import scipy.special

import gradtape as gt

X = np.random.default_rng(3).uniform(0.3, 1.7, (3, 4))
V = X[0]


def recorded(function, *arrays):
    """Call a function on tensors that a tape watches."""
    xs = [gt.constant(a) for a in arrays]
    with gt.GradientTape() as tape:
        for x in xs:
            tape.watch(x)
        return function(*xs)


METHODS = [
    lambda x: np.add.reduce(x),
    lambda x: np.add.reduce(x, axis=None),
    lambda x: np.add.reduce(x, 1, keepdims=True, initial=2.0),
    lambda x: np.add.reduce(x, axis=1, where=X > 1, dtype=np.float64),
    lambda x: np.multiply.reduce(x, axis=(0, 1)),
    lambda x: np.maximum.reduce(x, axis=1),
    lambda x: np.minimum.reduce(x, axis=1, initial=0.5),
    lambda x: np.fmax.reduce(x),
    lambda x: np.fmin.reduce(x),
    lambda x: np.hypot.reduce(x, axis=1),
    lambda x: np.logaddexp.reduce(x, axis=1, keepdims=True),
    lambda x: np.subtract.reduce(x, axis=0),
    lambda x: np.divide.reduce(x, axis=(1,), initial=3.0),
    lambda x: np.add.accumulate(x, axis=1),
    lambda x: np.multiply.accumulate(x),
    lambda x: np.maximum.accumulate(x, axis=1),
    lambda x: np.subtract.accumulate(x, 1),
    lambda x: np.multiply.outer(x, V),
    lambda x: np.subtract.outer(V, x),
    lambda x: np.add.reduceat(x, [0, 2, 1], axis=1),
    lambda x: np.multiply.reduceat(x, [2, 0]),
    lambda x: np.add(x, 1.0, dtype=np.float64),
    lambda x: np.sin(x, where=True, out=None),
    lambda x: np.logical_or.reduce(x > 1, axis=1),
    lambda x: np.logical_and.reduce(x > 1, axis=1),
]


@pytest.mark.parametrize("function", METHODS)
def test_methods_of_ufuncs(function):
    found = recorded(function, X)
    assert isinstance(found, gt.Tensor)
    np.testing.assert_allclose(found.numpy(), function(X), rtol=1e-13)
    if found.dtype.kind == "f":
        gt.testing.check(function, X, limit=4, atol=1e-6)


SPECIAL = {
    "erf": (V,), "erfc": (V,), "expit": (V,), "log_expit": (V,), "logit": (V / 2,), "entr": (V,), "xlog1py": (V, X),
    "rel_entr": (V, X), "kl_div": (V, X), "ndtr": (V,), "log_ndtr": (V - 4,), "gamma": (V - 1.75,), "rgamma": (V,),
    "gammaln": (V,), "psi": (V,), "beta": (V, X), "betaln": (V, X), "poch": (V, X), "betaincc": (V, X[1], V / 2),
    "betainc": (V, X[1], V / 2), "gammainc": (V, X[1]), "gammaincc": (V, X[1]), "chdtr": (V, X[1]), "chdtrc": (V, X[1]),
    "gdtr": (V, X[1], X[2]), "gdtrc": (V, X[1], X[2]), "fdtr": (V, X[1], X[2]), "fdtrc": (V, X[1], X[2]),
    "stdtr": (V, X[1] - 1), "huber": (V, X[1]), "pseudo_huber": (V, X[1]), "boxcox": (V, X[1]), "boxcox1p": (V, X[1]),
    "exp10": (V,), "sindg": (V * 50,), "cosdg": (V * 50,), "tandg": (V * 30,), "j0": (V,), "i0": (V,), "xlogy": (V, X),
    "gammainccinv": (V, V / 2), "chdtri": (V, V / 2),
    "gammasgn": (V - 1.75,), "loggamma": (V,), "binom": (1.3 + V, 2 * V - 2.5), "exp1": (V,), "cosm1": (V,),
    "cotdg": (V * 30,), "radian": (V, X[0], X[1]), "inv_boxcox": (V, X[1]), "inv_boxcox1p": (V, X[1]),
    "cbrt": (V,), "log1p": (V,), "expm1": (V,), "dawsn": (V,), "spence": (V,), "ndtri": (V / 2,), "erfinv": (V / 2,),
}  # fmt: skip


@pytest.mark.parametrize("name", SPECIAL)
def test_scipys_special_ufuncs(name):
    ufunc = getattr(scipy.special, name)
    np.testing.assert_allclose(recorded(ufunc, *SPECIAL[name]).numpy(), ufunc(*SPECIAL[name]), rtol=1e-11)
    gt.testing.check(ufunc, *SPECIAL[name], limit=4, atol=1e-5)


@pytest.mark.parametrize(
    "ufunc",
    [
        lambda p: scipy.special.bdtr(2.0, 5, p),
        lambda p: scipy.special.bdtrc(2.0, 5, p),
        lambda p: scipy.special.nbdtr(2, 5, p),
        lambda p: scipy.special.nbdtrc(2, 5, p),
        lambda m: scipy.special.pdtr(2.0, 3 * m),
        lambda y: scipy.special.pdtri(2, y),
        lambda m: scipy.special.pdtrc(2.0, 3 * m),
        lambda x: scipy.special.yn(2, x),
    ],
)
def test_scipys_distributions_of_whole_numbers(ufunc):
    np.testing.assert_allclose(recorded(ufunc, V / 2).numpy(), ufunc(V / 2), rtol=1e-11)
    gt.testing.check(ufunc, V / 2, limit=4, atol=1e-5)


@pytest.mark.parametrize("name", ["bdtr", "bdtrc", "nbdtr", "nbdtrc"])
@pytest.mark.parametrize("k", [-1.0, 0.0, 2.7, 5.0, 6.0])
@pytest.mark.filterwarnings("ignore::RuntimeWarning", "ignore:non-integer arg:DeprecationWarning")
def test_counts_at_their_limits(name, k):
    ufunc = getattr(scipy.special, name)
    p = np.array([0.0, 0.3, 1.0])
    np.testing.assert_allclose(ufunc(k, 5.0, gt.constant(p)).numpy(), ufunc(k, 5.0, p), rtol=1e-12)
    if name.startswith("b"):
        name = name.replace("b", "p", 1)
        ufunc = getattr(scipy.special, name)
        np.testing.assert_allclose(ufunc(k, gt.constant(p)).numpy(), ufunc(k, p), rtol=1e-12)


@pytest.mark.parametrize("n", [-0.5, 0.5, 3.0, 20.0])
@pytest.mark.parametrize("k", [-2.0, -0.5, 0.0, 2.0, 7.0])
def test_binomials_everywhere(n, k):
    found = scipy.special.binom(gt.constant(np.float64(n)), k).numpy()
    np.testing.assert_allclose(found, scipy.special.binom(n, k), rtol=1e-11)


@pytest.mark.parametrize(
    "make",
    [
        lambda like: np.array([1.0, 2.0], like=like),
        lambda like: np.asarray([like[0], like[1]], like=like),
        lambda like: np.asanyarray(like, dtype=np.float64, like=like),
        lambda like: np.ones((2, 2), like=like),
        lambda like: np.zeros(3, dtype=np.int64, like=like),
        lambda like: np.full((2, 2), 7.0, like=like),
        lambda like: np.full((2, 2), like[0], like=like),
        lambda like: np.eye(3, like=like),
        lambda like: np.identity(3, like=like),
        lambda like: np.arange(1.0, 2.0, 0.25, like=like),
        lambda like: np.tri(3, like=like),
        lambda like: np.fromfunction(lambda i, j: i + j, (2, 3), like=like),
        lambda like: np.fromiter([1, 2], np.int64, like=like),
        lambda like: np.frombuffer(b"ab", np.uint8, like=like),
    ],
)
def test_like_makes_tensors(make):
    found, expected = make(gt.constant(V)), make(V)
    assert isinstance(found, gt.Tensor)
    np.testing.assert_array_equal(found.numpy(), expected)
    assert found.dtype == expected.dtype


def test_like_keeps_the_way_back():
    x = gt.constant(V)
    with gt.GradientTape() as tape:
        tape.watch(x)
        y = np.sum(np.array([x[0], 2.0 * x[1]], like=x) * np.full(2, x[2], like=x))
    np.testing.assert_allclose(tape.gradient(y, x).numpy(), [V[2], 2 * V[2], V[0] + 2 * V[1], 0.0])


@pytest.mark.parametrize(
    ("function", "says"),
    [
        (lambda x: np.sin(x, out=np.empty(4)), "out= cannot receive"),
        (lambda x: np.add(x, 1, np.empty(4)), "out= cannot receive"),
        (lambda x: np.add.reduce(x, out=np.empty(())), "out= cannot receive"),
        (lambda x: np.sum(x, out=np.empty(())), "np.sum: out= cannot receive"),
        (lambda x: np.sum(x, None, None, np.empty(())), "np.sum: out= cannot receive"),
        (lambda x: np.add.at(x, [0], 1.0), r"t\.at\[indices\]\.add\(values\)"),
        (lambda x: np.maximum.at(x, [0], 1.0), r"t\.at\[indices\]\.max\(values\)"),
        (lambda x: np.sin(x, where=V > 1), r"np\.where\(mask, np\.sin"),
        (lambda x: np.frompyfunc(lambda a: a, 1, 1)(x), "has no derivative here"),
        (lambda x: scipy.special.smirnov(3, x), r"scipy\.special\.smirnov on a tensor that is recorded"),
        (
            lambda x: x.__array_function__(np.sum, (), (x,), {"corners": 3}),
            "np.sum on a tensor: .*corners.*; it takes a, axis",
        ),
        (lambda x: np.dot(x, x, out=np.empty(())), "out= cannot receive"),
        (lambda x: np.add.reduce(x, axis=0, order="F"), "order"),
        (lambda x: x + np.ma.masked_array(V, V > 1), "masked array"),
        (lambda x: np.add(x, np.ma.masked_array(V, V > 1)), "masked array"),
        (lambda x: np.multiply(x, np.array([None] * 4)), "dtype object"),
        (lambda x: np.concatenate([x, np.zeros(2, [("a", float)])]), "cannot become a tensor"),
    ],
)
def test_bad_input_says_the_way_out(function, says):
    with pytest.raises(TypeError, match=says):
        recorded(function, V)


def test_a_ufunc_of_the_same_name_is_not_taken_for_numpys():
    def sin(x):
        return 2 * x

    foreign = np.frompyfunc(sin, 1, 1)
    with pytest.raises(TypeError, match="has no derivative here"):
        recorded(foreign, V)


def test_what_nobody_follows_is_computed():
    x = gt.constant(V)
    np.testing.assert_array_equal(np.histogram(x, 3)[0], np.histogram(V, 3)[0])
    np.testing.assert_allclose(scipy.special.mathieu_a(1, x), scipy.special.mathieu_a(1, V))


def test_what_has_no_derivative_by_nature_answers_on_a_tape():
    assert recorded(np.allclose, V, V)
    assert recorded(np.shape, X) == (3, 4)
    assert recorded(np.ndim, X) == 2
    np.testing.assert_array_equal(recorded(np.nonzero, np.array([0.0, 1.0]))[0], [1])
    assert recorded(lambda x: np.result_type(x, np.float32), V) == np.float64
    assert recorded(np.array2string, np.array([1.0])) == "[1.]"


def test_other_kinds_of_arrays_stand_beside_tensors(tmp_path):
    still = V.copy()
    still.flags.writeable = False
    mapped = np.memmap(tmp_path / "numbers", np.float64, "w+", shape=4)
    mapped[:] = V
    matrix = X.view(type("Sub", (np.ndarray,), {}))
    for other in (still, mapped, matrix, V[::-1], V.astype(">f8")):
        found = recorded(lambda x, other=other: np.multiply(other, x), V)
        assert isinstance(found, gt.Tensor)
        np.testing.assert_array_equal(found.numpy(), np.asarray(other) * V)


def test_another_librarys_object_answers_for_itself():
    class Other:
        def __array_ufunc__(self, ufunc, method, *inputs, **settings):
            return ufunc.__name__

    assert np.add(gt.constant(V), Other()) == "add"


def test_no_warning_where_numpy_would_warn():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert np.isnan(recorded(np.log, np.array([-1.0])).numpy()).all()
