"""Names of TensorFlow's about devices, graphs and how functions run: what they mean where all is eager, on one CPU."""

import numpy as np
import pytest

import gradtape as gt
from gradtape.errors import ChoiceError, RangeError


@pytest.mark.parametrize(
    "name",
    [
        "CPU",
        "cpu",
        "/CPU:0",
        "/cpu:0",
        "/device:CPU:0",
        "/job:localhost/replica:0/task:0/device:CPU:0",
        "",
        None,
    ],
)
def test_a_device_of_this_machine(name):
    x = gt.constant(3.0)
    with gt.GradientTape() as tape, gt.device(name):
        tape.watch(x)
        y = x * x
    assert tape.gradient(y, x).numpy() == 6.0


@pytest.mark.parametrize(
    "name", ["/GPU:0", "GPU", "/CPU:1", "/device:TPU:0", "nonsense", "/job:localhost/GPU:0"]
)
def test_a_device_that_is_not_there(name):
    with pytest.raises(ChoiceError, match="Operations run on the processor"):
        gt.device(name)


def test_devices_are_the_processor():
    (cpu,) = gt.config.list_physical_devices()
    assert repr(cpu) == "PhysicalDevice(name='/physical_device:CPU:0', device_type='CPU')"
    assert gt.config.list_physical_devices("CPU") == gt.config.get_visible_devices() == [cpu]
    assert gt.config.list_physical_devices("GPU") == gt.config.list_logical_devices("GPU") == []
    with gt.device(gt.config.list_logical_devices()[0]):
        pass
    gt.config.set_visible_devices([], "GPU")
    gt.config.set_visible_devices(cpu, "CPU")
    for ask in (
        lambda: gt.config.set_visible_devices([]),
        lambda: gt.config.set_visible_devices("GPU:0", "GPU"),
        lambda: gt.config.experimental.set_memory_growth(cpu, True),
        lambda: gt.config.experimental.get_device_details("GPU:0"),
    ):
        with pytest.raises(ValueError, match="device|processor"):
            ask()
    with pytest.raises(TypeError, match="Expecting a string"):
        gt.device(cpu)
    assert gt.config.experimental.get_device_details(cpu) == {}
    assert not gt.test.is_gpu_available()
    assert gt.test.gpu_device_name() == ""
    assert not gt.test.is_built_with_cuda()


def test_settings_are_kept():
    gt.config.experimental.enable_op_determinism()
    gt.config.optimizer.set_jit(True)
    assert gt.config.optimizer.get_jit() == "autoclustering"
    gt.config.optimizer.set_jit(False)
    gt.config.optimizer.set_experimental_options({"constant_folding": True})
    assert gt.config.optimizer.get_experimental_options() == {"constant_folding": True}
    gt.config.set_soft_device_placement(False)
    assert not gt.config.get_soft_device_placement()
    gt.config.set_soft_device_placement(True)
    before = gt.get_threads()
    gt.config.threading.set_intra_op_parallelism_threads(3)
    assert (gt.get_threads(), gt.config.threading.get_intra_op_parallelism_threads()) == (3, 3)
    gt.config.threading.set_intra_op_parallelism_threads(0)
    assert gt.get_threads() == before
    with pytest.raises(RangeError):
        gt.config.threading.set_inter_op_parallelism_threads(-1)


def test_functions_can_run_as_python():
    calls = []

    class Model:
        @gt.function
        def __call__(self, x):
            calls.append(float(x.numpy()) if gt.config.functions_run_eagerly() else None)
            return x * x

    model, x = Model(), gt.constant(3.0)
    model(x)
    try:
        gt.config.run_functions_eagerly(True)
        for _ in range(2):
            with gt.GradientTape() as tape:
                tape.watch(x)
                y = model(x)
            assert tape.gradient(y, x).numpy() == 6.0
    finally:
        gt.config.run_functions_eagerly(False)
    model(x)
    assert calls == [None, 3.0, 3.0]
    assert not gt.config.functions_run_eagerly()


def test_a_concrete_function_takes_the_tensors():
    @gt.function
    def power(x, n, bias=None):
        y = x**n
        return y if bias is None else y + bias

    cube = power.get_concrete_function(gt.TensorSpec([None], gt.float32), 3)
    assert cube(gt.constant([1.0, 2.0])).numpy().tolist() == [1.0, 8.0]
    assert cube(x=gt.constant([3.0])).numpy().tolist() == [27.0]
    with pytest.raises(TypeError, match="input_signature"):
        cube(gt.constant([[1.0]]))
    with pytest.raises(TypeError, match="are needed"):
        cube(gt.constant([1.0]), 3)
    with pytest.raises(TypeError, match="get_concrete_function"):
        power.get_concrete_function()
    shifted = power.get_concrete_function(gt.constant(1.0), 2, bias=gt.TensorSpec([], gt.float32))
    x = gt.constant(3.0)
    with gt.GradientTape() as tape:
        tape.watch(x)
        y = shifted(x, gt.constant(0.5))
    assert (y.numpy(), tape.gradient(y, x).numpy()) == (9.5, 6.0)


def test_a_signed_function_is_concrete():
    @gt.function(input_signature=[gt.TensorSpec([], gt.float32)])
    def double(x):
        return 2.0 * x

    assert double.get_concrete_function()(gt.constant(4.0)).numpy() == 8.0


def test_concrete_functions_of_methods():
    class Scaled(gt.Module):
        def __init__(self, scale):
            self.w = gt.Variable(scale)

        @gt.function(input_signature=[gt.TensorSpec([None], gt.float32)])
        def __call__(self, x):
            return {"y": self.w * x, "all": [x]}

        @gt.function
        def power(self, x, n=2):
            return self.w * x**n

        @gt.vectorize
        def near(self, x):
            return x if x > 0 else self.w

    two, three = Scaled(2.0), Scaled(3.0)
    x = gt.constant([1.0, 2.0])
    for model, factor in ((two, 2.0), (three, 3.0)):
        signed = model.__call__.get_concrete_function()
        assert signed(x)["y"].numpy().tolist() == [factor, 2.0 * factor]
        again = model.__call__.get_concrete_function(gt.TensorSpec([None], gt.float32))
        assert again(x)["all"][0].numpy().tolist() == [1.0, 2.0]
        cube = model.power.get_concrete_function(gt.TensorSpec([None], gt.float32), n=3)
        assert cube(x).numpy().tolist() == [factor, 8.0 * factor]
        assert model.power(x).numpy().tolist() == [factor, 4.0 * factor]
        assert model.near(-x).numpy().tolist() == [factor, factor]
    assert two.power.stats()["roads"] == two.near.stats()["roads"] == 2  # of both objects
    unbound = Scaled.power.get_concrete_function(three, gt.TensorSpec([], gt.float32))
    assert unbound(gt.constant(2.0)).numpy() == 12.0


def test_input_signatures_as_tutorials_write_them():
    @gt.function(input_signature=(gt.TensorSpec(shape=[None], dtype=gt.int32),))
    def next_collatz(x):
        return gt.where(gt.equal(x % 2, 0), x // 2, 3 * x + 1)

    assert next_collatz(gt.constant([1, 2])).numpy().tolist() == [4, 1]
    with pytest.raises(TypeError, match="next_collatz.*input_signature"):
        next_collatz(gt.constant([[1, 2], [3, 4]]))
    with pytest.raises(TypeError, match="next_collatz.*input_signature"):
        next_collatz(gt.constant([1.0, 2.0]))

    @gt.function(
        input_signature=[{"a": gt.TensorSpec([]), "b": [gt.TensorSpec([None, 2])]}, gt.TensorSpec(None)]
    )
    def nested(d, z):
        return d["a"] * d["b"][0] + z

    found = nested({"a": gt.constant(2.0), "b": [gt.ones((3, 2))]}, gt.constant([0.0, 1.0]))
    assert found.numpy().tolist() == 3 * [[2.0, 3.0]]
    concrete = nested.get_concrete_function()
    assert concrete({"a": gt.constant(2.0), "b": [gt.ones((1, 2))]}, gt.constant(0.0)).numpy().tolist() == [
        [2.0, 2.0]
    ]


def test_the_order_of_a_graph_is_that_of_the_program():
    v = gt.Variable(1.0)

    @gt.function
    def after():
        with gt.control_dependencies([v.assign_add(1.0)]):
            return gt.identity(v)

    assert [after().numpy() for _ in range(3)] == [2.0, 3.0, 4.0]
    with gt.init_scope():
        x = gt.constant(2.0)
    assert gt.group(x) is None
    assert gt.no_op() is None
    first, second = gt.tuple([x, None])
    assert first is not x
    assert (first.numpy(), second) == (2.0, None)


def test_a_static_value_is_the_same_in_every_run():
    assert gt.get_static_value(gt.constant([1, 2])).tolist() == [1, 2]
    seen = []

    @gt.function
    def asks(x):
        seen.append((gt.get_static_value(x), gt.get_static_value(gt.constant(5.0))))
        return x

    asks(gt.constant(1.0))
    assert seen == [(None, 5.0)]


def test_functions_of_python_and_numpy():
    x = gt.constant(3.0)
    with gt.GradientTape(persistent=True) as tape:
        tape.watch(x)
        y = gt.py_function(lambda a, b: a * b, [x, x], gt.float32)
        first, second = gt.py_function(lambda a: (a, 2), [x], [gt.float32, gt.int64])
        z = gt.numpy_function(lambda a: np.float32(2.0) * a, [x], gt.float32)
    assert (y.numpy(), first.numpy(), second.numpy(), second.dtype, z.numpy()) == (9.0, 3.0, 2, gt.int64, 6.0)
    assert tape.gradient(y, x).numpy() == 6.0
    assert tape.gradient(z, x) is None
    triple = gt.numpy_function(Tout=gt.float32)(lambda a: np.float32(3.0) * a)
    assert triple(x).numpy() == 9.0
    with pytest.raises(ValueError, match="returns int32"):
        gt.py_function(lambda a: gt.constant(1), [x], gt.float32)
    with pytest.raises(ValueError, match="1 results"):
        gt.py_function(lambda a: a, [x], [gt.float32, gt.float32])


def test_a_shape_is_checked():
    x = gt.ones((2, 3))
    x.set_shape([None, 3])
    x.set_shape(None)
    gt.Variable([1.0]).set_shape([1])
    with pytest.raises(ValueError, match="does not have the shape"):
        x.set_shape([2, 4])
    with pytest.raises(ValueError, match="does not have the shape"):
        x.set_shape([2])
