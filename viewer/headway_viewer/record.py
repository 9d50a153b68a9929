"""Operations as the public JSON form, `schema` 1: for `--display json`, `ps`, `record`.

Times are Unix seconds, durations seconds, progress 0…1; unknown is null. A line about an
operation always holds all of it, so that a reader needs no memory.
"""

from __future__ import annotations

import json
from typing import Any, Iterable, Iterator

from headway.model import Operation, Stage
from headway.protocol.messages import Lines
from headway_viewer.replica import Changes, Replica

SCHEMA = 1
# What is encoded was made here, so no circle has to be looked for.
_encode = json.JSONEncoder(separators=(",", ":"), check_circular=False).encode


def operation_record(operation: Operation, replica: Replica, now: float) -> dict[str, Any]:
    """One operation; `now` is the broker's time."""
    return {
        "id": operation.id,
        "name": operation.name,
        "key": operation.key,
        "state": operation.state,
        "reason": operation.reason,
        "error": operation.error,
        "message": operation.message,
        "silent_since": _unix(operation.silent_since, replica),
        "host": operation.host,
        "pid": operation.pid,
        "user": operation.user,
        "tty": operation.tty,
        "started": _unix(operation.started, replica),
        "ended": _unix(operation.ended, replica),
        "elapsed": elapsed(operation, now),
        "progress": operation.progress,
        "cancellable": operation.cancellable,
        "parent": operation.parent,
        "holder": operation.holder,
        "attempt": operation.attempt,
        "exit_status": operation.exit_status,
        "notify": operation.notify,
        "estimate": _estimate(operation.estimate),
        "stages": list(_stage_records(operation, replica, now)),
    }


def _stage_records(operation: Operation, replica: Replica, now: float) -> Iterator[dict[str, Any]]:
    unix = replica.unix(0.0)
    for stage in parents_first(operation):
        started, ended = stage.started, stage.ended
        yield {
            "id": stage.id,
            "parent": stage.parent,
            "name": stage.name,
            "state": stage.state,
            "reason": stage.reason,
            "error": stage.error,
            "detail": stage.detail,
            "done": stage.shown if stage.shares else stage.done,
            "total": stage.total,
            "unit": stage.unit,
            "progress": stage.fraction() if stage.progress is None else stage.progress,
            "started": None if started is None else round(started + unix, 3),
            "ended": None if ended is None else round(ended + unix, 3),
            "elapsed": None if started is None else elapsed(stage, now),
            "attempt": stage.attempt,
            "estimate": None if stage.estimate is None else _estimate(stage.estimate),
        }


def parents_first(operation: Operation) -> Iterable[Stage]:
    """The stages in their order, each after the stage that it is part of."""
    stages = operation.stages
    seen: set[int] = set()
    ordered = True
    for stage in stages.values():
        if stage.parent is not None and stage.parent in stages and stage.parent not in seen:
            ordered = False
            break
        seen.add(stage.id)
    if ordered:
        return stages.values()
    below: dict[int | None, list[Stage]] = {}
    for stage in stages.values():
        below.setdefault(stage.parent if stage.parent in stages else None, []).append(stage)
    found: list[Stage] = []
    edge = list(reversed(below.get(None, [])))
    while edge:
        stage = edge.pop()
        found.append(stage)
        edge.extend(reversed(below.pop(stage.id, [])))
    return found


def elapsed(item: Operation | Stage, now: float) -> float | None:
    """Seconds from its start to its end, or until `now`; None if it has not started."""
    if item.started is None:
        return None
    end = now if item.ended is None else item.ended
    return max(round(end - item.started, 3), 0.0)


def _unix(time: float | None, replica: Replica) -> float | None:
    return None if time is None else round(replica.unix(time), 3)


def _estimate(estimate: Any) -> dict[str, Any] | None:
    if estimate is None:
        return None
    low, median, high, basis, runs = estimate
    return {"low": low, "median": median, "high": high, "basis": basis, "runs": runs}


class Writer:
    """Changes as lines of JSON, each a string without its newline."""

    def __init__(self, replica: Replica) -> None:
        self._replica = replica

    def snapshot(self, now: float, chosen: Iterable[Operation] | None = None) -> str:
        """All that is known, or what was chosen, as one line."""
        replica = self._replica
        operations = replica.operations.values() if chosen is None else chosen
        return self._line(
            "snapshot",
            now,
            operations=[operation_record(operation, replica, now) for operation in operations],
        )

    def changes(self, changes: Changes, now: float, names: set[str] | None = None) -> list[str]:
        """What `changes` holds; `names` restricts it to these operations."""
        replica = self._replica
        lines: list[str] = []
        if changes.missed is not None:
            lines.append(self._line("gap", now, missed=changes.missed))
        removed = [name for name in changes.removed if names is None or name in names]
        if changes.fresh:
            chosen = [
                operation
                for operation in replica.operations.values()
                if names is None or operation.id in names
            ]
            lines.append(self.snapshot(now, chosen))
        else:
            lines.extend(
                self._line(
                    "operation",
                    now,
                    operation=operation_record(replica.operations[name], replica, now),
                )
                for name in changes.operations
                if names is None or name in names
            )
        if removed:
            lines.append(self._line("removed", now, operations=removed))
        return lines

    def log(self, message: Lines, now: float) -> str:
        """Lines that an operation printed."""
        return self._line(
            "log", now, operation=message.operation, stage=message.stage, lines=message.lines
        )

    def _line(self, kind: str, now: float, **fields: Any) -> str:
        replica = self._replica
        return _encode(
            {
                "schema": SCHEMA,
                "type": kind,
                "instance": replica.instance,
                "seq": replica.sequence,
                "time": round(replica.unix(now), 3),
                **fields,
            }
        )
