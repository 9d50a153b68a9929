"""Operations as the public JSON form, `schema` 1: for `--display json`, `ps`, `record`.

Times are Unix seconds, durations seconds, progress 0…1; unknown is null. A line about an
operation always holds all of it, so that a reader needs no memory.
"""

from __future__ import annotations

import json
from typing import Any, Iterable, Iterator

from headway.model import Operation, Stage
from headway.protocol.messages import Lines
from headway_viewer.drafts import Drafts
from headway_viewer.replica import Changes, Replica

SCHEMA = 1
# What is encoded was made here, so no circle has to be looked for.
_encode = json.JSONEncoder(separators=(",", ":"), check_circular=False).encode


def operation_record(operation: Operation, replica: Replica, now: float) -> dict[str, Any]:
    """One operation; `now` is the broker's time."""
    stages = [_stage_record(stage, replica, now) for stage in parents_first(operation)]
    return {**_own_record(operation, replica, now), "stages": stages}


def _own_record(operation: Operation, replica: Replica, now: float) -> dict[str, Any]:
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
    }


def _stage_record(stage: Stage, replica: Replica, now: float) -> dict[str, Any]:
    return {
        "id": stage.id,
        "parent": stage.parent,
        "name": stage.name,
        "state": stage.state,
        "reason": stage.reason,
        "error": stage.error,
        "detail": stage.detail,
        "done": stage.shown,
        "total": stage.total,
        "unit": stage.unit,
        "progress": _progress(stage),
        "started": _unix(stage.started, replica),
        "ended": _unix(stage.ended, replica),
        "elapsed": elapsed(stage, now),
        "attempt": stage.attempt,
        "estimate": _estimate(stage.estimate),
    }


def _progress(stage: Stage) -> float | None:
    return stage.fraction() if stage.progress is None else stage.progress


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
        self._drafts = Drafts(lambda stage: _stage_record(stage, replica, 0.0), _encode)

    def snapshot(self, now: float, chosen: Iterable[Operation] | None = None) -> str:
        """All that is known, or what was chosen, as one line."""
        replica = self._replica
        operations = replica.operations.values() if chosen is None else chosen
        return self._line(
            "snapshot",
            now,
            operations=[operation_record(operation, replica, now) for operation in operations],
        )

    def changes(self, changes: Changes, now: float, names: set[str] | None = None) -> Iterator[str]:
        """What `changes` holds; `names` restricts it to these operations."""
        replica = self._replica
        if changes.missed is not None:
            yield self._line("gap", now, missed=changes.missed)
        if changes.fresh:
            self._drafts.clear()
            chosen = [
                operation
                for operation in replica.operations.values()
                if names is None or operation.id in names
            ]
            yield self.snapshot(now, chosen)
        else:
            for name in changes.operations:
                if names is None or name in names:
                    yield self._operation(replica.operations[name], now)
        for name in changes.removed:
            self._drafts.forget(name)
        removed = [name for name in changes.removed if names is None or name in names]
        if removed:
            yield self._line("removed", now, operations=removed)

    def log(self, message: Lines, now: float) -> str:
        """Lines that an operation printed."""
        return self._line(
            "log", now, operation=message.operation, stage=message.stage, lines=message.lines
        )

    def _operation(self, operation: Operation, now: float) -> str:
        own = _own_record(operation, self._replica, now)
        line = self._line("operation", now, operation={**own, "stages": []})
        texts = self._drafts.texts(
            operation.id,
            parents_first(operation),
            lambda stage: (stage.shown, _progress(stage), elapsed(stage, now)),
        )
        if not operation.open:
            self._drafts.forget(operation.id)
        return f"{line[:-3]}{','.join(texts)}]}}}}"

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
