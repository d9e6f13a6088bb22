"""Streams of random numbers with a state of their own: `tf.random.Generator`, and the global one behind `normal`."""

from __future__ import annotations

from enum import Enum
from typing import Any

import numpy as np

from ..core.draws import WORDS, Stream, words_of
from ..core.errors import ArgumentTypeError, InvalidArgumentError, ShapeError
from ..core.spec import int32, int64, uint64
from ..core.tensor import Tensor, as_tensor
from .discrete import binomial_draw
from .noise import full_int, made, noise, real_dtype, scaled, tell_effect, uniform


class Algorithm(Enum):
    """TensorFlow's names of algorithms; here streams are NumPy's PCG64, stateless draws its Philox, always."""

    PHILOX = 1
    THREEFRY = 2
    AUTO_SELECT = 3


class Generator:
    """A stream of random numbers with its own state.

    >>> import gradtape as gt
    >>> g = gt.random.Generator.from_seed(1)
    >>> g.normal((2, 3)).shape
    (2, 3)
    """

    _source: np.random.Generator

    def __init__(self, copy_from: Generator | None = None, state: Any = None, alg: Any = None) -> None:
        if (copy_from is None) == (state is None):
            raise InvalidArgumentError(
                "Generator: give copy_from or state, one of them; or use Generator.from_seed"
            )
        self._source = made(np.random.default_rng())
        self._go_on("Generator", state if copy_from is None else copy_from.state)

    @classmethod
    def _of(cls, source: np.random.Generator) -> Generator:
        """The generator that draws from a source of NumPy's."""
        generator = cls.__new__(cls)
        generator._source = source
        return generator

    @classmethod
    def from_seed(cls, seed: Any, alg: Any = None) -> Generator:
        """A generator started from an integer."""
        return cls._of(made(np.random.default_rng(abs(int(seed)))))

    @classmethod
    def from_non_deterministic_state(cls, alg: Any = None) -> Generator:
        """A generator started from the machine's entropy."""
        return cls._of(np.random.default_rng())

    @classmethod
    def from_state(cls, state: Any, alg: Any = None) -> Generator:
        """A generator that goes on from a `state`.

        Raises:
            ValueError: for what is not the state of a generator.
        """
        return cls(state=state, alg=alg)

    @property
    def state(self) -> Tensor:
        """The state, six words of uint64, from which `from_state` and `reset` go on."""
        return Stream(self._source)._as_tensor()

    @property
    def algorithm(self) -> Algorithm:
        """What TensorFlow would be asked for: the choice is left to the library."""
        return Algorithm.AUTO_SELECT

    def reset(self, state: Any) -> None:
        """Go on from a `state`.

        Raises:
            ValueError: for what is not the state of a generator.
        """
        self._go_on("Generator.reset", state)

    def reset_from_seed(self, seed: Any) -> None:
        """Start anew as `from_seed` of this seed."""
        self._go_on("Generator.reset_from_seed", words_of(np.random.default_rng(abs(int(seed)))))

    def _go_on(self, operation: str, state: Any) -> None:
        """Put a state in place of the present one, as a value is assigned to a variable."""
        words = as_tensor(state)
        if words._value.shape != (WORDS,) or words._value.dtype != uint64:
            got = f"{words.dtype.name}, shape {tuple(words.shape)}"
            raise ShapeError(f"{operation}: state must be {WORDS} words of uint64, got {got}")
        Stream(self._source).assign(words)

    def skip(self, delta: Any) -> None:
        """Leave out so many numbers of 64 bits."""
        tell_effect("Generator.skip", self._source)
        generator: Any = self._source.bit_generator
        generator.advance(int(delta))

    def normal(
        self, shape: Any, mean: Any = 0.0, stddev: Any = 1.0, dtype: Any = None, name: str | None = None
    ) -> Tensor:
        """Normal numbers; derivatives reach mean and stddev."""
        return scaled(noise(self._source, "normal", shape, real_dtype(dtype)), mean, stddev)

    def uniform(
        self, shape: Any, minval: Any = 0, maxval: Any = None, dtype: Any = None, name: str | None = None
    ) -> Tensor:
        """Numbers uniform in [minval, maxval); derivatives reach both."""
        return uniform(self._source, shape, minval, maxval, dtype)

    def truncated_normal(
        self, shape: Any, mean: Any = 0.0, stddev: Any = 1.0, dtype: Any = None, name: str | None = None
    ) -> Tensor:
        """Normal numbers within two standard deviations; derivatives reach mean and stddev."""
        return scaled(noise(self._source, "truncated", shape, real_dtype(dtype)), mean, stddev)

    def uniform_full_int(self, shape: Any, dtype: Any = uint64, name: str | None = None) -> Tensor:
        """Integers over the whole range of the dtype."""
        return full_int(self._source, shape, dtype)

    def binomial(
        self, shape: Any, counts: Any, probs: Any, dtype: Any = int32, name: str | None = None
    ) -> Tensor:
        """Numbers of successes in `counts` trials of probability `probs`; no derivative."""
        return binomial_draw("Generator.binomial", self._source, shape, counts, probs, dtype)

    def make_seeds(self, count: int = 1) -> Tensor:
        """Seeds for stateless draws, one in each column: int64 of shape (2, count)."""
        return full_int(self._source, (2, int(count)), int64)

    def split(self, count: int = 1) -> list[Generator]:
        """Independent generators."""
        tell_effect("Generator.split", self._source)
        return [Generator._of(made(source)) for source in self._source.spawn(count)]


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


def set_global_generator(generator: Generator) -> None:
    """Put another generator behind `normal`, `uniform` and the like.

    Raises:
        TypeError: for what is not a generator.
    """
    if not isinstance(generator, Generator):
        raise ArgumentTypeError(
            f"set_global_generator: a Generator is needed, not {type(generator).__name__}"
        )
    _GLOBAL[0] = generator


def create_rng_state(seed: Any, alg: Any = None) -> Tensor:
    """The state of a generator started from a seed."""
    return Generator.from_seed(seed).state


def stream(seed: Any) -> Generator:
    """The global generator, or that of the draws with this seed, which starts anew with `set_seed`."""
    if seed is None:
        return _GLOBAL[0]
    pair = (_SEED[0], abs(int(seed)))
    if pair not in _SEEDED:
        _SEEDED[pair] = Generator._of(np.random.default_rng(pair))
    return _SEEDED[pair]
