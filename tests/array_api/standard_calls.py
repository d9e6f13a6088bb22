"""Calls of every function of the array API standard, written for any namespace `xp`.

`CALLS[name]` is a list of (function of xp and arrays, arrays as NumPy's). Functions that work entry by entry are called
with every dtype, alone and in pairs; the oracle says which it takes.
"""

import itertools

import numpy as np

RANDOM = np.random.default_rng(11)
BOOLS = np.array([True, False, True])
FLOATS = np.array([0.5, -1.25, 2.0])
EDGES = np.array([0.0, -0.0, 1.0, -1.0, np.inf, -np.inf, np.nan])
GRID = RANDOM.normal(size=(3, 4))
STACK = RANDOM.normal(size=(2, 3, 3)) + 2 * np.eye(3)
DEFINITE = STACK @ np.swapaxes(STACK, -1, -2)
PLANE = RANDOM.normal(size=(4, 3))
SIGNED = [np.array([3, -2, 7], dtype) for dtype in ("int8", "int16", "int32", "int64")]
UNSIGNED = [np.array([3, 2, 7], dtype) for dtype in ("uint8", "uint16", "uint32", "uint64")]
REAL = [FLOATS.astype("float32"), FLOATS]
COMPLEX = [(FLOATS + 0.5j * FLOATS[::-1]).astype(dtype) for dtype in ("complex64", "complex128")]
EVERY = [BOOLS, *SIGNED, *UNSIGNED, *REAL, *COMPLEX]
NUMBERS = EVERY[1:]
_UNARY = """
    abs acos acosh asin asinh atan atanh bitwise_invert ceil conj cos cosh exp expm1 floor imag isfinite isinf isnan
    log log10 log1p log2 logical_not negative positive real reciprocal round sign signbit sin sinh sqrt square tan
    tanh trunc
"""
UNARY = _UNARY.split()
_BINARY = """
    add atan2 bitwise_and bitwise_left_shift bitwise_or bitwise_right_shift bitwise_xor copysign divide equal
    floor_divide greater greater_equal hypot less less_equal logaddexp logical_and logical_or logical_xor maximum
    minimum multiply nextafter not_equal pow remainder subtract
"""
BINARY = _BINARY.split()
CALLS = {}


def call(name, function, *arrays):
    """One more call of a function."""
    CALLS.setdefault(name, []).append((function, arrays))


def method(name):
    return lambda xp, *xs: getattr(xp, name)(*xs)


for _name in UNARY:
    for _x in (*EVERY, EDGES, FLOATS[0], FLOATS.reshape(1, 3)):
        call(_name, method(_name), _x)
for _name in BINARY:
    for _x, _y in itertools.product(EVERY, EVERY):
        call(_name, method(_name), _x, np.abs(_y) if _name.endswith(("shift", "pow")) else _y)
    for _x, _y in () if _name.startswith("bitwise") else ((EDGES[:, None], EDGES), (FLOATS[0], FLOATS)):
        call(_name, method(_name), _x, _y)
    for _x, _number in itertools.product(EVERY, (True, 2, 1.5)):
        call(_name, lambda xp, x, n=_number, name=_name: getattr(xp, name)(x, n), _x)
        call(_name, lambda xp, x, n=_number, name=_name: getattr(xp, name)(n, x), np.abs(_x))

# statistics

AXES = (None, 0, -1, (0, 1), ())
for _name in ("all", "any", "max", "min", "mean", "sum", "prod", "std", "var", "count_nonzero"):
    for _x in EVERY:
        call(_name, method(_name), _x)
    for _axis, _keep in itertools.product(AXES, (False, True)):
        call(_name, lambda xp, x, n=_name, a=_axis, k=_keep: getattr(xp, n)(x, axis=a, keepdims=k), GRID)
for _name in ("std", "var"):
    call(_name, lambda xp, x, n=_name: getattr(xp, n)(x, axis=0, correction=1.0), GRID)
for _name in ("sum", "prod"):
    call(_name, lambda xp, x, n=_name: getattr(xp, n)(x, dtype=xp.float32), GRID)
    call(_name, lambda xp, x, n=_name: getattr(xp, n)(x, dtype=xp.int16), SIGNED[0])
for _name in ("cumulative_sum", "cumulative_prod"):
    for _x in NUMBERS:
        call(_name, method(_name), _x)
    call(_name, lambda xp, x, n=_name: getattr(xp, n)(x, axis=1, include_initial=True), GRID)
    call(_name, lambda xp, x, n=_name: getattr(xp, n)(x, axis=-2, dtype=xp.float32), GRID)
for _x in NUMBERS:
    call("diff", lambda xp, x: xp.diff(x), _x)
call("diff", lambda xp, x, a, b: xp.diff(x, axis=0, n=2, prepend=a, append=b), GRID, GRID[:1], GRID[1:])

# creation

for _arguments in ((5,), (1, 7, 2), (0.0, 1.0, 0.25), (3, 3)):
    call("arange", lambda xp, a=_arguments: xp.arange(*a))
call("arange", lambda xp: xp.arange(2, 5, dtype=xp.float32))
for _x in EVERY:
    call("asarray", lambda xp, x: xp.asarray(x), _x)
    call("astype", lambda xp, x: xp.astype(x, xp.complex64), _x)
for _x in EVERY[:-2]:
    call("astype", lambda xp, x: xp.astype(x, xp.int32), _x)
    call("astype", lambda xp, x: xp.astype(x, xp.bool), _x)
for _plain in (True, 3, 1.5, 2j, [1, 2], [[1.0], [2.0]], [True, 2], [], [1, 2.5], [1j, 2]):
    call("asarray", lambda xp, p=_plain: xp.asarray(p))
call("asarray", lambda xp, x: xp.asarray(x, dtype=xp.float32, copy=True), FLOATS)
call("asarray", lambda xp, x: xp.asarray([1, 2], dtype=xp.uint8), FLOATS)
for _name in ("zeros", "ones", "empty"):
    for _shape in (3, (2, 3), (), (0, 2)):
        if _name != "empty":
            call(_name, lambda xp, n=_name, s=_shape: getattr(xp, n)(s))
            call(_name, lambda xp, n=_name, s=_shape: getattr(xp, n)(s, dtype=xp.int16))
    for _x in EVERY:
        if _name != "empty":
            call(f"{_name}_like", method(f"{_name}_like"), _x)
call("empty", lambda xp: xp.zeros_like(xp.empty((2, 3), dtype=xp.float32)))
call("empty_like", lambda xp, x: xp.zeros_like(xp.empty_like(x)), GRID)
for _number in (True, 7, 1.5, 2j):
    call("full", lambda xp, n=_number: xp.full((2, 2), n))
call("full", lambda xp: xp.full(3, 7, dtype=xp.float32))
call("full_like", lambda xp, x: xp.full_like(x, 2.5), GRID)
call("full_like", lambda xp, x: xp.full_like(x, 2, dtype=xp.int8), GRID)
for _arguments in ((3,), (2, 3), (3, 2)):
    for _k in (0, 1, -1):
        call("eye", lambda xp, a=_arguments, k=_k: xp.eye(*a, k=k))
call("linspace", lambda xp: xp.linspace(0, 1, 7))
call("linspace", lambda xp: xp.linspace(2.0, -1.0, 4, endpoint=False, dtype=xp.float32))
call("linspace", lambda xp: xp.linspace(0, 1j, 3))
call("from_dlpack", lambda xp, x: xp.from_dlpack(x), FLOATS)
for _indexing in ("xy", "ij"):
    call("meshgrid", lambda xp, x, y, i=_indexing: xp.meshgrid(x, y, indexing=i), FLOATS, GRID[0])
for _k in (0, 1, -1):
    call("tril", lambda xp, x, k=_k: xp.tril(x, k=k), STACK)
    call("triu", lambda xp, x, k=_k: xp.triu(x, k=k), GRID)

# shapes

call("broadcast_arrays", lambda xp, x, y: xp.broadcast_arrays(x, y), GRID, GRID[:1])
call("broadcast_shapes", lambda xp: xp.broadcast_shapes((3, 1), (1, 4)))
call("broadcast_to", lambda xp, x: xp.broadcast_to(x, (2, 3, 4)), GRID)
for _axis in (0, 1, -1, None):
    call("concat", lambda xp, x, y, a=_axis: xp.concat([x, y], axis=a), GRID, GRID.astype("float32"))
    if _axis is not None:
        call("expand_dims", lambda xp, x, a=_axis: xp.expand_dims(x, axis=a), GRID)
        call("stack", lambda xp, x, y, a=_axis: xp.stack([x, y], axis=a), GRID, GRID.astype("float32"))
        call("unstack", lambda xp, x, a=_axis: xp.unstack(x, axis=a), GRID)
    call("flip", lambda xp, x, a=_axis: xp.flip(x, axis=a), GRID)
    call("roll", lambda xp, x, a=_axis: xp.roll(x, 2, axis=a), GRID)
    call("repeat", lambda xp, x, a=_axis: xp.repeat(x, 2, axis=a), GRID)
call("roll", lambda xp, x: xp.roll(x, (1, -1), axis=(0, 1)), GRID)
call("repeat", lambda xp, x, n: xp.repeat(x, n, axis=0), GRID, np.array([2, 0, 1]))
call("moveaxis", lambda xp, x: xp.moveaxis(x, 0, -1), STACK)
call("moveaxis", lambda xp, x: xp.moveaxis(x, (0, 1), (1, 2)), STACK)
call("permute_dims", lambda xp, x: xp.permute_dims(x, (2, 0, 1)), STACK)
call("reshape", lambda xp, x: xp.reshape(x, (2, -1)), GRID)
call("reshape", lambda xp, x: xp.reshape(x, (12,), copy=True), GRID)
call("squeeze", lambda xp, x: xp.squeeze(x, 0), GRID[:1])
call("squeeze", lambda xp, x: xp.squeeze(x, (0, 1)), GRID[:1, :1])
call("tile", lambda xp, x: xp.tile(x, (2, 1, 2)), GRID)
call("tile", lambda xp, x: xp.tile(x, (2,)), GRID)
call("matrix_transpose", lambda xp, x: xp.matrix_transpose(x), STACK)

# searching, sorting, sets

TIES = np.array([[3.0, 1.0, 3.0], [1.0, 1.0, 2.0]])
for _name in ("argmax", "argmin"):
    for _axis, _keep in itertools.product((None, 0, -1), (False, True)):
        call(_name, lambda xp, x, n=_name, a=_axis, k=_keep: getattr(xp, n)(x, axis=a, keepdims=k), TIES)
    call(_name, method(_name), SIGNED[0])
for _name in ("sort", "argsort"):
    for _axis, _down in itertools.product((0, -1), (False, True)):
        call(_name, lambda xp, x, n=_name, a=_axis, d=_down: getattr(xp, n)(x, axis=a, descending=d), TIES)
    for _x in NUMBERS[:-2]:
        call(_name, method(_name), _x)
call("nonzero", lambda xp, x: xp.nonzero(x), np.array([[0, 1], [2, 0]]))
for _side in ("left", "right"):
    call("searchsorted", lambda xp, a, b, s=_side: xp.searchsorted(a, b, side=s), np.sort(GRID[0]), GRID[1])
call(
    "searchsorted",
    lambda xp, a, b, s: xp.searchsorted(a, b, sorter=s),
    *(GRID[0], GRID[1], np.argsort(GRID[0])),
)
for _x, _y in ((REAL[0], REAL[1]), (SIGNED[0], UNSIGNED[1]), (BOOLS, BOOLS[::-1]), (COMPLEX[0], COMPLEX[1])):
    call("where", lambda xp, c, x, y: xp.where(c, x, y), BOOLS, _x, _y)
call("where", lambda xp, c, x: xp.where(c, x, 0.0), BOOLS, FLOATS)
call("where", lambda xp, c, x: xp.where(c, 1, x), BOOLS, REAL[0])
call("take", lambda xp, x, i: xp.take(x, i, axis=1), GRID, np.array([2, 0, -1]))
call("take", lambda xp, x, i: xp.take(x, i), FLOATS, np.array([2, 0]))
call("take_along_axis", lambda xp, x, i: xp.take_along_axis(x, i, axis=1), GRID, np.array([[2], [0], [1]]))
call("take_along_axis", lambda xp, x, i: xp.take_along_axis(x, i), GRID, np.array([[2, 1], [0, 0], [1, 3]]))
for _name in ("unique_all", "unique_counts", "unique_inverse", "unique_values"):
    call(_name, method(_name), TIES)
    call(_name, method(_name), SIGNED[1])
    call(_name, method(_name), np.array([np.nan, 1.0, np.nan]))
call("isin", lambda xp, x, y: xp.isin(x, y), SIGNED[0], SIGNED[1][:2])
for _x in (*SIGNED, *UNSIGNED, *REAL):
    call("clip", lambda xp, x: xp.clip(x, 1, 3), _x)
call("clip", lambda xp, x, low: xp.clip(x, low, None), GRID, GRID[0])
call("clip", lambda xp, x: xp.clip(x, max=0.5), GRID)
call("clip", lambda xp, x: xp.clip(x), GRID)

# products

for _x, _y in ((GRID, PLANE), (FLOATS, FLOATS), (STACK, FLOATS), (FLOATS, STACK), (STACK, DEFINITE)):
    call("matmul", lambda xp, x, y: xp.matmul(x, y), _x, _y)
    call("matmul", lambda xp, x, y: x @ y, _x, _y.astype("float32"))
call("matmul", lambda xp, x, y: xp.matmul(x, y), SIGNED[0], SIGNED[2])
call("tensordot", lambda xp, x, y: xp.tensordot(x, y, axes=1), GRID, PLANE)
call("tensordot", lambda xp, x, y: xp.tensordot(x, y, axes=((0, 1), (1, 2))), GRID[:, :3], STACK)
call("tensordot", lambda xp, x, y: xp.tensordot(x, y, axes=0), FLOATS, FLOATS.astype("float32"))
call("vecdot", lambda xp, x, y: xp.vecdot(x, y), GRID, GRID[0])
call("vecdot", lambda xp, x, y: xp.vecdot(x, y, axis=-2), STACK, DEFINITE)
call("vecdot", lambda xp, x, y: xp.vecdot(x, y), COMPLEX[1], COMPLEX[0])

# dtypes


def described(info):
    return {name: getattr(info, name) for name in vars(type(info)) if not name.startswith("_")}


for _dtype in ("float32", "float64", "complex64", "complex128"):
    for _field in ("bits", "eps", "max", "min", "smallest_normal", "dtype"):
        call("finfo", lambda xp, d=_dtype, f=_field: getattr(xp.finfo(getattr(xp, d)), f))
for _dtype in ("int8", "uint8", "int32", "uint64"):
    for _field in ("bits", "max", "min", "dtype"):
        call("iinfo", lambda xp, d=_dtype, f=_field: getattr(xp.iinfo(getattr(xp, d)), f))
_DTYPES = [str(x.dtype) for x in EVERY]
_DTYPES[0] = "bool"
for _first, _second in itertools.product(_DTYPES, _DTYPES):
    call("result_type", lambda xp, a=_first, b=_second: xp.result_type(getattr(xp, a), getattr(xp, b)))
    call("can_cast", lambda xp, a=_first, b=_second: xp.can_cast(getattr(xp, a), getattr(xp, b)))
for _first in _DTYPES:
    for _kind in ("bool", "signed integer", "unsigned integer", "integral", "real floating", "complex floating",
                  "numeric", ("bool", "integral")):  # fmt: skip
        call("isdtype", lambda xp, a=_first, k=_kind: xp.isdtype(getattr(xp, a), k))
    call("isdtype", lambda xp, a=_first: xp.isdtype(getattr(xp, a), xp.float32))
call("result_type", lambda xp, x: xp.result_type(x, 1.0), REAL[0])
call("result_type", lambda xp, x: xp.result_type(x, xp.int16, 3), SIGNED[0])

# linalg


def linalg(name, *arrays, **settings):
    call(f"linalg.{name}", lambda xp, *xs: getattr(xp.linalg, name)(*xs, **settings), *arrays)


for _x in (STACK, STACK[0], STACK[0].astype("float32"), STACK + 0.5j * np.swapaxes(STACK, 0, 0)[::-1]):
    for _name in ("det", "inv", "matrix_norm", "matrix_rank", "pinv", "slogdet", "svdvals", "trace"):
        linalg(_name, _x)
    for _n in (0, 1, 3, -2):
        call("linalg.matrix_power", lambda xp, x, n=_n: xp.linalg.matrix_power(x, n), _x)
    linalg("diagonal", _x, offset=1)
    linalg("matrix_transpose", _x)
    linalg("eigvals", _x)
    linalg("trace", _x, offset=-1)
for _ord in ("fro", "nuc", 1, -1, 2, -2, np.inf, -np.inf):
    for _keep in (False, True):
        linalg("matrix_norm", STACK, ord=_ord, keepdims=_keep)
for _ord in (0, 1, 2, 3.5, -1, np.inf, -np.inf):
    linalg("vector_norm", GRID, ord=_ord)
    linalg("vector_norm", GRID, ord=_ord, axis=0, keepdims=True)
    linalg("vector_norm", STACK, ord=_ord, axis=(0, 2))
linalg("vector_norm", FLOATS.astype("float32"))
linalg("cholesky", DEFINITE)
linalg("cholesky", DEFINITE[0].astype("float32"), upper=True)
linalg("cross", GRID[:, :3], FLOATS)
linalg("cross", STACK, DEFINITE, axis=-2)
linalg("eigvalsh", DEFINITE)
linalg("matmul", GRID, PLANE)
linalg("outer", FLOATS, GRID[0].astype("float32"))
linalg("pinv", GRID, rtol=0.5)
linalg("matrix_rank", GRID, rtol=0.9)
linalg("solve", STACK, GRID[:, :2])
linalg("solve", STACK, FLOATS)
linalg("tensordot", GRID, PLANE, axes=1)
linalg("vecdot", STACK, DEFINITE, axis=-2)
linalg("trace", SIGNED[0] * np.ones((3, 1), "int8"))
# Vectors and factors are known up to signs: what they make up is compared.
call("linalg.eigh", lambda xp, x: xp.linalg.eigh(x).eigenvalues, DEFINITE)
call("linalg.eigh", lambda xp, x: _rebuilt(xp, *xp.linalg.eigh(x)), DEFINITE)
call("linalg.eig", lambda xp, x: xp.abs(xp.linalg.eig(x)[1]), STACK)
for _mode, _x in itertools.product(("reduced", "complete"), (PLANE, GRID, STACK)):
    call("linalg.qr", lambda xp, x, m=_mode: xp.matmul(*xp.linalg.qr(x, mode=m)), _x)
    call("linalg.qr", lambda xp, x, m=_mode: xp.abs(xp.linalg.qr(x, mode=m).R), _x)
for _full, _x in itertools.product((True, False), (PLANE, GRID, STACK)):
    call("linalg.svd", lambda xp, x, f=_full: xp.linalg.svd(x, full_matrices=f).S, _x)
    call("linalg.svd", lambda xp, x, f=_full: xp.abs(xp.linalg.svd(x, full_matrices=f).Vh[..., :2, :]), _x)


def _rebuilt(xp, values, vectors):
    return xp.matmul(vectors * values[:, None, :], xp.matrix_transpose(vectors))


# fft


def fft(name, *arrays, **settings):
    call(f"fft.{name}", lambda xp, *xs: getattr(xp.fft, name)(*xs, **settings), *arrays)


WAVES = GRID + 1j * GRID[::-1]
for _norm in ("backward", "ortho", "forward"):
    for _name in ("fft", "ifft", "hfft", "irfft"):
        fft(_name, WAVES, norm=_norm)
        fft(_name, WAVES, n=6, axis=0, norm=_norm)
    for _name in ("rfft", "ihfft"):
        fft(_name, GRID, norm=_norm)
        fft(_name, GRID.astype("float32"), n=2, axis=0, norm=_norm)
    for _name in ("fftn", "ifftn", "irfftn"):
        fft(_name, WAVES, norm=_norm)
        fft(_name, WAVES, s=(4, 3), axes=(0, 1), norm=_norm)
    fft("rfftn", GRID, norm=_norm)
    fft("rfftn", GRID, s=(5, 2), axes=(1, 0), norm=_norm)
for _name in ("fftfreq", "rfftfreq"):
    for _n in (4, 5):
        call(f"fft.{_name}", lambda xp, n=_n, name=_name: getattr(xp.fft, name)(n, d=0.5))
for _name in ("fftshift", "ifftshift"):
    fft(_name, GRID)
    fft(_name, GRID, axes=(1,))
