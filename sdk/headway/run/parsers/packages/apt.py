"""apt and apt-get: the lines of `APT::Status-Fd`, and their text behind sudo."""

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
    marked_dry,
    option_set,
    plain_words,
)
from headway.run.reading.events import (
    STATUS,
    Detail,
    Event,
    Failed,
    NeedsInput,
    Planned,
    StageEnded,
    StageMoved,
    StageStarted,
    Untold,
    Waiting,
)
from headway.run.reading.sizes import parse_size

DOWNLOAD = "Download"
UPDATE = "Update package lists"
READ = "Read package lists"  # what apt does with those that have come: most of an update's time
INSTALL = "Install packages"  # where apt's language is not known: its percentage only

_LINE = re.compile(r"(dlstatus|pmstatus|pmerror|pmconffile|media-change):([^:]*):([^:]*):(.*)$")
_NUMBER_OF = re.compile(r"\D*(\d+) \D+ (\d+)")
# Longer beginnings first: "Preparing to configure" is no "Preparing".
_VERBS = (
    ("Preparing to configure ", CONFIGURE, False),
    ("Preparing for removal of ", REMOVE, False),
    ("Preparing to completely remove ", REMOVE, False),
    ("Running post-installation trigger ", TRIGGERS, True),
    ("Preparing ", UNPACK, False),
    ("Unpacking ", UNPACK, False),
    ("Installing ", UNPACK, True),
    ("Configuring ", CONFIGURE, False),
    ("Installed ", CONFIGURE, True),
    ("Removing ", REMOVE, False),
    ("Removed ", REMOVE, True),
    ("Completely removing ", REMOVE, False),
    ("Completely removed ", REMOVE, True),
)
_SUMMARY = re.compile(r"(\d+) upgraded, (\d+) newly installed, .*?(\d+) to remove and \d+ not ")
_AGAIN = re.compile(r"(\d+) (?:reinstalled|downgraded)")
_UNFINISHED = re.compile(r"(\d+) not fully installed or removed")
_AFTER = re.compile(r"After this operation, ")
_NEED = re.compile(r"Need to get ([0-9.,]+ [kMGT]?B)(?:/[0-9.,]+ [kMGT]?B)? of archives")
_GET = re.compile(r"Get: ?\d+ \S+ .*?(?:\[([0-9.,]+ [kMGT]?B)\])?$")
_GET_PACKAGE = re.compile(r"Get: ?\d+ \S+ \S+ \S+ (\S+) \S+ \S+ \[")
_SEEN = re.compile(r"(?:Hit|Ign|Err): ?\d+ ")
_PERCENT = re.compile(r"(\d{1,3})% \[(.*)$")
# What apt and dpkg do first, with percentages of their own: over before they are worth a stage.
_PREPARING = re.compile(r"\(?(?:Reading|Building|Initializing) [a-z ]+ ?\.\.\.")
_READING = re.compile(r"Reading package lists\.\.\.(?: *(\d{1,3})%| (Done))?")
_FETCHED = re.compile(r"Fetched [0-9.,]+ [kMGT]?B in ")
_LOCK = re.compile(
    r"Waiting for cache lock: Could not get lock .*It is held by process (\d+)(?: \(([^)]*)\))?"
)
_ACTIONS = option_set(
    "install reinstall remove purge upgrade full-upgrade dist-upgrade update download source"
    " build-dep autoremove autopurge satisfy"
)
_FLAGS = option_set(
    "-y -q -qq -d -f -m -s -u -V -b --yes --assume-yes --assume-no --quiet --download-only"
    " --fix-broken --fix-missing --no-install-recommends --install-recommends"
    " --install-suggests --reinstall --only-upgrade --no-upgrade --purge --auto-remove"
    " --autoremove --allow-downgrades --allow-unauthenticated --allow-change-held-packages"
    " --allow-remove-essential --show-progress --no-remove --ignore-missing --verbose-versions"
    " --simulate --dry-run --just-print --recon --no-act --print-uris --no-download"
    " --with-new-pkgs --trivial-only"
)
_VALUES = option_set("-o -t -c -a --option --target-release --default-release --config-file")
# Of these nothing follows the fetching, if that is done at all.
_FETCHING_ONLY = re.compile(
    r"-[a-zA-Z]*[ds][a-zA-Z]*$|--(?:download-only|simulate|just-print|dry-run|recon|no-act|print-uris)$"
)
_DRY = re.compile(r"-[bd-np-su-zA-Z]*s[a-zA-Z]*$|--(?:simulate|just-print|dry-run|recon|no-act)$")
_FETCHES = option_set("update download source")
_PACKAGE = re.compile(r"[A-Za-z0-9][A-Za-z0-9+.:_~*-]*(?:[=/][A-Za-z0-9+.:~_-]+)?$")


def name_of(command: Command) -> str:
    """Return the operation's name: "apt install nginx"."""
    words = plain_words(command.words, _FLAGS, _VALUES, _PACKAGE)
    program = "aptitude" if command.program == "aptitude" else "apt"
    if not words or words[0] not in _ACTIONS:
        return program
    return marked_dry(" ".join([program, *words]), command.words, _DRY)


def machine_form(command: Command, setting: FormContext) -> MachineForm | None:
    """Add a status descriptor; every version of apt takes this option."""
    if command.program == "aptitude" or any("status-fd" in word.lower() for word in command.words):
        return None
    return MachineForm(
        command.with_options("-o", f"APT::Status-Fd={setting.status}"), {}, status=True
    )


class Parser:
    """Lines of apt into the stages Download, Unpack, Configure, Remove and Triggers."""

    def __init__(self, command: Command | None = None) -> None:
        words = plain_words(command.words, _FLAGS, _VALUES, _PACKAGE) if command else []
        self._fetch = UPDATE if words[:1] == ["update"] else DOWNLOAD
        self._stages = PackageStages()
        # Whether packages are unpacked or removed after what is fetched: a plan tells of it.
        self._works = words[:1] != [] and words[0] not in _FETCHES
        if command is not None and any(map(_FETCHING_ONLY.match, command.words)):
            self._works = False
        self._planned = False
        self._needed: int | None = None  # bytes, as apt rounds them
        self._fetching = False
        self._by_share = False  # it is counted in per cent
        self._has_all = False  # nothing is fetched any more; a status that comes late is old
        self._fetched = 0  # bytes of the files that were fetched before this one
        self._size = 0  # of this one
        self._item: str | None = None
        self._lists = 0  # package lists that have come
        self._reading = False  # … and are read
        self._dl = self._pm = False  # a status line of the kind has been seen
        self._installing = False
        self._failed = False

    def feed(self, line: str, source: str) -> list[Event]:
        """Take a line of the status descriptor or of the output."""
        return self._read_status(line) if source == STATUS else self._read_text(line)

    def finish(self, exit_status: int) -> list[Event]:
        """End the stages: the last percentage seen may be 80 on success."""
        if exit_status != 0:
            return []
        events = self._end_fetching()
        if self._reading:
            events.append(StageEnded(READ))
        if self._installing:
            events.append(StageEnded(INSTALL))
        return events + self._stages.finish(exit_status)

    # --- the status descriptor

    def _read_status(self, line: str) -> list[Event]:
        match = _LINE.match(line)
        if match is None:
            return []
        kind, subject, percent, text = match.groups()
        if kind == "dlstatus":
            self._dl = True
            numbers = _NUMBER_OF.match(text)
            where = "file {} of {}".format(*numbers.groups()) if numbers else None
            detail = " ".join(filter(None, (self._item, f"({where})" if where else None)))
            return self._fetch_percent(percent, detail or None)
        if kind == "pmerror":
            self._failed = True
            return [Failed(subject.rsplit("/", 1)[-1] + ": " + text)]
        if kind == "pmconffile":
            return [NeedsInput("configuration file " + subject)]
        if kind == "media-change":
            return [NeedsInput(text.strip() or subject)]
        self._pm = True
        events = self._end_fetching()
        if subject == "dpkg-exec":
            return events
        for verb, stage, finished in _VERBS:
            if text.startswith(verb):
                return events + self._stages.move(stage, subject, finished)
        return events + self._read_percent(percent, subject)

    def _read_percent(self, percent: str, subject: str) -> list[Event]:
        done = _number(percent)
        if done is None:
            return []
        events: list[Event] = []
        if not self._installing:
            self._installing = True
            events.append(StageStarted(INSTALL, 100, "%"))
        events.append(StageMoved(INSTALL, done, 100, subject))
        return events

    # --- the text

    def _read_text(self, line: str) -> list[Event]:
        match = _LOCK.match(line)
        if match:
            holder = match.group(1) + (f" ({match.group(2)})" if match.group(2) else "")
            return [Waiting("the dpkg lock, held by process " + holder)]
        if line.startswith("E: "):
            if self._failed and "Sub-process" in line:
                return []  # says less than the package's own error
            self._failed = True
            return [Failed(line[3:])]
        if _PREPARING.match(line):
            return [*self._read_lists(line), Detail(line)]
        match = _SUMMARY.match(line)
        if match:
            upgraded, new, removed = (int(group) for group in match.groups())
            coming = upgraded + new + sum(int(count) for count in _AGAIN.findall(line))
            self._stages.totals.update({UNPACK: coming, CONFIGURE: coming, REMOVE: removed})
            return []
        match = _UNFINISHED.match(line)
        if match:
            totals = self._stages.totals
            totals[CONFIGURE] = totals.get(CONFIGURE, 0) + int(match.group(1))
            return []
        match = _NEED.match(line)
        if match:
            self._needed = parse_size(match.group(1)) or None
            return self._plan()
        if _AFTER.match(line):
            return self._plan()
        return self._read_fetching(line) or self._read_packages(line)

    def _plan(self) -> list[Event]:
        """Announce the stages, once it is known what is to be done."""
        if self._planned or not self._works:
            return []
        self._planned = True
        stages = [StageStarted(self._fetch, self._needed, "B")] if self._needed else []
        for stage in (UNPACK, CONFIGURE, REMOVE):
            number = self._stages.totals.get(stage)
            if number:
                stages.append(StageStarted(stage, number, "packages"))
        return [Planned(tuple(stages))] if stages else []

    def _read_fetching(self, line: str) -> list[Event]:
        if self._fetch == UPDATE and (_GET.match(line) or _SEEN.match(line)):
            # How many there are, and how large, apt learns by and by: its percentage is of what
            # it knows so far.
            self._lists += 1
            return [*self._start_fetching("lists"), StageMoved(UPDATE, self._lists)]
        match = _GET.match(line)
        if match:
            package = _GET_PACKAGE.match(line)
            self._item = package.group(1) if package else None
            self._fetched += self._size
            self._size = parse_size(match.group(1)) or 0 if match.group(1) else 0
            if self._dl:
                return []
            done = None if self._needed is None else self._fetched
            return [*self._start_fetching("B"), StageMoved(self._fetch, done, None, self._item)]
        if _SEEN.match(line):
            return [] if self._dl else self._start_fetching("B")
        match = _PERCENT.match(line)
        if match and not self._dl:
            return self._fetch_percent(match.group(1), self._item)
        if _FETCHED.match(line):
            size = self._needed or (None if self._by_share else self._fetched + self._size or None)
            all_of_it = StageMoved(self._fetch, size, size, None, None if size is None else "B")
            moved: list[Event] = [all_of_it] if self._fetching and not self._dl else []
            self._has_all = True
            return moved + (
                self._begin_reading() if self._fetch == UPDATE else self._end_fetching()
            )
        return []

    def _read_lists(self, line: str) -> list[Event]:
        """Take how much apt has read of the lists that an update has fetched.

        Where it has fetched none it tells by nothing else that all are there.
        """
        match = _READING.match(line) if self._fetch == UPDATE and self._lists else None
        if match is None:
            return []
        share = 100 if match.group(2) else _number(match.group(1) or "")
        moved: list[Event] = [] if share is None else [StageMoved(READ, share, 100, None, "%")]
        return self._begin_reading() + moved

    def _begin_reading(self) -> list[Event]:
        if self._reading:
            return []
        self._reading = True
        return [*self._end_fetching(), StageStarted(READ)]

    def _read_packages(self, line: str) -> list[Event]:
        if self._pm:
            return []  # the status descriptor tells more
        events = self._stages.read(line)
        self._failed = self._failed or any(isinstance(event, Failed) for event in events)
        return self._end_fetching() + events if events else []

    # --- the stage that fetches

    def _start_fetching(self, unit: str) -> list[Event]:
        if self._fetching:
            return []
        self._fetching = True
        first: list[Event] = []
        if self._fetch == UPDATE:
            first.append(Planned((StageStarted(UPDATE, None, unit), StageStarted(READ))))
        elif self._works and not self._planned:
            first.append(Untold())
        return [*first, StageStarted(self._fetch, self._needed, unit)]

    def _fetch_percent(self, percent: str, detail: str | None) -> list[Event]:
        share = _number(percent)
        if share is None or self._fetch == UPDATE or self._has_all:
            return []
        if self._needed:
            done: float = round(self._needed * share / 100)
            return [
                *self._start_fetching("B"),
                StageMoved(self._fetch, done, self._needed, detail, "B"),
            ]
        self._by_share = True
        return [*self._start_fetching("%"), StageMoved(self._fetch, share, 100, detail, "%")]

    def _end_fetching(self) -> list[Event]:
        if not self._fetching:
            return []
        self._fetching = False
        return [StageEnded(self._fetch)]


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if 0 <= number <= 100 else None
