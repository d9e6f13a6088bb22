"""Law: the coefficients of Taylor mode are nested forward mode's derivatives over factorials."""

import pytest

from gradtape.core.tensor import ROWS
from gradtape.laws import LawError, cases
from gradtape.laws.series import taylor
from gradtape.modes import series as modes_series
from gradtape.modes.series import compositions


@pytest.mark.parametrize("name", sorted(ROWS))
def test_series_of_every_row(name):
    for case in cases(ROWS[name]):
        taylor(case)


@pytest.mark.parametrize("name", ["exp", "divide", "matmul", "norm", "hypot", "solve"])
def test_the_law_bites(name, monkeypatch):
    right = modes_series.scaled
    monkeypatch.setattr(modes_series, "scaled", lambda x, factor: right(x, 1.001 * factor))
    monkeypatch.setattr(
        modes_series, "compositions", lambda total, parts: list(compositions(total, parts))[:-1]
    )
    with pytest.raises(LawError, match="taylor of"):
        for case in cases(ROWS[name]):
            taylor(case)
