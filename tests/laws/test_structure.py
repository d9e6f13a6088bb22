"""The law of structure mode over the whole vocabulary: no entry is missed; where rows are exact, none is too many."""

from dataclasses import replace

import numpy as np
import pytest

from gradtape.core.primitive import Kind
from gradtape.core.reads import entries, lines
from gradtape.core.tensor import ROWS
from gradtape.laws import LawError, cases
from gradtape.laws.structure import nonzeros, structure, structure_of

DOUBLE = [np.dtype("float64")]

# Rows that may have entries which are zero: a choice by value, a triangle, slopes that are zero by nature.
LOOSE = {
    "max", "min", "maximum_at", "minimum_at", "maximum", "minimum", "nextafter", "remainder", "sign",
    "cholesky", "det", "eigh", "eigvalsh", "irfftn", "lu", "qr", "slogdet", "solve", "triangular_solve",
    "tridiagonal_solve", "imag",
}  # fmt: skip


@pytest.mark.parametrize("name", ROWS)
def test_no_entry_is_missed(name):
    for case in cases(ROWS[name], DOUBLE):
        structure(case)


@pytest.mark.parametrize("name", [name for name, row in ROWS.items() if row.kind is not Kind.CONSTANT])
def test_where_a_row_is_exact_there_is_no_entry_too_many(name):
    exact = [
        np.array_equal(nonzeros(case, moving), structure_of(case, moving))
        for case in cases(ROWS[name], DOUBLE)
        for moving in case.subsets()
    ]
    assert all(exact) != (name in LOOSE)


def test_complex_numbers_are_followed():
    for name in ("fftn", "ifftn", "irfftn", "conjugate", "real", "imag", "multiply", "matmul", "eig"):
        for case in cases(ROWS[name], [np.dtype("complex128")]):
            structure(case)


# the law bites


@pytest.mark.parametrize("name", ["cumsum", "fftn"])
def test_a_wrong_word_is_caught(name):
    with pytest.raises(LawError, match=f"structure of {name}"):
        for case in cases(replace(ROWS[name], reads=entries), DOUBLE):
            structure(case)


def test_one_entry_missing_is_caught():
    def reads(inputs, result, params):
        ((own, given),) = lines("axes")(inputs, result, params)
        places = np.arange(np.prod(given.shape)).reshape(given.shape)
        places.flat[0] = -1
        return [(own, replace(given, places=places))]

    with pytest.raises(LawError, match="structure of ifftn"):
        for case in cases(replace(ROWS["ifftn"], reads=reads), [np.dtype("complex128")]):
            structure(case)


def test_an_index_that_is_taken_for_the_same_in_every_run_is_caught():
    row = ROWS["take"]

    def reads(inputs, result, params):
        return row.reads([inputs[0], np.asarray(row.samples[0][0][1])], result, params)

    with pytest.raises(LawError, match="at other values"):
        for case in cases(replace(row, reads=reads, samples=row.samples[:1]), DOUBLE):
            structure(case)
