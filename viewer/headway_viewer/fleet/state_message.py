"""The messages of a fleet: the whole state of an operation, a heartbeat, a removal.

Pure. Each is one msgpack array, `[version, kind, session, reporter, now, …]`, to which fields are
only ever appended. `now` is the clock of the host's broker when it was published, in which its
times are told. What a command printed and what an exception said stay on the host, unless its
uplink was told to send them. Absent: subjects, and when something is sent.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from headway.model import UNTOLD, Operation, Stage
from headway.protocol import checks, rows
from headway.protocol.checks import Malformed
from headway.protocol.overview import told_stages
from headway.protocol.redaction import redact_operation, redact_stage
from headway.protocol.rows import OperationFigures, OperationRecord, OperationRow, StageRecord
from headway.protocol.wire import pack, unpack

VERSION = 1
STATE, HEARTBEAT, REMOVED = range(3)  # the kinds
# Stages of a state that are told whole; of more, those that its row tells of. A state of 100 has
# some 10 kB, and is published several times a second.
WHOLE_STAGES = 100
PAYLOAD_LIMIT = 256 * 1024  # bytes: a server takes 1 MiB, unless it is told otherwise
_age = checks.optional(checks.time)


class NewerVersion(Malformed):
    """A message of a newer version of Headway."""


class Message(NamedTuple):
    """A message; `row` is the row of a state, which is checked where it is folded in."""

    kind: int
    session: str  # of the uplink, since it was started
    reporter: str  # whose operations they are
    now: float
    row: list[Any] | None = None
    whole: bool = False  # of a heartbeat: all that is open has been published in this session
    absent: float | None = None  # seconds for which the host has had no broker; None: it has one


def encode_state(
    session: str,
    reporter: str,
    now: float,
    operation: Operation,
    *,
    with_output: bool,
) -> bytes:
    """Return the bytes of the state of an operation."""
    return frame_row(session, reporter, now, encode_row(operation, with_output=with_output))


def encode_row(operation: Operation, *, with_output: bool) -> bytes:
    """Return what a state tells of an operation, which `frame_row` makes a message of."""
    ids = list(operation.stages)
    if len(ids) > WHOLE_STAGES:
        ids = told_stages(operation)
    data = _row(operation, ids, with_output=with_output)
    if len(data) > PAYLOAD_LIMIT:  # names, reasons and details may be long
        data = _row(operation, [], with_output=False)
    return data


def frame_row(session: str, reporter: str, now: float, row: bytes) -> bytes:
    """Return the bytes of a state that is sent `now`; its `row` may be older."""
    return pack((VERSION, STATE, session, reporter, now, None))[:-1] + row


def encode_heartbeat(
    session: str, reporter: str, now: float, *, whole: bool, absent: float | None = None
) -> bytes:
    """Return the bytes of a heartbeat; `absent` is for how long there has been no broker."""
    return pack((VERSION, HEARTBEAT, session, reporter, now, whole, absent))


def encode_removed(session: str, reporter: str, now: float) -> bytes:
    """Return the bytes of what says that an operation is known no more."""
    return pack((VERSION, REMOVED, session, reporter, now))


def decode(data: bytes) -> Message:
    """Return a message. Raise `Malformed`, and `NewerVersion` for one that cannot be known."""
    fields = unpack(data)
    if type(fields) is not list or len(fields) < 5 or type(fields[0]) is not int:
        raise Malformed("no message of a fleet")
    if fields[0] > VERSION or type(fields[1]) is not int or fields[1] > REMOVED:
        raise NewerVersion(f"of version {fields[0]}")
    kind = fields[1]
    session, reporter = checks.identity(fields[2]), checks.name(fields[3])
    now = checks.time(fields[4])
    if kind == REMOVED:
        return Message(kind, session, reporter, now)
    if len(fields) < 6:
        raise Malformed("a field is missing")
    if kind == HEARTBEAT:
        absent = _age(fields[6]) if len(fields) > 6 else None
        return Message(kind, session, reporter, now, None, checks.flag(fields[5]), absent)
    row = checks.array(fields[5])
    if len(row) < 7 or type(row[1]) is not list or len(row[1]) < checks.OPERATION_LEAST:
        raise Malformed("no row of a whole operation")
    return Message(kind, session, reporter, now, row)


def _row(operation: Operation, ids: list[int], *, with_output: bool) -> bytes:
    stages = [operation.stages[number] for number in ids]
    record = OperationRecord.of(operation)
    if not with_output:
        record = OperationRecord(*redact_operation(record))
    # Of no use on another machine, and long; or of the program's environment.
    record = record._replace(coarser=None, former=None, traceparent=None)
    if len(ids) < len(operation.stages):
        record = record._replace(planned=UNTOLD)
    figures = OperationFigures.of(operation, tail=with_output)
    row = OperationRow(
        operation.id,
        record,
        [_stage(stage, with_output=with_output) for stage in stages],
        {},
        figures if with_output else figures._replace(tail=[]),
        {
            stage.id: rows.stage_figures_of(stage)
            for stage in stages
            if stage.progress is not None or stage.estimate is not None
        },
        {stage.id: stage.shares for stage in stages if stage.shares},
    )
    return pack(row)


def _stage(stage: Stage, *, with_output: bool) -> StageRecord:
    record = StageRecord.of(stage)
    return record if with_output else StageRecord(*redact_stage(record))
