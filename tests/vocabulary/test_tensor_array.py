"""`TensorArray`: its values are those that TensorFlow 2.21 gave, its derivatives those of the same program on lists."""

import numpy as np
import pytest

import gradtape as gt
from gradtape.errors import InvalidArgumentError, RecordingError, UncoveredError

F = gt.float32


def array(size=3, **settings):
    return gt.TensorArray(F, size, **settings)


def test_entries_are_read_and_joined():
    a = array(0, dynamic_size=True, clear_after_read=False)
    for i in range(3):
        a = a.write(i, 10.0 * (i + 1))
    assert a.read(1).numpy() == 20.0
    assert a.stack().numpy().tolist() == [10.0, 20.0, 30.0]
    assert (a.size().numpy(), a.dtype, a.dynamic_size) == (3, gt.float32, True)
    assert a.gather([2, 0, 2]).numpy().tolist() == [30.0, 10.0, 30.0]
    assert array().scatter(gt.constant([2, 0]), [1.0, 2.0]).stack().numpy().tolist() == [2.0, 0.0, 1.0]
    assert array(2).scatter([0, 0], [1.0, 2.0]).stack().numpy().tolist() == [2.0, 0.0]
    assert array(1, dynamic_size=True).write(2, 1.0).stack().numpy().tolist() == [0.0, 0.0, 1.0]


def test_pieces_may_differ_in_length():
    a = array(2, infer_shape=False).split([1.0, 2.0, 3.0], [1, 2])
    assert a.read(1).numpy().tolist() == [2.0, 3.0]
    b = array(2, infer_shape=False).split([1.0, 2.0, 3.0], gt.constant([1, 2]))
    assert b.concat().numpy().tolist() == [1.0, 2.0, 3.0]
    assert array(2).unstack([[[1.0, 2.0]], [[3.0, 4.0]]]).concat().numpy().tolist() == [
        [1.0, 2.0],
        [3.0, 4.0],
    ]


def test_unstacking_takes_as_many_entries_as_there_are():
    assert array(5).unstack([1.0, 2.0]).stack().numpy().tolist() == [1.0, 2.0]
    assert array(0, dynamic_size=True).unstack([1.0, 2.0]).size().numpy() == 2
    a = array(2).unstack([1.0, 2.0]).write(0, 5.0)
    assert a.stack().numpy().tolist() == [5.0, 2.0]


def test_what_was_not_written_is_zero():
    assert array().write(1, [1.0, 2.0]).stack().numpy().tolist() == [[0.0, 0.0], [1.0, 2.0], [0.0, 0.0]]
    assert array(1, element_shape=[2]).read(0).numpy().tolist() == [0.0, 0.0]
    assert array(0, element_shape=[2]).stack().shape == (0, 2)
    assert array(0).stack().shape == (0,)
    with pytest.raises(InvalidArgumentError, match="entry 0 was not written"):
        array(1).read(0)
    with pytest.raises(InvalidArgumentError, match="entry 0 was not written"):
        array(1, element_shape=[None]).stack()


def test_an_entry_is_read_once():
    a = array(2).unstack([1.0, 2.0])
    a.read(0)
    with pytest.raises(InvalidArgumentError, match="twice"):
        a.read(0)
    assert a.write(0, 3.0).read(0).numpy() == 3.0
    a = array(2).unstack([1.0, 2.0])
    a.read(0)
    assert a.stack().numpy().tolist() == [0.0, 2.0]


def test_dtypes_and_shapes_are_checked():
    assert array(1).write(0, 1).read(0).dtype == gt.float32
    assert array(1).write(0, np.float64(1.0)).read(0).dtype == gt.float32
    assert array(1).write(0, gt.Variable(2.0)).stack().numpy().tolist() == [2.0]
    with pytest.raises(InvalidArgumentError, match="trying to write dtype int32"):
        array(1).write(0, gt.constant(1))
    with pytest.raises(ValueError, match="Incompatible shape"):
        array(2).write(0, [1.0]).write(1, [1.0, 2.0])
    with pytest.raises(ValueError, match="Incompatible shape"):
        array(2, element_shape=[2]).unstack([[1.0], [2.0]])
    a = array(2, element_shape=[None], infer_shape=False).write(0, [1.0]).write(1, [1.0, 2.0])
    assert a.concat().numpy().tolist() == [1.0, 1.0, 2.0]
    assert a.element_shape == (None,)
    assert array(1).element_shape is None
    assert array(1).write(0, [1.0]).element_shape == (1,)


@pytest.mark.parametrize(
    ("ask", "kind"),
    [
        (lambda: gt.TensorArray(F), ValueError),
        (lambda: array(2.5), TypeError),
        (lambda: array(-1), ValueError),
        (lambda: array(1, flow=0.0), UncoveredError),
        (lambda: array(1).read(1), IndexError),
        (lambda: array(1).read(-1), IndexError),
        (lambda: array(1).write(1, 1.0), IndexError),
        (lambda: array(1, dynamic_size=True).write(-1, 1.0), IndexError),
        (lambda: array(1).write(0.5, 1.0), TypeError),
        (lambda: array(1).write([0], 1.0), TypeError),
        (lambda: array(2).unstack([1.0, 2.0]).gather([2]), IndexError),
        (lambda: array(2).unstack([1.0, 2.0]).gather([[0]]), TypeError),
        (lambda: array(2).unstack([1.0, 2.0, 3.0]), ValueError),
        (lambda: array(1).unstack(1.0), ValueError),
        (lambda: array(2).scatter([0, 1], [1.0]), ValueError),
        (lambda: array(2).split([1.0, 2.0, 3.0], [1, 1]), ValueError),
        (lambda: array(3).split([1.0, 2.0, 3.0], [1, 2]), ValueError),
        (lambda: array(1).split(1.0, [1]), ValueError),
        (lambda: array(2).unstack([1.0, 2.0]).concat(), ValueError),
        (lambda: array(0).concat(), ValueError),
    ],
)
def test_what_does_not_fit_is_refused(ask, kind):
    with pytest.raises(kind):
        ask()


def test_what_is_refused_has_changed_nothing():
    a = array(2).unstack([1.0, 2.0])
    for ask in (
        lambda: a.write(0, [1.0]),
        lambda: a.scatter([0, 5], [7.0, 8.0]),
        lambda: a.unstack([1.0] * 3),
    ):
        with pytest.raises(ValueError, match="TensorArray"):
            ask()
    assert a.stack().numpy().tolist() == [1.0, 2.0]


def test_derivatives_of_every_way_in_and_out():
    x = gt.constant([1.0, 2.0, 3.0])
    with gt.GradientTape(persistent=True) as tape:
        tape.watch(x)
        by_gather = gt.reduce_sum(array().unstack(x * x).gather([2, 0, 2]) * [1.0, 10.0, 100.0])
        by_scatter = gt.reduce_sum(array().scatter([2, 1, 0], x).stack() ** 2 * [1.0, 2.0, 3.0])
        pieces = array(2, infer_shape=False).split(x * x, [2, 1])
        by_pieces = gt.reduce_sum(pieces.read(0)) + 5.0 * pieces.read(1)[0]
        by_concat = gt.reduce_sum(array(2).unstack([x, x**2]).concat() * gt.range(6.0))
        beside = gt.reduce_sum(array(2).write(1, x).stack())
    assert tape.gradient(by_gather, x).numpy().tolist() == [20.0, 0.0, 606.0]
    assert tape.gradient(by_scatter, x).numpy().tolist() == [6.0, 8.0, 6.0]
    assert tape.gradient(by_pieces, x).numpy().tolist() == [2.0, 4.0, 30.0]
    assert tape.gradient(by_concat, x).numpy().tolist() == [6.0, 17.0, 32.0]
    assert tape.gradient(beside, x).numpy().tolist() == [1.0, 1.0, 1.0]


def test_it_changes_itself_where_python_runs_it_and_not_in_a_recording():
    a = array(1)
    a.write(0, 5.0)
    assert a.stack().numpy().tolist() == [5.0]

    @gt.function
    def lost(x):
        b = array(1, element_shape=[])
        b.write(0, x)
        return b.stack()

    assert lost(gt.constant(3.0)).numpy().tolist() == [0.0]

    @gt.function
    def chosen(which, x):
        b = array(2).unstack([1.0, 2.0])
        return gt.cond(which, lambda: b.write(0, x), lambda: b).stack()

    for which, first in ((True, 9.0), (False, 1.0), (True, 9.0)):
        assert chosen(gt.constant(which), gt.constant(9.0)).numpy().tolist() == [first, 2.0]


def test_an_array_from_outside_a_recording_is_refused_in_it():
    a = array(1).write(0, 1.0)

    @gt.function
    def reads(x):
        return x + a.read(0)

    with pytest.raises(RecordingError, match="made outside"):
        reads(gt.constant(1.0))


def test_a_row_whose_number_is_an_argument_is_read_at_each_call():
    @gt.function
    def row(x, k):
        return array().unstack(x).read(k), array().unstack(x).gather(gt.stack([k, k]))

    for k in (0, 2, 1):
        one, two = row(gt.constant([1.0, 2.0, 3.0]), gt.constant(k))
        assert (one.numpy(), two.numpy().tolist()) == (k + 1.0, [k + 1.0] * 2)
    assert row.stats()["roads"] == 1
    with pytest.raises(IndexError):
        row(gt.constant([1.0, 2.0, 3.0]), gt.constant(5))


def test_loops_of_python_in_a_recording():
    @gt.function
    def fibonacci(x, n):
        a = array(0, dynamic_size=True, clear_after_read=False).unstack([x, x])
        for i in range(2, 12):
            a = a.write(i, a.read(i - 1) + a.read(i - 2))
        for i in gt.range(n):
            a = a.write(12 + i, x)
        return a.stack()

    for x, n in ((1.0, 1), (2.0, 1), (3.0, 2)):
        found = fibonacci(gt.constant(x), gt.constant(n)).numpy().tolist()
        assert found == [f * x for f in (1, 1, 2, 3, 5, 8, 13, 21, 34, 55, 89, 144)] + [x] * n


def powers(x, n, size):
    """Entries x^(i+2) for i < n among zeros, and the derivative of their sum weighted by place."""
    entries = [x ** (i + 2) for i in range(n)] + [0.0] * (size - n)
    return entries, sum(i * (i + 2) * x ** (i + 1) for i in range(n))


@gt.function
def looped(x, n):
    with gt.GradientTape() as tape:
        tape.watch(x)
        _, _, a = gt.while_loop(
            lambda i, s, a: i < n,
            lambda i, s, a: (i + 1, s * x, a.write(i, s * x)),
            (gt.constant(0), x, gt.TensorArray(gt.float64, 20)),
        )
        y = a.stack()
        total = gt.reduce_sum(y * np.arange(20.0))
    return y, tape.gradient(total, x)


def test_a_loop_with_an_array_is_one_operation_for_every_number_of_turns():
    for n in (12, 5, 20, 3, 1, 15):
        y, slope = looped(gt.constant(0.9, gt.float64), gt.constant(n))
        entries, expected = powers(0.9, n, 20)
        np.testing.assert_allclose(y.numpy(), entries, rtol=1e-13)
        np.testing.assert_allclose(slope.numpy(), expected, rtol=1e-12)
    assert looped.stats()["roads"] == 1
    assert looped.stats()["recorded"] < 60
    with pytest.raises(IndexError):
        looped(gt.constant(0.9, gt.float64), gt.constant(25))


def test_a_loop_that_reads_one_array_and_writes_another_backwards():
    @gt.function
    def reversed_sums(x):
        a = gt.TensorArray(gt.float64, 30).unstack(x)
        _, _, b = gt.while_loop(
            lambda i, *_: i < 30,
            lambda i, s, b: (i + 1, s + a.read(i), b.write(29 - i, a.read(i) * s)),
            (gt.constant(0), gt.constant(0.0, gt.float64), gt.TensorArray(gt.float64, 30)),
        )
        return b.stack()

    x = np.linspace(0.0, 1.0, 30)
    expected = (x * np.concatenate([[0.0], np.cumsum(x)[:-1]]))[::-1]
    for scale in (1.0, 2.0):
        found = reversed_sums(gt.constant(x * scale)).numpy()
        np.testing.assert_allclose(found, expected * scale**2, rtol=1e-13)
    assert reversed_sums.stats()["recorded"] < 40


def test_the_last_of_several_writes_to_a_place_stays_and_the_rest_of_the_array():
    @gt.function
    def program(x):
        a = gt.TensorArray(gt.float64, 24).unstack(np.full(24, 7.0))

        def body(i, s, a):
            return i + 1, s * x, a.write(23, s * x).write(i, s + 1.0)

        return gt.while_loop(lambda i, *_: i < 10, body, (gt.constant(0), x, a))[2].stack()

    for x in (1.1, 0.9):
        expected = np.full(24, 7.0)
        expected[:10], expected[23] = x ** np.arange(1, 11) + 1, x**11
        np.testing.assert_allclose(program(gt.constant(x, gt.float64)).numpy(), expected, rtol=1e-13)
    assert program.stats()["recorded"] < 40


@pytest.mark.parametrize("way", ["reads its own", "swaps", "grows", "joins"])
def test_a_loop_that_needs_its_own_entries_goes_turn_by_turn(way):
    def body(i, a, b):
        if way == "reads its own":
            return i + 1, a.write(i, a.read(i - 1) + 1.0), b
        if way == "swaps":
            return i + 1, b, a.write(i, 2.0 * gt.cast(i, F))
        if way == "joins":
            return i + 1, a.write(i, gt.reduce_sum(a.stack())), b
        return i + 1, a, b.write(i, gt.cast(i, F))

    def program(x):
        a = array(12, clear_after_read=False, element_shape=[]).write(0, x).write(1, x)
        b = array(1, dynamic_size=True, clear_after_read=False).write(0, x)
        if way == "swaps":
            b = array(12, element_shape=[]).write(0, -x)
        _, a, b = gt.while_loop(lambda i, *_: i < 12, body, (gt.constant(2), a, b))
        return a.stack(), b.stack()

    recorded = gt.function(program)
    for x in (1.0, 3.0, 2.0):
        expected = program(gt.constant(x))
        for found, wanted in zip(recorded(gt.constant(x)), expected, strict=True):
            assert found.numpy().tolist() == wanted.numpy().tolist()
    assert expected[0].shape == (12,)


def test_a_loop_in_a_loop_and_a_batch():
    def program(x):
        def body(i, a):
            _, s = gt.while_loop(
                lambda j, s: j < i + 2, lambda j, s: (j + 1, s * x + 1.0), (gt.constant(0), x)
            )
            return i + 1, a.write(i, s)

        start = (gt.constant(0), gt.TensorArray(gt.float64, 12))
        return gt.while_loop(lambda i, a: i < 12, body, start)[1].stack()

    def expected(x):
        rows = []
        for i in range(12):
            s = x
            for _ in range(i + 2):
                s = s * x + 1.0
            rows.append(s)
        return np.array(rows)

    recorded = gt.function(program)
    for x in (np.array([0.5, -0.3]), np.array([0.1, 0.9])):
        np.testing.assert_allclose(recorded(gt.constant(x)).numpy(), expected(x), rtol=1e-12)
    assert recorded.stats()["recorded"] < 30
    xs = np.array([0.2, -0.4, 0.6])
    mapped = gt.vectorized_map(program, gt.constant(xs)).numpy()
    np.testing.assert_allclose(mapped, expected(xs).T, rtol=1e-12)


def test_second_derivatives_through_a_loop_with_an_array():
    @gt.function
    def curvature(x):
        with gt.GradientTape() as outer:
            outer.watch(x)
            with gt.GradientTape() as inner:
                inner.watch(x)
                body = lambda i, s, a: (i + 1, s * x, a.write(i, s))
                start = (gt.constant(0), x, gt.TensorArray(gt.float64, 10))
                y = gt.reduce_sum(gt.while_loop(lambda i, *_: i < 10, body, start)[2].stack())
            slope = inner.gradient(y, x)
        return outer.gradient(slope, x)

    for x in (0.7, 1.2):
        expected = sum(k * (k - 1) * x ** (k - 2) for k in range(1, 11))
        np.testing.assert_allclose(curvature(gt.constant(x, gt.float64)).numpy(), expected, rtol=1e-12)


def test_it_is_a_leaf_and_says_what_it_holds():
    a = array(2).unstack([1.0, 2.0])
    assert gt.nest.flatten([a, 1]) == [a, 1]
    assert repr(a) == "<TensorArray: 2 entries, shape=(), dtype=float32>"
    b = a.identity()
    b.write(0, 5.0)
    assert a.stack().numpy().tolist() == [1.0, 2.0]
    a.close()
    assert a.size().numpy() == 0
