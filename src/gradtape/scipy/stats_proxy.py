"""What `gradtape.scipy.stats` hands out: SciPy's distributions, whose methods answer tensors with the meanings here."""

from __future__ import annotations

import functools
from typing import Any

import scipy.stats  # type: ignore[import-untyped]  # SciPy brings no types
from scipy.stats._distn_infrastructure import rv_generic  # type: ignore[import-untyped]
from scipy.stats._multivariate import multi_rv_generic  # type: ignore[import-untyped]

from .meaning import MEANINGS, holds_tensor, namespace

_find, names = namespace("stats")
DISTRIBUTIONS = sorted(
    name for name, dist in vars(scipy.stats).items() if isinstance(dist, (rv_generic, multi_rv_generic))
)
"""The names of SciPy's distributions."""


def find(name: str) -> Any:
    """A name of `scipy.stats`, a distribution with the meanings of its methods."""
    found = getattr(scipy.stats, name)
    return Distribution(found) if isinstance(found, (rv_generic, multi_rv_generic)) else _find(name)


def _meaning(dist: Any, method: str) -> Any:
    for kind in type(dist).__mro__:
        module = kind.__module__.removeprefix("scipy.")
        for holder in (f"stats.{kind.__name__}", f"{module}.{kind.__name__}"):
            if f"{holder}.{method}" in MEANINGS:
                return MEANINGS[f"{holder}.{method}"]
    return None


class Distribution:
    """A distribution of SciPy's: its methods take tensors where there is a meaning, and are SciPy's otherwise."""

    def __init__(self, dist: Any) -> None:
        self._dist = dist

    def __getattr__(self, name: str) -> Any:
        meaning = _meaning(self._dist, name)
        return getattr(self._dist, name) if meaning is None else functools.partial(meaning, self._dist)

    def __call__(self, *args: Any, **kwds: Any) -> Any:
        """The distribution with these parameters."""
        return Frozen(self, args, kwds)

    def __repr__(self) -> str:
        return repr(self._dist)


class Frozen:
    """A distribution with its parameters."""

    def __init__(self, dist: Distribution, args: Any, kwds: Any) -> None:
        self._given = dist, args, kwds

    def __getattr__(self, name: str) -> Any:
        dist, args, kwds = self._given
        if _meaning(dist._dist, name) is None and not holds_tensor(args, kwds):
            return getattr(dist._dist(*args, **kwds), name)
        method = getattr(dist, name)
        return lambda *first, **more: method(*first, *args, **kwds, **more)

    def __repr__(self) -> str:
        dist, args, kwds = self._given
        return f"{dist!r}{args}{kwds or ''}"
