"""Which spans there are of the operations that a replica shows, each once, when it has ended.

Pure. A crash is what a broker makes of a program's silence: it waits to be corrected, and what is
corrected later is told again, as the same span. The ids of spans follow from those of operations,
so that what is inside an operation names it before it has ended, and a span that is told again, by
another follower, is the same. The trace is that of the span in which the outermost program was
started (`TRACEPARENT`), else one of its own.
"""

from __future__ import annotations

from collections import OrderedDict
from hashlib import blake2s
from typing import Iterable, Iterator, Mapping, NamedTuple, Union

from headway.model import Operation, Stage
from headway.states import CRASHED, ENDED, SKIPPED, UNJUDGED

# Operations whose traces are remembered, and which of their stages have been told, beside those
# that are open: more than a broker keeps of those that have ended.
KNOWN_LIMIT = 20_000
GUESSED = (CRASHED, UNJUDGED)  # ends that a program has not told itself
# Seconds for which these wait: what a program has left in a file is taken in every three.
HELD = 10.0
DEPTH_LIMIT = 50  # operations inside each other: deeper ones, and circles, begin a trace
STAGES_LIMIT = 1_000  # spans of the stages of one operation; what is left out is counted in its own

Value = Union[str, int, float, bool]


class Span(NamedTuple):
    """A span that has ended; times are the broker's, ids are whole numbers.

    `operation` and `stage` are what it is of; `parent` is None at the root of a trace, `remote`
    says that the parent is not one of ours.
    """

    operation: Operation
    stage: Stage | None
    trace: int
    id: int
    parent: int | None
    remote: bool
    sampled: bool
    start: float
    end: float
    left_out: int = 0


class _Context(NamedTuple):
    """The trace of an operation, and what its span is inside of."""

    trace: int
    parent: int | None
    remote: bool
    sampled: bool
    final: bool = True  # all that it is inside of is known


class _Known:
    """What is remembered of an operation."""

    __slots__ = ("context", "stages", "told")

    def __init__(self, context: _Context) -> None:
        self.context = context
        self.told: tuple[int, str] = 0, ""  # attempt and state, of the last end that was told
        self.stages: dict[int, tuple[int, str]] = {}  # the same, by stage


class Spans:
    """Makes the spans of what has ended; remembers what was told."""

    def __init__(self) -> None:
        self._known: OrderedDict[str, _Known] = OrderedDict()
        self._held: dict[str, tuple[float, Operation]] = {}  # ends, and until when; in their order

    @property
    def remembered(self) -> int:
        """Return the number of operations whose traces are remembered."""
        return len(self._known)

    def ended(
        self, changed: Iterable[str], operations: Mapping[str, Operation], since: float, now: float
    ) -> list[Span]:
        """Return the spans of what has ended by these changes, not before `since`.

        `now` is on the clock of the caller.
        """
        found: list[Span] = []
        for name in changed:
            operation = operations[name]
            known = self._remember(operation, operations)
            if operation.open:
                self._held.pop(name, None)
                found += _of_stages(operation, known, since)
            elif operation.state in GUESSED and _is_news(operation, known):
                until, _ = self._held.get(name, (now + HELD, operation))
                self._held[name] = until, operation
            else:
                self._held.pop(name, None)
                found += _of_all(operation, known, since)
        for until, operation in list(self._held.values()):
            if until > now:
                break
            del self._held[operation.id]
            found += _of_all(operation, self._remember(operation, operations), since)
        return found

    def deadline(self) -> float | None:
        """Return when `ended` has more to tell though nothing changes, or None."""
        return next((until for until, _ in self._held.values()), None)

    def _remember(
        self, operation: Operation, operations: Mapping[str, Operation], depth: int = 0
    ) -> _Known:
        known = self._known.get(operation.id)
        if known is None or not known.context.final:
            context = self._context(operation, operations, depth)
            if known is not None:
                known.context = context
                return known
            known = self._known[operation.id] = _Known(context)
            for _ in range(len(self._known) - KNOWN_LIMIT):
                oldest = next(iter(self._known))
                one = operations.get(oldest)
                if one is not None and one.open:
                    self._known.move_to_end(oldest)
                else:
                    del self._known[oldest]
        return known

    def _context(
        self, operation: Operation, operations: Mapping[str, Operation], depth: int
    ) -> _Context:
        name, _, number = (operation.parent or "").partition("/")
        above = operations.get(name)
        if above is not None and depth < DEPTH_LIMIT:
            around = self._remember(above, operations, depth + 1).context
            stage = above.stages.get(int(number)) if number.isdecimal() else None
            parent = operation_span_id(above) if stage is None else stage_span_id(above, stage)
            return around._replace(parent=parent, remote=False)
        final = not name or depth >= DEPTH_LIMIT
        if operation.traceparent is not None:
            _, trace, span, flags = operation.traceparent.split("-")
            return _Context(int(trace, 16), int(span, 16), True, bool(int(flags, 16) & 1), final)
        return _Context(_hashed(f"trace {operation.id}", 16), None, False, True, final)


def _is_news(operation: Operation, known: _Known) -> bool:
    """Return whether the end of an operation has not been told as it is."""
    return operation.attempt >= known.told[0] and (operation.attempt, operation.state) != known.told


def _of_all(operation: Operation, known: _Known, since: float) -> Iterator[Span]:
    if _is_news(operation, known):
        yield from _of_stages(operation, known, since)
        yield from _of_operation(operation, known, since)
        known.told = operation.attempt, operation.state


def _of_stages(operation: Operation, known: _Known, since: float) -> Iterator[Span]:
    context, told = known.context, known.stages
    for stage in operation.stages.values():
        end = stage.attempt, stage.state
        if stage.state not in ENDED or told.get(stage.id) == end:
            continue
        times = _times(stage, since)
        if times is None or (len(told) >= STAGES_LIMIT and stage.id not in told):
            continue
        told[stage.id] = end
        above = operation.stages.get(stage.parent) if stage.parent is not None else None
        parent = operation_span_id(operation) if above is None else stage_span_id(operation, above)
        number = stage_span_id(operation, stage)
        yield Span(operation, stage, context.trace, number, parent, False, context.sampled, *times)


def _of_operation(operation: Operation, known: _Known, since: float) -> Iterator[Span]:
    times = _times(operation, since)
    if times is None:
        return
    trace, parent, remote, sampled, _ = known.context
    left_out = 0
    if len(known.stages) >= STAGES_LIMIT:
        left_out = sum(
            stage.id not in known.stages and _times(stage, since) is not None
            for stage in operation.stages.values()
        )
    number = operation_span_id(operation)
    yield Span(operation, None, trace, number, parent, remote, sampled, *times, left_out)


def operation_span_id(operation: Operation) -> int:
    """Return the id of the span of an operation's attempt."""
    return _hashed(f"{operation.id} {operation.attempt}", 8)


def stage_span_id(operation: Operation, stage: Stage) -> int:
    """Return the id of the span of a stage's attempt."""
    return _hashed(f"{operation.id}/{stage.id} {stage.attempt}", 8)


def attributes(span: Span, *, with_output: bool) -> dict[str, Value]:
    """Return what a span says of its operation or stage.

    Errors, details and messages may be lines of output: they are told only `with_output`.
    """
    operation, stage = span.operation, span.stage
    one = operation if stage is None else stage
    told: dict[str, Value | None] = {
        "headway.operation.id": operation.id,
        "headway.state": one.state,
        "headway.attempt": one.attempt,
    }
    if stage is None:
        told.update(
            {
                "headway.operation.key": operation.key,
                "headway.stages_left_out": span.left_out or None,
                "process.pid": operation.pid,
                "process.exit.code": operation.exit_status,
                "host.name": operation.host,
                "user.name": operation.user,
            }
        )
        told.update((f"headway.label.{key}", words) for key, words in _labels(operation))
        if with_output:
            told["headway.message"] = operation.message
    else:
        told.update(
            {
                "headway.stage.id": stage.id,
                "headway.stage.done": stage.shown,
                "headway.stage.total": stage.total,
                "headway.stage.unit": stage.unit,
            }
        )
        if with_output:
            told["headway.stage.detail"] = stage.detail
    if with_output:
        told["headway.reason"] = one.reason
    return {name: value for name, value in told.items() if value is not None}


def _labels(operation: Operation) -> Iterable[tuple[str, str]]:
    return (operation.labels or {}).items()


def _times(one: Operation | Stage, since: float) -> tuple[float, float] | None:
    """Return when it began and ended; None where it has not, did not run, or had before."""
    if one.state not in ENDED or one.state == SKIPPED or one.ended is None or one.ended < since:
        return None
    return min(one.ended if one.started is None else one.started, one.ended), one.ended


def _hashed(words: str, size: int) -> int:
    """Return an id of so many bytes, which is not 0."""
    digest = blake2s(words.encode("utf-8", "replace"), digest_size=size).digest()
    return int.from_bytes(digest, "big") or 1
