"""Decode the lines of a recording into the messages that they came from.

Pure. A recording is shown through the same replica, board and displays as the broker's
messages. Absent: reading the file (`reader`) and waiting between two lines (`replay`).
"""

from __future__ import annotations

from typing import Any, Iterable, Iterator

from headway.model import OPERATION_FIELDS, OPERATION_MOVES, STAGE_FIELDS, STAGE_MOVES
from headway.protocol.messages import Delta, Lines, Removed, Snapshot

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
            rows = [row_of(record) for record in _records(line.get("operations"))]
            self._sequence += 1
            return Snapshot(INSTANCE, self._sequence, at, at, 0, 1, [row for row in rows if row])
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


def row_of(record: Any) -> list[Any] | None:
    """A recorded operation as a row of `messages.Delta.operations`; None if it is none."""
    if not isinstance(record, dict) or not isinstance(record.get("id"), str):
        return None
    if record.get("state") not in OPERATION_MOVES:
        return None
    stages = [
        stage
        for stage in _records(record.get("stages"))
        if isinstance(stage, dict)
        and isinstance(stage.get("id"), int)
        and stage.get("state") in STAGE_MOVES
    ]
    return [
        record["id"],
        [_text(record, field) for field in OPERATION_FIELDS],
        [[_text(stage, field) for field in STAGE_FIELDS] for stage in stages],
        {},
        [
            _number(record, "progress"),
            _estimate(record.get("estimate")),
            _number(record, "silent_since"),
            None,
            False,
            [],
            _text(record, "holder"),
        ],
        {stage["id"]: [_number(stage, "progress"), None] for stage in stages},
        {},
    ]


_NUMBERS = frozenset({"total", "started", "ended", "exit_status"})
_COUNTS = {"done": 0, "initial": 0, "attempt": 1, "revision": 0}
_KEPT = frozenset({"id", "parent", "cancellable", "notify"})


def _text(record: dict[str, Any], field: str) -> Any:
    """A field as the model wants it, whatever stands in the file."""
    value = record.get(field)
    if field in _KEPT:
        return value
    if field in _NUMBERS:
        return _number(record, field)
    if field in _COUNTS:
        number = _number(record, field)
        return _COUNTS[field] if number is None else number
    if field == "name":
        return "" if value is None else str(value)
    return value if isinstance(value, str) else None


def _number(record: dict[str, Any], field: str) -> float | None:
    value = record.get(field)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not -1e18 < value < 1e18:
        return None
    return value


def _estimate(value: Any) -> tuple[float, float, float, str, int] | None:
    if not isinstance(value, dict):
        return None
    figures = [_number(value, field) for field in ("low", "median", "high")]
    low, median, high = figures
    if low is None or median is None or high is None:
        return None
    return (low, median, high, str(value.get("basis")), 0)


def _records(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
