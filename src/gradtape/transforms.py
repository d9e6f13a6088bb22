"""Derivatives of functions as functions: grad, value_and_grad, jacobian, hessian, hvp, vjp, jvp, linearize.

Each takes a function of tensors (or nests of them) and answers with derivatives in the structure of its arguments. The
arguments that are differentiated enter as tensors of their own, so a function that is given one tensor twice has two
derivatives, and what it closes over counts as constant. What is computed is made of operations: transforms nest in
each other, in maps, and in tapes and accumulators, which record them.

`argnums` says which positional arguments vary: a number for the result of one, a tuple for a tuple of results.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .arguments import short
from .core import nest
from .core.errors import ArgumentTypeError, DtypeError, InvalidArgumentError, ShapeError
from .core.listen import listeners, paused
from .core.spec import Spec, is_differentiable
from .core.tensor import Tensor, as_tensor
from .jacobians import hessian as hessian_of
from .jacobians import jacobian as jacobian_of
from .modes.forward import Pusher
from .modes.record import Record
from .modes.reverse import Pullback, transpose
from .ops.linear import cast, identity

Argnums = int | Sequence[int]


class Call:
    """One call of a function on tensors of its own in place of the arguments that vary."""

    def __init__(
        self, name: str, function: Callable[..., Any], args: Sequence[Any], argnums: Argnums
    ) -> None:
        if not callable(function):
            raise ArgumentTypeError(f"{name} takes a function first, not {short(function)}")
        self.name, self.function, self.args, self.argnums = name, function, args, argnums
        self.numbers = (argnums,) if isinstance(argnums, int) else tuple(argnums)
        for number in self.numbers:
            if not -len(args) <= number < len(args):
                raise InvalidArgumentError(
                    f"{name}: argnums {argnums!r} does not fit {len(args)} positional arguments"
                )
        varying = [args[number] for number in self.numbers]
        self.structure = varying[0] if isinstance(argnums, int) else tuple(varying)
        self.sources = [identity(as_tensor(leaf)) for leaf in nest.flatten(self.structure)]
        for source in self.sources:
            if not is_differentiable(source.dtype):
                raise DtypeError(
                    f"{name} differentiates floating and complex arguments, not {source.dtype.name}; use gt.cast, or "
                    "leave the argument out of argnums"
                )

    def run(self, *inside: Any, **settings: Any) -> Any:
        """Call the function while these listen too."""
        given, leaves = list(self.args), iter(self.sources)
        for number in self.numbers:
            given[number] = nest.map_structure(lambda _leaf: next(leaves), self.args[number])
        with paused((*listeners(), *inside)):
            return self.function(*given, **settings)

    def pack(self, found: Sequence[Any]) -> Any:
        """Results for each source in the structure of the arguments."""
        return nest.pack_sequence_as(self.structure, found)

    def record(self) -> Record:
        """A record that follows the sources."""
        record = Record()
        for source in self.sources:
            record.watch(source)
        return record

    def scalar(self, result: Any) -> Tensor:
        """The result as the number that it must be."""
        y = as_tensor(result)
        if y.size != 1 or not is_differentiable(y.dtype):
            raise ShapeError(
                f"{self.name}: the function must return one floating number, not shape {tuple(y.shape)} of "
                f"{y.dtype.name}; use gt.reduce_sum on it, or gt.jacobian"
            )
        return y


def _walk(
    record: Record, targets: Sequence[Tensor], sources: Sequence[Tensor]
) -> Callable[..., list[Tensor | None]]:
    """The linear map from cotangents of some results to those of the sources; None where nothing arrives."""
    nodes: list[Any] = [source._node for source in sources]
    walk = Pullback(record, [y._node for y in targets if record.knows(y)], nodes)  # type: ignore[misc]  # known: a node

    def back(*cotangents: Tensor) -> list[Tensor | None]:
        # Asking the record keeps it alive as long as this map.
        seeds: list[Any] = [(y._node, g) for y, g in zip(targets, cotangents, strict=True) if record.knows(y)]
        found = walk(seeds) if seeds else {}
        return [found.get(node) for node in nodes]

    return back


def _zeros(like: Tensor, lead: tuple[int, ...] = ()) -> Tensor:
    return Tensor(np.zeros((*lead, *like._value.shape), like._value.dtype)[()])


def _filled(
    found: Sequence[Tensor | None], likes: Sequence[Tensor], lead: tuple[int, ...] = ()
) -> list[Tensor]:
    """Zeros where there is no connection: a function's derivative is a tensor everywhere."""
    return [_zeros(like, lead) if part is None else part for part, like in zip(found, likes, strict=True)]


def _ones(y: Tensor) -> Tensor:
    return Tensor(np.ones(y._value.shape, y._value.dtype)[()])


def _parted(name: str, result: Any, has_aux: bool) -> tuple[Any, Any]:
    if not has_aux:
        return result, None
    if not isinstance(result, tuple) or len(result) != 2:
        raise ArgumentTypeError(
            f"{name}: with has_aux=True the function must return a pair (result, auxiliary)"
        )
    return result


def value_and_grad(
    function: Callable[..., Any], argnums: Argnums = 0, has_aux: bool = False
) -> Callable[..., Any]:
    """A function that gives the value of a scalar function together with its gradient.

    Args:
        function: returns one floating number, or with `has_aux` a pair of it and anything else.
        argnums: which positional arguments to differentiate; each may be a nest.
        has_aux: whether the function returns such a pair.

    Returns:
        a function of the same arguments that returns `(value, gradient)`, or `((value, auxiliary), gradient)`; zeros
        where the value does not depend on an argument.

    Raises:
        ValueError: at the call, if the result is not one number.
        TypeError: at the call, if an argument to differentiate is not floating or complex.

    >>> import gradtape as gt
    >>> value, slope = gt.value_and_grad(lambda x: x * x * x)(gt.constant(2.0))
    >>> print(value.numpy(), slope.numpy())
    8.0 12.0
    """

    def both(*args: Any, **settings: Any) -> Any:
        call = Call("value_and_grad", function, args, argnums)
        record = call.record()
        result, aux = _parted("value_and_grad", call.run(record, **settings), has_aux)
        y = call.scalar(result)
        found = _filled(_walk(record, [y], call.sources)(_ones(y)), call.sources)
        return ((y, aux) if has_aux else y), call.pack(found)

    return both


def grad(function: Callable[..., Any], argnums: Argnums = 0, has_aux: bool = False) -> Callable[..., Any]:
    """The gradient of a scalar function as a function; see `value_and_grad`.

    Returns:
        a function of the same arguments that returns the gradient, or with `has_aux` the pair `(gradient, auxiliary)`.

    >>> import gradtape as gt
    >>> third = gt.grad(gt.grad(gt.grad(lambda x: x**4)))
    >>> print(third(gt.constant(2.0)).numpy())
    48.0
    >>> gt.grad(lambda p: p["a"] * p["b"])({"a": gt.constant(2.0), "b": gt.constant(5.0)})["a"].numpy()
    np.float32(5.0)
    """
    both = value_and_grad(function, argnums, has_aux)

    def gradient(*args: Any, **settings: Any) -> Any:
        value, found = both(*args, **settings)
        return (found, value[1]) if has_aux else found

    return gradient


def jacobian(
    function: Callable[..., Any], argnums: Argnums = 0, has_aux: bool = False, most: int | None = None
) -> Callable[..., Any]:
    """The Jacobian of a function as a function: by rows or by columns, whichever is less work, many at once.

    Args:
        function: returns a tensor or a nest of them, or with `has_aux` a pair of that and anything else.
        argnums: which positional arguments to differentiate; each may be a nest.
        has_aux: whether the function returns such a pair.
        most: how many rows or columns at once, at most; by default so many as fit into the cache.

    Returns:
        a function of the same arguments. For each result, in the structure of the results, it gives tensors of shape
        result.shape + argument.shape in the structure of the arguments.

    >>> import gradtape as gt
    >>> gt.jacobian(lambda x: x * x)(gt.constant([1.0, 2.0])).numpy().tolist()
    [[2.0, 0.0], [0.0, 4.0]]
    """

    def whole(*args: Any, **settings: Any) -> Any:
        call = Call("jacobian", function, args, argnums)
        record = call.record()
        result, aux = _parted("jacobian", call.run(record, **settings), has_aux)
        wholes = []
        for leaf in nest.flatten(result):
            y = as_tensor(leaf)
            found = jacobian_of(record, y, call.sources, 0, most)
            wholes.append(call.pack(_filled(found, call.sources, tuple(y._value.shape))))
        answer = nest.pack_sequence_as(result, wholes)
        return (answer, aux) if has_aux else answer

    return whole


def hessian(
    function: Callable[..., Any], argnums: Argnums = 0, has_aux: bool = False, most: int | None = None
) -> Callable[..., Any]:
    """The Hessian of a scalar function as a function: the Jacobian of its gradient, many rows at once.

    Args:
        function: returns one floating number, or with `has_aux` a pair of it and anything else.
        argnums: which positional arguments to differentiate; each may be a nest.
        has_aux: whether the function returns such a pair.
        most: how many rows at once, at most; by default so many as fit into the cache.

    Returns:
        a function of the same arguments. It gives, in the structure of the arguments twice over, tensors of shape
        first.shape + second.shape.

    >>> import gradtape as gt
    >>> gt.hessian(lambda x: gt.reduce_sum(x**3))(gt.constant([1.0, 2.0])).numpy().tolist()
    [[6.0, 0.0], [0.0, 12.0]]
    """

    def whole(*args: Any, **settings: Any) -> Any:
        call = Call("hessian", function, args, argnums)
        record = call.record()
        result, aux = _parted("hessian", call.run(record, **settings), has_aux)
        rows = hessian_of(record, call.scalar(result), call.sources, most)
        found = call.pack(
            [
                call.pack(_filled(row, call.sources, tuple(source._value.shape)))
                for row, source in zip(rows, call.sources, strict=True)
            ]
        )
        return (found, aux) if has_aux else found

    return whole


def _every(name: str, function: Callable[..., Any], primals: Sequence[Any]) -> Call:
    return Call(name, function, tuple(primals), tuple(range(len(primals))))


def _directions(call: Call, tangents: Any) -> list[Tensor]:
    """One tangent for each source, of its shape and dtype."""
    nest.assert_same_structure(call.structure, tuple(tangents))
    found = []
    for source, given in zip(call.sources, nest.flatten(tuple(tangents)), strict=True):
        found.append(_fitting(call.name, "tangent", given, source))
    return found


def _fitting(name: str, what: str, given: Any, like: Tensor) -> Tensor:
    tensor = as_tensor(given) if hasattr(type(given), "_as_tensor") else as_tensor(given, like.dtype)
    if tensor._value.shape != like._value.shape:
        raise ShapeError(f"{name}: a {what} of shape {tensor.shape} was given for shape {tuple(like.shape)}")
    return tensor if tensor.dtype == like.dtype else cast(tensor, dtype=like.dtype)


def jvp(
    function: Callable[..., Any], primals: Sequence[Any], tangents: Sequence[Any], has_aux: bool = False
) -> Any:
    """The value of a function and its derivative along a direction, by forward mode.

    Args:
        function: returns a tensor or a nest of them, or with `has_aux` a pair of that and anything else.
        primals: the arguments, in a tuple; each may be a nest.
        tangents: the direction, in the same structure.

    Returns:
        `(value, tangent)`, and the auxiliary result behind them with `has_aux`.

    >>> import gradtape as gt
    >>> y, dy = gt.jvp(lambda x, t: x * x * t, (gt.constant(3.0), gt.constant(2.0)), (1.0, 0.0))
    >>> print(y.numpy(), dy.numpy())
    18.0 12.0
    """
    call = _every("jvp", function, primals)
    pusher = Pusher()
    for source, tangent in zip(call.sources, _directions(call, tangents), strict=True):
        pusher.watch(source, tangent)
    result, aux = _parted("jvp", call.run(pusher), has_aux)
    ys = nest.map_structure(as_tensor, result)
    moved = nest.map_structure(lambda y: _filled([pusher.tangent(y)], [y])[0], ys)
    return (ys, moved, aux) if has_aux else (ys, moved)


def vjp(function: Callable[..., Any], *primals: Any, has_aux: bool = False) -> Any:
    """The value of a function, and the function that takes cotangents of the value to gradients of the arguments.

    Returns:
        `(value, pull)`, and the auxiliary result behind them with `has_aux`. `pull(cotangent)`, in the structure of the
        value, gives a tuple with one gradient for each argument; it can be called any number of times.

    >>> import gradtape as gt
    >>> y, pull = gt.vjp(lambda x, t: x * t, gt.constant(3.0), gt.constant(2.0))
    >>> [g.numpy().item() for g in pull(10.0)]
    [20.0, 30.0]
    """
    call = _every("vjp", function, primals)
    record = call.record()
    result, aux = _parted("vjp", call.run(record), has_aux)
    ys = [as_tensor(leaf) for leaf in nest.flatten(result)]
    back = _walk(record, ys, call.sources)

    def pull(cotangent: Any) -> Any:
        nest.assert_same_structure(result, cotangent)
        seeds = [_fitting("vjp", "cotangent", g, y) for g, y in zip(nest.flatten(cotangent), ys, strict=True)]
        return call.pack(_filled(back(*seeds), call.sources))

    value = nest.pack_sequence_as(result, ys)
    return (value, pull, aux) if has_aux else (value, pull)


def linearize(function: Callable[..., Any], *primals: Any) -> tuple[Any, Callable[..., Any]]:
    """The value of a function at a point, and its derivative there as a linear function of directions.

    The function runs once. `push(*tangents)` then costs what derivatives cost and does not run it again.

    Returns:
        `(value, push)`; `push` takes one tangent for each argument and gives the tangent of the value.

    >>> import gradtape as gt
    >>> y, push = gt.linearize(lambda x: x * x, gt.constant([1.0, 2.0]))
    >>> push(gt.constant([1.0, 0.0])).numpy().tolist(), push(gt.constant([0.0, 1.0])).numpy().tolist()
    ([2.0, 0.0], [0.0, 4.0])
    """
    call = _every("linearize", function, primals)
    record = call.record()
    result = call.run(record)
    ys = [as_tensor(leaf) for leaf in nest.flatten(result)]
    back = _walk(record, ys, call.sources)
    specs = [Spec(y._value.shape, y._value.dtype) for y in ys]

    def push(*tangents: Any) -> Any:
        found = transpose(back, specs, _directions(call, tangents))
        return nest.pack_sequence_as(result, _filled(found, ys))

    return nest.pack_sequence_as(result, ys), push


def hvp(function: Callable[..., Any], primals: Sequence[Any], tangents: Sequence[Any]) -> Any:
    """The Hessian of a scalar function times a direction, without the Hessian: forward mode over the gradient.

    Args:
        function: returns one floating number.
        primals: the arguments, in a tuple; each may be a nest.
        tangents: the direction, in the same structure.

    Returns:
        a tuple with one tensor for each argument, in its structure.

    >>> import gradtape as gt
    >>> (h,) = gt.hvp(lambda x: gt.reduce_sum(x**3), (gt.constant([1.0, 2.0]),), (gt.constant([1.0, 0.0]),))
    >>> h.numpy().tolist()
    [6.0, 0.0]
    """
    call = _every("hvp", function, primals)
    record, pusher = call.record(), Pusher()
    for source, tangent in zip(call.sources, _directions(call, tangents), strict=True):
        pusher.watch(source, tangent)
    y = call.scalar(call.run(pusher, record))
    with paused((*listeners(), pusher)):
        gradients = _walk(record, [y], call.sources)(_ones(y))
    return call.pack(_filled([None if g is None else pusher.tangent(g) for g in gradients], call.sources))


__all__ = ["grad", "hessian", "hvp", "jacobian", "jvp", "linearize", "value_and_grad", "vjp"]
