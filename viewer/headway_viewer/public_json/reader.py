"""Read changes from a file: a recording of Headway's own JSON lines, or a trace.

A *recording* holds the lines that `headway view --display json` prints: every operation always
whole, times in Unix seconds. A *trace* holds one operation: a first line with the plan, then
one line a change, with times since its start; a line may name the stage that its own is part
of (`parent`) and count its `attempt`. Both become the same `Change`s, in order of time.
A line that is not JSON is skipped: the recording may have been cut off while it was written.
"""

from __future__ import annotations

import json
from typing import Any, Iterable, Iterator, NamedTuple

from headway.plain_values import clean_count
from headway.states import WAITING, asks

_TRACE_STATES = {"start": "running", "run": "running", "done": "completed"}
# Seconds that a recording may last: a time further off is none. Whoever replays it waits for it.
LONGEST = 30 * 86_400.0
_OPEN = frozenset({"pending", "running", "waiting"})


class StageState(NamedTuple):
    """The fields of a stage in its last line; equal ones mean no change."""

    state: Any
    done: Any
    total: Any
    unit: Any
    attempt: Any
    started: Any
    reason: Any


class WorkSample(NamedTuple):
    """Seconds of processor time, bytes read and written, None: unknown; and hashes of lines."""

    cpu: float | None
    read: float | None
    written: float | None
    lines: list[int]


class Change:
    """One change of one operation, `time` seconds after the recording began.

    `kind` is "begin" (`name`, `key`; `time` may be before the recording), "stage" (`stage`,
    `name`, `parent`, `state`, `done`, `total`, `unit`, `attempt`), "whole" (`state`: all of it
    waits, or goes on; in the last `idle` seconds no work went on), "work" (`work`: a sample of its
    hidden counts) or "end" (`state`). `asked` says
    that what waits waits for a person.
    """

    __slots__ = (
        "asked",
        "attempt",
        "done",
        "idle",
        "key",
        "kind",
        "name",
        "operation",
        "parent",
        "stage",
        "state",
        "time",
        "total",
        "unit",
        "work",
    )

    def __init__(self, kind: str, time: float, operation: str) -> None:
        self.kind = kind
        self.time = time
        self.operation = operation
        self.name = ""
        self.key = ""
        self.stage = 0
        self.parent: int | None = None
        self.state = ""
        self.done: float | None = 0  # None: unknown
        self.total: float | None = None
        self.unit: str | None = None
        self.attempt = 1
        self.asked = False
        self.idle = 0.0
        self.work: WorkSample | None = None


def lines(path: str) -> Iterator[dict[str, Any]]:
    """Yield the JSON objects of a file, one a line. Raise OSError."""
    with open(path, encoding="utf-8", errors="replace") as file:
        for text in file:
            try:
                line: Any = json.loads(text)
            except (ValueError, RecursionError):  # RecursionError: nested too deep
                continue
            if isinstance(line, dict):
                yield line


def changes(path: str) -> Iterator[Change]:
    """Yield the changes in a recording or a trace, oldest first.

    Raise OSError where the file cannot be read, ValueError where it is neither of the two.
    """
    found = lines(path)
    first = next(found, None)
    if first is None:
        raise ValueError(f"{path}: no JSON line")
    if first.get("state") == "plan":
        return _trace(first, found)
    if "type" in first:
        return _recording(first, found)
    raise ValueError(f"{path}: neither a recording nor a trace")


def _trace(first: dict[str, Any], rest: Iterable[dict[str, Any]]) -> Iterator[Change]:
    operation = str(first.get("op", ""))
    begin = Change("begin", 0.0, operation)
    begin.name = begin.key = operation
    yield begin
    stages: dict[str, int] = {}
    for name in _list_of(first.get("plan")):
        change = Change("stage", 0.0, operation)
        change.name = str(name)
        change.stage = stages.setdefault(change.name, len(stages) + 1)
        change.state = "pending"
        yield change
    for line in rest:
        state = str(line.get("state"))
        at = _seconds(line.get("t"))
        if abs(at) > LONGEST:
            continue
        if state == "end":
            end = Change("end", at, operation)
            end.state = "completed"
            yield end
            continue
        if state == "work":
            yield _work(line, operation, at)
            continue
        change = Change("stage", at, operation)
        change.name = str(line.get("stage"))
        change.stage = stages.setdefault(change.name, len(stages) + 1)
        change.parent = stages.get(str(line.get("parent")))
        change.attempt = _whole_number(line.get("attempt"), 1)
        change.state = _TRACE_STATES.get(state, state)
        change.done = _count(line.get("done", 0))
        change.total = _count(line.get("total"))
        change.unit = _text(line.get("unit"))
        yield change


def _recording(first: dict[str, Any], rest: Iterable[dict[str, Any]]) -> Iterator[Change]:
    zero = _seconds(first.get("time"))
    known: dict[str, dict[int, StageState]] = {}
    whole: dict[str, tuple[Any, bool]] = {}
    ended: set[str] = set()
    for line in _chain(first, rest):
        time = _seconds(line.get("time"), zero) - zero
        if abs(time) > LONGEST:
            continue
        if line.get("type") == "snapshot":
            operations = _list_of(line.get("operations"))
        elif line.get("type") == "operation":
            operations = [line.get("operation")]
        elif line.get("type") == "work" and line.get("operation") in known:
            yield _work(line, line["operation"], time)
            continue
        else:
            continue
        for operation in operations:
            if isinstance(operation, dict) and operation.get("started") is not None:
                yield from _operation(operation, time, zero, known, ended)
                yield from _whole(operation, time, zero, whole)


def _chain(first: dict[str, Any], rest: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    yield first
    yield from rest


def _operation(
    record: dict[str, Any],
    time: float,
    zero: float,
    known: dict[str, dict[int, StageState]],
    ended: set[str],
) -> Iterator[Change]:
    """Yield the changes between the known state of an operation and a whole record of it."""
    name = str(record.get("id"))
    if name not in known:
        known[name] = {}
        begin = Change("begin", _seconds(record.get("started"), zero + time) - zero, name)
        begin.name = str(record.get("name"))
        begin.key = str(record.get("key") or record.get("name"))
        yield begin
    for stage in _list_of(record.get("stages")):
        number = _whole_number(stage.get("id"), None) if isinstance(stage, dict) else None
        if number is None:
            continue
        now = StageState(*map(stage.get, StageState._fields))
        now = now._replace(state=str(now.state))
        if known[name].get(number) == now:
            continue
        before = known[name].get(number)
        known[name][number] = now
        # A line may be a moment later than the change: the exact times are inside the stage.
        if before is None or before.started != now.started:
            if now.state not in _OPEN and now.started is not None:
                yield _stage(stage, name, _seconds(now.started, zero) - zero, "running")
            elif now.state != "pending" and now.started is not None:
                yield _stage(stage, name, _seconds(now.started, zero) - zero, str(now.state))
        at = time
        if now.state not in _OPEN:
            at = _seconds(stage.get("ended"), zero + time) - zero
        yield _stage(stage, name, at, str(now.state))
    if str(record.get("state")) in _OPEN:
        ended.discard(name)
    elif name not in ended:
        ended.add(name)
        end = Change("end", _seconds(record.get("ended"), zero + time) - zero, name)
        end.state = str(record.get("state"))
        yield end


def _whole(
    record: dict[str, Any], time: float, zero: float, known: dict[str, tuple[Any, bool]]
) -> Iterator[Change]:
    """Yield the change if a whole open operation begins to wait, or stops waiting."""
    name, state = str(record.get("id")), str(record.get("state"))
    stopped = _stopped_since(record)
    if stopped is not None:
        now = (WAITING, True)  # until a person continues it
    else:
        now = (state, _asked(record)) if state == WAITING else ("running", False)
    if state in _OPEN and known.get(name, ("running", False)) != now:
        known[name] = now
        change = Change("whole", time, name)
        change.state, change.asked = now
        if stopped is not None:
            change.idle = max(0.0, time + zero - stopped)
        yield change


def _stopped_since(record: dict[str, Any]) -> float | None:
    """Return since when the process of an operation was stopped (Ctrl+Z, SIGSTOP), or None."""
    stops = _list_of(record.get("stops"))
    last = _list_of(stops[-1]) if stops else []
    return _seconds(last[0]) if len(last) > 1 and last[1] is None else None


def _asked(record: dict[str, Any]) -> bool:
    reason = record.get("reason")
    return record.get("state") == WAITING and isinstance(reason, str) and asks(reason)


def _stage(record: dict[str, Any], operation: str, time: float, state: str) -> Change:
    change = Change("stage", time, operation)
    change.stage = _whole_number(record.get("id"), 0)
    change.name = str(record.get("name"))
    change.parent = _whole_number(record.get("parent"), None)
    change.state = state
    change.done = _count(record.get("done", 0))
    change.total = _count(record.get("total"))
    change.unit = _text(record.get("unit"))
    change.attempt = _whole_number(record.get("attempt"), 1)
    change.asked = state == WAITING and _asked(record)
    return change


def _work(record: dict[str, Any], operation: str, time: float) -> Change:
    change = Change("work", time, operation)
    lines = [
        line for line in _list_of(record.get("lines")) if _whole_number(line, None) is not None
    ]
    cpu, read, written = (_count(record.get(name)) for name in ("cpu", "read", "written"))
    change.work = WorkSample(cpu, read, written, lines)
    return change


def _seconds(value: Any, otherwise: float = 0.0) -> float:
    """Return a time, or `otherwise` for what is none or too far from it."""
    found = clean_count(value) if type(value) in (int, float) else None
    if found is None or (otherwise and abs(found - otherwise) > LONGEST):
        return otherwise
    return float(found)


def _count(value: Any) -> float | None:
    """Return a count; None for what is unknown or no count."""
    return clean_count(value) if type(value) in (int, float) else None


def _whole_number(value: Any, otherwise: Any) -> Any:
    return value if type(value) is int and 0 <= value < 2**53 else otherwise


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _list_of(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
