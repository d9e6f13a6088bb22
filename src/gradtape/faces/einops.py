"""einops takes our tensors: its backend for NumPy's arrays, whose functions and methods are recorded on tensors.

einops finds a backend among the subclasses of a class of its own, which is there once einops is loaded. It is not
loaded for that: where it is there already the backend is made at once, else when the program imports it.
"""

from __future__ import annotations

import contextlib
import sys
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import TYPE_CHECKING, Any, cast

from ..core.tensor import Operators, Tensor
from ..core.values import to_value

if TYPE_CHECKING:
    from importlib.abc import Loader, MetaPathFinder

BACKENDS = "einops._backends"


def register(backends: ModuleType) -> None:
    """Make the backend, if these backends are of the kind that we know; einops keeps it as a subclass."""
    numpys = getattr(backends, "NumpyBackend", None)
    if numpys is None:
        return

    class GradtapeBackend(numpys):  # type: ignore[valid-type, misc]  # known when einops is there
        framework_name = __name__.partition(".")[0]

        def is_appropriate_type(self, tensor: Any) -> bool:
            return isinstance(tensor, Operators)

        def from_numpy(self, x: Any) -> Any:
            return Tensor(to_value(x))

        def to_numpy(self, x: Any) -> Any:
            return x.numpy()

    backends.__dict__["GradtapeBackend"] = GradtapeBackend  # classes know their subclasses weakly


class _Awaited:
    """Loads the backends as their own loader does, then registers ours and is gone.

    Of no base class: `importlib.abc` would bring a tenth of what our own import takes.
    """

    def __init__(self, loader: Loader, finder: MetaPathFinder) -> None:
        self._loader = loader
        self._finder = finder

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        if module.__spec__ is not None:
            module.__spec__.loader = module.__loader__ = self._loader
        self._loader.exec_module(module)
        register(module)
        with contextlib.suppress(ValueError):
            sys.meta_path.remove(self._finder)


class _Finder:
    """Waits for the import of einops' backends, and for that alone."""

    def find_spec(self, fullname: str, path: Any, target: Any = None) -> ModuleSpec | None:
        if fullname != BACKENDS:
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is not None and spec.loader is not None:
            spec.loader = cast("Loader", _Awaited(spec.loader, cast("MetaPathFinder", self)))
        return spec


def await_einops() -> None:
    """Register now if einops is loaded, else as soon as it is."""
    backends = sys.modules.get(BACKENDS)
    if backends is not None:
        register(backends)
    else:
        sys.meta_path.insert(0, cast("MetaPathFinder", _Finder()))
