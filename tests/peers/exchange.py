"""Values go to PyTorch and JAX and come back: needs both, so it is a job of its own and no test of the suite.

    python3 -m pip install ".[peers]" && python3 tests/peers/exchange.py

Every dtype and rank in both directions by DLPack, memory that is never shared for writing, arithmetic on either side,
and the warning inside a tape.
"""

import sys
import warnings

import jax
import jax.numpy as jnp
import numpy as np
import torch

import gradtape as gt

DTYPES = ["bool", "int8", "uint8", "int16", "int32", "int64"]
DTYPES += ["float16", "float32", "float64", "complex64", "complex128"]
SHAPES = [(), (3,), (0, 2), (2, 3)]
LIBRARIES = {"torch": (torch, lambda x: x.numpy()), "jax": (jnp, np.asarray)}


def values_travel(library, read):
    """There and back again, in every dtype and rank."""
    for dtype in DTYPES:
        for shape in SHAPES:
            array = np.ones(shape, dtype)
            there = library.from_dlpack(gt.constant(array))
            back = gt.from_dlpack(there).numpy()
            for found in (read(there), back):
                assert found.dtype == array.dtype, (library.__name__, dtype, shape)
                assert np.array_equal(found, array), (library.__name__, dtype, shape)
    assert np.array_equal(read(library.from_dlpack(gt.Variable([1.0, 2.0]))), [1.0, 2.0])


def nobody_writes_to_a_tensor():
    """PyTorch writes into what it got; the tensor stays. What PyTorch gave may change; the tensor stays."""
    x = gt.constant([1.0, 2.0])
    torch.from_dlpack(x)[0] = 7.0
    given = torch.ones(2)
    taken = gt.from_dlpack(given)
    given[0] = 7.0
    assert (x.numpy().tolist(), taken.numpy().tolist()) == ([1.0, 2.0], [1.0, 1.0])
    turned = torch.arange(6.0).reshape(2, 3).T
    assert np.array_equal(gt.from_dlpack(turned).numpy(), turned.numpy())
    said = ""
    try:
        gt.from_dlpack(torch.ones(2, requires_grad=True))
    except TypeError as error:
        said = str(error)
    assert "detach" in said, "a tensor of PyTorch's own tape is not to come over in silence"


def arithmetic_stays_on_the_tape(ones):
    """Their arrays beside a tensor, on either side, are constants of the recording."""
    x = gt.constant([3.0, 4.0])
    with gt.GradientTape(persistent=True) as tape:
        tape.watch(x)
        results = [2.0 * ones * x, x * (ones * 2.0)]
    for y in results:
        assert tape.gradient(y, x).numpy().tolist() == [2.0, 2.0]


def leaving_warns(leave):
    """A recorded tensor that goes to another library leaves the tape, and that is said."""
    x = gt.constant([1.0, 2.0])
    with gt.GradientTape() as tape, warnings.catch_warnings(record=True) as given:
        warnings.simplefilter("always")
        tape.watch(x)
        leave(x * x)
    assert [w.category for w in given] == [gt.DetachedTensorWarning]


def main():
    warnings.simplefilter("error")
    jax.config.update("jax_enable_x64", True)
    for library, read in LIBRARIES.values():
        values_travel(library, read)
        arithmetic_stays_on_the_tape(library.ones(2))
        leaving_warns(library.from_dlpack)
    leaving_warns(jnp.asarray)
    nobody_writes_to_a_tensor()
    sys.stdout.write(
        f"{len(DTYPES) * len(SHAPES)} kinds of values there and back with {', '.join(LIBRARIES)}\n"
    )


if __name__ == "__main__":
    main()
