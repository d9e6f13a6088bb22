"""Calls of `tf.linalg`. Where a factor has a free sign, an invariant of it is compared."""

from .sampling import V, X, Z, call

A, B, BATCH = X((2, 3)), X((3, 2)), X((2, 2, 3))
SQUARE = V([[2.0, 0.5, -0.3], [0.1, 1.5, 0.4], [-0.6, 0.2, 1.8]])
STACK = V([[[2.0, 0.5], [0.1, 1.5]], [[1.2, -0.4], [0.7, 2.1]]])
POSITIVE = V([[3.0, 0.5, -0.3], [0.5, 2.0, 0.4], [-0.3, 0.4, 1.5]])
COMPLEX = V([[2.0 + 0.3j, 0.5 - 0.1j], [0.1 + 0.4j, 1.5 - 0.2j]])
LOWER = V([[1.5, 0.0, 0.0], [0.3, 1.2, 0.0], [-0.4, 0.5, 2.0]])
RHS = X((3, 2))


def symmetric(tf, a):
    """A tensor made symmetric, so that both triangles count alike whichever of them is read."""
    return (a + tf.linalg.matrix_transpose(a)) / 2.0


def of_symmetric(name, function):
    return call(f"linalg.{name}", POSITIVE, run=lambda tf, a: function(tf, symmetric(tf, a)))


PRODUCTS = [
    call("linalg.matmul", a=A, b=B),
    call("linalg.matmul", a=BATCH, b=B),
    call("linalg.matmul", a=A, b=X((2, 3)), transpose_b=True),
    call("linalg.matmul", a=Z((3, 2)), b=Z((3, 2)), adjoint_a=True),
    call("linalg.matvec", a=BATCH, b=X((3,))),
    call("linalg.matvec", a=A, b=X((2,)), transpose_a=True),
    call("einsum", A, B, run=lambda tf, a, b: tf.einsum("ij,jk->ik", a, b)),
    call("einsum", BATCH, X((2, 3)), run=lambda tf, a, b: tf.einsum("...ij,...j->...i", a, b)),
    call("einsum", X((3, 3)), run=lambda tf, a: tf.einsum("ii", a)),
    call("einsum", X((3, 3)), X((3,)), run=lambda tf, a, b: tf.einsum("ii,i->i", a, b)),
    call("tensordot", a=BATCH, b=B, axes=1),
    call("tensordot", a=BATCH, b=X((3, 2, 2)), axes=[[2, 1], [0, 1]]),
    call("linalg.cross", a=X((2, 3)), b=X((2, 3))),
    call("linalg.adjoint", matrix=Z((2, 3))),
    call("linalg.matrix_transpose", a=Z((2, 3)), conjugate=True),
    call("linalg.trace", x=X((2, 3, 3))),
    call("linalg.diag", diagonal=A),
    call("linalg.diag", diagonal=X((2, 3)), k=(-1, 0)),
    call("linalg.diag", diagonal=X((3,)), k=1, num_cols=5, padding_value=0.5),
    call("linalg.diag_part", input=X((2, 3, 4))),
    call("linalg.diag_part", input=X((3, 4)), k=(-1, 1), align="LEFT_RIGHT"),
    call("linalg.set_diag", input=X((2, 3, 3)), diagonal=X((2, 3))),
    call("linalg.set_diag", input=X((3, 4)), diagonal=X((2, 3)), k=(0, 1)),
    call("linalg.tensor_diag", diagonal=A),
    call("linalg.tensor_diag_part", input=X((2, 3, 2, 3))),
    call("linalg.band_part", input=X((3, 4)), num_lower=1, num_upper=0),
    call("linalg.eye", num_rows=2),
    call("linalg.global_norm", t_list=[A, B]),
    call("linalg.l2_normalize", x=A, axis=0),
    *(call("linalg.norm", tensor=A, ord=o) for o in ("euclidean", 1, 2, 3.0)),
    *(call("linalg.norm", tensor=X((2, 3, 3)), ord=o, axis=[-2, -1]) for o in ("fro", "euclidean")),
    call("linalg.norm", tensor=A, ord=float("inf"), axis=1, keepdims=True),
    call("linalg.normalize", tensor=A, axis=1),
    call("linalg.tridiagonal_matmul", diagonals=X((3, 4)), rhs=X((4, 2)), diagonals_format="compact"),
]
SOLVING = [
    *(call(f"linalg.{n}", input=SQUARE) for n in ("inv", "det")),
    *(call(f"linalg.{n}", input=STACK) for n in ("inv", "det", "slogdet", "sqrtm", "expm")),
    call("linalg.inv", input=COMPLEX, adjoint=True),
    call("linalg.det", input=COMPLEX),
    call("linalg.slogdet", input=SQUARE),
    call("linalg.expm", input=SQUARE),
    call("linalg.logm", input=COMPLEX),
    call("linalg.logdet", POSITIVE, run=lambda tf, a: tf.linalg.logdet(matrix=symmetric(tf, a))),
    of_symmetric("cholesky", lambda tf, a: tf.linalg.cholesky(input=a)),
    call("linalg.cholesky_solve", chol=LOWER, rhs=RHS),
    call("linalg.solve", matrix=SQUARE, rhs=RHS),
    call("linalg.solve", matrix=SQUARE, rhs=RHS, adjoint=True),
    call("linalg.solve", matrix=COMPLEX, rhs=Z((2, 1))),
    call("linalg.triangular_solve", matrix=LOWER, rhs=RHS),
    call("linalg.triangular_solve", matrix=SQUARE, rhs=RHS, lower=False, adjoint=True),
    call(
        "linalg.tridiagonal_solve",
        diagonals=V([[0.3, -0.2, 0.5, 0.0], [2.0, 1.5, 1.8, 2.2], [0.0, 0.4, 0.1, -0.3]]),
        rhs=X((4, 2)),
    ),
    call("linalg.banded_triangular_solve", bands=V([[2.0, 1.5, 1.8], [0.0, 0.4, 0.1]]), rhs=X((3, 2))),
    call("linalg.lstsq", matrix=X((4, 2)), rhs=X((4, 1)), fast=True),
    call("linalg.lstsq", matrix=X((2, 4)), rhs=X((2, 1)), fast=True),
    call("linalg.lstsq", matrix=X((4, 2)), rhs=X((4, 1)), fast=True, l2_regularizer=0.125),
    call("linalg.pinv", a=X((3, 2))),
    call("linalg.matrix_rank", a=SQUARE),
    call("linalg.lu", STACK, run=lambda tf, a: tf.linalg.lu(input=a)),
    call("linalg.lu_solve", SQUARE, RHS, run=lambda tf, a, b: tf.linalg.lu_solve(*tf.linalg.lu(a), rhs=b)),
    call("linalg.lu_matrix_inverse", SQUARE, run=lambda tf, a: tf.linalg.lu_matrix_inverse(*tf.linalg.lu(a))),
    call("linalg.lu_reconstruct", SQUARE, run=lambda tf, a: tf.linalg.lu_reconstruct(*tf.linalg.lu(a))),
]
SPECTRAL = [
    of_symmetric("eigvalsh", lambda tf, a: tf.linalg.eigvalsh(tensor=a)),
    of_symmetric("eigh", lambda tf, a: [(p := tf.linalg.eigh(tensor=a))[0], p[1] ** 2.0]),
    call("linalg.eigh_tridiagonal", alpha=V([1.0, 2.0, 4.0]), beta=V([0.3, 0.4])),
    call("linalg.eigvals", SQUARE, run=lambda tf, a: tf.reduce_sum(tf.linalg.eigvals(tensor=a) ** 3.0)),
    call("linalg.eig", SQUARE, run=lambda tf, a: tf.reduce_sum(tf.exp(tf.linalg.eig(tensor=a)[0]))),
    call("linalg.svd", tensor=X((3, 2)), compute_uv=False),
    call(
        "linalg.svd",
        X((3, 2)),
        run=lambda tf, a: [(p := tf.linalg.svd(tensor=a))[0], p[1] ** 2.0, p[2] ** 2.0],
    ),
    call("linalg.qr", X((3, 2)), run=lambda tf, a: [tf.abs(part) for part in tf.linalg.qr(input=a)]),
    call("matrix_square_root", input=STACK),
]
CALLS = [*PRODUCTS, *SOLVING, *SPECTRAL]
