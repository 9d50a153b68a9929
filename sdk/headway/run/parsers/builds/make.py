"""ninja, make and cmake: counted steps `[12/345]` or percent `[ 50%]`."""

from __future__ import annotations

import re

from headway.run.reading.command_line import Command, option_set, plain_words
from headway.run.reading.events import Detail, Event, Failed, StageEnded, StageMoved, StageStarted

BUILD = "Build"

_COUNTED = re.compile(r"\[(\d+)/(\d+)\] (.*)$")
_PERCENT = re.compile(r"\[ {0,2}(\d{1,3})%\] (.*)$")
_ERROR = re.compile(
    r"FAILED: (?:\[code=\d+\] )?(.+)$|g?make(?:\[\d+\])?: \*\*\* (.+)$|CMake Error(.*)$"
)
_COMPILER = re.compile(r"\S+?:\d+(?::\d+)?: (?:fatal )?error: .+$")
_DIRECTORY = re.compile(r"(?:g?make(?:\[\d+\])?|ninja): (?:Entering|Leaving) directory|-- ")
_FLAGS = option_set("-k -s -B -n -v -w -i -q -e -r -R --silent --keep-going --always-make")
_VALUES = option_set("-C -f -j -l -o -I --directory --file --jobs --build --target -t -d")
_TARGET = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*$")


def name_of(command: Command) -> str:
    """Return the operation's name: "make install"; NAME=VALUE words and paths are left out."""
    if command.program == "cmake":
        return "cmake build" if "--build" in command.words else "cmake"
    words: list[str] = []
    for word in plain_words(command.words, _FLAGS, _VALUES, re.compile(r".*")):
        if word.isdigit():
            continue  # of "-j 8", whose number may stand apart
        if _TARGET.match(word):
            words.append(word)
    return " ".join([command.program, *words])


class Parser:
    """Steps into a stage Build; what is built is its detail.

    `lines_are_work`: where nothing is counted, each line is what is being made.
    """

    lines_are_work = True

    def __init__(self, command: Command | None = None) -> None:
        self._open = False
        self._failed = self._explained = False

    def feed(self, line: str, source: str) -> list[Event]:
        """Take a line of output."""
        match = _COUNTED.match(line)
        if match:
            return self._move(int(match.group(1)), int(match.group(2)), "steps", match.group(3))
        match = _PERCENT.match(line)
        if match:
            return self._move(int(match.group(1)), 100, "%", match.group(2))
        if not self._explained and _COMPILER.match(line):
            self._failed = self._explained = True
            return [Failed(line)]
        match = _ERROR.match(line)
        if match:
            if self._failed:
                return []  # the first one is nearest to the cause
            self._failed = True
            return [Failed(next(filter(None, match.groups()), line).strip())]
        return [] if _DIRECTORY.match(line) or self._open else [Detail(line)]

    def finish(self, exit_status: int) -> list[Event]:
        """End the stage."""
        return [StageEnded(BUILD)] if self._open and exit_status == 0 else []

    def _move(self, done: int, total: int, unit: str, detail: str) -> list[Event]:
        events: list[Event] = []
        if not self._open:
            self._open = True
            events.append(StageStarted(BUILD, total, unit))
        return [*events, StageMoved(BUILD, done, total, detail, unit)]
