"""Error and warning classes of gradtape, in the place where TensorFlow has its own."""

from ..core.errors import (
    BatchedValueError,
    DataLossError,
    GradtapeWarning,
    InactiveTapeWarning,
    InternalError,
    InvalidArgumentError,
    LoopedMapWarning,
    NonDifferentiableDtypeWarning,
    NotFoundError,
    PartialRestoreWarning,
    PersistentTapeWarning,
    RecordingError,
    RecordingWarning,
)

__all__ = [
    "BatchedValueError",
    "DataLossError",
    "GradtapeWarning",
    "InactiveTapeWarning",
    "InternalError",
    "InvalidArgumentError",
    "LoopedMapWarning",
    "NonDifferentiableDtypeWarning",
    "NotFoundError",
    "PartialRestoreWarning",
    "PersistentTapeWarning",
    "RecordingError",
    "RecordingWarning",
]
