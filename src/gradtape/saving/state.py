"""`gt.save` and `gt.load`: the values of objects to a file and back, all of them or none."""

from __future__ import annotations

import os
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..core.errors import ArgumentTypeError
from ..core.tensor import Tensor
from ..faces.noise import tell_effect
from .errors import FileMismatchError
from .files import Content, read, write
from .walk import SlotCell, State, state_of

_SHOWN = 6  # names in a message


def save(path: str | os.PathLike[str], objects: Any = None, /, **named: Any) -> None:
    """Write the values of variables, modules, optimisers and random generators to a file.

    The file is in the safetensors format, without any code. It is written beside the old one and then put in its place,
    so that a crash leaves the old file; a checksum lets `load` find damage.

    Args:
        path: the file, by custom with the ending .safetensors.
        objects: a Variable, Module, optimiser, `gt.random.Generator`, or lists and dictionaries of them.
        named: the same, by name: `gt.save(path, model=model, optimizer=optimizer)`.

    Raises:
        ImportError: if safetensors is not installed (`pip install "gradtape[save]"`).
        TypeError: for an object without state.
        OSError: if the file cannot be written; the old one is as it was.

    >>> import gradtape as gt, os, tempfile
    >>> path = os.path.join(tempfile.mkdtemp(), "line.safetensors")
    >>> line = {"slope": gt.Variable(2.0), "offset": gt.Variable([1.0, 3.0])}
    >>> gt.save(path, line)
    >>> _ = line["slope"].assign(0.0)
    >>> sorted(gt.load(path, line))
    ['offset', 'slope']
    >>> line["slope"].numpy()
    np.float32(2.0)
    """
    tell_effect("gt.save")
    write(path, content_of(state_of(_given("save", objects, named))))


def load(path: str | os.PathLike[str], objects: Any = None, /, **named: Any) -> dict[str, Tensor]:
    """Read what `save` wrote, and put it back into objects of the same structure.

    Everything is checked first (the file's checksum, names, shapes, dtypes, the kind of each optimiser), then
    everything is assigned: where something does not fit, nothing has changed.

    Args:
        path: the file.
        objects, named: as they were given to `save`; without any, values are read and nothing is put.

    Returns:
        the values by name.

    Raises:
        FileNotFoundError: if there is no such file.
        errors.DataLossError: if the file is damaged or cut short.
        ValueError: if names, shapes or dtypes differ, with what differs.
        ImportError: if safetensors is not installed.

    >>> import gradtape as gt, os, tempfile
    >>> path = os.path.join(tempfile.mkdtemp(), "value.safetensors")
    >>> gt.save(path, value=gt.Variable([1.0, 2.0]))
    >>> gt.load(path)["value"].numpy()
    array([1., 2.], dtype=float32)
    """
    tell_effect("gt.load")
    content = read(path, "state")
    if objects is not None or named:
        matched = match(content, state_of(_given("load", objects, named)))
        matched.refuse(path)
        if matched.missing or matched.unused:
            raise FileMismatchError(
                f"{path} does not fit: {difference(matched.missing, matched.unused)}; nothing was changed"
            )
        matched.put()
    return {name: Tensor(value[()]) for name, value in content.tensors.items()}


def _given(what: str, objects: Any, named: Mapping[str, Any]) -> Any:
    if objects is not None and named:
        raise ArgumentTypeError(f"{what}: give one object or named ones, not both")
    if objects is None and not named:
        raise ArgumentTypeError(f"{what}: give the objects whose values are to be saved")
    return named or objects


def content_of(state: State) -> Content:
    """What a file has of a state."""
    tensors = {name: cell.value() for name, cell in state.cells.items()}
    return Content("state", tensors, {"optimizers": state.optimizers})


@dataclass(frozen=True, eq=False, slots=True)
class Matched:
    """A file beside a state: what is in both, in one alone, and what cannot be put.

    Attributes:
        content, state: the two.
        missing: names of values that the file lacks.
        unused: names in the file that no object has.
        restarted: slots of variables that the saved optimiser had not met.
        refusals: why values of the file cannot be put.
    """

    content: Content
    state: State
    missing: tuple[str, ...]
    unused: tuple[str, ...]
    restarted: tuple[SlotCell, ...]
    refusals: tuple[str, ...]

    def refuse(self, path: Any) -> None:
        """Raise if there is a value that cannot be put."""
        if self.refusals:
            raise FileMismatchError(f"{path} does not fit: {'; '.join(self.refusals)}; nothing was changed")

    def put(self) -> None:
        """Put everything that is in both, after `refuse`; slots that the file lacks begin anew."""
        for slot in self.restarted:
            slot.restart()
        self.fill()

    def fill(self) -> None:
        """Put everything that is in both, after `refuse`, and nothing else."""
        cells = {**self.state.possible, **self.state.cells}
        for name, value in self.content.tensors.items():
            if name in cells:
                cells[name].put(np.asarray(value)[()])


def difference(missing: Sequence[str], unused: Sequence[str]) -> str:
    """What the file lacks and what the objects lack, in words."""
    parts = [f"the file has no {_list(missing)}"] if missing else []
    parts += [f"no object has the file's {_list(unused)}"] if unused else []
    text = ", and ".join(parts)
    if any(f"/{name}".rpartition("/slots/")[2][:1].isdecimal() for name in unused if "slots/" in name):
        text += " (slots find their variable by its path: save and load the variables with their optimizer)"
    return text


def match(content: Content, state: State) -> Matched:
    """Hold a file against a state."""
    cells = {**state.possible, **state.cells}
    given = content.tensors
    kinds: Mapping[str, str] = content.description["optimizers"]
    refusals = [
        f"{path or 'the optimizer'} is {own} here and {kinds[path]} in the file"
        for path, own in state.optimizers.items()
        if kinds.get(path, own) != own
    ]
    refusals += [
        f"{name} is {refusal}"
        for name, value in given.items()
        if name in cells and (refusal := cells[name].refusal(value)) is not None
    ]
    missing, restarted = lacking(given, kinds, state)
    unused = [name for name in given if name not in cells]
    return Matched(content, state, missing, tuple(unused), restarted, tuple(_short(refusals)))


def lacking(
    names: Container[str], kinds: Iterable[str], state: State
) -> tuple[tuple[str, ...], tuple[SlotCell, ...]]:
    """The values of a state that a file with these names and optimisers lacks, and slots that it need not have.

    An optimiser saved before it met a variable has no slots of it, and shall have fresh ones again.
    """
    fresh = {
        name: slot
        for name, slot in state.slots()
        if name not in names and any(name.startswith(f"{path}/" if path else "slots/") for path in kinds)
    }
    missing = tuple([name for name in state.cells if name not in names and name not in fresh])
    return missing, tuple(fresh.values())


def _short(texts: list[str]) -> list[str]:
    return texts if len(texts) <= _SHOWN else [*texts[:_SHOWN], f"and {len(texts) - _SHOWN} more"]


def _list(names: Sequence[str]) -> str:
    return ", ".join(_short(list(names)))
