"""Where gradtape differs from TensorFlow 2.21 by decision, each with its reason. Whatever is not here is equal.

A name followed by " (complex)" stands for its calls with complex inputs alone.
"""

NO_CONJUGATE = (
    "TensorFlow forgets a conjugate in its gradient of complex numbers; gradtape's is compared with differences"
)

# Neither derivative is compared: the laws compare them with differences and formulas.
DIFFERENT_DERIVATIVES = {
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
    "gather_nd": "no `bad_indices_policy`: places out of bounds are refused, as TensorFlow does on a CPU by default",
    "scatter_nd": "no `bad_indices_policy`: places out of bounds are refused, as TensorFlow does on a CPU by default",
}
DIFFERENT_ARGUMENTS |= dict.fromkeys(
    [f"tensor_scatter_nd_{kind}" for kind in ("add", "max", "min", "sub")], DIFFERENT_ARGUMENTS["scatter_nd"]
)
