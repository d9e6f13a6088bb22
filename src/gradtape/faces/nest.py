"""Nested structures of tensors under TensorFlow's names; the work is done in `gradtape.core.nest`."""

from ..core.nest import assert_same_structure, flatten, is_nested, map_structure, pack_sequence_as

__all__ = ["assert_same_structure", "flatten", "is_nested", "map_structure", "pack_sequence_as"]
