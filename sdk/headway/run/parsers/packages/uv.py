"""uv: the lines that tell what it resolved, fetched and installed."""

from __future__ import annotations

import re

from headway.run.parsers.packages.requirement import REQUIREMENT
from headway.run.reading.command_line import Command, option_set, plain_words
from headway.run.reading.events import (
    Event,
    Failed,
    StageEnded,
    StageMoved,
    StageStarted,
    Untold,
)
from headway.run.reading.sizes import parse_size

RESOLVE = "Resolve"
PREPARE = "Prepare"
INSTALL = "Install"

_ENDED = re.compile(r"(Resolved|Prepared|Installed|Uninstalled|Audited) (\d+) packages? in ")
_FETCHING = re.compile(r"\s*(Downloading|Building) (\S+)")
_FETCHED = re.compile(r"\s*(Downloaded|Built) (\S+)")
# On a terminal: a spinner, the packages that are ready, and a bar for each that is fetched, which
# the terminal's width alone separates.
_PREPARING = re.compile(r"\S?\s*Preparing packages\.\.\. \((\d+)/(\d+)\)")
_BAR = re.compile(r"(?:^|\s)([A-Za-z][\w.-]*)\s+-+\s+([\d.]+ ?[KMG]?i?B)/([\d.]+ ?[KMG]?i?B)\s*$")
_INSTALLING = re.compile(r"[░█]+ \[(\d+)/(\d+)\] (.*)$")
_ERROR = re.compile(r"error: (.+)$|\s*× (.+)$")
_STAGES = {"Resolved": RESOLVE, "Prepared": PREPARE, "Installed": INSTALL}
_VERBS = option_set("sync lock add remove venv run build")
_FLAGS = option_set(
    "-q -v -U --upgrade --system --quiet --verbose --frozen --locked --no-cache --dev"
)
_VALUES = option_set(
    "-p -r --python --target --prefix --index-url --extra-index-url --requirements"
)


def name_of(command: Command) -> str:
    """Return the operation's name: "uv pip install rich"."""
    words = plain_words(command.words, _FLAGS, _VALUES, REQUIREMENT)
    if words[:2] in (["pip", "install"], ["pip", "sync"], ["tool", "install"]) or words[:1] == [
        "add"
    ]:
        return " ".join(["uv", *words])
    return "uv " + words[0] if words and words[0] in _VERBS else "uv"


class Parser:
    """Lines of uv into Resolve, Prepare (fetch and build) and Install."""

    def __init__(self, command: Command | None = None) -> None:
        self._open: str | None = None
        self._prepared = 0
        self._fetched: set[str] = set()  # packages with a bar of their own

    def feed(self, line: str, source: str) -> list[Event]:
        """Take a line of output."""
        match = _ENDED.match(line)
        if match:
            stage, count = _STAGES.get(match.group(1)), int(match.group(2))
            if stage is None:
                return []
            events = self._start(stage)
            self._open = None
            if stage == PREPARE:
                events += [StageEnded(name) for name in sorted(self._fetched)]
                self._fetched.clear()
            return [*events, StageMoved(stage, count, count), StageEnded(stage)]
        found = self._read_terminal(line)
        if found:
            return found
        match = _FETCHING.match(line)
        if match:
            return [*self._start(PREPARE), StageMoved(PREPARE, None, None, match.group(2))]
        match = _FETCHED.match(line)
        if match:
            self._prepared += 1
            return [
                *self._start(PREPARE),
                StageMoved(PREPARE, self._prepared, None, match.group(2)),
            ]
        match = _ERROR.match(line)
        return [Failed(next(filter(None, match.groups())))] if match else []

    def _read_terminal(self, line: str) -> list[Event]:
        match = _INSTALLING.match(line)
        if match:
            done, total = int(match.group(1)), int(match.group(2))
            return [*self._start(INSTALL), StageMoved(INSTALL, done, total, match.group(3))]
        events: list[Event] = []
        match = _PREPARING.match(line)
        if match and int(match.group(2)):
            self._prepared = int(match.group(1))
            events += self._start(PREPARE)
            events.append(StageMoved(PREPARE, self._prepared, int(match.group(2))))
        match = _BAR.search(line)
        if match and self._open == PREPARE:
            name = match.group(1)
            done, total = parse_size(match.group(2)), parse_size(match.group(3))
            if name not in self._fetched:
                self._fetched.add(name)
                events.append(StageStarted(name, total, "B", PREPARE))
            events.append(StageMoved(name, done, total))
        return events

    def finish(self, exit_status: int) -> list[Event]:
        """End the open stage."""
        return [StageEnded(self._open)] if self._open and exit_status == 0 else []

    def _start(self, stage: str) -> list[Event]:
        if self._open == stage:
            return []
        self._open = stage
        return [Untold(), StageStarted(stage, None, "packages")]
