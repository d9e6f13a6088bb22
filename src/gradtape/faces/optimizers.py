"""TensorFlow's `tf.optimizers`: gradient descent with memory. Each class is its formula; `optimizer.py` does the rest.

    x = tf.Variable(4.0)
    optimizer = tf.optimizers.Adam(0.1)
    with tf.GradientTape() as tape:
        loss = x * x
    optimizer.apply_gradients([(tape.gradient(loss, x), x)])

Formulas, defaults and names of slots are those of Keras 3, which TensorFlow 2.21 gives under this name; the papers are
named beside them. A step is computed in the variable's own dtype, factors of it in double precision.
"""

from __future__ import annotations

from typing import Any

from ..core.errors import InvalidArgumentError
from ..core.tensor import Tensor
from ..ops.composite import astype
from ..ops.elementwise import maximum, sqrt, square
from . import schedules as schedules
from .further_optimizers import Adadelta, Adamax, Ftrl, Nadam
from .lbfgs import LbfgsResult, lbfgs_minimize
from .optimizer import Optimizer, Slots
from .stepping import fraction, not_negative


class SGD(Optimizer):
    """Gradient descent, with momentum (Polyak 1964) or Nesterov's (Sutskever et al. 2013) if asked for.

        m <- momentum m - rate g
        x <- x + m,  with Nesterov's  x + momentum m - rate g,  without momentum  x - rate g

    Args:
        learning_rate: a number, a variable, or a function of the number of steps.
        momentum: a number in [0, 1].
        nesterov: whether the gradient counts as taken ahead.
        weight_decay, clipnorm, clipvalue, global_clipnorm, name: as in `Optimizer`.

    Raises:
        ValueError: for a momentum out of range, and as `Optimizer`.

    >>> import gradtape as gt
    >>> x = gt.Variable(4.0)
    >>> optimizer = gt.optimizers.SGD(0.25)
    >>> optimizer.minimize(lambda: x * x, [x]).numpy(), x.numpy()
    (np.int64(1), np.float32(2.0))
    """

    def __init__(
        self,
        learning_rate: Any = 0.01,
        momentum: float = 0.0,
        nesterov: bool = False,
        weight_decay: float | None = None,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        global_clipnorm: float | None = None,
        name: str = "SGD",
    ) -> None:
        super().__init__(learning_rate, weight_decay, clipnorm, clipvalue, global_clipnorm, name)
        self.momentum = fraction(name, "momentum", momentum, closed=True)
        self.nesterov = bool(nesterov)

    def _initial(self) -> dict[str, float]:
        return {"momentum": 0.0} if self.momentum else {}

    def _step(self, t: Tensor, rate: Tensor, x: Tensor, g: Tensor, slots: Slots) -> tuple[Tensor, Slots]:
        if not self.momentum:
            return x - rate * g, {}
        m = self.momentum * slots["momentum"] - rate * g
        return x + (self.momentum * m - rate * g if self.nesterov else m), {"momentum": m}


class Adam(Optimizer):
    """Steps of the mean gradient over the root of the mean square (Kingma and Ba 2014, the form before section 2.1).

        m <- m + (1 - beta_1) (g - m)
        v <- v + (1 - beta_2) (g^2 - v)
        x <- x - rate sqrt(1 - beta_2^t) / (1 - beta_1^t)  m / (sqrt(v) + epsilon)

    With `amsgrad` the largest v so far stands in the root (Reddi et al. 2018).

    Args:
        learning_rate: a number, a variable, or a function of the number of steps.
        beta_1, beta_2: numbers in [0, 1): how much of the means is kept in a step.
        epsilon: the paper's "epsilon hat".
        amsgrad: whether v never falls.
        weight_decay, clipnorm, clipvalue, global_clipnorm, name: as in `Optimizer`.

    Raises:
        ValueError: for a number out of range, and as `Optimizer`.

    >>> import gradtape as gt
    >>> x = gt.Variable(4.0)
    >>> _ = gt.optimizers.Adam(0.5).minimize(lambda: x * x, [x])
    >>> print(f"{x.numpy():.4f}")
    3.5000
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        amsgrad: bool = False,
        weight_decay: float | None = None,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        global_clipnorm: float | None = None,
        name: str = "Adam",
    ) -> None:
        super().__init__(learning_rate, weight_decay, clipnorm, clipvalue, global_clipnorm, name)
        self.beta_1, self.beta_2 = fraction(name, "beta_1", beta_1), fraction(name, "beta_2", beta_2)
        self.epsilon = not_negative(name, "epsilon", epsilon)
        self.amsgrad = bool(amsgrad)

    def _initial(self) -> dict[str, float]:
        names = ("momentum", "velocity", *(("velocity_hat",) if self.amsgrad else ()))
        return dict.fromkeys(names, 0.0)

    def _step(self, t: Tensor, rate: Tensor, x: Tensor, g: Tensor, slots: Slots) -> tuple[Tensor, Slots]:
        m, v = slots["momentum"], slots["velocity"]
        m = m + (1 - self.beta_1) * (g - m)
        v = v + (1 - self.beta_2) * (square(g) - v)
        after = {"momentum": m, "velocity": v}
        if self.amsgrad:
            v = after["velocity_hat"] = maximum(slots["velocity_hat"], v)
        alpha = rate * astype(sqrt(1 - self.beta_2**t) / (1 - self.beta_1**t), x.dtype)
        return x - alpha * m / (sqrt(v) + self.epsilon), after


class AdamW(Adam):
    """Adam with decoupled weight decay (Loshchilov and Hutter 2019): first `x <- x - weight_decay rate x`.

    Arguments are those of `Adam`.
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        weight_decay: float = 0.004,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        amsgrad: bool = False,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        global_clipnorm: float | None = None,
        name: str = "AdamW",
    ) -> None:
        if weight_decay is None:
            raise InvalidArgumentError(f"{name}: weight_decay must be a number, not None; Adam has none")
        super().__init__(
            learning_rate,
            beta_1,
            beta_2,
            epsilon,
            amsgrad,
            weight_decay,
            clipnorm,
            clipvalue,
            global_clipnorm,
            name,
        )


class RMSprop(Optimizer):
    """Steps of the gradient over the root of its mean square (Hinton 2012, lecture 6e).

        v <- rho v + (1 - rho) g^2,  centered: also  a <- rho a + (1 - rho) g
        s = rate g / sqrt(v + epsilon),  centered: v - a^2 in place of v (Graves 2013)
        x <- x - s,  with momentum: b <- momentum b + s,  x <- x - b

    Args:
        learning_rate: a number, a variable, or a function of the number of steps.
        rho: a number in [0, 1): how much of the mean square is kept in a step.
        momentum: a number in [0, 1].
        epsilon: a small number inside the root.
        centered: divide by the standard deviation rather than the mean square.
        weight_decay, clipnorm, clipvalue, global_clipnorm, name: as in `Optimizer`.

    Raises:
        ValueError: for a number out of range, and as `Optimizer`.
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        rho: float = 0.9,
        momentum: float = 0.0,
        epsilon: float = 1e-7,
        centered: bool = False,
        weight_decay: float | None = None,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        global_clipnorm: float | None = None,
        name: str = "RMSprop",
    ) -> None:
        super().__init__(learning_rate, weight_decay, clipnorm, clipvalue, global_clipnorm, name)
        self.rho = fraction(name, "rho", rho)
        self.momentum = fraction(name, "momentum", momentum, closed=True)
        self.epsilon = not_negative(name, "epsilon", epsilon)
        self.centered = bool(centered)

    def _initial(self) -> dict[str, float]:
        names = {"velocity": True, "average_gradient": self.centered, "momentum": self.momentum > 0}
        return {name: 0.0 for name, there in names.items() if there}

    def _step(self, t: Tensor, rate: Tensor, x: Tensor, g: Tensor, slots: Slots) -> tuple[Tensor, Slots]:
        v = self.rho * slots["velocity"] + (1 - self.rho) * square(g)
        after, spread = {"velocity": v}, v
        if self.centered:
            a = self.rho * slots["average_gradient"] + (1 - self.rho) * g
            after["average_gradient"], spread = a, v - square(a)
        s = rate * g / sqrt(spread + self.epsilon)
        if self.momentum > 0:
            s = after["momentum"] = self.momentum * slots["momentum"] + s
        return x - s, after


class Adagrad(Optimizer):
    """Steps of the gradient over the root of the sum of all squares so far (Duchi et al. 2011).

        a <- a + g^2
        x <- x - rate g / sqrt(a + epsilon)

    Args:
        learning_rate: a number, a variable, or a function of the number of steps.
        initial_accumulator_value: what the sums start from; not negative.
        epsilon: a small number inside the root.
        weight_decay, clipnorm, clipvalue, global_clipnorm, name: as in `Optimizer`.

    Raises:
        ValueError: for a number out of range, and as `Optimizer`.
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        initial_accumulator_value: float = 0.1,
        epsilon: float = 1e-7,
        weight_decay: float | None = None,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        global_clipnorm: float | None = None,
        name: str = "Adagrad",
    ) -> None:
        super().__init__(learning_rate, weight_decay, clipnorm, clipvalue, global_clipnorm, name)
        self.initial_accumulator_value = not_negative(
            name, "initial_accumulator_value", initial_accumulator_value
        )
        self.epsilon = not_negative(name, "epsilon", epsilon)

    def _initial(self) -> dict[str, float]:
        return {"accumulator": self.initial_accumulator_value}

    def _step(self, t: Tensor, rate: Tensor, x: Tensor, g: Tensor, slots: Slots) -> tuple[Tensor, Slots]:
        a = slots["accumulator"] + square(g)
        return x - rate * g / sqrt(a + self.epsilon), {"accumulator": a}


__all__ = [
    "Adadelta",
    "Adagrad",
    "Adam",
    "AdamW",
    "Adamax",
    "Ftrl",
    "LbfgsResult",
    "Nadam",
    "Optimizer",
    "RMSprop",
    "SGD",
    "lbfgs_minimize",
    "schedules",
]
