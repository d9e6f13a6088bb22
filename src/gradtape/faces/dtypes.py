"""TensorFlow's `tf.dtypes`: the dtypes, which are NumPy's, and conversions between them."""

from ..core.spec import (
    DType,
    as_dtype,
    complex64,
    complex128,
    float16,
    float32,
    float64,
    int8,
    int16,
    int32,
    int64,
    uint8,
    uint16,
    uint32,
    uint64,
)
from ..core.spec import bool_ as bool
from .arrays import cast
from .cutting import saturate_cast
from .elementary import complex

half, double = float16, float64

__all__ = [
    "DType",
    "as_dtype",
    "bool",
    "cast",
    "complex",
    "complex128",
    "complex64",
    "double",
    "float16",
    "float32",
    "float64",
    "half",
    "int16",
    "int32",
    "int64",
    "int8",
    "saturate_cast",
    "uint16",
    "uint32",
    "uint64",
    "uint8",
]
