"""Sparse Jacobians and Hessians of functions: structure read off the recording, few products, SciPy's matrices.

The first call with arguments of some shapes records the function (`gt.function`) with a listener that follows which
entries depend on which (`modes/structure.py`). The structure is coloured (`coloring.py`), so that a few products with
the derivative hold all of its entries, and the products are recorded too: many seeds at once in a walk back for rows
and Hessians, in the transpose of the walk for columns (`jacobians.py`). Later calls replay the products as machine
code and put the entries into a matrix of the structure that is known.

As a recording has guards where Python looks at values, a call that takes another way is recorded as another program,
with a structure of its own. See docs/sparse.md.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import copy
from typing import Any

import numpy as np

from . import coloring
from .arguments import short
from .coloring import Coloring
from .core.errors import ArgumentTypeError, DtypeError
from .core.further_errors import NotRecordedError
from .core.listen import listeners, paused
from .core.packages import needed
from .core.tensor import Tensor, as_tensor
from .functions import Function
from .jacobians import fitting, products, walk_back
from .modes.record import Record
from .modes.structure import Structure
from .ops.linear import reshape, take
from .transforms import Call


class SparseDerivative:
    """A function of the arguments that returns a derivative as a `scipy.sparse.csr_array`; see `gt.sparse_jacobian`.

    Attributes:
        function: the function that is differentiated.
    """

    def __init__(
        self, name: str, function: Callable[..., Any], program: Callable[..., Any], reuse: bool
    ) -> None:
        if not callable(function):
            raise ArgumentTypeError(f"{name} takes a function first, not {short(function)}")
        self.function = function
        self._name = name
        self._program = Function(program) if reuse else program
        self._latest: Any = None
        self._blank: tuple[Any, Any] = (None, None)

    def __repr__(self) -> str:
        return f"<gt.{self._name} of {getattr(self.function, '__name__', short(self.function))}>"

    def __call__(self, *args: Any, **settings: Any) -> Any:
        """The derivative at these arguments, a new matrix at every call."""
        products, *latest = self._program(*args, **settings)
        self._latest = indptr, indices, *_, places = latest
        known, blank = self._blank
        if known is not indices:
            self._blank = indices, blank = indices, _matrix(latest)
        # Copied by Python's protocol and given other arrays: SciPy's constructor checks them, five times as long.
        found = copy(blank)
        found.data = products._value.reshape(-1).copy() if places is None else products._value.take(places)
        found.indices, found.indptr = indices.copy(), indptr.copy()
        return found

    def values(self, *args: Any, **settings: Any) -> Tensor:
        """The entries alone, row by row in the order of `structure`: a tensor, which tapes and `gt.function` record."""
        products, *latest = self._program(*args, **settings)
        self._latest = latest
        vector = reshape(products, shape=(products.size,))
        return vector if latest[-1] is None else take(vector, Tensor(latest[-1]), axis=0)  # type: ignore[no-any-return]

    @property
    def structure(self) -> Any:
        """Where the latest call's entries stand: a `csr_array` of True."""
        return _matrix(self._known()).copy()

    @property
    def coloring(self) -> Coloring:
        """The colours of columns and rows at the latest call."""
        columns, rows, places = self._known()[4:]
        places = np.arange(self._known()[1].size) if places is None else places.copy()
        return Coloring(columns.copy(), rows.copy(), places)

    @property
    def colors(self) -> int:
        """How many products with the derivative the latest call took."""
        return sum(self.coloring.counts)

    def _known(self) -> Any:
        if self._latest is None:
            raise NotRecordedError(f"{self._name}: the structure is read off the first call; call it once")
        return self._latest


def sparse_jacobian(function: Callable[..., Any], argnum: int = 0, *, reuse: bool = True) -> SparseDerivative:
    """The Jacobian of a function as a sparse matrix, by as few products as a colouring of its structure needs.

    Args:
        function: takes tensors and returns one tensor of real floating numbers.
        argnum: which positional argument to differentiate: one tensor of real floating numbers.
        reuse: whether structure and products are recorded once for each kind of arguments, as by `gt.function`. False
            runs the function at every call, which may then use values in any way.

    Returns:
        a function of the same arguments. It gives a `scipy.sparse.csr_array` of shape (entries of the result, entries
        of the argument), both counted in C order, in the dtype of the result. Where the derivative could differ from
        zero at some values there is an entry, of value zero too.

    Raises:
        TypeError: at the call, if the argument or the result is not a tensor of real floating numbers.
        ValueError: at the call, if the derivative has too many entries to be called sparse.

    >>> import numpy as np
    >>> import gradtape as gt
    >>> slope = gt.sparse_jacobian(lambda x: np.diff(x) ** 2)
    >>> slope(np.array([1.0, 2.0, 4.0])).toarray().tolist()
    [[-2.0, 2.0, 0.0], [0.0, -4.0, 4.0]]
    >>> slope.colors
    2
    """

    def program(*args: Any, **settings: Any) -> Any:
        call = _call("sparse_jacobian", function, args, argnum)
        (x,) = call.sources
        record, structure = call.record(), Structure(x.size)
        structure.watch(x)
        y = _real("sparse_jacobian", call.run(structure, record, **settings))
        pattern = structure.of(y)
        return _answer(pattern, coloring.both_ways(pattern), record, y, x)

    return SparseDerivative("sparse_jacobian", function, program, reuse)


def sparse_hessian(function: Callable[..., Any], argnum: int = 0, *, reuse: bool = True) -> SparseDerivative:
    """The Hessian of a function as a sparse matrix, by as few products as a star colouring of its structure needs.

    Args:
        function: takes tensors and returns one real floating number.
        argnum, reuse: as for `sparse_jacobian`.

    Returns:
        a function of the same arguments. It gives a symmetric `scipy.sparse.csr_array` of shape (n, n) for an argument
        of n entries, both halves stored. An entry on one side of the diagonal may be taken from the other: second
        derivatives must commute, which they do but for a wrong `custom_gradient`.

    Raises:
        TypeError: at the call, if the argument is not a tensor of real floating numbers.
        ValueError: at the call, if the result is not one number, or the derivative has too many entries.

    >>> import numpy as np
    >>> import gradtape as gt
    >>> bend = gt.sparse_hessian(lambda x: np.sum(x[1:] * x[:-1] ** 2))
    >>> bend(np.array([1.0, 2.0, 3.0])).toarray().tolist()
    [[4.0, 2.0, 0.0], [2.0, 6.0, 4.0], [0.0, 4.0, 0.0]]
    """

    def program(*args: Any, **settings: Any) -> Any:
        call = _call("sparse_hessian", function, args, argnum)
        (x,) = call.sources
        record, structure = call.record(), Structure(x.size)
        structure.watch(x)
        y = call.scalar(_real("sparse_hessian", call.run(structure, record, **settings)))
        back, (connected,), _ = walk_back(record, y, [x])
        with paused(
            (*listeners(), structure, record)
        ):  # the record hears the walk, and is walked along again
            one = Tensor(np.ones(y._value.shape, y._value.dtype)[()])
            (gradient,) = back(one) if connected else (None,)
            gradient = Tensor(np.zeros(x._value.shape, x._value.dtype)[()]) if gradient is None else gradient
        pattern = structure.of(gradient)
        pattern = pattern | pattern.transposed
        return _answer(pattern, coloring.symmetric(pattern), record, gradient, x, symmetric=True)

    return SparseDerivative("sparse_hessian", function, program, reuse)


def _call(name: str, function: Callable[..., Any], args: Sequence[Any], argnum: int) -> Call:
    call = Call(name, function, args, argnum)
    if len(call.sources) != 1 or call.sources[0].dtype.kind != "f":
        found = [f"{x.dtype.name}{list(x.shape)}" for x in call.sources]
        raise ArgumentTypeError(
            f"{name} differentiates one tensor of real floating numbers, not {', '.join(found)}"
        )
    return call


def _real(name: str, result: Any) -> Tensor:
    if not hasattr(type(result), "_as_tensor"):
        raise ArgumentTypeError(
            f"{name}: the function must return one tensor that is computed from its arguments, not {short(result)}; "
            "gt.concat and gt.stack join several"
        )
    y = as_tensor(result)
    if y.dtype.kind != "f":
        raise DtypeError(
            f"{name}: the function returned {y.dtype.name} of shape {y.shape}, not real floating numbers"
        )
    return y


def _matrix(latest: Sequence[Any]) -> Any:
    """A matrix of True in the structure of a call."""
    with needed("scipy", "sparse matrices are SciPy's"):
        from scipy.sparse import csr_array  # type: ignore[import-untyped]  # SciPy brings no types

    indptr, indices, rows, columns = latest[:4]
    found = csr_array((np.ones(indices.size, bool), indices, indptr), shape=(rows, columns))
    found.has_canonical_format = True
    return found


def _answer(
    pattern: Any, colors: Coloring, record: Record, y: Tensor, x: Tensor, symmetric: bool = False
) -> tuple[Any, ...]:
    """The products as one vector, and what is the same in every run."""
    back, _, walk = walk_back(record, y, [x])
    size = y._value.size, x._value.size
    found = products(back, y, x, colors, fitting(walk.order, None), symmetric)
    in_order = np.array_equal(colors.places, np.arange(found.size))
    places = None if in_order else colors.places
    # A flat tuple, which a replay makes fastest.
    return found, pattern.indptr, pattern.indices, *size, colors.columns, colors.rows, places


__all__ = ["SparseDerivative", "sparse_hessian", "sparse_jacobian"]
