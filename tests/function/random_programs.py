"""Random programs: views, joins, products, reductions, choices, and all that they make given out."""

import numpy as np

import gradtape as gt

UNARY = (
    gt.sin,
    gt.tanh,
    gt.sigmoid,
    gt.abs,
    lambda x: x * x,
    lambda x: gt.exp(-x * x),
    lambda x: gt.where(x > 0, x, 0.1 * x),
    lambda x: gt.nn.softplus(x),
)
BINARY = (gt.add, gt.multiply, gt.subtract, gt.maximum, lambda a, b: a / (1 + b * b))


def _fits(a, b):
    try:
        np.broadcast_shapes(a.shape, b.shape)
    except ValueError:
        return False
    return True


def _step(rng, values):
    """One more value made of those that are there, None where the draw does not fit."""
    a = values[rng.integers(len(values))]
    b = values[rng.integers(len(values))]
    kind = rng.integers(14)
    axis = int(rng.integers(max(a.ndim, 1)))
    if kind < 3:
        return UNARY[rng.integers(len(UNARY))](a)
    if kind < 6:
        return gt.tanh(BINARY[rng.integers(len(BINARY))](a, b)) if _fits(a, b) else None
    if a.ndim == 0:
        return None
    if kind == 6:
        return gt.reduce_mean(a, axis=axis, keepdims=bool(rng.integers(2)))
    if kind == 7:
        return gt.reduce_max(a, axis=axis)
    if kind == 8:
        return gt.transpose(a)
    if kind == 9:
        return gt.reshape(a, (-1,)) if rng.integers(2) else gt.expand_dims(a, axis)
    if kind == 10:
        index = [slice(None)] * a.ndim
        low = int(rng.integers(a.shape[axis]))
        index[axis] = [slice(low, None), slice(None, None, -1), low][rng.integers(3)]
        return a[tuple(index)]
    if kind == 11:
        return gt.concat([a, gt.sin(a)], axis) if a.size < 200_000 else None
    if kind == 12:
        return gt.stack([a, 2 * a], axis) if a.ndim < 3 and a.size < 200_000 else None
    if a.ndim == b.ndim == 2 and a.shape[1] == b.shape[0] and a.shape[0] * b.shape[1] < 100_000:
        return gt.tanh(a @ b / a.shape[1])
    return None


def program_of(seed, shapes, steps):
    """A program with the gradient of a sum of what it makes, and inputs for it."""
    inputs = [np.random.default_rng([seed, k]).normal(size=shape) for k, shape in enumerate(shapes)]

    def program(*xs):
        rng = np.random.default_rng(seed)
        with gt.GradientTape() as tape:
            tape.watch(xs)
            values = list(xs)
            for _ in range(steps):
                made = _step(rng, values)
                if made is not None:
                    values.append(made)
            total = sum(gt.reduce_mean(v) for v in values[-4:])
        gradients = tape.gradient(total, xs, unconnected_gradients="zero")
        return values[len(xs) :], total, gradients

    return program, inputs


def loop_of(seed, turns, python):
    """A program whose turns are random, as a scan or as a loop of Python's, and inputs for it."""
    start = np.random.default_rng([seed, 99])
    shapes = [[(2, 3), (3,), ()][k] for k in start.integers(3, size=2)]
    inputs = [start.normal(size=s) for s in (*shapes, (3, 2), (turns, *shapes[0]))]

    def turn(state, x, fixed):
        rng = np.random.default_rng(seed)
        values = [*state, x, fixed]
        for _ in range(9):
            made = _step(rng, values)
            if made is not None and made.size < 100:
                values.append(made)
        marks = [gt.reduce_mean(values[rng.integers(len(values))]) for _ in state]
        return tuple(gt.tanh(s * 0.9 + m) for s, m in zip(state, marks, strict=True))

    def program(a, b, fixed, xs):
        with gt.GradientTape() as tape:
            tape.watch([a, b, fixed, xs])
            if python:
                state = (a, b)
                for i in range(turns):
                    state = turn(state, xs[i], fixed)
                total = sum(gt.reduce_sum(s * s) for s in state)
            else:
                rows = gt.scan(lambda s, x: turn(s, x, fixed), xs, (a, b), reverse=bool(seed % 2))
                total = sum(gt.reduce_mean(r * r) for r in rows)
        return total, tape.gradient(total, [a, b, fixed, xs], unconnected_gradients="zero")

    return program, inputs
