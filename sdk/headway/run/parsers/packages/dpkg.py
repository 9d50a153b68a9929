"""dpkg: the status lines of `--status-fd`, or its text where there are none."""

from __future__ import annotations

import re

from headway.run.parsers.packages.dpkg_text import (
    CONFIGURE,
    REMOVE,
    TRIGGERS,
    UNPACK,
    PackageStages,
)
from headway.run.reading.command_line import (
    Command,
    FormContext,
    MachineForm,
    option_set,
    plain_words,
)
from headway.run.reading.events import (
    STATUS,
    Event,
    Failed,
    NeedsInput,
    Planned,
    StageStarted,
    Waiting,
)

_PROCESSING = re.compile(r"processing: ([a-z]+): (\S+)$")
_STATUS = re.compile(r"status: (.+?) ?: (error|conffile-prompt|[a-z-]+)(?: : (.*))?$")
_LOCK = re.compile(r"dpkg: .*lock.*(?:locked by another process|held by)(?: with pid (\d+))?")
# what dpkg is told to do -> the word for it in a name
_ACTIONS = {
    "-i": "install",
    "--install": "install",
    "--unpack": "unpack",
    "--configure": "configure",
    "-r": "remove",
    "--remove": "remove",
    "-P": "purge",
    "--purge": "purge",
    "--triggers-only": "triggers",
}
_FLAGS = option_set("-a --pending -E -G -O -R --recursive --force-all --no-act")
_VALUES = option_set("--status-fd --root --admindir --instdir --log -D")
_PACKAGE = re.compile(r"[a-z0-9][a-z0-9+.:-]*$|(?:.*/)?[a-z0-9][a-z0-9+.-]*_[^/]*\.deb$")


def name_of(command: Command) -> str:
    """Return the operation's name: "dpkg install hello"."""
    for index, word in enumerate(command.words):
        if word in _ACTIONS:
            rest = command.words[index + 1 :]
            packages = plain_words(rest, _FLAGS, _VALUES, _PACKAGE)
            names = [package.rsplit("/", 1)[-1].split("_")[0] for package in packages]
            return " ".join(["dpkg", _ACTIONS[word], *names])
        if word.startswith("-") and word not in _FLAGS and "=" not in word:
            break
    return "dpkg"


def machine_form(command: Command, setting: FormContext) -> MachineForm | None:
    """Add a status descriptor where packages are worked on."""
    if not any(word in _ACTIONS for word in command.words):
        return None
    return MachineForm(command.with_options("--status-fd", str(setting.status)), {}, status=True)


class Parser:
    """Lines of dpkg into the stages Unpack, Configure, Remove and Triggers."""

    __slots__ = ("_plan", "_stages", "_status")

    def __init__(self, command: Command | None = None) -> None:
        self._stages = PackageStages()
        self._status = False
        self._plan: list[StageStarted] = []  # until it is told
        archives = {word for word in command.words if word.endswith(".deb")} if command else ()
        if archives and command and any(word in command.words for word in ("-i", "--install")):
            self._stages.totals.update({UNPACK: len(archives), CONFIGURE: len(archives)})
            self._plan = [
                StageStarted(stage, len(archives), "packages") for stage in (UNPACK, CONFIGURE)
            ]

    def feed(self, line: str, source: str) -> list[Event]:
        """Take a line of the status descriptor or of the output."""
        events = self._read(line, source)
        if self._plan and any(isinstance(event, StageStarted) for event in events):
            plan, self._plan = Planned(tuple(self._plan)), []
            return [plan, *events]
        return events

    def _read(self, line: str, source: str) -> list[Event]:
        if source == STATUS:
            self._status = True
            return self._read_status(line)
        match = _LOCK.match(line)
        if match:
            holder = ", held by process " + match.group(1) if match.group(1) else ""
            return [Waiting("the dpkg lock" + holder)]
        return self._stages.read_errors(line) if self._status else self._stages.read(line)

    def finish(self, exit_status: int) -> list[Event]:
        """End the stages."""
        return self._stages.finish(exit_status)

    def _read_status(self, line: str) -> list[Event]:
        match = _PROCESSING.match(line)
        if match:
            action, package = match.groups()
            stage = {
                "install": UNPACK,
                "upgrade": UNPACK,
                "configure": CONFIGURE,
                "trigproc": TRIGGERS,
                "remove": REMOVE,
                "purge": REMOVE,
            }.get(action)
            if stage is None:  # "disappear": another package replaced it
                return []
            return self._stages.move(stage, package.split(":")[0], action in ("trigproc", "purge"))
        match = _STATUS.match(line)
        if match is None:
            return []
        package, state, text = match.groups()
        if state == "error":
            return [Failed(package.rsplit("/", 1)[-1] + ": " + (text or "failed"))]
        if state == "conffile-prompt":
            return [NeedsInput("configuration file " + package)]
        done = {
            "unpacked": UNPACK,
            "installed": CONFIGURE,
            "config-files": REMOVE,
            "not-installed": REMOVE,
        }.get(state)
        if done is None or (done == REMOVE and not self._stages.has(REMOVE)):
            return []
        if done == UNPACK and not self._stages.has(UNPACK):
            return []
        return self._stages.move(done, package.split(":")[0], True)
