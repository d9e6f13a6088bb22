"""Error and warning classes of gradtape, in the place where TensorFlow has its own."""

from ..core.errors import (
    BatchedValueError,
    CacheWarning,
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
    "CacheWarning",
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
