"""Every error and warning class that gradtape raises to a user: one class for each section of docs/errors.md.

A class derives from the type that Python, NumPy or TensorFlow raises for such a mistake, from two where they differ, so
that `except ValueError` holds. The message of each ends with its section, where it is shown failing and mended. This is
added when the message is read, so that an error that is caught costs nothing more; `said` gives the message without it,
for one error that quotes another. Here are those that a first program can meet; those of rooms that are loaded
late are in further_errors.py, of files in saving/errors.py, of a few others beside what raises them. `gt.errors` has
them all.
"""

from __future__ import annotations

from typing import Any, ClassVar


class Documented(Exception):
    """An error or warning with a section of docs/errors.md, which its message names."""

    section: ClassVar[str]

    def __str__(self) -> str:
        text = super().__str__().rstrip()
        gap = "\n" if "\n" in text else " "
        return f"{text}{gap}[docs/errors.md: {self.section}]"


def said(error: BaseException) -> str:
    """The message of an error without the place in the documentation."""
    return BaseException.__str__(error)


def remade(kind: type[Documented], *args: Any) -> Documented:
    """An error as `copy` and `pickle` make it, of a class whose `__init__` takes more than the message."""
    return kind.__new__(kind, *args)


def retold(error: Exception, text: str, typed: type[Exception]) -> Exception:
    """The error with another text: of its own class if that is ours, and of the class of ours that NumPy's error means.

    Args:
        error: what was raised.
        text: the new message.
        typed: what a TypeError of NumPy's means here.
    """
    if isinstance(error, InvalidArgumentError):
        return type(error)(text)
    if isinstance(error, IndexError):
        return InvalidIndexError(text)
    if isinstance(error, Documented):
        return error
    if isinstance(error, TypeError):
        return typed(text)
    if not isinstance(error, ValueError):
        return error
    of_shapes = any(word in str(error) for word in ("shape", "broadcast", "dimension", "axis", "axes"))
    return ShapeError(text) if of_shapes else InvalidArgumentError(text)


class InternalError(Documented, RuntimeError):
    """A registered derivative broke its promise, for example by returning too few gradients."""

    section = "A rule that breaks its promise"


class InvalidArgumentError(Documented, ValueError):
    """Arguments that an operation cannot take; a ValueError under TensorFlow's name, and the base of the next ones."""

    section = "Arguments that an operation cannot take"


class ShapeError(InvalidArgumentError):
    """Shapes that do not fit together, too few axes, or an axis that is not there."""

    section = "Shapes that do not fit"


class RangeError(InvalidArgumentError):
    """A number, or an entry of a tensor, outside the range that makes sense."""

    section = "A number out of its range"


class ChoiceError(InvalidArgumentError):
    """A word or a name that is none of those there are."""

    section = "A word that is none of the choices"


class StructureError(InvalidArgumentError):
    """Nested lists, tuples and dictionaries that do not have the same form."""

    section = "Structures that do not match"


class DtypeError(InvalidArgumentError, TypeError):
    """A dtype that the operation does not take; a TypeError too."""

    section = "A dtype that does not fit"


class ArgumentTypeError(InvalidArgumentError, TypeError):
    """An argument of the wrong type of Python, one too many or one too few; a TypeError too."""

    section = "Arguments of the wrong type or number"


class UnconvertibleError(InvalidArgumentError, TypeError):
    """The object cannot become a tensor; a TypeError too."""

    section = "What cannot become a tensor"


class InvalidIndexError(InvalidArgumentError, IndexError):
    """An index outside a tensor; an IndexError that is an InvalidArgumentError too, as TensorFlow raises."""

    section = "An index outside a tensor"


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
