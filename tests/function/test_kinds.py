"""Small and unsigned integers, half precision and complex numbers in machine code: NumPy's values.

To the bit, but for elementary functions, and for products of complex numbers, which NumPy may contract.
"""

import numpy as np
import pytest

import gradtape as gt
from gradtape.backends.llvm.kinds import KINDS
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


# complex numbers

SPECIAL = np.array(
    [complex(a, b) for a in (np.inf, -np.inf, np.nan, 0.0, -0.0, 1.5) for b in (np.inf, np.nan, 0.0, -2.5)]
)
COMPLEX = {
    "add": (2, 0),
    "subtract": (2, 0),
    "multiply": (2, 1),
    "divide": (2, 0),
    "equal": (2, 0),
    "negative": (1, 0),
    "conjugate": (1, 0),
    "reciprocal": (1, 0),
    "square": (1, 1),
    "absolute": (1, 2),
    "exp": (1, 3),
    "real": (1, 0),
    "imag": (1, 0),
}
"""How many operands, and how many units of the last place (of the absolute value) values may differ."""


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("dtype", ["complex64", "complex128"])
def test_complex_operations(dtype):
    rng = np.random.default_rng(5)
    x, y = (
        np.concatenate([rng.permutation(SPECIAL), 3 * rng.standard_normal(N) + 3j * rng.standard_normal(N)])
        for _ in range(2)
    )
    given = x.astype(dtype), y.astype(dtype)
    found = compiled(lambda *z: [ROWS[name](*z[:count]) for name, (count, _) in COMPLEX.items()], *given)
    for mine, (name, (count, units)) in zip(found, COMPLEX.items(), strict=True):
        expected = getattr(np, name)(*given[:count])
        assert mine.dtype == expected.dtype
        if expected.dtype.kind == "b":
            np.testing.assert_array_equal(mine, expected)
            continue
        close = units * np.finfo(dtype).eps * np.nan_to_num(np.abs(expected), posinf=0.0)
        for a, b in ((np.real(mine), np.real(expected)), (np.imag(mine), np.imag(expected))):
            with np.errstate(invalid="ignore"):
                assert np.all((a == b) | (np.isnan(a) & np.isnan(b)) | (np.abs(a - b) <= close)), name


def test_a_complex_program_and_its_gradients():
    """Parts, looks, joined values, casts, a transform that stays NumPy's, and what is made of reals."""
    rng = np.random.default_rng(6)
    z, w = (rng.standard_normal(32) + 1j * rng.standard_normal(32) for _ in range(2))
    x = rng.standard_normal(32)

    def program(z, w, x):
        with gt.GradientTape() as tape:
            tape.watch([z, w, x])
            q = gt.exp(z * x + w) / (w + 2.5) * gt.math.conj(z)
            v = gt.concat([gt.signal.fft(q)[:10], q[5:] * 1j], 0)
            column = gt.where(x[:, None] > 0, gt.reshape(q, (-1, 1)), gt.complex(x, 2 * x)[:, None])
            s = gt.reduce_sum(gt.abs(v) ** 2) + gt.reduce_sum(gt.math.real(column * column[::-1]))
        return [
            s,
            q,
            gt.math.imag(z),
            column,
            gt.transpose(gt.reshape(q, (4, 8))),
            *tape.gradient(s, [z, w, x]),
        ]

    given = [gt.constant(a) for a in (z, w, x)]
    recorded = gt.function(program, backend="llvm")
    recorded(*given)
    for mine, theirs in zip(recorded(*given), program(*given), strict=True):
        assert (mine.dtype, mine.shape) == (theirs.dtype, theirs.shape)
        size = np.max(np.abs(theirs.numpy()))
        np.testing.assert_allclose(mine, theirs, rtol=1e-12, atol=1e-14 * size)
    assert not {"multiply", "add", "exp", "divide", "conjugate"} & set(recorded.stats()["calls"])


@pytest.mark.parametrize("shape", [(), (5,)])
def test_complex_loops(shape):
    rng = np.random.default_rng(7)
    start, steps = rng.standard_normal((2, *shape)), 0.1 * rng.standard_normal((20, 2, *shape))
    z, k = start[0] + 1j * start[1], steps[:, 0] + 1j * steps[:, 1]

    def f(z, k):
        states = gt.scan(lambda h, c: 0.1 * h * h + c, k, z)
        return [states, gt.grad(lambda z: gt.abs(gt.reduce_sum(gt.foldl(lambda h, c: h * c, k, z))))(z)]

    states, slope = compiled(f, z, k)
    h = z
    for state, c in zip(states, k, strict=True):
        h = 0.1 * h * h + c
        np.testing.assert_allclose(state, h, rtol=1e-12)
    factor, total = np.prod(k, 0), np.sum(z * np.prod(k, 0))
    np.testing.assert_allclose(slope, np.conj(factor) * total / np.abs(total), rtol=1e-12)
