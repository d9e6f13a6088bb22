"""LLVM itself: text of IR to object code for this processor, kept on disk (`cache.py`), and linked into the process.

Code that is found on disk is linked without LLVM (`linker.py`), so LLVM is loaded by the first program that is new.
What the name of a file depends on, LLVM's name for the processor and its versions, is then known from an earlier
process, which keeps it for as long as the machine runs.

What is made once and serves for all is the description of the processor. None of LLVM's passes is run before its code
generator, as the loops are vectors, short ones have been written out, and equal work stands in the text once
(`emit.py`): the passes took as long as the code generator, and made no faster code. Each piece of code has a linker of
its own, which goes when the code goes.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import platform
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from ...core.forking import lasting_lock
from . import cache, linker
from .emit import Module
from .kinds import processor

_LOCK = lasting_lock(1)
_COMPILER: list[_Compiler] = []

# Position-independent code with constants near by is a tenth faster than LLVM's own choice for code made in memory.
# It needs LLVM's newer linker, which puts all of a module together, and which we use where it is the usual one.
_NEAR = sys.platform == "linux" and platform.machine() in ("x86_64", "aarch64")
_MODEL = {"codemodel": "small", "reloc": "pic"} if _NEAR else {}

# The code generator's second level differs from its first, for us, in a second scheduling of the instructions when
# they have their registers. It takes a fifth to a third of the time, more in long blocks; processors that run
# instructions out of order gain nothing from it.
_LEVEL = 1


@dataclass(frozen=True, eq=False, slots=True)
class _Compiler:
    target: Any
    machine: Any
    described: str
    """The names of system and processor, its features, and the versions."""


def _compiler() -> _Compiler:
    """The compiler for the processor we run on; LLVM is imported and set up at the first compilation."""
    if _COMPILER:
        return _COMPILER[0]
    import llvmlite  # type: ignore[import-untyped]  # it brings no types
    import llvmlite.binding as llvm  # type: ignore[import-untyped]

    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    target = llvm.Target.from_default_triple()
    name, features = llvm.get_host_cpu_name(), llvm.get_host_cpu_features().flatten()
    machine = target.create_target_machine(cpu=name, features=features, opt=_LEVEL, jit=True, **_MODEL)
    version = ".".join(map(str, llvm.llvm_version_info))
    described = "\n".join((target.triple, name, features, llvmlite.__version__, version))
    _COMPILER.append(_Compiler(target, machine, described))
    return _COMPILER[0]


def _identity() -> str:
    """All that object code depends on besides the text."""
    return "\n".join((_described(), repr(_MODEL), f"level {_LEVEL}"))


def processor_name() -> str:
    """LLVM's name for the processor we run on."""
    with _LOCK:
        return _described().splitlines()[1]


def _described() -> str:
    """LLVM's name for the processor and its versions; not asked for again before the machine starts anew."""
    if _COMPILER:
        return _COMPILER[0].described
    here = _here()
    kept = cache.find(here) if here else None
    if kept is not None:
        return kept.decode()
    described = _compiler().described
    if here:
        cache.keep(here, described.encode())
    return described


def _here() -> str | None:
    """A name for the machine since its start, what this process may use of it, and LLVM's library; None without one.

    An emulator shows a process another processor. So what NumPy has found to be there is part of the name.
    """
    spec = importlib.util.find_spec("llvmlite")
    seen = processor()
    if not linker.SERVES or spec is None or spec.origin is None or not seen:
        return None
    try:
        with open("/proc/sys/kernel/random/boot_id") as file:
            started = file.read()
        library = os.path.join(os.path.dirname(spec.origin), "binding", "libllvmlite.so")
        file_of_it = os.stat(library)
    except OSError:
        return None
    return cache.key(
        "processor", started, repr(seen), library, repr((file_of_it.st_size, file_of_it.st_mtime_ns))
    )


class Code:
    """Machine code of a module; it lives as long as this object.

    Attributes:
        size: the length of the module's text.
        from_disk: whether it was compiled before.
    """

    __slots__ = ("__weakref__", "_library", "from_disk", "size")

    def __init__(self, module: Module, exports: Iterable[str]) -> None:
        text = module.text()
        self.size = len(text)
        imports = module.imports | {name: where() for name, where in module.shared.items()}
        with _LOCK:
            key = cache.key(_identity(), text)
            kept = cache.find(key)
            self.from_disk = kept is not None
            if kept is not None:
                try:
                    self._library = _linked(kept, imports, exports)
                    return
                except RuntimeError:  # the linker's, who does not take it
                    cache.drop(key)
                    self.from_disk = False
            made = _compiled(_compiler(), text)
            self._library = _linked(made, imports, exports)
        cache.keep(key, made)

    def address(self, name: str) -> int:
        """Where an exported function starts."""
        return self._library[name]  # type: ignore[no-any-return]


def _compiled(compiler: _Compiler, text: str) -> bytes:
    """Object code; RuntimeError for a text that is not well formed."""
    import llvmlite.binding as llvm

    # A context of its own: the shared one keeps every constant and type for good.
    module = llvm.parse_assembly(text, llvm.create_context())
    module.verify()
    return compiler.machine.emit_object(module)  # type: ignore[no-any-return]


def _linked(made: bytes, imports: dict[str, int], exports: Iterable[str]) -> Any:
    """Object code at its place in memory; RuntimeError where no linker takes it."""
    if linker.SERVES:
        with contextlib.suppress(linker.Unlinkable):
            return linker.Linked(made, imports, exports)
    return _linked_by_llvm(_compiler(), made, imports, exports)


def _linked_by_llvm(compiler: _Compiler, made: bytes, imports: dict[str, int], exports: Iterable[str]) -> Any:
    import llvmlite.binding as llvm

    # Without the processor's features, which the linker does not ask for and which take time to read.
    joint = llvm.create_lljit_compiler(
        compiler.target.create_target_machine(**_MODEL), use_jit_link=_NEAR, suppress_errors=True
    )
    library = llvm.JITLibraryBuilder().add_object_img(made).add_current_process()
    for name, address in imports.items():
        library.import_symbol(name, address)
    for name in exports:
        library.export_symbol(name)
    linked = library.link(joint, "program")
    linked.linker = joint  # goes after the library
    return linked
