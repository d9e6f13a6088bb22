"""The emitter: the verbs that `element` rules speak, written as LLVM IR.

An `element` rule says how one entry of a result is computed: `element=lambda e, a, b: e.mul(a, b)`. The values that it
is given are lanes: a vector of `width` entries, or one number where the width is 1. The same rule serves a loop over
arrays, a vector of entries at a time, and a program of numbers. No flag changes the meaning of NaN, infinity or -0.

The text of IR is put together here by hand, as that costs a tenth of building it from objects.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, NamedTuple, Self

import numpy as np

from .kinds import BITS, FLOATS, KINDS, STORED, Unsupported, literal, machine


class Lane(NamedTuple):
    """A value of the program being emitted: its name in the IR and the kind of its entries."""

    name: str
    kind: str


@dataclass(slots=True)
class Module:
    """The functions and declarations of one piece of machine code."""

    declarations: dict[str, str] = field(default_factory=dict)
    functions: list[str] = field(default_factory=list)
    imports: dict[str, int] = field(default_factory=dict)
    """What lies outside and where: functions of the C library, functions and objects of the interpreter."""
    shared: dict[str, Callable[[], int]] = field(default_factory=dict)
    """Functions that are compiled once for all modules, when somebody asks where."""
    complete: bool = False
    """Whether such functions stand in the module itself."""
    bodies: dict[Any, str] = field(default_factory=dict)
    """The names of loops by all that their text depends on, so that equal ones are one."""
    inlined: int = 0
    """How many elementary functions stand where they are used."""
    loops: dict[str, list[str]] = field(default_factory=dict)
    """The lines of each loop; they are put into functions together (`driver.py`)."""
    count: int = 0
    """How many names have been given: none is given twice, so that lines can stand in any function."""

    def declare(self, name: str, result: str, arguments: str, text: str = "") -> None:
        """Enter a function of this name, from outside or with its own text."""
        self.declarations.setdefault(name, text or f"declare {result} @{name}({arguments})")

    def text(self) -> str:
        return "\n".join([*self.declarations.values(), *self.functions])


@lru_cache(maxsize=256)
def address_in_library(name: str) -> int | None:
    """Where a function of the C library of mathematics starts in this process; None if there is none of the name."""
    for library in (None, "libm.so.6") if os.name == "posix" else ("ucrtbase",):
        try:
            return ctypes.cast(getattr(ctypes.CDLL(library), name), ctypes.c_void_p).value
        except (AttributeError, OSError):
            continue
    return None


_Written = dict[tuple[str, str], Lane]
"""What has been written: by the text and the kind of its entries (signed and unsigned ones are the same to LLVM)."""


class Emitter:
    """Writes the body of one function; each verb takes lanes and gives a lane."""

    def __init__(self, module: Module, width: int = 1) -> None:
        self.module = module
        self.width = width
        self.lines: list[str] = []
        self.block = "entry"
        """The label of the block that is being written."""
        self._known: _Written = {}
        self._types: dict[str, str] = {}
        self._calls: dict[Any, str] = {}

    # writing

    def fresh(self) -> str:
        module = self.module
        module.count += 1
        return f"%v{module.count}"

    def line(self, text: str) -> str:
        """An instruction that gives a value; its name."""
        name = self.fresh()
        self.lines.append(f"  {name} = {text}")
        return name

    def label(self) -> str:
        module = self.module
        module.count += 1
        return f"l{module.count}"

    def begin(self, label: str) -> None:
        """Begin a block."""
        self.lines.append(f"{label}:")
        self.block = label

    def beside(self, width: int) -> Self:
        """An emitter of vectors of another width that writes on behind this one's lines."""
        other = type(self)(self.module, width)
        other.lines, other.block = self.lines, self.block
        return other

    # places in memory

    def times(self, number: str, factor: int) -> str:
        """A whole number, a name or digits, so many times."""
        if number.isdigit():
            return str(int(number) * factor)
        return number if factor == 1 else self._op(f"mul nsw i64 {number}, {factor}", "i64").name

    def behind(self, pointer: str, stored: str, distance: str | int) -> str:
        """A pointer so many entries behind another."""
        if distance in (0, "0"):
            return pointer
        return self._op(f"getelementptr {stored}, ptr {pointer}, i64 {distance}", "ptr").name

    def given(self, count: int) -> list[str]:
        """The first of the pointers in the array `%given`."""
        return [self.line(f"load ptr, ptr {self.behind('%given', 'ptr', k)}") for k in range(count)]

    def type(self, kind: str) -> str:
        """LLVM's name for lanes of a kind."""
        found = self._types.get(kind)
        if found is None:
            own = machine(kind)
            found = self._types[kind] = own if self.width == 1 else f"<{self.width} x {own}>"
        return found

    def _op(self, text: str, kind: str) -> Lane:
        """An instruction that gives a value and does nothing else, written once however often it is asked for."""
        key = text, kind
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = Lane(self.line(text), kind)
        return known

    def forgotten(self, known: _Written | None = None) -> _Written:
        """What has been written so far; from here on it is written again, but for `known`.

        To be used where the lines above may not have been done: in a branch, and behind it with what was known before.
        """
        before, self._known = self._known, known or {}
        return before

    def number(self, like: Lane | str, number: Any) -> Lane:
        """A constant of the kind of a lane."""
        kind = like if isinstance(like, str) else like.kind
        text = literal(kind, number)
        return Lane(text if self.width == 1 else f"splat ({machine(kind)} {text})", kind)

    def _intrinsic(self, name: str, arguments: Sequence[Lane], kind: str | None = None) -> Lane:
        result = kind or arguments[0].kind
        key = name, result, *[a.kind for a in arguments]
        call = self._calls.get(key)
        if call is None:
            call = self._calls[key] = self._declared(name, arguments, result)
        given = ", ".join([f"{self.type(a.kind)} {a.name}" for a in arguments])
        return self._op(f"{call}({given})", result)

    def _declared(self, name: str, arguments: Sequence[Lane], result: str) -> str:
        """How the call of an intrinsic begins, which is entered into the module."""
        first = arguments[0].kind
        suffix = {"float": "f32", "double": "f64"}[first] if first in BITS else first
        suffix = suffix if self.width == 1 else f"v{self.width}{suffix}"
        full = f"llvm.{name}.{suffix}"
        self.module.declare(full, self.type(result), ", ".join(self.type(a.kind) for a in arguments))
        return f"call {self.type(result)} @{full}"

    def _binary(self, floating: str | None, whole: str | None, a: Lane, b: Lane) -> Lane:
        name = floating if a.kind in FLOATS else whole if a.kind != "i1" else None
        if name is None or a.kind != b.kind:
            raise Unsupported(f"{floating or whole} of {a.kind} and {b.kind}")
        if a.kind == "half":
            return self.to(self._binary(floating, whole, self.to(a, "float"), self.to(b, "float")), "half")
        return self._op(f"{name} {self.type(a.kind)} {a.name}, {b.name}", a.kind)

    # arithmetic

    def add(self, a: Lane, b: Lane) -> Lane:
        return self._binary("fadd", "add", a, b)

    def sub(self, a: Lane, b: Lane) -> Lane:
        return self._binary("fsub", "sub", a, b)

    def mul(self, a: Lane, b: Lane) -> Lane:
        return self._binary("fmul", "mul", a, b)

    def div(self, a: Lane, b: Lane) -> Lane:
        return self._binary("fdiv", None, a, b)

    def quotient(self, a: Lane, b: Lane) -> Lane:
        """The quotient of whole numbers towards zero; the divisor must not be 0, nor -1 for the least number."""
        return self._binary(None, "udiv" if a.kind[0] == "u" else "sdiv", a, b)

    def neg(self, a: Lane) -> Lane:
        if a.kind in FLOATS:
            return self._op(f"fneg {self.type(a.kind)} {a.name}", a.kind)
        return self.sub(self.number(a, 0), a)

    def fma(self, a: Lane, b: Lane, c: Lane) -> Lane:
        """a b + c, rounded once where the processor can; for the polynomials of this folder alone."""
        return self._intrinsic("fmuladd", (a, b, c))

    def exact_fma(self, a: Lane, b: Lane, c: Lane) -> Lane:
        """a b + c, rounded once in any case."""
        return self._intrinsic("fma", (a, b, c))

    def polynomial(self, x: Lane, coefficients: Sequence[float]) -> Lane:
        """The polynomial with these coefficients, highest power first.

        Even and odd powers by Horner's rule each, so that only half of the operations wait for one another.
        """
        chains = [coefficients[-1::-2][::-1], coefficients[-2::-2][::-1]]
        if len(coefficients) < 4:
            return self._horner(x, coefficients)
        even, odd = (self._horner(self.mul(x, x), chain) for chain in chains)
        return self.fma(odd, x, even)

    def _horner(self, x: Lane, coefficients: Sequence[float]) -> Lane:
        total = self.number(x, coefficients[0])
        for coefficient in coefficients[1:]:
            total = self.fma(total, x, self.number(x, coefficient))
        return total

    # numbers to numbers

    def sqrt(self, a: Lane) -> Lane:
        return self._intrinsic("sqrt", (self._floating(a),))

    def floor(self, a: Lane) -> Lane:
        return self._intrinsic("floor", (self._floating(a),))

    def ceil(self, a: Lane) -> Lane:
        return self._intrinsic("ceil", (self._floating(a),))

    def trunc(self, a: Lane) -> Lane:
        return self._intrinsic("trunc", (self._floating(a),))

    def rint(self, a: Lane) -> Lane:
        return self._intrinsic("roundeven", (self._floating(a),))

    def abs(self, a: Lane) -> Lane:
        if a.kind in BITS:
            return self._intrinsic("fabs", (a,))
        return self.select(self.lt(a, self.number(a, 0)), self.neg(a), a)

    def sign(self, a: Lane) -> Lane:
        """-1, 0 or 1; NaN stays."""
        zero = self.number(a, 0)
        y = self.select(self.eq(a, zero), zero, a)
        y = self.select(self.lt(a, zero), self.number(a, -1), y)
        return self.select(self.gt(a, zero), self.number(a, 1), y)

    def maximum(self, a: Lane, b: Lane) -> Lane:
        """The larger; NaN if either is."""
        first = self.ge(a, b)
        return self.select(self.either(first, self.isnan(a)) if a.kind in FLOATS else first, a, b)

    def minimum(self, a: Lane, b: Lane) -> Lane:
        """The smaller; NaN if either is."""
        first = self.le(a, b)
        return self.select(self.either(first, self.isnan(a)) if a.kind in FLOATS else first, a, b)

    def copysign(self, size: Lane, sign: Lane) -> Lane:
        return self._intrinsic("copysign", (self._floating(size), sign))

    def _floating(self, a: Lane) -> Lane:
        if a.kind not in BITS:
            raise Unsupported(f"a floating operation on {a.kind}")
        return a

    # comparing and choosing; the comparisons of a NaN are false but for `ne`

    def _compare(self, ordered: str, whole: str, a: Lane, b: Lane) -> Lane:
        if a.kind != b.kind:
            raise Unsupported(f"comparison of {a.kind} and {b.kind}")
        if a.kind[0] == "u":
            whole = whole.replace("s", "u")
        name = f"fcmp {ordered}" if a.kind in FLOATS else f"icmp {whole}"
        return self._op(f"{name} {self.type(a.kind)} {a.name}, {b.name}", "i1")

    def lt(self, a: Lane, b: Lane) -> Lane:
        return self._compare("olt", "ult" if a.kind == "i1" else "slt", a, b)

    def le(self, a: Lane, b: Lane) -> Lane:
        return self._compare("ole", "ule" if a.kind == "i1" else "sle", a, b)

    def gt(self, a: Lane, b: Lane) -> Lane:
        return self._compare("ogt", "ugt" if a.kind == "i1" else "sgt", a, b)

    def ge(self, a: Lane, b: Lane) -> Lane:
        return self._compare("oge", "uge" if a.kind == "i1" else "sge", a, b)

    def eq(self, a: Lane, b: Lane) -> Lane:
        return self._compare("oeq", "eq", a, b)

    def ne(self, a: Lane, b: Lane) -> Lane:
        return self._compare("une", "ne", a, b)

    def isnan(self, a: Lane) -> Lane:
        if a.kind not in FLOATS:
            raise Unsupported(f"isnan of {a.kind}")
        return self._op(f"fcmp uno {self.type(a.kind)} {a.name}, {a.name}", "i1")

    def select(self, condition: Lane, a: Lane, b: Lane) -> Lane:
        if condition.kind != "i1" or a.kind != b.kind:
            raise Unsupported(f"select by {condition.kind} of {a.kind} and {b.kind}")
        kind = self.type(a.kind)
        return self._op(
            f"select {self.type('i1')} {condition.name}, {kind} {a.name}, {kind} {b.name}", a.kind
        )

    def _logic(self, name: str, a: Lane, b: Lane) -> Lane:
        if a.kind != b.kind or a.kind in FLOATS:
            raise Unsupported(f"{name} of {a.kind} and {b.kind}")
        return self._op(f"{name} {self.type(a.kind)} {a.name}, {b.name}", a.kind)

    def both(self, a: Lane, b: Lane) -> Lane:
        return self._logic("and", a, b)

    def either(self, a: Lane, b: Lane) -> Lane:
        return self._logic("or", a, b)

    def differ(self, a: Lane, b: Lane) -> Lane:
        return self._logic("xor", a, b)

    def flip(self, a: Lane) -> Lane:
        """The other truth value, or all bits the other way."""
        return self._logic("xor", a, self.number(a, True if a.kind == "i1" else -1))

    # kinds and bits

    def to(self, a: Lane, kind: str) -> Lane:
        """The entries in another kind, by NumPy's rules; floats to whole numbers are left to NumPy."""
        if a.kind == kind:
            return a
        if kind == "i1":
            return self.ne(a, self.number(a, 0))
        if a.kind in FLOATS and kind not in FLOATS:
            raise Unsupported(f"{a.kind} to {kind}")
        if "half" in (a.kind, kind) and "float" not in (
            a.kind,
            kind,
        ):  # through single precision, as NumPy does
            return self.to(self._to_odd(a) if a.kind == "double" else self.to(a, "float"), kind)
        sizes = [STORED[k][1] for k in (a.kind, kind)]
        signed = a.kind[0] == "i" and a.kind != "i1"
        if a.kind in FLOATS:
            name = "fpext" if sizes[0] < sizes[1] else "fptrunc"
        elif kind in FLOATS:
            name = "sitofp" if signed else "uitofp"
        elif a.kind != "i1" and sizes[0] >= sizes[1]:
            if sizes[0] == sizes[1]:
                return Lane(a.name, kind)
            name = "trunc"
        else:
            name = "sext" if signed else "zext"
        return self._op(f"{name} {self.type(a.kind)} {a.name} to {self.type(kind)}", kind)

    def _to_odd(self, a: Lane) -> Lane:
        """A double in single precision, the last bit one where this is not exact: rounded again, it is rounded once.

        Boldo and Melquiond, "Emulation of a FMA and correctly rounded sums: proved algorithms using rounding to odd"
        (2008).
        """
        y = self._op(f"fptrunc {self.type('double')} {a.name} to {self.type('float')}", "float")
        back = self.to(y, "double")
        over = self.to(self.gt(self.abs(back), self.abs(a)), "i32")
        inexact = self.to(self.either(self.lt(back, a), self.gt(back, a)), "i32")
        return self.floating(self.either(self.sub(self.bits(y), over), inexact))

    def cast(self, a: Lane, dtype: Any) -> Lane:
        """The entries in a dtype."""
        kind = KINDS.get(np.dtype(dtype))
        if kind is None:
            raise Unsupported(f"a cast to {dtype}")
        return self.to(a, kind)

    def bits(self, a: Lane) -> Lane:
        """The bits of a float as a whole number of its size."""
        kind = BITS[a.kind]
        return self._op(f"bitcast {self.type(a.kind)} {a.name} to {self.type(kind)}", kind)

    def floating(self, a: Lane) -> Lane:
        """The float of these bits."""
        kind = {"i32": "float", "i64": "double"}[a.kind]
        return self._op(f"bitcast {self.type(a.kind)} {a.name} to {self.type(kind)}", kind)

    def shift_left(self, a: Lane, count: int) -> Lane:
        return self._op(f"shl {self.type(a.kind)} {a.name}, {self.number(a, count).name}", a.kind)

    def shift_right(self, a: Lane, count: int) -> Lane:
        return self._op(f"lshr {self.type(a.kind)} {a.name}, {self.number(a, count).name}", a.kind)

    # functions of the C library, lane by lane

    def library(self, name: str, *arguments: Lane) -> Lane:
        """A function of the C library on each lane: for what has no vector code of our own."""
        kind = self._floating(arguments[0]).kind
        called = name if kind == "double" else name + "f"
        address = address_in_library(called)
        if address is None:
            raise Unsupported(f"{called}, which the C library has not")
        self.module.imports[called] = address
        self.module.declare(called, kind, ", ".join(kind for _ in arguments))
        if self.width == 1:
            given = ", ".join(f"{kind} {a.name}" for a in arguments)
            return self._op(f"call {kind} @{called}({given})", kind)
        helper = f"lanes_{called}_{self.width}"
        vector = self.type(kind)
        if helper not in self.module.declarations:
            self.module.declare(helper, "", "", _lanewise(helper, called, kind, self.width, len(arguments)))
        given = ", ".join(f"{vector} {a.name}" for a in arguments)
        return self._op(f"call {vector} @{helper}({given})", kind)

    def called(self, function: Callable[..., Lane], *arguments: Lane) -> Lane:
        """A call of a function of lanes that is compiled by itself (`verbs.py`)."""
        raise NotImplementedError

    def rarely(self, condition: Lane, usual: Lane, function: Callable[..., Lane], *arguments: Lane) -> Lane:
        """`usual`, or where a condition holds in some lane `function(emitter, usual, *arguments)`, for all lanes.

        A branch that is seldom taken, to a function of its own. So that a lane does not depend on those beside it, the
        function gives `usual`, to the bit, in lanes in which the condition does not hold.
        """
        some = condition.name
        if self.width > 1:
            full = f"llvm.vector.reduce.or.v{self.width}i1"
            self.module.declare(full, "i1", self.type("i1"))
            some = self._op(f"call i1 @{full}({self.type('i1')} {condition.name})", "some").name
        self.module.declare("seldom", "", "", '!0 = !{!"branch_weights", i32 1, i32 2000}')
        rare, after, before = self.label(), self.label(), self.block
        self.lines.append(f"  br i1 {some}, label %{rare}, label %{after}, !prof !0")
        self.begin(rare)
        known = self.forgotten()
        other = self.called(function, usual, *arguments)
        self.forgotten(known)
        self.lines.append(f"  br label %{after}")
        self.begin(after)
        kind = self.type(usual.kind)
        return self._op(f"phi {kind} [ {usual.name}, %{before} ], [ {other.name}, %{rare} ]", usual.kind)


def _lanewise(helper: str, called: str, kind: str, width: int, count: int) -> str:
    """A function that calls another on each lane of its arguments."""
    vector = f"<{width} x {kind}>"
    parameters = ", ".join(f"{vector} %a{i}" for i in range(count))
    lines = [f"define internal {vector} @{helper}({parameters}) noinline {{", "entry:"]
    total = "poison"
    for lane in range(width):
        lines += [f"  %x{lane}_{i} = extractelement {vector} %a{i}, i32 {lane}" for i in range(count)]
        given = ", ".join(f"{kind} %x{lane}_{i}" for i in range(count))
        lines.append(f"  %y{lane} = call {kind} @{called}({given})")
        lines.append(f"  %t{lane} = insertelement {vector} {total}, {kind} %y{lane}, i32 {lane}")
        total = f"%t{lane}"
    return "\n".join([*lines, f"  ret {vector} {total}", "}"])
