"""Every error and warning class of its own that gradtape raises; all others are Python's."""

from __future__ import annotations


class InternalError(RuntimeError):
    """A registered derivative broke its promise, for example by returning too few gradients."""


class InvalidArgumentError(ValueError):
    """Shapes, axes or values that an operation cannot take; a ValueError under TensorFlow's name."""


class InvalidIndexError(InvalidArgumentError, IndexError):
    """An index outside a tensor; an IndexError that is an InvalidArgumentError too, as TensorFlow raises."""


class RecordingError(RuntimeError):
    """What a function does cannot be recorded for a replay, for example that an array leaves it through `.numpy()`."""


class BatchedValueError(ValueError):
    """A value that differs between the examples of a batch is asked for by Python or NumPy, which can take only one."""


class GradtapeWarning(UserWarning):
    """Base of all warnings that gradtape gives, so that one filter catches them."""


class NonDifferentiableDtypeWarning(GradtapeWarning):
    """A tensor without a derivative (integer, boolean, string) is watched."""


class PersistentTapeWarning(GradtapeWarning):
    """A persistent tape is asked for a gradient inside its own context, so that it records that work too."""


class InactiveTapeWarning(GradtapeWarning):
    """`watch` is called while the tape does not record, which has no effect."""


class RecordingWarning(GradtapeWarning):
    """A function is recorded again and again, or cannot be compiled, so that it gains little from `gt.function`."""


class LoopedMapWarning(GradtapeWarning):
    """`vectorized_map` takes one slice after another, because a value that differs between them is asked for."""


class PrecisionWarning(GradtapeWarning):
    """A derivative has lost most digits of its dtype, or overflows it."""
