"""`function`: record a program once, replay it at machine speed.

The first call with arguments of some structure, shapes and dtypes runs the Python function under a recording
(`core/recording.py`); later calls of the same kind replay the graph (`replay.py`) on a backend. Where Python saw a
value, the graph holds a guard: a call for which it fails is recorded as another road.
"""

from __future__ import annotations

import contextlib
import functools
import inspect
import warnings
from collections.abc import Callable, Mapping, Sequence
from time import perf_counter
from typing import Any

import numpy as np

from . import backends
from .concrete import Bound, concrete_function
from .core import nest
from .core.errors import ArgumentTypeError
from .core.further_errors import (
    ChoiceError,
    GeneratorFunctionError,
    NewVariablesError,
    NotRecordedError,
    RecordingError,
    RecordingWarning,
)
from .core.graph import Graph
from .core.listen import ACTIVE, activate, deactivate, listeners, opened, replayed
from .core.recording import Recording, Source
from .core.spec import default_float, float64
from .core.tensor import ROWS, Tensor, apply
from .core.values import to_value
from .core.variable import Variable
from .explain.flops import graph_flops
from .kinds import Identity, Kind, identities, packer, signed
from .replay import RESULT, Road

ROADS = 16
"""So many roads are kept for arguments of one kind; then the function runs as plain Python."""
KINDS = 32
"""After so many kinds of arguments a warning says what to do."""

_PLAIN = (bool, int, float, complex, str, bytes, type(None), type(Ellipsis), np.dtype, type)


class Function:
    """A Python function with its recorded programs; what `gt.function` returns. Call it as the function.

    Attributes:
        python_function: the function as it was written.
    """

    def __init__(
        self,
        python_function: Callable[..., Any],
        input_signature: Sequence[Any] | None = None,
        backend: str | None = None,
        results: str = "tensors",
    ) -> None:
        _check_returns(python_function)
        functools.update_wrapper(self, python_function, updated=())  # its attributes are not ours
        self.python_function = python_function
        self.input_signature = None if input_signature is None else tuple(input_signature)
        self._own = 0 if input_signature is None else _unsigned(python_function)
        self._name = getattr(python_function, "__name__", type(python_function).__name__)
        self._backend = backend
        self._floats = results == "python"
        self._kinds: dict[Any, Kind] = {}
        self._entry: Callable[..., Any] | None = None
        self._entry_float: Any = None

    def __reduce__(self) -> Any:
        # A copy of the function records for itself: machine code has its place in this process, and kinds of calls are
        # bound to objects.
        results = "python" if self._floats else "tensors"
        return Function, (self.python_function, self.input_signature, self._backend, results)

    def __repr__(self) -> str:
        return f"<gt.function {self._name}: {sum(len(kind.roads) for kind in self._kinds.values())} roads>"

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        return self if instance is None else Bound(self, instance)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        entry = self._entry
        if entry is not None and not kwargs and not ACTIVE.get() and default_float() is self._entry_float:
            result = entry(*args)
            if result is not None:
                return result
        if self.input_signature is not None:
            args = signed(self._name, self.input_signature, args, self._own)
        if replayed() or opened():
            return self.python_function(
                *args, **kwargs
            )  # becomes part of the program that calls it, or is looked into
        key, arguments = self._arguments(args, kwargs)
        kind = self._kinds.get(key)
        if kind is None:
            kind = self._kinds.setdefault(key, Kind())
            self._bind(key, kind)
            if len(self._kinds) == KINDS:
                self._warn_kinds()
        if listeners():
            return self._listened(kind, arguments, args, kwargs)
        values = [x._value if type(x) is Tensor else x for x in arguments]
        for road in kind.roads:
            if not road.entered and (result := self._enter(kind, road, args, kwargs)) is not None:
                return result
            fits, result = road.replay(values)
            if fits:
                return self._given(result)
        return self._given(self._record(kind, args, kwargs))

    def _enter(self, kind: Kind, road: Road, args: Any, kwargs: Any) -> Any:
        """Make the entry for a program of numbers at its first replay, and call it; None where there is none.

        A program that has one is not compiled for other calls until there is one that the entry does not take.
        """
        road.entered = True
        wanted = float if self._floats else Tensor
        plain = not kwargs and all(type(arg) is wanted for arg in args)
        if not plain or len(kind.roads) > 1 or self.input_signature is not None:
            return None
        structure = road.takes_numbers(len(args))
        if structure is False:
            return None
        entry = None
        with contextlib.suppress(Exception):  # without it, calls go the ordinary way
            entry = road.timed(backends.entry)(road.prepared, self._backend, self._floats, structure)
        if entry is None:
            return None
        self._entry_float = default_float()
        self._entry = entry
        return entry(*args)

    # kinds of arguments

    def _arguments(self, args: Any, kwargs: Any) -> tuple[Any, list[Any]]:
        """What a call has in common with others that replay the same programs, and the tensors and arrays given."""
        found: list[Any] = []
        key = [default_float(), self._key(args, found)]
        if kwargs:
            key.append(self._key(kwargs, found))
        return tuple(key), found

    def _key(self, obj: Any, found: list[Any]) -> Any:
        kind = type(obj)
        if kind is Tensor:
            found.append(obj)
            return obj._value.shape, obj._value.dtype
        if kind is tuple or kind is list:
            return (kind, *[self._key(part, found) for part in obj])
        if kind is float and self._floats:
            found.append(float64.type(obj))
            return float
        if kind in _PLAIN:
            return kind, repr(obj) if kind is float or kind is complex else obj
        if isinstance(obj, (np.ndarray, np.generic)):
            array = np.asarray(obj)
            if (
                array.dtype.kind not in "biufc"
                or not array.dtype.isnative
                or isinstance(obj, np.ma.MaskedArray)
            ):
                array = np.asarray(to_value(obj))
            found.append(array[()])
            return array.shape, array.dtype, "array"
        if isinstance(obj, Tensor):
            return self._key(obj._as_tensor(), found)
        if isinstance(obj, Variable):
            return Variable, Identity(obj)
        if nest.is_nested(obj):
            keys = tuple(obj) if isinstance(obj, Mapping) else ()
            return (kind, keys, *[self._key(part, found) for part in nest.parts(obj)])
        return kind, Identity(obj)

    def _bind(self, key: Any, kind: Kind) -> None:
        """Let a kind go with the objects in its key."""
        kinds = self._kinds

        def forget(_: Any) -> None:
            kinds.pop(key, None)

        kind.deaths = [identity.watch(forget) for identity in identities(key)]

    # recording

    def _record(self, kind: Kind, args: Any, kwargs: Any) -> Any:
        """Run the function, and write down a road unless there are too many."""
        if len(kind.roads) >= ROADS:
            if not kind.warned:
                kind.warned = True
                lines = "; ".join(sorted({guard.line for guard in kind.roads[-1].recorded.guards}))
                self._warn(
                    f"took {ROADS} different roads, because Python sees values of its tensors (at {lines}). It runs as "
                    "plain Python from now on where none of them fits. Use gt.where, gt.cond on fewer branches, or "
                    "return the value"
                )
            return nest.map_structure(_returned, self.python_function(*args, **kwargs))
        recording = Recording()
        wrapped_args, wrapped_kwargs = self._wrapped(recording, args, kwargs)
        start, active = perf_counter(), ACTIVE.get()
        try:
            activate(recording)
            result = nest.map_structure(_returned, self.python_function(*wrapped_args, **wrapped_kwargs))
            leaves = nest.flatten(result) if nest.is_nested(result) else [result]
            tensors = [leaf._as_tensor() for leaf in leaves if isinstance(leaf, Tensor)]
        except BaseException:
            ACTIVE.set(active)  # an interrupt may have come where a listener inside was about to leave
            raise
        finally:
            deactivate(recording)
        static = [RESULT if isinstance(leaf, Tensor) else self._static(leaf) for leaf in leaves]
        if recording.made:
            self._made_variables(kind, recording.made)
        else:
            recorded = recording.recorded(tensors)
            self._entry = None  # it stands for the only road of a kind
            kind.add(Road(recorded, static, packer(result), self._compiled, perf_counter() - start))
        return result

    def _wrapped(self, recording: Recording, args: Any, kwargs: Any) -> tuple[Any, Any]:
        """The arguments with a tensor of the recording's own for each tensor and array."""
        count = 0

        def wrap(leaf: Any) -> Any:
            nonlocal count
            if isinstance(leaf, Tensor):
                # Through the door, so that listeners outside follow the argument.
                tensor = apply(ROWS["identity"], (leaf._as_tensor(),)) if listeners() else Tensor(leaf._value)
            elif isinstance(leaf, (np.ndarray, np.generic)):
                tensor = Tensor(to_value(leaf))
            elif type(leaf) is float and self._floats:
                tensor = Tensor(float64.type(leaf))
            else:
                return leaf
            recording.enter(tensor, Source(argument=count))
            count += 1
            return tensor

        return nest.map_structure(wrap, args) if args else args, (
            nest.map_structure(wrap, kwargs) if kwargs else kwargs
        )

    def _static(self, leaf: Any) -> Any:
        """A result that is the same in every run; refuses what could hide a tensor."""
        if isinstance(leaf, (*_PLAIN, np.ndarray, np.generic)):
            return leaf
        raise RecordingError(
            f"{self._name} returns an object of type {type(leaf).__name__!r}, which gt.function cannot "
            "return from a replay: return tensors, numbers, or nests of them"
        )

    def _made_variables(self, kind: Kind, made: list[Variable]) -> None:
        """Variables may be made in the first call alone; a replay would not make them again."""
        if kind.made:
            names = ", ".join(variable.name for variable in made)
            raise NewVariablesError(
                f"tf.function only supports singleton tf.Variables created on the first call: {self._name} "
                f"makes {names} at every call. Make them outside, or keep them on an object and make them once"
            )
        kind.made = True

    def _listened(self, kind: Kind, arguments: list[Any], args: Any, kwargs: Any) -> Any:
        """A call while somebody listens outside."""
        if any(listener.stands for listener in listeners()) and any(road.acts for road in kind.roads):
            return self.python_function(*args, **kwargs)  # each example of the batch may do otherwise
        tensors = [x if type(x) is Tensor else Tensor(x) for x in arguments]
        for road in kind.roads:
            fits, result = road.listened(tensors)
            if fits:
                return self._given(result)
        if kind.roads and not all(road.is_closed for road in kind.roads):
            return self.python_function(*args, **kwargs)
        return self._given(self._record(kind, args, kwargs))

    def _given(self, result: Any) -> Any:
        """The result as the caller gets it: tensors, or Python numbers where these are asked for."""
        if not self._floats:
            return result
        return nest.map_structure(
            lambda y: y._value.item() if type(y) is Tensor and not y.ndim else y, result
        )

    def _compiled(self, graph: Graph) -> Any:
        return backends.compiled(graph, self._backend, lambda text: self._warn(text))

    def _warn(self, text: str) -> None:
        warnings.warn(f"gt.function {self._name} {text}", RecordingWarning, stacklevel=4)

    def _warn_kinds(self) -> None:
        self._warn(
            f"was recorded for {KINDS} kinds of arguments. Each new shape, dtype, structure and each new Python number "
            "is a kind: give numbers that change as tensors (gt.constant), and pad or batch arrays to few shapes"
        )

    def get_concrete_function(self, *args: Any, **kwargs: Any) -> Any:
        """The function for arguments of one kind, as a function of the tensors among them.

        Args:
            args, kwargs: for each argument a `TensorSpec`, or a tensor or array like those that are to be given; all
                else stands for itself, and is not given again.

        Raises:
            TypeError: for arguments that the function does not take.

        >>> import gradtape as gt
        >>> @gt.function
        ... def power(x, n):
        ...     return x**n
        >>> cube = power.get_concrete_function(gt.TensorSpec([None], gt.float32), 3)
        >>> cube(gt.constant([1.0, 2.0])).numpy().tolist()
        [1.0, 8.0]
        """
        return concrete_function(self, args, kwargs)

    # looking inside

    def _roads(self) -> list[Road]:
        return [road for kind in self._kinds.values() for road in kind.roads]

    def _latest(self) -> Road:
        roads = self._roads()
        if not roads:
            raise NotRecordedError(f"{self._name} has not been recorded yet: call it once")
        return roads[-1]

    def graph(self) -> Graph:
        """The graph of the program that was recorded for the latest kind of arguments, simplified.

        Raises:
            RuntimeError: if the function has not been called.
        """
        return self._latest().program.graph  # type: ignore[no-any-return]

    def source(self) -> str:
        """The graph as text, with the lines of the program that asked for its operations."""
        return str(self.graph())

    def stats(self) -> dict[str, Any]:
        """What was recorded and compiled: kinds of arguments, roads, operations recorded and left, kernels.

        `flops` are the floating-point operations of a call, estimated from shapes (`explain/flops.py`); a loop counts
        with all its turns. `seconds` has the time that recording took, in which the program ran once, and that
        compiling took, derivatives included as far as they were needed.

        Of machine code, `bytes` is the memory for what lies between its steps (of a tile, where it goes by tiles), and
        `moved` how many bytes its kernels and products load and store in a call. `from_disk` says whether it was
        compiled before, and came from the cache.

        Raises:
            RuntimeError: if the function has not been called.

        >>> import gradtape as gt
        >>> @gt.function
        ... def energy(x):
        ...     return gt.reduce_sum(gt.sin(x) * x)
        >>> energy(gt.ones([1000])).shape
        ()
        >>> found = energy.stats()
        >>> found["recorded"], found["flops"], sorted(found["seconds"])
        (3, 3000.0, ['compiling', 'recording'])
        """
        road = self._latest()
        program = road.program
        return {
            "kinds": len(self._kinds),
            "roads": len(self._roads()),
            "guards": len(road.recorded.guards),
            "recorded": len(road.recorded.graph),
            "flops": graph_flops(program.graph),
            "seconds": dict(road.seconds),
            **program.describe(),
        }


def _returned(leaf: Any) -> Any:
    """What a function returns for a variable: its value now, which later assignments do not change."""
    return leaf._as_tensor() if isinstance(leaf, Variable) else leaf


def _check_returns(function: Callable[..., Any]) -> None:
    """Refuse a function that is left before it is done: what it does later could not be recorded."""
    code = getattr(getattr(function, "__func__", function), "__code__", None)
    if code is None or not code.co_flags & _LEFT:
        return
    what = "a coroutine" if code.co_flags & inspect.CO_COROUTINE else "a generator"
    raise GeneratorFunctionError(
        f"{function.__name__} is {what}: it hands over before it is done, so that a recording would miss "
        "what it does. Put the part that computes into a function of its own, and return its results together"
    )


def _unsigned(function: Callable[..., Any]) -> int:
    """How many first arguments an input signature says nothing of: one that is called `self`, as in TensorFlow."""
    return int(next(iter(inspect.signature(function).parameters), "") == "self")


_LEFT = inspect.CO_GENERATOR | inspect.CO_COROUTINE | inspect.CO_ASYNC_GENERATOR


def function(
    func: Callable[..., Any] | None = None,
    input_signature: Sequence[Any] | None = None,
    autograph: bool = True,
    jit_compile: bool | None = None,
    reduce_retracing: bool = False,
    experimental_implements: str | None = None,
    experimental_autograph_options: Any = None,
    experimental_attributes: Any = None,
    experimental_relax_shapes: bool | None = None,
    experimental_compile: bool | None = None,
    experimental_follow_type_hints: bool | None = None,
    *,
    backend: str | None = None,
    results: str = "tensors",
) -> Any:
    """Record a function once for each kind of arguments and replay it, with derivatives, variables and random draws.

    Tensors and arrays are inputs of the program, variables are read and written at every call. Everything else (Python
    numbers, text, objects) belongs to the kind of a call: another value is recorded anew. What a tensor decides in
    Python (`if`, `while`, `int(x)`) is kept as a guard; a call for which it fails is recorded as another road. Python's
    prints happen, and lists and dictionaries outside are changed, only while recording; `gt.print` prints at every
    call.

    Args:
        func: the function; without it, a decorator is returned.
        input_signature: shapes (None fits every size) and dtypes that positional arguments must have, those of a
            method after `self`. Numbers and lists given for them become tensors.
        autograph, jit_compile, reduce_retracing, experimental_*: accepted as by `tf.function`; without effect.
        backend: "llvm" for machine code, "reference" for NumPy operation by operation; by default the first where
            llvmlite is installed, else the second.
        results: "tensors", or "python" for a program of numbers: Python floats are inputs too, in double precision, and
            results of rank 0 are Python numbers.

    Returns:
        a `Function`, called as `func`.

    Raises:
        RecordingError: at a call that hands the values of an array to Python, which a replay could not see.
        ValueError: at a call that makes variables anew.

    >>> import gradtape as gt
    >>> @gt.function
    ... def slope(x):
    ...     with gt.GradientTape() as tape:
    ...         tape.watch(x)
    ...         y = x * x * x
    ...     return tape.gradient(y, x)
    >>> slope(gt.constant(2.0)).numpy(), slope(gt.constant(3.0)).numpy()
    (np.float32(12.0), np.float32(27.0))
    """
    if backend not in (None, *backends.NAMES):
        raise ChoiceError(f"function: backend is one of {', '.join(backends.NAMES)}, not {backend!r}")
    if results not in ("tensors", "python"):
        raise ChoiceError(f"function: results is 'tensors' or 'python', not {results!r}")
    if func is None:
        return lambda function: Function(function, input_signature, backend, results)
    if not callable(func):
        raise ArgumentTypeError(f"function takes a callable, not {type(func).__name__}")
    return Function(func, input_signature, backend, results)
