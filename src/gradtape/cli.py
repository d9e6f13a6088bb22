"""The command: `gradtape run SCRIPT [ARGS]...` and `gradtape --version`.

`main` is the entry point. A plain `run SCRIPT` goes straight to `run_script`: typer and rich take longer to import than
the library itself, so they are loaded only where they are seen, in help and in errors (`application`).

`run_script` does what `python SCRIPT` does, with `tensorflow` meaning gradtape: a fresh `__main__`, the script's folder
first on the path, its own arguments, its own exit status, and tracebacks that show no frame of ours.
"""

import builtins
import contextlib
import io
import os
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from importlib.machinery import SourceFileLoader
from types import ModuleType, TracebackType
from typing import TYPE_CHECKING, Annotated

import gradtape
from gradtape.faces import tensorflow
from gradtape.faces.tensorflow import Face, standing_in

if TYPE_CHECKING:
    import typer

INTERRUPTED = 130  # 128 + SIGINT, the status shells give
OWN_FILES = frozenset({__file__, tensorflow.__file__})


def main() -> None:
    """Entry point of the command."""
    arguments = sys.argv[1:]
    if len(arguments) > 1 and arguments[0] == "run" and not arguments[1].startswith("-"):
        with contextlib.suppress(OSError):  # the application reads it again and says what is wrong
            source = read_script(arguments[1])
            sys.exit(run_source(source, arguments[1], arguments[2:]))
    application()()


def application() -> "typer.Typer":
    """The command line as typer sees it."""
    import typer

    app = typer.Typer(
        name="gradtape",
        help="Partial derivatives of any order on TensorFlow 2's tape.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
    )

    def show_version(wanted: bool) -> None:
        if wanted:
            typer.echo(f"gradtape {gradtape.__version__}")
            raise typer.Exit

    @app.callback()
    def options(
        version: Annotated[
            bool,
            typer.Option(
                "--version", callback=show_version, is_eager=True, help="Print the version and leave."
            ),
        ] = False,
    ) -> None:
        """Partial derivatives of any order on TensorFlow 2's tape."""

    @app.command(
        context_settings={"allow_interspersed_args": False, "ignore_unknown_options": True},
        options_metavar="",
    )
    def run(
        script: Annotated[
            str, typer.Argument(metavar="SCRIPT", help="A Python file written for TensorFlow 2.")
        ],
        arguments: Annotated[
            list[str] | None, typer.Argument(metavar="[ARGS]...", help="Its own arguments, untouched.")
        ] = None,
    ) -> None:
        """Run a script written for TensorFlow with `tensorflow` meaning gradtape."""
        try:
            status = run_script(script, arguments or [])
        except OSError as error:
            raise typer.BadParameter(describe(error, script), param_hint="SCRIPT") from None
        raise typer.Exit(status)

    return app


def describe(error: OSError, script: str) -> str:
    """One sentence on why a script cannot be read."""
    if isinstance(error, FileNotFoundError):
        return f"there is no file '{script}'"
    if isinstance(error, IsADirectoryError):
        return f"'{script}' is a folder; give the Python file in it that you would run"
    return f"'{script}' cannot be read: {error.strerror or error}"


def read_script(script: str) -> bytes:
    """The bytes of a script; OSError where there is no such file, it is a folder, or it may not be read."""
    with io.open_code(os.path.abspath(script)) as file:
        return file.read()


def run_script(script: str, arguments: Sequence[str] = ()) -> int:
    """Run a script with `tensorflow` meaning gradtape and return its exit status."""
    return run_source(read_script(script), script, arguments)


def run_source(source: bytes, script: str, arguments: Sequence[str]) -> int:
    """Run the text of a script as `python SCRIPT ARGS` would; everything in `sys` is put back at the end."""
    before = set(threading.enumerate())
    with clean_main(script, arguments) as module, standing_in(gradtape) as face:

        def execute() -> None:
            # From bytes, so that an encoding line counts; nothing of this file's own __future__ goes in.
            code = compile(source, module.__dict__["__file__"], "exec", dont_inherit=True)
            exec(code, module.__dict__)

        def wait() -> None:
            # Python waits for threads before it leaves; they may still import tensorflow.
            for thread in threading.enumerate():
                if thread not in before and not thread.daemon:
                    thread.join()

        status = status_of(execute, face)
        return status_of(wait, face) or status


@contextlib.contextmanager
def clean_main(script: str, arguments: Sequence[str]) -> Iterator[ModuleType]:
    """A `__main__` in which nothing has run yet, with the path and arguments of `python SCRIPT ARGS`."""
    path = os.path.abspath(script)
    module = ModuleType("__main__")
    module.__dict__.update(
        __file__=path,
        __builtins__=builtins,
        __loader__=SourceFileLoader("__main__", path),
        __cached__=None,
    )
    main_before, argv_before, path_before = sys.modules["__main__"], sys.argv, sys.path[:]
    sys.modules["__main__"] = module
    sys.argv = [script, *arguments]
    folder = os.path.dirname(os.path.realpath(script))
    if sys.flags.safe_path:  # then Python has put no folder first
        sys.path.insert(0, folder)
    else:
        sys.path[:1] = [folder]
    try:
        yield module
    finally:
        sys.modules["__main__"], sys.argv, sys.path[:] = main_before, argv_before, path_before


def status_of(action: Callable[[], None], face: Face) -> int:
    """Call, and turn what comes out into an exit status; an error is shown as Python would show the script's."""
    try:
        action()
    except SystemExit as leaving:
        if leaving.code is None or isinstance(leaving.code, int):
            return leaving.code or 0
        print(leaving.code, file=sys.stderr)
        return 1
    except BaseException as error:
        show(error, face)
        return INTERRUPTED if isinstance(error, KeyboardInterrupt) else 1
    return 0


def show(error: BaseException, face: Face) -> None:
    """Hand an error to `sys.excepthook`, the script's own if it set one, without our frames and with our notes."""
    for part in chain(error):
        part.__traceback__ = without_own_frames(part.__traceback__)
        face.annotate(part)
    sys.excepthook(type(error), error, error.__traceback__)


def chain(error: BaseException) -> Iterator[BaseException]:
    """An error and all that Python shows with it: its causes and contexts, each once."""
    seen: set[int] = set()
    waiting: list[BaseException | None] = [error]
    while waiting:
        part = waiting.pop()
        if part is not None and id(part) not in seen:
            seen.add(id(part))
            yield part
            waiting += [part.__cause__, part.__context__]


def without_own_frames(traceback: TracebackType | None) -> TracebackType | None:
    """A traceback from the script's first frame to the last that is not ours."""
    while traceback is not None and traceback.tb_frame.f_code.co_filename in OWN_FILES:
        traceback = traceback.tb_next
    frame = traceback
    while frame is not None:
        if frame.tb_next is not None and frame.tb_next.tb_frame.f_code.co_filename == tensorflow.__file__:
            frame.tb_next = None
        frame = frame.tb_next
    return traceback
