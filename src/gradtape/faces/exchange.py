"""Values from other libraries by DLPack; the way out is `__dlpack__` of tensors (core/holder.py)."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core.errors import ArgumentTypeError, InvalidArgumentError
from ..core.tensor import Tensor


def from_dlpack(x: Any) -> Tensor:
    """The values of an array of another library (PyTorch, JAX, CuPy, NumPy) as a tensor, by the DLPack protocol.

    They are copied, as nobody may write to a tensor's values. The other library's tape is left.

    Args:
        x: an object with `__dlpack__` whose values lie in the processor's memory.

    Raises:
        TypeError: for an object without the protocol, or of a dtype that NumPy lacks.
        ValueError: for values in the memory of another device.

    >>> import numpy as np
    >>> import gradtape as gt
    >>> gt.from_dlpack(np.array([1.0, 2.0])).numpy().tolist()
    [1.0, 2.0]
    """
    if not hasattr(type(x), "__dlpack__") or not hasattr(type(x), "__dlpack_device__"):
        raise ArgumentTypeError(
            f"from_dlpack: a {type(x).__name__} has no __dlpack__; use convert_to_tensor for plain values"
        )
    kind, _ = x.__dlpack_device__()
    # 1 is the processor, 3 and 11 are memory of CUDA and ROCm that the processor can read (dlpack.h).
    if int(kind) not in (1, 3, 11):
        raise InvalidArgumentError(
            f"from_dlpack: the values lie on a device of DLPack's kind {int(kind)}; bring them to the processor first, "
            "e.g. x.cpu() in PyTorch"
        )
    try:
        values = np.from_dlpack(x)
    except (BufferError, RuntimeError) as error:
        raise ArgumentTypeError(
            f"from_dlpack: the {type(x).__name__} cannot be taken over: {error}"
        ) from None
    return Tensor(np.array(values)[()])
