"""cargo: its status lines, and its progress bar, which carries the total."""

from __future__ import annotations

import re

from headway.run.reading.command_line import (
    Command,
    FormContext,
    MachineForm,
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

DOWNLOAD = "Download"
COMPILE = "Compile"

_STATUS = re.compile(
    r"\s{0,12}(Downloaded|Compiling|Checking|Documenting|Finished|Updating|Locking|Running) (.+)$"
)
_BAR = re.compile(r"\s*Building \[[=> ]*\] (\d+)/(\d+)(?:: (.*?))?\s*$")
_ERROR = re.compile(r"error(?:\[E\d+\])?: (.+)$")
_BUILDS = option_set("build b check c test t run r bench doc d install clippy rustc")
_THEN_RUNS = option_set("test t run r bench")  # what it has built
_WORDS = {"b": "build", "c": "check", "t": "test", "r": "run", "d": "doc"}
_FLAGS = option_set(
    "-v -vv -q -r --release --all --workspace --all-targets --all-features --lib --bins --tests"
    " --no-default-features --locked --offline --frozen --force --verbose --quiet"
)
_VALUES = option_set(
    "-p -F -j -Z --package --features --jobs --target --target-dir --manifest-path --profile"
    " --bin --example --test --bench --path --git --branch --tag --rev --version --root"
    " --color --message-format --config --registry --index --exclude"
)
_CRATE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*(?:@[0-9A-Za-z.+-]+)?$")
_HIDDEN = re.compile(rb"\s*Building \[[=> ]*\] \d+/\d+[^\r\n]*[\r\n]")


def name_of(command: Command) -> str:
    """Return the operation's name: "cargo install ripgrep"."""
    words = command.words
    if words and words[0].startswith("+"):
        words = words[1:]  # the toolchain
    names = plain_words(words, _FLAGS, _VALUES, _CRATE)
    if not names or names[0] not in _BUILDS:
        return "cargo"
    verb = _WORDS.get(names[0], names[0])
    return " ".join(["cargo", verb, *(names[1:] if verb == "install" else [])])


def machine_form(command: Command, setting: FormContext) -> MachineForm | None:
    """Ask for the progress bar, which has the total, where cargo writes to no terminal."""
    if setting.terminal or name_of(command) == "cargo":
        return None
    if any(
        word.startswith("--message-format") or word in ("-q", "--quiet") for word in command.words
    ):
        return None
    environ = {"CARGO_TERM_PROGRESS_WHEN": "always", "CARGO_TERM_PROGRESS_WIDTH": "80"}
    return MachineForm(list(command.argv), environ, hidden=_HIDDEN)


class Parser:
    """Status lines into Download and Compile; crates are counted until the bar tells the total."""

    def __init__(self, command: Command | None = None) -> None:
        self._counts: dict[str, int] = {}
        self._bar = 0  # the total it told
        self._failed = False
        self._then_runs = command is not None and not _THEN_RUNS.isdisjoint(command.words[:2])

    def feed(self, line: str, source: str) -> list[Event]:
        """Take a line of output."""
        match = _BAR.match(line)
        if match:
            done, total = int(match.group(1)), int(match.group(2))
            self._bar = total
            return [*self._start(COMPILE), StageMoved(COMPILE, done, total, match.group(3))]
        match = _STATUS.match(line)
        if match:
            return self._status(*match.groups())
        match = _ERROR.match(line)
        if match and not self._failed:
            self._failed = True
            return [Failed(match.group(1))]
        return []

    def finish(self, exit_status: int) -> list[Event]:
        """End the open stages."""
        stages, self._counts = self._counts, {}
        return [StageEnded(stage) for stage in stages] if exit_status == 0 else []

    def _status(self, word: str, subject: str) -> list[Event]:
        if word == "Finished":
            whole = self._bar
            events: list[Event] = [StageMoved(COMPILE, whole, whole)] if whole else []
            return events + self.finish(0)
        crate = " ".join(subject.split()[:2])
        if word == "Downloaded":
            events = self._start(DOWNLOAD)
            self._counts[DOWNLOAD] += 1
            return [*events, StageMoved(DOWNLOAD, self._counts[DOWNLOAD], None, crate)]
        if word in ("Compiling", "Checking", "Documenting"):
            events = self._start(COMPILE)
            # A crate is named when it begins: those before it may be done or not.
            return events if self._bar else [*events, StageMoved(COMPILE, None, None, crate)]
        return [Detail(f"{word} {subject}")]

    def _start(self, stage: str) -> list[Event]:
        if stage in self._counts:
            return []
        self._counts[stage] = 0
        untold: list[Event] = [Untold()] if self._then_runs or stage == DOWNLOAD else []
        return [*untold, StageStarted(stage, None, "crates")]
