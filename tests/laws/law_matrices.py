"""What the values of the rows of linear algebra should be where NumPy and SciPy have no function of the same result.

An eigenvector or a singular vector is known up to a factor of modulus one: `turned` makes the choice of the rows, with
loops.
"""

import numpy as np
import scipy.linalg


def each_matrix(function):
    """A function of single matrices, mapped over the leading axes of all arguments."""

    def value(*xs, **params):
        batch = np.broadcast_shapes(*(x.shape[:-2] for x in xs))
        xs = [np.broadcast_to(x, (*batch, *x.shape[-2:])) for x in xs]
        found = [function(*(x[i] for x in xs), **params) for i in np.ndindex(batch)]
        several = isinstance(found[0], tuple)
        parts = [
            np.stack(part).reshape(*batch, *part[0].shape)
            for part in (zip(*found, strict=True) if several else [found])
        ]
        return tuple(parts) if several else parts[0]

    return value


def tridiagonal_solve(bands, b):
    n = b.shape[0]
    a = np.zeros((n, n), bands.dtype)
    for i in range(n):
        for line, j in enumerate((i + 1, i, i - 1)):
            if 0 <= j < n:
                a[i, j] = bands[line, i]
    return np.linalg.solve(a, b)


def largest_entry(x):
    y = np.zeros(x.shape, x.real.dtype)
    for column in range(x.shape[1]):
        y[max(range(x.shape[0]), key=lambda i: abs(x[i, column])), column] = 1
    return y


def factors(v):
    """For each complex column the factor that makes its largest entry positive; ones for a real matrix."""
    if v.dtype.kind == "f":
        return np.ones(v.shape[1], v.dtype)
    heads = [max(column, key=abs) for column in v.T]
    return np.array([abs(head) / head for head in heads], v.dtype)


def eigh(x):
    values, v = np.linalg.eigh(x)
    return values, v * factors(v)


def svd(x):
    u, s, vh = np.linalg.svd(x, full_matrices=False)
    turn = factors(u)
    return u * turn, s, (vh.T / turn).T


def qr(x):
    q, r = np.linalg.qr(x)
    signs = np.ones(len(r), x.real.dtype)
    if x.dtype.kind == "c":
        signs[np.diag(r).real < 0] = -1
    return q * signs, (r.T * signs).T


def lu(x):
    places, lower, upper = scipy.linalg.lu(x, p_indices=True)
    return np.tril(lower, -1) + upper, np.argsort(places).astype(np.int32)


def logm(x):
    y = scipy.linalg.logm(x.astype(np.complex128))
    return y.real if x.dtype.kind == "f" else y


MATRICES = {
    name: each_matrix(function)
    for name, function in {
        "triangular_solve": lambda a, b, *, lower: scipy.linalg.solve_triangular(a, b, lower=lower),
        "tridiagonal_solve": tridiagonal_solve,
        "largest_entry": largest_entry,
        "eigh": eigh,
        "svd": svd,
        "qr": qr,
        "lu": lu,
        "logm": logm,
    }.items()
}
