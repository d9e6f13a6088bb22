"""Nested structures of leaves: taken apart in one order, and put together again.

What nests, as in TensorFlow: sequences that are not text (list, tuple, range, deque, ...), named tuples,
mappings and their views, attrs classes, and dataclasses that bring `__tf_flatten__` and `__tf_unflatten__`.
All else is a leaf: None, text, sets, arrays, tensors, other dataclasses, and every class that says
`__nest_leaf__ = True`.

A mapping is taken apart in the order of its sorted keys, so that two dictionaries written in different orders
agree; what is put together has the type and the key order of the structure it is packed like.

Only `_children` (the parts in order), its inverse `_rebuild` and `_step` (the name of a part) know the kinds.
"""

import copy
from collections.abc import Callable, Iterator, Mapping, MappingView, MutableMapping, Sequence
from functools import lru_cache
from typing import Any, Literal

from . import errors

_Kind = Literal["leaf", "sequence", "record", "mapping", "attrs", "custom"]


def _kind_of(cls: type) -> _Kind:
    """Say how an instance of `cls` is taken apart."""
    if issubclass(cls, (str, bytes)) or getattr(cls, "__nest_leaf__", False):
        return "leaf"
    if issubclass(cls, (Sequence, MappingView)):
        return "record" if issubclass(cls, tuple) and hasattr(cls, "_fields") else "sequence"
    if issubclass(cls, Mapping):
        return "mapping"
    if hasattr(cls, "__attrs_attrs__"):
        return "attrs"
    return "custom" if hasattr(cls, "__tf_flatten__") and hasattr(cls, "__tf_unflatten__") else "leaf"


_kind: Callable[[type], _Kind] = lru_cache(maxsize=1024)(_kind_of)  # bounded, to let local classes go


def _sorted_keys(mapping: Mapping[Any, Any]) -> list[Any]:
    try:
        return sorted(mapping)
    except TypeError as error:
        raise errors.ArgumentTypeError(
            f"the keys of a nested dictionary must sort, got {list(mapping)!r}"
        ) from error


def _children(structure: Any) -> Sequence[Any]:
    """List the parts of a structure that is not a leaf, in the order in which they are flattened."""
    kind = _kind(type(structure))
    if kind == "mapping":
        return [structure[key] for key in _sorted_keys(structure)]
    if kind == "attrs":
        return [getattr(structure, field.name) for field in structure.__attrs_attrs__]
    if kind == "custom":
        return tuple(structure.__tf_flatten__()[1])
    return structure if isinstance(structure, (list, tuple)) else list(structure)


def parts(structure: Any) -> Sequence[Any]:
    """List the parts of a structure that is not a leaf, one level down, in the order in which they are flattened."""
    return _children(structure)


def _step(structure: Any, index: int) -> str:
    """Name part `index` of a structure as Python would: `[0]`, `['key']`, `.field`."""
    kind = _kind(type(structure))
    if kind == "mapping":
        return f"[{_sorted_keys(structure)[index]!r}]"
    if kind == "record":
        return f".{structure._fields[index]}"
    return f".{structure.__attrs_attrs__[index].name}" if kind == "attrs" else f"[{index}]"


def _rebuild(structure: Any, parts: list[Any]) -> Any:
    """Make a structure like `structure` of new parts, given in the order of `_children`."""
    cls = type(structure)
    kind = _kind(cls)
    if kind == "mapping":
        packed = dict(zip(_sorted_keys(structure), parts, strict=True))
        if not isinstance(structure, MutableMapping):
            return cls({key: packed[key] for key in structure})
        fresh = copy.copy(structure)  # keeps the order of the keys and, say, the default factory
        for key, part in packed.items():
            fresh[key] = part
        return fresh
    if kind == "record":
        return cls._make(parts)
    if kind == "attrs":
        names = (getattr(field, "alias", None) or field.name.lstrip("_") for field in cls.__attrs_attrs__)
        return cls(**dict(zip(names, parts, strict=True)))
    if kind == "custom":
        return cls.__tf_unflatten__(structure.__tf_flatten__()[0], tuple(parts))
    return parts if issubclass(cls, (range, MappingView)) else cls(parts)


def _is_flat(structure: Any) -> bool:
    """Whether this is a plain list or tuple of leaves: the common case, answered without a Python loop."""
    return type(structure) in (list, tuple) and {"leaf"}.issuperset(map(_kind, map(type, structure)))


def _pack(structure: Any, leaves: Iterator[Any]) -> Any:
    """Take as many leaves as `structure` has, in order."""
    parts = _children(structure)
    return _rebuild(structure, [_pack(part, leaves) if is_nested(part) else next(leaves) for part in parts])


def _same_type(first: Any, second: Any) -> bool:
    """Lists match lists, mappings mappings, records those of equal name and fields; else classes decide."""
    one, two = type(first), type(second)
    if any(issubclass(one, family) and issubclass(two, family) for family in (list, Mapping)):
        return True
    if _kind(one) == _kind(two) == "record":
        return bool(one.__name__ == two.__name__ and first._fields == second._fields)
    return one is two


def _difference(
    first: Any, second: Any, check_types: bool
) -> tuple[type[errors.InvalidArgumentError], str, str] | None:
    """Find the first place where two structures differ: what to raise, the path, what stands there."""
    nested = is_nested(first)
    types = f"{type(first).__name__} against {type(second).__name__}"
    if nested != is_nested(second):
        return errors.StructureError, "", f"{types}, of which only one is nested"
    if not nested:
        return None
    if check_types and not _same_type(first, second):
        return errors.ArgumentTypeError, "", types
    if check_types and isinstance(first, Mapping) and set(first) != set(second):
        return errors.StructureError, "", f"the keys {list(first)!r} against {list(second)!r}"
    parts, others = _children(first), _children(second)
    for index, (part, other) in enumerate(zip(parts, others, strict=False)):
        if found := _difference(part, other, check_types):
            return found[0], _step(first, index) + found[1], found[2]
    if len(parts) != len(others):
        return errors.StructureError, "", f"{len(parts)} elements against {len(others)}"
    return None


def is_nested(seq: Any) -> bool:
    """Say whether `seq` is a structure that `flatten` takes apart.

    >>> import gradtape as gt
    >>> gt.nest.is_nested([1, 2]), gt.nest.is_nested({}), gt.nest.is_nested(None), gt.nest.is_nested("text")
    (True, True, False, False)
    """
    return _kind(type(seq)) != "leaf"


def flatten(structure: Any, expand_composites: bool = False) -> list[Any]:
    """List the leaves of a structure; a leaf alone gives a list of one.

    `expand_composites` belongs to TensorFlow's signature and changes nothing: no leaf is made of others.

    >>> import gradtape as gt
    >>> gt.nest.flatten({"b": [3, (4, None)], "a": 2}), gt.nest.flatten(5)
    ([2, 3, 4, None], [5])
    """
    if _kind(type(structure)) == "leaf":
        return [structure]
    leaves: list[Any] = []
    for part in _children(structure):
        if _kind(type(part)) == "leaf":
            leaves.append(part)
        else:
            leaves += flatten(part)
    return leaves


def flatten_up_to(shallow: Any, structure: Any) -> list[Any]:
    """List the parts of a structure that stand where the leaves of a shallower one of the same form stand.

    Raises:
        ValueError: where the structure has fewer or more parts than the shallow one asks for.

    >>> from gradtape.core import nest
    >>> nest.flatten_up_to({"a": 0, "b": (0, 0)}, {"a": [1, 2], "b": ([3], None)})
    [[1, 2], [3], None]
    """
    if not is_nested(shallow):
        return [structure]
    if not is_nested(structure) or len(_children(structure)) != len(_children(shallow)):
        raise errors.StructureError(f"the structure {structure!r} does not have the parts of {shallow!r}")
    parts = zip(_children(shallow), _children(structure), strict=True)
    return [leaf for part, whole in parts for leaf in flatten_up_to(part, whole)]


def pack_sequence_as(structure: Any, flat_sequence: Sequence[Any], expand_composites: bool = False) -> Any:
    """Put the items of `flat_sequence` in the place of the leaves of `structure`: the inverse of `flatten`.

    >>> import gradtape as gt
    >>> gt.nest.pack_sequence_as({"b": 0, "a": (0, [0])}, [1, 2, 3]), gt.nest.pack_sequence_as("leaf", [7])
    ({'b': 3, 'a': (1, [2])}, 7)
    """
    if _kind(type(flat_sequence)) not in ("sequence", "record"):
        raise errors.ArgumentTypeError(
            f"pack_sequence_as needs a list or tuple to pack, not a {type(flat_sequence).__name__}"
        )
    flat = _is_flat(structure)
    wanted, given = len(structure if flat else flatten(structure)), len(flat_sequence)
    if wanted != given:
        counts = f"Structure had {wanted} atoms, but flat_sequence had {given} items"
        raise errors.StructureError(
            f"Could not pack sequence. {counts}: {structure!r} and {flat_sequence!r}."
        )
    if flat:
        return type(structure)(flat_sequence)
    return _pack(structure, iter(flat_sequence)) if is_nested(structure) else flat_sequence[0]


def assert_same_structure(
    nest1: Any, nest2: Any, check_types: bool = True, expand_composites: bool = False
) -> None:
    """Raise if two structures differ: TypeError for their types, ValueError for lengths, keys or depths.

    Without `check_types` a list may stand against a tuple, and the keys of mappings are not compared.

    >>> import gradtape as gt
    >>> gt.nest.assert_same_structure([1, {"k": (2,)}], [1, {"k": [2]}])
    Traceback (most recent call last):
    gradtape.errors.ArgumentTypeError: The two structures don't have the same nested structure: ...
    """
    if found := _difference(nest1, nest2, check_types):
        error, path, text = found
        place = path or "the top"
        raise error(f"The two structures don't have the same nested structure: at {place}, {text}.")


def map_structure(
    func: Callable[..., Any], *structure: Any, check_types: bool = True, expand_composites: bool = False
) -> Any:
    """Call `func` on the leaves of one or several equal structures; the results take the shape of the first.

    >>> import gradtape as gt
    >>> gt.nest.map_structure(lambda a, b: a + b, {"x": 1, "y": [2]}, {"y": [20], "x": 10})
    {'x': 11, 'y': [22]}
    """
    if not structure:
        raise errors.InvalidArgumentError("Must provide at least one structure")
    for other in structure[1:]:
        assert_same_structure(structure[0], other, check_types)
    results = [func(*leaves) for leaves in zip(*map(flatten, structure), strict=True)]
    return pack_sequence_as(structure[0], results)
