"""`gt.train`: checkpoints as TensorFlow's guide uses them."""

import json
import os
import warnings

import numpy as np
import pytest

import gradtape as tf


class Net(tf.Module):
    def __init__(self):
        super().__init__()
        self.w = tf.Variable([[1.0]], name="w")
        self.b = tf.Variable([0.0], name="b")

    def __call__(self, x):
        return x @ self.w + self.b


def fit(net, optimizer):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(tf.abs(net([[1.0], [2.0]]) - [[7.0], [12.0]]))
    optimizer.apply_gradients(
        zip(tape.gradient(loss, net.trainable_variables), net.trainable_variables, strict=True)
    )
    return loss.numpy()


def test_the_guides_training_loop(tmp_path):
    """TensorFlow's guide "Training checkpoints": train, forget everything, go on from the latest."""
    folder = str(tmp_path / "tf_ckpts")

    def run():
        net, optimizer = Net(), tf.optimizers.Adam(0.1)
        checkpoint = tf.train.Checkpoint(step=tf.Variable(1), optimizer=optimizer, net=net)
        manager = tf.train.CheckpointManager(checkpoint, folder, max_to_keep=3)
        checkpoint.restore(manager.latest_checkpoint)
        started = int(checkpoint.step)
        losses = []
        for _ in range(20):
            losses.append(fit(net, optimizer))
            checkpoint.step.assign_add(1)
            if int(checkpoint.step) % 5 == 0:
                manager.save()
        return started, losses, manager

    started, first, manager = run()
    assert (started, manager.latest_checkpoint) == (1, os.path.join(folder, "ckpt-4"))
    assert [os.path.basename(path) for path in manager.checkpoints] == ["ckpt-2", "ckpt-3", "ckpt-4"]
    started, second, manager = run()
    assert started == 20  # the fourth file was written at step 20
    assert second[0] == first[19]
    assert tf.train.latest_checkpoint(folder).endswith("ckpt-8")
    kept = {name for name in os.listdir(folder) if name.endswith(".safetensors")}
    assert kept == {f"ckpt-{n}.safetensors" for n in (6, 7, 8)}


def test_save_restore_and_names(tmp_path):
    v = tf.Variable(1.0)
    checkpoint = tf.train.Checkpoint(v=v)
    prefix = os.path.join(tmp_path, "new", "ckpt")
    first = checkpoint.save(prefix)
    v.assign(2.0)
    second = checkpoint.save(file_prefix=prefix)
    assert (first, second) == (f"{prefix}-1", f"{prefix}-2")
    assert tf.train.latest_checkpoint(os.path.dirname(prefix)) == second
    checkpoint.restore(first).assert_consumed()
    assert v.numpy() == 1.0
    assert checkpoint.save(prefix) == second  # goes on counting from what was restored
    assert tf.train.list_variables(second) == [("save_counter", []), ("v", [])]
    assert tf.train.load_variable(os.path.dirname(prefix), "v") == 1.0
    with pytest.raises(tf.errors.NotFoundError, match="list_variables has the names"):
        tf.train.load_variable(second, "w")
    assert sorted(tf.load(second)) == ["save_counter", "v"]


def test_write_and_read_have_no_number(tmp_path):
    net = Net()
    path = tf.train.Checkpoint(net).write(tmp_path / "model")
    assert path == str(tmp_path / "model")
    net.w.assign([[5.0]])
    tf.train.Checkpoint(net).read(path).assert_consumed()
    assert net.w.numpy() == 1.0
    assert [name for name, _ in tf.train.list_variables(path)] == ["b", "save_counter", "w"]


def test_partial_restores(tmp_path):
    path = tf.train.Checkpoint(a=tf.Variable(1.0), b=tf.Variable(2.0)).write(tmp_path / "c")
    a, c = tf.Variable(0.0), tf.Variable(7.0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        status = tf.train.Checkpoint(a=a, c=c).restore(path).expect_partial()
        assert (status.missing, status.unused) == (("c",), ("b",))
        assert (a.numpy(), c.numpy()) == (1.0, 7.0)
        with pytest.raises(AssertionError, match="the file has no c, and no object has the file's b"):
            tf.train.Checkpoint(a=a, c=c).restore(path).assert_consumed()
        with pytest.raises(AssertionError, match="the file has no c"):
            tf.train.Checkpoint(a=a, c=c).restore(path).assert_existing_objects_matched()
        tf.train.Checkpoint(a=a).restore(path).assert_existing_objects_matched()
    with pytest.warns(tf.errors.PartialRestoreWarning, match="restored in part: no object has the file's b"):
        tf.train.Checkpoint(a=a).restore(path)


def test_a_checkpoint_that_does_not_fit_changes_nothing(tmp_path):
    path = tf.train.Checkpoint(a=tf.Variable(1.0), b=tf.Variable([2.0])).write(tmp_path / "c")
    a = tf.Variable(0.0)
    with pytest.raises(ValueError, match="b is float32 of shape"):
        tf.train.Checkpoint(a=a, b=tf.Variable(3.0)).restore(path)
    assert a.numpy() == 0.0


def test_nothing_to_restore(tmp_path):
    checkpoint = tf.train.Checkpoint(v=tf.Variable(1.0))
    assert tf.train.latest_checkpoint(tmp_path) is None
    checkpoint.restore(None).expect_partial()
    with pytest.raises(AssertionError, match="there was no checkpoint"):
        checkpoint.restore(None).assert_consumed()
    with pytest.raises(tf.errors.NotFoundError, match="there is no checkpoint"):
        checkpoint.restore(str(tmp_path / "ckpt-1"))
    with pytest.raises(tf.errors.NotFoundError, match="no checkpoint in the folder"):
        tf.train.list_variables(tmp_path)


def test_restore_or_initialize_and_intervals(tmp_path):
    step, calls = tf.Variable(0), []
    checkpoint = tf.train.Checkpoint(step=step)
    manager = tf.train.CheckpointManager(
        checkpoint, tmp_path, None, step_counter=step, checkpoint_interval=3, init_fn=lambda: calls.append(1)
    )
    assert manager.restore_or_initialize() is None
    assert calls == [1]
    saved = []
    for _ in range(7):
        step.assign_add(1)
        saved.append(manager.save() is not None)
    assert saved == [True, False, False, True, False, False, True]
    assert manager.save(check_interval=False).endswith("ckpt-4")
    step.assign(0)
    assert manager.restore_or_initialize().endswith("ckpt-4")
    assert step.numpy() == 7
    assert manager.save(checkpoint_number=40, check_interval=False).endswith("ckpt-40")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"max_to_keep": 0}, "max_to_keep is a positive number"),
        ({"max_to_keep": 1, "checkpoint_interval": 2}, "needs a step_counter"),
    ],
)
def test_managers_refuse(tmp_path, arguments, words):
    with pytest.raises(ValueError, match=words):
        tf.train.CheckpointManager(tf.train.Checkpoint(), tmp_path, **arguments)


def test_checkpoints_refuse_what_has_no_state():
    with pytest.raises(TypeError, match="has no state to save"):
        tf.train.Checkpoint(epoch=3)
    with pytest.raises(ValueError, match="save_counter"):
        tf.train.Checkpoint(save_counter=tf.Variable(1))


def test_a_damaged_index_and_a_failed_save(tmp_path, monkeypatch):
    checkpoint = tf.train.Checkpoint(v=tf.Variable(np.zeros(3)))
    path = checkpoint.save(tmp_path / "ckpt")

    def fail(*_):
        raise OSError("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", fail)
        with pytest.raises(OSError, match="the disk is full"):
            checkpoint.save(tmp_path / "ckpt")
    assert checkpoint.save_counter.numpy() == 1
    assert tf.train.latest_checkpoint(tmp_path) == path
    (tmp_path / "checkpoint").write_text("{")
    with pytest.raises(tf.errors.DataLossError, match="delete it"):
        tf.train.latest_checkpoint(tmp_path)


def test_an_index_cannot_lead_out_of_its_folder(tmp_path):
    inside = tmp_path / "inside"
    tf.train.Checkpoint(v=tf.Variable(1.0)).write(tmp_path / "secret")
    manager = tf.train.CheckpointManager(tf.train.Checkpoint(v=tf.Variable(1.0)), inside, 1)
    manager.save()
    (inside / "checkpoint").write_text(json.dumps({"checkpoints": ["../secret"]}))
    assert manager.checkpoints == []
    manager.save()
    assert (tmp_path / "secret.safetensors").exists()


# values that wait for objects


class Dense(tf.Module):
    """Makes its variables at the first call."""

    def __init__(self, width):
        super().__init__()
        self.width = width

    def __call__(self, x):
        if not hasattr(self, "kernel"):
            self.kernel = tf.Variable(tf.zeros([x.shape[-1], self.width]))
            self.offset = tf.Variable(tf.zeros([self.width]))
        return x @ self.kernel + self.offset


class Stack(tf.Module):
    def __init__(self):
        super().__init__()
        self.layers = [Dense(3), Dense(1)]

    def __call__(self, x):
        x = tf.convert_to_tensor(x)
        for layer in self.layers:
            x = tf.tanh(layer(x))
        return x


def steps(stack, optimizer, count):
    for _ in range(count):
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum((stack([[0.5, -1.0]]) - 0.25) ** 2)
        optimizer.minimize(loss, stack.trainable_variables, tape)
    return loss.numpy()


@pytest.fixture
def trained(tmp_path):
    """A prefix whose file has a trained stack and its optimizer, and the losses of the next five steps."""
    stack, optimizer = Stack(), tf.optimizers.Adam(0.1)
    stack([[1.0, 1.0]])
    for n, variable in enumerate(stack.variables):
        variable.assign(np.linspace(-1.0, 1.0 + n, variable._value.size).reshape(variable.shape))
    steps(stack, optimizer, 5)
    path = tf.train.Checkpoint(stack=stack, optimizer=optimizer).write(tmp_path / "trained")
    return path, [steps(stack, optimizer, 1) for _ in range(5)]


def test_a_model_that_makes_its_variables_later_goes_on_to_the_last_bit(trained):
    path, expected = trained
    stack, optimizer = Stack(), tf.optimizers.Adam(0.1)
    status = tf.train.Checkpoint(stack=stack, optimizer=optimizer).restore(path)
    assert len(status.unused) == 4 + 8  # variables, and what the optimizer keeps beside them
    status.assert_existing_objects_matched()
    with pytest.raises(AssertionError, match="no object has the file's"):
        status.assert_consumed()
    assert [steps(stack, optimizer, 1) for _ in range(5)] == expected
    status.assert_consumed()
    assert "_waiting" not in vars(stack)
    assert stack.submodules == (stack.layers[0], stack.layers[1])


def test_objects_that_are_attached_later(trained):
    path, expected = trained
    checkpoint = tf.train.Checkpoint()
    status = checkpoint.restore(path)
    checkpoint.optimizer = tf.optimizers.Adam(0.5)
    assert checkpoint.optimizer.learning_rate.numpy() == 0.1
    stack = Stack()
    stack([[1.0, 1.0]])
    checkpoint.stack = stack
    status.assert_consumed()
    assert [steps(stack, checkpoint.optimizer, 1) for _ in range(5)] == expected


def test_a_value_is_put_once(tmp_path):
    path = tf.train.Checkpoint(a=tf.Variable(1.0), b=tf.Variable(2.0)).write(tmp_path / "c")
    checkpoint = tf.train.Checkpoint(a=tf.Variable(0.0))
    status = checkpoint.restore(path).expect_partial()
    checkpoint.a.assign(5.0)
    checkpoint.b = tf.Variable(0.0)
    assert (checkpoint.a.numpy(), checkpoint.b.numpy(), status.unused) == (5.0, 2.0, ())
    checkpoint.b = tf.Variable(7.0)  # everything has been given: this one is new
    assert checkpoint.b.numpy() == 7.0


def test_a_late_object_that_does_not_fit_changes_nothing(tmp_path):
    saved = Net()
    path = tf.train.Checkpoint(net=saved, first=tf.Variable(1.0)).write(tmp_path / "c")
    checkpoint = tf.train.Checkpoint(first=tf.Variable(0.0))
    status = checkpoint.restore(path)
    other = Net()
    other.w.assign([[9.0]])
    other.b = tf.Variable([0.0, 0.0])
    with pytest.raises(ValueError, match=r"net/b is float32 of shape \(1,\) in the file"):
        checkpoint.net = other
    assert not hasattr(checkpoint, "net")
    assert other.w.numpy() == 9.0
    assert status.unused == ("net/b", "net/w")
    checkpoint.net = other_net = Net()
    other_net.w.assign([[9.0]])  # it has its value by now, and keeps what comes after
    status.assert_consumed()
    assert other_net.w.numpy() == 9.0
    before, checkpoint.first = checkpoint.first, tf.Variable(3.0)
    assert (before.numpy(), checkpoint.first.numpy()) == (1.0, 3.0)


def test_an_optimizer_of_another_class_that_comes_late_is_refused(trained):
    checkpoint = tf.train.Checkpoint()
    status = checkpoint.restore(trained[0]).expect_partial()
    with pytest.raises(ValueError, match="optimizer is SGD here and Adam in the file"):
        checkpoint.optimizer = tf.optimizers.SGD(0.1)
    assert not hasattr(checkpoint, "optimizer")
    assert "optimizer/iterations" in status.unused


def test_the_checkpoint_may_go_while_its_modules_wait(trained):
    stack = Stack()
    status = tf.train.Checkpoint(stack=stack).restore(trained[0]).expect_partial()
    stack([[0.5, -1.0]])
    assert stack.layers[1].kernel.numpy().any()
    assert status.missing == ()
    assert all(name.startswith("optimizer") for name in status.unused)


def test_what_is_put_into_a_list_is_found_when_asked(tmp_path):
    path = tf.train.Checkpoint(v=[tf.Variable(1.0), tf.Variable(2.0)]).write(tmp_path / "c")
    checkpoint = tf.train.Checkpoint(v=[tf.Variable(0.0)])
    status = checkpoint.restore(path)
    checkpoint.v.append(tf.Variable(0.0))
    status.assert_consumed()
    assert [v.numpy() for v in checkpoint.v] == [1.0, 2.0]


def test_a_further_restore_takes_over(tmp_path):
    first = tf.train.Checkpoint(a=tf.Variable(1.0), b=tf.Variable(2.0)).write(tmp_path / "first")
    second = tf.train.Checkpoint(a=tf.Variable(3.0), b=tf.Variable(4.0)).write(tmp_path / "second")
    checkpoint = tf.train.Checkpoint(a=tf.Variable(0.0))
    former = checkpoint.restore(first).expect_partial()
    latter = checkpoint.restore(second)
    checkpoint.b = tf.Variable(0.0)
    assert (checkpoint.a.numpy(), checkpoint.b.numpy()) == (3.0, 4.0)
    latter.assert_consumed()
    with pytest.raises(AssertionError, match="the file's b"):
        former.assert_consumed()


def test_who_waits_warns_only_when_nothing_can_come_any_more(tmp_path):
    path = tf.train.Checkpoint(a=tf.Variable(1.0), b=tf.Variable(2.0)).write(tmp_path / "c")
    checkpoint = tf.train.Checkpoint(a=tf.Variable(0.0))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        checkpoint.restore(path)  # as in TensorFlow's guides: nobody keeps the result
        checkpoint.b = tf.Variable(0.0)
    assert checkpoint.b.numpy() == 2.0
    checkpoint = tf.train.Checkpoint(a=tf.Variable(0.0))
    checkpoint.restore(path)
    with pytest.warns(tf.errors.PartialRestoreWarning, match="no object has the file's b"):
        del checkpoint


def test_a_value_that_comes_inside_a_tape_or_a_compiled_function(trained):
    stack, other = Stack(), Stack()
    checkpoint = tf.train.Checkpoint(stack=stack)
    status = checkpoint.restore(trained[0]).expect_partial()
    x = tf.constant([[0.5, -1.0]])
    with tf.GradientTape() as tape:
        y = stack(x)
    found = tape.gradient(y, stack.trainable_variables)
    tf.train.Checkpoint(stack=other).restore(trained[0]).expect_partial()
    compiled = tf.function(lambda x: other(x))
    for _ in range(3):
        assert np.allclose(compiled(x), y, rtol=1e-6)
    other.layers[1].offset.assign_add([1.0])
    assert np.abs(compiled(x) - y) > 0.1  # the restore is no part of the program
    with tf.GradientTape() as tape:
        y = stack(x)
    for one, two in zip(found, tape.gradient(y, stack.trainable_variables), strict=True):
        assert np.array_equal(one, two)
    assert all(name.startswith("optimizer") for name in status.unused)
