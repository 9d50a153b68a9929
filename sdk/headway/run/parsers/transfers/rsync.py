"""rsync: its progress rows, where the user asked for them."""

from __future__ import annotations

import re

from headway.run.reading.command_line import Command
from headway.run.reading.events import Event, Failed, StageEnded, StageMoved, StageStarted
from headway.run.reading.sizes import parse_size

TRANSFER = "Transfer"

_ROW = re.compile(
    r"\s*([\d,.]+[KMGTP]?)\s+(\d{1,3})%\s+[\d.,]+[kMGT]?B/s\s+(?:\d+:\d\d:\d\d|\?\?:\?\?:\?\?)"
    r"(?:\s+\(xfe?r#(\d+), (to|ir)-che?c?k=(\d+)/(\d+)\))?\s*$"
)
_ERROR = re.compile(r"rsync(?: error)?: (.+)$")


def name_of(command: Command) -> str:
    """Return the operation's name: its arguments are paths and hosts."""
    return "rsync"


class Parser:
    """Rows into one stage: per cent of all with `progress2`, else files once all are known."""

    def __init__(self, command: Command | None = None) -> None:
        words = command.words if command else ()
        self._overall = any("progress2" in word for word in words)
        self._open = False

    def feed(self, line: str, source: str) -> list[Event]:
        """Take a line of output."""
        match = _ROW.match(line)
        if match is None:
            trouble = _ERROR.match(line)
            return [Failed(trouble.group(1))] if trouble else []
        size, percent, _number, kind, left, files = match.groups()
        done_bytes = parse_size(size.replace(",", ""), 1024)
        if self._overall:
            # While the list of files still grows, the percentage is of what is known so far.
            total = None if kind == "ir" else 100
            return self._move(int(percent), total, "%", f"{done_bytes or 0} B")
        if kind is None:
            return self._move(None, None, "files", None)
        total = int(files) if kind == "to" else None
        return self._move(int(files) - int(left), total, "files", None)

    def finish(self, exit_status: int) -> list[Event]:
        """End the stage."""
        return [StageEnded(TRANSFER)] if self._open and exit_status == 0 else []

    def _move(
        self, done: float | None, total: float | None, unit: str, detail: str | None
    ) -> list[Event]:
        events: list[Event] = []
        if not self._open:
            self._open = True
            events.append(StageStarted(TRANSFER, total, unit))
        return [*events, StageMoved(TRANSFER, done, total, detail)]
