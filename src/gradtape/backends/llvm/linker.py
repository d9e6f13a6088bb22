"""Object code put at its place in memory by our own hand: ELF for x86-64 on Linux.

So code that was compiled before runs without LLVM, which takes longer to load than all else that the first call of a
compiled function does. Only what our code needs is understood: sections of code and of constants, and five ways to
refer to a place. `Unlinkable` is raised for everything else, and LLVM's linker asked (`engine.py`).

The sections lie one behind the other in one piece of memory. After them come doors: for each function outside a jump
to it, as it may lie further away than a call reaches, with its address behind it, which serves objects outside as well.
The piece is made executable, and closed to writing.

The layout of object files is that of the System V ABI, and of its AMD64 supplement (section 4.4, relocation).
"""

from __future__ import annotations

import ctypes
import mmap
import os
import platform
import struct
import sys
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from .emit import address_in_library

SERVES = sys.platform == "linux" and platform.machine() == "x86_64"
"""Whether there is a linker of our own for this system."""


class Unlinkable(Exception):
    """Object code of another sort than ours, or no memory that may be executed."""


class Linked:
    """Machine code in memory, which lives as long as this object: `linked[name]` is where an exported name lies.

    Args:
        code: an object file.
        imports: where what lies outside is; other names are looked up in the C library.
        exports: names to be found.

    Raises:
        Unlinkable: if the code is not of the sort that is understood, or names are missing.
    """

    __slots__ = ("__weakref__", "_memory", "_places")

    def __init__(self, code: bytes, imports: Mapping[str, int], exports: Iterable[str]) -> None:
        try:
            self._memory, places = _placed(_Object(code), imports)
            self._places = {name: places[name] for name in exports}
        except (ValueError, IndexError, KeyError, OSError, struct.error) as error:
            raise Unlinkable(str(error)) from error

    def __getitem__(self, name: str) -> int:
        return self._places[name]


# object files

_FILE = struct.Struct("<7s9xHH20xQ10xHHH")
_MAGIC, _RELOCATABLE, _X86_64 = b"\x7fELF\x02\x01\x01", 1, 62
_CONTENT, _SYMBOLS, _REFERENCES, _UNWINDING = 1, 2, 4, 0x70000001  # types of sections
_HELD = 2  # the flag of sections that stand in memory


class _Section(NamedTuple):
    name: int
    type: int
    flags: int
    address: int
    offset: int
    size: int
    link: int
    info: int
    align: int
    entry: int


class _Symbol(NamedTuple):
    name: int
    info: int
    other: int
    section: int
    value: int
    size: int


class _Reference(NamedTuple):
    offset: int
    kind: int
    symbol: int
    addend: int


class _Object:
    """The tables of an object file."""

    def __init__(self, code: bytes) -> None:
        self.code = code
        magic, kind, machine, first, size, count, _ = _FILE.unpack_from(code)
        if (magic, kind, machine) != (_MAGIC, _RELOCATABLE, _X86_64):
            raise Unlinkable("no object file for x86-64")
        table = struct.iter_unpack("<IIQQQQIIQQ", code[first : first + size * count])
        self.sections = [_Section(*row) for row in table]
        (symbols,) = (section for section in self.sections if section.type == _SYMBOLS)
        self.symbols = [_Symbol(*row) for row in struct.iter_unpack("<IBBHQQ", self.content(symbols))]
        self._names = self.content(self.sections[symbols.link])

    def content(self, section: _Section) -> bytes:
        """What a section holds."""
        return self.code[section.offset : section.offset + section.size]

    def name(self, symbol: _Symbol) -> str:
        """The name of a symbol."""
        return self._names[symbol.name : self._names.index(0, symbol.name)].decode()

    def references(self) -> dict[int, list[_Reference]]:
        """By the number of a section the places in it that refer to others."""
        return {
            section.info: [_Reference(*row) for row in struct.iter_unpack("<QIIq", self.content(section))]
            for section in self.sections
            if section.type == _REFERENCES
        }


# putting them into memory

_ADDRESS, _NEAR, _CALL, _THROUGH = 1, 2, 4, (9, 41, 42)  # kinds of references
_DOOR = b"\xff\x25\x02\x00\x00\x00\xcc\xcc"  # a jump to the address that stands behind it


def _placed(given: _Object, imports: Mapping[str, int]) -> tuple[mmap.mmap, dict[str, int]]:
    """The memory, and where all that has a name for others lies."""
    starts, size = _starts(given)
    found = given.references()
    references = [(starts[n] + r.offset, r) for n in found if n in starts for r in found[n]]
    through = {r.symbol for _, r in references if _has_door(given, r)}
    doors = {symbol: -(-size // 16) * 16 + 16 * number for number, symbol in enumerate(sorted(through))}
    memory = mmap.mmap(-1, size + 16 * len(doors) + 16)
    base = ctypes.addressof(ctypes.c_char.from_buffer(memory))
    for number, start in starts.items():
        content = given.content(given.sections[number])
        memory[start : start + len(content)] = content
    places: dict[int, int] = {}
    for number, symbol in enumerate(given.symbols):
        if symbol.section in starts:
            places[number] = base + starts[symbol.section] + symbol.value
        elif number and not symbol.section:
            name = given.name(symbol)
            places[number] = imports.get(name) or address_in_library(name) or 0
    for number, door in doors.items():
        struct.pack_into("<8sQ", memory, door, _DOOR, places[number])
    for at, reference in references:
        place = places[reference.symbol]
        if not place:
            raise Unlinkable(f"{given.name(given.symbols[reference.symbol])} is not in this process")
        _refer(memory, base, at, reference, place, doors.get(reference.symbol, 0))
    _close(base, len(memory))
    return memory, {
        given.name(given.symbols[n]): place for n, place in places.items() if given.symbols[n].info >> 4
    }


def _starts(given: _Object) -> tuple[dict[int, int], int]:
    """Where in the memory each section begins, and the size of all."""
    starts, size = {}, 0
    for number, section in enumerate(given.sections):
        if section.flags & _HELD and section.type != _UNWINDING:
            if section.type != _CONTENT:
                raise Unlinkable("a section without content")
            align = max(section.align, 1)
            starts[number] = -(-size // align) * align
            size = starts[number] + section.size
    return starts, size


def _has_door(given: _Object, reference: _Reference) -> bool:
    outside = not given.symbols[reference.symbol].section
    return reference.kind in _THROUGH or (reference.kind == _CALL and outside)


def _refer(memory: mmap.mmap, base: int, at: int, reference: _Reference, place: int, door: int) -> None:
    """Write at one place where another is."""
    kind, addend = reference.kind, reference.addend
    if kind == _ADDRESS:
        struct.pack_into("<Q", memory, at, place + addend)
    elif kind in _THROUGH:
        struct.pack_into("<i", memory, at, door + 8 + addend - at)
    elif kind == _CALL and door:
        struct.pack_into("<i", memory, at, door + addend - at)
    elif kind in (_NEAR, _CALL):
        struct.pack_into("<i", memory, at, place - base + addend - at)
    else:
        raise Unlinkable(f"a reference of kind {kind}")


def _close(start: int, size: int) -> None:
    """Make memory executable, and no longer writable."""
    library = ctypes.CDLL(None, use_errno=True)
    if library.mprotect(ctypes.c_void_p(start), ctypes.c_size_t(size), mmap.PROT_READ | mmap.PROT_EXEC):
        raise Unlinkable(f"memory may not be executed: {os.strerror(ctypes.get_errno())}")
