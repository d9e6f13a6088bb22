"""TensorFlow's `tf.random`: stateless draws, seeded generators, and the global generator.

Values come from NumPy's generators (PCG64 for streams, Philox keyed by the seed for stateless draws) and do not equal
TensorFlow's for the same seed. They are constants to every tape, but for location and scale: a draw is
`mean + stddev * noise`, so derivatives reach both.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..core.errors import InvalidArgumentError
from ..core.listen import listeners
from ..core.spec import default_float
from ..core.tensor import Tensor, as_tensor, look
from ..core.values import to_value
from ..ops import linear
from ..ops.composite import shape_of


def _real(dtype: Any) -> np.dtype[Any]:
    return default_float() if dtype is None else np.dtype(dtype)


def _drawn(source: Any, draw: Callable[[], Any]) -> Tensor:
    """What `draw` takes from a source of random numbers; listeners are told, so that a recording can draw again."""
    tensor = Tensor(draw())
    for listener in listeners():
        listener.hear_draw(tensor, source, draw)
    return tensor


def _noise(source: np.random.Generator, kind: str, shape: Any, dtype: Any) -> Tensor:
    sizes = shape_of(shape)
    return _drawn(source, lambda: _noise_value(source, kind, sizes, dtype))


def _noise_value(source: np.random.Generator, kind: str, sizes: Any, dtype: Any) -> Any:
    if kind == "normal":
        drawn = source.standard_normal(sizes)
    elif kind == "uniform":
        drawn = source.random(sizes)
    else:
        drawn = source.standard_normal(sizes)
        while (outside := np.abs(drawn) > 2).any():
            drawn = np.where(outside, source.standard_normal(sizes), drawn)
    value = np.asarray(drawn).astype(dtype)
    if kind == "uniform":
        # Rounding to a shorter dtype may reach one, which is outside the half-open interval.
        value = np.minimum(value, np.nextafter(dtype.type(1), dtype.type(0)))
    return value[()]


def _scaled(noise: Tensor, shift: Any, scale: Any) -> Tensor:
    return shift + noise * scale if hasattr(type(shift), "_as_tensor") else noise * scale + shift  # type: ignore[no-any-return]


def _uniform(source: np.random.Generator, shape: Any, low: Any, high: Any, dtype: Any) -> Tensor:
    chosen = _real(dtype)
    if chosen.kind in "iu":
        if high is None:
            raise ValueError("uniform: integers need maxval")
        sizes, least, most = shape_of(shape), to_value(low), to_value(high)
        return _drawn(source, lambda: source.integers(least, most, sizes, dtype=chosen)[()])
    low, top = as_tensor(low, chosen), as_tensor(1.0 if high is None else high, chosen)
    return low + _noise(source, "uniform", shape, chosen) * (top - low)  # type: ignore[no-any-return]


def _keyed(seed: Any) -> np.random.Generator:
    """The generator of a stateless draw: a function of the two numbers of the seed."""
    pair = [int(n) for n in np.asarray(look(seed, "a stateless draw")).reshape(-1)]
    if len(pair) != 2:
        raise InvalidArgumentError(f"seed must hold two integers, e.g. [1, 2], not {seed!r}")
    return _made(np.random.Generator(np.random.Philox(np.random.SeedSequence([n % 2**64 for n in pair]))))


def _made(source: np.random.Generator) -> np.random.Generator:
    """A source that starts from a seed; a recording takes what it gives for constants, as every run would."""
    for listener in listeners():
        listener.hear_seed(source)
    return source


def stateless_normal(
    shape: Any,
    seed: Any,
    mean: Any = 0.0,
    stddev: Any = 1.0,
    dtype: Any = None,
    name: str | None = None,
    alg: Any = None,
) -> Tensor:
    """Normal numbers that depend on the seed alone.

    Args:
        shape: of the result.
        seed: two integers.
        mean, stddev: numbers or tensors that broadcast with the shape; derivatives reach them.

    >>> import gradtape as gt
    >>> a, b = (gt.random.stateless_normal((2,), seed=[1, 2]).numpy().tolist() for _ in range(2))
    >>> a == b
    True
    """
    return _scaled(_noise(_keyed(seed), "normal", shape, _real(dtype)), mean, stddev)


def stateless_uniform(
    shape: Any,
    seed: Any,
    minval: Any = 0,
    maxval: Any = None,
    dtype: Any = None,
    name: str | None = None,
    alg: Any = None,
) -> Tensor:
    """Numbers uniform in [minval, maxval) that depend on the seed alone; integers on request of the dtype."""
    return _uniform(_keyed(seed), shape, minval, maxval, dtype)


def stateless_truncated_normal(
    shape: Any,
    seed: Any,
    mean: Any = 0.0,
    stddev: Any = 1.0,
    dtype: Any = None,
    name: str | None = None,
    alg: Any = None,
) -> Tensor:
    """Normal numbers, drawn again where they are more than two standard deviations from the mean."""
    return _scaled(_noise(_keyed(seed), "truncated", shape, _real(dtype)), mean, stddev)


class Generator:
    """A stream of random numbers with its own state.

    >>> import gradtape as gt
    >>> g = gt.random.Generator.from_seed(1)
    >>> g.normal((2, 3)).shape
    (2, 3)
    """

    def __init__(self, source: np.random.Generator) -> None:
        self._source = source

    @classmethod
    def from_seed(cls, seed: Any, alg: Any = None) -> Generator:
        """A generator started from an integer."""
        return cls(_made(np.random.default_rng(abs(int(seed)))))

    @classmethod
    def from_non_deterministic_state(cls, alg: Any = None) -> Generator:
        """A generator started from the machine's entropy."""
        return cls(np.random.default_rng())

    def normal(
        self, shape: Any, mean: Any = 0.0, stddev: Any = 1.0, dtype: Any = None, name: str | None = None
    ) -> Tensor:
        """Normal numbers; derivatives reach mean and stddev."""
        return _scaled(_noise(self._source, "normal", shape, _real(dtype)), mean, stddev)

    def uniform(
        self, shape: Any, minval: Any = 0, maxval: Any = None, dtype: Any = None, name: str | None = None
    ) -> Tensor:
        """Numbers uniform in [minval, maxval)."""
        return _uniform(self._source, shape, minval, maxval, dtype)

    def truncated_normal(
        self, shape: Any, mean: Any = 0.0, stddev: Any = 1.0, dtype: Any = None, name: str | None = None
    ) -> Tensor:
        """Normal numbers within two standard deviations."""
        return _scaled(_noise(self._source, "truncated", shape, _real(dtype)), mean, stddev)

    def split(self, count: int = 1) -> list[Generator]:
        """Independent generators."""
        for listener in listeners():
            listener.hear_effect("Generator.split")
        return [Generator(source) for source in self._source.spawn(count)]


_GLOBAL = [Generator.from_non_deterministic_state()]
_SEEDED: dict[tuple[int, int], Generator] = {}
"""The generators of draws with a seed of their own, by the global seed (0 if none was set) and that seed."""
_SEED = [0]


def set_seed(seed: int) -> None:
    """Start the global generator anew from a seed, so that a program's draws repeat."""
    # In place, as recorded programs hold the generators that they draw from.
    own = abs(int(seed))
    _restart(_GLOBAL[0], own)
    _SEED[0] = own
    seeded = {(own, each): generator for (_, each), generator in _SEEDED.items()}
    for pair, generator in seeded.items():
        _restart(generator, pair)
    _SEEDED.clear()
    _SEEDED.update(seeded)


def _restart(generator: Generator, seed: Any) -> None:
    """Bring a generator into the state of a new one with this seed."""
    generator._source.bit_generator.state = np.random.default_rng(seed).bit_generator.state


def get_global_generator() -> Generator:
    """The generator behind `normal`, `uniform` and the like."""
    return _GLOBAL[0]


def _stream(seed: Any) -> Generator:
    """The global generator, or that of the draws with this seed, which starts anew with `set_seed`."""
    if seed is None:
        return _GLOBAL[0]
    pair = (_SEED[0], abs(int(seed)))
    if pair not in _SEEDED:
        _SEEDED[pair] = Generator(np.random.default_rng(pair))
    return _SEEDED[pair]


def normal(
    shape: Any,
    mean: Any = 0.0,
    stddev: Any = 1.0,
    dtype: Any = None,
    seed: Any = None,
    name: str | None = None,
) -> Tensor:
    """Normal numbers from the global generator, or from that of the seed where one is given."""
    return _stream(seed).normal(shape, mean, stddev, dtype)


def uniform(
    shape: Any,
    minval: Any = 0,
    maxval: Any = None,
    dtype: Any = None,
    seed: Any = None,
    name: str | None = None,
) -> Tensor:
    """Numbers uniform in [minval, maxval) from the global generator, or from that of the seed where one is given."""
    return _stream(seed).uniform(shape, minval, maxval, dtype)


def truncated_normal(
    shape: Any,
    mean: Any = 0.0,
    stddev: Any = 1.0,
    dtype: Any = None,
    seed: Any = None,
    name: str | None = None,
) -> Tensor:
    """Normal numbers within two standard deviations of the mean."""
    return _stream(seed).truncated_normal(shape, mean, stddev, dtype)


def shuffle(value: Any, seed: Any = None, name: str | None = None) -> Tensor:
    """The rows in random order; differentiable in the rows."""
    x = as_tensor(value)
    source, count = _stream(seed)._source, x.shape[0]
    return linear.take(x, _drawn(source, lambda: source.permutation(count)), axis=0)  # type: ignore[no-any-return]


__all__ = [
    "Generator",
    "get_global_generator",
    "normal",
    "set_seed",
    "shuffle",
    "stateless_normal",
    "stateless_truncated_normal",
    "stateless_uniform",
    "truncated_normal",
    "uniform",
]
