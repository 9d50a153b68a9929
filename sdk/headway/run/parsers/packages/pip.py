"""pip: raw progress from 24.1 on, its progress bars and text before that."""

from __future__ import annotations

import re

from headway.run.parsers.packages.requirement import REQUIREMENT
from headway.run.reading.command_line import (
    Command,
    FormContext,
    MachineForm,
    find_subcommand,
    marked_dry,
    option_set,
    plain_words,
)
from headway.run.reading.events import (
    Detail,
    Event,
    Failed,
    StageEnded,
    StageMoved,
    StageStarted,
    Untold,
)
from headway.run.reading.sizes import parse_size

RESOLVE = "Resolve"
DOWNLOAD = "Download"
BUILD = "Build"
INSTALL = "Install"
RAW_SINCE = (24, 1)

_COLLECTING = re.compile(r"(?:Collecting|Processing|Obtaining) (\S+)")
_FETCH = re.compile(
    r"\s+(Downloading|Resuming download|Using cached) (\S+)"
    r"(?: \(([0-9.,]+ ?[kMGT]?B|[0-9]+ bytes)\))?"
)
_RAW = re.compile(r"Progress (\d+) of (\d+)$")
_BAR = re.compile(r"\s*\S*[━╸╺ |█-]+ +([0-9.]+)/([0-9.]+) ([kMGT]?B|bytes)\b")
_PREPARING = re.compile(
    r"\s+(Installing build dependencies|Getting requirements|Preparing metadata)"
)
_BUILDING = re.compile(r"Building wheels for collected packages: (.+)$")
_WHEEL = re.compile(r"\s+Building wheel for (\S+)")
_BUILT = re.compile(r"\s+Created wheel for (\S+?):|\s+Building wheel for (\S+) .*status 'error'")
_INSTALLING = re.compile(r"Installing collected packages: (.+)$")
_INSTALLED = re.compile(r"\s*\S*[━╸╺ |█-]+ +(\d+)/(\d+) \[(.+)\]$")
_SUCCESS = re.compile(r"Successfully (?:installed|downloaded) ")
_ERROR = re.compile(r"(?:ERROR: |error: |\s+error: )(.+)$")

_SUBCOMMANDS = option_set("install download wheel uninstall")
_FLAGS = option_set(
    "-U -q -qq -v -vv -vvv -I -y --upgrade --quiet --verbose --user --no-deps --pre --yes"
    " --force-reinstall --ignore-installed --no-cache-dir --no-index --no-build-isolation"
    " --use-pep517 --no-input --isolated --require-virtualenv --break-system-packages"
    " --no-compile --compile --prefer-binary --dry-run --no-warn-script-location --no-clean"
    " --disable-pip-version-check --require-hashes --ignore-requires-python --debug"
    " --no-color --no-python-version-warning --no-warn-conflicts"
)
_VALUES = option_set(
    "-i -f -t -d -w -c -e --index-url --extra-index-url --find-links --target --dest --wheel-dir"
    " --constraint --editable --platform --python-version --implementation --abi --root --prefix"
    " --src --upgrade-strategy --no-binary --only-binary --progress-bar --root-user-action"
    " --report --cache-dir --timeout --retries --proxy --trusted-host --cert --client-cert"
    " --log --exists-action --config-settings --global-option --use-feature"
    " --use-deprecated --python --keyring-provider --group"
)
_DRY = re.compile(r"--dry-run$")
_RAW_FORM = re.compile(rb"Progress \d+ of \d+\r?\n")


def name_of(command: Command) -> str:
    """Return the operation's name: "pip install requests -r requirements.txt"."""
    words = command.words
    at = find_subcommand(words, _SUBCOMMANDS, _FLAGS, _VALUES)
    if at is None:
        return "pip"
    kept = list(plain_words(words[at:], _FLAGS | {"-r", "--requirement"}, _VALUES, REQUIREMENT))
    files = {after for word, after in zip(words, words[1:]) if word in ("-r", "--requirement")}
    for index, word in enumerate(kept):
        if word in files:
            kept[index] = "-r " + word
    return marked_dry(" ".join(["pip", *kept]), words[at:], _DRY)


def machine_form(command: Command, setting: FormContext) -> MachineForm | None:
    """Ask for raw progress where pip is known to have it and the user chose no other."""
    at = find_subcommand(command.words, _SUBCOMMANDS, _FLAGS, _VALUES)
    if at is None or command.words[at] == "uninstall":
        return None
    if setting.version is None or setting.version < RAW_SINCE:
        return None
    if setting.terminal and not setting.drawn:
        return None  # its own bar is the only one
    for word in command.words:
        if word.startswith(("--progress-bar", "--quiet")) or re.match(r"-[a-zA-Z]*q", word):
            return None
    return MachineForm(
        command.with_options("--progress-bar", "raw", after=at + 1), {}, hidden=_RAW_FORM, stream=1
    )


class Parser:
    """Lines of pip into Resolve, Download (a stage below it for each big file), Build, Install."""

    def __init__(self, command: Command | None = None) -> None:
        self._open: dict[str, bool] = {}  # stage -> still open
        self._collected = 0
        self._described = 0  # files whose metadata was fetched apart: the count of what will come
        self._files = 0
        self._file: str | None = None  # the stage of the file being fetched
        self._moved = False  # it has been shown as a stage
        self._size: int | None = None
        self._built = 0
        self._packages: list[str] = []

    def feed(self, line: str, source: str) -> list[Event]:
        """Take a line of output."""
        match = _RAW.match(line)
        if match:
            done, total = (int(group) for group in match.groups())
            return self._fetching(done, total or None)
        match = _INSTALLED.match(line)
        if match and INSTALL in self._open:
            return [StageMoved(INSTALL, int(match.group(1)), int(match.group(2)), match.group(3))]
        match = _BAR.match(line)
        if match:
            unit = match.group(3)
            done, total = (parse_size(f"{group} {unit}") for group in match.groups()[:2])
            return self._fetching(done, total)
        for pattern, read in self._readers:
            match = pattern.match(line)
            if match:
                return read(self, match)
        return []

    def finish(self, exit_status: int) -> list[Event]:
        """End the open stages."""
        return self._end(*self._open) if exit_status == 0 else []

    def _start(self, stage: str, total: float | None, unit: str) -> list[Event]:
        if self._open.get(stage):
            return []
        # What pip will do it finds out by and by: a wheel may have to be built.
        untold: list[Event] = [] if self._open else [Untold()]
        self._open[stage] = True
        return [*untold, StageStarted(stage, total, unit)]

    def _end(self, *stages: str) -> list[Event]:
        events: list[Event] = []
        for stage in stages:
            if stage == DOWNLOAD:
                events += self._fetched()
            if self._open.get(stage):
                self._open[stage] = False
                events.append(StageEnded(stage))
        return events

    def _collect(self, match: re.Match[str]) -> list[Event]:
        self._collected += 1
        package = match.group(1).rsplit("/", 1)[-1]
        return [
            *self._fetched(),
            *self._start(RESOLVE, None, "packages"),
            StageMoved(RESOLVE, self._collected, None, package),
        ]

    def _fetch(self, match: re.Match[str]) -> list[Event]:
        how, path, size = match.groups()
        name = path.rsplit("/", 1)[-1]
        if name.endswith(".metadata"):
            self._described += 1
            return []
        events = self._fetched()
        total = self._described or None
        if total is not None and self._files >= total:
            total = None
        events += self._start(DOWNLOAD, total, "files")
        if how == "Using cached":
            self._files += 1
            return [*events, StageMoved(DOWNLOAD, self._files, total, name)]
        # "numpy-2.4.6-cp311-….whl": what a person calls it is in front
        self._file = " ".join(name.split("-")[:2])
        self._size = parse_size(size.replace(" bytes", " B")) if size else None
        self._moved = False
        return [*events, StageMoved(DOWNLOAD, self._files, total, self._file)]

    def _fetching(self, done: float | None, total: float | None) -> list[Event]:
        if self._file is None or done is None:
            return []
        events: list[Event] = []
        if not self._moved:
            self._moved = True
            events.append(StageStarted(self._file, total or self._size, "B", DOWNLOAD))
        events.append(StageMoved(self._file, done, total or self._size))
        if total is not None and done >= total:
            events += self._fetched()  # the next line may be long in coming
        return events

    def _fetched(self) -> list[Event]:
        """End the file before this line: it has come."""
        if self._file is None:
            return []
        name, self._file = self._file, None
        self._files += 1
        events: list[Event] = [StageEnded(name)] if self._moved else []
        return [*events, StageMoved(DOWNLOAD, self._files)]

    def _prepare(self, match: re.Match[str]) -> list[Event]:
        return [*self._fetched(), Detail(match.group(1))]

    def _build(self, match: re.Match[str]) -> list[Event]:
        names = match.group(1).split(", ")
        return [*self._end(RESOLVE, DOWNLOAD), *self._start(BUILD, len(names), "packages")]

    def _wheel(self, match: re.Match[str]) -> list[Event]:
        return [StageMoved(BUILD, self._built, None, match.group(1))] if BUILD in self._open else []

    def _wheel_ended(self, match: re.Match[str]) -> list[Event]:
        if BUILD not in self._open or match.group(1) is None:
            return []
        self._built += 1
        return [StageMoved(BUILD, self._built, None, match.group(1))]

    def _install(self, match: re.Match[str]) -> list[Event]:
        self._packages = match.group(1).split(", ")
        number = len(self._packages)
        # Off a terminal pip says no more until all are installed: a count would stand at 0.
        return [
            *self._end(RESOLVE, DOWNLOAD, BUILD),
            *self._start(INSTALL, None, "packages"),
            Detail(f"{number} package{'s'[: number != 1]}"),
        ]

    def _success(self, match: re.Match[str]) -> list[Event]:
        events: list[Event] = []
        if self._open.get(INSTALL):
            events.append(StageMoved(INSTALL, len(self._packages), len(self._packages)))
        return events + self._end(RESOLVE, DOWNLOAD, BUILD, INSTALL)

    def _error(self, match: re.Match[str]) -> list[Event]:
        return [Failed(match.group(1))]

    _readers = (
        (_FETCH, _fetch),
        (_COLLECTING, _collect),
        (_INSTALLING, _install),
        (_SUCCESS, _success),
        (_BUILDING, _build),
        (_BUILT, _wheel_ended),
        (_WHEEL, _wheel),
        (_PREPARING, _prepare),
        (_ERROR, _error),
    )
