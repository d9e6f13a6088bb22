"""Our own linker: values as by LLVM's, every kind of reference, and what it does not understand."""

import ctypes
import math
import os

import numpy as np
import pytest

import gradtape as gt
from gradtape.backends.llvm import engine, linker

pytestmark = pytest.mark.skipif(not linker.SERVES, reason="LLVM's linker serves here")

CALLED = """
@half = private constant double 0.5
@table = constant [2 x ptr] [ptr @own, ptr @both]
@seen = external global double
declare double @cos(double)
declare double @given(double)
define double @own(double %x) noinline {
  %h = load double, ptr @half
  %y = fmul double %x, %h
  ret double %y
}
define double @both(double %x) {
  %a = call double @own(double %x)
  %b = call double @cos(double %x)
  %c = call double @given(double %x)
  %d = load double, ptr @seen
  %ab = fadd double %a, %b
  %cd = fadd double %c, %d
  %y = fadd double %ab, %cd
  ret double %y
}
"""
NUMBERS = ctypes.CFUNCTYPE(ctypes.c_double, ctypes.c_double)


def made(text):
    return engine._compiled(engine._compiler(), text)


def both_linkers(code, imports, exports):
    yield linker.Linked(code, imports, exports)
    yield engine._linked_by_llvm(engine._compiler(), code, imports, exports)


def test_places_inside_and_outside():
    """Constants, own functions, those of the C library, those given, objects given, and tables of places."""
    given, seen = NUMBERS(lambda x: 3 * x), ctypes.c_double(0.25)
    imports = {"given": ctypes.cast(given, ctypes.c_void_p).value, "seen": ctypes.addressof(seen)}
    for found in both_linkers(made(CALLED), imports, ("both", "table")):
        wanted = 1.0 + math.cos(2.0) + 6.0 + 0.25
        assert NUMBERS(found["both"])(2.0) == wanted
        own, both = (ctypes.c_void_p * 2).from_address(found["table"])
        assert NUMBERS(own)(2.0) == 1.0
        assert both == found["both"]


def test_memory_goes_with_the_code_and_is_closed():
    found = linker.Linked(made(CALLED), {"given": 1, "seen": 1}, ("own",))
    with open("/proc/self/maps") as file:
        maps = [line.split()[:2] for line in file]
    place = found["own"]
    (rights,) = {r for span, r in maps if int(span.split("-")[0], 16) <= place < int(span.split("-")[1], 16)}
    assert rights.startswith("r-x")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("define void @f() { ret void }", "g"),
        ("@f = global i32 0\n@g = global i32 0", "without content"),
        (
            "declare void @nowhere_at_all()\ndefine void @g() { call void @nowhere_at_all() ret void }",
            "nowhere_at_all",
        ),
        ("@f = thread_local global i32 1\ndefine ptr @g() { ret ptr @f }", "kind|content"),
    ],
    ids=["name", "zeros", "outside", "thread"],
)
def test_what_it_does_not_understand(text, message):
    with pytest.raises(linker.Unlinkable, match=message):
        linker.Linked(made(text), {}, ("g",))


@pytest.mark.parametrize("cut", [0, 10, 63, 64, 200, 700])
def test_what_is_cut_off(cut):
    with pytest.raises(linker.Unlinkable):
        linker.Linked(made(CALLED)[:cut], {"given": 1, "seen": 1}, ("both",))


def test_where_memory_may_not_be_executed_llvm_is_asked(monkeypatch):
    monkeypatch.setenv("GRADTAPE_CACHE", "off")
    asked = []
    by_llvm = engine._linked_by_llvm

    def refused(*_):
        raise OSError(1, os.strerror(1))

    monkeypatch.setattr(linker, "_close", refused)
    monkeypatch.setattr(engine, "_linked_by_llvm", lambda *given: asked.append(1) or by_llvm(*given))
    f = gt.function(lambda x: gt.exp(x) * 3.0 - x, backend="llvm")
    x = np.array([0.5, -1.0])
    for _ in range(2):
        np.testing.assert_allclose(f(x), np.exp(x) * 3.0 - x, rtol=1e-15)
    assert asked
