"""Relations as SciPy's sparse matrices have them."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.sparse import csr_array

from gradtape.modes.relation import Relation, each, nothing, stacked

CALM = settings(max_examples=60, deadline=None, derandomize=True)
SIDE = st.integers(0, 7)


def relation_of(matrix):
    return Relation.of(matrix.shape, *np.nonzero(matrix))


def same(found, wanted):
    """A relation against a boolean matrix: its fields are those of SciPy's matrix."""
    expected = csr_array(wanted)
    expected.sort_indices()
    assert found.shape == wanted.shape
    assert found.nnz == expected.nnz
    np.testing.assert_array_equal(found.indptr, expected.indptr)
    np.testing.assert_array_equal(found.indices, expected.indices)
    assert found.indptr.dtype == found.indices.dtype == np.int32
    np.testing.assert_array_equal(found.toarray(), wanted)


@CALM
@given(
    st.tuples(SIDE, SIDE).flatmap(lambda shape: st.tuples(arrays(bool, shape), arrays(bool, shape))),
    st.data(),
)
def test_relations_are_boolean_matrices(pair, data):
    a, b = pair
    first, second = relation_of(a), relation_of(b)
    same(first, a)
    same(first | second, a | b)
    same(first.transposed, a.T)
    same(stacked([first, second, first]), np.concatenate([a, b, a]))
    entries = data.draw(arrays(bool, first.nnz))
    kept = a.copy()
    kept[a] = entries
    same(first.kept(entries), kept)
    places = data.draw(arrays(int, SIDE if len(a) else 0, elements=st.integers(0, max(len(a) - 1, 0))))
    same(first.taken(places), a[places])
    links = data.draw(arrays(bool, (data.draw(SIDE), len(a))))
    same(first.after(relation_of(links)), (links.astype(int) @ a.astype(int)) > 0)


@CALM
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 4))))
def test_pairs_come_in_any_order_and_often(pairs):
    rows, columns = np.array(pairs, int).reshape(-1, 2).T
    wanted = np.zeros((4, 5), bool)
    wanted[rows, columns] = True
    same(Relation.of((4, 5), rows, columns), wanted)


def test_each_and_nothing():
    same(each(3, 6, 2), np.eye(3, 6, 2, dtype=bool))
    same(nothing(2, 3), np.zeros((2, 3), bool))


def test_many_entries_take_wider_numbers():
    found = Relation.of((2, 1 << 40), np.array([1, 0]), np.array([5, 1 << 39]))
    assert found.indices.dtype == np.int64
    assert found.indices.tolist() == [1 << 39, 5]
    assert found.indptr.tolist() == [0, 1, 2]
