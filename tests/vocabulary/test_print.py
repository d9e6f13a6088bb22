"""`gt.print`: the texts that TensorFlow 2.21 printed for the same arguments."""

import sys

import numpy as np
import pytest

import gradtape as gt

NESTED = """[[[0 0]
  [0 0]]

 [[0 0]
  [0 0]]]"""
WIDE = """[[0 0 ... 0 0]
 [0 0 ... 0 0]
 ...
 [0 0 ... 0 0]
 [0 0 ... 0 0]]"""


@pytest.mark.parametrize(
    ("given", "options", "text"),
    [
        ([[1.0, 2.5], [3.0, 4.0]], {}, "[[1 2.5]\n [3 4]]"),
        (np.arange(10), {}, "[0 1 2 ... 7 8 9]"),
        (np.arange(6), {}, "[0 1 2 3 4 5]"),
        (np.arange(10.0), {"summarize": 2}, "[0 1 ... 8 9]"),
        (np.arange(10), {"summarize": -1}, "[0 1 2 3 4 5 6 7 8 9]"),
        (np.zeros((2, 2, 2)), {"summarize": 2}, NESTED),
        (np.zeros((8, 8)), {"summarize": 2}, WIDE),
        (0.1, {}, "0.1"),
        (np.float64(1 / 3), {}, "0.33333333333333331"),
        (1e-8, {}, "1e-08"),
        (1e20, {}, "1e+20"),
        (123456789.0, {}, "123456792"),
        ([True, False], {}, "[1 0]"),
        ([float("nan"), float("inf"), -0.5], {}, "[nan inf -0.5]"),
        (np.zeros(0), {}, "[]"),
    ],
)
def test_tensors_print_as_in_tensorflow(given, options, text, capsys):
    gt.print(gt.constant(given), **options)
    assert capsys.readouterr().err == text + "\n"


def test_nests_texts_and_separators(capsys):
    t = gt.constant(2.0)
    gt.print("x is", {"x": t}, [1, t], (t, "s"), 1.5, None, gt.Variable([1.0, 2.0]), output_stream=sys.stdout)
    gt.print("a", t, sep=",", end="|")
    printed = capsys.readouterr()
    assert printed.out == "x is {'x': 2} [1, 2] (2, 's') 1.5 None [1 2]\n"
    assert printed.err == "a,2|"
