"""rsync: its progress rows, where the user asked for them."""

from __future__ import annotations

import re

from headway.run.reading.command_line import Command, marked_dry
from headway.run.reading.events import DRAWN, Event, Failed, StageEnded, StageMoved, StageStarted
from headway.run.reading.sizes import parse_size

TRANSFER = "Transfer"
FILE = "File"  # the one that is being sent, where the rows are of single files

_ROW = re.compile(
    r"\s*([\d,.]+[KMGTP]?)\s+(\d{1,3})%\s+[\d.,]+[kMGT]?B/s\s+(?:\d+:\d\d:\d\d|\?\?:\?\?:\?\?)"
    r"(?:\s+\(xfe?r#(\d+), (to|ir)-che?c?k=(\d+)/(\d+)\))?\s*$"
)
# Before `n` in a cluster only letters that take no value.
_DRY = re.compile(r"-[a-dg-zAC-LN-SU-Z0-9]*n[a-zA-Z0-9]*$|--dry-run$")
_NAME = re.compile(r"(?!sending |receiving |created |building |deleting )(\S.*[^/])$")
_ERROR = re.compile(r"rsync(?: error)?: (.+)$")


def name_of(command: Command) -> str:
    """Return the operation's name: its arguments are paths and hosts."""
    return marked_dry("rsync", command.words, _DRY)


class Parser:
    """Rows into one stage: per cent of all with `progress2`, else files once all are known.

    A file that is not sent at once has a stage beside it, in per cent.
    """

    def __init__(self, command: Command | None = None) -> None:
        words = command.words if command else ()
        self._overall = any("progress2" in word for word in words)
        self._open = self._sending = False
        self._file: str | None = None

    def feed(self, line: str, source: str) -> list[Event]:
        """Take a line of output."""
        match = _ROW.match(line)
        if match is None:
            trouble = _ERROR.match(line)
            if trouble:
                return [Failed(trouble.group(1))]
            name = _NAME.match(line) if source != DRAWN else None
            self._file = name.group(1).rsplit("/", 1)[-1] if name else self._file
            return []
        size, percent, _number, kind, left, files = match.groups()
        if self._overall:
            # While the list of files still grows, the percentage is of what is known so far.
            total = None if kind == "ir" else 100
            done_bytes = parse_size(size.replace(",", ""), 1024)
            return self._move(int(percent), total, "%", f"{done_bytes or 0} B")
        if kind is None:
            return self._send(int(percent))
        total = int(files) if kind == "to" else None
        return [*self._sent(), *self._move(int(files) - int(left), total, "files", self._file)]

    def finish(self, exit_status: int) -> list[Event]:
        """End the stages."""
        if exit_status != 0:
            return []
        return [*self._sent(), *([StageEnded(TRANSFER)] if self._open else [])]

    def _send(self, percent: int) -> list[Event]:
        events = self._move(None, None, "files", None)
        if not self._sending:
            self._sending = True
            events.append(StageStarted(FILE, 100, "%"))
        return [*events, StageMoved(FILE, percent, 100, self._file)]

    def _sent(self) -> list[Event]:
        """End the stage of a file: its last row has come."""
        if not self._sending:
            return []
        self._sending = False
        return [StageMoved(FILE, 100, 100), StageEnded(FILE)]

    def _move(
        self, done: float | None, total: float | None, unit: str, detail: str | None
    ) -> list[Event]:
        events: list[Event] = []
        if not self._open:
            self._open = True
            events.append(StageStarted(TRANSFER, total, unit))
        return [*events, StageMoved(TRANSFER, done, total, detail)]
