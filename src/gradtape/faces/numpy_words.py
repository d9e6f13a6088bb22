"""What NumPy's functions do here that do not differentiate: data alone.

`PLAIN` are without a derivative by nature: they answer as NumPy does, on the values, whether a tape follows these or
not. `MAKERS` make arrays and take `like=`. `REFUSED` raise an error that says what to write instead. Names outside
NumPy's own room are written with it. A name of NumPy's that is in none of them and has no function fails a test.
"""

from __future__ import annotations


def spread(reasons: dict[str, str]) -> dict[str, str]:
    """The reason for each name, where names stand together behind their reason."""
    return {name: reason for reason, names in reasons.items() for name in names.split()}


PLAIN = spread(
    {
        "truth values": """
            allclose array_equal array_equiv isclose iscomplex iscomplexobj isin isnat isreal isrealobj
        """,
        "places": """
            argwhere diag_indices_from flatnonzero lexsort nanargmax nanargmin nonzero ravel_multi_index
            tril_indices_from triu_indices_from unravel_index
        """,
        "integers": "bitwise_count gcd lcm packbits unpackbits",
        "locally constant": "spacing",
        "properties of the array": """
            can_cast common_type einsum_path may_share_memory min_scalar_type ndim result_type shape shares_memory
            size
        """,
        "text": """
            _center _expandtabs _expandtabs_length _ljust _lstrip_chars _lstrip_whitespace _partition
            _partition_index _replace _rjust _rpartition _rpartition_index _rstrip_chars _rstrip_whitespace _slice
            _strip_chars _strip_whitespace _zfill array2string array_repr array_str count endswith find index
            isalnum isalpha isdecimal isdigit islower isnumeric isspace istitle isupper rfind rindex startswith
            str_len char.equal char.greater char.greater_equal char.less char.less_equal char.not_equal strings._join
            strings._rsplit strings._split strings._splitlines strings.capitalize strings.center strings.decode
            strings.encode strings.expandtabs strings.ljust strings.lower strings.mod strings.multiply
            strings.partition strings.replace strings.rjust strings.rpartition strings.swapcase strings.title
            strings.translate strings.upper strings.zfill
        """,
        "dates": "busday_count busday_offset datetime_as_string is_busday",
        "a file is written": "save savetxt savez savez_compressed",
    }
)
"""For each name what it answers with."""

MAKERS = spread(
    {
        "makes an array; with `like=` a tensor": """
            arange array asanyarray asarray ascontiguousarray asfortranarray empty eye frombuffer fromfile
            fromfunction fromiter fromstring full genfromtxt identity loadtxt ones require tri zeros
        """
    }
)

_WRITES = "it writes into its argument, and tensors do not change; use {}"
_COUNTS = "counts have no derivative; use np.digitize and np.bincount(places, weights), differentiable in the weights"
_FIELDS = (
    "it is about the fields of a structured array, and tensors hold numbers; keep a tensor for each field"
)
_COMPLEX = "its result is complex or real as the values say; use np.{}, of gt.cast(t, gt.complex128) if it is complex"

REFUSED = {
    "copyto": _WRITES.format("np.where(where, src, dst)"),
    "fill_diagonal": _WRITES.format("gt.linalg.set_diag, or a.at[np.diag_indices(n)].set(val)"),
    "place": _WRITES.format("np.where, or arr.at[mask].set(vals)"),
    "put": _WRITES.format("np.ravel(a).at[ind].set(v)"),
    "put_along_axis": _WRITES.format("arr.at[index].set(values)"),
    "putmask": _WRITES.format("np.where(mask, values, a)"),
    "histogram": _COUNTS,
    "histogram2d": _COUNTS,
    "histogramdd": _COUNTS,
    "histogram_bin_edges": "how many there are depends on the values; use np.linspace(np.min(a), np.max(a), bins + 1)",
    "sort_complex": "complex numbers have no order; use t[np.lexsort((t.imag, t.real))]",
    "real_if_close": "its result is complex or real as the values say; use np.real",
    "lib.scimath.arccos": _COMPLEX.format("arccos"),
    "lib.scimath.arcsin": _COMPLEX.format("arcsin"),
    "lib.scimath.arctanh": _COMPLEX.format("arctanh"),
    "lib.scimath.log": _COMPLEX.format("log"),
    "lib.scimath.log10": _COMPLEX.format("log10"),
    "lib.scimath.log2": _COMPLEX.format("log2"),
    "lib.scimath.logn": _COMPLEX.format("log"),
    "lib.scimath.power": _COMPLEX.format("power"),
    "lib.scimath.sqrt": _COMPLEX.format("sqrt"),
    **spread(
        {
            _FIELDS: """
                lib.recfunctions.append_fields lib.recfunctions.apply_along_fields
                lib.recfunctions.assign_fields_by_name lib.recfunctions.drop_fields
                lib.recfunctions.find_duplicates lib.recfunctions.join_by lib.recfunctions.merge_arrays
                lib.recfunctions.rec_append_fields lib.recfunctions.rec_drop_fields lib.recfunctions.rec_join
                lib.recfunctions.recursive_fill_fields lib.recfunctions.rename_fields
                lib.recfunctions.repack_fields lib.recfunctions.require_fields lib.recfunctions.stack_arrays
                lib.recfunctions.structured_to_unstructured lib.recfunctions.unstructured_to_structured
            """
        }
    ),
}
"""For each name what is in the way and what to write; where nothing follows the tensor it computes all the same."""

WRITERS = frozenset(name for name, why in REFUSED.items() if why.startswith("it writes into its argument"))
"""Those that are refused on any tensor, recorded or not."""
