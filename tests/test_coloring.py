"""Colourings are valid: no two columns of a colour meet in a row, stars have no path of two colours; known numbers."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from gradtape.coloring import both_ways, by_columns, star_coloring, symmetric
from gradtape.modes.relation import Relation

CALM = settings(max_examples=60, deadline=None, derandomize=True)
SHAPES = st.tuples(st.integers(0, 9), st.integers(0, 9))


def pattern_of(matrix):
    return Relation.of(matrix.shape, *np.nonzero(matrix))


def banded(n, width):
    return pattern_of(np.abs(np.subtract.outer(np.arange(n), np.arange(n))) <= width)


def arrow(n, hub):
    found = np.eye(n, dtype=bool)
    found[hub], found[:, hub] = True, True
    return pattern_of(found)


def grid(n):
    line = np.tri(n, k=1) * np.tri(n, k=1).T
    return pattern_of(np.kron(line, np.eye(n)) + np.kron(np.eye(n), line))


def recovered(coloring, matrix):
    """The entries of a matrix from its products with the colours, by their places."""
    columns, rows = coloring.counts
    right = [matrix @ (coloring.columns == c) for c in range(columns)]
    left = [(coloring.rows == c) @ matrix for c in range(rows)]
    return np.concatenate([np.zeros(0), *right, *left])[coloring.places]


def numbered(pattern):
    """A matrix of this pattern with a number of its own in each entry."""
    found = np.zeros(pattern.shape)
    found[pattern.rows, pattern.indices] = 1 + np.random.default_rng(0).random(pattern.nnz)
    return found


@CALM
@given(arrays(bool, SHAPES))
def test_columns_of_a_colour_have_no_row_in_common(matrix):
    pattern = pattern_of(matrix)
    colors = by_columns(pattern, pattern.transposed)
    assert ((colors >= 0) == matrix.any(0)).all()
    for color in range(colors.max(initial=-1) + 1):
        assert matrix[:, colors == color].sum(1).max(initial=0) == 1


@CALM
@given(arrays(bool, SHAPES))
def test_every_entry_is_recovered_from_products(matrix):
    pattern = pattern_of(matrix)
    whole = numbered(pattern)
    coloring = both_ways(pattern)
    np.testing.assert_array_equal(recovered(coloring, whole), whole[pattern.rows, pattern.indices])
    plain = by_columns(pattern, pattern.transposed), by_columns(pattern.transposed, pattern)
    assert sum(coloring.counts) <= min(colors.max(initial=-1) + 1 for colors in plain)


def two_colored_path(pattern, colors):
    """A path over four vertices, or two, with too few colours; None if there is none."""
    near = [
        set(pattern.indices[a:b].tolist()) for a, b in zip(pattern.indptr, pattern.indptr[1:], strict=False)
    ]
    for v, own in enumerate(near):
        for w in own - {v}:
            if colors[v] == colors[w]:
                return v, w
            for x in near[w] - {v, w}:
                if colors[x] == colors[v]:
                    for y in near[x] - {v, w, x}:
                        if colors[y] == colors[w]:
                            return v, w, x, y
    return None


@CALM
@given(st.integers(0, 12).flatmap(lambda n: arrays(bool, (n, n))))
def test_a_star_has_no_path_of_two_colours(matrix):
    pattern = pattern_of(matrix | matrix.T)
    assert two_colored_path(pattern, star_coloring(pattern)) is None
    half = np.triu(numbered(pattern))
    whole = half + np.triu(half, 1).T
    np.testing.assert_array_equal(recovered(symmetric(pattern), whole), whole[pattern.rows, pattern.indices])


@pytest.mark.parametrize("colors", [[0, 1, 0, 1], [0, 1, 1, 2]])
def test_the_check_of_paths_bites(colors):
    assert two_colored_path(banded(4, 1), np.array(colors)) is not None


@pytest.mark.parametrize(
    ("pattern", "count"),
    [
        (banded(50, 1), 3),  # Curtis, Powell and Reid 1974: a band of width w takes w groups
        (banded(50, 3), 7),
        (pattern_of(np.eye(20)), 1),
        (pattern_of(np.ones((6, 4))), 4),
        (pattern_of(np.ones((4, 6))), 4),  # by rows
        (pattern_of(np.eye(30, 31) + np.eye(30, 31, 1)), 2),
        (pattern_of(np.kron(np.eye(5), np.ones((3, 3)))), 3),
        (arrow(40, 0), 3),  # a dense row apart, a dense column, and the diagonal (Coleman and Verma 1998)
        (arrow(40, 39), 3),
        (pattern_of(np.ones((1, 30))), 1),
        (pattern_of(np.zeros((3, 3))), 0),
    ],
)
def test_jacobians_of_known_colours(pattern, count):
    assert sum(both_ways(pattern).counts) == count


@pytest.mark.parametrize(
    ("pattern", "count"),
    [
        (banded(50, 1), 3),  # a path of five vertices has no star colouring with two
        (pattern_of(np.eye(20)), 1),
        (arrow(40, 0), 2),  # Coleman and More 1984: where columns alone take 40
        (arrow(40, 39), 2),
        (pattern_of(np.ones((6, 6))), 6),
    ],
)
def test_hessians_of_known_colours(pattern, count):
    assert sum(symmetric(pattern).counts) == count


def test_a_grid_takes_few_colours():
    """The five-point star: five colours at least by columns; Goldfarb and Toint 1984 have as many for any size."""
    assert 5 <= by_columns(grid(30), grid(30)).max() + 1 <= 8
    assert symmetric(grid(30)).counts[0] <= 7


def test_bands_are_coloured_in_linear_time():
    """Not a timed test: in quadratic time it would take minutes."""
    rows, steps = np.meshgrid(np.arange(20_000), np.arange(-2, 3), indexing="ij")
    there = (rows + steps >= 0) & (rows + steps < 20_000)
    pattern = Relation.of((20_000, 20_000), rows[there], (rows + steps)[there])
    assert both_ways(pattern).counts == (0, 5)
    assert symmetric(pattern).counts[0] <= 5
