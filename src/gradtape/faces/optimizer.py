"""What all optimisers share: reading gradients, learning rates, slots, and one step that happens whole or not at all.

An optimiser is a class with `_initial`, the slots that each variable has and what they start from, and `_step`, a
function of tensors from a variable, its gradient and its slots to the new ones. `apply_gradients` reads and checks all
gradients, computes all steps, and only then assigns. Steps are made of operations that recordings hear, so that
`function` replays them, and tapes do not. The formulas stand in `optimizers.py`.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from ..core import nest
from ..core.errors import InvalidArgumentError, ShapeError
from ..core.further_errors import OptimizerStateError, RangeError, UnfinishedError
from ..core.listen import listeners, paused
from ..core.spec import default_float, float64, int64
from ..core.tensor import Tensor, as_tensor
from ..core.variable import Variable
from ..ops.composite import astype
from ..tape import GradientTape
from .schedules import LearningRateSchedule, is_exact
from .stepping import Pair, check_variable, clipped, read_gradients

Slots = dict[str, Tensor]


class Optimizer:
    """Base of all optimisers: a learning rate, a count of steps, and slots, which are variables beside variables.

    Of Keras' arguments those for moving averages, loss scaling and accumulation over steps are not covered.

    Args:
        learning_rate: a number, a variable, or a function of the number of steps made (or of nothing) that gives it.
        weight_decay: before each step variables lose this times the learning rate of themselves.
        clipnorm: the largest norm of each gradient; longer ones are scaled down.
        clipvalue: the largest absolute value of an entry of a gradient.
        global_clipnorm: the largest norm of all gradients together.
        name: for messages.

    Raises:
        ValueError: for a number out of range, or more than one way to clip.
    """

    def __init__(
        self,
        learning_rate: Any,
        weight_decay: float | None = None,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        global_clipnorm: float | None = None,
        name: str | None = None,
    ) -> None:
        self.name = name or type(self).__name__
        limits = {"clipnorm": clipnorm, "clipvalue": clipvalue, "global_clipnorm": global_clipnorm}
        if sum(limit is not None for limit in limits.values()) > 1:
            raise InvalidArgumentError(
                f"{self.name}: only one of clipnorm, clipvalue and global_clipnorm can be set"
            )
        for argument, limit in limits.items():
            if limit is not None and not limit > 0:
                raise RangeError(f"{self.name}: {argument} must be positive, got {limit!r}")
        self.clipnorm, self.clipvalue, self.global_clipnorm = clipnorm, clipvalue, global_clipnorm
        self.weight_decay = weight_decay
        self.iterations = Variable(0, trainable=False, name="iterations", dtype=int64)
        self._rate: Any = None
        self.learning_rate = learning_rate
        self._slots: dict[int, tuple[Variable, dict[str, Variable]]] = {}
        self._undecayed: tuple[list[Variable], tuple[str, ...]] = ([], ())

    def __setstate__(self, state: dict[str, Any]) -> None:
        # A copy, made together with its variables, knows the copies of these by their own numbers.
        self.__dict__.update(state)
        self._slots = {variable._serial: (variable, slots) for variable, slots in self._slots.values()}

    # what a kind of optimiser says

    def _initial(self) -> dict[str, float]:
        """The names of the slots of a variable, and the number that each is filled with at first."""
        return {}

    def _step(self, t: Tensor, rate: Tensor, x: Tensor, g: Tensor, slots: Slots) -> tuple[Tensor, Slots]:
        """The new value and slots of a variable of value x with gradient g, in step t (1 is the first).

        t is float64, whatever the dtype of the others.
        """
        raise UnfinishedError(f"{self.name} has no _step")

    # the learning rate

    @property
    def learning_rate(self) -> Any:
        """The learning rate: a variable, or the present value of a schedule."""
        return astype(self._present_rate(), default_float()) if self._is_schedule() else self._rate

    @learning_rate.setter
    def learning_rate(self, value: Any) -> None:
        if callable(value) or (isinstance(value, Variable) and value.ndim == 0):
            self._rate = value
            return
        number = np.asarray(value) if isinstance(value, (int, float)) else np.asarray(as_tensor(value))
        if np.ndim(number) or number.dtype.kind not in "iuf":
            raise InvalidArgumentError(
                f"{self.name}: learning_rate must be a number, a variable of rank 0 or a function, got {value!r}"
            )
        if self._rate is None or self._is_schedule():
            self._rate = Variable(float(number), trainable=False, name="learning_rate", dtype=float64)
        else:
            self._rate.assign(np.asarray(number, self._rate.dtype))

    def _is_schedule(self) -> bool:
        return not isinstance(self._rate, Variable)

    def _present_rate(self) -> Tensor:
        """The learning rate as a float64 tensor."""
        if not self._is_schedule():
            return astype(self._rate, float64)
        if isinstance(self._rate, LearningRateSchedule) and is_exact(self._rate):
            return self._rate.exact(as_tensor(self.iterations))
        found = self._rate(as_tensor(self.iterations)) if _takes_step(self._rate) else self._rate()
        # A Python float keeps its double precision; it is rounded to each variable's dtype where it is used.
        return as_tensor(found, float64) if isinstance(found, (int, float)) else astype(found, float64)

    # slots and state

    def build(self, var_list: Iterable[Variable]) -> None:
        """Make the slots of variables; a step does it by itself for those that it meets first."""
        for variable in var_list:
            check_variable(self.name, variable)
            self._of(variable)

    def _of(self, variable: Variable) -> dict[str, Variable]:
        found = self._slots.get(variable._serial)
        if found is None:
            stem = variable.name.removesuffix(":0")
            slots = {
                name: Variable(
                    np.full(variable._value.shape, start, variable.dtype),
                    trainable=False,
                    name=f"{stem}/{name}",
                    dtype=variable.dtype,
                )
                for name, start in self._initial().items()
            }
            found = self._slots[variable._serial] = (variable, slots)
        return found[1]

    @property
    def variables(self) -> list[Variable]:
        """The count of steps, the learning rate unless it is a schedule, and all slots."""
        rate = [] if self._is_schedule() else [self._rate]
        return [
            self.iterations,
            *rate,
            *(slot for _, slots in self._slots.values() for slot in slots.values()),
        ]

    def get_state(self) -> dict[str, Any]:
        """Everything that a step depends on besides variables and settings, as plain numbers and arrays.

        Returns:
            a dictionary with "optimizer", "iterations", "learning_rate" (None for a schedule) and "slots", which has
            a dictionary of arrays for each variable in the order in which they were met.
        """
        return {
            "optimizer": type(self).__name__,
            "iterations": int(self.iterations._value),
            "learning_rate": None if self._is_schedule() else float(self._rate._value),
            "slots": [
                {name: np.array(slot._value) for name, slot in slots.items()}
                for _, slots in self._slots.values()
            ],
        }

    def set_state(self, state: Mapping[str, Any], var_list: Iterable[Variable] = ()) -> None:
        """Take up a state that `get_state` gave.

        Args:
            state: the dictionary.
            var_list: the variables in the order in which the other optimiser met them, if this one is new.

        Raises:
            ValueError: if the state is of another optimiser, other variables or other shapes; nothing changes then.
        """
        missing = {"optimizer", "iterations", "learning_rate", "slots"} - set(state)
        if missing:
            raise OptimizerStateError(f"{self.name}.set_state: the state lacks {sorted(missing)}")
        if state["optimizer"] != type(self).__name__:
            raise OptimizerStateError(
                f"{self.name}.set_state: the state is of {state['optimizer']}, this is {type(self).__name__}"
            )
        self.build(var_list)
        own, given = list(self._slots.values()), state["slots"]
        if len(own) != len(given):
            raise OptimizerStateError(
                f"{self.name}.set_state: the state has slots of {len(given)} variables, this optimiser of {len(own)}; "
                "give the variables as var_list"
            )
        for (variable, slots), arrays in zip(own, given, strict=True):
            if set(slots) != set(arrays):
                raise OptimizerStateError(
                    f"{self.name}.set_state: {variable.name} has the slots {sorted(slots)}, the state {sorted(arrays)}"
                )
            for name, array in arrays.items():
                if np.shape(array) != slots[name]._value.shape:
                    raise OptimizerStateError(
                        f"{self.name}.set_state: slot {name} of {variable.name} has the shape {slots[name].shape}, in "
                        f"the state {np.shape(array)}"
                    )
        for (_, slots), arrays in zip(own, given, strict=True):
            for name, array in arrays.items():
                slots[name].assign(np.asarray(array, slots[name].dtype))
        self.iterations.assign(int(state["iterations"]))
        if state["learning_rate"] is not None and not self._is_schedule():
            self.learning_rate = state["learning_rate"]

    # a step

    def apply_gradients(
        self, grads_and_vars: Iterable[tuple[Any, Variable]], name: str | None = None
    ) -> Variable:
        """Make one step.

        Args:
            grads_and_vars: pairs of a gradient (tensor, array, `IndexedSlices` or None) and its variable.

        Returns:
            the count of steps.

        Raises:
            ValueError: if all gradients are None, a shape differs, or a variable comes twice; nothing changes then.
            TypeError: for what is no variable of a real floating dtype.
        """
        with paused(tuple([each for each in listeners() if each.replays or each.stands])):
            return self._apply(read_gradients(self.name, list(grads_and_vars)))

    def _apply(self, read: list[Pair]) -> Variable:
        pairs = clipped(read, self.clipnorm, self.clipvalue, self.global_clipnorm)
        t, rate = astype(self.iterations, float64) + 1.0, self._present_rate()
        steps = []
        for variable, g in pairs:
            slots, x = self._of(variable), as_tensor(variable)
            own = astype(rate, variable.dtype)
            if self.weight_decay and not self._is_undecayed(variable):
                x = x - x * (self.weight_decay * own)
            y, after = self._step(t, own, x, g, {key: as_tensor(slot) for key, slot in slots.items()})
            y = as_tensor(y if variable.constraint is None else variable.constraint(y))
            if y._value.shape != variable._value.shape:
                raise ShapeError(
                    f"{self.name}: the constraint of {variable.name} turns shape {variable.shape} into {y.shape}"
                )
            steps.append((variable, y, slots, after))
        for variable, y, slots, after in steps:
            variable.assign(astype(y, variable.dtype))
            for key, value in after.items():
                slots[key].assign(value)
        return self.iterations.assign_add(1)

    def apply(self, grads: Iterable[Any], trainable_variables: Iterable[Variable]) -> Variable:
        """`apply_gradients` of gradients and variables apart."""
        return self.apply_gradients(list(zip(list(grads), list(trainable_variables), strict=True)))

    def minimize(
        self,
        loss: Any,
        var_list: Any,
        tape: GradientTape | None = None,
        name: str | None = None,
    ) -> Variable:
        """Compute the gradients of a loss and make one step.

        Args:
            loss: a function without arguments that computes it, or a tensor that `tape` recorded.
            var_list: the variables, in any structure, or a function that gives them.
            tape: what recorded the loss, if this is a tensor.

        Raises:
            ValueError: if the loss is a tensor and there is no tape, and as `apply_gradients`.
        """
        if callable(loss):
            with tape or GradientTape() as tape:
                loss = loss()
        elif tape is None:
            raise InvalidArgumentError(
                f"{self.name}.minimize: a loss that is a tensor needs the tape that recorded it"
            )
        variables = nest.flatten(var_list() if callable(var_list) else var_list)
        return self.apply_gradients(list(zip(tape.gradient(loss, variables), variables, strict=True)))

    def exclude_from_weight_decay(
        self, var_list: Iterable[Variable] = (), var_names: Sequence[str] = ()
    ) -> None:
        """Let weight decay leave out these variables, and those whose name has one of these texts in it."""
        known, names = self._undecayed
        self._undecayed = [*known, *var_list], (*names, *var_names)

    def _is_undecayed(self, variable: Variable) -> bool:
        known, names = self._undecayed
        return any(variable is v for v in known) or any(text in variable.name for text in names)


def _takes_step(schedule: Callable[..., Any]) -> bool:
    """Whether a schedule is a function of the number of steps, rather than of nothing."""
    try:
        inspect.signature(schedule).bind(0)
    except TypeError:
        return False
    return True
