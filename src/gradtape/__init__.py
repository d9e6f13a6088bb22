"""Automatic differentiation on a tape, for NumPy arrays, under TensorFlow's names.

import gradtape as tf

x = tf.constant(3.0)
with tf.GradientTape() as tape:
    tape.watch(x)
    y = x * x
print(tape.gradient(y, x))        # Tensor(6.0, shape=(), dtype=float32)
"""

import typing as _typing
from importlib import import_module as _import_module

from .arguments import UnconnectedGradients
from .core.naming import name_scope
from .core.spec import (
    DType,
    TensorShape,
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
    set_default_float,
    uint8,
    uint16,
    uint32,
    uint64,
)
from .core.spec import (
    bool_ as bool,
)
from .core.spec import (
    float16 as half,
)
from .core.spec import (
    float64 as double,
)
from .core.tensor import (
    FUNCTIONS as _FUNCTIONS,
)
from .core.tensor import (
    Tensor,
)
from .core.variable import Variable
from .faces.arrays import (
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
from .faces.einops import await_einops as _await_einops
from .faces.elementary import (
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
from .indexed_slices import IndexedSlices
from .tape import GradientTape

if _typing.TYPE_CHECKING:  # for those who read types: `_NAMESPACES` and `_LATER`
    from . import array_api, errors, fields, implicit, optimize, scipy, testing
    from .backends.llvm import get_threads, set_threads
    from .checkpoints import checkpoint
    from .core.further_errors import (
        DetachedTensorWarning,
        GradtapeWarning,
        InactiveTapeWarning,
        NonDifferentiableDtypeWarning,
        PersistentTapeWarning,
        PrecisionWarning,
    )
    from .custom import custom_gradient, grad_pass_through, recompute_grad, register_primitive
    from .explain import debug
    from .explain.absence import explain_none
    from .explain.detached import DetachEvent
    from .faces import assertions as debugging
    from .faces import (
        autodiff,
        config,
        dtypes,
        initializers,
        keras,
        linalg,
        math,
        nest,
        nn,
        optimizers,
        random,
        signal,
        test,
    )
    from .faces import keras_losses as losses
    from .faces.assertions import Assert, assert_equal, assert_greater, assert_less, assert_rank
    from .faces.blocks import (
        batch_to_space,
        required_space_to_batch_paddings,
        space_to_batch,
        space_to_batch_nd,
    )
    from .faces.control import case, cond, switch_case
    from .faces.cutting import (
        clip_by_global_norm,
        clip_by_norm,
        realdiv,
        saturate_cast,
        truncatediv,
        truncatemod,
    )
    from .faces.devices import device
    from .faces.eager import (
        control_dependencies,
        executing_eagerly,
        get_static_value,
        gradients,
        group,
        hessians,
        init_scope,
        no_op,
        numpy_function,
        py_function,
        tuple,
    )
    from .faces.exchange import from_dlpack
    from .faces.initializers import Constant as constant_initializer
    from .faces.initializers import Ones as ones_initializer
    from .faces.initializers import RandomNormal as random_normal_initializer
    from .faces.initializers import RandomUniform as random_uniform_initializer
    from .faces.initializers import Zeros as zeros_initializer
    from .faces.linalg import eig, eigvals
    from .faces.linalg import sqrtm as matrix_square_root
    from .faces.loops import foldl, foldr, map_fn, scan, vectorized_map
    from .faces.module import Module
    from .faces.norms import norm
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
    from .faces.products import einsum, matmul, tensordot
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
    from .faces.tensor_array import TensorArray
    from .faces.while_loops import while_loop
    from .functions import Function, function
    from .kinds import TensorSpec
    from .meter import progress
    from .partial import partials
    from .saving import train
    from .saving.reading import load_function
    from .saving.state import load, save
    from .saving.writing import save_function
    from .series import TaylorAccumulator, taylor
    from .sparse import SparseDerivative, sparse_hessian, sparse_jacobian
    from .transforms import grad, hessian, hvp, jacobian, jvp, linearize, value_and_grad, vjp
    from .vectorized import vectorize

__version__ = "0.1.0"

newaxis = None

_NAMESPACES = {
    "array_api": "array_api",
    "autodiff": "faces.autodiff",
    "config": "faces.config",
    "dtypes": "faces.dtypes",
    "initializers": "faces.initializers",
    "debug": "explain.debug",
    "debugging": "faces.assertions",
    "errors": "errors",
    "fields": "fields",
    "implicit": "implicit",
    "keras": "faces.keras",
    "linalg": "faces.linalg",
    "losses": "faces.keras_losses",
    "math": "faces.math",
    "nest": "faces.nest",
    "nn": "faces.nn",
    "optimize": "optimize",
    "optimizers": "faces.optimizers",
    "random": "faces.random",
    "scipy": "scipy",
    "signal": "faces.signal",
    "test": "faces.test",
    "testing": "testing",
    "train": "saving.train",
}
"""Modules that are public names, by the file that is loaded when one is first asked for."""

_LATER = {
    "backends.llvm": "get_threads, set_threads",
    "checkpoints": "checkpoint",
    "core.further_errors": """
        DetachedTensorWarning, GradtapeWarning, InactiveTapeWarning, NonDifferentiableDtypeWarning,
        PersistentTapeWarning, PrecisionWarning
    """,
    "custom": "custom_gradient, grad_pass_through, recompute_grad, register_primitive",
    "explain.absence": "explain_none",
    "explain.detached": "DetachEvent",
    "faces.assertions": "Assert, assert_equal, assert_greater, assert_less, assert_rank",
    "faces.blocks": "batch_to_space, required_space_to_batch_paddings, space_to_batch, space_to_batch_nd",
    "faces.control": "case, cond, switch_case",
    "faces.cutting": "clip_by_global_norm, clip_by_norm, realdiv, saturate_cast, truncatediv, truncatemod",
    "faces.devices": "device",
    "faces.eager": """
        control_dependencies, executing_eagerly, get_static_value, gradients, group, hessians, init_scope, no_op,
        numpy_function, py_function, tuple
    """,
    "faces.exchange": "from_dlpack",
    "faces.initializers": """
        Constant as constant_initializer, Ones as ones_initializer, RandomNormal as random_normal_initializer,
        RandomUniform as random_uniform_initializer, Zeros as zeros_initializer
    """,
    "faces.linalg": "eig, eigvals, sqrtm as matrix_square_root",
    "faces.loops": "foldl, foldr, map_fn, scan, vectorized_map",
    "faces.module": "Module",
    "faces.norms": "norm",
    "faces.ordering": """
        argsort, histogram_fixed_width, histogram_fixed_width_bins, searchsorted, sort, unique,
        unique_with_counts, unravel_index
    """,
    "faces.placing": """
        dynamic_partition, dynamic_stitch, gather_nd, scatter_nd, tensor_scatter_nd_add,
        tensor_scatter_nd_max, tensor_scatter_nd_min, tensor_scatter_nd_sub, tensor_scatter_nd_update
    """,
    "faces.printing": "print_values as print",
    "faces.products": "einsum, matmul, tensordot",
    "faces.selection": """
        batch_gather, broadcast_dynamic_shape, broadcast_static_shape, identity_n, meshgrid, pad,
        parallel_stack, repeat, reverse_sequence, roll, sequence_mask, shape_n, slice, strided_slice,
        tile
    """,
    "faces.tensor_array": "TensorArray",
    "faces.while_loops": "while_loop",
    "functions": "Function, function",
    "kinds": "TensorSpec",
    "meter": "progress",
    "partial": "partials",
    "saving.reading": "load_function",
    "saving.state": "load, save",
    "saving.writing": "save_function",
    "series": "TaylorAccumulator, taylor",
    "sparse": "SparseDerivative, sparse_hessian, sparse_jacobian",
    "transforms": "grad, hessian, hvp, jacobian, jvp, linearize, value_and_grad, vjp",
    "vectorized": "vectorize",
}
"""Names that many programs never use, by the file that is loaded when one is first asked for."""

_FOUND = {
    name or own: (file, own)
    for file, names in _LATER.items()
    for own, _, name in [entry.strip().partition(" as ") for entry in names.split(",")]
}
"""The file of each of these names, and the name that it has there."""


def __getattr__(name: str) -> _typing.Any:
    """Load what is public and was not loaded with the library: the import would take four times as long."""
    if name in _NAMESPACES:
        found = _import_module(f".{_NAMESPACES[name]}", __name__)
    elif name in _FOUND:
        file, own = _FOUND[name]
        found = getattr(_import_module(f".{file}", __name__), own)
    else:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *_NAMESPACES, *_FOUND})


def _at_call(file: str, name: str) -> _typing.Any:
    """A function of a file that is loaded with the first call."""
    return lambda *given: getattr(_import_module(f".{file}", __name__), name)(*given)


# What the files of `faces` answer for a tensor. They enter themselves where the detour would cost.
_FUNCTIONS.update(
    at=_at_call("faces.updates", "Places"),
    __array_function__=_at_call("faces.numpy_protocol", "array_function"),
    __array_namespace__=_at_call("array_api", "namespace"),
    __array_ufunc__=_at_call("faces.numpy_protocol", "array_ufunc"),
)
_await_einops()

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
    "TensorArray",
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
    "config",
    "constant",
    "constant_initializer",
    "control_dependencies",
    "convert_to_tensor",
    "cos",
    "cosh",
    "cumsum",
    "custom_gradient",
    "debug",
    "debugging",
    "device",
    "divide",
    "double",
    "dtypes",
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
    "get_static_value",
    "get_threads",
    "grad",
    "grad_pass_through",
    "gradients",
    "greater",
    "greater_equal",
    "group",
    "half",
    "hessian",
    "hessians",
    "histogram_fixed_width",
    "histogram_fixed_width_bins",
    "hvp",
    "identity",
    "identity_n",
    "implicit",
    "init_scope",
    "initializers",
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
    "no_op",
    "norm",
    "not_equal",
    "numpy_function",
    "one_hot",
    "ones",
    "ones_initializer",
    "ones_like",
    "optimize",
    "optimizers",
    "pad",
    "parallel_stack",
    "partials",
    "pow",
    "print",
    "progress",
    "py_function",
    "random",
    "random_normal_initializer",
    "random_uniform_initializer",
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
    "scipy",
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
    "tuple",
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
    "zeros_initializer",
    "zeros_like",
]
