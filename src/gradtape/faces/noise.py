"""Where random numbers come from: NumPy's generators, asked in a way that a recording can ask again.

Values do not equal TensorFlow's for the same seed. A draw is a constant to every tape; `random.py` shifts, scales and
transforms draws with operations, so that derivatives reach the parameters of a distribution.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from ..core.draws import draw
from ..core.errors import DtypeError, InvalidArgumentError
from ..core.listen import listeners, tell_draw
from ..core.spec import DType, as_dtype, default_float
from ..core.tensor import Tensor, as_tensor, look
from ..core.values import to_value
from ..ops.composing import shape_of


def real_dtype(dtype: Any) -> DType:
    """The dtype asked for, the default float for None."""
    return default_float() if dtype is None else as_dtype(dtype)


def drawn(source: np.random.Generator, made_by: Callable[..., Any], *args: Any) -> Tensor:
    """What a function of `core/draws.py` takes from a source; listeners are told, so that recordings draw again."""
    for listener in listeners():
        listener.hear_ahead(source)
    again = functools.partial(made_by, source, *args)
    tensor = Tensor(again())
    tell_draw(listeners(), tensor, source, again)
    return tensor


def noise(source: np.random.Generator, kind: str, shape: Any, dtype: Any) -> Tensor:
    """Standard noise: "normal", "truncated" (within two standard deviations), "uniform" or "open", without its ends."""
    sizes = shape_of(shape)
    return drawn(source, standard, kind, sizes, dtype)


@draw
def standard(source: np.random.Generator, kind: str, sizes: Any, dtype: Any) -> Any:
    """The numbers of `noise`."""
    if kind == "normal":
        value = source.standard_normal(sizes)
    elif kind == "uniform":
        value = source.random(sizes)
    elif kind == "open":
        value = np.maximum(source.random(sizes), 2.0**-54)
    else:
        value = source.standard_normal(sizes)
        while (outside := np.abs(value) > 2).any():
            value = np.where(outside, source.standard_normal(sizes), value)
    value = np.asarray(value).astype(dtype)
    if kind in ("uniform", "open"):
        # Rounding to a shorter dtype may reach one, which is outside the half-open interval.
        value = np.minimum(value, np.nextafter(dtype.type(1), dtype.type(0)))
    return value[()]


def _at_once(count: int, kind: str, sizes: Any, dtype: Any) -> tuple[Any, ...] | None:
    """How noise is asked for so many times: what is drawn again and again until it fits is not."""
    return None if kind == "truncated" else (kind, (count, *sizes), dtype)


standard.fills = _at_once  # type: ignore[attr-defined]


@draw
def integers(source: np.random.Generator, low: Any, high: Any, sizes: Any, dtype: Any, endpoint: bool) -> Any:
    """Integers from low to high, which is one of them or not."""
    return source.integers(low, high, sizes, dtype, endpoint)[()]


@draw
def permutation(source: np.random.Generator, count: int) -> Any:
    """The numbers below count in random order."""
    return source.permutation(count)


@draw
def poisson(source: np.random.Generator, rate: Any, sizes: Any, dtype: Any) -> Any:
    """Poisson numbers."""
    return np.asarray(source.poisson(rate, sizes)).astype(dtype)[()]


@draw
def binomial(source: np.random.Generator, trials: Any, chance: Any, sizes: Any, dtype: Any) -> Any:
    """Numbers of successes."""
    return np.asarray(source.binomial(trials, chance, sizes)).astype(dtype)[()]


def scaled(noise: Tensor, shift: Any, scale: Any) -> Tensor:
    """shift + scale * noise."""
    return shift + noise * scale if hasattr(type(shift), "_as_tensor") else noise * scale + shift  # type: ignore[no-any-return]


def uniform(source: np.random.Generator, shape: Any, low: Any, high: Any, dtype: Any) -> Tensor:
    """Numbers in [low, high), of an integer dtype integers."""
    chosen = real_dtype(dtype)
    if chosen.kind in "iu":
        if high is None:
            raise InvalidArgumentError("uniform: integers need maxval")
        sizes, least, most = shape_of(shape), to_value(low), to_value(high)
        return drawn(source, integers, least, most, sizes, chosen, False)
    low, top = as_tensor(low, chosen), as_tensor(1.0 if high is None else high, chosen)
    return low + noise(source, "uniform", shape, chosen) * (top - low)  # type: ignore[no-any-return]


def full_int(source: np.random.Generator, shape: Any, dtype: Any) -> Tensor:
    """Integers over the whole range of a dtype."""
    chosen, sizes = as_dtype(dtype), shape_of(shape)
    if chosen.kind not in "iu":
        raise DtypeError(f"uniform_full_int: dtype must be an integer one, not {chosen.name}")
    bounds = np.iinfo(chosen)
    return drawn(source, integers, bounds.min, bounds.max, sizes, chosen, True)


def pair_of(seed: Any, operation: str) -> list[int]:
    """The two integers of a stateless seed."""
    pair = [int(n) for n in np.asarray(look(seed, operation)).reshape(-1)]
    if len(pair) != 2:
        raise InvalidArgumentError(f"seed must hold two integers, e.g. [1, 2], not {seed!r}")
    return [n % 2**64 for n in pair]


def keyed(seed: Any) -> np.random.Generator:
    """The generator of a stateless draw: a function of the two numbers of the seed."""
    sequence = np.random.SeedSequence(pair_of(seed, "a stateless draw"))
    return made(np.random.Generator(np.random.Philox(sequence)))


def made(source: np.random.Generator) -> np.random.Generator:
    """A source that starts from a seed; a recording takes what it gives for constants, as every run would."""
    for listener in listeners():
        listener.hear_seed(source)
    return source


def tell_effect(what: str, source: np.random.Generator | None = None) -> None:
    """Tell listeners of what is done for its effect, such as a change of the state of a source."""
    for listener in listeners():
        listener.hear_effect(what, source)
