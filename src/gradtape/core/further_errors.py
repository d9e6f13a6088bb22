"""What is raised to few users, and all warnings: loaded with the first of them, or with a room that raises some."""

from __future__ import annotations

from .errors import Documented, InvalidArgumentError, ShapeError


class InternalError(Documented, RuntimeError):
    """A registered derivative broke its promise, for example by returning too few gradients."""

    section = "A rule that breaks its promise"


class RangeError(InvalidArgumentError):
    """A number, or an entry of a tensor, outside the range that makes sense."""

    section = "A number out of its range"


class ChoiceError(InvalidArgumentError):
    """A word or a name that is none of those there are."""

    section = "A word that is none of the choices"


class StructureError(InvalidArgumentError):
    """Nested lists, tuples and dictionaries that do not have the same form."""

    section = "Structures that do not match"


class InPlaceError(Documented, TypeError, RuntimeError):
    """Tensors do not change, and variables only by `assign`; a TypeError, and a RuntimeError as TensorFlow raises."""

    section = "Writing into a tensor"


class UnhashableError(Documented, TypeError):
    """A tensor or a variable cannot be a key, as `==` compares entries."""

    section = "A tensor as a key"


class SharingError(Documented, BufferError, ValueError):
    """Memory is to be shared or written to where a copy is the only way."""

    section = "Memory that cannot be shared"


class ConsumedTapeError(Documented, RuntimeError):
    """The tape has no record: it was never entered, or one derivative has used it up."""

    section = "A tape that is used up"


class AlreadyRecordingError(Documented, ValueError):
    """A tape, an accumulator or a context of `debug` is entered again before it is left."""

    section = "Entering a tape that records"


class NotRecordingError(Documented, ValueError, RuntimeError):
    """The tape does not record: a ValueError if it has a record, a RuntimeError if not, as TensorFlow raises."""

    section = "Pausing or resetting a tape that does not record"


class PersistenceError(Documented, RuntimeError):
    """What is asked for walks the tape several times, so that it has to be persistent."""

    section = "A sequential Jacobian of a tape that is not persistent"


class WatchError(Documented, ValueError):
    """What is to be watched is neither a tensor nor a variable."""

    section = "Watching something that is not a tensor"


class TargetError(Documented, TypeError):
    """The target or a source of a derivative is None, or neither a tensor nor a variable."""

    section = "No target, or one that is not a tensor"


class OutputGradientsError(ShapeError):
    """The weights of the targets do not have their number or their shapes."""

    section = "Output gradients that do not fit"


class BatchJacobianError(ShapeError):
    """Target and source have no first axis in common."""

    section = "A batch Jacobian without a batch"


class BatchedValueError(Documented, ValueError):
    """A value that differs between the examples of a batch is asked for by Python or NumPy, which can take only one."""

    section = "A value that differs between the examples of a batch"


class NoDerivativeError(Documented, LookupError):
    """An operation between target and source has no derivative registered."""

    section = "An operation without a derivative"


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


class GradtapeWarning(Documented, UserWarning):
    """Base of all warnings that gradtape gives, so that one filter catches them."""

    section = "Warnings"


class NonDifferentiableDtypeWarning(GradtapeWarning):
    """A tensor without a derivative (integer, boolean, string) is watched."""

    section = "Watching integers"


class PersistentTapeWarning(GradtapeWarning):
    """A persistent tape is asked for a gradient inside its own context, so that it records that work too."""

    section = "A gradient inside the context of its own persistent tape"


class InactiveTapeWarning(GradtapeWarning):
    """`watch` is called while the tape does not record, which has no effect."""

    section = "Watching while the tape does not record"


class DetachedTensorWarning(GradtapeWarning):
    """A value that a tape follows becomes a plain number or array, and derivatives do not go on from there."""

    section = "A value that leaves the tape unasked"


class PrecisionWarning(GradtapeWarning):
    """A derivative has lost most digits of its dtype, or overflows it."""

    section = "A derivative that loses its digits"


class RecordingWarning(GradtapeWarning):
    """A function is recorded again and again, or cannot be compiled, so that it gains little from `gt.function`."""

    section = "A function that is recorded again and again"


class CacheWarning(GradtapeWarning):
    """The folder of compiled code may have been written to by others, so it is not used."""

    section = "A folder of compiled code that others may write to"


class LoopedMapWarning(GradtapeWarning):
    """`vectorized_map` takes one slice after another, because a value that differs between them is asked for."""

    section = "A map that takes one slice after another"
