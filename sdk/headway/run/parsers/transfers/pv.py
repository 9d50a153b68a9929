"""pv: its bar, and with `-n` a number a line, which means what its options say.

The per cent of `-n` are of the size; where pv knows none, from no file and no `-s`, they go up and
down between 0 and 100, and say nothing.
"""

from __future__ import annotations

import re

from headway.run.parsers import line_table
from headway.run.parsers.line_table import Table, rule
from headway.run.reading.command_line import Command, option_set
from headway.run.reading.events import Event, StageEnded, StageMoved, StageStarted, Withdrawn
from headway.run.reading.sizes import parse_size

PIPE = "Pipe"

_BAR = Table(
    (
        rule(r"\[[=> ]*\] *(?P<percent>\d{1,3})%", PIPE),
        rule(r"^(?:.*: )? *(?P<done>[\d.]+ ?[KMGT]?i?B) \d+:\d\d:\d\d \[", PIPE, "B", step=1024),
    )
)
_NUMBER = re.compile(r"(?:\d+\.\d+ )?(\d+)$")
_FLAGS = "apteIrbTAfnqlWKVhCEYSZ"  # of one letter and without a value
_VALUES = option_set(
    "-s -D -w -H -N -F -i -L -B -E -R -d -P -o -m -x --size --delay-start --width --height --name"
    " --format --interval --rate-limit --buffer-size --remote --watchfd --pidfile --output"
    " --average-rate-window --last-written --bar-style --extra-display"
)


def name_of(command: Command) -> str:
    """Return the operation's name: its operands are paths."""
    return "pv"


class Parser:
    """Lines into a stage Pipe, in bytes, lines or per cent."""

    def __init__(self, command: Command | None = None) -> None:
        words = command.argv[command.at :] if command else ()
        flags, size, files = _options(words)
        self._numeric = "n" in flags
        self._bytes = "b" in flags
        self._unit = "lines" if "l" in flags else "B"
        self._size = size
        self._knows_size = size is not None or files
        self._bar = line_table.Parser(_BAR)
        self._begun = self._wrong = False

    def feed(self, line: str, source: str) -> list[Event]:
        """Take a line of output."""
        match = _NUMBER.match(line) if self._numeric else None
        if match is None:
            return [] if self._numeric else self._bar.feed(line, source)
        number = int(match.group(1))
        if self._bytes:
            total = self._size if self._size is not None and number <= self._size else None
            return self._move(number, total, self._unit)
        if not self._knows_size or self._wrong:
            return []
        if number > 100:
            self._wrong = True  # the size that it was given
            return [Withdrawn(PIPE)] if self._begun else []
        return self._move(number, 100, "%")

    def finish(self, exit_status: int) -> list[Event]:
        """End the stage."""
        if not self._begun:
            return self._bar.finish(exit_status)
        return [StageEnded(PIPE)] if exit_status == 0 else []

    def _move(self, done: int, total: int | None, unit: str) -> list[Event]:
        begins = [] if self._begun else [StageStarted(PIPE, total, unit)]
        self._begun = True
        return [*begins, StageMoved(PIPE, done, total, None, unit)]


def _options(words: tuple[str, ...]) -> tuple[str, int | None, bool]:
    """Return the letters of the flags, the size that was given, and whether files are named."""
    flags = ""
    size: int | None = None
    files = False
    left = list(words)
    while left:
        word = left.pop(0)
        if word == "--":
            files = files or bool(left)
            break
        if word.startswith("--"):
            name, given, value = word.partition("=")
            if name in _VALUES and not given:
                value = left.pop(0) if left else ""
            if name == "--size":
                size = _size(value)
            flags += {"--numeric": "n", "--bytes": "b", "--line-mode": "l"}.get(name, "")
        elif word.startswith("-") and word != "-":
            letters = word[1:]
            while letters and letters[0] in _FLAGS and "-" + letters[0] not in _VALUES:
                flags, letters = flags + letters[0], letters[1:]
            if letters:  # "-s10G", "-s 10G"
                value = letters[1:] or (left.pop(0) if left else "")
                if letters[0] == "s":
                    size = _size(value)
        else:
            files = True
    return flags, size, files


def _size(text: str) -> int | None:
    """Return a size as pv takes it: "10G" are 1024³, "10k" 1024; None for "@FILE" and the like."""
    found = parse_size(text.upper(), 1024) if text[:1].isdigit() else None
    return None if found is None else int(found)
