"""The gradient tape: what users hold to record operations and ask for derivatives."""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any, Self

from .arguments import (
    UnconnectedGradients,
    ones,
    plain_ones,
    seeds_of,
    short,
    single,
    tensors_of,
    unconnected_choice,
    warn_dtype,
)
from .core import errors, nest
from .core.absent import origin
from .core.listen import Listener, Node, activate, deactivate, listeners
from .core.tensor import Tensor
from .core.variable import Variable
from .explain.on_tape import Explains, leave_word, lined_record
from .indexed_slices import sparse_gradients
from .modes.record import Record, between
from .modes.reverse import Pullback, walked
from .operators import FieldOperators
from .whole import WholeDerivatives, answer

_CONSUMED = (
    "A non-persistent GradientTape can only be used to compute one set of gradients (or jacobians), and only after it "
    "has been entered: nothing is recorded here. Make it with persistent=True, or record again with `with tape:`"
)
_advice = itertools.count()


@cache
def _behind_partials() -> tuple[Callable[..., Any], ...]:
    """What `partials` needs, loaded with its first call, and then kept: an import that has nothing to do takes 3 us."""
    from .partial import parse_wanted, recorded_partials
    from .planning import plan_partials

    return parse_wanted, plan_partials, recorded_partials


class GradientTape(Explains, FieldOperators, WholeDerivatives):
    """Records operations in order and walks them backwards for derivatives.

    Trainable variables that are read while the tape records are watched by themselves; tensors are watched with
    `watch`. Derivatives computed while another tape records are recorded by it, which gives every order.

    Args:
        persistent: whether more than one set of derivatives may be asked for. The record is then kept until the tape
            goes away.
        watch_accessed_variables: whether trainable variables are watched when they are read.
        lines: whether to note for each operation the line that asked for it and its value in short, for `show` and
            `summary`; that takes some microseconds more an operation.

    >>> import gradtape as gt
    >>> x = gt.constant(3.0)
    >>> with gt.GradientTape() as outer:
    ...     outer.watch(x)
    ...     with gt.GradientTape() as inner:
    ...         inner.watch(x)
    ...         y = x * x * x
    ...     dy = inner.gradient(y, x)
    >>> print(dy, outer.gradient(dy, x))
    Tensor(27.0, shape=(), dtype=float32) Tensor(18.0, shape=(), dtype=float32)
    """

    __slots__ = (
        "__weakref__",
        "_lines",
        "_persistent",
        "_record",
        "_recording",
        "_seen",
        "_unanswered",
        "_used",
        "_watch_accessed",
    )

    def __init__(
        self, persistent: bool = False, watch_accessed_variables: bool = True, *, lines: bool = False
    ) -> None:
        self._lines = bool(lines)
        self._persistent = bool(persistent)
        self._watch_accessed = bool(watch_accessed_variables)
        self._record: Record | None = None
        self._recording = False
        self._seen: tuple[Variable, ...] = ()
        self._used = False
        self._unanswered: Record | None = None  # what `explain` reads where an answer had a None in it

    # recording

    def __enter__(self) -> Self:
        if self._recording:
            raise errors.AlreadyRecordingError(
                "Tape is still recording: it cannot be entered again before its context ends"
            )
        if self._record is None:
            self._record = self._new_record()
            self._unanswered = None
        activate(self._record)  # `_start`, in line
        self._recording = True
        return self

    def __exit__(self, *exception: object) -> None:
        self._stop()

    def _start(self, record: Record) -> None:
        activate(record)
        self._recording = True

    def _stop(self) -> None:
        if self._recording and self._record is not None:
            deactivate(self._record)
        self._recording = False

    def watch(self, tensor: Any) -> None:
        """Follow a tensor or variable, or every one in a nest, in what is computed from now on.

        Raises:
            ValueError: for anything that is no tensor or variable.
            RuntimeError: if the tape was never entered.
        """
        if type(tensor) is Tensor and self._recording:  # what most programs watch, spared the questions
            if not self._record.watch(tensor):  # type: ignore[union-attr]  # a tape that records has a record
                warn_dtype("watched tensor", tensor.dtype)
            return
        sources = nest.flatten(tensor)
        for source in sources:
            if not isinstance(source, (Tensor, Variable)):
                raise errors.WatchError(
                    f"Passed in object {short(source)} of type {type(source).__name__!r}, not tf.Tensor "
                    "or tf.Variable or ExtensionType: make it one with gt.constant or gt.Variable before "
                    "watching it"
                )
        if self._record is None:
            raise errors.NotRecordingError(
                "a tape can watch only after it has been entered: call watch inside `with tape:`"
            )
        if not self._recording:
            warnings.warn(
                "watch has no effect while the tape does not record: call it inside `with tape:`",
                errors.InactiveTapeWarning,
                stacklevel=2,
            )
            return
        for source in sources:
            if not self._record.watch(source):
                warn_dtype("watched tensor", source.dtype)

    def watched_variables(self) -> tuple[Variable, ...]:
        """The variables watched so far, in order of their creation; remembered when the tape is used up."""
        if self._record is None:
            return self._seen
        return tuple(variable for _, variable in sorted(self._record.variables.items()))

    @contextmanager
    def stop_recording(self) -> Iterator[None]:
        """Pause this tape (and no other) inside the context.

        Raises:
            RuntimeError: if there is no record (never entered, or used up).
            ValueError: if the tape does not record at present.
        """
        record = self._record
        if record is None:
            raise errors.NotRecordingError(
                "Trying to stop recording a tape which is not recording: enter it with `with tape:`"
            )
        self._must_record()
        self._stop()
        try:
            yield
        finally:
            if self._record is record and not self._recording:
                self._start(record)

    def reset(self) -> None:
        """Forget everything recorded and watched, and go on recording.

        Raises:
            ValueError: if the tape does not record at present.
        """
        self._must_record()
        self._stop()
        self._seen = ()
        self._unanswered = None
        self._record = self._new_record()
        self._start(self._record)

    def _new_record(self) -> Record:
        if self._lines:
            return lined_record(self._watch_accessed)
        return Record(self._watch_accessed, explains=True)

    def _must_record(self) -> None:
        if not self._recording:
            raise errors.NotRecordingError("Tape is not recording: this is possible only inside `with tape:`")

    # derivatives

    def gradient(
        self,
        target: Any,
        sources: Any,
        output_gradients: Any = None,
        unconnected_gradients: UnconnectedGradients | str = UnconnectedGradients.NONE,
        *,
        indexed_slices: bool = False,
    ) -> Any:
        """The derivative of the sum of the targets' entries with respect to each source.

        Args:
            target: tensor or variable, or a nest of them. Several are added up.
            sources: tensor or variable, or a nest of them.
            output_gradients: weights of the targets' entries, in the structure of `target`; None means ones.
            unconnected_gradients: NONE gives None for a source that no target depends on, ZERO gives zeros.
            indexed_slices: give the gradient of a source that is only read by `gather` as `IndexedSlices`.

        Returns:
            tensors of the shapes and dtypes of the sources, in their structure. For complex targets the conjugate
            convention of TensorFlow holds: the gradient of z*z is 2 conj(z).

        Raises:
            RuntimeError: if a non-persistent tape is used twice, or the tape was never entered.
            TypeError: if a target or source is no tensor or variable.
            ValueError: if `output_gradients` does not fit the targets.
            LookupError: if an operation without a derivative lies on the path.

        >>> import gradtape as gt
        >>> x = gt.Variable([1.0, 2.0])
        >>> with gt.GradientTape() as tape:
        ...     y = x * x
        >>> tape.gradient(y, x)
        <Tensor: shape=(2,), dtype=float32, numpy=array([2., 4.], dtype=float32)>
        """
        record, told = self._begin(target, sources)
        if target is None:
            raise errors.TargetError(
                f"Argument `target` should be a tensor or variable, or a nest of them, not None{origin(None)}"
            )
        unconnected, active = unconnected_choice(unconnected_gradients), listeners()
        targets: list[Any] = [target] if type(target) is Tensor else tensors_of(target, "target")
        flat: list[Any] = [sources] if type(sources) is Tensor else tensors_of(sources, "sources")
        starts, known, ends, results = [], [], [], []
        apart: list[tuple[Any, Tensor]] = []  # targets that this tape does not follow can still be sources
        seeds = None if output_gradients is None else iter(seeds_of(targets, target, output_gradients))
        for t in targets:
            node = record.node_of(t)
            if seeds is not None:
                g = next(seeds)
            else:
                g = ones(t._value) if active or node is None else plain_ones(t._value)
            if g is not None:
                if node is not None:
                    starts.append(node)
                    known.append((node, g))
                else:
                    apart.append((t, g))
        missing = False
        found: dict[Node, Any] | None = None
        if active and active[0].replays and not indexed_slices and not apart:
            from .columns import forwards

            found = forwards(record, known, flat, self._persistent, output_gradients is not None)
        if found is None:
            for source in flat:
                if (node := record.node_of(source)) is not None:
                    ends.append(node)  # noqa: PERF401  # a comprehension is a call, which takes 0.1 us
            if indexed_slices:
                found = sparse_gradients(Pullback(record, starts, ends), known)
            else:
                goals = frozenset(ends)
                found = walked(record.key, between(record.key, starts, goals), goals, known)
        for source in flat:
            result = found.get(source._node)
            if apart:
                for t, g in apart:
                    if t is source:
                        result = g if result is None else result + g
            if result is None:
                result = answer(result, source, unconnected)
                missing = missing or result is None
            elif active and type(result) is Tensor:
                for listener in active:
                    listener.hear_derivative(source, result)
            results.append(result)
        if missing:
            self._unconnected(record, targets, flat, results)
        if told or not self._persistent:
            self._finish(results, told)
        return results[0] if flat and flat[0] is sources else nest.pack_sequence_as(sources, results)

    def partials(
        self,
        target: Any,
        sources: Any,
        wanted: Any,
        unconnected_gradients: UnconnectedGradients | str = UnconnectedGradients.NONE,
        *,
        total: bool = False,
    ) -> tuple[Any, ...]:
        """Partial derivatives of any order of one target, computed together at the cost of Taylor series.

        Args:
            target: one tensor or variable.
            sources: a dictionary of the variables' names and tensors: scalars, vectors (n,) or columns (n, 1) of one
                batch, whose rows must not interact.
            wanted: the partials, as a text such as "x xx t xxt", or a sequence of texts or tuples of names.
            unconnected_gradients: what stands for a partial in a variable on which the target does not depend.
            total: the rows of the batch may interact; derivatives are then along all rows moving together.

        Returns:
            one tensor for each wanted partial, in their order, of the target's shape and dtype: the derivative of each
            entry with respect to its own row's coordinates. Partials of a connected target that vanish are zeros.

        Raises:
            RuntimeError: if a non-persistent tape is used twice, or the tape was never entered.
            ValueError: for unknown names, sources that are no columns of one batch, rows that interact.

        >>> import gradtape as gt
        >>> x, t = gt.constant([1.0, 2.0]), gt.constant([1.0, 1.0])
        >>> with gt.GradientTape() as tape:
        ...     tape.watch([x, t])
        ...     y = x * x * x + 2 * t
        >>> y_x, y_xx, y_t = tape.partials(y, {"x": x, "t": t}, "x xx t")
        >>> y_x.numpy().tolist(), y_xx.numpy().tolist(), y_t.numpy().tolist()
        ([3.0, 12.0], [6.0, 12.0], [2.0, 2.0])
        """
        if target is None:
            raise errors.TargetError(
                f"Argument `target` should be a tensor or variable, not None{origin(None)}"
            )
        if not isinstance(sources, Mapping):
            raise errors.ArgumentTypeError(
                f'partials takes its sources as a dictionary {{"x": x, "t": t}}, not {short(sources)}'
            )
        names = tuple(map(str, sources))
        record, told = self._begin(target, sources)
        unconnected = unconnected_choice(unconnected_gradients)
        (y,), flat = single(target, "partials"), tensors_of(list(sources.values()), "sources")
        parse, plan, compute = _behind_partials()
        planned = plan(names, parse(wanted, names))
        results: tuple[Any, ...] = compute(
            record, y, dict(zip(names, flat, strict=True)), planned, unconnected, total
        )
        self._finish(results, told)
        return results

    # states and answers

    def _begin(self, target: Any, sources: Any) -> tuple[Record, Sequence[Listener]]:
        """The record to walk along, and who is told of the question and the answer.

        A non-persistent tape stops recording, a persistent one says what that costs.
        """
        record = self._record
        if record is None:
            raise errors.ConsumedTapeError(_CONSUMED)
        if self._recording:
            if not self._persistent:
                self._stop()
            elif next(_advice) == 0:
                warnings.warn(
                    "Calling GradientTape.gradient on a persistent tape inside its context is significantly less "
                    "efficient than calling it outside: the tape records the gradient's operations too. Do it only "
                    "for higher derivatives",
                    errors.PersistentTapeWarning,
                    stacklevel=3,
                )
        told: tuple[Listener, ...] = ()
        for listener in listeners():  # a comprehension is a call, which takes 0.1 us
            if listener.walks:
                told = (*told, listener)
                listener.hear_question(record, target, sources)
        return record, told

    def _unconnected(
        self, record: Record, targets: list[Any], sources: list[Any], results: list[Any]
    ) -> None:
        """Keep the record of an answer with a None in it for `explain`, and leave word of why it is None."""
        self._unanswered = record
        leave_word(record, targets, sources, results)

    def _finish(self, results: Any, told: Sequence[Listener]) -> None:
        """Tell them what was answered, and drop the record of a tape that may be used once."""
        for listener in told:
            listener.hear_answer(self._record, results)  # type: ignore[arg-type]  # there since `_begin`
        if not self._persistent:
            self._seen = self.watched_variables()
            self._record = None
            self._used = True
