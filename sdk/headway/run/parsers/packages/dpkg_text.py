"""dpkg's stages (unpack, configure, remove, triggers), and its text about them.

Shared by the parsers of apt and of dpkg; nothing about downloads.
"""

from __future__ import annotations

import re

from headway.run.reading.events import (
    Cancellable,
    Event,
    Failed,
    NeedsInput,
    StageEnded,
    StageMoved,
    StageStarted,
    Withdrawn,
)

UNPACK = "Unpack"
CONFIGURE = "Configure"
REMOVE = "Remove"
TRIGGERS = "Triggers"

_TEXT = (
    (re.compile(r"Preparing to unpack (?:.*/)?([a-z0-9][a-z0-9+.-]*)_\S* \.\.\.$"), UNPACK),
    (re.compile(r"Unpacking (\S+) \(.*\) (?:over \(.*\) )?\.\.\.$"), UNPACK),
    (re.compile(r"Setting up (\S+) \(.*\) \.\.\.$"), CONFIGURE),
    (re.compile(r"Removing (\S+) \(.*\) \.\.\.$"), REMOVE),
    (re.compile(r"Purging configuration files for (\S+) \(.*\) \.\.\.$"), REMOVE),
    (re.compile(r"Processing triggers for (\S+) \(.*\) \.\.\.$"), TRIGGERS),
)
_ERROR = re.compile(r"dpkg: (?:error|unrecoverable fatal error)[^:]*:? ?(.*)$")
_CONFFILE = re.compile(r"Configuration file '([^']*)'")


class PackageStages:
    """Counts packages through dpkg's stages; each package counts once a stage.

    `totals` maps a stage's name to the number of packages it will see, where that is known.
    """

    __slots__ = ("_at", "_done", "_named", "totals")

    def __init__(self) -> None:
        self.totals: dict[str, int] = {}
        self._done: dict[str, set[str]] = {}
        self._at: tuple[str, str] | None = None  # stage and package that the text is at
        self._named: str | None = None  # the package that an indented line belongs to

    def has(self, stage: str) -> bool:
        """Return whether a package has been in `stage`."""
        return stage in self._done

    def move(self, stage: str, package: str, finished: bool) -> list[Event]:
        """Note that `package` is in `stage`, or through with it if `finished`."""
        events: list[Event] = []
        if not self._done:
            # From here on a stop would leave packages half installed.
            events.append(Cancellable(False))
        total = self.totals.get(stage)
        if stage not in self._done:
            self._done[stage] = set()
            events.append(StageStarted(stage, total, "packages"))
        done = self._done[stage]
        if finished:
            done.add(package)
        if total is not None and len(done) > total:
            # More than were announced: what an earlier run had left half done, for example.
            del self.totals[stage]
            events.append(Withdrawn(stage))
            events.append(StageMoved(stage, len(done), None, package, "packages"))
        else:
            events.append(StageMoved(stage, len(done), total, package))
        return events

    def finish(self, exit_status: int) -> list[Event]:
        """End the stages of a command that succeeded; those of another end with the operation."""
        if exit_status != 0:
            return []
        return [*self._leave(), *(StageEnded(stage) for stage in self._done)]

    def read(self, line: str) -> list[Event]:
        """Take a line of dpkg's text; a package counts when dpkg turns to the next."""
        for pattern, stage in _TEXT:
            match = pattern.match(line)
            if match:
                events = self._leave()
                package = match.group(1).split(":")[0]
                self._at = (stage, package)
                return events + self.move(stage, package, False)
        return self.read_errors(line)

    def _leave(self) -> list[Event]:
        if self._at is None:
            return []
        (stage, package), self._at = self._at, None
        return self.move(stage, package, True)

    def read_errors(self, line: str) -> list[Event]:
        """Take a line of dpkg's text for its errors and questions only."""
        if self._named is not None:
            package, self._named = self._named, None
            return [Failed(package + ": " + line.strip())]
        match = _ERROR.match(line)
        if match:
            self._at = None
            named = re.match(r"processing (?:package|archive) (?:.*/)?(\S+) \(", line[12:])
            self._named = named.group(1) if named else None
            return [] if named else [Failed(line[6:])]
        match = _CONFFILE.match(line)
        if match:
            return [NeedsInput("configuration file " + match.group(1))]
        return []
