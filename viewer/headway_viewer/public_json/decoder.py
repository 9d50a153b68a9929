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

# Seconds between two lines of a recording: a time further off is none, for it is waited for.
LONGEST = 30 * 86_400.0
INSTANCE = "recording"


class RecordingDecoder:
    """Decodes recorded lines into messages, in which the broker's clock is Unix time."""

    def __init__(self) -> None:
        self._sequence = 0

    def messages(self, lines: Iterable[dict[str, Any]]) -> Iterator[tuple[float, Any]]:
        """Yield (time, message) of each line; a recording may begin anywhere."""
        last: float | None = None
        for line in lines:
            at: Any = line.get("time")
            if type(at) not in (int, float) or not -1e12 < at < 1e12:
                continue
            if last is not None and abs(at - last) > LONGEST:
                continue
            last = at
            kind = line.get("type")
            if not self._sequence and kind != "snapshot":
                self._sequence = 1
                yield at, Snapshot(INSTANCE, 1, at, at, 0, 1, [])
            message = self._message(kind, at, line)
            if message is not None:
                yield at, message

    def _message(self, kind: Any, at: float, line: dict[str, Any]) -> Any:
        if kind == "snapshot":
            found = [decode_operation(value) for value in _list_of(line.get("operations"))]
            self._sequence += 1
            return Snapshot(INSTANCE, self._sequence, at, at, 0, 1, [row for row in found if row])
        if kind == "operation":
            row = decode_operation(line.get("operation"))
            if row is None:
                return None
            self._sequence += 1
            return Delta(INSTANCE, self._sequence, at, [row])
        if kind == "removed":
            names = [name for name in _list_of(line.get("operations")) if isinstance(name, str)]
            self._sequence += 1
            return Removed(INSTANCE, self._sequence, at, names)
        if kind == "log":
            name, lines = line.get("operation"), _list_of(line.get("lines"))
            return Lines(
                INSTANCE, self._sequence, at, str(name), None, [str(some) for some in lines]
            )
        return None


def decode_operation(value: Any) -> OperationRow | None:
    """Decode a JSON operation into a row of `messages.Delta.operations`; None if it is invalid."""
    if not _is_showable(value, checks.OPERATION):
        return None
    stages = [stage for stage in _list_of(value.get("stages")) if _is_showable(stage, checks.STAGE)]
    blank, part = Operation(value["id"], ""), Stage(0, "")
    return OperationRow(
        value["id"],
        OperationRecord._make(_record_fields(value, checks.OPERATION, blank)),
        [_stage_record(stage, part) for stage in stages],
        {},
        OperationFigures(
            _checked(checks.fraction, value.get("progress")),
            _checked(_estimate, value.get("estimate")),
            _checked(checks.time, value.get("silent_since")),
            None,
            unlike=False,
            tail=[],
            holder=_checked(checks.identity, value.get("holder")),
            stalled_since=_checked(checks.time, value.get("stalled_since")),
            stops=_checked(rows.check_stops, value.get("stops"), ()),
            work=_checked(_work, value.get("work")),
        ),
        {stage["id"]: (_checked(checks.fraction, stage.get("progress")), None) for stage in stages},
        {},
    )


def _stage_record(value: dict[str, Any], blank: Stage) -> StageRecord:
    record = StageRecord._make(_record_fields(value, checks.STAGE, blank))
    unknown = "done" in value and value["done"] is None
    return record._replace(beyond=True) if unknown else record


def _is_showable(value: Any, fields: dict[str, Check]) -> bool:
    """Return whether an operation or stage has the valid id and state that showing it needs."""
    missing = object()
    return isinstance(value, dict) and not any(
        _checked(fields[field], value.get(field), missing) is missing for field in ("id", "state")
    )


def _record_fields(
    decoded: dict[str, Any], fields: dict[str, Check], blank: Operation | Stage
) -> Iterator[Any]:
    """Yield the fields of a record; those that are invalid are as in `blank`."""
    for field, check in fields.items():
        value = decoded.get(field)
        if field == "name" and value is not None:
            value = str(value)
        yield _checked(check, value, getattr(blank, field))


def _checked(check: Check, value: Any, default: Any = None) -> Any:
    """Return the checked value, or `default` where the check refuses it."""
    try:
        return check(value)
    except Malformed:
        return default


def _estimate(value: Any) -> rows.Estimate:
    estimate = checks.mapping(value)
    return rows.check_estimate(
        [
            estimate.get("low"),
            estimate.get("median"),
            estimate.get("high"),
            str(estimate.get("basis")),
            0,
        ]
    )


def _work(value: Any) -> rows.DoneWork:
    work = checks.mapping(value)
    return rows.check_work([work.get("cpu"), work.get("read"), work.get("written")])


def _list_of(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
