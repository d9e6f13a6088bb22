"""Optimisers that fewer programs use: Adadelta, Adamax, Nadam and Ftrl, each its formula as in `optimizers.py`."""

from __future__ import annotations

from typing import Any

from ..core.further_errors import RangeError
from ..core.tensor import Tensor
from ..ops.composite import astype, clip
from ..ops.elementwise import absolute, maximum, power, sqrt, square
from .optimizer import Optimizer, Slots
from .stepping import fraction, not_negative


class Adadelta(Optimizer):
    """Steps whose size follows the steps before (Zeiler 2012, algorithm 1, times the learning rate).

        a <- rho a + (1 - rho) g^2
        s = -sqrt(d + epsilon) / sqrt(a + epsilon) g
        d <- rho d + (1 - rho) s^2
        x <- x + rate s

    Args:
        learning_rate: a number, a variable, or a function of the number of steps; 1 is the paper's form.
        rho: a number in [0, 1): how much of the mean squares is kept in a step.
        epsilon: a small number inside the roots.
        weight_decay, clipnorm, clipvalue, global_clipnorm, name: as in `Optimizer`.

    Raises:
        ValueError: for a number out of range, and as `Optimizer`.
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        rho: float = 0.95,
        epsilon: float = 1e-7,
        weight_decay: float | None = None,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        global_clipnorm: float | None = None,
        name: str = "Adadelta",
    ) -> None:
        super().__init__(learning_rate, weight_decay, clipnorm, clipvalue, global_clipnorm, name)
        self.rho = fraction(name, "rho", rho)
        self.epsilon = not_negative(name, "epsilon", epsilon)

    def _initial(self) -> dict[str, float]:
        return {"accumulated_grad": 0.0, "accumulated_delta_var": 0.0}

    def _step(self, t: Tensor, rate: Tensor, x: Tensor, g: Tensor, slots: Slots) -> tuple[Tensor, Slots]:
        a = self.rho * slots["accumulated_grad"] + (1 - self.rho) * square(g)
        d = slots["accumulated_delta_var"]
        s = -(sqrt(d + self.epsilon) * g / sqrt(a + self.epsilon))
        after = {
            "accumulated_grad": a,
            "accumulated_delta_var": self.rho * d + (1 - self.rho) * square(s),
        }
        return x + rate * s, after


class Adamax(Optimizer):
    """Adam with the largest gradient in place of the mean square (Kingma and Ba 2014, algorithm 2).

        m <- m + (1 - beta_1) (g - m)
        u <- max(beta_2 u, |g|)
        x <- x - rate m / ((1 - beta_1^t) (u + epsilon))

    Args:
        learning_rate: a number, a variable, or a function of the number of steps.
        beta_1, beta_2: numbers in [0, 1): how much is kept in a step.
        epsilon: a small number beside u.
        weight_decay, clipnorm, clipvalue, global_clipnorm, name: as in `Optimizer`.

    Raises:
        ValueError: for a number out of range, and as `Optimizer`.
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        weight_decay: float | None = None,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        global_clipnorm: float | None = None,
        name: str = "Adamax",
    ) -> None:
        super().__init__(learning_rate, weight_decay, clipnorm, clipvalue, global_clipnorm, name)
        self.beta_1, self.beta_2 = fraction(name, "beta_1", beta_1), fraction(name, "beta_2", beta_2)
        self.epsilon = not_negative(name, "epsilon", epsilon)

    def _initial(self) -> dict[str, float]:
        return {"momentum": 0.0, "norm": 0.0}

    def _step(self, t: Tensor, rate: Tensor, x: Tensor, g: Tensor, slots: Slots) -> tuple[Tensor, Slots]:
        m = slots["momentum"] + (1 - self.beta_1) * (g - slots["momentum"])
        u = maximum(self.beta_2 * slots["norm"], absolute(g))
        alpha = rate / astype(1 - self.beta_1**t, x.dtype)
        return x - alpha * m / (u + self.epsilon), {"momentum": m, "norm": u}


class Nadam(Optimizer):
    """Adam with Nesterov's momentum (Dozat 2016, algorithm 2, with the momentum's schedule of its section 4).

        u_t = beta_1 (1 - 0.96^t / 2),  p_t = u_1 ... u_t
        m <- m + (1 - beta_1) (g - m),  v <- v + (1 - beta_2) (g^2 - v)
        x <- x - rate (u_(t+1) m / (1 - p_(t+1)) + (1 - u_t) g / (1 - p_t)) / (sqrt(v / (1 - beta_2^t)) + epsilon)

    Args:
        learning_rate: a number, a variable, or a function of the number of steps.
        beta_1, beta_2: numbers in [0, 1): how much of the means is kept in a step.
        epsilon: a small number beside the root.
        weight_decay, clipnorm, clipvalue, global_clipnorm, name: as in `Optimizer`.

    Raises:
        ValueError: for a number out of range, and as `Optimizer`.
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        weight_decay: float | None = None,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        global_clipnorm: float | None = None,
        name: str = "Nadam",
    ) -> None:
        super().__init__(learning_rate, weight_decay, clipnorm, clipvalue, global_clipnorm, name)
        self.beta_1, self.beta_2 = fraction(name, "beta_1", beta_1), fraction(name, "beta_2", beta_2)
        self.epsilon = not_negative(name, "epsilon", epsilon)

    def _initial(self) -> dict[str, float]:
        return {"momentum": 0.0, "velocity": 0.0, "product": 1.0}

    def _step(self, t: Tensor, rate: Tensor, x: Tensor, g: Tensor, slots: Slots) -> tuple[Tensor, Slots]:
        now = astype(self.beta_1 * (1 - 0.5 * 0.96**t), x.dtype)
        then = astype(self.beta_1 * (1 - 0.5 * 0.96 ** (t + 1.0)), x.dtype)
        m = slots["momentum"] + (1 - self.beta_1) * (g - slots["momentum"])
        v = slots["velocity"] + (1 - self.beta_2) * (square(g) - slots["velocity"])
        p = slots["product"] * now
        ahead = then * m / (1 - p * then) + (1 - now) * g / (1 - p)
        spread = sqrt(v / astype(1 - self.beta_2**t, x.dtype))
        after = {"momentum": m, "velocity": v, "product": p}
        return x - rate * ahead / (spread + self.epsilon), after


class Ftrl(Optimizer):
    """Follow the regularised leader, which makes exact zeros (McMahan et al. 2013, algorithm 1).

        b = a + g^2
        z <- z + g + 2 l2_shrinkage x - (b^(-power) - a^(-power)) / rate x,  a <- b
        x <- (clip(z, -l1, l1) - z) / (b^(-power) / rate + 2 l2 + beta / rate)

    Args:
        learning_rate: a number, a variable, or a function of the number of steps.
        learning_rate_power: not positive; -1/2 is the paper's.
        initial_accumulator_value: what the sums of squares start from; not negative.
        l1_regularization_strength, l2_regularization_strength: not negative.
        l2_shrinkage_regularization_strength: not negative; pulls at the gradient rather than at the sums.
        beta: as in the paper.
        weight_decay, clipnorm, clipvalue, global_clipnorm, name: as in `Optimizer`.

    Raises:
        ValueError: for a number out of range, and as `Optimizer`.
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        learning_rate_power: float = -0.5,
        initial_accumulator_value: float = 0.1,
        l1_regularization_strength: float = 0.0,
        l2_regularization_strength: float = 0.0,
        l2_shrinkage_regularization_strength: float = 0.0,
        beta: float = 0.0,
        weight_decay: float | None = None,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        global_clipnorm: float | None = None,
        name: str = "Ftrl",
    ) -> None:
        super().__init__(learning_rate, weight_decay, clipnorm, clipvalue, global_clipnorm, name)
        if not learning_rate_power <= 0:
            raise RangeError(
                f"{name}: learning_rate_power must be a number that is not positive, got {learning_rate_power!r}"
            )
        self.learning_rate_power = float(learning_rate_power)
        self.initial_accumulator_value = not_negative(
            name, "initial_accumulator_value", initial_accumulator_value
        )
        self.l1 = not_negative(name, "l1_regularization_strength", l1_regularization_strength)
        self.l2 = not_negative(name, "l2_regularization_strength", l2_regularization_strength)
        self.l2_shrinkage = not_negative(
            name, "l2_shrinkage_regularization_strength", l2_shrinkage_regularization_strength
        )
        self.beta = not_negative(name, "beta", beta)

    def _initial(self) -> dict[str, float]:
        return {"accumulator": self.initial_accumulator_value, "linear": 0.0}

    def _step(self, t: Tensor, rate: Tensor, x: Tensor, g: Tensor, slots: Slots) -> tuple[Tensor, Slots]:
        a = slots["accumulator"]
        b = a + square(g)
        before, now = power(a, -self.learning_rate_power), power(b, -self.learning_rate_power)
        z = slots["linear"] + g + 2 * self.l2_shrinkage * x - (now - before) / rate * x
        y = (clip(z, -self.l1, self.l1) - z) / (now / rate + 2 * self.l2 + self.beta / rate)
        return y, {"accumulator": b, "linear": z}


__all__ = ["Adadelta", "Adamax", "Ftrl", "Nadam"]
