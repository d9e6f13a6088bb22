"""Where gradtape differs from TensorFlow 2.21 by decision, each with its reason. Whatever is not here is equal.

A name followed by " (complex)" stands for its calls with complex inputs alone.
"""

NO_CONJUGATE = "TensorFlow forgets a conjugate in its gradient of complex numbers; gradtape's is compared with differences"

NO_POLICY = "`bad_indices_policy` is missing: places out of bounds are refused, as TensorFlow does on a CPU by default"

# Neither derivative is compared: the laws compare them with differences and formulas.
DIFFERENT_DERIVATIVES = {
    "dynamic_stitch": "TensorFlow gives an entry that a later one replaces the latter's share; its derivative is 0",
    "linalg.det (complex)": NO_CONJUGATE,
    "linalg.eigh_tridiagonal": "TensorFlow walks back through its bisection, whose brackets do not vary with the matrix",
    "math.squared_difference (complex)": "the value is real, yet TensorFlow lets an imaginary cotangent through",
    "math.xdivy (complex)": NO_CONJUGATE,
}

# Compared where TensorFlow has a derivative, which it lacks for some of the inputs.
MORE_DERIVATIVES = {
    "math.betainc": "TensorFlow has none in the two shapes; gradtape's are exact",
}

DIFFERENT_ARGUMENTS = {
    "function": "TensorFlow's settings of its compiler are taken, and mean nothing here",
    "gather_nd": NO_POLICY,
    "scatter_nd": NO_POLICY,
    "tensor_scatter_nd_add": NO_POLICY,
}
