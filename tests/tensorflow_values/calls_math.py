"""Calls of TensorFlow's math: entry by entry, reductions, running sums, segments, order and special functions."""

from .sampling import NOWHERE, V, X, Z, call

WIDE = ("float64", "float32")
COMPLEX = ("float64", "float32", "complex128")

# name: argument, interval; the names of two tables so that complex ones are asked too.
UNARY_COMPLEX = {
    "abs": ("x", -1.5, 1.5),
    "acos": ("x", -0.9, 0.9),
    "acosh": ("x", 1.1, 3.0),
    "asin": ("x", -0.9, 0.9),
    "asinh": ("x", -2.0, 2.0),
    "atan": ("x", -2.0, 2.0),
    "atanh": ("x", -0.9, 0.9),
    "conj": ("x", -1.5, 1.5),
    "cos": ("x", -2.0, 2.0),
    "cosh": ("x", -2.0, 2.0),
    "exp": ("x", -2.0, 2.0),
    "expm1": ("x", -2.0, 2.0),
    "imag": ("input", -1.5, 1.5),
    "log": ("x", 0.2, 3.0),
    "log1p": ("x", -0.5, 3.0),
    "negative": ("x", -1.5, 1.5),
    "real": ("input", -1.5, 1.5),
    "reciprocal": ("x", 0.3, 2.0),
    "rsqrt": ("x", 0.3, 2.0),
    "sigmoid": ("x", -2.0, 2.0),
    "sign": ("x", -1.5, 1.5),
    "sin": ("x", -2.0, 2.0),
    "sinh": ("x", -2.0, 2.0),
    "sqrt": ("x", 0.3, 2.0),
    "square": ("x", -1.5, 1.5),
    "tan": ("x", -1.2, 1.2),
    "tanh": ("x", -1.5, 1.5),
}
UNARY = {
    "bessel_i0": ("x", -3.0, 3.0),
    "bessel_i0e": ("x", -3.0, 3.0),
    "bessel_i1": ("x", -3.0, 3.0),
    "bessel_i1e": ("x", -3.0, 3.0),
    "ceil": ("x", -2.0, 2.0),
    "digamma": ("x", 0.3, 4.0),
    "erf": ("x", -2.0, 2.0),
    "erfc": ("x", -2.0, 2.0),
    "erfcinv": ("x", 0.1, 1.9),
    "erfinv": ("x", -0.9, 0.9),
    "floor": ("x", -2.0, 2.0),
    "is_finite": ("x", -2.0, 2.0),
    "is_inf": ("x", -2.0, 2.0),
    "is_nan": ("x", -2.0, 2.0),
    "lgamma": ("x", 0.3, 4.0),
    "log_sigmoid": ("x", -3.0, 3.0),
    "ndtri": ("x", 0.1, 0.9),
    "reciprocal_no_nan": ("x", 0.3, 2.0),
    "rint": ("x", -2.0, 2.0),
    "round": ("x", -2.0, 2.0),
    "softplus": ("features", -3.0, 3.0),
    "softsign": ("features", -3.0, 3.0),
}
SPECIAL = {
    "bessel_i0": (-3.0, 3.0),
    "bessel_i0e": (-3.0, 3.0),
    "bessel_i1": (-3.0, 3.0),
    "bessel_i1e": (-3.0, 3.0),
    "bessel_j0": (0.3, 5.0),
    "bessel_j1": (0.3, 5.0),
    "bessel_k0": (0.3, 4.0),
    "bessel_k0e": (0.3, 4.0),
    "bessel_k1": (0.3, 4.0),
    "bessel_k1e": (0.3, 4.0),
    "bessel_y0": (0.3, 5.0),
    "bessel_y1": (0.3, 5.0),
    "dawsn": (-2.0, 2.0),
    "expint": (0.3, 2.0),
    "fresnel_cos": (-1.5, 1.5),
    "fresnel_sin": (-1.5, 1.5),
    "spence": (0.3, 3.0),
}
A, B, POSITIVE = X((2, 3)), X((3,)), X((2, 3), 0.3, 2.5)
BINARY_COMPLEX = ("add", "subtract", "multiply", "divide", "truediv", "squared_difference", "xdivy")
BINARY = ("floordiv", "floormod", "mod", "maximum", "minimum", "atan2")
COMPARED = ("equal", "not_equal", "greater", "greater_equal", "less", "less_equal")
REDUCED = ("sum", "mean", "max", "min", "prod", "std", "variance", "logsumexp", "euclidean_norm")
IDS, LOOSE = [0, 0, 2, 2, 2], [3, 0, 1, 0, -1]

ENTRYWISE = [
    *(call(f"math.{n}", dtypes=COMPLEX, **{a: X((2, 3), *ab)}) for n, (a, *ab) in UNARY_COMPLEX.items()),
    *(call(f"math.{n}", dtypes=WIDE, **{a: X((2, 3), *ab)}) for n, (a, *ab) in UNARY.items()),
    *(call(f"math.special.{n}", x=X((5,), *ab)) for n, ab in SPECIAL.items()),
    *(call(f"math.{n}", dtypes=COMPLEX, x=A, y=X((3,), 0.4, 2.0)) for n in BINARY_COMPLEX),
    *(
        call(
            f"math.{n}",
            dtypes=WIDE,
            **{("y" if n == "atan2" else "x"): A, ("x" if n == "atan2" else "y"): X((3,), 0.4, 2.0)},
        )
        for n in BINARY
    ),
    *(call(f"math.{n}", x=A, y=B) for n in COMPARED),
    *(
        call(f"math.{n}", x=[True, False, True], y=[False, False, True])
        for n in ("logical_and", "logical_or", "logical_xor")
    ),
    call("math.logical_not", x=[True, False]),
    call("math.pow", x=POSITIVE, y=B, dtypes=COMPLEX),
    call("math.pow", x=V([-1.5, 0.0, 2.0]), y=3.0),
    call("math.pow", x=V([-1.5, 0.5, 2.0]), y=2.0),
    call("math.multiply_no_nan", x=A, y=V([0.0, 2.0, -1.0])),
    call("math.divide_no_nan", x=A, y=V([0.0, 2.0, -1.0])),
    call("math.xlogy", x=V([0.0, 1.0, -2.0]), y=X((3,), 0.3, 2.0)),
    call("math.xlog1py", x=V([0.0, 1.0, -2.0]), y=X((3,), 0.3, 2.0)),
    call("math.maximum", x=V([1.0, 2.0, 3.0]), y=V([1.0, 3.0, 2.0])),
    call("math.minimum", x=V([1.0, 2.0, 3.0]), y=V([1.0, 3.0, 2.0])),
    call("math.nextafter", x1=A, x2=A),
    call("math.angle", input=Z((3,))),
    call("math.angle", input=A),
    call("math.abs", x=Z((3,))),
    call("math.real", input=Z((3,))),
    call("math.imag", input=Z((3,))),
    call("math.conj", x=Z((3,))),
    call("complex", real=A, imag=A),
    call("math.polyval", coeffs=[X(()), X(()), X(())], x=B),
    call("math.scalar_mul", scalar=X(()), x=A),
    call("math.add_n", inputs=[A, A, A]),
    call("math.accumulate_n", inputs=[A, A, A]),
    call("math.zero_fraction", value=V([0.0, 1.0, 0.0])),
    call("math.betainc", a=X((3,), 0.5, 3.0), b=X((3,), 0.5, 3.0), x=X((3,), 0.1, 0.9)),
    call("math.igamma", a=X((3,), 0.5, 3.0), x=X((3,), 0.3, 4.0)),
    call("math.igammac", a=X((3,), 0.5, 3.0), x=X((3,), 0.3, 4.0)),
    call("math.lbeta", x=X((2, 3), 0.4, 3.0)),
    call("math.polygamma", a=[1.0, 2.0, 3.0], x=X((3,), 0.4, 3.0)),
    call("math.zeta", x=[2.5, 3.0, 4.0], q=X((3,), 0.4, 3.0)),
]
REDUCTIONS = [
    *(call(f"math.reduce_{n}", input_tensor=POSITIVE, dtypes=WIDE) for n in REDUCED),
    *(call(f"math.reduce_{n}", input_tensor=X((2, 2, 3)), axis=[0, -1], keepdims=True) for n in REDUCED),
    *(call(f"math.reduce_{n}", input_tensor=A, axis=1) for n in REDUCED),
    *(call(f"math.reduce_{n}", input_tensor=V([[2.0, 1.0], [2.0, 2.0]]), axis=0) for n in ("max", "min")),
    *(call(f"math.reduce_{n}", input_tensor=[[True, False], [True, True]], axis=0) for n in ("all", "any")),
    *(
        call(f"math.{n}", x=X((2, 4)), axis=1, exclusive=e, reverse=r, dtypes=WIDE)
        for n in ("cumsum", "cumprod", "cumulative_logsumexp")
        for e, r in ((False, False), (True, False), (False, True), (True, True))
        if (n, e) != ("cumulative_logsumexp", True)
    ),
    call("math.count_nonzero", input=V([[0.0, 1.0], [2.0, 0.0]]), axis=0),
    call("math.argmax", input=A, axis=1),
    call("math.argmin", input=A, axis=0),
    call("math.l2_normalize", x=A, axis=1),
    call("math.softmax", logits=A, dtypes=WIDE),
    call("math.softmax", logits=A, axis=0),
    call("math.log_softmax", logits=A, dtypes=WIDE),
    call("math.log_softmax", logits=A, axis=0),
    call("math.is_non_decreasing", x=V([1.0, 2.0, 2.0])),
    call("math.is_strictly_increasing", x=V([1.0, 2.0, 2.0])),
    call("math.top_k", input=X((2, 5)), k=3),
    call(
        "math.approx_max_k",
        X((2, 5)),
        run=lambda tf, x: tf.math.approx_max_k(operand=tf.cast(x, "float32"), k=3),
        dtypes=NOWHERE,
    ),
    call(
        "math.approx_min_k",
        X((2, 5)),
        run=lambda tf, x: tf.math.approx_min_k(operand=tf.cast(x, "float32"), k=3),
        dtypes=NOWHERE,
    ),
    call("math.in_top_k", X((2, 5)), run=lambda tf, x: tf.math.in_top_k([1, 4], tf.cast(x, "float32"), k=3)),
    call("math.bincount", arr=[1, 1, 3, 0], weights=X((4,)), minlength=5),
    call("math.bincount", arr=[1, 1, 3, 0]),
    call("math.confusion_matrix", labels=[1, 2, 0], predictions=[1, 0, 0], num_classes=3),
    call("math.invert_permutation", x=[2, 0, 1]),
    *(
        call(f"math.segment_{n}", data=X((5, 2), 0.3, 2.0), segment_ids=IDS)
        for n in ("sum", "mean", "max", "min", "prod")
    ),
    *(
        call(f"math.unsorted_segment_{n}", data=X((5, 2), 0.3, 2.0), segment_ids=LOOSE, num_segments=5)
        for n in ("sum", "mean", "max", "min", "prod", "sqrt_n")
    ),
]
CALLS = [*ENTRYWISE, *REDUCTIONS]
