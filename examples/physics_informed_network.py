"""A network whose loss is the heat equation, trained from nothing: a start for equations of your own.

The equation is u_t = 0.2 u_xx on a rod with cold ends and the start sin(pi x); docs/howto/heat.md explains each part
and draws the picture.
"""

from itertools import pairwise

import numpy as np

import gradtape as gt

rng = np.random.default_rng(0)
sizes = [2, 16, 16, 1]
weights = [gt.Variable(rng.normal(size=s) / np.sqrt(s[0])) for s in pairwise(sizes)]
biases = [gt.Variable(np.zeros(size)) for size in sizes[1:]]


def u(x, t):
    """The temperature at columns of points, with initial and boundary values built in."""
    h = gt.concat([x, t], 1)
    for w, b in zip(weights[:-1], biases[:-1], strict=True):
        h = gt.tanh(h @ w + b)
    return gt.sin(np.pi * x) + t * x * (1.0 - x) * (h @ weights[-1] + biases[-1])


x, t = gt.constant(rng.uniform(size=(200, 1))), gt.constant(rng.uniform(size=(200, 1)))
trained = weights + biases
optimizer = gt.optimizers.Adam(0.02)


@gt.function
def step():
    with gt.GradientTape() as tape:
        u_t, u_xx = gt.partials(u, "t xx")(x, t)
        loss = gt.reduce_mean((u_t - 0.2 * u_xx) ** 2)
    optimizer.apply_gradients(zip(tape.gradient(loss, trained), trained, strict=True))
    return loss


losses = [float(step()) for _ in range(600)]
X, T = np.meshgrid(np.linspace(0, 1, 61), np.linspace(0, 1, 61))
found = u(X.reshape(-1, 1), T.reshape(-1, 1)).numpy().reshape(X.shape)
exact = np.exp(-0.2 * np.pi**2 * T) * np.sin(np.pi * X)
print("the loss is a thousandth of the first one, or less:", losses[-1] < losses[0] / 1000)
print("largest error below 1 %:", np.abs(found - exact).max() < 0.01)

# Prints:
# the loss is a thousandth of the first one, or less: True
# largest error below 1 %: True
