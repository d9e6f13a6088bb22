"""Tensors inside the tools of others: xarray, pandas, einops, jaxtyping, matplotlib; and the methods of NumPy's arrays.

The oracle is what the same program gives on plain arrays; derivatives are compared with differences.
"""

import subprocess
import sys
import textwrap

import einops
import jaxtyping
import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
import xarray as xr

import gradtape as gt

X = np.array([[0.5, -1.0, 2.0], [3.0, 1.5, -0.5]])


def plain(y):
    """The values of a result: an array, a tensor, or xarray's array of either."""
    y = getattr(y, "data", y) if isinstance(y, xr.DataArray) else y
    return y.numpy() if isinstance(y, gt.Tensor) else np.asarray(y)


def check(program, x=X, limit=2):
    """The value is that on arrays, and the first two derivatives are those of the values."""
    found = program(gt.constant(x))
    tensor = found.data if isinstance(found, xr.DataArray) else found
    assert isinstance(tensor, gt.Tensor)
    np.testing.assert_allclose(plain(found), plain(program(x)), rtol=1e-13)
    gt.testing.check(lambda t: getattr(y := program(t), "data", y), x, limit=limit)
    return found


# xarray


def table(x):
    return xr.DataArray(x, dims=("time", "place"), coords={"place": [0.0, 1.0, 3.0]}, name="heat")


OTHER = table(X * 0.5 + 1.0)
XARRAY = {
    "arithmetic": lambda x: 2.0 * table(x) ** 2 - table(x) / OTHER,
    "reflected": lambda x: 1.0 / (5.0 + table(x)),
    "a tensor beside": lambda x: x * OTHER,
    "an array beside": lambda x: X * table(x),
    "a row beside": lambda x: table(x) * OTHER[0],
    "other dimensions": lambda x: table(x) * xr.DataArray(np.arange(1.0, 5.0), dims="run"),
    "functions": lambda x: np.exp(np.sin(table(x))),
    "sum": lambda x: (table(x) ** 2).sum("time"),
    "mean": lambda x: (table(x) ** 2).mean("place"),
    "std": lambda x: table(x).std("place"),
    "var": lambda x: table(x).var(),
    "prod": lambda x: table(x).prod("time"),
    "max": lambda x: table(x).max("place"),
    "min": lambda x: table(x).min(),
    "median": lambda x: table(x).median("place"),
    "cumsum": lambda x: (table(x) ** 2).cumsum("place"),
    "diff": lambda x: (table(x) ** 2).diff("place"),
    "transposed": lambda x: table(x).transpose("place", "time") ** 2,
    "isel": lambda x: table(x).isel(time=1) ** 2,
    "sel": lambda x: table(x).sel(place=3.0) ** 2,
    "where": lambda x: (table(x) ** 2).where(OTHER > 1.0, 0.0),
    "fillna": lambda x: (table(x) ** 2).fillna(0.0),
    "clip": lambda x: (table(x) ** 2).clip(1.0, 3.0),
    "dot": lambda x: xr.dot(table(x), table(x), dim="place"),
    "concat": lambda x: xr.concat([table(x), OTHER * table(x)], "time"),
    "integrate": lambda x: (table(x) ** 2).integrate("place"),
    "differentiate": lambda x: (table(x) ** 2).differentiate("place"),
    "stack": lambda x: (table(x) ** 2).stack(all=("time", "place")),
    "roll": lambda x: (table(x) ** 2).roll(place=1),
    "pad": lambda x: (table(x) ** 2).pad(place=1, constant_values=0.0),
    "groupby": lambda x: (table(x) ** 2).groupby(xr.DataArray([0, 0, 1], dims="place", name="side")).sum(),
    "apply_ufunc": lambda x: xr.apply_ufunc(np.tanh, table(x)),
    "weighted by hand": lambda x: (table(x) * OTHER).sum() / OTHER.sum(),
}


@pytest.mark.parametrize("program", XARRAY.values(), ids=XARRAY)
def test_xarray_records(program):
    found = check(program)
    assert isinstance(found, xr.DataArray)
    assert found.dims == program(X).dims


def test_xarray_keeps_names_and_shows_tensors():
    wrapped = table(gt.constant(X))
    assert "Tensor" in repr(wrapped)
    inline = repr(xr.Dataset({"heat": wrapped}))
    assert "Tensor 0.5 -1 2 3" in inline
    assert gt.constant(X)._repr_inline_(12) == "Tensor 0...."
    assert gt.Variable(1.5)._repr_inline_(40) == "Variable 1.5"
    assert gt.constant([True, False])._repr_inline_(40) == "Tensor True False"
    assert gt.constant(["a", "b"])._repr_inline_(40) == "Tensor a b"


def test_a_dataset_in_a_tape():
    u, k = gt.constant(X), gt.constant(2.0)
    with gt.GradientTape() as tape:
        tape.watch([u, k])
        data = xr.Dataset({"u": (("time", "place"), u), "w": (("place",), np.array([1.0, 2.0, 3.0]))})
        loss = ((k * data.u * data.w) ** 2).sum()
    slope_u, slope_k = tape.gradient(loss.data, [u, k])
    np.testing.assert_allclose(slope_u.numpy(), 8 * X * np.array([1.0, 4.0, 9.0]))
    np.testing.assert_allclose(slope_k.numpy(), 4 * np.sum((X * np.array([1.0, 2.0, 3.0])) ** 2))


# pandas

FRAME = pd.DataFrame({"a": [1.0, 2.0, 4.0], "b": [0.5, -1.0, 2.0], "n": [1, 2, 3]})


def test_columns_go_into_a_tape():
    a = gt.constant(FRAME["a"])
    np.testing.assert_array_equal(a.numpy(), FRAME["a"])
    assert a.dtype == np.float64
    np.testing.assert_array_equal(gt.constant(FRAME[["a", "b"]]).numpy(), FRAME[["a", "b"]])
    assert gt.constant(FRAME["n"]).dtype == np.int64
    assert gt.Variable(FRAME["b"]).shape == (3,)


COLUMNS = {
    "series * t": lambda t: FRAME["a"] * t,
    "t * series": lambda t: t * FRAME["a"],
    "series - t": lambda t: FRAME["a"] - t**2,
    "series / t": lambda t: FRAME["a"] / t,
    "series ** t": lambda t: FRAME["a"] ** t,
    "frame @ t": lambda t: t @ FRAME[["a", "b"]],
    "np.sum of a product": lambda t: np.sum(t * FRAME["b"]) ** 2,
    "series < t": lambda t: np.where(FRAME["a"] < t, t, t**2),
}


@pytest.mark.parametrize("program", COLUMNS.values(), ids=COLUMNS)
def test_arithmetic_with_columns_stays_on_the_tape(program):
    x = np.array([3.0, 2.5, 1.5])
    found = program(gt.constant(x))
    assert isinstance(found, gt.Tensor)
    np.testing.assert_allclose(found.numpy(), np.asarray(program(x)), rtol=1e-14)
    gt.testing.check(program, x, limit=2)


def test_series_and_frames_of_tensors():
    results = gt.constant([1.5, 2.5, 3.5], gt.float64)
    np.testing.assert_array_equal(pd.Series(results), [1.5, 2.5, 3.5])
    frame = pd.DataFrame({"x": results, "y": results**2})
    np.testing.assert_array_equal(frame["y"], [2.25, 6.25, 12.25])
    assert frame.dtypes.tolist() == [np.float64, np.float64]
    x = gt.constant(X)
    with gt.GradientTape() as tape:
        tape.watch(x)
        rows = pd.Series([row for row in x], dtype=object, index=["u", "v"])  # noqa: C416  # tensors as entries
        loss = np.sum((rows * 2.0)["v"] ** 2)
    np.testing.assert_allclose(tape.gradient(loss, x).numpy(), 8 * X * np.array([[0.0], [1.0]]))


def test_a_column_made_of_a_recorded_tensor_warns():
    x = gt.constant([1.0, 2.0])
    with gt.GradientTape() as tape:
        tape.watch(x)
        with pytest.warns(gt.DetachedTensorWarning, match="pandas") as given:
            pd.Series(x)
    assert given[0].filename == __file__


# einops


EINOPS = {
    "rearrange": lambda x: einops.rearrange(x**2, "a b -> b a"),
    "split": lambda x: einops.rearrange(x**2, "(a c) b -> a (c b)", c=2),
    "new axes": lambda x: einops.rearrange(x**2, "a b -> b 1 a 1"),
    "mean": lambda x: einops.reduce(x**2, "a b -> b", "mean"),
    "sum": lambda x: einops.reduce(x**2, "a b -> ", "sum"),
    "max": lambda x: einops.reduce(x**2, "a b -> a", "max"),
    "prod": lambda x: einops.reduce(x**2, "a b -> a 1", "prod"),
    "repeat": lambda x: einops.repeat(x**2, "a b -> a c (b d)", c=2, d=3),
    "einsum": lambda x: einops.einsum(x, x, "a b, c b -> a c"),
    "pack": lambda x: einops.pack([x, x**2], "* b")[0],
    "unpack": lambda x: einops.unpack(x**2, [(1,), (2,)], "a *")[1],
    "list": lambda x: einops.rearrange([x, x**2], "s a b -> a s b"),
}


@pytest.mark.parametrize("program", EINOPS.values(), ids=EINOPS)
def test_einops_records(program):
    check(program)


def test_einops_reads_variables_and_shapes():
    v = gt.Variable(X)
    with gt.GradientTape() as tape:
        y = einops.rearrange(v, "a b -> (b a)")
        loss = np.sum(y * np.arange(6.0))
    np.testing.assert_allclose(tape.gradient(loss, v).numpy(), np.arange(6.0).reshape(3, 2).T)
    assert einops.parse_shape(gt.constant(X), "a b") == {"a": 2, "b": 3}
    assert isinstance(einops.asnumpy(gt.constant(X)), np.ndarray)


@pytest.mark.parametrize("imports", ["import einops, gradtape as gt", "import gradtape as gt, einops"])
def test_einops_is_found_in_either_order(imports):
    script = f"""
        import inspect, sys
        {imports}
        print(einops.reduce(gt.constant([1.0, 3.0]), "a ->", "sum").numpy())
        print(einops.reduce(gt.Variable([1.0]), "a ->", "max").numpy())
        assert not any(type(finder).__module__ == "gradtape.faces.einops" for finder in sys.meta_path)
        assert "class NumpyBackend" in inspect.getsource(sys.modules["einops._backends"])
    """
    ran = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)], check=True, capture_output=True, text=True
    )
    assert ran.stdout == "4.0\n1.0\n"


def test_einops_works_under_the_name_of_tensorflow(tmp_path):
    script = tmp_path / "program.py"
    script.write_text(
        "import einops, tensorflow as tf\nprint(einops.reduce(tf.constant([1.0, 3.0]), 'a ->', 'sum').numpy())\n"
    )
    ran = subprocess.run(
        [sys.executable, "-m", "gradtape", "run", str(script)], check=True, capture_output=True, text=True
    )
    assert ran.stdout == "4.0\n"


# jaxtyping


def test_jaxtyping_checks_dtype_and_shape():
    x = gt.constant(X, gt.float32)
    assert isinstance(x, jaxtyping.Float[gt.Tensor, "a b"])
    assert isinstance(x, jaxtyping.Float32[gt.Tensor, "2 3"])
    assert not isinstance(x, jaxtyping.Float64[gt.Tensor, "2 3"])
    assert not isinstance(x, jaxtyping.Float[gt.Tensor, "a"])
    assert not isinstance(x, jaxtyping.Int[gt.Tensor, "a b"])
    assert isinstance(gt.constant([True]), jaxtyping.Bool[gt.Tensor, "n"])
    assert isinstance(gt.Variable(1.0), jaxtyping.Float[gt.Variable, ""])


def test_jaxtyping_ties_the_axes_of_a_call():
    """What its checker does around a call: names of axes mean one size each."""

    def fits(a, b):
        with jaxtyping.jaxtyped("context"):
            return isinstance(a, jaxtyping.Float[gt.Tensor, "n k"]) and isinstance(
                b, jaxtyping.Float[gt.Tensor, "k m"]
            )

    a, b = gt.constant(X), gt.constant(X.T)
    with gt.GradientTape() as tape:
        tape.watch(a)
        assert fits(a * 2.0, b)
        assert not fits(a, a)
    assert tape.detach_events() == ()


# matplotlib


def test_matplotlib_draws_tensors(monkeypatch):
    mpl.use("agg")
    from matplotlib import pyplot as plt

    x = gt.constant(np.linspace(0.0, 1.0, 5))
    with gt.GradientTape() as tape:
        tape.watch(x)
        y = x**2
    figure, axes = plt.subplots()
    (line,) = axes.plot(x, tape.gradient(y, x), label="slope")
    axes.scatter(x, y)
    axes.fill_between(x, y, 0.0)
    axes.set_title(f"up to {y[-1]:.2f}")
    np.testing.assert_allclose(line.get_ydata(), 2 * np.linspace(0.0, 1.0, 5))
    figure.canvas.draw()
    plt.close(figure)


# the methods of NumPy's arrays

METHODS = {
    "all": (),
    "any": (),
    "argmax": (1,),
    "argmin": (),
    "argsort": (),
    "astype": (np.float64,),
    "clip": (-0.5, 2),
    "compress": ([True, False], 0),
    "conj": (),
    "conjugate": (),
    "copy": (),
    "cumprod": (1,),
    "cumsum": (0,),
    "diagonal": (),
    "dot": (X.T,),
    "flatten": (),
    "max": (0,),
    "mean": (1,),
    "min": (),
    "nonzero": (),
    "prod": (),
    "ravel": (),
    "repeat": (2, 1),
    "reshape": (3, 2),
    "round": (1,),
    "squeeze": (),
    "std": (0,),
    "sum": (1,),
    "swapaxes": (0, 1),
    "take": ([0, 1], 1),
    "trace": (),
    "transpose": (1, 0),
    "var": (1,),
}


@pytest.mark.parametrize(("name", "arguments"), METHODS.items(), ids=METHODS)
def test_methods_are_numpys(name, arguments):
    for x in (gt.constant(X), gt.Variable(X)):
        found, wanted = getattr(x, name)(*arguments), getattr(X, name)(*arguments)
        np.testing.assert_allclose(np.asarray(found), np.asarray(wanted), rtol=1e-14)
        assert np.asarray(found).dtype == np.asarray(wanted).dtype
    if np.asarray(wanted).dtype.kind == "f":
        gt.testing.check(lambda x: getattr(x * 1.0, name)(*arguments), X, limit=1)


def test_shapes_come_in_both_spellings():
    x = gt.constant(X)
    assert x.reshape(-1).shape == x.reshape((6,)).shape == (6,)
    np.testing.assert_array_equal(x.reshape(3, 2, order="F").numpy(), X.reshape(3, 2, order="F"))
    assert x.transpose().shape == x.transpose((1, 0)).shape == (3, 2)
    assert (x.nbytes, x.itemsize) == (48, 8)
    assert gt.constant([1, 2, 3]).searchsorted(2).numpy() == 1
    np.testing.assert_array_equal(gt.constant([0, 1]).choose([[1, 2], [3, 4]]).numpy(), [1, 4])


def test_astype_knows_the_rules_of_casting():
    x = gt.constant(X)
    assert x.astype("float32").dtype == np.float32
    assert x.astype(np.float64) is not None
    with pytest.raises(TypeError, match="cannot cast a tensor of float64 to int64 by the rule 'same_kind'"):
        x.astype(np.int64, casting="same_kind")
    with gt.GradientTape() as tape:
        tape.watch(x)
        y = x.astype(np.float32).sum()
    assert tape.gradient(y, x).numpy().tolist() == np.ones((2, 3)).tolist()


@pytest.mark.parametrize("name", ["fill", "partition", "put", "resize", "sort"])
def test_methods_that_write_say_what_to_write(name):
    with pytest.raises(TypeError, match=rf"t\.{name}\(\.\.\.\) would write into t.*write t = "):
        getattr(gt.constant(X), name)(1)


# buffers


def test_a_buffer_is_read_only():
    view = gt.constant(X).__buffer__(284)  # PyBUF_FULL_RO, what Python asks for from 3.12 on
    assert view.readonly
    assert view.tolist() == X.tolist()
    with pytest.raises(BufferError, match="do not change"):
        gt.constant(X).__buffer__(285)
    if sys.version_info >= (3, 12):
        assert memoryview(gt.constant(X)).shape == (2, 3)
        assert bytes(gt.constant(X)) == X.tobytes()
    np.testing.assert_array_equal(np.asarray(gt.constant(X)), X)
