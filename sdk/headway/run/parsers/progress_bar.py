"""The parser for unknown commands: the last line, and progress bars that prove to be such.

A percentage in unknown text can be anything ("disk 93 % full"), so one is believed only when
it moves forward in lines that are otherwise alike. OSC 9;4, which exists for this purpose, is
believed at once, and then nothing else is.
"""

from __future__ import annotations

import re

from headway.run.reading.command_line import Command
from headway.run.reading.events import Detail, Event, StageEnded, StageMoved, StageStarted
from headway.run.reading.terminal_lines import PROGRESS_MARK

RUN = "Run"

_TQDM = re.compile(r"\s*(?:(.*?):\s*)?\d{1,3}%\|.*?\| *(\d+)/(\d+) \[")
_COUNTED = re.compile(r"\s*[\[(]\s*(\d+)\s*(?:/|of)\s*(\d+)\s*[\])]\s*(.*)$")
_PERCENT = re.compile(r"(?<![\d.,])(\d{1,3}(?:\.\d+)?) ?%")
_SHAPE = re.compile(r"[\d.,:]+|[#=>*.━█▏▎▍▌▋▊▉-]+|\s+")


class Parser:
    """Lines into one stage, Run: indeterminate until progress is recognized."""

    def __init__(self, command: Command | None = None) -> None:
        self._marked = False  # OSC 9;4 was seen
        self._shape: str | None = None  # of the last line that may be progress
        self._last = (0.0, 0.0)  # its done and total
        self._started = False

    def feed(self, line: str, source: str) -> list[Event]:
        """Take a line of output."""
        if line.startswith(PROGRESS_MARK):
            return self._read_osc(line[len(PROGRESS_MARK) :])
        moved = None if self._marked else self._progress(line)
        return [*self._begin(), moved if moved is not None else Detail(line)]

    def finish(self, exit_status: int) -> list[Event]:
        """End the stage."""
        return [StageEnded(RUN)] if self._started and exit_status == 0 else []

    def _begin(self) -> list[Event]:
        if self._started:
            return []
        self._started = True
        return [StageStarted(RUN)]

    def _read_osc(self, text: str) -> list[Event]:
        state, _, percent = text.partition(";")
        if state not in ("1", "2", "4"):
            return []
        self._marked = True
        return [*self._begin(), StageMoved(RUN, min(int(percent or 0), 100), 100, None, "%")]

    def _progress(self, line: str) -> StageMoved | None:
        match = _TQDM.match(line)
        if match:
            detail, done, total = match.group(1), float(match.group(2)), float(match.group(3))
            return StageMoved(RUN, int(done), int(total), detail)
        match = _COUNTED.match(line)
        if match:
            found = (float(match.group(1)), float(match.group(2)))
            # What is worked on differs from line to line; the form and the total do not.
            return self._confirm("counted", found, match.group(3), None)
        match = _PERCENT.search(line)
        if match:
            shape = _SHAPE.sub("", line[: match.end()])
            detail = (line[: match.start()] + line[match.end() :]).strip(" :[]()|#=->.")
            return self._confirm(shape, (float(match.group(1)), 100.0), detail[:80], "%")
        return None

    def _confirm(
        self, shape: str, found: tuple[float, float], detail: str, unit: str | None
    ) -> StageMoved | None:
        """Return progress once a second line of the same shape is further on."""
        (before, of), alike = self._last, shape == self._shape
        self._shape, self._last = shape, found
        done, total = found
        if not alike or of != total or done < before or done > total or total <= 0:
            return None
        return StageMoved(RUN, done, total, detail or None, unit)
