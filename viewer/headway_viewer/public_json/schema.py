"""Operations as the public JSON form, `schema` 1: for `--display json`, `ps`, `record`.

Times are Unix seconds, durations seconds, progress 0…1; unknown is null. A line about an
operation always holds all of it, so that a reader needs no memory.
"""

from __future__ import annotations

import json
from typing import Any, Iterable

from headway.model import Operation, Stage
from headway_viewer.replica.replica import Replica

SCHEMA = 1
# What is encoded was made here, so no circle has to be looked for.
encode = json.JSONEncoder(separators=(",", ":"), check_circular=False).encode


def operation_record(operation: Operation, replica: Replica, now: float) -> dict[str, Any]:
    """One operation; `now` is the broker's time."""
    stages = [stage_record(stage, replica, now) for stage in parents_first(operation)]
    return {**own_record(operation, replica, now), "stages": stages}


def own_record(operation: Operation, replica: Replica, now: float) -> dict[str, Any]:
    """What is an operation's own, without its stages."""
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


def stage_record(stage: Stage, replica: Replica, now: float) -> dict[str, Any]:
    """One stage, as it stands in its operation."""
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
        "progress": progress_of(stage),
        "started": _unix(stage.started, replica),
        "ended": _unix(stage.ended, replica),
        "elapsed": elapsed(stage, now),
        "attempt": stage.attempt,
        "estimate": _estimate(stage.estimate),
    }


def progress_of(stage: Stage) -> float | None:
    """How far a stage is, as the broker says or else by its own counts."""
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
