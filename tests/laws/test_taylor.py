"""Law: the coefficients of Taylor mode are nested forward mode's derivatives over factorials."""

import pytest

from gradtape.core.tensor import ROWS
from gradtape.laws import LawError, cases
from gradtape.laws.series import taylor
from gradtape.modes import taylor as modes_taylor
from gradtape.modes.taylor import compositions


@pytest.mark.parametrize("name", sorted(ROWS))
def test_series_of_every_row(name):
    for case in cases(ROWS[name]):
        taylor(case)


@pytest.mark.parametrize("name", ["exp", "divide", "matmul", "norm", "hypot", "solve"])
def test_the_law_bites(name, monkeypatch):
    right = modes_taylor.scaled
    monkeypatch.setattr(modes_taylor, "scaled", lambda x, factor: right(x, 1.001 * factor))
    monkeypatch.setattr(
        modes_taylor, "compositions", lambda total, parts: list(compositions(total, parts))[:-1]
    )
    with pytest.raises(LawError, match="taylor of"):
        for case in cases(ROWS[name]):
            taylor(case)
