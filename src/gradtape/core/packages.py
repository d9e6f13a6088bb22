"""Packages that gradtape does not bring along are imported where they are needed, and missed with the way out."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from .further_errors import MissingPackageError


@contextmanager
def needed(package: str, purpose: str, install: str = "") -> Iterator[None]:
    """Around an import: if the package is not installed, the error says what it is for and what to install.

    Raises:
        MissingPackageError: if the package is not installed; what an installed one lacks itself is its own error.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != package:
            raise
        raise MissingPackageError(
            f"{purpose}: python3 -m pip install {install or package}", name=package
        ) from None
