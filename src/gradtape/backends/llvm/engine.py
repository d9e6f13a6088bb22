"""LLVM itself: text of IR to object code for this processor, kept on disk (`cache.py`), and linked into the process.

What is made once and serves for all: the description of the processor, the passes, and the builder of their analyses
(llvmlite frees neither of the last two). Each piece of code has a linker of its own, which goes when the code goes.
"""

from __future__ import annotations

import platform
import sys
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from . import cache
from .emit import Module

_LOCK = threading.Lock()
_COMPILER: list[_Compiler] = []

# Position-independent code with constants near by is a tenth faster than LLVM's own choice for code made in memory.
# It needs LLVM's newer linker, which puts all of a module together, and which we use where it is the usual one.
_NEAR = sys.platform == "linux" and platform.machine() in ("x86_64", "aarch64")
_MODEL = {"codemodel": "small", "reloc": "pic"} if _NEAR else {}


@dataclass(frozen=True, eq=False, slots=True)
class _Compiler:
    target: Any
    machine: Any
    passes: Any
    builder: Any
    identity: str
    """All that the object code depends on besides the text."""


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
    machine = target.create_target_machine(cpu=name, features=features, opt=2, jit=True, **_MODEL)
    # The loops are vectors already, so a few passes do; the standard pipeline takes longer and makes no faster code.
    names = (
        "new_gvn",
        "instruction_combine",
        "dead_code_elimination",
        "loop_unroll",
    )  # the last: short inner axes
    passes = llvm.create_new_module_pass_manager()
    for part in names:
        getattr(passes, f"add_{part}_pass")()
    builder = llvm.create_pass_builder(machine, llvm.create_pipeline_tuning_options(speed_level=1))
    version = ".".join(map(str, llvm.llvm_version_info))
    identity = "\n".join(
        (target.triple, name, features, llvmlite.__version__, version, repr(_MODEL), " ".join(names))
    )
    _COMPILER.append(_Compiler(target, machine, passes, builder, identity))
    return _COMPILER[0]


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
        with _LOCK:
            compiler = _compiler()
            key = cache.key(compiler.identity, text)
            kept = cache.find(key)
            self.from_disk = kept is not None
            if kept is not None:
                try:
                    self._library = _linked(compiler, kept, module.imports, exports)
                    return
                except RuntimeError:  # the linker's, who does not take it
                    cache.drop(key)
                    self.from_disk = False
            made = _compiled(compiler, text)
            self._library = _linked(compiler, made, module.imports, exports)
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
    compiler.passes.run(module, compiler.builder)
    return compiler.machine.emit_object(module)  # type: ignore[no-any-return]


def _linked(compiler: _Compiler, made: bytes, imports: dict[str, int], exports: Iterable[str]) -> Any:
    """Object code at its place in memory; RuntimeError where the linker does not take it."""
    import llvmlite.binding as llvm

    # Without the processor's features, which the linker does not ask for and which take time to read.
    linker = llvm.create_lljit_compiler(
        compiler.target.create_target_machine(**_MODEL), use_jit_link=_NEAR, suppress_errors=True
    )
    library = llvm.JITLibraryBuilder().add_object_img(made).add_current_process()
    for name, address in imports.items():
        library.import_symbol(name, address)
    for name in exports:
        library.export_symbol(name)
    linked = library.link(linker, "program")
    linked.linker = linker  # goes after the library
    return linked
