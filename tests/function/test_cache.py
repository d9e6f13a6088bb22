"""Compiled code on disk: found again in another process, never taken from a stranger or from a damaged file."""

import errno
import json
import os
import subprocess
import sys
import threading
import time
import warnings
from pathlib import Path

import numpy as np
import pytest

import gradtape as gt
from gradtape import cli
from gradtape.backends.llvm import cache, engine, linker
from gradtape.backends.llvm.addresses import launcher
from gradtape.backends.llvm.driver import driver

posix = (
    pytest.mark.usefixtures("store") if os.name == "posix" else pytest.mark.skip("no owners of files here")
)


@pytest.fixture
def store(tmp_path, monkeypatch):
    driver(), launcher()  # made once a process, and kept elsewhere
    place = tmp_path / "kept" / "here"
    monkeypatch.setenv(cache.VARIABLE, str(place))
    monkeypatch.setattr(cache, "_told", set())
    return place


@pytest.fixture
def compilations(monkeypatch):
    """Counts what LLVM compiles."""
    made = []
    compiled = engine._compiled
    monkeypatch.setattr(engine, "_compiled", lambda *given: made.append(1) or compiled(*given))
    return made


def tried(number=2.0):
    """A function compiled anew; whether its code came from the disk."""
    f = gt.function(lambda x: gt.tanh(x) * number + x, backend="llvm")
    x = np.array([0.5, -1.0])
    for _ in range(2):
        np.testing.assert_allclose(f(x), np.tanh(x) * number + x, rtol=1e-15)
    return f.stats()["from_disk"]


def files(place):
    return sorted(path for path in place.iterdir())


def test_the_second_time_nothing_is_compiled(store, compilations):
    assert [tried(), tried(), tried(3.0), tried(3.0)] == [False, True, False, True]
    assert len(compilations) == 2
    assert len(files(store)) == 2
    if os.name == "posix":
        assert store.stat().st_mode & 0o777 == 0o700
        assert {path.stat().st_mode & 0o777 for path in files(store)} == {0o600}


PROGRAM = """
import json, sys
import numpy as np
import gradtape as gt

def slope(x):
    with gt.GradientTape() as tape:
        tape.watch(x)
        y = gt.sin(x) * gt.exp(-x * x) + gt.tan(x) * gt.math.acosh(x + 2.0)
    return tape.gradient(y, x)

whole, rows = gt.function(slope, backend="llvm"), gt.function(slope, backend="llvm")
number = gt.function(slope, backend="llvm")
for _ in range(3):
    found = [whole(np.array([0.3, 0.7])), rows(np.linspace(0.1, 0.9, 1000)), number(gt.constant(0.3))]
assert number._entry is not None
loaded = "llvmlite" in sys.modules
print(json.dumps([[f.stats()["from_disk"] for f in (whole, rows)], [float(gt.reduce_sum(y)) for y in found], loaded]))
"""


def test_other_processes_find_it(store):
    """Also two at once; objects and functions lie elsewhere there."""

    def started():
        return subprocess.Popen([sys.executable, "-c", PROGRAM], stdout=subprocess.PIPE, text=True)

    together = [started(), started()]
    first = [json.loads(process.communicate(timeout=60)[0]) for process in together]
    kept = {path.name for path in files(store)}
    last = json.loads(started().communicate(timeout=60)[0])
    assert last[0] == [True, True]
    assert last[2] is not linker.SERVES  # where code is linked without LLVM, that is not even loaded
    assert first[0][1] == first[1][1] == last[1]
    assert {path.name for path in files(store)} == kept
    # Of the last program there is the entry alone; all have the driver, what reads the places of arrays, and here
    # LLVM's name for the processor. Functions that are seldom needed are code of their own: five, of three widths each.
    assert len(kept) == 5 + linker.SERVES + 5 * 3


def test_what_names_the_processor_is_known_until_it_changes(store, monkeypatch):
    here = engine._here()
    assert (here is not None) is linker.SERVES
    if here is None:
        return
    monkeypatch.setattr(engine, "_COMPILER", [])
    described = engine._described()
    assert described == engine._COMPILER[0].described  # asked of LLVM
    engine._COMPILER.clear()
    assert engine._described() == described
    assert not engine._COMPILER
    from numpy._core import _multiarray_umath

    monkeypatch.setattr(_multiarray_umath, "__cpu_features__", {"FEWER": True})
    assert engine._here() != here
    assert engine._described() == described
    assert engine._COMPILER  # asked again


@pytest.mark.parametrize(
    "damage",
    [
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(path.read_bytes()[:-1]),
        lambda path: path.write_bytes(path.read_bytes() + b"\0"),
        lambda path: path.write_bytes(path.read_bytes().replace(b"gradtape", b"gradtap3")),
        lambda path: path.write_bytes(path.read_bytes()[:200] + b"!" + path.read_bytes()[201:]),
        lambda path: path.write_bytes(cache._sealed("0" * 64, b"other")),
        lambda path: path.write_bytes(cache._sealed(path.stem, b"sealed, but no object code")),
        lambda path: path.write_bytes(cache._sealed(path.stem, path.read_bytes()[43:600])),
    ],
    ids=["empty", "short", "long", "version", "byte", "name", "no code", "part of code"],
)
def test_what_is_damaged_is_compiled_again(store, damage):
    tried()
    (path,) = files(store)
    before = path.read_bytes()
    damage(path)
    assert not tried()
    assert path.read_bytes() == before
    assert tried()


@posix
def test_a_folder_that_others_may_write_to_is_refused(store, compilations):
    tried()
    store.chmod(0o770)
    with pytest.warns(gt.GradtapeWarning, match=r"keeps no compiled code in .*others may write to it.*=off"):
        assert not tried()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert not tried()  # said once
        assert not tried(5.0)
    assert len(files(store)) == 1
    store.chmod(0o700)
    assert tried()


@posix
def test_a_folder_of_another_user_is_refused(store, monkeypatch):
    tried()
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    with pytest.warns(gt.GradtapeWarning, match="it belongs to another user"):
        assert not tried()
    assert cache.fault().startswith("it belongs to another user")


@posix
@pytest.mark.parametrize("change", ["writable", "link"])
def test_a_file_that_may_be_a_strangers_is_not_read(store, change):
    tried()
    (path,) = files(store)
    if change == "writable":
        path.chmod(0o622)
    else:
        path.rename(store / "elsewhere")
        path.symlink_to(store / "elsewhere")
    assert not tried()
    assert not path.is_symlink()
    assert tried()  # another was put in its place


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EACCES])
def test_a_disk_that_is_full_or_closed_changes_nothing(store, monkeypatch, number):
    opened = os.open

    def refuse(*_given, **_settings):
        raise OSError(number, os.strerror(number))

    with monkeypatch.context() as patched:
        patched.setattr(
            os, "open", lambda path, *given: (refuse if str(path).endswith(".part") else opened)(path, *given)
        )
        assert not tried()
    assert files(store) == []
    monkeypatch.setattr(Path, "mkdir", refuse)
    monkeypatch.setenv(cache.VARIABLE, str(store / "further"))
    assert not tried()


def test_a_place_that_is_no_folder(store):
    store.parent.mkdir()
    store.write_text("a file")
    assert [tried(), tried()] == [False, False]


@pytest.mark.parametrize("word", ["off", "OFF", "0", ""])
def test_switched_off(monkeypatch, word):
    monkeypatch.setenv(cache.VARIABLE, word)
    assert cache.folder() is None
    assert [tried(), tried()] == [False, False]
    assert cache.fault() == "switched off (GRADTAPE_CACHE)"
    assert cache.clear() == 0


def test_the_usual_folder_is_the_users_own(monkeypatch, tmp_path):
    monkeypatch.delenv(cache.VARIABLE)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    cache._folder.cache_clear()
    for system, expected in (("linux", ".cache/gradtape"), ("darwin", "Library/Caches/gradtape")):
        monkeypatch.setattr(cache.sys, "platform", system)
        cache._folder.cache_clear()
        assert cache.folder() == tmp_path / expected
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    monkeypatch.setattr(cache.sys, "platform", "linux")
    cache._folder.cache_clear()
    assert cache.folder() == tmp_path / "xdg" / "gradtape"
    cache._folder.cache_clear()


def test_ctrl_c_leaves_no_half_of_a_file(store, monkeypatch):
    def interrupted(*_given):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(Path, "replace", interrupted)
        with pytest.raises(KeyboardInterrupt):
            tried()
    assert files(store) == []
    assert [tried(), tried()] == [False, True]


def test_what_is_not_used_goes_first(store, monkeypatch):
    monkeypatch.setattr(cache, "LIMIT", 16 * 4096)
    names = [cache.key(str(i)) for i in range(16)]
    for age, name in enumerate(names):
        cache.keep(name, b"x" * 1000)
        os.utime(store / f"{name}.code", (0, age))
    old = store / "left.part"
    old.write_bytes(b"half")
    os.utime(old, (0, 0))
    (store / "notes.txt").write_text("not ours")
    assert cache.find(names[0]) == b"x" * 1000  # now the one that was used last
    cache._trim(store)
    assert len(cache.entries()) == 16  # there is room
    monkeypatch.setattr(cache, "LIMIT", 8 * 4096)
    cache._trim(store)
    left = {Path(entry.path).stem for entry in cache.entries()}
    assert left == {names[0], *names[11:]}
    assert not old.exists()
    assert (store / "notes.txt").exists()


def test_it_looks_at_the_size_as_it_grows(store, monkeypatch):
    monkeypatch.setattr(cache, "LIMIT", 100 << 12)
    monkeypatch.setattr(cache, "_written", [0])
    for i in range(150):
        cache.keep(cache.key(str(i)), b"x" * 4000)
    assert 60 <= len(cache.entries()) <= 108


def test_several_writers_and_readers(store):
    name, codes = cache.key("one"), [bytes([i]) * 20_000 for i in range(4)]
    stop = time.monotonic() + 0.5
    seen = []

    def write(code):
        while time.monotonic() < stop:
            cache.keep(name, code)

    def read():
        while time.monotonic() < stop:
            seen.append(cache.find(name))

    workers = [threading.Thread(target=write, args=(code,)) for code in codes]
    workers += [threading.Thread(target=read) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert set(seen) - {None} <= set(codes)
    assert [path.suffix for path in files(store)] == [".code"]


def test_the_name_tells_processors_and_programs_apart():
    assert len({cache.key("a", "b"), cache.key("ab", ""), cache.key("a", "c"), cache.key("b", "a")}) == 4


def test_the_command(store, capsys):
    def run(*arguments):
        with pytest.raises(SystemExit) as leaving:
            cli.application()(["cache", *arguments], prog_name="gradtape")
        assert leaving.value.code == 0
        return capsys.readouterr().out

    assert json.loads(run("--json"))["entries"] == 0
    tried()
    found = json.loads(run("--json"))
    assert found["folder"] == str(store)
    assert (found["entries"], found["limit"], found["fault"], found["removed"]) == (1, 256 << 20, None, 0)
    assert found["bytes"] >= sum(path.stat().st_size for path in files(store))
    assert str(store) in run()
    assert "removed   1" in run("--clear")
    assert files(store) == []
    assert "removed   0" in run("--clear")
