"""TensorFlow's `tf.test`, as far as derivatives are concerned, and what it is asked about devices."""

from ..testing import compute_gradient


def gpu_device_name() -> str:
    """The name of a graphics processor: none is there, so the text is empty."""
    return ""


def is_gpu_available(cuda_only: bool = False, min_cuda_compute_capability: object = None) -> bool:
    """Whether there is a graphics processor that computes: no."""
    return False


def is_built_with_cuda() -> bool:
    """Whether the library computes on graphics processors of NVIDIA's: no."""
    return False


def is_built_with_gpu_support() -> bool:
    """Whether the library computes on graphics processors: no."""
    return False


__all__ = [
    "compute_gradient",
    "gpu_device_name",
    "is_built_with_cuda",
    "is_built_with_gpu_support",
    "is_gpu_available",
]
