"""The command `gradtape`: run, report, partials, check, plot, bench, doctor, cache, examples.

`main` is the entry point; what the other subcommands do is in `commands/`, and here they are put on the command line. A
plain `run SCRIPT` goes straight to `run_script`: typer and rich take longer to import than the library itself, so they
are loaded only where they are seen, in help and in errors (`application`).

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
from gradtape.commands.asking import add_examples, add_questions
from gradtape.commands.line import add_measuring
from gradtape.commands.output import finite, print_json, refusals
from gradtape.commands.report import Reporting, delivered, destination
from gradtape.core.absent import origin
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
    application()(prog_name="gradtape")


def application() -> "typer.Typer":
    """The command line as typer sees it."""
    import typer

    app = typer.Typer(
        name="gradtape",
        help="Partial derivatives of any order on TensorFlow 2's tape.",
        epilog="Examples: gradtape run train.py; gradtape partials 'x**3 + 2*t' --at x=1,t=1; gradtape COMMAND --help. "
        "Status: 0 all right, 1 something is wrong, 2 what was typed, 130 interrupted.",
        no_args_is_help=True,
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
        epilog="Example: gradtape run train.py --epochs 3",
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

    add_report(app)
    add_questions(app, gradtape)
    add_measuring(app, gradtape)
    add_examples(app)
    return app


def add_report(app: "typer.Typer") -> None:
    """The subcommand `report`: run a script and write a page about what it did."""
    import typer

    @app.command(
        context_settings={"ignore_unknown_options": True},
        epilog="Examples: gradtape report train.py; gradtape report train.py --epochs 3 -o train.html; "
        "gradtape report --json train.py -- -o is for the script",
    )
    def report(
        script: Annotated[str, typer.Argument(metavar="SCRIPT", help="A Python file, run as by `run`.")],
        arguments: Annotated[
            list[str] | None,
            typer.Argument(
                metavar="[ARGS]...", help="Its own arguments; after --, those named like ours too."
            ),
        ] = None,
        output: Annotated[
            str | None,
            typer.Option("-o", "--output", help="The page's file; by default SCRIPT's name with .html."),
        ] = None,
        json_wanted: Annotated[
            bool,
            typer.Option(
                "--json", help="Print the data instead; what the script prints goes to standard error."
            ),
        ] = False,
    ) -> None:
        """Run a script and write one HTML page: source, graph, every value and derivative, memory."""
        try:
            source = read_script(script)
        except OSError as error:
            raise typer.BadParameter(describe(error, script), param_hint="SCRIPT") from None
        with refusals():
            file = destination(script, output, json_wanted)
        own = arguments or []
        reporting = Reporting(script, own, gradtape.__version__)
        with contextlib.redirect_stdout(sys.stderr if json_wanted else sys.stdout), reporting:
            reporting.status = run_source(source, script, own, reporting.failed)
        data = reporting.data()
        if json_wanted and file is None:
            print_json(data)
        elif file is not None:
            with refusals():
                delivered(finite(data), file, json_wanted)
            print(f"gradtape report: {output or file.name}", file=sys.stderr)
        raise typer.Exit(reporting.status)


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


def run_source(
    source: bytes,
    script: str,
    arguments: Sequence[str],
    failed: Callable[[BaseException], None] | None = None,
) -> int:
    """Run the text of a script as `python SCRIPT ARGS` would; everything in `sys` is put back at the end.

    `failed` is called with an error that ends the script, before it is shown.
    """
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

        status = status_of(execute, face, failed)
        return status_of(wait, face, failed) or status


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


def status_of(
    action: Callable[[], None], face: Face, failed: Callable[[BaseException], None] | None = None
) -> int:
    """Call, and turn what comes out into an exit status; an error is shown as Python would show the script's."""
    try:
        action()
    except SystemExit as leaving:
        if leaving.code is None or isinstance(leaving.code, int):
            return leaving.code or 0
        print(leaving.code, file=sys.stderr)
        return 1
    except BaseException as error:
        if failed is not None:
            failed(error)
        show(error, face)
        return INTERRUPTED if isinstance(error, KeyboardInterrupt) else 1
    return 0


def show(error: BaseException, face: Face) -> None:
    """Hand an error to `sys.excepthook`, the script's own if it set one, without our frames and with our notes."""
    for part in chain(error):
        part.__traceback__ = without_own_frames(part.__traceback__)
        face.annotate(part)
        explain_absence(part)
    sys.excepthook(type(error), error, error.__traceback__)


def explain_absence(error: BaseException) -> None:
    """Add where the latest None of a tape came from to an error about a None that Python itself raised."""
    if isinstance(error, (AttributeError, TypeError)) and "NoneType" in str(error):
        why = origin(None).removeprefix(". ")
        if why:
            error.add_note(why)


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
