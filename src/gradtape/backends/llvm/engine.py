"""LLVM itself: text of IR to machine code for this processor, and the addresses of its functions."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from typing import Any

from .emit import address_in_library

_LOCK = threading.Lock()
_MACHINE: list[Any] = []


def _machine() -> Any:
    """The processor we run on; LLVM is imported and set up at the first compilation."""
    import llvmlite.binding as llvm  # type: ignore[import-untyped]  # it brings no types

    if not _MACHINE:
        llvm.initialize_native_target()
        llvm.initialize_native_asmprinter()
        target = llvm.Target.from_default_triple()
        features = llvm.get_host_cpu_features().flatten()
        _MACHINE.append((target, llvm.get_host_cpu_name(), features))
    target, name, features = _MACHINE[0]
    return target.create_target_machine(cpu=name, features=features, opt=2, jit=True)


class Code:
    """Machine code of a text that calls these functions of the C library; it lives as long as this object."""

    __slots__ = ("_engine", "size")

    def __init__(self, text: str, library: Iterable[str] = ()) -> None:
        import llvmlite.binding as llvm

        with _LOCK:
            machine = _machine()
            for name in library:
                llvm.add_symbol(name, address_in_library(name))
            module = llvm.parse_assembly(text)
            module.verify()
            # The loops are vectors already, so a few passes do; the standard pipeline takes longer, makes no
            # faster code of them, and is not freed by llvmlite.
            options = llvm.create_pipeline_tuning_options(speed_level=1)
            passes = llvm.create_new_module_pass_manager()
            passes.add_new_gvn_pass()
            passes.add_instruction_combine_pass()
            passes.add_dead_code_elimination_pass()
            passes.add_loop_unroll_pass()  # short inner axes
            passes.run(module, llvm.create_pass_builder(machine, options))
            self.size = len(text)
            self._engine = llvm.create_mcjit_compiler(module, machine)
            self._engine.finalize_object()

    def address(self, name: str) -> int:
        """Where a function starts."""
        return self._engine.get_function_address(name)  # type: ignore[no-any-return]
