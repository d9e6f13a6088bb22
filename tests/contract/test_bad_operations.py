"""Bad input to every operation: each call of tests/tensorflow_values with one argument made wrong.

Either the call has a meaning still (a wrong rank may broadcast), or it is refused with a TypeError, ValueError or
IndexError that names an operation and what is wrong with it: the argument, the shape, the dtype or the axis. The tape
around it stays as it was.
"""

import inspect
import itertools
import re

import numpy as np
import pytest
from tensorflow_values.calls import CALLS
from tensorflow_values.names import module_of
from tensorflow_values.sampling import DRAWN

import gradtape as tf
from gradtape.core.errors import Documented
from gradtape.core.tensor import FUNCTIONS, ROWS

ODD_SHAPE = (7, 1, 5, 4, 3)
AXES = ("axis", "axes")
# What a wrong value of each kind must show, as the field finds it said: a shape in either bracket, a rank, a size.
SHAPE = r"\(\d*,? ?[\d, ]*\)|\[[\d, ]*\]|rank|sizes? |axes of|given for|must be|a list of|index"


def function_of(name):
    module, _, last = name.rpartition(".")
    return getattr(module_of(tf, module), last)


def is_here(name):
    try:
        return callable(function_of(name))
    except AttributeError:
        return False


def tensors(part, salt):
    """An argument with what is drawn made a tensor."""
    if isinstance(part, DRAWN):
        return tf.constant(part.array("float64", next(salt)))
    return [tensors(p, salt) for p in part] if isinstance(part, list) else part


def is_drawn(part):
    return isinstance(part, DRAWN) or (isinstance(part, list) and bool(part) and isinstance(part[0], DRAWN))


def wrong_values(argument, given):
    """Kinds of wrong values for an argument: the value, and what the message must match."""
    if is_drawn(given):
        shape = (2,) if isinstance(given, list) else np.shape(given.array("float64", 0))
        yield "object", object(), rf"argument {argument}|{argument} must be|a list of tensors"
        yield "text", "abc", r"str|text|abc|list|" + SHAPE
        yield "rank", tf.constant(np.full(ODD_SHAPE, 0.5)), SHAPE
        yield "scalar", tf.constant(0.5), SHAPE
        yield "complex", tf.constant(np.full(shape, 0.5 + 0.1j)), r"complex|dtype|" + SHAPE
    elif argument in AXES:
        yield "axis", 99, r"99|axis|axes"
        yield "text", "x", r"axis|axes|'x'"


FIRST = {one.name: one for one in reversed(CALLS) if one.run is None and is_here(one.name)}
CASES = [
    pytest.param(one, argument, value, pattern, id=f"{one.name}-{argument}-{kind}")
    for one in FIRST.values()
    for argument, given in one.arguments.items()
    for kind, value, pattern in wrong_values(argument, given)
]
NAMES = {
    *(name for module in (tf, tf.math, tf.math.special, tf.nn, tf.linalg, tf.signal) for name in dir(module)),
    *ROWS,
    *FUNCTIONS,
}


def refusal(run):
    """What an operation says against its input; None if it takes it."""
    x = tf.constant(3.0)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = x * x
        try:
            run()
            said = None
        except Documented as error:  # one of Python's own would be no refusal by design
            said = str(error)
        z = y * x
    assert tape.gradient(z, x).numpy() == 27.0
    return said


def names_an_operation(said):
    """Whether a message begins with the name of an operation: `add(float64[2], ...`, `sin, argument x: ...`."""
    begins = re.match(r"([A-Za-z_]\w*)[:,(]", said)
    return begins is not None and begins[1] in NAMES


@pytest.mark.parametrize(("one", "argument", "value", "pattern"), CASES)
def test_wrong_input_is_refused_by_name(one, argument, value, pattern):
    salt = itertools.count()
    settings = {name: tensors(part, salt) for name, part in one.arguments.items()} | {argument: value}
    said = refusal(lambda: function_of(one.name)(**settings))
    if said is not None:
        assert names_an_operation(said), said
        assert re.search(pattern, said), said


@pytest.mark.parametrize("name", FIRST)
def test_an_unknown_argument_is_refused(name):
    function = function_of(name)
    assert not any(p.kind is p.VAR_KEYWORD for p in inspect.signature(function).parameters.values()), (
        "any keyword is taken"
    )
    with pytest.raises(TypeError, match="nonsense"):
        function(nonsense=1)


OBJECTS = [case for case in CASES if case.id.endswith("-object")]


@pytest.mark.parametrize(("one", "argument", "value", "pattern"), OBJECTS)
def test_what_is_no_tensor_is_always_refused(one, argument, value, pattern):
    salt = itertools.count()
    settings = {name: tensors(part, salt) for name, part in one.arguments.items()} | {argument: value}
    assert refusal(lambda: function_of(one.name)(**settings)) is not None


def test_most_operations_are_looked_at():
    assert len(FIRST) > 250
    assert {"math.sin", "reshape", "linalg.solve", "nn.conv2d", "signal.fft", "gather"} <= set(FIRST)
    assert not names_an_operation("tuple index out of range")
