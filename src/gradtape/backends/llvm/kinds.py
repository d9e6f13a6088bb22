"""What entries are in machine code: the kinds of numbers, how they lie in memory, and how LLVM writes them."""

from __future__ import annotations

import struct
from typing import Any

import numpy as np

from ...core.spec import (
    DType,
    bool_,
    float16,
    float32,
    float64,
    int8,
    int16,
    int32,
    int64,
    uint8,
    uint16,
    uint32,
    uint64,
)


def processor() -> dict[str, bool]:
    """What NumPy has found the processor to offer, by name; nothing if it does not say."""
    return getattr(getattr(np._core, "_multiarray_umath", None), "__cpu_features__", None) or {}  # type: ignore[attr-defined]


def has(*names: str) -> bool:
    """Whether the processor offers one of these."""
    found = processor()
    return any(found.get(name) for name in names)


KINDS: dict[DType, str] = {
    float32: "float",
    float64: "double",
    bool_: "i1",
    int8: "i8",
    int16: "i16",
    int32: "i32",
    int64: "i64",
    uint8: "u8",
    uint16: "u16",
    uint32: "u32",
    uint64: "u64",
    # Else functions would be called that nobody brings.
    **({float16: "half"} if has("F16C", "NEON_FP16") else {}),
}
"""What the entries are of each dtype that machine code deals with: LLVM's name, but for numbers without a sign."""


def machine(kind: str) -> str:
    """LLVM's name for a kind, which does not tell whether whole numbers have a sign."""
    return f"i{kind[1:]}" if kind[0] == "u" else kind


def _size(kind: str) -> int:
    """The bytes of an entry in memory."""
    return {"half": 2, "float": 4, "double": 8, "i1": 1}.get(kind) or int(kind[1:]) // 8


STORED: dict[str, tuple[str, int]] = {
    kind: ("i8" if kind == "i1" else machine(kind), _size(kind)) for kind in KINDS.values()
}
"""How an entry lies in memory, and in how many bytes."""

FLOATS = frozenset({"half", "float", "double"})
"""Half precision is for memory: it is computed with in single precision, and rounded after each operation."""

BITS = {"float": "i32", "double": "i64"}


class Unsupported(Exception):
    """There is no machine code for this; the operation is done by its NumPy value."""


def literal(kind: str, number: Any) -> str:
    """A number as LLVM writes it: floats by the bits of a double."""
    if kind in BITS:
        exact = float(np.float32(number)) if kind == "float" else float(number)
        return f"0x{struct.unpack('<Q', struct.pack('<d', exact))[0]:016X}"
    if kind == "half":
        return f"0xH{np.float16(number).view(np.uint16):04X}"
    if kind == "i1":
        return "true" if number else "false"
    if not np.isfinite(number) or int(number) != number:
        raise Unsupported(f"{number} as {kind}")
    bits = int(kind[1:])
    return str((int(number) + (1 << bits - 1)) % (1 << bits) - (1 << bits - 1))


__all__ = ["BITS", "FLOATS", "KINDS", "STORED", "Unsupported", "literal", "machine"]
