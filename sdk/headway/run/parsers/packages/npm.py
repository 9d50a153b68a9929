"""npm: its `http` log lines, the nearest it has to progress."""

from __future__ import annotations

import re

from headway.run.parsers.generic import Parser as GenericParser
from headway.run.reading.command_line import (
    Command,
    FormContext,
    MachineForm,
    marked_dry,
    option_set,
    plain_words,
)
from headway.run.reading.events import (
    Event,
    Failed,
    StageEnded,
    StageMoved,
    StageStarted,
    Untold,
)

RESOLVE = "Resolve"
FETCH = "Fetch"

_HTTP = re.compile(r"\S?\s*npm http (fetch [A-Z]+ (\d{3}) |cache )(\S+)")
_ADDED = re.compile(r"\S?\s*(?:added|removed|changed|up to date)\b.* (?:in|package)")
_ERROR = re.compile(
    r"\S?\s*npm (?:error|ERR!) (?!code\b|errno\b|syscall\b|path\b|A complete log)(.+)$"
)
_INSTALLS = option_set("install i ci add update up install-clean in ins upgrade")
_WORDS = {"i": "install", "in": "install", "ins": "install", "add": "install", "up": "update"}
_SUBCOMMANDS = _INSTALLS | option_set("run run-script test start build publish pack audit exec")
_DRY = re.compile(r"--dry-run(?:=true)?$")
_RUNS = option_set("run run-script test start build exec")
_NAMES_SCRIPT = option_set("run run-script exec")
_FLAGS = option_set(
    "-g -D -S -O -E -P -f --global --save --save-dev --save-exact --save-optional --no-save"
    " --force --legacy-peer-deps --no-audit --no-fund --ignore-scripts --prefer-offline --offline"
    " --production --omit=dev --no-progress --foreground-scripts --workspaces --silent -s"
    " --no-package-lock --package-lock-only --strict-peer-deps --dry-run"
)
_VALUES = option_set(
    "--prefix -C --registry --cache --loglevel --userconfig --tag -w --workspace --omit --include"
    " --otp --before"
)
_PACKAGE = re.compile(
    r"@?[A-Za-z0-9][A-Za-z0-9._-]*(?:/[A-Za-z0-9][A-Za-z0-9._-]*)?(?:@[A-Za-z0-9.^~<>=*_-]+)?$"
)
_LOUDNESS = re.compile(
    r"--loglevel|--silent$|--quiet$|--verbose$|-s$|-q$|-d+$|--json$|--parseable$"
)
_HIDDEN = re.compile(rb"npm http (?:fetch|cache) [^\r\n]*\r?\n")
_HIDDEN_START = b"npm http "
# On a terminal its words have colours, and it erases its spinner before each line.
_COLOUR = rb"(?:\x1b\[[0-9;]*m)*"
_HIDDEN_DRAWN = re.compile(
    _COLOUR + rb"npm" + _COLOUR + b" " + _COLOUR + b"http" + _COLOUR + b" " + _COLOUR
    + rb"(?:fetch|cache)" + _COLOUR + rb" [^\r\n]*\r?\n"
)  # fmt: skip


def name_of(command: Command) -> str:
    """Return the operation's name: "npm install express"."""
    words = plain_words(command.words, _FLAGS, _VALUES, _PACKAGE)
    if not words or words[0] not in _SUBCOMMANDS:
        return "npm"
    if words[0] not in _INSTALLS:  # the script's name, where there is one; the rest is the script's
        words = words[: 2 if words[0] in _NAMES_SCRIPT else 1]
    name = " ".join(["npm", _WORDS.get(words[0], words[0]), *words[1:]])
    # What a script is given is its own.
    return name if words[0] in _RUNS else marked_dry(name, command.words, _DRY)


def machine_form(command: Command, setting: FormContext) -> MachineForm | None:
    """Ask for the log of requests, of which none is shown: npm erases its spinner before each."""
    words = plain_words(command.words, _FLAGS, _VALUES, _PACKAGE)
    if not words or words[0] not in _INSTALLS:
        return None
    if setting.terminal and not setting.drawn:  # nobody would see the stages
        return None
    if any(_LOUDNESS.match(word) for word in command.words):
        return None
    argv = [*command.argv, "--loglevel=http"]
    if setting.terminal:
        return MachineForm(argv, {}, hidden=_HIDDEN_DRAWN, start=_HIDDEN_START)
    return MachineForm(argv, {}, hidden=_HIDDEN)


class Parser:
    """Requests into Resolve (descriptions of packages) and Fetch (the packages), without totals.

    The output of `npm run` is that of an unknown program: `generic` parses it.
    """

    def __init__(self, command: Command | None = None) -> None:
        words = plain_words(command.words, _FLAGS, _VALUES, _PACKAGE) if command else ["install"]
        foreign = bool(words) and words[0] not in _INSTALLS
        self._fallback = GenericParser() if foreign else None
        self._seen: dict[str, set[str]] = {}  # stage -> what was asked for; often twice
        self._failed = False

    def feed(self, line: str, source: str) -> list[Event]:
        """Take a line of output."""
        match = _HTTP.match(line)
        if match:
            return self._request(match.group(3).split("@file:")[0])
        match = _ERROR.match(line)
        if match:
            if self._failed:
                return []  # the first one says it, the rest is advice
            self._failed = True
            return [Failed(match.group(1).strip())]
        if self._fallback is not None:
            return self._fallback.feed(line, source)
        return self.finish(0) if _ADDED.match(line) else []

    def finish(self, exit_status: int) -> list[Event]:
        """End the open stages."""
        stages, self._seen = self._seen, {}
        events: list[Event] = [StageEnded(stage) for stage in stages] if exit_status == 0 else []
        return events + (self._fallback.finish(exit_status) if self._fallback else [])

    def _request(self, address: str) -> list[Event]:
        path = address.split("?", maxsplit=1)[0]
        stage = FETCH if path.endswith((".tgz", ".tar.gz")) else RESOLVE
        events: list[Event] = []
        if stage not in self._seen:
            self._seen[stage] = set()
            events += [Untold(), StageStarted(stage, None, "packages")]
        name = path.rsplit("/", 1)[-1].replace("%2f", "/")
        self._seen[stage].add(name)
        events.append(StageMoved(stage, len(self._seen[stage]), None, name))
        return events
