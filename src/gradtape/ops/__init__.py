"""What can be done: every primitive is one row, everything else is composed of rows.

A program loads the files that it imports; the others come with the first name that none of these has.
"""

from ..core.tensor import FUNCTIONS, ROWS

FILES = """
    arranging bessel composing composite constant contraction convolution correlation determinants diagonals
    distributions elementwise elliptic equations factorizations fourier hypergeometric incomplete integral
    leading linalg linear matrices matrix norms ordering padding polynomials products quantile
    reduction segments selection singular special spectral windows
"""
ROWS.files = FUNCTIONS.files = tuple([f"{__name__}.{file}" for file in FILES.split()])
