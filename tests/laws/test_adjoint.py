"""Law: Re <v, J t> = Re <J* v, t> in every dtype; so reverse mode and forward mode are one derivative."""

import numpy as np
import pytest

from gradtape.core.primitive import Kind
from gradtape.core.tensor import ROWS
from gradtape.laws import cases
from gradtape.laws.case import flat
from gradtape.laws.derivative import adjoint

DOUBLE = [np.dtype("float64"), np.dtype("complex128")]


@pytest.mark.parametrize("name", ROWS)
def test_reverse_mode_is_the_adjoint_of_forward_mode(name):
    for case in cases(ROWS[name]):
        adjoint(case)


def units(likes):
    """Each real coordinate of some arrays: arrays with 1, or i, at one place."""
    for number, like in enumerate(likes):
        for place in np.ndindex(np.shape(like)):
            for unit in (1, 1j) if np.iscomplexobj(like) else (1,):
                found = [np.zeros_like(x) for x in likes]
                found[number] = np.array(found[number])
                found[number][place] = unit
                yield [x[()] for x in found]


@pytest.mark.parametrize("name", ROWS)
def test_both_modes_give_the_same_jacobian_entry_by_entry(name):
    for case in cases(ROWS[name], DOUBLE):
        if not case.moving:
            continue
        xs, ys = [case.inputs[i] for i in case.moving], [y._value for y in case.floats(case.inputs)]
        columns = [flat(case.tangents(case.moving, unit), ys) for unit in units(xs)]
        rows = [flat(case.cotangents(case.moving, unit), xs) for unit in units(ys)]
        # `flat` puts an array's real parts before its imaginary parts, `units` an entry's beside each other.
        one = np.stack([[row @ flat(unit, xs) for unit in units(xs)] for row in rows])
        two = np.stack([[flat(unit, ys) @ column for column in columns] for unit in units(ys)])
        np.testing.assert_allclose(one, two, rtol=1e-12, atol=1e-13 * max(1.0, np.abs(two).max()))


def leaves_gaps(case):
    """Whether the operation on ones, with some inputs that vary or all, has a zero; no two may cancel."""
    found = False
    for moving in case.subsets():
        inputs = list(case.inputs)
        for i in case.moving:
            inputs[i] = np.full(np.shape(inputs[i]), float(i in moving))[()]
        (y,) = [y.numpy() for y in case.call(inputs)]
        assert np.all(y >= 0)
        found = found or not np.all(y)
    return found


STRUCTURAL = [row.name for row in ROWS.values() if row.kind is Kind.LINEAR and row.structural]


@pytest.mark.parametrize("name", STRUCTURAL)
def test_a_row_says_whether_it_puts_zeros_where_nothing_comes_from(name):
    row = ROWS[name]
    if not row.pointwise or row.gaps:  # else an entry of the result is alive if that of any input is
        found = [leaves_gaps(case) for case in cases(row, DOUBLE[:1]) if case.moving]
        assert any(found) == row.gaps
