"""Error and warning classes of gradtape, in the place where TensorFlow has its own."""

from ..core.errors import (
    BatchedValueError,
    GradtapeWarning,
    InactiveTapeWarning,
    InternalError,
    InvalidArgumentError,
    LoopedMapWarning,
    NonDifferentiableDtypeWarning,
    PersistentTapeWarning,
    RecordingError,
    RecordingWarning,
)

__all__ = [
    "BatchedValueError",
    "GradtapeWarning",
    "InactiveTapeWarning",
    "InternalError",
    "InvalidArgumentError",
    "LoopedMapWarning",
    "NonDifferentiableDtypeWarning",
    "PersistentTapeWarning",
    "RecordingError",
    "RecordingWarning",
]
