"""A file of tensors with a description: the safetensors format, a checksum over all of it, and atomic writing.

The format (https://github.com/huggingface/safetensors) is a JSON header and the tensors' bytes. It has no place for
complex numbers of double precision, so those of either precision are stored as pairs of real numbers, and the header
says which. The checksum covers names, dtypes, shapes, values and everything else in the header.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..core.errors import DtypeError
from ..core.further_errors import MissingPackageError
from .errors import DataLossError, FileFormatError

FORMAT = "gradtape"
VERSION = 1
SUFFIX = ".safetensors"
_PAIRS = {"complex64": "float32", "complex128": "float64"}


@dataclass(frozen=True, eq=False, slots=True)
class Content:
    """What a file holds: tensors by name, and a description that JSON can write.

    `kind` says what for: "state" or "program".
    """

    kind: str
    tensors: Mapping[str, Any]
    description: Any


def write(path: str | os.PathLike[str], content: Content) -> None:
    """Write a file; another in its place is replaced at the end, or stays as it was.

    Raises:
        ImportError: if safetensors is not installed.
        TypeError: for a tensor of text.
        OSError: as the system says.
    """
    library = _library()
    pairs: dict[str, str] = {}
    arrays: dict[str, Any] = {}
    for name, value in content.tensors.items():
        array = np.array(value, order="C")
        if array.dtype.kind not in "biufc":
            raise DtypeError(f"{name} is a tensor of {array.dtype}; only numbers and truth values are saved")
        if array.dtype.kind == "c":
            pairs[name] = array.dtype.name
            array = array.reshape(*array.shape, 1).view(_PAIRS[array.dtype.name])
        arrays[name] = array
    metadata = {
        "format": FORMAT,
        "version": str(VERSION),
        "kind": content.kind,
        "complex": json.dumps(pairs),
        "description": json.dumps(content.description),
    }
    metadata["sha256"] = _digest(arrays, metadata)
    replace(path, library.numpy.save(arrays, metadata))


def read(path: str | os.PathLike[str], kind: str) -> Content:
    """Read a file of a kind, and check that it is what was written.

    Raises:
        ImportError: if safetensors is not installed.
        DataLossError: if the file is damaged or cut short.
        ValueError: if it is no file of gradtape's, of another kind, or of a later version.
        OSError: as the system says.
    """
    library = _library()
    place = found(path)
    with open(place, "rb"):  # a file that cannot be opened is an OSError that Python words
        pass
    try:
        with library.safe_open(place, framework="numpy") as file:
            metadata = dict(file.metadata() or {})
            arrays = {name: np.asarray(file.get_tensor(name)) for name in file.keys()}  # noqa: SIM118
    except Exception as error:  # whatever the library makes of bytes that are not its format
        raise _damaged(place, str(error)) from None
    if metadata.get("format") != FORMAT:
        raise FileFormatError(
            f"{place} was not written by gradtape, or is damaged; safetensors.numpy.load_file reads other files"
        )
    if not metadata.get("version", "").isdecimal() or int(metadata["version"]) > VERSION:
        raise FileFormatError(
            f"{place} is of a later version of the format than this gradtape reads ({VERSION})"
        )
    if metadata.get("sha256") != _digest(arrays, metadata):
        raise _damaged(place, "its checksum is not that of its content")
    if metadata["kind"] != kind:
        raise FileFormatError(
            f"{place} holds a {metadata['kind']}, not a {kind}; {_READERS[metadata['kind']]}"
        )
    for name, dtype in json.loads(metadata["complex"]).items():
        arrays[name] = arrays[name].view(dtype).reshape(arrays[name].shape[:-1])
    return Content(kind, arrays, json.loads(metadata["description"]))


_READERS = {"state": "gt.load reads it", "program": "gt.load_function reads it"}


def found(path: str | os.PathLike[str]) -> str:
    """The file that a path means, which may leave out the suffix."""
    place = os.fspath(path)
    return place + SUFFIX if not os.path.exists(place) and os.path.exists(place + SUFFIX) else place


def replace(path: str | os.PathLike[str], data: bytes) -> None:
    """Put bytes in a file so that whoever opens it finds the old bytes or all of the new, also after a crash.

    They are written to a file beside it, forced to the disk, and renamed. A process that is killed leaves at most that
    other file, `NAME.*.tmp`.
    """
    target = os.path.realpath(path)  # the file that a link points to, not the link
    beside = f"{target}.{os.getpid()}-{secrets.token_hex(4)}.tmp"
    try:
        with open(beside, "xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, target)
    except BaseException:
        with suppress(OSError):
            os.unlink(beside)
        raise
    with suppress(OSError):  # not every system lets a folder be opened
        folder = os.open(os.path.dirname(target), os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _digest(arrays: Mapping[str, Any], metadata: Mapping[str, str]) -> str:
    """SHA-256 over names, dtypes, shapes and values, and over everything in the header save the digest itself."""
    names = sorted(arrays)
    little = {name: arrays[name].astype(arrays[name].dtype.newbyteorder("<"), copy=False) for name in names}
    head = [
        sorted(item for item in metadata.items() if item[0] != "sha256"),
        [(name, little[name].dtype.str, little[name].shape) for name in names],
    ]
    digest = hashlib.sha256(json.dumps(head).encode())
    for name in names:
        digest.update(np.ascontiguousarray(little[name]).reshape(-1).view(np.uint8).data)
    return digest.hexdigest()


def _damaged(place: str, why: str) -> DataLossError:
    return DataLossError(f"{place} is damaged or was not written to the end: {why}. Take an earlier file")


def _library() -> Any:
    """The safetensors package; ImportError that says what to install."""
    try:
        import safetensors
        import safetensors.numpy
    except ImportError:
        raise MissingPackageError(
            'saving and loading need the package safetensors: pip install "gradtape[save]"'
        ) from None
    return safetensors
