"""`gt.debug`: stop at the first operation that makes a number that is not finite."""

from __future__ import annotations

from typing import Any

import numpy as np

from .nonfinite import NonFiniteError, Sentinel

__all__ = ["NonFiniteError", "inf", "nan"]


def nan() -> Sentinel:
    """A context that stops at the first operation that makes a NaN from inputs without one.

    Everything computed inside is looked at: the program, derivatives on the way back and forward, Taylor series, and
    the operations of compiled functions, which run one by one. Enter it around the program and the call for the
    derivative.

    Raises:
        NonFiniteError: from inside the context, with the operation, its inputs, the line of the program, whose
            derivative it was part of, and a remedy.

    >>> import gradtape as gt
    >>> with gt.debug.nan():
    ...     gt.constant(0.0) / gt.constant(0.0)
    Traceback (most recent call last):
    gradtape.errors.NonFiniteError: divide made a NaN at ...
    """
    return Sentinel("NaN", np.isnan)


def inf() -> Sentinel:
    """A context that stops at the first operation that makes an infinity or a NaN from finite inputs.

    Raises:
        NonFiniteError: as for `nan`.

    >>> import gradtape as gt
    >>> with gt.debug.inf():
    ...     gt.math.log(gt.constant(0.0))
    Traceback (most recent call last):
    gradtape.errors.NonFiniteError: log made an infinity at ...
    """
    return Sentinel("infinity", _not_finite)


def _not_finite(value: Any) -> Any:
    return np.logical_not(np.isfinite(value))
