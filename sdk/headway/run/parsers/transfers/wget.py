"""wget: its rows of dots and its progress bar, on standard error."""

from __future__ import annotations

import re

from headway.run.parsers.transfers.output_file import name_after_output
from headway.run.reading.command_line import Command
from headway.run.reading.events import Event, Failed, StageEnded, StageMoved, StageStarted
from headway.run.reading.sizes import parse_size

DOWNLOAD = "Download"

_LENGTH = re.compile(r"Length: (\d+)")
_UNKNOWN = re.compile(r"Length: unspecified")
_SAVING = re.compile(r"Saving to: [‘'\"]?(.*?)[’'\"]?$")
_DOTS = re.compile(r"\s*(\d+)K [ .,]*(?:(\d{1,3})%)?")
_DOTS_WHOLE = re.compile(r"\s*\d+K(?: [ .,]{10}){5} +\d{1,3}% ")
_BAR = re.compile(r".*?\s(\d{1,3})%\[[=>+ ]*\]\s+([\d.,]+[KMGT]?)\s")
_UNKNOWN_BAR = re.compile(r".*?\[[<=> ]+\]\s+([\d.,]+[KMGT]?)\s")
_SAVED = re.compile(r".* saved \[(\d+)(?:/\d+)?\]$")
_ERROR = re.compile(r"(?:.* )?ERROR (\d+: .+)$|wget: (.+)$|(.* failed: .+)$")


def name_of(command: Command) -> str:
    """Return the operation's name, after the file that is written, never after the address."""
    return name_after_output(command, "-O", "--output-document")


class Parser:
    """Rows and bars into a stage Download in bytes; each file is a run of it."""

    def __init__(self, command: Command | None = None) -> None:
        self._total: int | None = None
        self._file: str | None = None
        self._open = False

    def feed(self, line: str, source: str) -> list[Event]:
        """Take a line of output."""
        match = _LENGTH.match(line)
        if match or _UNKNOWN.match(line):
            self._total = int(match.group(1)) if match else None
            return []
        match = _SAVING.match(line)
        if match:
            self._file = match.group(1).rsplit("/", 1)[-1]
            self._open = True
            return [
                StageStarted(DOWNLOAD, self._total, "B"),
                StageMoved(DOWNLOAD, 0, None, self._file),
            ]
        if not self._open:
            if _BAR.match(line) or _DOTS_WHOLE.match(line):
                self._open = True  # of "-q --show-progress", which says nothing before
                return [StageStarted(DOWNLOAD, self._total, "B"), *self._moved(line)]
            match = _ERROR.match(line)
            return [Failed(next(filter(None, match.groups())))] if match else []
        match = _SAVED.match(line)
        if match:
            self._open = False
            return [StageMoved(DOWNLOAD, int(match.group(1))), StageEnded(DOWNLOAD)]
        return self._moved(line)

    def finish(self, exit_status: int) -> list[Event]:
        """End the open file."""
        return [StageEnded(DOWNLOAD)] if self._open and exit_status == 0 else []

    def _moved(self, line: str) -> list[Event]:
        done: float | None = None
        match = _BAR.match(line)
        if self._total is None:
            percent = match.group(1) if match else _percent_of_dots(line)
            if percent is not None:  # its size was not told, but what it is of that
                return [StageMoved(DOWNLOAD, int(percent), 100, None, "%")]
        if match:
            done = parse_size(match.group(2), 1024)
        elif _DOTS.match(line):
            match = _DOTS.match(line)
            if match and match.group(2) and self._total:
                done = self._total * int(match.group(2)) / 100
            elif match:
                done = int(match.group(1)) * 1024  # where the row begins
        else:
            match = _UNKNOWN_BAR.match(line)
            done = parse_size(match.group(1), 1024) if match else None
        if done is None:
            return []
        if self._total is not None:
            done = min(done, self._total)  # "7.63M" is rounded up
        return [StageMoved(DOWNLOAD, done, self._total)]


def _percent_of_dots(line: str) -> str | None:
    match = _DOTS.match(line)
    return match.group(2) if match else None
