"""The JSON schema of operations and stages, version 1: `--display json`, `ps --json`, `record`.

Times are Unix seconds, durations seconds, progress 0…1; unknown is null. A line about an
operation always has all its fields, so that a reader needs no state.
"""

from __future__ import annotations

import json
from typing import Any, Iterable

from headway.model import Operation, Stage
from headway_viewer.replica.replica import Replica

SCHEMA = 1
# The values are built here, so they have no circles to check for.
encode = json.JSONEncoder(separators=(",", ":"), check_circular=False).encode


def operation_object(operation: Operation, replica: Replica, now: float) -> dict[str, Any]:
    """Return an operation as a JSON object; `now` is the broker's time."""
    stages = [stage_object(stage, replica, now) for stage in parents_first(operation)]
    return {**operation_fields(operation, replica, now), "stages": stages}


def operation_fields(operation: Operation, replica: Replica, now: float) -> dict[str, Any]:
    """Return the fields of an operation but its stages."""
    return {
        "id": operation.id,
        "name": operation.name,
        "key": operation.key,
        "state": operation.state,
        "reason": operation.reason,
        "error": operation.error,
        "message": operation.message,
        "silent_since": _unix(operation.silent_since, replica),
        "stalled_since": _unix(operation.stalled_since, replica),
        "unheard_since": _unix(operation.unheard_since, replica),
        "no_broker_since": _unix(operation.no_broker_since, replica),
        "stops": [
            [_unix(began, replica), _unix(ended, replica)] for began, ended in operation.stops
        ],
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
        "rank": operation.rank,
        "labels": operation.labels or {},
        "exit_status": operation.exit_status,
        "notify": operation.notify,
        "estimate": _estimate(operation.estimate),
        "usual": _usual(operation.usual),
        "work": _work(operation.work),
    }


def stage_object(stage: Stage, replica: Replica, now: float) -> dict[str, Any]:
    """Return a stage as a JSON object."""
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
        "initial": stage.initial,
        "progress": progress_of(stage),
        "started": _unix(stage.started, replica),
        "ended": _unix(stage.ended, replica),
        "elapsed": elapsed(stage, now),
        "attempt": stage.attempt,
        "estimate": _estimate(stage.estimate),
    }


def progress_of(stage: Stage) -> float | None:
    """Return the progress of a stage: the broker's, or else that of its counts."""
    return stage.fraction() if stage.progress is None else stage.progress


def parents_first(operation: Operation) -> Iterable[Stage]:
    """Return the stages in their order, each after its parent."""
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
    stack = list(reversed(below.get(None, [])))
    while stack:
        stage = stack.pop()
        found.append(stage)
        stack.extend(reversed(below.pop(stage.id, [])))
    return found


def elapsed(item: Operation | Stage, now: float) -> float | None:
    """Return the seconds from start to end, or to `now`; None before the start."""
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


def _work(work: Any) -> dict[str, Any] | None:
    if work is None:
        return None
    cpu, read, written = work
    return {"cpu": round(cpu, 2), "read": read, "written": written}


def _usual(usual: Any) -> dict[str, Any] | None:
    if usual is None:
        return None
    median, low, high, runs = usual
    return {"median": median, "low": low, "high": high, "runs": runs}
