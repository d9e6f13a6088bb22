"""Small and unsigned integers and half precision in machine code: NumPy's values, to the bit where it rounds alike."""

import numpy as np
import pytest

import gradtape as gt
from gradtape.backends.llvm.emit import KINDS
from gradtape.core.tensor import ROWS

WHOLE = ["int8", "int16", "uint8", "uint16", "uint32", "uint64"]
N = 203
# Where the processor does not convert it, half precision is left to NumPy.
HALF = ["float16"] if np.dtype("float16") in KINDS else []


def numbers(dtype, seed=0):
    """Numbers over the whole range, the ends and special values among them."""
    rng = np.random.default_rng(seed)
    if dtype == "bool":
        return rng.integers(0, 2, N).astype(bool)
    if np.dtype(dtype).kind == "f":
        x = rng.standard_normal(N) * np.exp(rng.uniform(-18, 10, N))
        x[:8] = [np.inf, -np.inf, np.nan, -0.0, 6e-8, 65504, 65520, 2.0**-25]
        return x.astype(dtype)
    bounds = np.iinfo(dtype)
    x = rng.integers(bounds.min, bounds.max, N, dtype=dtype, endpoint=True)
    x[:3] = [bounds.min, bounds.max, 0]
    return x


def compiled(f, *arguments):
    """What machine code makes of f, without a call to NumPy."""
    g = gt.function(f, backend="llvm")
    tensors = [gt.constant(x) for x in arguments]
    g(*tensors)
    found = [y.numpy() for y in g(*tensors)]
    assert g.stats()["calls"] == []
    return found


def same(found, expected):
    for mine, theirs in zip(found, expected, strict=True):
        assert mine.dtype == theirs.dtype
        np.testing.assert_array_equal(mine, theirs)
        if mine.dtype.kind == "f":
            real = ~np.isnan(mine)
            np.testing.assert_array_equal(np.signbit(mine[real]), np.signbit(theirs[real]))


BINARY = ["add", "subtract", "multiply", "maximum", "minimum", "less", "greater_equal", "equal", "not_equal"]


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("dtype", WHOLE + HALF)
def test_arithmetic_and_comparisons(dtype):
    x, y = numbers(dtype), numbers(dtype, 1)
    unary = ["negative", "absolute", "square", "sign"]
    unary += ["sqrt", "floor", "ceil", "isfinite"] if dtype == "float16" else ["invert"]
    binary = [*BINARY, "divide"] if dtype == "float16" else BINARY

    def f(x, y):
        return [ROWS[name](x, y) for name in binary] + [ROWS[name](x) for name in unary]

    expected = [getattr(np, name)(x, y) for name in binary] + [getattr(np, name)(x) for name in unary]
    same(compiled(f, x, y), expected)


def others(dtype):
    """The other dtypes that casts go to in machine code: floats become whole numbers in NumPy."""
    every = ["bool", *WHOLE, "int32", "int64", *HALF, "float32", "float64"]
    return [d for d in every if d != dtype]


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("dtype", WHOLE + HALF)
def test_casts(dtype):
    """Halves that come from doubles are rounded once."""
    x = numbers(dtype)
    wider = [
        d for d in others(dtype) if d == "bool" or np.dtype(dtype).kind != "f" or np.dtype(d).kind == "f"
    ]
    same(compiled(lambda x: [gt.cast(x, d) for d in wider], x), [x.astype(d) for d in wider])
    given = [numbers(d, 2) for d in others(dtype) if np.dtype(d).kind != "f" or dtype == "float16"]
    same(compiled(lambda *zs: [gt.cast(z, dtype) for z in zs], *given), [z.astype(dtype) for z in given])


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("dtype", WHOLE + HALF)
def test_mixed_dtypes(dtype):
    x = numbers(dtype)
    given = [numbers(d, 2) for d in others(dtype) if HALF or np.result_type(d, dtype) != "float16"]
    # NumPy compares whole numbers with and without a sign of 64 bits as they are.
    given = [z for z in given if np.result_type(z, x).kind != "f" or "f" in z.dtype.kind + x.dtype.kind]
    names = ["add", "multiply", "less"]
    found = compiled(lambda x, *zs: [ROWS[name](x, z) for z in zs for name in names], x, *given)
    same(found, [getattr(np, name)(x, z) for z in given for name in names])


@pytest.mark.parametrize("dtype", WHOLE)
def test_reductions(dtype):
    x = numbers(dtype)[:200].reshape(8, 25)

    def f(x):
        return [
            ROWS[n](x, axis=a, keepdims=False) for n in ("sum", "max", "min") for a in ((0,), (1,), (0, 1))
        ]

    expected = [n(x, axis=a) for n in (np.sum, np.max, np.min) for a in (0, 1, None)]
    same(compiled(f, x), [np.asarray(y).astype(dtype) for y in expected])


@pytest.mark.parametrize("dtype", HALF)
def test_elementary_functions_and_sums_of_halves(dtype):
    """At most one unit in the last place from the value in double precision, rounded."""
    x = np.random.default_rng(3).uniform(0.1, 4.0, (16, 25)).astype(dtype)
    names = ["exp", "log", "sin", "cos", "tanh", "reciprocal"]
    found = compiled(lambda x: [ROWS[n](x) for n in names] + [gt.reduce_sum(x), gt.reduce_max(x, 0)], x)
    wide = x.astype(np.float64)
    expected = [getattr(np, n)(wide) for n in names] + [wide.sum(), wide.max(0)]
    for mine, theirs in zip(found, expected, strict=True):
        assert mine.dtype == dtype
        assert np.all(np.abs(mine - theirs) <= np.spacing(np.abs(theirs).astype(dtype)).astype(np.float64))


@pytest.mark.parametrize("dtype", HALF)
def test_products_of_halves_are_added_up_in_single_precision(dtype):
    rng = np.random.default_rng(4)
    a, b = rng.standard_normal((20, 300)).astype(dtype), rng.standard_normal((300, 7)).astype(dtype)
    (found,) = compiled(lambda a, b: [a @ b], a, b)
    exact = a.astype(np.float64) @ b.astype(np.float64)
    assert found.dtype == dtype
    np.testing.assert_allclose(found, exact, rtol=2**-10, atol=1e-3)


@pytest.mark.parametrize("dtype", [*HALF, "uint8", "int16"])
def test_loops(dtype):
    """In registers and through memory: each turn rounds, or goes around, as NumPy does."""
    steps = (np.arange(20) % 7 / (8 if dtype == "float16" else 1)).astype(dtype)
    for shape in ((), (50,)):
        start = np.ones(shape, dtype)
        (found,) = compiled(lambda h, t: [gt.foldl(lambda a, b: a + a * b, t, h)], start, steps)
        state = start
        with np.errstate(over="ignore"):
            for k in steps:
                state = state + state * k
        same([found], [np.asarray(state)])


@pytest.mark.parametrize("dtype", HALF)
def test_gradients_in_half_precision(dtype):
    x = np.linspace(-2, 2, 100).astype(dtype)
    (found,) = compiled(lambda x: [gt.grad(lambda x: gt.reduce_sum(gt.tanh(x) * x))(x)], x)
    wide = x.astype(np.float64)
    exact = np.tanh(wide) + wide * (1 - np.tanh(wide) ** 2)
    np.testing.assert_allclose(found, exact, rtol=4e-3, atol=2e-3)
