"""Names of variables: scopes that put a prefix before them, as `tf.name_scope` does.

The scope belongs to the thread or asyncio task, as tapes do.
"""

from __future__ import annotations

from contextvars import ContextVar, Token

from . import errors

_PREFIX: ContextVar[str] = ContextVar("prefix", default="")


def scoped(name: str) -> str:
    """The name with the prefix of the present scope."""
    return _PREFIX.get() + name


class name_scope:
    """A context in which the names of new variables begin with `name/`.

    Args:
        name: the scope, inside the present one; a name that ends in "/" stands for itself, "" for no scope.

    Raises:
        ValueError: if the name is no text.

    >>> import gradtape as gt
    >>> with gt.name_scope("layer") as scope:
    ...     w = gt.Variable(1.0, name="w")
    >>> scope, w.name
    ('layer/', 'layer/w:0')
    """

    __slots__ = ("_entered", "_name")

    def __init__(self, name: str) -> None:
        if not isinstance(name, str):
            raise errors.ArgumentTypeError(
                f"name_scope takes a text, not {name!r} of type {type(name).__name__!r}"
            )
        self._name = name
        self._entered: list[Token[str]] = []

    @property
    def name(self) -> str:
        """The name as it was given."""
        return self._name

    def __enter__(self) -> str:
        name = self._name
        prefix = name if not name or name.endswith("/") else scoped(name) + "/"
        self._entered.append(_PREFIX.set(prefix))
        return prefix

    def __exit__(self, *exception: object) -> None:
        _PREFIX.reset(self._entered.pop())
