"""Law: Re <v, J t> = Re <J* v, t> in every dtype; so reverse mode and forward mode are one derivative."""

import numpy as np
import pytest

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
