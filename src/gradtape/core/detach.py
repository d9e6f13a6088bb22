"""The warning of a value that leaves for plain Python or NumPy without having been asked to.

`float(t)` and `np.asarray(t)` stand in programs whose author thinks of numbers, and a derivative that should have gone
through them is lost there. `t.numpy()`, `t.item()` and `t.tolist()` say what they do; a truth value decides, and a text
is looked at: no warning. It is given while somebody listens who follows the tensor, for what leaves after the tape's
block is a result; and it points at the user's line, however deep inside a library the value was taken.
"""

from __future__ import annotations

import sys
import warnings
from typing import Any

from . import errors
from .listen import Listener
from .place import PACKAGE, place_of, program_frame, user_frame

UNASKED = {
    "array": "as a NumPy array (np.asarray or the like)",
    "complex": "through complex()",
    "dlpack": "through DLPack",
    "float": "through float()",
    "int": "through int()",
}
"""The ways out that warn, in words."""


def warn_unasked(holder: Any, how: Any, active: tuple[Listener, ...]) -> None:
    """Warn if a derivative that one of these listeners follows is lost by this way out.

    It is called by `leave`, that by a method of the tensor, and this by whoever takes the value. Python gives a warning
    once for each line, and its filters silence it or make an error of it.
    """
    node = holder._node
    if node is None or not any(listener.differentiates and node.knows(listener.key) for listener in active):
        return
    if sys._getframe(3).f_code.co_filename.startswith(PACKAGE):
        return  # a function of ours knows what it takes: places, counts, what to check
    frame = user_frame()
    line = program_frame(frame)
    within = "" if line is frame else f", in {place_of(frame).function} at {place_of(frame)}"
    warnings.warn_explicit(
        f"a tensor of shape {tuple(holder._value.shape)} that is being recorded leaves {UNASKED[how]}{within}: what is "
        "made of it there has no derivative. Use NumPy's or gradtape's functions on the tensor itself, or t.numpy() or "
        "gt.stop_gradient(t) to leave on purpose",
        errors.DetachedTensorWarning,
        line.f_code.co_filename,
        line.f_lineno,
        registry=line.f_globals.setdefault("__warningregistry__", {}),
    )
