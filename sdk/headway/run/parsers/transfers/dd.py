"""dd: the lines of `status=progress`; the total comes from `count=` and `bs=`."""

from __future__ import annotations

import re

from headway.run.reading.command_line import Command
from headway.run.reading.events import Event, Failed, StageEnded, StageMoved, StageStarted

COPY = "Copy"

_COPIED = re.compile(r"(\d+) bytes(?: \(.*?\))? copied, [\d.]+ s, (.+/s)$")
_ERROR = re.compile(r"dd: (.+)$")
_SIZE = re.compile(r"(\d+)([cwbkKMGTPE]|kB|[KMGTPE]i?B)?$")
_SUFFIXES = {None: 1, "c": 1, "w": 2, "b": 512, "kB": 1000}


def name_of(command: Command) -> str:
    """Return the operation's name: its operands are paths."""
    return "dd"


class Parser:
    """Progress lines into a stage Copy in bytes."""

    def __init__(self, command: Command | None = None) -> None:
        self._total = _total(command.words) if command else None
        self._open = False

    def feed(self, line: str, source: str) -> list[Event]:
        """Take a line of output."""
        match = _COPIED.match(line)
        if match is None:
            trouble = _ERROR.match(line)
            return [Failed(trouble.group(1))] if trouble else []
        events: list[Event] = []
        if not self._open:
            self._open = True
            events.append(StageStarted(COPY, self._total, "B"))
        return [*events, StageMoved(COPY, int(match.group(1)), None, match.group(2))]

    def finish(self, exit_status: int) -> list[Event]:
        """End the stage."""
        return [StageEnded(COPY)] if self._open and exit_status == 0 else []


def _total(words: tuple[str, ...]) -> int | None:
    operands = dict(word.split("=", 1) for word in words if "=" in word)
    count = _size(operands.get("count", ""))
    block = _size(operands.get("ibs") or operands.get("bs") or "512")
    if count is None or block is None:
        return None
    return count if "count_bytes" in operands.get("iflag", "") else count * block


def _size(text: str) -> int | None:
    match = _SIZE.match(text)
    if match is None:
        return None
    number, suffix = int(match.group(1)), match.group(2)
    if suffix in _SUFFIXES:
        return number * _SUFFIXES[suffix]
    step = 1000 if suffix.endswith("B") and "i" not in suffix else 1024
    return number * step ** ("KMGTPE".index(suffix[0].upper()) + 1)
