"""Errors and warnings of rooms that are loaded late: recorded functions, rules of one's own, training and others."""

from __future__ import annotations

from .errors import Documented, GradtapeWarning, StructureError


class UncoveredError(Documented, NotImplementedError, TypeError):
    """A function, or an argument of one, that gradtape does not have; a TypeError too, as NumPy raises."""

    section = "A function or an argument that is not covered"


class MissingPackageError(Documented, ModuleNotFoundError):
    """A package is needed that does not come with gradtape; an ImportError."""

    section = "A package that is not installed"


class UnfinishedError(Documented, NotImplementedError):
    """A class of one's own lacks a method that its base asks for."""

    section = "A class that lacks a method"


class RepeatedPrimalError(Documented, ValueError):
    """A tensor is given twice as a primal."""

    section = "A primal given twice"


class InteractingRowsError(Documented, ValueError):
    """A row of the result depends on other rows of a batch than its own."""

    section = "Rows that depend on each other"


class ClosureError(Documented, ValueError):
    """A tensor or a variable that a function closes over has another value when the function runs again."""

    section = "A value from outside that has changed"


class GradientCountError(Documented, ValueError):
    """A gradient function does not return one gradient for each argument."""

    section = "The wrong number of gradients"


class CustomVariablesError(Documented, TypeError, ValueError):
    """A gradient function does not take part in the variables that its function reads."""

    section = "A Variable inside a custom gradient"


class NoForwardModeError(Documented, NotImplementedError):
    """A recomputed function has no forward mode."""

    section = "Forward mode through recompute_grad"


class NotSparseError(Documented, ValueError):
    """The structure of a derivative that should be sparse is not."""

    section = "A derivative that is not sparse"


class RecordingError(Documented, RuntimeError):
    """What a function does cannot be recorded for a replay, for example that an array leaves it through `.numpy()`."""

    section = "Values that leave a recorded function"


class NotRecordedError(Documented, RuntimeError):
    """What only a recording can tell is asked for before the first call."""

    section = "Asking before the first call"


class GeneratorFunctionError(Documented, TypeError):
    """A generator or a coroutine is to be recorded."""

    section = "Generators and coroutines"


class BranchError(StructureError, TypeError):
    """The branches of a recorded choice return different structures or dtypes; a TypeError too."""

    section = "Branches of `cond` that return different things"


class NewVariablesError(Documented, ValueError):
    """A recorded function makes variables at every call."""

    section = "Variables made at every call"


class ArrayWriteError(Documented, TypeError, ValueError):
    """An array cannot hold what is written into it: a TypeError by dtype, a ValueError by shape."""

    section = "Writing to an array what it cannot hold"


class StepStateError(StructureError):
    """A step returns a state of another structure, shape or dtype than it was given."""

    section = "A step that changes its state"


class NoGradientsError(Documented, ValueError):
    """Every gradient given to an optimiser is None."""

    section = "No gradient for any variable"


class OptimizerStateError(Documented, ValueError):
    """A saved state belongs to another optimiser or to other variables."""

    section = "A state of another optimiser"


class RecordingWarning(GradtapeWarning):
    """A function is recorded again and again, or cannot be compiled, so that it gains little from `gt.function`."""

    section = "A function that is recorded again and again"


class CacheWarning(GradtapeWarning):
    """The folder of compiled code may have been written to by others, so it is not used."""

    section = "A folder of compiled code that others may write to"


class LoopedMapWarning(GradtapeWarning):
    """`vectorized_map` takes one slice after another, because a value that differs between them is asked for."""

    section = "A map that takes one slice after another"
