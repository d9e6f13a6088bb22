"""Every call, in order: the number of a call in this list is its name in `values.json`."""

from . import calls_arrays, calls_linalg, calls_math, calls_nn

CALLS = [*calls_math.CALLS, *calls_arrays.CALLS, *calls_linalg.CALLS, *calls_nn.CALLS]
