"""Error and warning classes of gradtape, in the place where TensorFlow has its own."""

from ..core.errors import (
    GradtapeWarning,
    InactiveTapeWarning,
    InternalError,
    InvalidArgumentError,
    NonDifferentiableDtypeWarning,
    PersistentTapeWarning,
    RecordingError,
    RecordingWarning,
)

__all__ = [
    "GradtapeWarning",
    "InactiveTapeWarning",
    "InternalError",
    "InvalidArgumentError",
    "NonDifferentiableDtypeWarning",
    "PersistentTapeWarning",
    "RecordingError",
    "RecordingWarning",
]
