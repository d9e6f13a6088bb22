"""The subcommands `plot` and `bench` on the command line.

Annotations are values here: typer reads them.
"""

from types import ModuleType
from typing import TYPE_CHECKING, Annotated

from .bench import of_function, of_machine
from .output import CommandError, print_json, refusals
from .picture import draw
from .sampling import sampled

if TYPE_CHECKING:
    import typer


def add_measuring(app: "typer.Typer", library: ModuleType) -> None:
    """Put `plot` and `bench` on the command line; `library` is what `tensorflow` means in files."""
    import typer

    as_json = typer.Option("--json", help="Print JSON for programs.")
    what = typer.Argument(metavar="FORMULA|FILE:FUNCTION", help="Such as 'x**3 - 2*x' or model.py:loss.")

    @app.command(
        epilog="Examples: gradtape plot 'x**3 - 2*x' --over x=-2:2 --order 3 -o cubic.png; "
        "gradtape plot 'sin(x)*exp(-t)' --over x=0:2*pi,t=0:2 -o wave.svg; "
        "gradtape plot model.py:loss --over w=0:1 --at b=0.5 --label 'w=weight [kg]'"
    )
    def plot(
        function: Annotated[str, what],
        over: Annotated[str, typer.Option("--over", help="One interval or two: x=-2:2 or x=0:pi,t=0:1.")],
        at: Annotated[str, typer.Option("--at", help="Numbers for the other variables: a=1,b=pi/2.")] = "",
        order: Annotated[int, typer.Option("--order", "-n", help="All partials up to this order.")] = 1,
        wanted: Annotated[str | None, typer.Option("--wanted", help="These instead: 'x xx'.")] = None,
        output: Annotated[
            str | None,
            typer.Option("--output", "-o", help="A .png, .svg or .pdf; without it a window opens."),
        ] = None,
        log: Annotated[
            str, typer.Option("--log", help="Logarithmic axes: variables, and `value` for the values.")
        ] = "",
        label: Annotated[
            list[str] | None,
            typer.Option(
                "--label", help="A text for a variable or for `value`: 't=time [s]'; may be repeated."
            ),
        ] = None,
        title: Annotated[str | None, typer.Option("--title", help="In place of the formula.")] = None,
        points: Annotated[
            int | None, typer.Option("--points", help="Along each variable; 401 for one, 101 for two.")
        ] = None,
        dpi: Annotated[int, typer.Option("--dpi", help="Dots per inch of a .png.")] = 150,
        json_wanted: Annotated[bool, as_json] = False,
    ) -> None:
        """Draw a function and its partial derivatives over an interval or a plane."""
        with refusals():
            axes = log.replace(",", " ").split()
            labels = labels_in(label or [])
            samples = sampled(function, over, at, order, wanted, points, axes, library)
            for name in (*axes, *labels):
                if name not in (*samples.axes, "value"):
                    raise CommandError(
                        f"{name!r} is no axis of this picture: {', '.join(samples.axes)}, value"
                    )
            if json_wanted:
                print_json(samples.data())
            if output is not None or not json_wanted:
                draw(samples, output, axes, labels, title, dpi)

    @app.command(
        epilog="Examples: gradtape bench; gradtape bench 'x**3*sin(t)' --at x=1,t=0.5; "
        "gradtape bench model.py:loss --at '0.5,[1.0,2.0]' --json"
    )
    def bench(
        function: Annotated[str | None, what] = None,
        at: Annotated[str, typer.Option("--at", help="Its arguments: 0.5,[1.0,2.0] or x=0.5.")] = "",
        seconds: Annotated[
            float, typer.Option("--seconds", help="How long each is repeated; the quickest call counts.")
        ] = 0.3,
        json_wanted: Annotated[bool, as_json] = False,
    ) -> None:
        """Time a function, its gradient and its Hessian, as they stand and compiled; without one, this machine."""
        with refusals():
            if function is not None:
                found = of_function(function, at, seconds, library)
                print_json(found.data()) if json_wanted else print(found.text())
                return
            if at:
                raise CommandError("--at gives the arguments of a function; name one")
            each = of_machine(seconds)
            if json_wanted:
                print_json([found.data() for found in each])
                return
            for place, found in enumerate(each):
                print("\n" * bool(place) + found.text())


def labels_in(texts: list[str]) -> dict[str, str]:
    """The labels of `NAME=TEXT`s.

    Raises:
        ValueError: for a text without a name.
    """
    for text in texts:
        if "=" not in text:
            raise CommandError(f"--label: {text!r} names no axis; write it as 't=time [s]'")
    return {name.strip(): label for name, _, label in (text.partition("=") for text in texts)}
