"""The subcommands `partials`, `check`, `doctor`, `cache` and `examples` on the command line.

Annotations are values here: typer reads them.
"""

from types import ModuleType
from typing import TYPE_CHECKING, Annotated

from ..explain.formula import FORMATS
from ..explain.summary import columns
from . import cache as cache_command
from .check import checked, report_data
from .doctor import described, examined
from .examples import copied, example, listed
from .output import CommandError, print_json, refusals
from .partials import partials_of

if TYPE_CHECKING:
    import typer


def forms() -> list[str]:
    """The formats of formulas, for completion."""
    return list(FORMATS)


def names() -> list[str]:
    """The names of the examples, for completion."""
    return list(listed())


def add_questions(app: "typer.Typer", library: ModuleType) -> None:
    """The subcommands that answer a question; `library` is what `tensorflow` means in files."""
    import typer

    as_json = typer.Option("--json", help="Print JSON for programs.")

    @app.command(
        epilog="Examples: gradtape partials 'x**3 + 2*t' --at x=1,t=1 --order 2; "
        "gradtape partials 'sin(x)*exp(-t)' --at x=pi/2,t=0.5 --wanted 'x xxt' --format latex"
    )
    def partials(
        formula: Annotated[str, typer.Argument(metavar="FORMULA", help="Such as 'x**3 + 2*t'.")],
        at: Annotated[str, typer.Option("--at", help="A number for every variable: x=1,t=pi/2.")] = "",
        order: Annotated[int, typer.Option("--order", "-n", help="All partials up to this order.")] = 1,
        wanted: Annotated[str | None, typer.Option("--wanted", help="These instead: 'x xx t'.")] = None,
        form: Annotated[
            str,
            typer.Option(
                "--format", help="Of formulas: plain, latex, mathml or sympy.", autocompletion=forms
            ),
        ] = "plain",
        latex: Annotated[bool, typer.Option("--latex", help="The same as --format latex.")] = False,
        json_wanted: Annotated[bool, as_json] = False,
    ) -> None:
        """Partial derivatives of a formula: numbers, and formulas where SymPy is installed."""
        with refusals():
            if form not in FORMATS:
                raise CommandError(f"--format is one of {', '.join(FORMATS)}, not {form!r}")
            table = partials_of(formula, at, order, wanted)
        if json_wanted:
            print_json(table.data())
        else:
            print(table.text("latex" if latex else form))

    @app.command(epilog="Example: gradtape check model.py:loss --at '0.5, [1.0, 2.0]'")
    def check(
        place: Annotated[str, typer.Argument(metavar="FILE:FUNCTION", help="A function in a Python file.")],
        at: Annotated[str, typer.Option("--at", help="Its arguments: 0.5,[1.0,2.0] or x=0.5.")],
        orders: Annotated[str, typer.Option("--orders", help="1, 2 or 1,2.")] = "1,2",
        rtol: Annotated[float, typer.Option("--rtol", help="By what part a derivative may be off.")] = 1e-5,
        json_wanted: Annotated[bool, as_json] = False,
    ) -> None:
        """Check a function's derivatives against its values; status 0 if all are right, 1 if not."""
        with refusals():
            report = checked(place, at, orders, rtol, library)
        if json_wanted:
            print_json(report_data(report))
        else:
            print(report)
        raise typer.Exit(0 if report.ok else 1)

    @app.command(epilog="Example: gradtape doctor --json")
    def doctor(json_wanted: Annotated[bool, as_json] = False) -> None:
        """Versions, backends, linear algebra and threads, and a check of derivatives."""
        found = examined(library.__version__)
        if json_wanted:
            print_json(found)
        else:
            print(described(found))
        raise typer.Exit(0 if found["ok"] else 1)

    @app.command(epilog="Examples: gradtape cache; gradtape cache --clear")
    def cache(
        clear: Annotated[bool, typer.Option("--clear", help="Remove what is kept.")] = False,
        json_wanted: Annotated[bool, as_json] = False,
    ) -> None:
        """Compiled code kept on disk: where, how much; GRADTAPE_CACHE names another folder, or `off`."""
        removed = cache_command.cleared() if clear else 0
        found = cache_command.kept()
        if json_wanted:
            print_json({**found, "removed": removed})
        else:
            print(cache_command.described(found) + (f"\nremoved   {removed}" if clear else ""))


def add_examples(app: "typer.Typer") -> None:
    """The subcommand `examples` with its own: list (also without a word), show, copy."""
    import typer

    group = typer.Typer(
        invoke_without_command=True,
        help="The example programs that come with gradtape.",
        epilog="Examples: gradtape examples; gradtape examples show hessian; gradtape examples copy hessian .",
    )
    app.add_typer(group, name="examples")
    as_json = typer.Option("--json", help="Print JSON for programs.")
    named = typer.Argument(help="An example's name.", autocompletion=names)

    def show_list(json_wanted: bool) -> None:
        with refusals():
            found = listed()
        if json_wanted:
            print_json(found)
        else:
            print("\n".join(line.rstrip() for line in columns(list(found.items()), numbers=set())))

    @group.callback()
    def default(context: typer.Context, json_wanted: Annotated[bool, as_json] = False) -> None:
        """The example programs that come with gradtape."""
        if context.invoked_subcommand is None:
            show_list(json_wanted)

    @group.command("list", epilog="Example: gradtape examples list --json")
    def list_them(json_wanted: Annotated[bool, as_json] = False) -> None:
        """Name and purpose of each example."""
        show_list(json_wanted)

    @group.command("show", epilog="Example: gradtape examples show hessian")
    def show_one(name: Annotated[str, named]) -> None:
        """Print an example."""
        with refusals():
            text = example(name).read_text(encoding="utf-8")
        print(text, end="")

    @group.command("copy", epilog="Example: gradtape examples copy hessian mine.py && gradtape run mine.py")
    def copy_one(
        name: Annotated[str, named],
        destination: Annotated[str, typer.Argument(help="A folder, or a file's name.")] = ".",
        force: Annotated[bool, typer.Option("--force", help="Write over a file of that name.")] = False,
    ) -> None:
        """Copy an example, to change it."""
        with refusals():
            target = copied(name, destination, force)
        print(f"{target}: run it with `gradtape run {target}`")
