"""Whole quotients and remainders as machine code: NumPy's to the bit, at all that is special, in every dtype."""

import itertools
import math

import numpy as np
import pytest

import gradtape as gt

WHOLE = ["bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"]
DTYPES = [*WHOLE, "float16", "float32", "float64"]
OPERATIONS = {"floor_divide": gt.math.floordiv, "remainder": gt.math.floormod, "fmod": np.fmod}


def special(dtype):
    """Numbers of a dtype at which divisions are special."""
    if dtype.kind == "b":
        return np.array([False, True])
    if dtype.kind == "f":
        info = np.finfo(dtype)
        sizes = [0.0, 0.1, 0.5, 1.0, 2.0, 3.0, 7.3, 1e3, 4096.0, np.inf, np.nan, info.max, info.max / 3]
        sizes += [info.tiny, info.smallest_subnormal, 1 + info.eps, 1 - info.eps / 2]
        return np.array([s * x for x in sizes for s in (1, -1)], dtype)
    info = np.iinfo(dtype)
    ends = [info.min, info.min + 1, info.min // 2, info.max // 2, info.max - 1, info.max]
    return np.array([x for x in (*ends, *range(-4, 8), 10) if info.min <= x <= info.max], dtype)


def pairs(dtype):
    """Every two special numbers; numbers of all sizes with each other; multiples, and what is next to them."""
    first, second = map(list, zip(*itertools.product(special(dtype), repeat=2), strict=True))
    rng = np.random.default_rng(0)
    if dtype.kind in "iu":
        info = np.iinfo(dtype)
        drawn = rng.integers(info.min, info.max, (2, 400), dtype, endpoint=True)
        second += list(rng.choice(special(dtype), 400))
        first, second = [*first, *drawn[0], *drawn[0]], [*second, *drawn[1]]
    elif dtype.kind == "f":
        with np.errstate(all="ignore"):
            a, b = (rng.normal(size=400) * 10.0 ** rng.integers(-4, 5, 400) for _ in range(2))
            a, b = a.astype(dtype), b.astype(dtype)
            near = (rng.integers(-60, 60, 400) * b).astype(dtype)
            near = np.concatenate([near, np.nextafter(near, dtype.type(np.inf))])
        first, second = [*first, *a, *near], [*second, *b, *b, *b]
    return np.array(first, dtype), np.array(second, dtype)


def same(found, expected):
    assert found.dtype == expected.dtype
    np.testing.assert_array_equal(found, expected)
    if expected.dtype.kind == "f":
        known = ~np.isnan(expected)
        np.testing.assert_array_equal(np.signbit(found)[known], np.signbit(expected)[known])


# NumPy's fmod of truth values is one of int8.
@pytest.mark.parametrize(
    ("name", "dtype"), [x for x in itertools.product(OPERATIONS, DTYPES) if x != ("fmod", "bool")]
)
def test_arrays(name, dtype):
    a, b = pairs(np.dtype(dtype))
    f = gt.function(OPERATIONS[name], backend="llvm")
    with np.errstate(all="ignore"):
        expected = getattr(np, name)(a, b)
    for size in (len(a), 5, 1):
        for _ in range(2):
            found = f(a[:size], b[:size]).numpy()
        same(found, expected[:size])
    assert f.stats()["calls"] == []


@pytest.mark.parametrize("dtype", ["int8", "uint8", "int64", "float32", "float64"])
@pytest.mark.parametrize("name", ["floor_divide", "remainder"])
def test_numbers(name, dtype):
    f = gt.function(OPERATIONS[name], backend="llvm")
    for a, b in itertools.product(special(np.dtype(dtype))[::2], special(np.dtype(dtype))):
        with np.errstate(all="ignore"):
            expected = getattr(np, name)(a, b)
        same(f(gt.constant(a), gt.constant(b)).numpy(), expected)


@pytest.mark.parametrize("a", [7, -7, 0, 6])
@pytest.mark.parametrize("b", [3, -3, 1, -1])
def test_whole_numbers_are_pythons(a, b):
    f = gt.function(lambda x, y: (x // y, x % y, gt.truncatediv(x, y), gt.truncatemod(x, y)))
    for _ in range(2):
        found = [int(y) for y in f(gt.constant(a), gt.constant(b))]
    assert found == [a // b, a % b, math.trunc(a / b), int(math.fmod(a, b))]


@pytest.mark.parametrize("dtype", ["int8", "int32", "uint8"])
def test_truncated_quotients_at_the_ends_of_a_dtype(dtype):
    a, b = pairs(np.dtype(dtype))
    a, b = a[b != 0].astype(object), b[b != 0].astype(object)
    bits = 8 * np.dtype(dtype).itemsize
    quotients = [abs(x) // abs(y) * (1 if (x < 0) == (y < 0) else -1) for x, y in zip(a, b, strict=True)]
    rests = [x - q * y for x, y, q in zip(a, b, quotients, strict=True)]
    wrapped = np.array([q % 2**bits for q in quotients], f"uint{bits}").view(dtype)  # the least number by -1
    given = [gt.constant(x.astype(dtype)) for x in (a, b)]
    np.testing.assert_array_equal(gt.truncatediv(*given), wrapped)
    np.testing.assert_array_equal(gt.truncatemod(*given), np.array(rests, dtype))


def test_a_remainder_of_floats_is_exact():
    found = gt.truncatemod(gt.constant([1e10, -1e10, -0.0]), gt.constant([0.1, 0.1, 1.0])).numpy()
    expected = np.fmod(np.float32([1e10, -1e10, -0.0]), np.float32([0.1, 0.1, 1.0]))
    same(found, expected)


def test_derivatives_and_every_nth_turn():
    def every(x, n):
        def turn(y, i):
            y = gt.cond(gt.equal(i % n, 0), lambda: y + 1.0, lambda: y)
            return y + gt.math.floormod(x * gt.cast(i, "float64"), 0.7) + gt.cast(i // n, "float64")

        with gt.GradientTape() as tape:
            tape.watch(x)
            y = gt.foldl(turn, gt.range(40), gt.zeros_like(x))
        return y, tape.gradient(y, x)

    f = gt.function(every, backend="llvm")
    for x, n in ((0.3, 3), (-1.1, 7), (2.3, -4)):
        x, n = gt.constant(x, gt.float64), gt.constant(n)
        np.testing.assert_allclose(f(x, n), every(x, n), rtol=1e-12)
        assert float(f(x, n)[1]) == sum(range(40))
    assert f.stats()["calls"] == []
