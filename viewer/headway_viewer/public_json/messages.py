"""Decode the lines of a recording into the messages that they came from.

Pure. A recording is shown through the same replica, board and displays as the broker's
messages. Absent: reading the file (`reader`) and waiting between two lines (`replay`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Iterable, Iterator

from headway.model import Operation, Stage
from headway.protocol import checks, rows
from headway.protocol.checks import Malformed
from headway.protocol.messages import Delta, Lines, Removed, Snapshot
from headway.protocol.rows import (
    OperationFigures,
    OperationRecord,
    OperationRow,
    StageRecord,
)

if TYPE_CHECKING:
    from headway.protocol.checks import Check

INSTANCE = "recording"


class RecordingDecoder:
    """Decodes recorded lines into messages, in which the broker's clock is Unix time."""

    def __init__(self) -> None:
        self._sequence = 0

    def messages(self, lines: Iterable[dict[str, Any]]) -> Iterator[tuple[float, Any]]:
        """Yield (time, message) of each line; a recording may begin anywhere."""
        for line in lines:
            at = line.get("time")
            if not isinstance(at, (int, float)) or not -1e12 < at < 1e12:
                continue
            kind = line.get("type")
            if not self._sequence and kind != "snapshot":
                self._sequence = 1
                yield at, Snapshot(INSTANCE, 1, at, at, 0, 1, [])
            message = self._message(kind, at, line)
            if message is not None:
                yield at, message

    def _message(self, kind: Any, at: float, line: dict[str, Any]) -> Any:
        if kind == "snapshot":
            found = [row_of(record) for record in _records(line.get("operations"))]
            self._sequence += 1
            return Snapshot(INSTANCE, self._sequence, at, at, 0, 1, [row for row in found if row])
        if kind == "operation":
            row = row_of(line.get("operation"))
            if row is None:
                return None
            self._sequence += 1
            return Delta(INSTANCE, self._sequence, at, [row])
        if kind == "removed":
            names = [name for name in _records(line.get("operations")) if isinstance(name, str)]
            self._sequence += 1
            return Removed(INSTANCE, self._sequence, at, names)
        if kind == "log":
            name, lines = line.get("operation"), _records(line.get("lines"))
            return Lines(
                INSTANCE, self._sequence, at, str(name), None, [str(some) for some in lines]
            )
        return None


def row_of(record: Any) -> OperationRow | None:
    """A recorded operation as a row of `messages.Delta.operations`; None if it is none."""
    if not _is_one(record, checks.OPERATION):
        return None
    stages = [stage for stage in _records(record.get("stages")) if _is_one(stage, checks.STAGE)]
    blank, part = Operation(record["id"], ""), Stage(0, "")
    return OperationRow(
        record["id"],
        OperationRecord._make(_fields(record, checks.OPERATION, blank)),
        [StageRecord._make(_fields(stage, checks.STAGE, part)) for stage in stages],
        {},
        OperationFigures(
            _kept(checks.fraction, record.get("progress")),
            _kept(_estimate, record.get("estimate")),
            _kept(checks.time, record.get("silent_since")),
            None,
            unlike=False,
            tail=[],
            holder=_kept(checks.identity, record.get("holder")),
        ),
        {stage["id"]: (_kept(checks.fraction, stage.get("progress")), None) for stage in stages},
        {},
    )


def _is_one(record: Any, fields: dict[str, Check]) -> bool:
    """Whether it can be shown at all: there is an id and a state."""
    missing = object()
    return isinstance(record, dict) and not any(
        _kept(fields[field], record.get(field), missing) is missing for field in ("id", "state")
    )


def _fields(
    record: dict[str, Any], fields: dict[str, Check], blank: Operation | Stage
) -> Iterator[Any]:
    """The fields of a record, whatever stands in the file: what is wrong is as in a new one."""
    for field, check in fields.items():
        value = record.get(field)
        if field == "name" and value is not None:
            value = str(value)
        yield _kept(check, value, getattr(blank, field))


def _kept(check: Check, value: Any, otherwise: Any = None) -> Any:
    """The value, or what is `otherwise` where the check refuses it."""
    try:
        return check(value)
    except Malformed:
        return otherwise


def _estimate(value: Any) -> rows.Estimate:
    known = checks.mapping(value)
    return rows.check_estimate(
        [known.get("low"), known.get("median"), known.get("high"), str(known.get("basis")), 0]
    )


def _records(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
