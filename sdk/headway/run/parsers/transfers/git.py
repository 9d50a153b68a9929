"""git: the titles and counts of its progress, on standard error."""

from __future__ import annotations

import re

from headway.run.reading.command_line import (
    Command,
    FormContext,
    MachineForm,
    find_subcommand,
    option_set,
)
from headway.run.reading.events import (
    Event,
    Failed,
    StageEnded,
    StageMoved,
    StageStarted,
    Untold,
)

_PROGRESS = re.compile(
    r"(?:remote: )?([^\s:][^:]{0,60}):\s+(?:(\d{1,3})% \((\d+)/(\d+)\)|(\d+))"
    r"(?:, ([\d.]+ (?:bytes|[KMGT]iB)(?: \| [\d.]+ [KMGT]?i?B(?:ytes)?/s)?))?(, done\.)?\s*$"
)
_ERROR = re.compile(r"(?:fatal|error): (.+)$")
_SUBCOMMANDS = option_set(
    "clone fetch pull push checkout switch gc repack submodule lfs merge rebase status"
    " commit add archive bundle fsck reset restore"
)
_TAKES_PROGRESS = option_set("clone fetch pull push checkout switch")
_FLAGS = option_set("--no-pager -p --paginate --bare --no-replace-objects --literal-pathspecs")
_VALUES = option_set("-C -c --git-dir --work-tree --namespace --exec-path")
# "https://host/owner/name.git", "host:owner/name", "/srv/name.git": the last part of at least two,
# so that an address that is itself a secret is not shown.
_ADDRESS = re.compile(
    r"(?:[a-z+]+://[^/]*/|[^/:@]+@?[^/:]*:(?!//)|/)(?:[^?#]*/)([A-Za-z0-9._-]+?)(?:\.git)?/?$"
)
# What git prints only on request: counts that replace one another, and a last one with ", done.",
# whatever the language. A hook's "Tests: 12" is none.
_COUNTS = (
    rb"remote: Total \d+ \(delta [^\r\n]*[\r\n]"
    rb"|(?!%b)(?:remote: )?[^\s:][^:\r\n]{0,60}:\s+"
    rb"(?:\d{1,3}%% \(\d+/\d+\)[^\r\n]*[\r\n]|\d+(?:, [^\s,]+\. *[\r\n]|[^\r\n]*\r))"
)
_HIDDEN = re.compile(_COUNTS % rb"$.")
# clone and pull (merge's `verbose_update`) print these anywhere, once they take 2 s.
_PRINT_CHECKOUT = option_set("clone pull")
_HIDDEN_BUT_CHECKOUT = re.compile(_COUNTS % rb"(?:Updating|Checking out) files:")


def name_of(command: Command) -> str:
    """Return the operation's name: "git clone linux"."""
    at = find_subcommand(command.words, _SUBCOMMANDS, _FLAGS, _VALUES)
    if at is None:
        return "git"
    word = command.words[at]
    if word == "clone":
        for argument in command.words[at + 1 :]:
            match = _ADDRESS.match(argument)
            if match:
                return "git clone " + match.group(1)
    return "git " + word


def machine_form(command: Command, setting: FormContext) -> MachineForm | None:
    """Ask for progress where git would not print it, because it writes to no terminal."""
    at = find_subcommand(command.words, _SUBCOMMANDS, _FLAGS, _VALUES)
    if setting.terminal or at is None or command.words[at] not in _TAKES_PROGRESS:
        return None
    if any(word in ("--progress", "--no-progress", "--quiet", "-q") for word in command.words):
        return None
    hidden = _HIDDEN_BUT_CHECKOUT if command.words[at] in _PRINT_CHECKOUT else _HIDDEN
    return MachineForm(command.with_options("--progress", after=at + 1), {}, hidden=hidden)


class Parser:
    """A stage for each title, in git's own words."""

    def __init__(self, command: Command | None = None) -> None:
        self._open: set[str] = set()
        self._failed = False

    def feed(self, line: str, source: str) -> list[Event]:
        """Take a line of output."""
        match = _PROGRESS.match(line)
        if match is None:
            trouble = _ERROR.match(line)
            if trouble is None or self._failed:
                return []
            self._failed = True  # what comes after the first only follows from it
            return [Failed(trouble.group(1))]
        title, _percent, done, total, count, detail, ended = match.groups()
        of = int(total) if total else None
        events: list[Event] = []
        if title not in self._open:
            self._open.add(title)
            # Which follow, git does not tell: they differ with what there is to do.
            events += [Untold(), StageStarted(title, of)]
        events.append(StageMoved(title, int(done or count), of, detail))
        if ended:
            self._open.discard(title)
            events.append(StageEnded(title))
        return events

    def finish(self, exit_status: int) -> list[Event]:
        """End the stages that git left open."""
        return [StageEnded(title) for title in sorted(self._open)] if exit_status == 0 else []
