"""Where gradtape differs from TensorFlow 2.21 by decision, each with its reason. Whatever is not here is equal.

A name followed by " (complex)" stands for its calls with complex inputs alone.
"""

CONJUGATE = "TensorFlow's gradient lacks a conjugate"

# Neither derivative is compared: the laws compare them with differences and formulas.
DIFFERENT_FIRST = {
    "dynamic_stitch": "TensorFlow gives an entry that a later one replaces the latter's share; its derivative is 0",
    "linalg.det (complex)": CONJUGATE,
    "linalg.eigh_tridiagonal": "TensorFlow walks back through its bisection, whose brackets hold still",
    "math.squared_difference (complex)": "the value is real, yet TensorFlow lets an imaginary cotangent through",
    "math.xdivy (complex)": CONJUGATE,
}

# The second derivative is not compared.
DIFFERENT_SECOND = {
    "math.xlogy": "where x is 0 TensorFlow's derivative in x and y is 0; it is 1 / y",
    "nn.moments": "TensorFlow holds the mean still in the variance, which shows in the second derivative",
    "nn.softmax_cross_entropy_with_logits": "TensorFlow's second derivative leaves out the labels",
}

# Compared where TensorFlow has a derivative, which it lacks for some of the inputs.
MORE_DERIVATIVES = {
    "math.betainc": "TensorFlow has none in the two shapes; gradtape's are exact",
}

# In float64 TensorFlow computes them in part in float32, and so they are compared.
SINGLE_PRECISION = {
    "nn.compute_average_loss": "TensorFlow weights the losses in float32",
    "nn.gelu": "TensorFlow's constants in it are of float32",
}

DIFFERENT_ARGUMENTS: dict[str, str] = {}
