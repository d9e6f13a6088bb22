"""Explanations as methods of the tape: the entrance to this room, of which most is loaded with the first question."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..arguments import seeds_of, single, tensors_of
from ..core import errors
from ..core.place import user_frame
from ..core.variable import Variable
from ..modes.record import Record

if TYPE_CHECKING:
    from .cause import Explanation
    from .detached import DetachEvent
    from .summary import Summary
    from .view import View


def lined_record(watch_accessed: bool) -> Record:
    """A record that knows the lines of the program, for a tape with `lines=True`."""
    from .lined import LinedRecord

    return LinedRecord(watch_accessed, explains=True)


def leave_word(record: Record, targets: list[Any], sources: list[Any], results: list[Any]) -> None:
    """Leave word of why there are Nones among these results."""
    from .absence import answered_none

    answered_none(record, targets, sources, results)


class Explains:
    """What a tape can say about what it has recorded; `GradientTape` is the class to use."""

    __slots__ = ()

    _record: Record | None
    _used: bool
    _unanswered: Record | None

    def explain(self, target: Any, source: Any) -> Explanation:
        """Why the derivative of a target with respect to a source is None, with file and line where they are known.

        It may be asked before or after the derivative, which it neither computes nor uses up: a tape whose answer had a
        None in it keeps its record for this question until it is entered again or goes away.

        Args:
            target: one tensor or variable, or the None that another tape gave.
            source: one tensor or variable.

        Returns:
            an `Explanation`: its `cause`, `text`, `remedy`, and `place` (None where it is not known).

        Raises:
            TypeError: if the target or source is no tensor or variable.
            ValueError: if it is a nest of several.

        >>> import gradtape as gt
        >>> x = gt.constant(3.0)
        >>> with gt.GradientTape() as tape:
        ...     tape.watch(x)
        ...     y = 2.0 * x.item()
        ...     z = gt.constant(y)
        >>> print(tape.gradient(z, x))
        None
        >>> why = tape.explain(z, x)
        >>> why.cause, why.place.line
        (<Cause.LEFT: 'left through Python or NumPy'>, 3)
        """
        from .cause import Cause, Explanation
        from .none import explain
        from .question import Question

        (x,) = single(source, "explain")
        if target is None:
            return Explanation(
                Cause.NO_TARGET,
                "The target is None: it is a derivative that another tape could not give.",
                "Ask that tape to explain it.",
            )
        (y,) = single(target, "explain")
        record = self._record or self._unanswered
        if record is not None:
            return explain(Question(record, y, x, user_frame()))
        if self._used:
            return Explanation(
                Cause.CONSUMED,
                "The tape is used up: a tape that is not persistent forgets its record with the first derivatives.",
                "Ask for all derivatives at once, or make it with GradientTape(persistent=True).",
            )
        return Explanation(
            Cause.NEVER_ENTERED,
            "The tape was never entered, so that nothing is recorded.",
            "Put the computation inside `with tape:`.",
        )

    def detach_events(self) -> tuple[DetachEvent, ...]:
        """Where values left this tape while it recorded: through `float`, `int`, `np.asarray`, `.numpy()`, an `if`, ...

        Each line of the program counts once. It may be asked when `explain` may.

        Returns:
            a `DetachEvent` for each, in their order: `how`, and `place` with `file`, `line` and `function`.

        Raises:
            RuntimeError: if the tape was never entered or is used up.

        >>> import gradtape as gt
        >>> x = gt.constant(3.0)
        >>> with gt.GradientTape() as tape:
        ...     tape.watch(x)
        ...     y = x.item() * x
        >>> [(event.how, event.place.line) for event in tape.detach_events()]
        [('item', 3)]
        """
        from .detached import events_of

        record = self._record or self._unanswered
        if record is None:
            raise errors.ConsumedTapeError(
                "there are no events: the tape was never entered, or it is used up. Ask before the first derivative, "
                "or make it with GradientTape(persistent=True)"
            )
        return events_of(record)

    def summary(self) -> Summary:
        """What the tape has recorded: operations, bytes kept for derivatives, the largest arrays, the deepest path.

        It may be asked while the tape records. Results that the program has dropped are not in it. Floating-point
        operations are estimated from shapes, one for each entry of an elementwise result (`explain/flops.py`). A tape
        made with `GradientTape(lines=True)` also has the program's lines.

        Returns:
            a `Summary`, whose text is a table.

        Raises:
            RuntimeError: if the tape was never entered or is used up.

        >>> import gradtape as gt
        >>> x = gt.constant([1.0, 2.0])
        >>> with gt.GradientTape() as tape:
        ...     tape.watch(x)
        ...     y = gt.reduce_sum(gt.sin(x * x))
        >>> print(tape.summary())
        3 operations from 1 source, 16 B kept, depth 3, 6 flops
        <BLANKLINE>
        operation  count  kept  flops
        multiply       1   8 B      2
        sin            1   8 B      2
        sum            1   0 B      2
        <BLANKLINE>
        largest, kept for       array  bytes
        multiply           float32[2]    8 B
        sin                float32[2]    8 B
        <BLANKLINE>
        deepest path: multiply > sin > sum
        """
        from .summary import summarize

        record = self._record or self._unanswered
        if record is None:
            raise errors.ConsumedTapeError(
                "there is nothing to sum up: the tape was never entered, or it is used up. Ask before the first "
                "derivative, or make it with GradientTape(persistent=True)"
            )
        return summarize(record)

    def show(self, target: Any = None, sources: Any = None) -> View:
        """The recorded graph as a page: in a notebook it is displayed, elsewhere `save` writes it to a file.

        Each line of the program is a box that opens into its operations; a slider goes through the recording, forward
        and then backward. A tape made with `GradientTape(lines=True)` knows the lines and all values; of others, each
        operation is a box, and values are shown that rules have kept or that can be computed again. The derivative
        neither uses up the tape nor is recorded.

        Args:
            target: tensor or variable, or a nest of them, from which adjoints are walked back; None shows values alone.
            sources: tensor or variable, or a nest of them; by default everything that is watched and has a name where
                `show` is called.

        Returns:
            a `View`: `save(file)`, `html`, and `data` with what it shows; its text is a table.

        Raises:
            RuntimeError: if the tape was never entered or is used up.
            TypeError: if a target or source is no tensor or variable.

        >>> import gradtape as gt
        >>> x = gt.constant(1.0)
        >>> with gt.GradientTape() as tape:
        ...     tape.watch(x)
        ...     y = x * x * x
        >>> tape.show(y, x)
        2 operations
        operation     value  adjoint
        x                 1        3
        multiply          1        1
        y = multiply      1        1
        """
        from .retelling import Teller, record_sources
        from .view import View

        record = self._record or self._unanswered
        if record is None:
            raise errors.ConsumedTapeError(
                "there is nothing to show: the tape was never entered, or it is used up. Ask before the first "
                "derivative, or make it with GradientTape(persistent=True)"
            )
        frame = user_frame()
        teller = Teller(record, frame)
        story = teller.tell()
        if target is not None:
            targets = tensors_of(target, "target")
            if sources is None:
                found = record_sources(record, frame)
            else:
                found = tensors_of(sources, "sources")
            teller.ask(targets, found, seeds_of(targets, target, None))
        return View(story)

    def _repr_html_(self) -> str:
        """The graph in a notebook; a sentence where there is none."""
        from .drawing import escaped

        if (self._record or self._unanswered) is None:
            return f"<p>{escaped(repr(self))}: nothing is recorded, or it is used up.</p>"
        return self.show()._repr_html_()

    def formula(self, target: Any, sources: Any, wanted: Any = None) -> Any:
        """Partial derivatives as formulas, beside their numbers; SymPy writes them and has to be installed.

        For programs of numbers: up to 200 operations on values that are one number, or arrays that are treated entry
        by entry with constants that are one number. It neither uses up the tape nor is recorded.

        Args:
            target: one tensor or variable.
            sources: one tensor or variable, or a dictionary of the letters for several.
            wanted: which partials, as `partials` takes them; by default the first one in each source.

        Returns:
            a `Formula`, or a tuple of them where `sources` is a dictionary: its text is the formula, `expression` the
            SymPy expression, `latex` that for LaTeX, `value` the number.

        Raises:
            ImportError: without SymPy.
            RuntimeError: if the tape was never entered or is used up.
            ValueError: for a program that is too long or is no program of numbers, and for unknown names.

        >>> import gradtape as gt
        >>> x, t = gt.constant(1.0), gt.constant(1.0)
        >>> with gt.GradientTape() as tape:
        ...     tape.watch([x, t])
        ...     y = x**3 + 2.0 * t
        >>> tape.formula(y, {"x": x, "t": t}, "x xx t")
        (3*x**2, 6*x, 2)
        >>> slope = tape.formula(y, x)
        >>> slope.latex, slope.value
        ('3 x^{2}', np.float32(3.0))
        """
        from .formula import formulas
        from .program import name_of

        (y,) = single(target, "formula")
        named = sources
        if not isinstance(sources, Mapping):
            (x,) = single(sources, "formula")
            named = {name_of(x, user_frame()) or "x": x}
            if isinstance(x, Variable) and ":" in next(iter(named)):
                named = {x.name.split(":")[0]: x}
        for name, source in named.items():
            single(source, f"formula, at {name!r},")
        record = self._record or self._unanswered
        if record is None:
            raise errors.ConsumedTapeError(
                "there is nothing to write a formula of: the tape was never entered, or it is used up. Ask before the "
                "first derivative, or make it with GradientTape(persistent=True)"
            )
        found = formulas(record, y, named, [(name,) for name in named] if wanted is None else wanted)
        return found if named is sources else found[0]
