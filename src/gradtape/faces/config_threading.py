"""TensorFlow's `tf.config.threading`: how many threads compiled programs share large batches among."""

from __future__ import annotations

from ..backends.llvm import set_threads
from ..core.further_errors import RangeError

_GIVEN = {"intra": 0, "inter": 0}


def _number(name: str, num_threads: int) -> int:
    if isinstance(num_threads, bool) or int(num_threads) != num_threads or num_threads < 0:
        raise RangeError(f"{name}: a whole number is needed, 0 for the machine's choice, not {num_threads!r}")
    return int(num_threads)


def get_intra_op_parallelism_threads() -> int:
    """What `set_intra_op_parallelism_threads` was given last; 0 is the machine's choice."""
    return _GIVEN["intra"]


def set_intra_op_parallelism_threads(num_threads: int) -> None:
    """Let compiled programs share large batches among so many threads (`gt.set_threads`), 0 for one a processor.

    >>> import gradtape as gt
    >>> gt.config.threading.set_intra_op_parallelism_threads(1)
    >>> gt.get_threads()
    1
    >>> gt.config.threading.set_intra_op_parallelism_threads(0)
    """
    number = _number("set_intra_op_parallelism_threads", num_threads)
    set_threads(number or None)
    _GIVEN["intra"] = number


def get_inter_op_parallelism_threads() -> int:
    """What `set_inter_op_parallelism_threads` was given last."""
    return _GIVEN["inter"]


def set_inter_op_parallelism_threads(num_threads: int) -> None:
    """Changes nothing: operations run one after another."""
    _GIVEN["inter"] = _number("set_inter_op_parallelism_threads", num_threads)


__all__ = [
    "get_inter_op_parallelism_threads",
    "get_intra_op_parallelism_threads",
    "set_inter_op_parallelism_threads",
    "set_intra_op_parallelism_threads",
]
