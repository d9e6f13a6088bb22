"""What is raised where files are written and read; each class is a section of docs/errors.md, as in core/errors.py."""

from __future__ import annotations

from ..core.errors import Documented
from ..core.further_errors import GradtapeWarning


class DataLossError(Documented, ValueError):
    """A file that is damaged or was cut short; what was to be restored from it is as it was."""

    section = "A file that is damaged"


class FileFormatError(Documented, ValueError):
    """A file that was not written by gradtape, that holds something else, or is of a later version."""

    section = "A file of another kind"


class FileMismatchError(Documented, ValueError):
    """The names, shapes or dtypes of a file are not those of the objects that are to take its values."""

    section = "A file that does not fit"


class NotFoundError(Documented, LookupError):
    """A checkpoint, or a value in one, that is not there; under TensorFlow's name."""

    section = "A checkpoint that is not there"


class UnrestoredError(Documented, AssertionError):
    """A checkpoint was to be restored whole, and was not; an AssertionError, as TensorFlow raises."""

    section = "A checkpoint that should be restored whole"


class UnwritableError(Documented, TypeError):
    """A program or an object has a part that is Python's own and cannot be written as data."""

    section = "A program that cannot be written as data"


class UnknownOperationError(Documented, LookupError):
    """A saved program uses an operation that is not registered here."""

    section = "A saved program whose operation is missing"


class PartialRestoreWarning(GradtapeWarning):
    """A checkpoint and the objects that it was restored into do not have the same values, and nobody asked."""

    section = "A checkpoint restored in part"
