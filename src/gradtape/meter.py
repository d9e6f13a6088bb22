"""`gt.progress`: how far a loop has come, on one line of the terminal or notebook, and nothing anywhere else.

A step costs a look at the clock; the line is written ten times a second at most. Values shown beside it, such as a
loss, are read only when it is written. Loops inside loops share the line.
"""

from __future__ import annotations

import math
import os
import shutil
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from types import TracebackType
from typing import Any, Generic, TextIO, TypeVar

from .core.errors import ArgumentTypeError, InvalidArgumentError

T = TypeVar("T")

BETWEEN = 0.1  # seconds from one writing of the line to the next
WIDTH = 24  # of the bar, in letters
_EIGHTHS = " ▏▎▍▌▋▊▉"
_LOCK = threading.RLock()
_ACTIVE: list[Progress[Any]] = []


class Progress(Generic[T]):
    """The state of a loop that is shown; what `gt.progress` returns.

    Attributes:
        count: steps done, where the line is shown.
        total: steps in all, None where that is not known.
    """

    def __init__(
        self,
        steps: Iterable[T] | int | None,
        description: str,
        total: int | None,
        shown: bool | None,
        file: TextIO | None,
    ) -> None:
        if isinstance(steps, int):
            if total is not None:
                raise ArgumentTypeError("progress: a number of steps is the total")
            steps, total = None, steps
        if total is not None and total < 0:
            raise InvalidArgumentError(f"progress: total is a number of steps, not {total}")
        self.count = 0
        self.total = len(steps) if total is None and hasattr(steps, "__len__") else total  # type: ignore[arg-type]
        self._steps = steps
        self._description = description
        self._file = sys.stderr if file is None else file
        self._shown = is_seen(self._file) if shown is None else bool(shown)
        self._values: dict[str, Any] = {}
        self._begun = self._written = 0.0
        self._width = 0
        self._open = False

    # a loop

    def __iter__(self) -> Iterator[T]:
        if self._steps is None:
            raise ArgumentTypeError(
                "progress: there is nothing to go through; give what the loop runs over, or call advance()"
            )
        if not self._shown:
            yield from self._steps
            return
        with self:
            clock, between = time.perf_counter, BETWEEN
            for step in self._steps:
                yield step
                self.count += 1
                if clock() - self._written >= between:
                    self._write()

    def __len__(self) -> int:
        if self.total is None:
            raise ArgumentTypeError("progress: the number of steps is not known")
        return self.total

    # by hand

    def __enter__(self) -> Progress[T]:
        if self._shown and not self._open:
            self._open = True
            self._begun = time.perf_counter()
            with _LOCK:
                _ACTIVE.append(self)
            self._write()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Write the line for the last time; a loop does it by itself."""
        if not self._open:
            return
        self._open = False
        with _LOCK:
            if _ACTIVE[:1] == [self]:
                self._write()
                self._put("\n")
            _ACTIVE.remove(self)

    def advance(self, steps: int = 1) -> None:
        """Say that so many steps more are done, where no loop does."""
        if not self._shown:
            return
        self.__enter__()
        self.count += steps
        self._perhaps()

    def show(self, **values: Any) -> None:
        """Show values beside the steps, such as `loss=loss`: numbers, tensors of one entry, or text."""
        if self._shown:
            self._values.update(values)

    def callback(self, intermediate_result: Any) -> None:
        """One step of a solver: give it as the `callback` of `gradtape.optimize.minimize` and its like."""
        value = getattr(intermediate_result, "fun", None)
        if value is not None:
            self.show(value=value)
        self.advance()

    # the line

    def _perhaps(self) -> None:
        if time.perf_counter() - self._written >= BETWEEN:
            self._write()

    def _write(self) -> None:
        with _LOCK:
            now = self._written = time.perf_counter()
            text = "  ".join(bar.line(now - bar._begun) for bar in _ACTIVE if bar._file is self._file)
            most = shutil.get_terminal_size().columns - 1
            text = text if len(text) <= most else text[: most - 1] + "…"
            padding = " " * max(_ACTIVE[0]._width - len(text), 0) if _ACTIVE else ""
            if _ACTIVE:
                _ACTIVE[0]._width = len(text)
            self._put(f"\r{text}{padding}")

    def _put(self, text: str) -> None:
        try:
            self._file.write(text)
            self._file.flush()
        except UnicodeEncodeError:
            plain = text.translate(str.maketrans(_EIGHTHS[1:] + "█…", "#" * len(_EIGHTHS[1:]) + "#."))
            self._file.write(plain.encode("ascii", "replace").decode())
            self._file.flush()
        except (OSError, ValueError):  # the terminal has gone; the loop has not
            self._shown = False

    def line(self, seconds: float) -> str:
        """The line after so many seconds."""
        rate = self.count / seconds if seconds > 0 else 0.0
        parts = [self._description] if self._description else []
        if self.total:
            part = min(self.count / self.total, 1.0)
            whole, rest = divmod(round(part * WIDTH * 8), 8)
            bar = "█" * whole + (_EIGHTHS[rest] if rest else "")
            parts += [f"{part:4.0%} {bar:<{WIDTH}}", f"{self.count}/{self.total}"]
        else:
            parts.append(str(self.count) if self.total is None else f"{self.count}/{self.total}")
        parts.append(_duration(seconds))
        if self.total and rate and self.count < self.total:
            parts[-1] += f" + {_duration((self.total - self.count) / rate)}"
        if rate:
            parts.append(f"{rate:.3g}/s" if rate >= 1 else f"{1 / rate:.3g} s each")
        parts += [f"{name} {_short(value)}" for name, value in self._values.items()]
        return "  ".join(parts)


def progress(
    steps: Iterable[T] | int | None = None,
    description: str = "",
    *,
    total: int | None = None,
    shown: bool | None = None,
    file: TextIO | None = None,
) -> Progress[T]:
    """Show how far a loop has come, where somebody sees it: on a terminal or in a notebook.

    Args:
        steps: what the loop runs over, or how many steps there are, for `advance`; nothing where that is not known.
        description: what stands before the bar.
        total: the number of steps of something without a length.
        shown: whether to show it; by default where the stream is a terminal or a notebook's.
        file: the stream; by default the error stream, so that a program's output stays what it is.

    Returns:
        a `Progress`: go through it in the loop; `show(loss=loss)` puts values beside the bar, `advance()` counts a step
        where no loop does, `callback` serves solvers. As a context it ends the line.

    Raises:
        ValueError: for a negative total.

    >>> import gradtape as gt
    >>> x, optimizer = gt.Variable(4.0), gt.optimizers.SGD(0.1)
    >>> bar = gt.progress(range(100), "fit")
    >>> for step in bar:
    ...     with gt.GradientTape() as tape:
    ...         loss = x * x
    ...     _ = optimizer.minimize(loss, [x], tape)
    ...     bar.show(loss=loss)
    >>> print(f"{x.numpy():.2f}")
    0.00
    """
    return Progress(steps, description, total, shown, file)


def is_seen(file: TextIO) -> bool:
    """Whether somebody sees a line that is written again and again: a terminal, or a notebook."""
    if "ipykernel" in sys.modules and type(file).__module__.startswith("ipykernel"):
        return True
    return hasattr(file, "isatty") and file.isatty() and os.environ.get("TERM") != "dumb"


def _duration(seconds: float) -> str:
    """3.2 s, 1:05, 2:00:09."""
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def _short(value: Any) -> str:
    """A value in few letters. A tensor's is looked at without telling its listeners: nobody computes with it."""
    value = getattr(value, "_value", value)
    if getattr(value, "size", 1) == 1 and hasattr(value, "item"):
        value = value.item()
    if isinstance(value, float):
        return f"{value:.4g}" if math.isfinite(value) else str(value)
    return str(value)
