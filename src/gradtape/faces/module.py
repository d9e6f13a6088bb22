"""TensorFlow's `tf.Module`: an object that finds the variables among its attributes."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from typing import Any

from ..core import nest
from ..core.naming import name_scope, scoped
from ..core.variable import Variable

WAITING = "_waiting"
"""The attribute with the restores that wait for an object's further attributes."""
OWN = frozenset({"_name", "_scope", WAITING})
"""Attributes of a module that hold nothing of the user's."""


class Holder:
    """An object whose attributes are saved and restored; restores that wait for further ones hear of each that is set.

    They are in the attribute `WAITING`. Each says by `due(value)` what puts its values, and raises if one does not fit;
    then the attribute is as before.
    """

    def __setattr__(self, name: str, value: Any) -> None:
        own = vars(self)
        waiting = own.get(WAITING)
        if not waiting:
            object.__setattr__(self, name, value)
            return
        had, before = name in own, own.get(name)
        object.__setattr__(self, name, value)
        try:
            puts = [each.due(value) for each in waiting]
        except BaseException:
            if had:
                own[name] = before
            else:
                own.pop(name, None)
            raise
        for put in puts:
            put()


class Module(Holder):
    """Base class for models: collects variables from attributes, nested modules, lists and dictionaries.

    >>> import gradtape as gt
    >>> class Line(gt.Module):
    ...     def __init__(self):
    ...         super().__init__()
    ...         self.b, self.a = gt.Variable(0.0, name="b"), gt.Variable(1.0, name="a")
    >>> [v.name for v in Line().trainable_variables]
    ['b:0', 'a:0']
    """

    def __init__(self, name: str | None = None) -> None:
        self._name = name or snake(type(self).__name__)
        self._scope = scoped(self._name) + "/"

    @property
    def name(self) -> str:
        """The name given, or one made of the class's name."""
        return getattr(self, "_name", snake(type(self).__name__))

    @property
    def name_scope(self) -> name_scope:
        """A context in which the names of variables begin with this module's name."""
        return name_scope(getattr(self, "_scope", self.name + "/"))

    @classmethod
    def with_name_scope(cls, method: Callable[..., Any]) -> Callable[..., Any]:
        """Decorate a method so that it runs in the module's name scope.

        >>> import gradtape as gt
        >>> class Scale(gt.Module):
        ...     @gt.Module.with_name_scope
        ...     def __call__(self, x):
        ...         if not hasattr(self, "w"):
        ...             self.w = gt.Variable(3.0, name="w")
        ...         return x * self.w
        >>> scale = Scale(name="first")
        >>> scale(gt.constant(2.0)).numpy(), scale.w.name
        (np.float32(6.0), 'first/w:0')
        """

        @functools.wraps(method)
        def inside(self: Module, *args: Any, **kwargs: Any) -> Any:
            with self.name_scope:
                return method(self, *args, **kwargs)

        return inside

    @property
    def variables(self) -> tuple[Variable, ...]:
        """All variables of this module and those in it, each once, in order of creation (in TensorFlow, of names)."""
        found = {v._serial: v for v in _leaves(self, set()) if isinstance(v, Variable)}
        return tuple(variable for _, variable in sorted(found.items()))

    @property
    def trainable_variables(self) -> tuple[Variable, ...]:
        """The trainable variables, in order of creation."""
        return tuple(v for v in self.variables if v.trainable)

    @property
    def non_trainable_variables(self) -> tuple[Variable, ...]:
        """The variables that are not trainable, in order of creation."""
        return tuple(v for v in self.variables if not v.trainable)

    @property
    def submodules(self) -> tuple[Module, ...]:
        """The modules inside this one, at any depth."""
        seen: set[int] = set()
        return tuple(m for m in _leaves(self, seen) if isinstance(m, Module) and m is not self)


def _leaves(module: Module, seen: set[int]) -> Iterator[Any]:
    """The module, then the leaves of its attributes, entering each module once."""
    if id(module) in seen:
        return
    seen.add(id(module))
    yield module
    for key, value in sorted(vars(module).items()):
        if key in OWN:
            continue
        for leaf in nest.flatten(value):
            if isinstance(leaf, Module):
                yield from _leaves(leaf, seen)
            else:
                yield leaf


def snake(name: str) -> str:
    """The name of a class in lower case with underscores."""
    return "".join("_" + c.lower() if c.isupper() and i else c.lower() for i, c in enumerate(name))
