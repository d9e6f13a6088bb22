"""SciPy's own modules with the meanings of `gradtape.scipy`, and what has none."""

import numpy as np
import pytest
import scipy.linalg
import scipy.stats

import gradtape as gt
from gradtape.scipy import linalg, stats
from gradtape.scipy.meaning import MEANINGS, ORIGINALS, place


def bound():
    return {name: getattr(*place(name)) for name in MEANINGS}


def test_a_program_of_scipys_is_differentiated_as_it_stands_inside_the_block():
    def energy(rate):
        turn = scipy.linalg.expm(rate * np.array([[0.0, 1.0], [-1.0, 0.0]]))
        return turn[0, 1] + scipy.stats.norm(0.0, 2.0).logpdf(rate)

    rate = gt.constant(0.5, dtype="float64")
    with gt.scipy.patch():
        pass  # every module is loaded
    before = bound()
    assert before == {name: ORIGINALS[name] for name in MEANINGS}
    with gt.scipy.patch():
        assert gt.grad(energy)(rate).numpy() == pytest.approx(np.cos(0.5) - 0.5 / 4)
        assert scipy.linalg.expm(np.zeros((1, 1))).tolist() == [[1.0]]
        assert isinstance(scipy.linalg.expm(np.zeros((1, 1))), np.ndarray)
    assert bound() == before


def test_an_inner_block_leaves_the_outer_patch_alone():
    with gt.scipy.patch():
        with gt.scipy.patch():
            pass
        assert scipy.linalg.expm is MEANINGS["linalg.expm"]
    assert scipy.linalg.expm is ORIGINALS["linalg.expm"]


def test_unpatch_ends_a_patch_without_a_block():
    gt.scipy.patch()
    try:
        assert isinstance(scipy.linalg.det(gt.constant([[2.0]])), gt.Tensor)
    finally:
        gt.scipy.unpatch()
    assert scipy.linalg.det is ORIGINALS["linalg.det"]


def test_patched_functions_look_like_scipys():
    with gt.scipy.patch():
        assert scipy.linalg.expm.__name__ == "expm"
        assert scipy.stats.rv_continuous.pdf.__name__ == "pdf"


def test_a_function_without_a_meaning_refuses_what_a_tape_follows():
    x = gt.constant([[2.0, 0.0], [0.0, 1.0]])
    with gt.GradientTape() as tape:
        tape.watch(x)
        with pytest.raises(gt.errors.UncoveredError, match=r"scipy\.linalg\.hessenberg"):
            linalg.hessenberg(x)
    del tape
    assert linalg.hessenberg(x).tolist() == [[2.0, 0.0], [0.0, 1.0]]
    assert linalg.LinAlgError is scipy.linalg.LinAlgError
    with pytest.raises(AttributeError, match="no_such"):
        linalg.no_such
    with pytest.raises(AttributeError, match="it has"):
        gt.scipy.no_such


def test_names_are_scipys():
    assert set(dir(linalg)) >= {"expm", "hessenberg"}
    assert set(dir(stats)) >= {"norm", "kstest"}
    assert (
        stats.kstest([0.1, 0.5], "uniform").statistic == scipy.stats.kstest([0.1, 0.5], "uniform").statistic
    )
