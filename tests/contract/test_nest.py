"""Nested structures: what is taken apart, in which order, and what is put together again.

Sections: leaves and order; packing; mapping; comparing; structures as sources of a gradient.
"""

from __future__ import annotations

import collections
import dataclasses
import types
from typing import Any, ClassVar, NamedTuple

import numpy as np
import pytest

import gradtape as tf

Ordered = collections.OrderedDict


class Pair(NamedTuple):
    first: Any
    second: Any


class Other(NamedTuple):
    first: Any
    second: Any


class Twin:
    class Pair(NamedTuple):
        """A named tuple class of the same name and fields as the other one."""

        first: Any
        second: Any


class Rows(list):  # type: ignore[type-arg] # a list of anything
    """A list of its own class."""


class Settings(dict):  # type: ignore[type-arg] # a dict of anything
    """A dict whose class takes other arguments than a dict."""

    def __init__(self, owner: str, **items: Any) -> None:
        super().__init__(items)
        self.owner = owner


class Field:
    """As much of an attrs attribute as names a field."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.alias = name


class Shape:
    """What the attrs library makes of a class with two fields."""

    __attrs_attrs__: ClassVar[Any] = (Field("width"), Field("height"))

    def __init__(self, width: Any, height: Any) -> None:
        self.width = width
        self.height = height


@dataclasses.dataclass
class Point:
    x: Any
    y: Any


@dataclasses.dataclass
class Labelled:
    """A dataclass that says how it is taken apart."""

    label: str
    parts: Any

    def __tf_flatten__(self) -> Any:
        return (self.label,), (self.parts,)

    @classmethod
    def __tf_unflatten__(cls, metadata: Any, components: Any) -> Labelled:
        return cls(*metadata, *components)


def outcome(function: Any, *arguments: Any, **options: Any) -> Any:
    """The name of Python's class of exception, or the result."""
    try:
        return function(*arguments, **options)
    except TypeError:
        return "TypeError"
    except ValueError:
        return "ValueError"


# Leaves and order


@pytest.mark.parametrize(
    ("structure", "leaves"),
    [
        ([], []),
        ((), []),
        ({}, []),
        ([1, 2], [1, 2]),
        ([1, [2, (3, {"z": 4, "a": [5]})]], [1, 2, 3, 5, 4]),
        ([None, [None]], [None, None]),
        ({"b": 1, "a": 2}, [2, 1]),
        (Ordered([("b", 1), ("a", 2)]), [2, 1]),
        (collections.defaultdict(list, {"b": 1, "a": 2}), [2, 1]),
        ({(2, 1): "u", (1, 2): "v"}, ["v", "u"]),
        ({3: {"y": 1, "x": 2}, 1: [3]}, [3, 2, 1]),
        (types.MappingProxyType({"b": 1, "a": 2}), [2, 1]),
        ({"b": 1, "a": 2}.values(), [1, 2]),
        ({"b": 1}.items(), ["b", 1]),
        (Pair(1, Other([2], 3)), [1, 2, 3]),
        (Pair(second=1, first=2), [2, 1]),
        (range(3), [0, 1, 2]),
        (collections.deque([1, [2]]), [1, 2]),
        (Rows([1, (2,)]), [1, 2]),
        (Shape(width=[1, 2], height=3), [1, 2, 3]),
        (Labelled("kept", [1, 2]), [1, 2]),
    ],
)
def test_structures_are_flattened_in_order(structure: Any, leaves: list[Any]) -> None:
    assert tf.nest.flatten(structure) == leaves
    assert tf.nest.is_nested(structure) is True


@pytest.mark.parametrize(
    "leaf",
    [
        None,
        1,
        2.5,
        1j,
        True,
        "text",
        b"bytes",
        {1, 2},
        frozenset([1]),
        np.float32(1),
        object(),
        Point(1, 2),
        len,
        int,
    ],
)
def test_what_else_there_is_is_a_leaf(leaf: Any) -> None:
    (found,) = tf.nest.flatten(leaf)
    assert found is leaf
    assert tf.nest.is_nested(leaf) is False
    assert tf.nest.pack_sequence_as(leaf, ["new"]) == "new"
    assert tf.nest.map_structure(lambda x: [x], leaf) == [leaf]


def test_arrays_tensors_variables_and_shapes_are_leaves() -> None:
    leaves = [np.ones(2), tf.constant([1.0, 2.0]), tf.Variable([1.0]), tf.constant([[1.0]]).shape]
    assert [any(part is leaf for part in tf.nest.flatten([leaf])) for leaf in leaves] == [True] * 4
    assert [tf.nest.is_nested(leaf) for leaf in leaves] == [False] * 4


def test_a_flattened_list_is_a_new_list() -> None:
    structure = [1, 2]
    tf.nest.flatten(structure).append(3)
    assert structure == [1, 2]


def test_keys_that_do_not_sort_are_refused() -> None:
    with pytest.raises(TypeError):
        tf.nest.flatten({"a": 1, 2: 3})


def test_a_structure_that_contains_itself_is_refused() -> None:
    loop: list[Any] = [1]
    loop.append(loop)
    with pytest.raises(RecursionError):
        tf.nest.flatten(loop)


# Packing


@pytest.mark.parametrize(
    "structure",
    [
        [0, [0, (0,)]],
        (0, (0, [0])),
        {"b": 0, "a": (0, 0)},
        Ordered([("b", 0), ("a", (0, 0))]),
        collections.Counter({"b": 5, "a": 2, "c": 9}),
        Pair(0, Other(0, 0)),
        collections.deque([0, 0, 0]),
        Rows([0, Rows([0, 0])]),
        collections.UserDict(b=0, a=0, c=0),
    ],
)
def test_packing_keeps_types_and_order(structure: Any) -> None:
    packed = tf.nest.pack_sequence_as(structure, ["p", "q", "r"])
    assert tf.nest.flatten(packed) == ["p", "q", "r"]
    assert type(packed) is type(structure)
    tf.nest.assert_same_structure(packed, structure)
    assert list(packed) == list(structure) or not isinstance(structure, dict)
    assert tf.nest.pack_sequence_as(structure, ("p", "q", "r")) == packed


@pytest.mark.parametrize("type_", [dict, Ordered, lambda items: collections.defaultdict(list, items)])
def test_a_packed_dictionary_keeps_the_order_of_its_keys(type_: Any) -> None:
    packed = tf.nest.pack_sequence_as(type_([("b", 0), ("c", 0), ("a", 0)]), [1, 2, 3])
    assert list(packed.items()) == [("b", 2), ("c", 3), ("a", 1)]


def test_a_default_factory_is_kept() -> None:
    original = collections.defaultdict(list, {"a": 0})
    packed = tf.nest.pack_sequence_as(original, [1])
    assert packed["missing"] == []
    assert original == {"a": 0}


def test_a_dictionary_class_with_its_own_arguments_is_kept() -> None:
    packed = tf.nest.map_structure(lambda x: 10 * x, Settings("me", b=1, a=2))
    assert (type(packed), packed, packed.owner) == (Settings, {"b": 10, "a": 20}, "me")


def test_a_read_only_mapping_keeps_its_class() -> None:
    packed = tf.nest.map_structure(lambda x: 10 * x, types.MappingProxyType({"b": 1, "a": 2}))
    assert type(packed) is types.MappingProxyType
    assert list(packed.items()) == [("b", 10), ("a", 20)]


@pytest.mark.parametrize("structure", [range(2), {"b": 0, "a": 0}.values()])
def test_what_cannot_be_made_of_leaves_becomes_a_list(structure: Any) -> None:
    assert tf.nest.pack_sequence_as(structure, [1, 2]) == [1, 2]


def test_records_with_attributes_are_put_together_again() -> None:
    shape = tf.nest.map_structure(lambda x: 10 * x, Shape(width=[1, 2], height=3))
    assert (type(shape), shape.width, shape.height) == (Shape, [10, 20], 30)
    assert tf.nest.map_structure(lambda x: 10 * x, Labelled("kept", [1])) == Labelled("kept", [10])


def test_leaves_to_pack_may_be_structures() -> None:
    assert tf.nest.pack_sequence_as([0, [0]], [{"a": 1}, (2,)]) == [{"a": 1}, [(2,)]]


@pytest.mark.parametrize(
    ("structure", "flat", "error", "match"),
    [
        (
            [0, 0],
            [1],
            ValueError,
            "Could not pack sequence. Structure had 2 atoms, but flat_sequence had 1 items",
        ),
        (
            [0],
            [1, 2],
            ValueError,
            "Could not pack sequence. Structure had 1 atoms, but flat_sequence had 2 items",
        ),
        ([[], [0, 0]], [1], ValueError, "Could not pack sequence"),
        ([], [1], ValueError, "Could not pack sequence"),
        (0, [1, 2], ValueError, "sequence"),
        (0, [], ValueError, "sequence"),
        (0, 5, TypeError, "int"),
        ([0], None, TypeError, "NoneType"),
        ([0, 0], "ab", TypeError, "str"),
        ([0, 0], np.ones(2), TypeError, "ndarray"),
    ],
)
def test_what_does_not_fit_is_not_packed(
    structure: Any, flat: Any, error: type[Exception], match: str
) -> None:
    with pytest.raises(error, match=match):
        tf.nest.pack_sequence_as(structure, flat)


# Mapping


def test_a_function_is_called_on_the_leaves_in_order() -> None:
    seen: list[Any] = []
    result = tf.nest.map_structure(lambda x: seen.append(x) or -x, Ordered([("b", 1), ("a", (2, [3]))]))
    assert seen == [2, 3, 1]
    assert result == Ordered([("b", -1), ("a", (-2, [-3]))])


def test_several_structures_are_walked_together() -> None:
    first, second = {"b": 1, "a": (2, [3])}, {"a": (20, [30]), "b": 10}
    assert tf.nest.map_structure(lambda x, y: x + y, first, second) == {"b": 11, "a": (22, [33])}
    assert list(tf.nest.map_structure(lambda *x: x, first, second, first)) == ["b", "a"]


def test_the_function_may_return_structures_and_none() -> None:
    assert tf.nest.map_structure(lambda x: [x, x], (1, None)) == ([1, 1], [None, None])
    assert tf.nest.map_structure(lambda x: None, [1, 2]) == [None, None]
    assert tf.nest.map_structure(lambda *x: x, [], []) == []


def test_types_are_compared_unless_told_otherwise() -> None:
    with pytest.raises(TypeError, match="don't have the same nested structure"):
        tf.nest.map_structure(lambda x, y: x + y, (1, 2), [3, 4])
    assert tf.nest.map_structure(lambda x, y: x + y, (1, 2), [3, 4], check_types=False) == (4, 6)


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ((3, [1]), TypeError),
        ((abs,), ValueError),
        ((max, [1], [1, 2]), ValueError),
        ((max, [1], 1), ValueError),
    ],
)
def test_mapping_needs_a_function_and_equal_structures(arguments: Any, error: type[Exception]) -> None:
    with pytest.raises(error):
        tf.nest.map_structure(*arguments)


def test_the_argument_for_composite_tensors_is_accepted() -> None:
    assert tf.nest.flatten([1, [2]], expand_composites=True) == [1, 2]
    assert tf.nest.pack_sequence_as([0, [0]], [1, 2], expand_composites=True) == [1, [2]]
    assert tf.nest.map_structure(lambda x: -x, [1, [2]], expand_composites=True) == [-1, [-2]]
    with pytest.raises(ValueError, match="same nested structure"):
        tf.nest.assert_same_structure([1], [1, 2], True, expand_composites=True)


# Comparing


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (1, None),
        ([1, [2]], ["a", [None]]),
        ({"a": 1, "b": 2}, {"b": 3, "a": 4}),
        ({"a": 1}, Ordered(a=1)),
        (collections.defaultdict(int, a=1), types.MappingProxyType({"a": 2})),
        (Pair(1, 2), Twin.Pair(3, 4)),
        (Rows([1]), [1]),
        (Point(1, 2), Point(1, [2])),
        (Shape(1, [2]), Shape(3, [4])),
    ],
)
def test_equal_structures_pass(first: Any, second: Any) -> None:
    for check_types in (True, False):
        assert tf.nest.assert_same_structure(first, second, check_types=check_types) is None
        assert tf.nest.assert_same_structure(second, first, check_types=check_types) is None


@pytest.mark.parametrize(
    ("first", "second", "checked", "unchecked"),
    [
        ([1], (2,), "TypeError", None),
        ([1], [2, 3], "ValueError", "ValueError"),
        ([1], (2, 3), "TypeError", "ValueError"),
        ([1], 2, "ValueError", "ValueError"),
        ({"a": 1}, {"b": 1}, "ValueError", None),
        ({"a": 1}, {"a": 1, "b": 2}, "ValueError", "ValueError"),
        ({"a": 1}, [1], "TypeError", None),
        (Pair(1, 2), Other(1, 2), "TypeError", None),
        (Pair(1, 2), (1, 2), "TypeError", None),
        ([1], collections.deque([1]), "TypeError", None),
        (Shape(1, 2), [1, 2], "TypeError", None),
        (Shape(1, 2), Shape(1, [2]), "ValueError", "ValueError"),
        (Labelled("a", 1), Labelled("a", [1]), "ValueError", "ValueError"),
        ([[1, 2], (3,)], [[1], [3]], "ValueError", "ValueError"),
        ([(1,), 2], [[1]], "TypeError", "ValueError"),
    ],
)
def test_different_structures_are_refused(first: Any, second: Any, checked: Any, unchecked: Any) -> None:
    for one, two in ((first, second), (second, first)):
        assert outcome(tf.nest.assert_same_structure, one, two) == checked
        assert outcome(tf.nest.assert_same_structure, one, two, check_types=False) == unchecked


@pytest.mark.parametrize(
    ("first", "second", "place"),
    [
        ([1], (1,), "at the top, list against tuple"),
        ([1, {"k": (2, 3)}], [1, {"k": [2, 3]}], r"at \[1\]\['k'\], tuple against list"),
        (
            Pair(0, [1, [2]]),
            Pair(0, [1, 2]),
            r"at \.second\[1\], list against int, of which only one is nested",
        ),
        (Shape(0, [1]), Shape(0, [1, 2]), r"at \.height, 1 elements against 2"),
        ({"b": {"c": 1}, "a": 0}, {"b": {"d": 1}, "a": 0}, r"at \['b'\], the keys \['c'\] against \['d'\]"),
        (Labelled("a", [1]), Labelled("a", 1), r"at \[0\], list against int"),
    ],
)
def test_the_error_says_where_structures_part(first: Any, second: Any, place: str) -> None:
    with pytest.raises((TypeError, ValueError), match=f"don't have the same nested structure: {place}"):
        tf.nest.assert_same_structure(first, second)


# Structures as sources of a gradient


def test_the_gradient_has_the_structure_of_its_sources() -> None:
    x, y = tf.constant(2.0), tf.constant(3.0)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch([x, y])
        z = x * x * y
    factory = collections.defaultdict(list, {"b": x, "a": [y]})
    for sources in (
        [x, (y,)],
        {"b": x, "a": y},
        Ordered([("b", x), ("a", y)]),
        factory,
        Pair(x, [y]),
        Rows([x, y]),
    ):
        gradients = tape.gradient(z, sources)
        assert type(gradients) is type(sources)
        tf.nest.assert_same_structure(gradients, sources)
        pairs = zip(tf.nest.flatten(sources), tf.nest.flatten(gradients), strict=True)
        assert {float(source): float(gradient) for source, gradient in pairs} == {2.0: 12.0, 3.0: 4.0}
    assert [float(g) for g in tape.gradient(z, {"b": x, "a": y}.values())] == [12.0, 4.0]
    assert float(tape.gradient(z, Labelled("kept", [x])).parts[0]) == 12.0
