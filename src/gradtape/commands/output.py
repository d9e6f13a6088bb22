"""What all subcommands share: refusals in one sentence, and JSON."""

from __future__ import annotations

import contextlib
import json
import math
from collections.abc import Iterator

from ..core.errors import Documented, said


class CommandError(Documented, ValueError):
    """What was typed cannot be followed."""

    section = "A command that cannot be followed"


@contextlib.contextmanager
def refusals() -> Iterator[None]:
    """A ValueError, TypeError or missing package is a fault of what was typed: one sentence, and exit status 2."""
    import typer

    try:
        yield
    except (ValueError, TypeError, ImportError) as error:
        raise typer.BadParameter(sentence(error)) from None


def sentence(error: Exception) -> str:
    """The message of an error and its page, without brackets, which mean styles to the terminal."""
    return (
        f"{said(error)}\nSee docs/errors.md: {error.section}" if isinstance(error, Documented) else str(error)
    )


def print_json(data: object) -> None:
    """Data as JSON; numbers that are not finite as texts, which JSON has no numbers for."""
    print(json.dumps(finite(data), indent=2, ensure_ascii=False))


def finite(data: object) -> object:
    """The data with texts in place of numbers that are not finite."""
    if isinstance(data, float) and not math.isfinite(data):
        return str(data)
    if isinstance(data, dict):
        return {key: finite(value) for key, value in data.items()}
    return [finite(value) for value in data] if isinstance(data, (list, tuple)) else data
