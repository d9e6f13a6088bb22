"""Programs over a batch: tiles of rows and threads give what the whole batch gives."""

import itertools
import threading
import time

import numpy as np
import pytest

import gradtape as gt
from gradtape.backends.llvm import tiles, walks


@pytest.fixture(autouse=True)
def walked(monkeypatch):
    """Batches that would stay in the cache go by tiles too, and little work is shared."""
    monkeypatch.setattr(tiles, "CACHED", 0)
    monkeypatch.setattr(walks, "SMALLEST_SHARE", 5_000.0)


@pytest.fixture(params=[1, 2, 3])
def threads(request):
    gt.set_threads(request.param)
    yield request.param
    gt.set_threads(None)


def network(x, weights):
    h = x
    for w, b in weights[:-1]:
        h = gt.tanh(h @ w + b)
    w, b = weights[-1]
    return h @ w + b


def made(sizes, dtype, seed=0):
    rng = np.random.default_rng(seed)
    return [
        (
            gt.Variable((rng.normal(size=(a, b)) / np.sqrt(a)).astype(dtype)),
            gt.Variable(rng.normal(size=b).astype(dtype)),
        )
        for a, b in itertools.pairwise(sizes)
    ]


def assert_same(program, arguments, rtol, walks=1):
    """The compiled program gives, twice, what the plain one gives; and is tiled in so many walks."""
    f = gt.function(program, backend="llvm")
    expected = gt.nest.flatten(program(*map(gt.constant, arguments)))
    f(*arguments)
    first, second = (gt.nest.flatten(f(*arguments)) for _ in range(2))
    assert f.stats().get("walks") == walks
    for a, b, c in zip(first, second, expected, strict=True):
        assert a.numpy().tobytes() == b.numpy().tobytes()
        assert (a.shape, a.dtype) == (c.shape, c.dtype)
        np.testing.assert_allclose(
            a.numpy(), c.numpy(), rtol=rtol, atol=rtol * np.max(np.abs(c.numpy()), initial=0)
        )
    return f


@pytest.mark.parametrize("count", [1000, 1024, 1009, 2503])
def test_a_training_step_of_a_network(count, threads):
    weights = made([3, 17, 8, 2], np.float64)
    rng = np.random.default_rng(1)

    def step(x, y):
        with gt.GradientTape() as tape:
            error = network(x, weights) - y
            loss = gt.reduce_mean(error * error)
        return loss, tape.gradient(loss, [v for pair in weights for v in pair])

    f = assert_same(step, (rng.normal(size=(count, 3)), rng.normal(size=(count, 2))), 1e-12)
    assert f.stats()["calls"] == []


@pytest.mark.parametrize("dtype", ["float32", "int32"])
def test_factors_of_other_dtypes_are_cast_in_the_tile(dtype, threads):
    weights = made([3, 17, 8, 2], np.float64)

    def step(x):
        with gt.GradientTape() as tape:
            y = network(x, weights) + gt.einsum("ni,ij->nj", x, weights[0][0])[:, :2]
            loss = gt.reduce_mean(y * y)
        return loss, tape.gradient(loss, [v for pair in weights for v in pair])

    x = (3 * np.random.default_rng(1).normal(size=(1009, 3))).astype(dtype)
    assert assert_same(step, (x,), 1e-12).stats()["calls"] == []
    product = gt.function(lambda x, w: x @ w, backend="llvm")
    for _ in range(2):
        found = product(gt.constant(x), weights[0][0])
    np.testing.assert_allclose(found, x.astype(np.float64) @ weights[0][0].numpy(), rtol=1e-14)


def test_a_residual_with_second_derivatives(threads):
    weights = made([2, 10, 10, 1], np.float32)
    rng = np.random.default_rng(1)

    def step(x, t):
        with gt.GradientTape() as tape:
            with gt.GradientTape() as outer:
                outer.watch(x)
                with gt.GradientTape(persistent=True) as inner:
                    inner.watch([x, t])
                    u = network(gt.concat([x, t], 1), weights)
                ux, ut = inner.gradient(u, x), inner.gradient(u, t)
            residual = ut + u * ux - 0.1 * outer.gradient(ux, x)
            loss = gt.reduce_mean(residual**2)
        return loss, tape.gradient(loss, [v for pair in weights for v in pair])

    x, t = (rng.uniform(-1, 1, (2000, 1)).astype(np.float32) for _ in range(2))
    assert_same(step, (x, t), 2e-5)


def test_rows_that_leave_and_sums_that_come_back(threads):
    def program(x, w):
        h = gt.exp(-x * x) @ w
        centre = gt.reduce_mean(h, axis=0)
        spread = gt.reduce_mean((h - centre) ** 2, axis=0)
        z = (h - centre) / gt.sqrt(spread + 1e-3)
        return z, gt.reduce_max(z), gt.reduce_min(h, axis=0), gt.transpose(h), gt.reduce_sum(z * h, axis=1)

    rng = np.random.default_rng(0)
    assert_same(program, (rng.normal(size=(1200, 5)), rng.normal(size=(5, 4))), 1e-12, walks=3)


def test_elementwise_programs_of_one_axis(threads):
    def program(x):
        with gt.GradientTape() as tape:
            tape.watch(x)
            y = gt.reduce_sum(gt.sin(x) * gt.exp(-(x**2)) + gt.math.log1p(x) * gt.tanh(x))
        return y, tape.gradient(y, x)

    assert_same(program, (np.random.default_rng(0).uniform(0, 2, 100_003),), 1e-12)


def test_a_weight_with_as_many_rows_as_the_batch():
    def program(x, w, b):
        h = gt.tanh(x @ w + b)
        return gt.reduce_sum(h * h, axis=0), h

    rng = np.random.default_rng(0)
    n = 300
    f = gt.function(program, backend="llvm")
    x, w, b = rng.normal(size=(n, n)), rng.normal(size=(n, n)), rng.normal(size=(n, n))
    f(x, w, b)
    for found, expected in zip(f(x, w, b), program(*map(gt.constant, (x, w, b))), strict=True):
        np.testing.assert_allclose(found.numpy(), expected.numpy(), rtol=1e-11, atol=1e-11)


def test_programs_in_which_rows_mix_are_right():
    def program(x):
        y = gt.cumsum(x, axis=0) + x[::-1] + (gt.transpose(x) @ x)[0]
        return y, gt.reduce_logsumexp(x, axis=0), gt.linalg.norm(x, axis=1), x[1:] - x[:-1]

    x = np.random.default_rng(0).normal(size=(500, 3))
    f = gt.function(program, backend="llvm")
    f(x)
    for found, expected in zip(f(x), program(gt.constant(x)), strict=True):
        np.testing.assert_allclose(found.numpy(), expected.numpy(), rtol=1e-11, atol=1e-11)


@pytest.mark.parametrize("count", [0, 1.5, True, -1])
def test_the_number_of_threads_is_a_whole_number_from_one(count):
    with pytest.raises(ValueError, match="set_threads"):
        gt.set_threads(count)


def test_nothing_is_written_into_arguments():
    weights = made([3, 4, 1], np.float64)
    x = np.random.default_rng(0).normal(size=(1000, 3))
    before = x.copy()
    f = gt.function(lambda x: network(x, weights) * 2, backend="llvm")
    for _ in range(3):
        f(x)
    np.testing.assert_array_equal(x, before)


def softmaxes(x):
    """The logarithm of a sum of exponentials over all and over each row, and their derivatives."""
    with gt.GradientTape(persistent=True) as tape:
        tape.watch(x)
        whole, rows = gt.reduce_logsumexp(x), gt.reduce_logsumexp(x, axis=-1)
    return whole, rows, tape.gradient(whole, x), tape.gradient(rows, x)


@pytest.mark.parametrize("shape", [(700,), (700, 3), (5, 4)])
@pytest.mark.parametrize("special", [[], [np.inf, 800.0], [-np.inf], [np.nan], [1.7e308, -1.7e308], "none"])
def test_a_softmax_takes_the_exponentials_that_are_there(shape, special, threads):
    x = np.random.default_rng(0).normal(size=shape)
    if special == "none":
        x[:] = -np.inf
    else:
        x.reshape(-1)[3 : 3 + len(special)] = special
    f = gt.function(softmaxes, backend="llvm")
    f(x)
    for found, expected in zip(f(x), softmaxes(gt.constant(x)), strict=True):
        np.testing.assert_allclose(found.numpy(), expected.numpy(), rtol=1e-14, atol=1e-300)
    assert sum(op.primitive.name == "exp" for op in f.graph().operations) == x.ndim


def test_what_lies_between_walks_is_not_what_leaves():
    """Memory is kept from call to call, results are not written again."""
    f = gt.function(lambda x: gt.nn.softmax(x, axis=0) * gt.reduce_max(x), backend="llvm")
    points = [np.linspace(0, k, 1000) for k in (1, 2, 3)]
    f(points[0])
    results = [f(x).numpy() for x in points]
    for x, y in zip(points, results, strict=True):
        e = np.exp(x - x.max())
        np.testing.assert_allclose(y, e / e.sum() * x.max(), rtol=1e-14)


def test_pieces_of_work_are_shared():
    """Results come in order, errors to who asked, and pieces that nobody has begun are not waited for."""
    from gradtape.backends.llvm.threads import share

    assert share([lambda k=k: k * k for k in range(20)]) == [k * k for k in range(20)]
    with pytest.raises(ZeroDivisionError):
        share([lambda: 1, lambda: 1 // 0, lambda: 2])
    inner = lambda k: lambda: share([lambda: k, lambda: k + 1, lambda: k + 2])
    for _ in range(20):  # Python 3.13's queues may wake a thread late or never: nothing may rest on that
        assert share([inner(k) for k in range(100)]) == [[k, k + 1, k + 2] for k in range(100)]


def test_no_piece_of_work_runs_once_an_error_is_out():
    from gradtape.backends.llvm.threads import share

    running, begun = [], threading.Event()

    def slow():
        running.append(1)
        begun.set()
        time.sleep(0.05)
        running.pop()

    def failing():
        begun.wait(1)
        raise ValueError("here")

    with pytest.raises(ValueError, match="here"):
        share([failing, slow, slow, slow])
    assert running == []


def test_one_walk_for_numbers_made_of_truths(threads):
    x = np.random.default_rng(0).normal(size=2000)
    program = lambda x: gt.reduce_sum(gt.cast(x > 0, gt.float64) * x) + gt.reduce_sum(gt.abs(x))
    assert_same(program, (x,), 1e-12)


def deep(x, weights):
    return gt.reduce_sum(network(x, weights), axis=-1)


def directional(name, x, weights):
    """Operators that a batch of directions computes, each of which has all rows."""
    field = lambda p: deep(p, weights)
    if name == "jacobian":
        with gt.GradientTape() as tape:
            tape.watch(x)
            y = network(x, weights)
        return tape.batch_jacobian(y, x)
    if name == "partials":
        columns = [x[:, i : i + 1] for i in range(3)]
        return gt.partials(lambda a, b, c: field(gt.concat([a, b, c], 1)), "a bb abc ccc")(*columns)
    return getattr(gt.fields, name)(field)(x)


@pytest.mark.parametrize(
    "name", ["laplacian", "hessian_diagonal", "gradient", "biharmonic", "partials", "jacobian"]
)
def test_directions_stand_in_the_tiles_of_their_rows(name):
    weights = made([3, 8, 8, 2], np.float64)
    variables = [v for pair in weights for v in pair]

    def step(x):
        with gt.GradientTape() as tape:
            parts = gt.nest.flatten(directional(name, x, weights))
            loss = gt.add_n([gt.reduce_mean(part**2) for part in parts])
        return loss, parts, tape.gradient(loss, variables, unconnected_gradients="zero")

    x = np.random.default_rng(1).uniform(-1, 1, (1009, 3))
    f = assert_same(step, (x,), 1e-10)
    assert f.stats()["calls"] == []
    assert f.stats()["bytes"] < 1 << 20  # of a tile, however many rows there are


def test_directions_that_enter_and_leave_behind_their_rows():
    """Arguments and results in which directions stand in front of the rows."""

    def program(x, tangents, w):
        first = gt.tanh(x @ w)
        slopes = gt.reshape(gt.reshape(tangents, (-1, 3)) @ w, (4, -1, 5)) * (1 - first * first)
        total = gt.reduce_sum(slopes, axis=0)
        means = gt.reduce_mean(slopes, axis=(1, 2))
        return (
            slopes,
            total,
            gt.transpose(slopes, (1, 0, 2)),
            means,
            slopes[1:3],
            slopes[2, :, 1],
            slopes[:, 5],
        )

    rng = np.random.default_rng(0)
    assert_same(
        program, (rng.normal(size=(700, 3)), rng.normal(size=(4, 700, 3)), rng.normal(size=(3, 5))), 1e-12
    )


def test_a_later_walk_reads_directions_that_an_earlier_one_has_written():
    def program(x, tangents):
        slopes = gt.exp(-x * x) * tangents
        scale = gt.reduce_max(gt.abs(slopes))
        return gt.reduce_sum(slopes / scale, axis=0), slopes

    rng = np.random.default_rng(0)
    assert_same(program, (rng.normal(size=(900, 2)), rng.normal(size=(3, 900, 2))), 1e-12, walks=2)


@pytest.mark.parametrize("factor", ["rows", "columns", "spread"])
def test_products_with_matrices_that_repeat_themselves(factor):
    """Of equal rows or columns one is multiplied; what meets equal columns is added up before."""
    rng = np.random.default_rng(0)
    runs = np.repeat(rng.normal(size=(3, 6)), 4, 0)  # (12, 6)
    matrix = {"rows": runs, "columns": runs.T, "spread": np.broadcast_to(rng.normal(size=6), (12, 6))}[factor]

    def program(x, y):
        return matrix @ x, y @ matrix, gt.transpose(gt.constant(matrix)) @ y[: matrix.shape[0]]

    rows, columns = matrix.shape
    x, y = rng.normal(size=(columns, 7)), rng.normal(size=(13, rows))
    for backend in ("reference", "llvm"):
        f = gt.function(program, backend=backend)
        f(x, y)
        for found, expected in zip(f(x, y), program(gt.constant(x), gt.constant(y)), strict=True):
            np.testing.assert_allclose(found.numpy(), expected.numpy(), rtol=1e-13, atol=1e-13)


def test_wholes_in_another_shape_lie_in_one_memory_unless_they_leave(threads):
    """Of an input, a total and a weight: used in walks and after them, and given out side by side."""

    def program(x, w):
        column = gt.reshape(w, [3, 1])
        total = gt.reduce_sum(gt.tanh(x) * 2, axis=0)
        y = gt.reshape(x @ column, [-1]) * gt.reduce_sum(gt.reshape(total, [3, 1]))
        return y, column, total, gt.reshape(total, [1, 3]), gt.reshape(gt.reshape(total, [3, 1]) + 1, [3])

    rng = np.random.default_rng(0)
    x, w = rng.normal(size=(1000, 3)), rng.normal(size=3)
    f = assert_same(program, (x, w), 1e-12, walks=2)
    results = [w, *(y.numpy() for y in f(x, w))]
    for a, b in itertools.combinations(results, 2):
        assert not np.shares_memory(a, b)


@pytest.mark.parametrize("shape", [(5000, 200), (3000, 300), (1009, 50)])
def test_least_squares_reads_its_matrix_by_tiles(shape, threads):
    rng = np.random.default_rng(0)
    a, b = gt.constant(rng.normal(size=shape)), gt.constant(rng.normal(size=shape[0]))

    def both(x):
        with gt.GradientTape() as tape:
            tape.watch(x)
            residual = gt.linalg.matvec(a, x) - b
            value = gt.reduce_sum(residual * residual) / 2
        return value, tape.gradient(value, x)

    f = assert_same(both, (rng.normal(size=shape[1]),), 1e-11)
    assert f.stats()["calls"] == []
    assert f.stats()["tile"] * shape[1] * 8 <= max(1 << 17, 32 * shape[1] * 8)


@pytest.mark.parametrize("count", [1000, 1009])
def test_stacks_of_products_are_walked_through(count, threads):
    """A quadratic form of each row in each of some matrices, with derivatives in the rows and the matrices."""
    rng = np.random.default_rng(0)

    def program(x, m):
        with gt.GradientTape() as tape:
            tape.watch([x, m])
            y = gt.tanh(gt.einsum("kij,nkj->nki", m, x - gt.reduce_sum(m, 2)))
            loss = gt.reduce_sum(y * y)
        return loss, *tape.gradient(loss, [x, m])

    f = assert_same(program, (rng.normal(size=(count, 1, 4)), rng.normal(size=(5, 4, 4))), 1e-12)
    assert f.stats()["calls"] == []


@pytest.mark.parametrize("dtype", ["int32", "int64", "uint8"])
@pytest.mark.parametrize("count", [1000, 1009])
def test_whole_numbers_are_gathered(dtype, count, threads):
    """The largest, the smallest and the sum begin with what the dtype has."""
    x = np.random.default_rng(0).integers(1, 9, (count, 3)).astype(dtype)

    def program(x):
        y = x * x + gt.cast(x > 4, x.dtype)
        return gt.reduce_max(y, axis=0), gt.reduce_min(y, axis=0), gt.reduce_sum(y, axis=0)

    f = gt.function(program, backend="llvm")
    f(x)
    y = x * x + (x > 4).astype(dtype)
    wanted = y.max(0), y.min(0), y.sum(0, dtype=dtype)
    for found, expected in zip(f(x), wanted, strict=True):
        np.testing.assert_array_equal(found.numpy(), expected)


@pytest.mark.parametrize("axes", [(0, 1), (1, 0)])
def test_rows_that_a_shape_mixes_leave_in_memory_of_their_own(axes, threads):
    def program(x):
        y = gt.transpose(gt.exp(x), axes)
        return gt.reshape(y, [1500, 2]), gt.reduce_sum(gt.reshape(y, [1500, 2]) ** 2, axis=1)

    x = np.random.default_rng(0).normal(size=(1000, 3))
    f = gt.function(program, backend="llvm")
    f(x)
    wanted = np.exp(x).transpose(axes).reshape(1500, 2)
    found = f(x)
    f(2 * x)
    np.testing.assert_allclose(found[0].numpy(), wanted, rtol=1e-14)
    np.testing.assert_allclose(found[1].numpy(), (wanted**2).sum(1), rtol=1e-14)


def test_truths_over_all_rows(threads):
    x = np.random.default_rng(0).normal(size=(100_000, 3))
    f = gt.function(
        lambda x: (gt.reduce_any(gt.sin(x) > 0.99, 0), gt.reduce_all(gt.exp(x) > 0)), backend="llvm"
    )
    for _ in range(2):
        found = f(gt.constant(x))
        assert found[0].numpy().tolist() == (np.sin(x) > 0.99).any(0).tolist()
        assert bool(found[1])
    assert f.stats()["calls"] == []


@pytest.mark.parametrize(("count", "walks"), [(1000, None), (100_000, 1)])
def test_a_batch_that_stays_in_the_cache_is_computed_as_it_is(count, walks, monkeypatch):
    monkeypatch.undo()
    x = np.random.default_rng(0).normal(size=(count, 3))
    assert_same(lambda x: (x * x, gt.reduce_sum(x * gt.abs(x), axis=0)), (x,), 1e-12, walks=walks)


def test_a_program_that_only_looks_at_its_rows_otherwise():
    f = gt.function(lambda x, y: (gt.reshape(x, (120_000,)), gt.reduce_sum(y) * 2.0), backend="llvm")
    x, y = np.random.default_rng(0).normal(size=(120_000, 1)), np.arange(3.0)
    for k in range(2):
        row, total = f(x + k, y + k)
        np.testing.assert_array_equal(row, x[:, 0] + k)
        assert float(total) == 6.0 * (1 + k)
