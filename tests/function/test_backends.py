"""Law: every row compiled gives what the reference gives, in every dtype; programs of rows too."""

import gc
import weakref

import numpy as np
import pytest
from random_programs import program_of

import gradtape as gt
from gradtape.backends import passes, reference
from gradtape.backends.llvm import compile as compiled
from gradtape.backends.llvm import products
from gradtape.core import straight
from gradtape.core.further_errors import InternalError
from gradtape.core.graph import Builder, Graph, Operation, check, spec_of_value
from gradtape.core.primitive import Kind, Primitive
from gradtape.core.spec import Spec
from gradtape.core.tensor import ROWS, Tensor
from gradtape.laws import cases


def graph_of(primitive, inputs, params):
    """The graph of one operation."""
    builder = Builder()
    places = [builder.input(spec_of_value(x)) for x in inputs]
    with np.errstate(all="ignore"):
        y = primitive.value(*inputs, **params)
    outputs = y if isinstance(y, tuple) else (y,)
    made = builder.add(
        primitive, params, places, [spec_of_value(part) for part in outputs], joint=isinstance(y, tuple)
    )
    return check(builder.graph(made))


def assert_agree(found, expected, ulps=8):
    for a, b in zip(found, expected, strict=True):
        assert (a.dtype, a.shape, type(a)) == (b.dtype, b.shape, type(b))
        if a.dtype.kind in "fc":
            eps = ulps * np.finfo(a.dtype).eps
            np.testing.assert_allclose(a, b, rtol=eps, atol=eps * np.max(np.abs(b), initial=0))
        else:
            np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("name", ROWS)
def test_compiled_rows_are_those_of_the_reference(name):
    for case in cases(ROWS[name]):
        graph = graph_of(ROWS[name], case.inputs, case.params)
        assert_agree(compiled(graph)(case.inputs), reference.compile(graph)(case.inputs))


def test_the_law_bites():
    wrong = Primitive(
        "sine", Kind.ELEMENTWISE, lambda x: np.sin(x) * 1.001, None, (None,), element=lambda e, x: e.sin(x)
    )
    x = np.array([0.5, 1.0])
    graph = graph_of(ROWS["sin"], (x,), {})
    bent = graph_of(wrong, (x,), {})
    with pytest.raises(AssertionError):
        assert_agree(compiled(graph)((x,)), reference.compile(bent)((x,)))


SPECIAL = {
    dtype: np.array(
        [0.0, -0.0, 1.0, -1.0, 0.5, -2.5, np.inf, -np.inf, np.nan]
        + [float(n) for b in [np.finfo(dtype)] for n in (b.max, b.min, b.tiny, b.smallest_subnormal)],
        dtype,
    )
    for dtype in (np.float32, np.float64)
}
SPOKEN = [name for name, row in ROWS.items() if row.pointwise and row.element is not None]


@pytest.mark.parametrize("dtype", SPECIAL, ids=lambda dtype: dtype.__name__)
@pytest.mark.parametrize("name", [n for n in SPOKEN if not ROWS[n].samples[0][1] and n not in ("where",)])
def test_special_numbers_pass_as_in_numpy(name, dtype):
    numbers = SPECIAL[dtype]
    inputs = (numbers,)
    if len(ROWS[name].samples[0][0]) == 2:
        inputs = tuple(part.ravel() for part in np.meshgrid(numbers, numbers))
    if isinstance(ROWS[name].samples[0][0][0], str):
        inputs = tuple(np.arange(8, dtype=np.int32) for _ in inputs)
    graph = graph_of(ROWS[name], inputs, {})
    program = compiled(graph)
    assert program.describe()["calls"] == []
    (found,), (expected,) = program(inputs), reference.compile(graph)(inputs)
    if found.dtype.kind != "f":
        np.testing.assert_array_equal(found, expected)
        return
    tiny = np.finfo(dtype).tiny
    np.testing.assert_allclose(
        found, expected, rtol=8 * np.finfo(dtype).eps, atol=8 * tiny * np.finfo(dtype).eps
    )
    zeros = (expected == 0) & (found == 0)
    if name not in ("maximum", "minimum", "relu"):  # of 0 and -0 either is the larger, in NumPy too
        np.testing.assert_array_equal(np.signbit(found[zeros]), np.signbit(expected[zeros]))


@pytest.mark.parametrize(
    "shape", [(), (1,), (2,), (3,), (7,), (8,), (9,), (17,), (3, 5), (4, 1, 9), (2, 3, 4, 5)]
)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_loops_of_every_size_with_broadcasts_and_reductions(shape, dtype):
    rng = np.random.default_rng(0)
    axes = tuple(range(len(shape)))

    def program(x, row, one):
        y = gt.exp(-x * x) * row + one
        results = [y, gt.reduce_sum(y), gt.reduce_max(y), gt.reduce_min(x * row)]
        for axis in axes:
            results += [gt.reduce_sum(y, axis=axis), gt.reduce_max(y, axis=axis, keepdims=True)]
        if len(shape) > 1:
            results += [
                gt.transpose(y) * 2,
                gt.reduce_sum(gt.transpose(x) * 3, axis=0),
                gt.reshape(y, (-1,)) + 1,
            ]
            results += [y[..., ::-1] + 1, y[0] * y[-1], gt.reduce_sum(y, axis=(0, len(shape) - 1))]
        return results

    x, row, one = (rng.normal(size=s).astype(dtype) for s in (shape, shape[-1:], ()))
    f = gt.function(program, backend="llvm")
    g = gt.function(program, backend="reference")
    for _ in range(2):
        found, expected = f(x, row, one), g(x, row, one)
    for a, b in zip(found, expected, strict=True):
        assert (a.shape, a.dtype) == (b.shape, b.dtype)
        eps = 50 * np.finfo(dtype).eps
        np.testing.assert_allclose(a.numpy(), b.numpy(), rtol=eps, atol=eps)


def test_a_sum_of_many_floats_is_exact_to_the_last_places():
    x = np.random.default_rng(0).uniform(size=1_000_003).astype(np.float32)
    f = gt.function(lambda x: gt.reduce_sum(x * 1), backend="llvm")
    for _ in range(2):
        found = f(x)
    np.testing.assert_allclose(float(found), x.astype(np.float64).sum(), rtol=1e-7)


@pytest.mark.parametrize("size", [1, 7, 16, 31, 32, 33, 64, 95, 200])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_reductions_see_every_entry(size, dtype):
    f = gt.function(lambda x: (gt.reduce_max(x), gt.reduce_min(x), gt.reduce_sum(x)), backend="llvm")
    whole = np.arange(size, dtype=dtype) - 3
    f(whole)
    for place in range(size):
        for special in (np.nan, 1e6, -1e6):
            x = whole.copy()
            x[place] = special
            found = [y.numpy() for y in f(x)]
            np.testing.assert_array_equal(found, [x.max(), x.min(), x.sum()])


def test_results_repeat_to_the_bit():
    f = gt.function(lambda x: (gt.reduce_sum(gt.sin(x)), gt.reduce_sum(gt.exp(x), axis=0)), backend="llvm")
    x = np.random.default_rng(0).normal(size=(1003, 17))
    f(x)
    first, second = f(x), f(x)
    for a, b in zip(first, second, strict=True):
        assert a.numpy().tobytes() == b.numpy().tobytes()


def test_operations_without_words_are_called_between_kernels():
    def program(a, b):
        return gt.linalg.solve(a + gt.exp(a), b * 2), gt.linalg.det(a) + 1, gt.cumsum(b * b)

    a, b = np.eye(3) + 0.1, np.ones((3, 2))
    f = gt.function(program, backend="llvm")
    for _ in range(2):
        found = f(a, b)
    for x, y in zip(found, program(gt.constant(a), gt.constant(b)), strict=True):
        np.testing.assert_allclose(x.numpy(), y.numpy(), rtol=1e-13)
    assert {"solve", "det", "cumsum"} <= set(f.stats()["calls"])


@pytest.mark.parametrize("start", range(0, 60, 10))
@pytest.mark.parametrize(
    ("shapes", "count"),
    [([(4, 6), (6,), (4, 1), (6, 3), ()], 10), ([(700, 3), (700, 1), (3, 4), (4,), ()], 4)],
    ids=["small", "batch"],
)
def test_random_programs(start, shapes, count):
    for seed in range(start, start + count):
        program, inputs = program_of(seed, shapes, 14)
        f = gt.function(program, backend="llvm")
        f(*inputs)
        found, expected = f(*inputs), program(*map(gt.constant, inputs))
        for a, b in zip(gt.nest.flatten(found), gt.nest.flatten(expected), strict=True):
            assert (a.shape, a.dtype) == (b.shape, b.dtype)
            np.testing.assert_allclose(a.numpy(), b.numpy(), rtol=1e-9, atol=1e-11, err_msg=f"seed {seed}")


@pytest.mark.parametrize("seed", range(8))
def test_derivatives_of_random_programs_to_the_second_order(seed):
    program, inputs = program_of(seed, [(4, 6), (6,), (4, 1), (6, 3), ()], 9)

    def plain(*xs):
        return program(*xs)[1]

    def derivatives(f):
        xs = [gt.constant(x) for x in inputs]
        with gt.GradientTape() as outer:
            outer.watch(xs)
            with gt.GradientTape() as inner:
                inner.watch(xs)
                y = f(*xs)
            first = inner.gradient(y, xs, unconnected_gradients="zero")
            z = sum(gt.reduce_sum(gt.sin(g)) for g in first)
        second = outer.gradient(z, xs, unconnected_gradients="zero")
        with gt.autodiff.ForwardAccumulator(xs, [gt.ones_like(x) for x in xs]) as accumulator:
            y = f(*xs)
        return [y, *first, *second, accumulator.jvp(y, unconnected_gradients="zero")]

    recorded = gt.function(plain, backend="llvm")
    derivatives(recorded)
    for a, b in zip(derivatives(recorded), derivatives(plain), strict=True):
        np.testing.assert_allclose(a.numpy(), b.numpy(), rtol=1e-8, atol=1e-10)


def test_a_failed_compilation_leaves_the_function_usable(monkeypatch):
    import gradtape.backends.llvm as llvm

    def fails(graph):
        raise RuntimeError("out of registers")

    monkeypatch.setattr(llvm, "compile", fails)
    f = gt.function(lambda x: gt.sin(x))
    f(gt.constant([1.0]))
    with pytest.warns(gt.errors.RecordingWarning, match="out of registers"):
        found = f(gt.constant([2.0]))
    np.testing.assert_allclose(found.numpy(), np.sin([2.0]), rtol=1e-6)


def test_without_llvmlite_everything_works_and_says_so_once(monkeypatch):
    import gradtape.backends as backends

    monkeypatch.setattr(backends.llvm, "missing", lambda: "llvmlite is not installed")
    monkeypatch.setattr(backends, "_said", [])
    f, g = gt.function(lambda x: x + 1), gt.function(lambda x: x + 2)
    f(gt.constant(1.0))
    with pytest.warns(gt.errors.RecordingWarning, match="llvmlite is not installed"):
        assert float(f(gt.constant(1.0))) == 2.0
    assert [float(g(gt.constant(1.0))) for _ in range(2)] == [3.0, 3.0]
    with pytest.raises(ImportError, match="llvmlite"):
        h = gt.function(lambda x: x, backend="llvm")
        h(gt.constant(1.0))
        h(gt.constant(1.0))


# passes and well-formedness


def test_passes_keep_what_a_program_computes():
    def program(x):
        y = gt.transpose(gt.transpose(x)) * 1 + gt.reshape(gt.reshape(x, (6,)), (2, 3))
        z = gt.where(gt.constant([True]), y, x) ** 2
        return z - 0.0, gt.negative(-z), gt.reduce_sum(z, axis=()), x**3, gt.sin(x) + gt.sin(x)

    f = gt.function(program, backend="reference")
    x = gt.constant([[1.0, -2.0, 3.0], [0.0, -0.0, 5.0]])
    f(x)
    for a, b in zip(f(x), program(x), strict=True):
        np.testing.assert_allclose(a.numpy(), b.numpy(), rtol=1e-6)
    names = [operation.primitive.name for operation in f.graph().operations]
    assert sorted(names) == ["add", "add", "multiply", "sin", "square", "square"]


def test_a_zero_that_is_added_stays():
    f = gt.function(lambda x: x + 0.0)
    f(gt.constant(-0.0))
    assert not np.signbit(f(gt.constant(-0.0)).numpy())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"outputs": (9,)}, "not there"),
        ({"inputs": (0, 0)}, "made twice"),
        ({"inputs": ()}, "uses value 0"),
        ({"specs": (Spec((), np.dtype("float64")), Spec((2,), np.dtype("float64")))}, "its row says"),
        ({"constants": {1: Tensor(np.float64(1.0))}}, "made twice"),
    ],
)
def test_a_graph_that_is_not_well_formed_is_refused(change, message):
    spec = Spec((), np.dtype("float64"))
    good = {
        "specs": (spec, spec),
        "inputs": (0,),
        "constants": {},
        "operations": (Operation(ROWS["sin"], {}, (0,), (1,)),),
        "outputs": (1,),
    }
    check(Graph(**good))
    with pytest.raises(InternalError, match=message):
        check(Graph(**good | change))


def test_dead_operations_go():
    builder = Builder()
    x = builder.input(Spec((), np.dtype("float64")))
    (y,) = builder.add(ROWS["sin"], {}, [x], [Spec((), np.dtype("float64"))])
    builder.add(ROWS["cos"], {}, [x], [Spec((), np.dtype("float64"))])
    assert len(passes.alive(builder.graph([y]))) == 1


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    "sizes",
    [
        *((1, 1, 1), (2, 3, 4), (3, 5, 1), (7, 20, 20), (64, 20, 17), (5, 1, 33), (1, 40, 3), (100, 2, 20)),
        *((5, 16, 1), (50, 203, 1), (203, 50, 1), (3, 37, 2), (2, 40, 33), (1, 19, 107)),
        *((13, 6, 11), (5, 31, 25), (6, 33, 15), (27, 9, 7)),
    ],
)
def test_products_of_every_size(sizes, dtype):
    rows, inner, columns = sizes
    rng = np.random.default_rng(0)

    def program(a, b):
        y = a @ b
        turned = gt.transpose(b) @ gt.transpose(a), gt.transpose(a) @ y, y @ gt.transpose(b)
        return y, *turned, a[:, ::-1] @ b, a @ b[:, :1], gt.transpose(a) @ y[:, :1]

    a, b = rng.normal(size=(rows, inner)).astype(dtype), rng.normal(size=(inner, columns)).astype(dtype)
    f = gt.function(program, backend="llvm")
    f(a, b)
    assert f.stats()["calls"] == []
    columns = (a @ b[:, :1], a.T @ (a @ b)[:, :1])
    wanted = (a @ b, (a @ b).T, a.T @ (a @ b), a @ b @ b.T, a[:, ::-1] @ b, *columns)
    for found, expected in zip(f(a, b), wanted, strict=True):
        eps = 100 * np.finfo(dtype).eps
        np.testing.assert_allclose(found.numpy(), expected, rtol=eps, atol=eps * inner)


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "int32", "uint8"])
@pytest.mark.parametrize("columns", [3, 16, 20, 37, 300])
def test_sums_over_rows_of_what_a_kernel_makes(columns, dtype):
    """Totals along the rows stay in registers where they are few, beside others that do not, and have NumPy's order."""
    rng = np.random.default_rng(0)
    x, row = (rng.integers(-4, 5, shape).astype(dtype) for shape in ((3, 7, columns), (columns,)))

    def program(x, row):
        y = x * row
        sums = [gt.reduce_sum(y, axis) for axis in (0, 1, 2, (0, 1), (1, 2), (0, 2))]
        return *sums, gt.reduce_max(y, 1), gt.reduce_min(y, (0, 1)), gt.reduce_sum(y[:1], 1)

    f = gt.function(program, backend="llvm")
    f(x, row)
    y = x * row
    wanted = [y.sum(axis, dtype=dtype) for axis in (0, 1, 2, (0, 1), (1, 2), (0, 2))]
    wanted += [y.max(1), y.min((0, 1)), y[:1].sum(1, dtype=dtype)]
    assert f.stats()["calls"] == []
    for found, expected in zip(f(x, row), wanted, strict=True):
        np.testing.assert_array_equal(found.numpy(), expected)


@pytest.mark.parametrize("register", [16, 32, 64])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_products_with_registers_of_every_size(register, dtype, monkeypatch):
    """Blocks cover each entry of the result, and add up the same products."""
    monkeypatch.setattr(products, "REGISTERS", (register,))
    monkeypatch.setattr(products, "at_once", lambda: register)
    rng = np.random.default_rng(0)
    factors = [
        tuple(rng.normal(size=shape).astype(dtype) for shape in ((rows, inner), (inner, columns)))
        for rows, inner, columns in ((5, 7, 23), (13, 3, 37), (1, 9, 75), (4, 83, 1), (40, 2, 6), (22, 5, 21))
    ]
    f = gt.function(lambda pairs: [a @ b for a, b in pairs], backend="llvm")
    f(factors)
    for found, (a, b) in zip(f(factors), factors, strict=True):
        eps = 100 * np.finfo(dtype).eps
        np.testing.assert_allclose(found.numpy(), a @ b, rtol=eps, atol=eps)


@pytest.mark.parametrize(
    "sizes", [(1, 3, 2, 5), (5, 1, 7, 9), (25, 10, 10, 1), (64, 4, 17, 12), (65, 2, 3, 4)]
)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_stacks_of_products(sizes, dtype):
    """As they lie, seen transposed, turned round and cut; a large stack is left to NumPy."""
    count, rows, inner, columns = sizes
    rng = np.random.default_rng(0)
    a, b = (
        rng.normal(size=(count, rows, inner)).astype(dtype),
        rng.normal(size=(inner, count, columns)).astype(dtype),
    )

    def program(a, b):
        b = gt.transpose(b, (1, 0, 2))
        y = a @ b
        return (
            y,
            gt.transpose(a, (0, 2, 1)) @ y,
            y @ gt.transpose(b, (0, 2, 1)),
            a[:, :, ::-1] @ b,
            a @ b[..., :1],
        )

    f = gt.function(program, backend="llvm")
    f(a, b)
    assert f.stats()["calls"] == ["matmul"] * 5 * (count > 64)
    c = b.transpose(1, 0, 2)
    wanted = (
        a @ c,
        a.transpose(0, 2, 1) @ (a @ c),
        a @ c @ c.transpose(0, 2, 1),
        a[:, :, ::-1] @ c,
        a @ c[..., :1],
    )
    for found, expected in zip(f(a, b), wanted, strict=True):
        eps = 100 * np.finfo(dtype).eps
        np.testing.assert_allclose(found.numpy(), expected, rtol=eps, atol=eps * inner)


@pytest.mark.parametrize(
    "subscripts",
    [
        "ij,jk->ik",
        "ij,jk->ki",
        "kij,nkj->nki",
        "ij,ij->",
        "i,j->ij",
        "ijk->j",
        "a,b,ab->",
        "ijk,kl->ijl",
        "bij,bjk->bik",
        "bij,bjk->kbi",
        "nki,kij->nkj",
        "nki,nkj->kij",
        "abij,abj->abi",
        "abi,jab->abij",
        "bi,bi->b",
        "bij,bj->bi",
        "ii->i",
    ],
)
def test_sums_of_products_are_those_of_numpy(subscripts):
    sizes = dict(zip("abijkln", (3, 4, 5, 6, 7, 2, 9), strict=True))
    rng = np.random.default_rng(0)
    xs = [
        rng.normal(size=[sizes["i"] if "ii" in term else sizes[label] for label in term])
        for term in subscripts.split("->")[0].split(",")
    ]
    f = gt.function(lambda *xs: gt.einsum(subscripts, *xs), backend="llvm")
    f(*xs)
    np.testing.assert_allclose(f(*xs).numpy(), np.einsum(subscripts, *xs), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("axis", [None, 0, 1, (0, 2)])
def test_logsumexp_at_infinities(axis):
    x = np.random.default_rng(0).normal(size=(3, 4, 5)) * 500
    x[0, 1] = -np.inf
    x[:, 2, 3] = -np.inf
    x[1, 0, 0] = np.inf
    program = lambda x: gt.reduce_logsumexp(x, axis=axis)
    f = gt.function(program, backend="llvm")
    f(x)
    np.testing.assert_allclose(f(x).numpy(), program(gt.constant(x)).numpy(), rtol=1e-14)
    assert f.stats()["calls"] == []


def test_parts_of_what_was_computed_leave_as_results_and_as_arguments():
    def program(x):
        y = gt.transpose(x) @ x + 1
        z = gt.linalg.inv(y)
        return (
            y[0],
            y[1:],
            y[:, 0],
            gt.transpose(y),
            z[0, ::-1],
            gt.cumsum(y[0]),
            gt.reshape(y[:2], (6,)),
            x[0],
        )

    x = np.random.default_rng(0).normal(size=(4, 3))
    f = gt.function(program, backend="llvm")
    f(x)
    for found, expected in zip(f(x), program(gt.constant(x)), strict=True):
        np.testing.assert_allclose(found.numpy(), expected.numpy(), rtol=1e-10)


def test_a_function_that_the_library_has_not_is_called_by_its_value(monkeypatch):
    from gradtape.backends.llvm import emit, words

    monkeypatch.setattr(emit, "address_in_library", lambda name: None)
    monkeypatch.setattr(words, "_WORDS", {})
    f = gt.function(lambda x: np.cbrt(x) + gt.exp(x), backend="llvm")
    x = np.array([0.5, 1.0])
    f(x)
    np.testing.assert_allclose(f(x).numpy(), np.cbrt(x) + np.exp(x), rtol=1e-14)
    assert f.stats()["calls"] == ["cbrt"]


def test_a_graph_as_a_function_gives_what_its_steps_give():
    """With parameters, constants, results that are tuples, outputs that are inputs; and it goes by reference count."""
    w = np.random.default_rng(0).normal(size=(3, 3))

    def program(x):
        q, r = gt.linalg.qr(x @ w + np.eye(3))
        return q, gt.reduce_sum(r, axis=1), x, gt.constant(2.0)

    f = gt.function(program, backend="reference")
    x = np.random.default_rng(1).normal(size=(3, 3))
    f(x)
    graph = f._latest().recorded.graph
    once, often = (straight.evaluator_for(graph, times) for times in (1, straight.OFTEN))
    assert once.__qualname__ != often.__qualname__
    for a, b in zip(once([x]), often([x]), strict=True):
        np.testing.assert_array_equal(a, b)
    gone = weakref.ref(often)
    gc.disable()
    try:
        del often
        assert gone() is None
    finally:
        gc.enable()
    with pytest.raises(ValueError, match="unpack"):
        straight.evaluator_for(graph, straight.OFTEN)([x, x])
