"""Every error and warning class of its own that gradtape raises; all others are Python's.

The message of each ends with the place in docs/errors.md where it is shown failing and mended. It is added when the
message is read, so that an error that is caught costs nothing more; `said` gives the message without it, for one error
that quotes another.
"""

from __future__ import annotations

from typing import ClassVar


class Documented(Exception):
    """An error or warning with a section of docs/errors.md, which its message names."""

    section: ClassVar[str]

    def __str__(self) -> str:
        return documented(super().__str__(), self.section)


def documented(message: str, section: str) -> str:
    """The message of an error, ending with the section of docs/errors.md; for errors of Python's own classes."""
    return f"{message.rstrip()} [docs/errors.md: {section}]"


def said(error: BaseException) -> str:
    """The message of an error without the place in the documentation."""
    return BaseException.__str__(error)


class InternalError(Documented, RuntimeError):
    """A registered derivative broke its promise, for example by returning too few gradients."""

    section = "A rule that breaks its promise"


class InvalidArgumentError(Documented, ValueError):
    """Shapes, axes or values that an operation cannot take; a ValueError under TensorFlow's name."""

    section = "Arguments that an operation cannot take"


class InvalidIndexError(InvalidArgumentError, IndexError):
    """An index outside a tensor; an IndexError that is an InvalidArgumentError too, as TensorFlow raises."""

    section = "An index outside a tensor"


class RecordingError(Documented, RuntimeError):
    """What a function does cannot be recorded for a replay, for example that an array leaves it through `.numpy()`."""

    section = "Values that leave a recorded function"


class BatchedValueError(Documented, ValueError):
    """A value that differs between the examples of a batch is asked for by Python or NumPy, which can take only one."""

    section = "A value that differs between the examples of a batch"


class DataLossError(Documented, ValueError):
    """A file that is damaged or was cut short; what was to be restored from it is as it was."""

    section = "A file that is damaged"


class NotFoundError(Documented, LookupError):
    """A checkpoint, or a value in one, that is not there; under TensorFlow's name."""

    section = "A checkpoint that is not there"


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


class RecordingWarning(GradtapeWarning):
    """A function is recorded again and again, or cannot be compiled, so that it gains little from `gt.function`."""

    section = "A function that is recorded again and again"


class CacheWarning(GradtapeWarning):
    """The folder of compiled code may have been written to by others, so it is not used."""

    section = "A folder of compiled code that others may write to"


class LoopedMapWarning(GradtapeWarning):
    """`vectorized_map` takes one slice after another, because a value that differs between them is asked for."""

    section = "A map that takes one slice after another"


class PrecisionWarning(GradtapeWarning):
    """A derivative has lost most digits of its dtype, or overflows it."""

    section = "A derivative that loses its digits"


class PartialRestoreWarning(GradtapeWarning):
    """A checkpoint and the objects that it was restored into do not have the same values, and nobody asked."""

    section = "A checkpoint restored in part"
