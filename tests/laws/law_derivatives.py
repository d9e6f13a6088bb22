"""Derivatives of elementwise primitives by any mixture of modes, compared with formulas in 50 digits."""

import warnings

import numpy as np
from law_formulas import FORMULAS, exact, mp
from law_points import HARD

import gradtape as gt
from gradtape.core.primitive import Kind
from gradtape.core.tensor import ROWS
from gradtape.laws import cases

RELATIVE = 1e-12
ULPS = 4  # how far the inputs may be thought moved, in units in the last place: the condition number's share
DOUBLE = np.finfo(np.float64)
COUNT = 3
# Their derivatives are polynomials in a value between -1 and 1, and right to some rounding of 1; see docs/nonsmooth.md.
SATURATING = {"tanh", "sigmoid", "softplus", "logaddexp"}


def elementwise_rows():
    """The primitives that work entry by entry and have a derivative, but for those that choose or convert."""
    others = ("where", "cast", "conjugate", "real", "imag")
    return [
        name
        for name, row in ROWS.items()
        if row.pointwise and row.kind is not Kind.CONSTANT and name not in others
    ]


def points(name, dtype):
    """A few entries of each sample in a dtype, as vectors of equal length; none if the dtype is refused."""
    row, seen = ROWS[name], []
    for case in cases(row, [np.dtype("float64"), np.dtype("complex128")]):
        if case.dtype != dtype or case.params in seen:
            continue
        seen.append(case.params)
        wide = [np.array(x).ravel()[:COUNT] for x in np.broadcast_arrays(*case.inputs)]
        yield wide, case.params


def hard_points(name):
    """The hard points of a primitive, as vectors of equal length."""
    given = [point if isinstance(point, tuple) else (point,) for point in HARD[name]]
    return [np.array(part) for part in zip(*given, strict=True)]


def derivative(function, xs, sequence, modes):
    """The derivative of a function of vectors, entry by entry, by the arguments of a sequence; a letter for each mode.

    Complex gradients are the conjugates of derivatives, and so are gradients of those.
    """
    if not sequence:
        return function(xs)
    x = xs[sequence[0]]
    rest = sequence[1:], modes[1:]
    if modes[0] == "f":
        with gt.autodiff.ForwardAccumulator(x, gt.ones_like(x)) as accumulator:
            y = derivative(function, xs, *rest)
        return accumulator.jvp(y, gt.UnconnectedGradients.ZERO)
    with gt.GradientTape() as tape:
        tape.watch(x)
        y = derivative(function, xs, *rest)
    g = tape.gradient(y, x, unconnected_gradients="zero")
    return gt.math.conj(g)


def agrees(name, inputs, params, orders, modes):
    """Assert that a mixed derivative is the formula's, to RELATIVE or to what moved inputs would do."""
    if np.iscomplexobj(inputs[0]) and ROWS[name].kind is Kind.TANGENT:
        return  # not holomorphic: the general law has it
    xs = [gt.constant(x) for x in inputs]
    sequence = tuple(i for i, n in enumerate(orders) for _ in range(n))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = derivative(lambda at: ROWS[name](*at, **params), xs, sequence, modes).numpy()
    for i, got in enumerate(found):
        point = tuple(x[i] for x in inputs)
        wanted = exact(name, point, params, orders)
        off = distance(got, wanted)
        floor = 64 * DOUBLE.eps if name in SATURATING and any(orders) else DOUBLE.smallest_subnormal
        allowed = RELATIVE * abs(wanted) + floor
        if off <= allowed:
            continue
        share = ULPS * DOUBLE.eps * sensitivity(name, point, params, orders)
        assert off <= allowed + share, (
            f"{name}{tuple(map(str, point))} {params}, orders {orders}, modes {modes or 'value'}: "
            f"expected {mp.nstr(wanted, 17)}, got {got!r}, relative error {mp.nstr(off / abs(wanted or 1), 2)}, "
            f"condition share {mp.nstr(share / abs(wanted or 1), 2)}"
        )


def distance(got, wanted):
    """How far a number is from the exact one; nothing if both are beyond the largest double with one sign."""
    beyond = not np.iscomplexobj(got) and abs(wanted) >= float(DOUBLE.max)
    if beyond and np.isinf(got) and (got > 0) == (wanted > 0):
        return mp.mpf(0)
    return abs(mp.mpmathify(complex(got) if np.iscomplexobj(got) else float(got)) - wanted)


def sensitivity(name, point, params, orders):
    """How much a derivative changes when the inputs change relatively: the sum of |x df/dx|."""
    total = mp.mpf(0)
    for i, x in enumerate(point):
        if i not in FORMULAS[name].fixed:
            more = tuple(n + (j == i) for j, n in enumerate(orders))
            total += abs(mp.mpmathify(x)) * abs(exact(name, point, params, more))
    return total
