"""TensorFlow's `tf.train`: checkpoints by number, in a folder that keeps the latest few.

A checkpoint is one file of `gt.save`'s format, `PREFIX-NUMBER.safetensors`; its name here is without the suffix, as in
TensorFlow. The file `checkpoint` in the folder says which there are and which is the latest.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from typing import Any

import numpy as np

from ..core.errors import InvalidArgumentError
from ..core.further_errors import RangeError
from ..core.spec import int64
from ..core.variable import Variable
from ..faces.module import WAITING, Holder
from .errors import DataLossError, NotFoundError
from .files import SUFFIX, read, replace, write
from .restored import Restored
from .state import content_of
from .walk import parts_of, state_of

_INDEX = "checkpoint"


class Checkpoint(Holder):
    """Objects whose values are saved and restored together; each argument becomes an attribute.

    Args:
        root: a module or another checkpoint, whose attributes then stand at the top.
        kwargs: Variables, Modules, optimisers, random generators, and lists and dictionaries of them, by name.

    >>> import gradtape as gt, os, tempfile
    >>> step = gt.Variable(1)
    >>> checkpoint = gt.train.Checkpoint(step=step)
    >>> path = checkpoint.save(os.path.join(tempfile.mkdtemp(), "ckpt"))
    >>> _ = step.assign(7)
    >>> _ = checkpoint.restore(path).assert_consumed()
    >>> step.numpy()
    np.int32(1)
    """

    def __init__(self, root: Any = None, **kwargs: Any) -> None:
        if "save_counter" in kwargs:
            raise InvalidArgumentError("Checkpoint: save_counter is the checkpoint's own count of files")
        self._root = root
        for name, value in kwargs.items():
            state_of(value)  # refuses what has no state while the caller's line is in sight
            setattr(self, name, value)
        self.save_counter = Variable(0, trainable=False, name="save_counter", dtype=int64)

    def _parts(self) -> list[tuple[str, Any]]:
        """What there is to save, by name."""
        own = [(name, value) for name, value in vars(self).items() if name not in ("_root", WAITING)]
        return [*(parts_of(self._root) or []), *own]

    def write(self, file_prefix: str | os.PathLike[str], options: Any = None) -> str:
        """Write a file without a number; returns the prefix."""
        prefix = os.fspath(file_prefix)
        os.makedirs(os.path.dirname(os.path.abspath(prefix)), exist_ok=True)
        write(prefix + SUFFIX, content_of(state_of(self)))
        return prefix

    def save(self, file_prefix: str | os.PathLike[str], options: Any = None) -> str:
        """Write the next file, `PREFIX-NUMBER`, and note it as the latest of its folder; returns that name."""
        prefix = os.fspath(file_prefix)
        path = self._save(prefix, int(self.save_counter._value) + 1)
        folder = _folder(path)
        names = [name for name in _Index(folder).names if name != os.path.basename(path)]
        _Index(folder).put([*names, os.path.basename(path)])
        return path

    def _save(self, prefix: str, number: int) -> str:
        """Write the file of a number; the counter stays where that fails."""
        before = self.save_counter._value
        self.save_counter.assign(number)
        try:
            return self.write(f"{prefix}-{number}")
        except BaseException:
            self.save_counter.assign(before)
            raise

    def read(self, save_path: str | os.PathLike[str], options: Any = None) -> Restored:
        """Put back what a file has for these objects, and for those that they will have.

        Everything is checked before anything is assigned. Values in the file without an object wait until one is set as
        an attribute of this checkpoint or of a module in it (`Restored`); a further restore ends that.

        Raises:
            errors.DataLossError: if the file is damaged.
            ValueError: if a shape or dtype differs.
        """
        if not any(os.path.exists(place) for place in (save_path, f"{os.fspath(save_path)}{SUFFIX}")):
            raise NotFoundError(f"there is no checkpoint {os.fspath(save_path)!r}")
        before = [each for each in vars(self).get(WAITING, ()) if each.belongs_to(self)]
        restored = Restored(os.fspath(save_path), self, read(save_path, "state"))
        for each in before:
            each.end()
        return restored

    def restore(self, save_path: str | os.PathLike[str] | None, options: Any = None) -> Restored:
        """As `read`; with None, which `latest_checkpoint` gives for an empty folder, nothing happens."""
        return Restored(None) if save_path is None else self.read(save_path)


class CheckpointManager:
    """Saves a checkpoint again and again into one folder, and deletes the oldest.

    Args:
        checkpoint: what to save.
        directory: the folder, made where it is missing.
        max_to_keep: how many files stay; None for all.
        checkpoint_name: what file names begin with.
        step_counter: a variable that counts steps, for `checkpoint_interval`.
        checkpoint_interval: `save` does nothing before so many steps have gone by.
        init_fn: what `restore_or_initialize` calls where there is no checkpoint.

    >>> import gradtape as gt, os, tempfile
    >>> checkpoint = gt.train.Checkpoint(step=gt.Variable(0))
    >>> manager = gt.train.CheckpointManager(checkpoint, tempfile.mkdtemp(), max_to_keep=2)
    >>> paths = [manager.save() for _ in range(3)]
    >>> [os.path.basename(path) for path in manager.checkpoints], manager.latest_checkpoint == paths[-1]
    (['ckpt-2', 'ckpt-3'], True)
    """

    def __init__(
        self,
        checkpoint: Checkpoint,
        directory: str | os.PathLike[str],
        max_to_keep: int | None,
        *,
        checkpoint_name: str = "ckpt",
        step_counter: Variable | None = None,
        checkpoint_interval: int | None = None,
        init_fn: Callable[[], Any] | None = None,
    ) -> None:
        if max_to_keep is not None and max_to_keep < 1:
            raise RangeError(
                f"CheckpointManager: max_to_keep is a positive number or None, not {max_to_keep}"
            )
        if checkpoint_interval is not None and step_counter is None:
            raise InvalidArgumentError("CheckpointManager: checkpoint_interval needs a step_counter")
        self.checkpoint = checkpoint
        self.directory = os.fspath(directory)
        self.checkpoint_interval = checkpoint_interval
        self._most, self._name, self._counter, self._first = (
            max_to_keep,
            checkpoint_name,
            step_counter,
            init_fn,
        )
        self._index = _Index(self.directory)
        self._last_step: int | None = None

    @property
    def checkpoints(self) -> list[str]:
        """The files kept, oldest first."""
        return [os.path.join(self.directory, name) for name in self._index.names]

    @property
    def latest_checkpoint(self) -> str | None:
        """The latest file, None if there is none."""
        kept = self.checkpoints
        return kept[-1] if kept else None

    def save(
        self,
        checkpoint_number: int | Variable | None = None,
        check_interval: bool = True,
        options: Any = None,
    ) -> str | None:
        """Save, and delete the oldest beyond `max_to_keep`; returns the name, None before the interval has gone by."""
        step = None if self._counter is None else int(self._counter._value)
        if check_interval and self.checkpoint_interval is not None and self._last_step is not None:
            assert step is not None
            if step - self._last_step < self.checkpoint_interval:
                return None
        counter = self.checkpoint.save_counter
        number = int(counter._value) + 1 if checkpoint_number is None else int(checkpoint_number)
        path = self.checkpoint._save(os.path.join(self.directory, self._name), number)
        self._last_step = step
        names = [name for name in self._index.names if name != os.path.basename(path)]
        names.append(os.path.basename(path))
        old = [] if self._most is None else names[: -self._most]
        self._index.put(names[len(old) :])  # first out of the list, then off the disk
        for name in old:
            _remove(os.path.join(self.directory, name + SUFFIX))
        return path

    def restore_or_initialize(self) -> str | None:
        """Restore the latest checkpoint; where there is none, call `init_fn`. Returns the name or None."""
        latest = self.latest_checkpoint
        if latest is not None:
            self.checkpoint.restore(latest).assert_existing_objects_matched()
        elif self._first is not None:
            self._first()
        return latest


class _Index:
    """The file that says which checkpoints a folder has, oldest first."""

    def __init__(self, folder: str) -> None:
        self.path = os.path.join(folder, _INDEX)

    @property
    def names(self) -> list[str]:
        """Those that are still there."""
        try:
            with open(self.path, encoding="utf-8") as file:
                found = json.load(file)["checkpoints"]
                names = [os.path.basename(str(name)) for name in found]
        except FileNotFoundError:
            return []
        except (ValueError, KeyError, TypeError):
            raise DataLossError(
                f"{self.path} is damaged; delete it, and restore a checkpoint by its own name"
            ) from None
        folder = os.path.dirname(self.path)
        return [name for name in names if os.path.exists(os.path.join(folder, name + SUFFIX))]

    def put(self, names: list[str]) -> None:
        """Write the list."""
        replace(self.path, json.dumps({"checkpoints": names}, indent=1).encode())


def _folder(path: str) -> str:
    return os.path.dirname(os.path.abspath(path))


def _remove(path: str) -> None:
    if os.path.exists(path):
        os.remove(path)


def latest_checkpoint(
    checkpoint_dir: str | os.PathLike[str], latest_filename: str | None = None
) -> str | None:
    """The latest checkpoint of a folder, None if it has none."""
    folder = os.fspath(checkpoint_dir)
    names = _Index(folder).names
    return os.path.join(folder, names[-1]) if names else None


def list_variables(ckpt_dir_or_file: str | os.PathLike[str]) -> list[tuple[str, list[int]]]:
    """Name and shape of each value in a checkpoint, or in the latest one of a folder."""
    content = read(_one(ckpt_dir_or_file), "state")
    return sorted((name, list(np.shape(value))) for name, value in content.tensors.items())


def load_variable(ckpt_dir_or_file: str | os.PathLike[str], name: str) -> Any:
    """One value of a checkpoint, or of the latest one of a folder, as an array.

    Raises:
        errors.NotFoundError: if there is none of this name.
    """
    tensors = read(_one(ckpt_dir_or_file), "state").tensors
    if name not in tensors:
        raise NotFoundError(
            f"there is no {name!r} in {os.fspath(ckpt_dir_or_file)}; list_variables has the names"
        )
    return tensors[name][()]


def _one(place: str | os.PathLike[str]) -> str:
    if not os.path.isdir(place):
        return os.fspath(place)
    latest = latest_checkpoint(place)
    if latest is None:
        raise NotFoundError(f"there is no checkpoint in the folder {os.fspath(place)!r}")
    return latest


__all__ = ["Checkpoint", "CheckpointManager", "latest_checkpoint", "list_variables", "load_variable"]
