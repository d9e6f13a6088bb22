"""Einstein summation in every form that `np.einsum` takes: NumPy's values, first and second derivatives, bad input."""

import numpy as np
import pytest

import gradtape as gt

RNG = np.random.default_rng(3)


def filled(*shape):
    return RNG.uniform(0.5, 1.5, shape)


M, N, S, V = filled(2, 3), filled(3, 4), filled(3, 3), filled(3)
T, Q = filled(2, 3, 3), filled(2, 2, 3, 3)

FORMS = {
    "product": ("ij,jk->ik", M, N),
    "implicit": ("ij,jk", M, N),
    "implicit, sorted": ("ba", M),
    "implicit, repeated": ("ii", S),
    "transpose": ("ij->ji", M),
    "trace": ("ii->", S),
    "diagonal": ("ii->i", S),
    "diagonal of a batch": ("...ii->...i", T),
    "trace of a batch": ("...ii", T),
    "two diagonals": ("aabb->ab", Q),
    "all of one index": ("iii->i", filled(2, 2, 2)),
    "repeated in one of two": ("ii,ij->j", S, N),
    "repeated in both": ("ii,ii->i", S, S + 1),
    "sum": ("ij->", M),
    "sum of rows": ("ij->i", M),
    "summed in one alone": ("ij,k->k", M, V),
    "outer": ("i,j->ij", V, M[:, 0]),
    "inner": ("i,i", V, V + 1),
    "entry by entry": ("ij,ij->ij", M, M + 1),
    "batch": ("bij,bjk->bik", T, T[:, ::-1]),
    "ellipsis in front": ("...ij,...jk->...ik", T, T + 1),
    "ellipsis behind": ("i...,i...->i...", M, M + 1),
    "ellipsis in the middle": ("i...j->j...i", T),
    "ellipsis of two lengths": ("...i,...i->...", T, V),
    "ellipsis summed": ("i...->...", T),
    "implicit ellipsis": ("...ij,...jk", T, S),
    "ellipsis that broadcasts": ("...i,...i->...i", filled(1, 2, 3), filled(4, 1, 3)),
    "three": ("ij,jk,kl->il", M, N, filled(4, 2)),
    "three, one index in all": ("i,i,i->", V, V + 1, V + 2),
    "four": ("a,b,c,d->dcba", V, V, M[:, 0], M[:, 1]),
    "bilinear form": ("i,ij,j", V, S, V + 1),
    "spaces": (" i j , j k -> i k ", M, N),
    "capitals": ("Ij,jK->KI", M, N),
    "a number": (",ij->ij", np.array(2.0), M),
    "numbers": (",->", np.array(2.0), np.array(3.0)),
    "a size of one broadcasts": ("ij,ij->ij", filled(2, 1), M),
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form(form):
    subscripts, *xs = FORMS[form]
    found = gt.einsum(subscripts, *map(gt.constant, xs))
    np.testing.assert_allclose(found.numpy(), np.einsum(subscripts, *xs), rtol=1e-13)
    np.testing.assert_allclose(
        np.einsum(subscripts, *map(gt.constant, xs)).numpy(), found.numpy(), rtol=1e-13
    )
    gt.testing.check(lambda *z: gt.einsum(subscripts, *z), *xs, limit=5, atol=1e-8)


def test_places_given_as_lists():
    x, y = gt.constant(M), gt.constant(N)
    np.testing.assert_allclose(np.einsum(x, [0, 1], y, [1, 2], [2, 0]).numpy(), (M @ N).T, rtol=1e-13)
    np.testing.assert_allclose(np.einsum(x, [5, 1], y, [1, 7]).numpy(), M @ N, rtol=1e-13)
    found = np.einsum(gt.constant(T), [Ellipsis, 0, 0], [Ellipsis, 0])
    np.testing.assert_allclose(found.numpy(), np.diagonal(T, axis1=1, axis2=2))


def test_complex_gradients_are_conjugate():
    z, w = M + 1j * M[::-1], N - 0.5j * N[::-1]
    gt.testing.check(lambda a, b: gt.einsum("ij,jk->ik", a, b), z, w, limit=4)


def test_optimize_is_taken():
    for setting in (True, False, "greedy", "optimal"):
        found = np.einsum("ij,jk,k->i", gt.constant(M), gt.constant(N), gt.constant(N[0]), optimize=setting)
        np.testing.assert_allclose(found.numpy(), M @ N @ N[0], rtol=1e-13)
    assert gt.einsum("ij->j", gt.constant(M), optimize="greedy", name="sums").shape == (3,)


@pytest.mark.parametrize(
    ("subscripts", "xs", "says"),
    [
        ("ij,jk->ik", (M,), "einsum"),
        ("ij->ij", (V,), r"einsum.*\(3,\)|einsum.*\[3\]"),
        ("ij,jk->ik", (M, M), "einsum.*2, 3"),
        ("ij->k", (M,), "einsum.*k"),
        ("ij->ii", (M,), "einsum"),
        ("i$->i", (M,), "einsum"),
        ("ii->i", (M,), "einsum.*2, 3"),
        ("i->i->i", (V,), "einsum"),
        ("i..->i", (M,), "einsum"),
    ],
)
def test_bad_subscripts_are_refused_by_name(subscripts, xs, says):
    with pytest.raises(ValueError, match=says):
        gt.einsum(subscripts, *map(gt.constant, xs))


TENSORDOT = [
    (M, N, 1),
    (M, N, [[1], [0]]),
    (M, N, ([1], [0])),
    (M, N, (1, 0)),
    (T, T, 3),
    (T, T, [[0, 1], [0, 2]]),
    (T, T, [[-1, 0], [-2, 0]]),
    (V, M, 0),
    (T, S, [[1, 2], [1, 0]]),
]


@pytest.mark.parametrize(("a", "b", "axes"), TENSORDOT)
def test_tensordot(a, b, axes):
    np.testing.assert_allclose(gt.tensordot(a, b, axes).numpy(), np.tensordot(a, b, axes), rtol=1e-13)
    gt.testing.check(lambda x, y: gt.tensordot(x, y, axes), a, b, limit=4)


@pytest.mark.parametrize("axes", [2, [[0], [0]], [[0, 1], [0]], [[5], [0]], -1])
def test_tensordot_refuses_what_does_not_fit(axes):
    with pytest.raises(ValueError, match="tensordot"):
        gt.tensordot(gt.constant(M), gt.constant(N), axes)
