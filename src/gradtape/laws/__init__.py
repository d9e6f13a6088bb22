"""The laws that every primitive keeps, for us and for users of `register_primitive`.

`check_primitive` takes a primitive through the laws at random points of its domain, in every dtype that it takes, and
raises `LawError` where one is broken:

| law       | statement                                                        | compared with                 |
|-----------|------------------------------------------------------------------|-------------------------------|
| value     | the value, in every precision                                    | a reference, double precision |
| spec      | the declared shape and dtype are those of the value              | the value                     |
| forward   | the tangent is the derivative in a direction                     | extrapolated differences      |
| adjoint   | Re <v, J t> = Re <J* v, t>                                       | the other mode                |
| higher    | seven ways to a second derivative agree; it is symmetric         | each other, differences       |
| taylor    | series coefficients = nested forward derivatives over factorials | forward mode                  |
| batch     | all examples at once, in and around derivatives                  | one after the other           |
| rows      | row i sees row i of the inputs that lie along the first axis     | other values elsewhere        |
| structure | no entry of the derivative is missed                             | one tangent for each entry    |
| manners   | inputs untouched, calls repeatable, any layout, errors that help | the first call                |

A law is a function of a `Case`, which is one sample in one dtype: `case.py` draws it and asks the two modes of it;
`outward.py` has value, spec and manners, `series.py` taylor, `derivative.py` the others, `hessians.py` the seven ways,
`batch.py` batch and rows, `structure.py` the one of its name. None of them looks at a rule.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from ..core.further_errors import ChoiceError
from ..core.primitive import Primitive, Sample
from .batch import batch, rows
from .case import DTYPES, Case, LawError, cases
from .derivative import adjoint, forward, higher
from .outward import manners, spec, value
from .series import taylor
from .structure import structure

LAWS: dict[str, Callable[[Case], None]] = {
    "value": value,
    "spec": spec,
    "forward": forward,
    "adjoint": adjoint,
    "higher": higher,
    "taylor": taylor,
    "batch": batch,
    "rows": rows,
    "structure": structure,
    "manners": manners,
}


def check_primitive(
    primitive: Primitive,
    *,
    samples: Iterable[Sample] | None = None,
    domain: Iterable[tuple[float, float]] | None = None,
    reference: Callable[..., Any] | None = None,
    laws: Iterable[str] = tuple(LAWS),
    seed: int = 0,
) -> int:
    """Check that a primitive keeps the laws.

    Args:
        primitive: what `register_primitive` returned.
        samples: pairs of inputs (each a shape to fill, or an array) and parameters; by default those of the primitive.
        domain: an interval for each input to draw from; the last one serves for the rest.
        reference: another function with the same values, `reference(*arrays, **params)`.
        laws: names of those to check.
        seed: for other random points.

    Returns:
        how many cases were looked at.

    Raises:
        LawError: an AssertionError that names the law, the inputs, what was expected and what was found.

    >>> import gradtape as gt
    >>> import numpy as np
    >>> from gradtape.laws import check_primitive
    >>> quartic = gt.register_primitive("doc_quartic", lambda x: x**4, partials=lambda _y, x: 4 * x * x * x)
    >>> check_primitive(quartic, samples=[(((3,),), {})], reference=lambda x: x * x * x * x)
    5
    """
    unknown = sorted(set(laws) - set(LAWS))
    if unknown:
        raise ChoiceError(f"laws are {', '.join(LAWS)}, not {unknown}")
    if samples is not None:
        primitive = replace(primitive, samples=tuple(samples))
    if domain is not None:
        primitive = replace(primitive, domain=tuple(domain))
    count = 0
    for case in cases(primitive, seed=seed):
        count += 1
        for name in laws:
            if name == "value":
                value(case, reference)
            else:
                LAWS[name](case)
    return count


__all__ = ["DTYPES", "LAWS", "Case", "LawError", "cases", "check_primitive"]
