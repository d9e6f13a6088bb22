"""Automatic differentiation on a tape, for NumPy arrays, under TensorFlow's names.

import gradtape as tf

x = tf.constant(3.0)
with tf.GradientTape() as tape:
    tape.watch(x)
    y = x * x
print(tape.gradient(y, x))        # Tensor(6.0, shape=(), dtype=float32)
"""

import importlib as _importlib
import typing as _typing

from . import fields
from .arguments import UnconnectedGradients
from .backends.llvm import get_threads, set_threads
from .checkpoint import checkpoint
from .core.errors import (
    DetachedTensorWarning,
    GradtapeWarning,
    InactiveTapeWarning,
    NonDifferentiableDtypeWarning,
    PersistentTapeWarning,
    PrecisionWarning,
)
from .core.naming import name_scope
from .core.spec import (
    DType,
    TensorShape,
    complex64,
    complex128,
    float16,
    float32,
    float64,
    int8,
    int16,
    int32,
    int64,
    set_default_float,
    uint8,
    uint16,
    uint32,
    uint64,
)
from .core.spec import bool_ as bool
from .core.spec import float16 as half
from .core.spec import float64 as double
from .core.tensor import FUNCTIONS as _FUNCTIONS
from .core.tensor import Tensor
from .core.variable import Variable
from .custom import custom_gradient, grad_pass_through, recompute_grad, register_primitive
from .explain.absence import explain_none
from .explain.detached import DetachEvent
from .faces import autodiff, errors, keras, linalg, math, nest, nn, numpy_protocol, optimizers, random, signal
from .faces import keras_losses as losses
from .faces.arrays import (
    as_dtype,
    boolean_mask,
    broadcast_to,
    cast,
    concat,
    constant,
    convert_to_tensor,
    ensure_shape,
    expand_dims,
    eye,
    fill,
    gather,
    identity,
    is_tensor,
    linspace,
    one_hot,
    ones,
    ones_like,
    range,
    rank,
    reshape,
    reverse,
    shape,
    size,
    split,
    squeeze,
    stack,
    stop_gradient,
    transpose,
    unstack,
    where,
    zeros,
    zeros_like,
)
from .faces.assertions import Assert, assert_equal, assert_greater, assert_less, assert_rank
from .faces.blocks import (
    batch_to_space,
    required_space_to_batch_paddings,
    space_to_batch,
    space_to_batch_nd,
)
from .faces.control import case, cond, switch_case, while_loop
from .faces.cutting import (
    clip_by_global_norm,
    clip_by_norm,
    realdiv,
    saturate_cast,
    truncatediv,
    truncatemod,
)
from .faces.eager import executing_eagerly, gradients, hessians
from .faces.einops import await_einops as _await_einops
from .faces.exchange import from_dlpack
from .faces.linalg import eig, eigvals, einsum, matmul, norm, tensordot
from .faces.linalg import sqrtm as matrix_square_root
from .faces.loops import foldl, foldr, map_fn, scan, vectorized_map
from .faces.math import (
    abs,
    acos,
    acosh,
    add,
    add_n,
    argmax,
    argmin,
    asin,
    asinh,
    atan,
    atan2,
    atanh,
    clip_by_value,
    complex,
    cos,
    cosh,
    cumsum,
    divide,
    equal,
    exp,
    floor,
    greater,
    greater_equal,
    less,
    less_equal,
    logical_and,
    logical_not,
    logical_or,
    maximum,
    minimum,
    multiply,
    negative,
    not_equal,
    pow,
    reduce_all,
    reduce_any,
    reduce_logsumexp,
    reduce_max,
    reduce_mean,
    reduce_min,
    reduce_prod,
    reduce_sum,
    round,
    scalar_mul,
    sigmoid,
    sign,
    sin,
    sinh,
    sqrt,
    square,
    subtract,
    tan,
    tanh,
    truediv,
)
from .faces.module import Module
from .faces.ordering import (
    argsort,
    histogram_fixed_width,
    histogram_fixed_width_bins,
    searchsorted,
    sort,
    unique,
    unique_with_counts,
    unravel_index,
)
from .faces.placing import (
    dynamic_partition,
    dynamic_stitch,
    gather_nd,
    scatter_nd,
    tensor_scatter_nd_add,
    tensor_scatter_nd_max,
    tensor_scatter_nd_min,
    tensor_scatter_nd_sub,
    tensor_scatter_nd_update,
)
from .faces.printing import print_values as print
from .faces.selection import (
    batch_gather,
    broadcast_dynamic_shape,
    broadcast_static_shape,
    identity_n,
    meshgrid,
    pad,
    parallel_stack,
    repeat,
    reverse_sequence,
    roll,
    sequence_mask,
    shape_n,
    slice,
    strided_slice,
    tile,
)
from .function import Function, function
from .indexed_slices import IndexedSlices
from .kinds import TensorSpec
from .partials import partials
from .progress import progress
from .series import TaylorAccumulator, taylor
from .tape import GradientTape
from .transforms import grad, hessian, hvp, jacobian, jvp, linearize, value_and_grad, vjp
from .vectorize import vectorize

if _typing.TYPE_CHECKING:  # `_LATER`, for those who read types
    from . import array_api, implicit, optimize
    from .explain import debug
    from .saving import train
    from .saving.reading import load_function
    from .saving.state import load, save
    from .saving.writing import save_function
    from .sparse import SparseDerivative, sparse_hessian, sparse_jacobian

__version__ = "0.1.0"

newaxis = None

_await_einops()
_FUNCTIONS["__array_namespace__"] = lambda version: __getattr__("array_api").namespace(version)

del numpy_protocol

_LATER = {
    "SparseDerivative": "sparse",
    "array_api": "array_api",
    "debug": "explain.debug",
    "implicit": "implicit",
    "load": "saving.state",
    "load_function": "saving.reading",
    "optimize": "optimize",
    "save": "saving.state",
    "save_function": "saving.writing",
    "sparse_hessian": "sparse",
    "sparse_jacobian": "sparse",
    "test": "faces.test",
    "testing": "testing",
    "train": "saving.train",
}


def __getattr__(name: str) -> _typing.Any:
    """Load what many programs never use when it is first asked for: it would add a third to the time of the import."""
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = _importlib.import_module(f".{_LATER[name]}", __name__)
    found = globals()[name] = getattr(module, name, module)  # a name of the module, or the module itself
    return found


__all__ = [
    "Assert",
    "DType",
    "DetachEvent",
    "DetachedTensorWarning",
    "Function",
    "GradientTape",
    "GradtapeWarning",
    "InactiveTapeWarning",
    "IndexedSlices",
    "Module",
    "NonDifferentiableDtypeWarning",
    "PersistentTapeWarning",
    "PrecisionWarning",
    "SparseDerivative",
    "TaylorAccumulator",
    "Tensor",
    "TensorShape",
    "TensorSpec",
    "UnconnectedGradients",
    "Variable",
    "__version__",
    "abs",
    "acos",
    "acosh",
    "add",
    "add_n",
    "argmax",
    "argmin",
    "argsort",
    "array_api",
    "as_dtype",
    "asin",
    "asinh",
    "assert_equal",
    "assert_greater",
    "assert_less",
    "assert_rank",
    "atan",
    "atan2",
    "atanh",
    "autodiff",
    "batch_gather",
    "batch_to_space",
    "bool",
    "boolean_mask",
    "broadcast_dynamic_shape",
    "broadcast_static_shape",
    "broadcast_to",
    "case",
    "cast",
    "checkpoint",
    "clip_by_global_norm",
    "clip_by_norm",
    "clip_by_value",
    "complex",
    "complex128",
    "complex64",
    "concat",
    "cond",
    "constant",
    "convert_to_tensor",
    "cos",
    "cosh",
    "cumsum",
    "custom_gradient",
    "debug",
    "divide",
    "double",
    "dynamic_partition",
    "dynamic_stitch",
    "eig",
    "eigvals",
    "einsum",
    "ensure_shape",
    "equal",
    "errors",
    "executing_eagerly",
    "exp",
    "expand_dims",
    "explain_none",
    "eye",
    "fields",
    "fill",
    "float16",
    "float32",
    "float64",
    "floor",
    "foldl",
    "foldr",
    "from_dlpack",
    "function",
    "gather",
    "gather_nd",
    "get_threads",
    "grad",
    "grad_pass_through",
    "gradients",
    "greater",
    "greater_equal",
    "half",
    "hessian",
    "hessians",
    "histogram_fixed_width",
    "histogram_fixed_width_bins",
    "hvp",
    "identity",
    "identity_n",
    "implicit",
    "int16",
    "int32",
    "int64",
    "int8",
    "is_tensor",
    "jacobian",
    "jvp",
    "keras",
    "less",
    "less_equal",
    "linalg",
    "linearize",
    "linspace",
    "load",
    "load_function",
    "logical_and",
    "logical_not",
    "logical_or",
    "losses",
    "map_fn",
    "math",
    "matmul",
    "matrix_square_root",
    "maximum",
    "meshgrid",
    "minimum",
    "multiply",
    "name_scope",
    "negative",
    "nest",
    "newaxis",
    "nn",
    "norm",
    "not_equal",
    "one_hot",
    "ones",
    "ones_like",
    "optimize",
    "optimizers",
    "pad",
    "parallel_stack",
    "partials",
    "pow",
    "print",
    "progress",
    "random",
    "range",
    "rank",
    "realdiv",
    "recompute_grad",
    "reduce_all",
    "reduce_any",
    "reduce_logsumexp",
    "reduce_max",
    "reduce_mean",
    "reduce_min",
    "reduce_prod",
    "reduce_sum",
    "register_primitive",
    "repeat",
    "required_space_to_batch_paddings",
    "reshape",
    "reverse",
    "reverse_sequence",
    "roll",
    "round",
    "saturate_cast",
    "save",
    "save_function",
    "scalar_mul",
    "scan",
    "scatter_nd",
    "searchsorted",
    "sequence_mask",
    "set_default_float",
    "set_threads",
    "shape",
    "shape_n",
    "sigmoid",
    "sign",
    "signal",
    "sin",
    "sinh",
    "size",
    "slice",
    "sort",
    "space_to_batch",
    "space_to_batch_nd",
    "sparse_hessian",
    "sparse_jacobian",
    "split",
    "sqrt",
    "square",
    "squeeze",
    "stack",
    "stop_gradient",
    "strided_slice",
    "subtract",
    "switch_case",
    "tan",
    "tanh",
    "taylor",
    "tensor_scatter_nd_add",
    "tensor_scatter_nd_max",
    "tensor_scatter_nd_min",
    "tensor_scatter_nd_sub",
    "tensor_scatter_nd_update",
    "tensordot",
    "test",
    "testing",
    "tile",
    "train",
    "transpose",
    "truediv",
    "truncatediv",
    "truncatemod",
    "uint16",
    "uint32",
    "uint64",
    "uint8",
    "unique",
    "unique_with_counts",
    "unravel_index",
    "unstack",
    "value_and_grad",
    "vectorize",
    "vectorized_map",
    "vjp",
    "where",
    "while_loop",
    "zeros",
    "zeros_like",
]
