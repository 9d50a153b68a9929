"""curl: the rows of its progress meter and its `-#` bar, on standard error."""

from __future__ import annotations

import re

from headway.run.parsers.transfers.output_file import name_after_output
from headway.run.reading.command_line import Command
from headway.run.reading.events import Event, Failed, StageEnded, StageMoved, StageStarted
from headway.run.reading.sizes import parse_size

DOWNLOAD = "Download"
UPLOAD = "Upload"

_SIZE = r"([\d.]+[kMGTPE]?)"
# Newer ones have wider columns and blanks for unknown times: the first six are the same.
_ROW = re.compile(
    rf"\s*(\d{{1,3}})\s+{_SIZE}\s+(\d{{1,3}})\s+{_SIZE}\s+(\d{{1,3}})\s+{_SIZE}\s+{_SIZE}\s"
)
# Of `-Z`, which fetches several at once: the sum of what has come, and how many there are.
_PARALLEL = re.compile(
    rf"\s*(?:\d{{1,3}}|--)\s+(?:\d{{1,3}}|--)\s+{_SIZE}\s+{_SIZE}\s+(\d+)\s+\d+\s"
)
_HEADER = re.compile(r"\s*% Total\s+% Received")
_BAR = re.compile(r"\s*#*\s+(\d{1,3}\.\d)%$")
_ERROR = re.compile(r"curl: \(\d+\) (.+)$")


def name_of(command: Command) -> str:
    """Return the operation's name, after the file that is written, never after the address."""
    return name_after_output(command, "-o", "--output")


class Parser:
    """The meter into a stage Download (or Upload) in bytes; each transfer is a run of it."""

    def __init__(self, command: Command | None = None) -> None:
        self._stage: str | None = None
        self._done = 0.0

    def feed(self, line: str, source: str) -> list[Event]:
        """Take a line of output."""
        match = _ROW.match(line)
        if match:
            received, sent = parse_size(match.group(4), 1024), parse_size(match.group(6), 1024)
            stage = UPLOAD if sent and not received else DOWNLOAD
            done = (sent if stage == UPLOAD else received) or 0
            total = parse_size(match.group(2), 1024) or None
            return self._move(stage, done, total, "B")
        if _HEADER.match(line):
            return self.finish(0)
        match = _PARALLEL.match(line)
        if match:
            return self._move(DOWNLOAD, parse_size(match.group(1), 1024) or 0, None, "B")
        match = _BAR.match(line)
        if match:
            return self._move(DOWNLOAD, float(match.group(1)), 100, "%")
        match = _ERROR.match(line)
        return [Failed(match.group(1))] if match else []

    def finish(self, exit_status: int) -> list[Event]:
        """End the transfer."""
        stage, self._stage = self._stage, None
        self._done = 0.0
        return [StageEnded(stage)] if stage and exit_status == 0 else []

    def _move(self, stage: str, done: float, total: float | None, unit: str) -> list[Event]:
        events: list[Event] = []
        if self._stage is not None and done < self._done:
            events += self.finish(0)  # the next of several transfers
        if self._stage is None:
            if not done and total is None:
                return []  # nothing is known yet
            events.append(StageStarted(stage, total, unit))
            self._stage = stage
        self._done = done
        return [*events, StageMoved(self._stage, done, total)]
