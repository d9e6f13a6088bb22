"""One sample of a primitive in one dtype, and what the two modes say of it.

`cases` draws every sample in every dtype that the primitive takes. A dtype may be refused, with a TypeError or
ValueError that names the primitive and the dtype.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..accumulator import ForwardAccumulator
from ..core.errors import Documented, remade, said
from ..core.primitive import Primitive, Sample
from ..core.spec import DType, complex64, complex128, float16, float32, float64, is_differentiable
from ..core.tensor import Tensor
from ..tape import GradientTape

DTYPES = (float16, float32, float64, complex64, complex128)


class LawError(Documented, AssertionError):
    """A primitive breaks a law; `law` is its name, the text says on which inputs, what was expected and found."""

    section = "A law that an operation breaks"

    def __init__(self, law: str, what: object, text: str) -> None:
        super().__init__(f"{law} of {what}: {text}")
        self.law = law

    def __reduce__(self) -> Any:
        return remade, (type(self), *self.args), vars(self)


@dataclass(frozen=True, slots=True)
class Case:
    """A primitive with inputs and parameters."""

    primitive: Primitive
    inputs: tuple[Any, ...]
    params: dict[str, Any]
    dtype: DType
    seed: int

    def __str__(self) -> str:
        given = [f"{x.dtype.name}{list(x.shape)}" for x in self.inputs]
        settings = [f"{name}={value!r}" for name, value in self.params.items()]
        return f"{self.primitive.name}({', '.join(given + settings)})"

    @property
    def floating(self) -> tuple[int, ...]:
        """The inputs that could have a derivative."""
        return tuple(i for i, x in enumerate(self.inputs) if is_differentiable(x.dtype))

    @property
    def moving(self) -> tuple[int, ...]:
        """The inputs that have one."""
        return tuple(i for i in self.floating if self.primitive.rule(i) is not None)

    def subsets(self) -> list[tuple[int, ...]]:
        """Each moving input alone, then all together."""
        moving = self.moving
        return [(i,) for i in moving] + ([moving] if len(moving) > 1 else [])

    def call(self, inputs: Sequence[Any]) -> list[Tensor]:
        """The outputs for these inputs: tensors, or arrays that become tensors without a copy."""
        y = self.primitive(*(x if isinstance(x, Tensor) else Tensor(x) for x in inputs), **self.params)
        return list(y) if isinstance(y, tuple) else [y]

    def floats(self, inputs: Sequence[Any]) -> list[Tensor]:
        """The outputs that can have a derivative."""
        return [y for y in self.call(inputs) if is_differentiable(y.dtype)]

    def directions(self, likes: Iterable[Any], salt: int) -> list[Any]:
        """Random arrays of the shapes and dtypes of others; another salt gives others."""
        rng = np.random.default_rng([self.seed, salt])
        return [_random_like(rng, tuple(like.shape), like.dtype) for like in likes]

    def tangents(self, moving: Sequence[int], directions: Sequence[Any]) -> list[Any]:
        """The tangents of the floating outputs, None where there is none."""
        tensors = [Tensor(x) for x in self.inputs]
        primals = [tensors[i] for i in moving]
        with ForwardAccumulator(primals, [Tensor(t) for t in directions]) as accumulator:
            ys = self.floats(tensors)
        return values_of(accumulator.jvp(ys))

    def cotangents(self, moving: Sequence[int], seeds: Sequence[Any]) -> list[Any]:
        """What seeds of the floating outputs send to the inputs, None where nothing arrives."""
        tensors = [Tensor(x) for x in self.inputs]
        sources = [tensors[i] for i in moving]
        with GradientTape() as tape:
            tape.watch(sources)
            ys = self.floats(tensors)
        return values_of(tape.gradient(ys, sources, output_gradients=[Tensor(v) for v in seeds]))

    def double(self) -> Case:
        """The same case in double precision."""
        wide = [x.astype(in_double(x.dtype))[()] if is_differentiable(x.dtype) else x for x in self.inputs]
        return replace(self, inputs=tuple(wide), dtype=in_double(self.dtype))


def in_double(dtype: DType) -> DType:
    """The dtype of double precision for a floating or complex one."""
    return np.result_type(dtype, float64)


def values_of(tensors: Iterable[Any]) -> list[Any]:
    """The NumPy values of tensors, None where there is none."""
    return [None if x is None else x._value for x in tensors]


def flat(values: Iterable[Any], likes: Iterable[Any]) -> Any:
    """Values, zeros for None, as one real vector in double precision: real parts, then imaginary parts."""
    parts: list[Any] = [np.zeros(0)]
    for value, like in zip(values, likes, strict=True):
        x = np.zeros(tuple(like.shape), like.dtype) if value is None else np.asarray(value)
        parts += [x.real.ravel(), x.imag.ravel()] if x.dtype.kind == "c" else [x.ravel()]
    return np.concatenate([part.astype(np.float64) for part in parts])


def _random_like(rng: np.random.Generator, shape: tuple[int, ...], dtype: DType) -> Any:
    x = np.asarray(rng.standard_normal(shape))
    if dtype.kind == "c":
        x = x + 1j * rng.standard_normal(shape)
    return x.astype(dtype)[()]


def cases(primitive: Primitive, dtypes: Iterable[DType] = DTYPES, seed: int = 0) -> Iterator[Case]:
    """Every sample of a primitive in every dtype that it takes.

    Raises:
        LawError: if there is no sample, no dtype is taken, or one is refused without being named.
    """
    if not primitive.samples:
        raise LawError("samples", primitive, "there is none, so no law can be checked")
    taken = 0
    for number, sample in enumerate(primitive.samples):
        seen: set[tuple[DType, ...]] = set()
        for dtype in dtypes:
            case = draw(primitive, sample, dtype, seed + number)
            key = tuple(x.dtype for x in case.inputs)
            if key not in seen and _takes(case):
                taken += 1
                yield case
            seen.add(key)
    if not taken:
        raise LawError("samples", primitive, "it takes none of the dtypes")


def _takes(case: Case) -> bool:
    try:
        case.call(case.inputs)
    except (TypeError, ValueError) as error:
        if all(part in str(error) for part in (case.primitive.name, case.dtype.name)):
            return False
        text = f"it refuses without naming itself and the dtype: {said(error)}"
        raise LawError("manners", case, text) from error
    return True


def draw(primitive: Primitive, sample: Sample, dtype: DType, seed: int) -> Case:
    """One sample with its shapes filled: random entries of the domain, integers for "bits", arrays as given."""
    rng = np.random.default_rng(seed)
    inputs: list[Any] = []
    given, params = sample
    for i, part in enumerate(given):
        if isinstance(part, str):
            x = rng.integers(0, 64, 3).astype(np.int32)
        elif isinstance(part, tuple):
            low, high = primitive.domain[min(i, len(primitive.domain) - 1)]
            x = np.asarray(low + (high - low) * rng.random(part))
            x = (x + 1j * (rng.random(part) - 0.5) if dtype.kind == "c" else x).astype(dtype)
        else:
            x = np.asarray(part)
            if is_differentiable(x.dtype):
                x = x.astype(np.result_type(dtype, complex64) if x.dtype.kind == "c" else dtype)
        inputs.append(x[()])
    return Case(primitive, tuple(inputs), dict(params), dtype, seed)
