"""Functions with derivatives of their own: custom_gradient, recompute_grad, grad_pass_through, register_primitive.

A custom function is one operation with a joint rule: its `grad_fn` is the pull, and forward mode transposes that. So
the custom rule holds in every mode, and its own operations give the higher orders.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from .core import nest
from .core.define import Functions, constant, elementwise, linear
from .core.define import tangent as tangent_row
from .core.errors import ArgumentTypeError, InvalidArgumentError
from .core.further_errors import (
    CustomVariablesError,
    GradientCountError,
    NoDerivativeError,
    NoForwardModeError,
)
from .core.lead import CLOSED
from .core.listen import Listener, activate, deactivate, listeners, paused, replayed
from .core.primitive import Kind, Primitive, Rule, broadcast_spec, register
from .core.tensor import ROWS, Tensor, apply, as_tensor
from .core.variable import Variable
from .modes.record import Record
from .modes.reverse import Pullback
from .ops.constant import stop_gradient
from .ops.linear import identity


class _Reads(Listener):
    """Listens for reads of trainable variables and to nothing else."""

    __slots__ = ("variables",)

    def __init__(self) -> None:
        super().__init__()
        self.variables: dict[int, Variable] = {}

    def hear(self, *told: Any) -> None:
        pass

    def hear_read(self, variable: Variable, tensor: Tensor) -> None:
        self._note(variable)

    def hear_leave(self, holder: Any, how: Any) -> None:
        if isinstance(holder, Variable):
            self._note(holder)

    def _note(self, variable: Variable) -> None:
        if variable.trainable:
            self.variables[variable._serial] = variable

    def beyond(self, args: Any) -> list[Variable]:
        """The variables read that are no arguments, in order of creation."""
        given = {id(a) for a in nest.flatten(args) if isinstance(a, Variable)}
        return [variable for _, variable in sorted(self.variables.items()) if id(variable) not in given]


class _Bound:
    """Makes a decorated function work as a method too."""

    def __init__(self, function: Callable[..., Any], run: Callable[..., Any]) -> None:
        functools.update_wrapper(self, function, updated=())  # its attributes are not ours
        self._function = function
        self._run = run

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._run(*args, **kwargs)

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        return self if instance is None else custom_gradient(self._function.__get__(instance, owner))


def custom_gradient(f: Callable[..., Any] | None = None) -> Any:
    """Decorate a function that returns its result together with its gradient function.

    Args:
        f: takes positional tensors (and keyword arguments, which are not differentiated) and returns
            `(y, grad_fn)`. `grad_fn(*upstream)` takes one cotangent for each flat output and returns one gradient (or
            None) for each flat positional argument. If `f` reads trainable variables that are not arguments,
            `grad_fn` must accept `variables=` and return `(argument_gradients, variable_gradients)`.

    Raises:
        TypeError: at the call, if variables are read and `grad_fn` does not accept `variables`.
        ValueError: at the derivative, if the number of gradients is wrong.

    >>> import gradtape as gt
    >>> @gt.custom_gradient
    ... def log1pexp(x):
    ...     e = gt.exp(x)
    ...     return gt.math.log(1 + e), lambda upstream: upstream * (1 - 1 / (1 + e))
    >>> x = gt.constant(100.0)
    >>> with gt.GradientTape() as tape:
    ...     tape.watch(x)
    ...     y = log1pexp(x)
    >>> print(tape.gradient(y, x))
    Tensor(1.0, shape=(), dtype=float32)
    """
    if f is None:
        return custom_gradient
    function = f

    def run(*args: Any, **kwargs: Any) -> Any:
        reads = _Reads()
        activate(reads)
        try:
            result = function(*args, **kwargs)
        finally:
            deactivate(reads)
        if not (isinstance(result, tuple) and len(result) == 2 and callable(result[1])):
            raise ArgumentTypeError(
                f"custom_gradient: {_name(function)} must return a pair (result, gradient function), got "
                f"{type(result).__name__}"
            )
        structure, grad_fn = result
        variables = reads.beyond(args)
        if variables and not _accepts_variables(grad_fn):
            raise CustomVariablesError(
                f"{_name(function)} reads variables, so its gradient function must accept keyword "
                "argument 'variables' and return the pair (gradients of the arguments, gradients of the variables)"
            )
        return _with_gradient(_name(function), structure, args, variables, grad_fn)

    return _Bound(function, run)


def _name(function: Any) -> str:
    return getattr(function, "__name__", type(function).__name__)


def _accepts_variables(function: Callable[..., Any]) -> bool:
    parameters = inspect.signature(function).parameters
    return "variables" in parameters or any(p.kind is p.VAR_KEYWORD for p in parameters.values())


def _differentiable(args: Any) -> list[Any]:
    """The flat arguments as tensors, None where an argument is no number."""
    tensors: list[Tensor | None] = []
    for arg in nest.flatten(args):
        try:
            tensors.append(as_tensor(arg))
        except (TypeError, ValueError):
            tensors.append(None)
    return tensors


def _with_gradient(
    name: str,
    structure: Any,
    args: Any,
    variables: list[Variable],
    grad_fn: Callable[..., Any],
    tangent: Callable[..., Any] | None = None,
) -> Any:
    """The result as the outputs of one operation whose pull is `grad_fn`."""
    arguments = _differentiable(args)
    inputs = [a for a in arguments if a is not None] + [as_tensor(v) for v in variables]
    outputs = [as_tensor(leaf) for leaf in nest.flatten(structure)]
    values = tuple(output._value for output in outputs)
    single = len(values) == 1

    # A replay computes the outputs anew and a batch has more of them, so there they are inputs, to which the rule
    # sends nothing.
    again = any(listener.replays or listener.stands for listener in listeners())
    passed = [stop_gradient(output) for output in outputs] if again else []

    def pull(g: Any, _y: Any, *_x: Any) -> list[Any]:
        upstream = (g,) if single else g
        if variables:
            answer = grad_fn(*upstream, variables=list(variables))
            if not (isinstance(answer, tuple) and len(answer) == 2):
                raise CustomVariablesError(
                    f"the gradient function of {name} must return (argument gradients, variable gradients)"
                )
            for_arguments, for_variables = answer
            for_variables = _flat(for_variables)
            if len(for_variables) != len(variables):
                raise CustomVariablesError(
                    f"Must return gradient for each variable from the gradient function of {name}: it reads "
                    f"{len(variables)}, {len(for_variables)} were returned"
                )
        else:
            for_arguments, for_variables = grad_fn(*upstream), []
        shares = _flat(for_arguments)
        if len(shares) != len(arguments):
            raise GradientCountError(
                f"custom_gradient function expected to return {len(arguments)} gradients (one for each "
                f"flat positional argument of {name}), but returned {len(shares)} instead"
            )
        kept = [share for share, argument in zip(shares, arguments, strict=True) if argument is not None]
        shares = [*kept, *for_variables, *(None for _ in passed)]
        return [None if share is None else as_tensor(share) for share in shares]

    rule = Rule(pull, tangent)

    def value(*given: Any) -> Any:
        found = given[len(inputs) :] if passed else values
        return found[0] if single else found

    primitive = Primitive(name, Kind.TANGENT, value, None, rule, lead=CLOSED)
    if not values:
        return structure
    if not _followed(inputs):
        # The rule is about the arguments: what depends on something else alone keeps the derivative of the body.
        return nest.pack_sequence_as(structure, [identity(output) for output in outputs])
    result = apply(primitive, (*inputs, *passed))
    return nest.pack_sequence_as(structure, [result] if single else list(result))


def _followed(inputs: list[Tensor]) -> bool:
    """Whether a listener knows one of the inputs, or will ask for derivatives by one when it is replayed."""
    active = listeners()
    nodes = [x._node for x in inputs if x._node is not None]
    return any(listener.replays or any(listener.follows(node) for node in nodes) for listener in active)


def _flat(gradients: Any) -> list[Any]:
    return nest.flatten(gradients) if nest.is_nested(gradients) else [gradients]


def recompute_grad(f: Callable[..., Any]) -> Callable[..., Any]:
    """Decorate a function so that its intermediate results are computed again for the gradient instead of kept.

    Args:
        f: takes tensors, or nests of them, by position; keyword arguments are not differentiated.

    Returns:
        a function of the same arguments; `__wrapped__` is `f`. Reverse mode only. Inside `gt.function` it is `f`.

    >>> import gradtape as gt
    >>> x = gt.constant(2.0)
    >>> with gt.GradientTape() as tape:
    ...     tape.watch(x)
    ...     y = gt.recompute_grad(lambda x: gt.exp(gt.sin(x)))(x)
    >>> print(f"{tape.gradient(y, x):.6f}")
    -1.033117
    """

    @functools.wraps(f)
    def run(*args: Any, **kwargs: Any) -> Any:
        if replayed():
            return f(
                *args, **kwargs
            )  # a recording needs the operations; its compiled program keeps what it keeps
        reads = _Reads()
        # Nothing is recorded, but a batch, whose examples are values, goes on.
        with paused((*(listener for listener in listeners() if listener.stands), reads)):
            structure = f(*args, **kwargs)
        variables = reads.beyond(args)
        sources = [a if isinstance(a, (Tensor, Variable)) else None for a in nest.flatten(args)]

        def grad_fn(*upstream: Any, variables: Any = ()) -> Any:
            found = _gradients_of_rerun(lambda: f(*args, **kwargs), [*sources, *variables], upstream)
            return (found[: len(sources)], found[len(sources) :]) if variables else found

        return _with_gradient(_name(f), structure, args, variables, grad_fn, _no_forward_mode)

    return run


def _no_forward_mode(*_told: Any) -> Any:
    raise NoForwardModeError(
        "recompute_grad tried to transpose grad of a recomputed function, which has no forward mode; "
        "call the plain function inside a ForwardAccumulator"
    )


def _gradients_of_rerun(run: Callable[[], Any], sources: list[Any], upstream: tuple[Any, ...]) -> list[Any]:
    """Run again under a private record and walk back; zeros for sources without connection, None for no source."""
    record = Record()
    for source in sources:
        if source is not None:
            record.watch(source)
    with paused((*listeners(), record)):
        outputs = [as_tensor(leaf) for leaf in nest.flatten(run())]
    seeds = [
        (o._node, g)
        for o, g in zip(outputs, upstream, strict=True)
        if o._node is not None and record.knows(o)
    ]
    nodes = [None if source is None else source._node for source in sources]
    found = Pullback(record, [node for node, _ in seeds], [n for n in nodes if n is not None])(seeds)
    return [
        None if source is None else found[node] if node in found else Tensor(np.zeros_like(source._value)[()])
        for source, node in zip(sources, nodes, strict=True)
    ]


def grad_pass_through(f: Callable[..., Any]) -> Callable[..., Any]:
    """A function with the value of `f` whose gradient passes to the arguments unchanged.

    Variables that `f` reads get no gradient.

    >>> import gradtape as gt
    >>> x, z = gt.Variable(1.0), gt.Variable(3.0)
    >>> with gt.GradientTape() as tape:
    ...     y = gt.grad_pass_through(x.assign)(z**2)
    >>> print(y.numpy(), tape.gradient(y, z).numpy())
    9.0 6.0
    """

    @functools.wraps(f)
    def run(*args: Any, **kwargs: Any) -> Any:
        def with_identity(*inner: Any, **settings: Any) -> Any:
            def gradient(*upstream: Any, variables: Any = None) -> Any:
                return (upstream, [None] * len(variables)) if variables is not None else upstream

            return f(*inner, **settings), gradient

        return custom_gradient(with_identity)(*args, **kwargs)

    return run


def register_primitive(
    name: str,
    value: Callable[..., Any],
    *,
    partials: Functions | None = None,
    transposes: Functions | None = None,
    tangents: Functions | None = None,
    pulls: Functions | None = None,
    differentiable: bool = True,
    spec: Callable[..., Any] | None = None,
) -> Primitive:
    """Add an operation of your own to the vocabulary, with a derivative in whatever form is at hand.

    Args:
        name: not taken yet.
        value: computes the result from NumPy arrays or scalars; it must not change them.
        partials: for an operation that works entry by entry: `p(y, *x)` for each input.
        transposes: for one that is linear: `t(g, *x, **params)` for each input.
        tangents: `t(dx, y, *x, **params)` for each input, linear in dx; serves both modes.
        pulls: `p(g, y, *x, **params)` for each input, beside or instead of the tangents; or, of several inputs, one
            function that returns the list of all their shares.
        differentiable: False for an operation that is constant wherever it is smooth; its derivative is None.
        spec: shape and dtype of the result from those of the inputs; by default those of an elementwise operation.

    Returns:
        the operation; call it with tensors. If no derivative is given at all, asking for one raises LookupError.

    Raises:
        ValueError: if the name is taken or two forms are given.

    >>> import gradtape as gt
    >>> import numpy as np
    >>> cube = gt.register_primitive("doc_cube", lambda x: x**3, partials=lambda _y, x: 3 * x * x)
    >>> x = gt.constant(2.0)
    >>> with gt.GradientTape() as tape:
    ...     tape.watch(x)
    ...     y = cube(x)
    >>> print(y.numpy(), tape.gradient(y, x).numpy())
    8.0 12.0
    """
    forms = [form for form in (partials, transposes, tangents or pulls) if form is not None]
    if len(forms) > 1 or (forms and not differentiable):
        raise InvalidArgumentError(f"register_primitive: give {name!r} its derivative in one form")
    ROWS.load()  # so that every name that is taken is known
    if not differentiable:
        return constant(name, value, spec=spec)
    if partials is not None:
        return elementwise(name, value, partials, spec=spec)
    spec = spec or broadcast_spec
    if transposes is not None:
        return linear(name, value, transposes, spec=spec)
    if tangents is not None or pulls is not None:
        if callable(pulls) and tangents is None and _takes_several(pulls):
            return register(Primitive(name, Kind.TANGENT, value, spec, Rule(pulls, None, True, True)))
        return tangent_row(name, value, tangents, pulls=pulls, spec=spec, samples=())
    return _without_derivative(name, value, spec)


def _takes_several(pull: Callable[..., Any]) -> bool:
    """Whether a pull, beside cotangent and output, takes more inputs than one."""
    kinds = [p.kind for p in inspect.signature(pull).parameters.values()]
    positional = [
        k for k in kinds if k in (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    ]
    return len(positional) > 3 or inspect.Parameter.VAR_POSITIONAL in kinds


def _without_derivative(name: str, value: Callable[..., Any], spec: Callable[..., Any]) -> Primitive:
    def missing(*_told: Any) -> Any:
        raise NoDerivativeError(
            f"gradient registry has no entry for: {name}. The operation lies between target and source but no "
            "derivative is registered for it; give gt.register_primitive a rule, or put gt.stop_gradient before it"
        )

    return register(Primitive(name, Kind.TANGENT, value, spec, Rule(missing, missing)))
