"""One call or more of every NumPy function that answers on tensors, written as a user of NumPy writes it.

Each call is a function of arrays that uses NumPy alone, and its arguments. The tests run it on arrays and on tensors.
"""

import warnings

import numpy as np
from numpy.polynomial import polynomial

NUMPY = "2.5"
"""The NumPy whose names have been looked through, and which the page of the documentation describes."""

NEWER = {"polynomial.polynomial.polyvalnd": "2.5"}
"""Names that came after NumPy 2.4, with the version that brought them; on an older one they are known all the same."""

GENERATOR = np.random.default_rng(7)
X = GENERATOR.uniform(0.2, 0.9, (3, 4))
Y = GENERATOR.uniform(0.2, 0.9, (3, 4))
V, W = X[0], Y[1]
M = X[:, :3] + np.eye(3)
SPD = M @ M.T + np.eye(3)
SIGNED = np.array([-1.7, -0.4, 0.6, 2.3, -3.1, 1.2])
OTHER = np.array([0.7, -1.3, 0.9, -1.1, 1.9, 0.8])
BIG = 1 + X
HOLES = np.where(X > 0.75, np.nan, X)
C = X + 1j * Y
MASK = X > 0.5
PLACES = np.array([2, 0, 1])
SORTED = np.array([0.1, 0.35, 0.5, 0.8])


def parts(function):
    """A function whose several results are joined to one vector."""
    return lambda *xs: np.concatenate([np.ravel(y) for y in function(*xs)])


UNARY = {
    "absolute": SIGNED, "arccos": X, "arccosh": BIG, "arcsin": X, "arcsinh": SIGNED, "arctan": SIGNED,
    "arctanh": X, "cbrt": X, "ceil": SIGNED, "conjugate": C, "cos": SIGNED, "cosh": SIGNED, "deg2rad": SIGNED,
    "degrees": SIGNED, "exp": SIGNED, "exp2": SIGNED, "expm1": SIGNED, "fabs": SIGNED, "floor": SIGNED,
    "isfinite": SIGNED, "isinf": SIGNED, "isnan": HOLES, "log": X, "log10": X, "log1p": X, "log2": X,
    "logical_not": SIGNED, "negative": SIGNED, "positive": SIGNED, "rad2deg": SIGNED, "radians": SIGNED,
    "reciprocal": SIGNED, "rint": SIGNED, "sign": SIGNED, "signbit": np.array([-0.0, 0.0, 3.0, -np.inf]),
    "sin": SIGNED, "sinh": SIGNED, "sqrt": X, "square": SIGNED, "tan": X, "tanh": SIGNED, "trunc": SIGNED,
    "invert": np.arange(4), "i0": SIGNED, "sinc": SIGNED, "imag": C, "real": C, "angle": C,
    "isposinf": np.array([1.0, np.inf]), "isneginf": np.array([1.0, -np.inf]), "round": SIGNED, "around": SIGNED,
    "nan_to_num": np.array([np.nan, 1.0, np.inf, -np.inf]), "copy": X, "ravel": X, "flip": X, "fliplr": X,
    "flipud": X, "rot90": X, "transpose": X, "permute_dims": X, "matrix_transpose": X, "squeeze": X[None],
    "trace": M, "diag": V, "diagflat": V, "diagonal": M, "tril": M, "triu": M, "atleast_1d": X[0, 0],
    "atleast_2d": V, "atleast_3d": V, "sum": X, "prod": X, "max": X, "amax": X, "min": X, "amin": X, "ptp": X,
    "mean": X, "var": X, "std": X, "any": MASK, "all": MASK, "count_nonzero": SIGNED, "cumsum": X, "cumprod": X,
    "median": X, "average": X, "cov": X, "nansum": HOLES, "nanprod": HOLES, "nanmean": HOLES,
    "nanvar": HOLES, "nanstd": HOLES, "nanmax": HOLES, "nanmin": HOLES, "nanmedian": HOLES, "nancumsum": HOLES,
    "nancumprod": HOLES, "argmax": X, "argmin": X, "argsort": X, "sort": X, "diff": X, "ediff1d": X,
    "trapezoid": X, "unwrap": np.array([0.1, 3.0, 6.9, 13.5]), "unique": V, "unique_values": V, "zeros_like": X,
    "ones_like": X, "vander": V, "poly": V,
    "spacing": X,
}  # fmt: skip

BINARY = {
    "add": (X, Y), "arctan2": (SIGNED, OTHER), "copysign": (SIGNED, OTHER), "divide": (SIGNED, OTHER),
    "equal": (X, Y), "float_power": (X, Y), "floor_divide": (SIGNED, OTHER), "fmax": (HOLES, Y), "fmin": (HOLES, Y),
    "fmod": (SIGNED, OTHER), "greater": (X, Y), "greater_equal": (X, Y), "heaviside": (SIGNED, OTHER),
    "hypot": (X, Y), "less": (X, Y), "less_equal": (X, Y), "logaddexp": (X, Y), "logaddexp2": (X, Y),
    "logical_and": (X, Y), "logical_or": (X, Y), "logical_xor": (X, Y), "matmul": (X, Y.T), "matvec": (X, V),
    "maximum": (X, Y), "minimum": (X, Y), "multiply": (X, Y), "nextafter": (X, Y), "not_equal": (X, Y),
    "power": (X, Y), "remainder": (SIGNED, OTHER), "subtract": (X, Y), "vecdot": (X, Y), "vecmat": (V[:3], X),
    "bitwise_and": (PLACES, 1 + PLACES), "bitwise_or": (PLACES, 1 + PLACES), "bitwise_xor": (PLACES, 1 + PLACES),
    "left_shift": (1 + PLACES, PLACES), "right_shift": (9 + PLACES, PLACES),
    "append": (X, Y), "dot": (X, Y.T), "inner": (X, Y), "outer": (V, W), "vdot": (X, Y), "kron": (X, M),
    "tensordot": (M, X[:, :3].reshape(3, 3, 1)), "cross": (X[:, :3], Y[:, :3]), "convolve": (V, W[:3]),
    "correlate": (V, W[:3]), "searchsorted": (SORTED, V), "digitize": (V, SORTED), "union1d": (V, W),
    "setxor1d": (V, np.append(V[:2], W)),
    "full_like": (X, X[0, 0]), "polyval": (V, W), "polyadd": (V, W[:2]), "polysub": (V, W[:2]), "polymul": (V, W[:2]),
    "geomspace": (0.5, 3.0), "linspace": (0.5, 3.0), "logspace": (0.5, 1.0),
    "quantile": (X, 0.3), "percentile": (X, 30.0), "nanquantile": (HOLES, 0.3), "nanpercentile": (HOLES, 30.0),
}  # fmt: skip

CALLS = {name: [(getattr(np, name), (x,))] for name, x in UNARY.items()}
CALLS |= {name: [(getattr(np, name), xs)] for name, xs in BINARY.items()}
CALLS["clip"] = [(lambda x: np.clip(x, -1.0, 1.0), (SIGNED,)), (lambda x: np.clip(x, None, 1.0), (SIGNED,))]


def call(name, function, *arguments):
    """One more call of a function."""
    CALLS.setdefault(name, []).append((function, arguments))


def fix(x):
    """np.fix, which NumPy 2.5 wants to have written as np.trunc."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "numpy.fix is deprecated", DeprecationWarning)
        return np.fix(x)


call("fix", fix, SIGNED)
# ufuncs of two results
call("divmod", parts(np.divmod), SIGNED, OTHER)
call("modf", parts(np.modf), SIGNED)
call("frexp", lambda x: np.frexp(x)[0], SIGNED)
call("ldexp", lambda x: np.ldexp(x, np.arange(6) - 2), SIGNED)
call("ldexp", lambda x: np.ldexp(x, np.array([-1060, 1070])), np.array([3.0, 1e-310]))
# shapes
call("astype", lambda x: np.astype(x, np.float64), X)
call("reshape", lambda x: np.reshape(x, (2, -1)), X)
call("resize", lambda x: np.resize(x, (2, 7)), X)
call("broadcast_to", lambda x: np.broadcast_to(x, (2, 3, 4)), X)
call("broadcast_arrays", parts(np.broadcast_arrays), X, V)
call("expand_dims", lambda x: np.expand_dims(x, 1), X)
call("moveaxis", lambda x: np.moveaxis(x, 0, 1), X)
call("rollaxis", lambda x: np.rollaxis(x, 1), X)
call("swapaxes", lambda x: np.swapaxes(x, 0, 1), X)
call("roll", lambda x: np.roll(x, 2, axis=1), X)
call("tile", lambda x: np.tile(x, (2, 1)), X)
call("repeat", lambda x: np.repeat(x, 2, axis=0), X)
call("pad", lambda x: np.pad(x, 1, mode="reflect"), X)
call("meshgrid", parts(np.meshgrid), V, W[:3])
call("empty_like", lambda x: np.empty_like(x) * 0, X)
call("trim_zeros", lambda x: np.trim_zeros(np.concatenate([[0.0], x, [0.0, 0.0]])), V)
call("trim_zeros", lambda x: np.trim_zeros(np.concatenate([[0.0], x, [0.0, 0.0]]), "f"), V)
call("ix_", parts(np.ix_), V, W[:3])
call(
    "lib.stride_tricks.sliding_window_view",
    lambda x: np.lib.stride_tricks.sliding_window_view(x, 2, axis=1),
    X,
)
call(
    "lib.stride_tricks.sliding_window_view", lambda x: np.lib.stride_tricks.sliding_window_view(x, (2, 3)), X
)
call("transpose", lambda x: np.transpose(x, (1, 0)), X)
# joining and cutting
call("concatenate", lambda x, y: np.concatenate([x, y], axis=1), X, Y)
call("concatenate", lambda x, y: np.concatenate([x, y], axis=None, dtype=np.float64), X, Y)
call("stack", lambda x, y: np.stack([x, y], axis=1), X, Y)
call("hstack", lambda x, y: np.hstack([x, y]), X, Y)
call("vstack", lambda x, y: np.vstack([x, y]), V, X)
call("dstack", lambda x, y: np.dstack([x, y]), X, Y)
call("column_stack", lambda x, y: np.column_stack([x, y]), V, W)
call("block", lambda x, y: np.block([[x, y[:, :2]], [np.zeros((2, 4)), np.ones((2, 2))]]), X, Y)
call("block", lambda x: np.block([x, 1.0, 2.0]), V)
call("split", parts(lambda x: np.split(x, 2, axis=1)), X)
call("array_split", parts(lambda x: np.array_split(x, 2, axis=1)), X)
call("array_split", parts(lambda x: np.array_split(x, 3)), V)
call("hsplit", parts(lambda x: np.hsplit(x, 2)), X)
call("vsplit", parts(lambda x: np.vsplit(x, 3)), X)
call("dsplit", parts(lambda x: np.dsplit(x, 2)), X.reshape(3, 2, 2))
call("unstack", parts(np.unstack), X)
call("insert", lambda x: np.insert(x, 1, 5.0), V)
call("insert", lambda x, y: np.insert(x, [3, 1, 1], y), V, W[:3])
call("insert", lambda x, y: np.insert(x, 1, y, axis=1), X, V[:3])
call("insert", lambda x, y: np.insert(x, slice(0, 2), y, axis=0), X, W)
call("insert", lambda x, y: np.insert(x, 1, y), V, W)
call("delete", lambda x: np.delete(x, 1, axis=1), X)
# reading
call("take", lambda x: np.take(x, PLACES, axis=1), X)
call("take", lambda x: np.take(x, [-7, 9], mode="wrap"), V)
call("take", lambda x: np.take(x, [-7, 9], mode="clip"), V)
call("take_along_axis", lambda x: np.take_along_axis(x, np.argsort(x, axis=1), axis=1), X)
call("compress", lambda x: np.compress([True, False, True], x, axis=0), X)
call("extract", lambda x: np.extract(MASK, x), X)
call("choose", lambda x, y: np.choose([0, 1, 1, 0], [x, y]), V, W)
call("choose", lambda x, y: np.choose([3, -1], [x, y], mode="wrap"), V[:2], W[:2])
call("choose", lambda x, y: np.choose([3, -1], [x, y], mode="clip"), V[:2], W[:2])
call("select", lambda x: np.select([x < -1, x < 1], [x**2, x**3], 7.0), SIGNED)
call("where", lambda x, y: np.where(x > y, x * y, y), X, Y)
call("piecewise", lambda x: np.piecewise(x, [x < -1, x > 1], [lambda t: t**2, np.exp, np.sin]), SIGNED)
call(
    "piecewise", lambda x: np.piecewise(x, [x < 0], [lambda t, a, b=1.0: a * t + b, 2.0], 3.0, b=0.5), SIGNED
)
call("piecewise", lambda x: np.piecewise(x, x > 0, [np.exp]), SIGNED)
call("argpartition", lambda x: np.argpartition(x, 1)[..., 1], X)
call("partition", lambda x: np.partition(x, 1)[..., 1], X)
call("einsum", lambda x, y: np.einsum("ij,kj->ik", x, y), X, Y)
call("einsum", lambda x: np.einsum("ii->i", x), M)
call("apply_along_axis", lambda x: np.apply_along_axis(np.cumprod, 0, x), X)
call("apply_over_axes", lambda x: np.apply_over_axes(np.sum, x, [0, 1]), X)
# reductions with all arguments
call("sum", lambda x: np.sum(x, axis=1, keepdims=True, where=MASK, initial=2.0), X)
call("prod", lambda x: np.prod(x, axis=0, where=MASK, initial=2.0), X)
call("max", lambda x: np.max(x, axis=1, where=MASK, initial=0.3), X)
call("min", lambda x: np.min(x, axis=1, where=MASK, initial=0.8), X)
call("max", lambda x: np.max(x[:0], initial=0.3), V)
call("mean", lambda x: np.mean(x, axis=0, where=X < 0.8), X)
call("var", lambda x: np.var(x, axis=1, ddof=1), X)
call("var", lambda x: np.var(x, axis=1, where=X < 0.8, correction=0.5), X)
call("std", lambda x: np.std(x, axis=1, ddof=1, mean=np.mean(x, axis=1, keepdims=True)), X)
call("any", lambda x: np.any(x > 0.5, axis=1, where=~MASK), X)
call("all", lambda x: np.all(x > 0.1, axis=1, where=~MASK), X)
call("average", lambda x, w: np.average(x, axis=1, weights=w), X, W)
call("average", parts(lambda x, w: np.average(x, weights=w, returned=True)), X, Y)
call("cumulative_sum", lambda x: np.cumulative_sum(x, axis=1, include_initial=True), X)
call("cumulative_prod", lambda x: np.cumulative_prod(x, axis=1, include_initial=True), X)
call("cov", lambda x, w: np.cov(x, rowvar=False, aweights=w), X, W[:3])
call("cov", lambda x: np.cov(x, fweights=[1, 2, 1, 3], aweights=[0.2, 0.5, 0.7, 0.1], ddof=0), X)
call("cov", lambda x, y: np.cov(x, y, bias=True), V, W)
call("nanmean", lambda x: np.nanmean(x, axis=1, keepdims=True), HOLES)
call("nanmedian", lambda x: np.nanmedian(x, axis=1, keepdims=True), HOLES)
call("nanquantile", lambda x: np.nanquantile(x, [0.2, 0.7], axis=0), HOLES)
call("nanstd", lambda x: np.nanstd(x, axis=1, ddof=0.5), HOLES)
call("quantile", lambda x: np.quantile(x, [0.2, 0.7], axis=0, method="hazen"), X)
call("bincount", lambda w: np.bincount(np.array([0, 2, 2, 1]), weights=w), V)
call("setdiff1d", lambda x: np.setdiff1d(np.append(x, x[::2]), x[1:2]), V)
call("setdiff1d", lambda x: np.setdiff1d(x, [0.5], assume_unique=True), V)
call("intersect1d", lambda x: np.intersect1d(x, x[1:3]), V)
call("corrcoef", lambda x: np.corrcoef(x)[0, 1:], X)
call("unique_all", lambda x: np.unique_all(x)[0], V)
call("unique_counts", lambda x: np.unique_counts(x)[0], V)
call("unique_inverse", lambda x: np.unique_inverse(x)[0], V)
# numerical
call("diff", lambda x: np.diff(x, n=2, axis=0, prepend=0.5, append=x[:1]), X)
call("ediff1d", lambda x: np.ediff1d(x, to_end=[1.0, 2.0], to_begin=3.0), X)
call("trapezoid", lambda y, x: np.trapezoid(y, x), X, SORTED)
call("trapezoid", lambda y, x: np.trapezoid(y, x, axis=0), X, Y)
call("trapezoid", lambda y, h: np.trapezoid(y, dx=h), V, 0.3)
call("gradient", np.gradient, V)
call("gradient", lambda y, h: np.gradient(y, h, axis=1, edge_order=2), X, 0.3)
call("gradient", lambda y, x: np.gradient(y, x, edge_order=2), V, SORTED)
call("gradient", lambda y, x: np.gradient(y, x), V, SORTED)
call("gradient", parts(lambda y, x: np.gradient(y, 0.5, x)), X, SORTED)
call("interp", np.interp, np.array([0.05, 0.2, 0.6, 0.79, 0.95]), SORTED, V)
call(
    "interp",
    lambda x, xp, fp: np.interp(x, xp, fp, left=-1.0, right=2.0),
    np.array([0.05, 0.2, 0.95]),
    SORTED,
    V,
)
call("interp", lambda x, xp, fp: np.interp(x, xp, fp, period=0.7), np.array([-0.3, 0.2, 0.9]), SORTED, V)
for _mode in ("full", "same", "valid"):
    for _size in (2, 3):
        call("convolve", lambda a, v, mode=_mode: np.convolve(a, v, mode), V, W[:_size])
        call("convolve", lambda a, v, mode=_mode: np.convolve(a, v, mode), W[:_size], V)
        call("correlate", lambda a, v, mode=_mode: np.correlate(a, v, mode), V, W[:_size])
        call("correlate", lambda a, v, mode=_mode: np.correlate(a, v, mode), W[:_size], V)
call("correlate", lambda a, v: np.correlate(a, v, "full"), C[0], C[1, :2])
call("cross", lambda a, b: np.cross(a, b, axis=0), X, Y)
call("polyder", lambda p: np.polyder(p, 2), V)
call("polyint", lambda p: np.polyint(p, 2, [0.3, 0.4]), V)
call("polydiv", parts(np.polydiv), V, W[:2])
call("poly", lambda m: np.poly(m @ m.T), M)
# NumPy before 2.5 has the general one for two variables and for three.
polyvalnd = getattr(
    polynomial, "polyvalnd", lambda points, c: getattr(polynomial, f"polyval{len(points)}d")(*points, c)
)
call("polynomial.polynomial.polyvalnd", lambda c, x, y: polyvalnd((x, y), c), X, V, W)
call("polynomial.polynomial.polyval2d", polynomial.polyval2d, V, W, X[..., None] * V[:2])
call("polynomial.polynomial.polyval2d", polynomial.polyval2d, C[0, 0], C[1, 1], C)
call("polynomial.polynomial.polyval2d", lambda x: polynomial.polyval2d(x, 2 * x, [[1, 2, 3]]), V)
call("polynomial.polynomial.polygrid2d", polynomial.polygrid2d, V, W[:3], X)
call("polynomial.polynomial.polygrid2d", polynomial.polygrid2d, X[:2], W[0], V)
call("polyfit", lambda x, y, w: np.polyfit(x, y, 2, w=w), SORTED, V, W)
call("polyfit", lambda x, y: np.polyfit(x, y, 1), SORTED, X.T)
call("roots", lambda p: np.sort(np.real(np.roots(p))), np.array([1.0, -6.0, 11.0, -6.0]))
call("unwrap", lambda p: np.unwrap(p, period=4.0), np.array([0.0, 3.0, 6.9, 1.5]))
call("vander", lambda x: np.vander(x, 3, increasing=True), V)
call("linspace", lambda a, b: np.linspace(a, b, 5, endpoint=False, axis=1), V, W)
call("linspace", lambda a, b: np.linspace(a, b, 5, retstep=True)[1], 0.5, 3.0)
call(
    "nan_to_num",
    lambda x: np.nan_to_num(x, nan=2.0, posinf=3.0, neginf=-4.0),
    np.array([np.nan, 1.0, np.inf, -np.inf]),
)
