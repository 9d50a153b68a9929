"""Row mapping: an operation as a row of the history, and back; pure.

A row has no texts (`redaction`): what an earlier broker stored is told without them. Nor has it
anything of the environment: a program that lives tells the next broker anew. Times in a
row are Unix seconds, for the next broker has another monotonic clock.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from headway.model import Operation
from headway.protocol import checks
from headway.protocol.redaction import redact_operation, redact_stage
from headway.protocol.wire import Malformed, pack, unpack
from headway.records import OPERATION_FIELDS, STAGE_FIELDS
from headway_broker.state.effects import StoredOperation, StoredShare
from headway_broker.state.entry import Entry
from headway_broker.state.sessions import REMOTE, Session

_ID = OPERATION_FIELDS.index("id")
_NAME = OPERATION_FIELDS.index("name")
_TRACEPARENT = OPERATION_FIELDS.index("traceparent")
_STAGE_ID = STAGE_FIELDS.index("id")
_OPERATION_TIMES = (OPERATION_FIELDS.index("started"), OPERATION_FIELDS.index("ended"))
_STAGE_TIMES = (STAGE_FIELDS.index("started"), STAGE_FIELDS.index("ended"))


class Body(NamedTuple):
    """The packed part of a row; `shares`: stage id → writer → done."""

    operation: list[Any]  # a record of `OPERATION_FIELDS`
    stages: list[list[Any]]  # records of `STAGE_FIELDS`
    shares: dict[int, dict[str, float]]


# Of what a worker says of itself: what tells its process again after a restart, and whose it is.
_KEPT_FACTS = ("pid", "started", "boot", "pid_namespace", "host", "user", REMOTE)


def row_of(entry: Entry, wall_offset: float) -> StoredOperation:
    """Return the row of an entry; `wall_offset` is what to add to its times for Unix time."""
    operation, session = entry.operation, entry.session
    record = redact_operation(operation.record())
    record[_TRACEPARENT] = None
    body = Body(
        _shifted(record, _OPERATION_TIMES, wall_offset),
        [
            _shifted(redact_stage(stage.record()), _STAGE_TIMES, wall_offset)
            for stage in operation.stages.values()
        ],
        {stage.id: stage.shares for stage in operation.stages.values() if stage.shares},
    )
    ended = None
    if not operation.open:
        ended = wall_offset + (operation.ended if operation.ended is not None else entry.heard)
    about = {name: session.about.get(name) for name in _KEPT_FACTS}
    about["image"] = session.process_image
    about["seen_from"] = session.namespace  # where the pid of the row means the process
    return StoredOperation(
        operation.id,
        operation.revision,
        ended,
        session.id,
        session.uid,
        session.pid,
        about,
        pack(body),
        tuple(StoredShare(*place, done) for place, done in entry.unstored.items()),
        changes=entry.changes,
    )


def entry_of(row: StoredOperation, session: Session, wall_offset: float, now: float) -> Entry:
    """Return the entry of a row; raise `Malformed` for a body that is none."""
    body = _body(row.body)
    record = checks.operation_record(body.operation)
    operation = Operation(record[_ID], record[_NAME])
    operation.apply(_shifted(record, _OPERATION_TIMES, -wall_offset))
    records = [
        _shifted(checks.stage_record(stage), _STAGE_TIMES, -wall_offset) for stage in body.stages
    ]
    operation.add_stages(stage[_STAGE_ID] for stage in records)
    for stage in records:
        operation.apply_stage(stage)
    for stage_id, counted in body.shares.items():
        if stage_id in operation.stages:
            operation.stages[stage_id].shares = counted
    return Entry(operation, session, now)


def redacted(data: bytes) -> bytes:
    """Return the body of a row that was stored with texts without them; empty if it is none."""
    try:
        body = _body(data)
        return pack(
            Body(
                redact_operation(checks.operation_record(body.operation)),
                [redact_stage(checks.stage_record(stage)) for stage in body.stages],
                body.shares,
            )
        )
    except Malformed:
        return b""


def _body(data: bytes) -> Body:
    body = unpack(data)
    if type(body) is not list or [type(part) for part in body[:3]] != [list, list, dict]:
        raise Malformed("a record, stage records and shares expected")
    return Body(*body[:3])


def _shifted(record: list[Any], times: tuple[int, int], offset: float) -> list[Any]:
    for position in times:
        if record[position] is not None:
            record[position] += offset
    return record
