"""What SciPy's functions mean on tensors: how a function here is entered, and how the two are told apart at a call.

A function of this room has SciPy's name and SciPy's arguments. Where one of these is a tensor it answers with
operations of the vocabulary, which are recorded; otherwise SciPy does, as if nobody had asked. A function that takes
functions (`quad`, `brentq`) asks `depends` first, for these may close over tensors.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from importlib import import_module
from types import ModuleType
from typing import Any, TypeVar

from ..capture import Captures, followed
from ..core.detach import UNASKED
from ..core.errors import said
from ..core.further_errors import UncoveredError
from ..core.listen import Listener, activate, deactivate, listeners, paused
from ..core.tensor import as_tensor, look
from ..faces.numpy_protocol import is_followed, leaves

Function = TypeVar("Function", bound=Callable[..., Any])

MEANINGS: dict[str, Callable[..., Any]] = {}
"""The functions of this room by SciPy's name with its module, as `linalg.expm`."""

ORIGINALS: dict[str, Callable[..., Any]] = {}
"""SciPy's own functions of these names."""


def place(name: str) -> tuple[Any, str]:
    """What holds a name of SciPy's, a module or a class, and the last part of the name."""
    first, *others, own = name.split(".")
    holder: Any = import_module(f"scipy.{first}")
    for part in others:
        holder = getattr(holder, part)
    return holder, own


def original(name: str) -> Callable[..., Any]:
    """SciPy's own function, whatever stands under its name now."""
    if name not in ORIGINALS:
        holder, own = place(name)
        ORIGINALS[name] = getattr(holder, own)
    return ORIGINALS[name]


def is_tensor(x: Any) -> bool:
    """Whether x is a tensor or a variable."""
    return hasattr(type(x), "_as_tensor")


def holds_tensor(*given: Any) -> bool:
    """Whether there is a tensor or a variable among the arguments, in lists and tuples too."""
    return any(is_tensor(x) for x in leaves(given))


def refuse(name: str, **given: Any) -> None:
    """Refuse arguments that have no meaning on tensors.

    Raises:
        UncoveredError: for the first that is given.
    """
    for key, value in given.items():
        if value is not None and value is not False:
            raise UncoveredError(f"scipy.{name}: {key}= has no meaning where tensors are followed")


def plain(x: Any) -> Any:
    """The number or array of a tensor, which is a constant from here on; a recording refuses one that varies."""
    return look(x, "SciPy") if is_tensor(x) else x


def listed(args: Any) -> tuple[Any, ...]:
    """Further arguments as SciPy takes them: a tuple, or one alone."""
    return args if isinstance(args, tuple) else () if args is None else (args,)


def scipy_function(function: Function) -> Function:
    """Enter a function under SciPy's name, its own and the first word of its file: it gets the calls with tensors."""
    return enter(_name(function), function)


def enter(name: str, function: Function) -> Function:
    """Enter a function or method under SciPy's name with its module and class: it gets the calls with tensors."""

    @functools.wraps(function)
    def answer(*args: Any, **kwargs: Any) -> Any:
        if holds_tensor(args, kwargs):
            return function(*args, **kwargs)
        return original(name)(*args, **kwargs)

    MEANINGS[name] = answer
    return answer  # type: ignore[return-value]


def scipy_solver(function: Function) -> Function:
    """Enter a function that takes functions: it gets every call, and hands on to SciPy what depends on no tensor."""
    MEANINGS[_name(function)] = function
    return function


def _name(function: Callable[..., Any]) -> str:
    file = function.__module__.rpartition(".")[2]
    return f"{file.partition('_')[0]}.{function.__name__}"


class Inside(Listener):
    """Context in which SciPy's own formulas run on tensors: what does not run, or would leave the tape, is an error.

    Args:
        name: whose formula it is, for the error.
    """

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name

    def __enter__(self) -> None:
        activate(self)

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        deactivate(self)
        if isinstance(error, (TypeError, ValueError, AttributeError, NotImplementedError)):
            if said(error).startswith(self.name):
                raise error
            raise UncoveredError(
                f"{self.name}: SciPy's formula does not run on tensors ({said(error)}); write it with NumPy's functions"
            ) from error

    def hear(self, *_what: Any) -> None:
        """Operations are welcome."""

    def hear_leave(self, holder: Any, how: Any) -> None:
        """Refuse what a derivative would be lost by."""
        if type(how) is str and how in UNASKED and is_followed(holder):
            raise UncoveredError(
                f"{self.name}: SciPy computes it on plain arrays, where a derivative is lost"
            )


def depends(function: Callable[..., Any], *given: Any, count: int | None = None) -> bool:
    """Whether a function's result depends on tensors that somebody follows, given as arguments or closed over.

    It is run once on the first `count` of what is given (all), and nobody hears what it does; the others are looked at.
    """
    if not listeners():
        return False
    if any(is_tensor(x) and followed(as_tensor(x)) for x in leaves(given)):
        return True
    captures = Captures(getattr(function, "__name__", "a function"))
    with paused((captures,)):
        function(*given[:count])
    return bool(captures.held)


def namespace(module: str) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """How a module of this room finds its names: what is entered here, and everything else that SciPy has."""

    def find(name: str) -> Any:
        found = MEANINGS.get(f"{module}.{name}")
        return _guarded(f"{module}.{name}") if found is None else found

    def names() -> list[str]:
        theirs = vars(import_module(f"scipy.{module}"))
        return sorted(name for name, x in theirs.items() if name[0] != "_" and not isinstance(x, ModuleType))

    return find, names


def entered(module: str) -> list[str]:
    """The names of a module that have a meaning here."""
    names = (name.split(".") for name in MEANINGS)
    return sorted(rest[0] for first, *rest in names if first == module and len(rest) == 1)


def _guarded(name: str) -> Any:
    """What SciPy has under a name; a function refuses tensors that are followed.

    Raises:
        AttributeError: for a name that SciPy does not have.
    """
    found: Any = original(name)
    if isinstance(found, type) or not callable(found) or hasattr(found, "nin"):
        return found  # constants, classes, and ufuncs, which ask a tensor themselves

    @functools.wraps(found)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        if any(is_followed(x) for x in leaves((args, kwargs))):
            raise UncoveredError(
                f"scipy.{name} has no derivative here, and a tensor given to it is recorded. Take t.numpy() or "
                "gt.stop_gradient(t) first to leave the tape on purpose, write it with NumPy's functions, or give it "
                "a rule with gt.register_primitive"
            )
        return found(*args, **kwargs)

    return guarded
