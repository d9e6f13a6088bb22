"""Files of tensors: what is read is what was written, damage is found, and a crash leaves the old file."""

import json
import os
import subprocess
import sys
import threading
from textwrap import dedent

import numpy as np
import pytest
import safetensors.numpy

import gradtape as gt
from gradtape.saving import files
from gradtape.saving.files import Content, read, write

DTYPES = (
    """bool int8 int16 int32 int64 uint8 uint16 uint32 uint64 float16 float32 float64 complex64 complex128"""
)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "values.safetensors"


def values(dtype, shape):
    drawn = np.random.default_rng(3).normal(0, 50, (2, *shape))
    return (drawn[0] + 1j * drawn[1]).astype(dtype) if dtype.startswith("c") else abs(drawn[0]).astype(dtype)


@pytest.mark.filterwarnings("ignore:invalid value")
@pytest.mark.parametrize("dtype", DTYPES.split())
def test_every_dtype_and_shape_comes_back(path, dtype):
    tensors = {str(shape): values(dtype, shape) for shape in [(), (0,), (3,), (2, 3), (2, 0, 4), (1, 1, 1)]}
    tensors["strided"] = values(dtype, (4, 6))[::2, ::-1].T
    write(path, Content("state", tensors, {"a": [1, None]}))
    found = read(path, "state")
    assert found.description == {"a": [1, None]}
    assert set(found.tensors) == set(tensors)
    for name, value in tensors.items():
        assert found.tensors[name].dtype == value.dtype
        np.testing.assert_array_equal(found.tensors[name], value, strict=True)


def test_the_bits_of_nan_and_negative_zero_come_back(path):
    bits = np.array([0x7FF8000000000123, 0x8000000000000000, 0xFFF0000000000000], np.uint64)
    write(path, Content("state", {"x": bits.view(np.float64)}, None))
    assert read(path, "state").tensors["x"].view(np.uint64).tolist() == bits.tolist()


def test_other_programs_can_read_the_file(path):
    """The oracle is the format's own library, and the published layout: 8 bytes of length, JSON, data."""
    x = np.arange(6.0).reshape(2, 3)
    gt.save(path, x=gt.Variable(x))
    np.testing.assert_array_equal(safetensors.numpy.load_file(path)["x"], x)
    data = path.read_bytes()
    length = int.from_bytes(data[:8], "little")
    entry = json.loads(data[8 : 8 + length])["x"]
    assert (entry["dtype"], entry["shape"]) == ("F64", [2, 3])
    start, end = entry["data_offsets"]
    np.testing.assert_array_equal(np.frombuffer(data[8 + length :][start:end], "<f8").reshape(2, 3), x)


def test_every_flipped_byte_is_found_or_harmless(path, tmp_path):
    tensors = {"w": np.array([1.5, -2.0], np.float32), "z": np.array(1 + 2j), "n": np.array(3)}
    write(path, Content("state", tensors, {"optimizers": {}}))
    data = path.read_bytes()
    broken = tmp_path / "broken.safetensors"
    found = 0
    for place in range(len(data)):
        for bit in (1 << place % 8, 0xFF):
            flipped = bytearray(data)
            flipped[place] ^= bit
            broken.write_bytes(flipped)
            try:
                content = read(broken, "state")
            except ValueError:  # DataLossError among them
                found += 1
                continue
            for name, value in tensors.items():
                np.testing.assert_array_equal(content.tensors[name], value, strict=True)
    assert found > 1.9 * len(data)  # what is harmless is white space


def test_every_truncation_and_appendix_is_found(path):
    write(path, Content("state", {"w": np.arange(3.0)}, None))
    data = path.read_bytes()
    for length in range(len(data)):
        path.write_bytes(data[:length])
        with pytest.raises(gt.errors.DataLossError, match=r"values\.safetensors is damaged"):
            read(path, "state")
    path.write_bytes(data + b"\0")
    with pytest.raises(gt.errors.DataLossError):
        read(path, "state")


def test_the_checksum_bites(path, monkeypatch):
    """Without it a flipped bit of a number would come back as another number."""
    write(path, Content("state", {"w": np.arange(3.0)}, None))
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    with pytest.raises(gt.errors.DataLossError, match="checksum"):
        read(path, "state")
    sha256 = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])["__metadata__"]["sha256"]
    monkeypatch.setattr(files, "_digest", lambda *_: sha256)
    assert read(path, "state").tensors["w"][2] != 2.0


def test_files_of_others_and_of_later_versions_are_refused(path, monkeypatch):
    safetensors.numpy.save_file({"w": np.zeros(2)}, path)
    with pytest.raises(ValueError, match="was not written by gradtape"):
        gt.load(path)
    monkeypatch.setattr(files, "VERSION", 2)
    write(path, Content("state", {}, None))
    monkeypatch.setattr(files, "VERSION", 1)
    with pytest.raises(ValueError, match="later version"):
        read(path, "state")
    write(path, Content("program", {}, None))
    with pytest.raises(ValueError, match="holds a program, not a state; gt.load_function reads it"):
        read(path, "state")


def test_text_is_refused_and_nothing_written(path):
    with pytest.raises(TypeError, match="only numbers and truth values"):
        write(path, Content("state", {"t": np.array(["a"])}, None))
    assert not path.exists()


def test_missing_files_and_folders(tmp_path):
    with pytest.raises(FileNotFoundError):
        gt.load(tmp_path / "nowhere.safetensors")
    with pytest.raises(IsADirectoryError):
        gt.load(tmp_path)
    with pytest.raises(FileNotFoundError):
        gt.save(tmp_path / "no" / "such.safetensors", x=gt.Variable(1.0))


def test_without_safetensors(path, monkeypatch):
    monkeypatch.setitem(sys.modules, "safetensors", None)
    with pytest.raises(ImportError, match=r'pip install "gradtape\[save\]"'):
        gt.save(path, x=gt.Variable(1.0))


# what a crash leaves


@pytest.mark.parametrize("broken", ["fsync", "replace"])
def test_a_failure_leaves_the_old_file_and_nothing_else(path, monkeypatch, broken):
    x = gt.Variable([1.0, 2.0])
    gt.save(path, x=x)
    before = path.read_bytes()
    x.assign([5.0, 6.0])

    def fail(*_):
        raise OSError("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(os, broken, fail)
        with pytest.raises(OSError, match="the disk is full"):
            gt.save(path, x=x)
    assert path.read_bytes() == before
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]


@pytest.mark.parametrize("killed_at", ["fsync", "replace"])
def test_a_process_killed_before_the_end_leaves_the_old_file(path, killed_at):
    x = gt.Variable([1.0, 2.0])
    gt.save(path, x=x)
    program = f"""
        import os, signal
        import gradtape as gt
        os.{killed_at} = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
        gt.save({str(path)!r}, x=gt.Variable([5.0, 6.0]))
    """
    ran = subprocess.run([sys.executable, "-c", dedent(program)], check=False, timeout=60)
    assert ran.returncode == -9
    assert gt.load(path)["x"].numpy().tolist() == [1.0, 2.0]
    gt.save(path, x=gt.Variable([7.0, 8.0]))  # what the other left behind is in nobody's way
    assert gt.load(path)["x"].numpy().tolist() == [7.0, 8.0]


def test_writers_at_once_never_mix(path):
    """Whoever reads finds the whole of what one of them wrote."""
    gt.save(path, x=gt.Variable(np.full(2000, -1.0)))
    done, faults = threading.Event(), []

    def writing(number):
        for _ in range(15):
            gt.save(path, x=gt.Variable(np.full(2000, float(number))))

    def reading():
        while not done.is_set():
            try:
                found = gt.load(path)["x"].numpy()
                if len(set(found.tolist())) != 1:
                    faults.append("mixed")
            except Exception as error:
                faults.append(error)

    reader = threading.Thread(target=reading)
    writers = [threading.Thread(target=writing, args=(n,)) for n in range(4)]
    for thread in (reader, *writers):
        thread.start()
    for writer in writers:
        writer.join()
    done.set()
    reader.join()
    assert faults == []
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]


def test_a_link_stays_a_link_and_permissions_follow_the_mask(path, tmp_path):
    target = tmp_path / "real.safetensors"
    gt.save(target, x=gt.Variable(1.0))
    path.symlink_to(target)
    gt.save(path, x=gt.Variable(2.0))
    assert path.is_symlink()
    assert gt.load(target)["x"].numpy() == 2.0
    mask = os.umask(0)
    os.umask(mask)
    assert target.stat().st_mode & 0o777 == 0o666 & ~mask
