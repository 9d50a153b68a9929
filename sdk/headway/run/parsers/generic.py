"""The parser for unknown commands: the last line, and progress that proves to be such.

A number in unknown text can be anything ("disk 93 % full"): `measures` says what a line may tell,
`evidence` when that is believed and when no longer. Hypotheses are told apart by their label. One
without a label counts all of the work, the stage Run; one with a label is a stage of its own.
OSC 9;4, which exists for this purpose, is believed at once, and then nothing else is.
"""

from __future__ import annotations

from headway.run.reading.command_line import Command
from headway.run.reading.events import (
    DRAWN,
    Detail,
    Event,
    StageEnded,
    StageMoved,
    StageStarted,
    Untold,
    Withdrawn,
)
from headway.run.reading.evidence import CLOSE, NOTHING, RESTART, SHOW, WITHDRAW, Hypothesis
from headway.run.reading.measures import NUMBER, Measure, measure
from headway.run.reading.terminal_lines import PROGRESS_MARK

RUN = "Run"
# Hypotheses that are watched at once: more than any program draws bars; the oldest is forgotten.
HYPOTHESES = 64
# Stages of labelled hypotheses: a program that draws a bar for each of a thousand files would fill
# the picture and the history with them.
LABELLED = 32
INNER = "Inner loop"  # a bar without a label inside another
NEXT = "Loop"  # one behind another


class _Shown:
    """A hypothesis, the stage that shows it (None until it is believed), and where it stands."""

    __slots__ = ("began", "came", "ended", "hypothesis", "outer", "parent", "stage", "whole")

    def __init__(self, found: Measure) -> None:
        self.hypothesis = Hypothesis(found)
        self.began = self.came = 0  # the numbers of its first and of its last line
        self.outer = found.outer
        self.stage: str | None = None
        self.parent: str | None = None
        self.ended = False
        self.whole: StageMoved | None = None  # once the last one has begun: when that is done


class Parser:
    """Lines into the stage Run, indeterminate until progress is recognized, and labelled ones.

    Without `text` only progress makes a stage: of a known tool, which has stages of its own.
    """

    def __init__(self, command: Command | None = None, *, text: bool = True) -> None:
        self._text = text
        self._now: float | None = None
        self._lines = 0  # that have come
        self._shown: dict[tuple[str, ...], _Shown] = {}
        self._stages: dict[str, str | None] = {}  # that have begun, and what they are part of
        self._running: set[str] = set()
        self._marked = False  # OSC 9;4 was seen
        self._whole: tuple[str, ...] | None = None  # the hypothesis that Run shows
        self._filled: StageMoved | None = None  # what Run showed when it was full

    def note_time(self, now: float) -> None:
        """Take when the lines that follow come."""
        self._now = now

    def feed(self, line: str, source: str) -> list[Event]:
        """Take a line of output."""
        if line.startswith(PROGRESS_MARK):
            return self._read_osc(line[len(PROGRESS_MARK) :])
        self._lines += 1
        found = None if self._marked else measure(line)
        events = self._interrupt(found, drawn=source == DRAWN)
        if found is not None:
            shown = self._watch(found)
            shown.came = self._lines
            follows = shown.hypothesis.take(found, self._now)
            if follows != NOTHING:
                moved = self._follow(shown, found, follows)
                if moved:
                    return events + moved
            if shown.hypothesis.open or shown.stage is not None or found.need < NUMBER:
                return events  # a bar is no text, though it is not believed yet
        return [*events, *self._begin_run(), Detail(line)] if self._text else events

    def finish(self, exit_status: int) -> list[Event]:
        """End the stages."""
        if exit_status != 0:
            return []
        events: list[Event] = []
        if self._filled is not None:
            events.append(self._filled)  # it was complete, and what came after it is over, too
        wholes = (shown.whole for shown in self._shown.values())
        events += [whole for whole in wholes if whole is not None and whole.name in self._running]
        ended = [StageEnded(name) for name in reversed(list(self._stages)) if name in self._running]
        self._running.clear()
        return [*events, *ended]

    # Hypotheses.

    def _watch(self, found: Measure) -> _Shown:
        shown = self._shown.get(found.key)
        if shown is None:
            shown = self._shown[found.key] = _Shown(found)
            shown.began = self._lines
            if len(self._shown) > HYPOTHESES:
                del self._shown[next(key for key in self._shown if key != self._whole)]
        return shown

    def _interrupt(self, found: Measure | None, *, drawn: bool) -> list[Event]:
        """Tell all other hypotheses that a line has come which is not theirs."""
        events: list[Event] = []
        for key, shown in self._shown.items():
            if found is not None and key == found.key:
                continue
            # A line of another measure may be the other row of one display.
            follows = shown.hypothesis.interrupt(drawn=drawn or found is not None)
            if follows == CLOSE and shown.stage is not None:
                events += self._close(shown)
        return events

    def _close(self, shown: _Shown) -> list[Event]:
        name = shown.stage or RUN
        if name == RUN:
            # All of the work was done, and yet it goes on.
            self._whole = None
            shown.stage = None
            shown.hypothesis.refute()
            return [Withdrawn(RUN)]
        self._running.discard(name)
        return [StageEnded(name)]

    def _follow(self, shown: _Shown, found: Measure, follows: str) -> list[Event]:
        if follows == WITHDRAW or (follows == RESTART and shown.stage == RUN and not found.outer):
            name, shown.stage = shown.stage, None
            if name == RUN:
                self._whole = None
                self._filled = None
                if follows == RESTART:
                    shown.hypothesis.refute()  # each time around is a part of the work
            return [] if name is None else [Withdrawn(name), Detail(found.detail or found.label)]
        if follows not in (SHOW, RESTART):
            return []
        events: list[Event] = []
        if shown.stage is None:
            name = self._name(found)
            if name is None:
                return []
            shown.stage = name
            shown.parent = self._parent(shown)
            events += self._end_run(shown)
            if found.one_of_many:
                events += self._end_last_part(shown)
            if self._take_over(shown):
                follows = RESTART  # what another hypothesis counted is no part of this one's count
        name = shown.stage
        if follows == RESTART or name not in self._running:
            if shown.parent is None and (found.one_of_many or self._follows_others(name)):
                events.append(Untold())  # of how many files, or phases, nobody has said
            if name in self._running and name != RUN:
                events.append(StageEnded(name))  # it begins again: there are no two of it at once
            events.append(StageStarted(name, found.total, found.unit, shown.parent))
            self._stages.setdefault(name, shown.parent)
            self._running.add(name)
        moved = StageMoved(name, found.done, found.total, found.detail or "", found.unit or "")
        if name == RUN:
            self._filled = moved if found.done == found.total else None
        last = found.begins and found.total == found.done + 1
        shown.whole = StageMoved(name, found.total, found.total) if last else None
        return [*events, moved]

    def _name(self, found: Measure) -> str | None:
        """Return the stage that shows a hypothesis; None if none does."""
        if found.label:
            owners = [owner for owner in self._owners(found.label) if owner.hypothesis.open]
            if any(owner.hypothesis.need < found.need for owner in owners):
                return None  # a surer hypothesis shows it
            known = found.label in self._stages
            return found.label if known or len(self._stages) < LABELLED else None
        open_ = [shown for shown in self._shown.values() if shown.hypothesis.open and shown.stage]
        if self._whole is None and not open_ and self._filled is None:
            self._whole = found.key
            return RUN
        inside = any(shown.outer for shown in open_)
        # A bar that is drawn while an epoch goes on is its; elsewhere nothing tells what it counts.
        counts = found.outer or (inside and found.need < NUMBER)
        if not counts or len(self._stages) >= LABELLED:
            return None
        kind = INNER if inside else NEXT
        number = 1 + sum(name.startswith(kind) for name in self._stages)
        return kind if number == 1 else f"{kind} {number}"

    def _owners(self, name: str) -> list[_Shown]:
        """Return those that show a stage: a label may stand before two kinds of measure."""
        return [other for other in self._shown.values() if other.stage == name]

    def _follows_others(self, name: str) -> bool:
        """Return whether a labelled stage begins anew, or after others have ended."""
        others = [other for other in self._stages if RUN not in (other, name)]
        return any(other == name or other not in self._running for other in others)

    def _end_last_part(self, shown: _Shown) -> list[Event]:
        """End "Phase A" when "Phase B" has begun and nothing was said of A since."""
        kind = (shown.stage or "").split(" ", maxsplit=1)[0]
        ended = [
            other
            for other in self._shown.values()
            if other.stage in self._running
            and (other.stage or "").startswith(kind + " ")
            and other.came < shown.began
        ]
        return [event for other in ended for event in self._close(other)]

    def _take_over(self, shown: _Shown) -> bool:
        """Take the stage of this hypothesis from others that show it; whether there are any."""
        others = [other for other in self._owners(shown.stage or RUN) if other is not shown]
        for other in others:
            other.stage = other.whole = None
            if other.hypothesis.need >= shown.hypothesis.need:
                other.hypothesis.refute()
        return bool(others)

    def _parent(self, shown: _Shown) -> str | None:
        """Return the stage of the newest hypothesis that is open and has parts."""
        around = [
            other.stage
            for other in self._shown.values()
            if other is not shown and other.outer and other.hypothesis.open and other.stage
        ]
        return around[-1] if around and around[-1] != shown.stage else None

    # The stage Run.

    def _begin_run(self) -> list[Event]:
        """Begin Run for a line that belongs to no stage that runs."""
        if RUN in self._running or any(
            shown.hypothesis.open and shown.stage for shown in self._shown.values()
        ):
            return []
        self._stages.setdefault(RUN, None)
        self._running.add(RUN)
        return [StageStarted(RUN)]

    def _end_run(self, shown: _Shown) -> list[Event]:
        """End Run where all that it showed was lines, and a stage with a count takes over."""
        if shown.stage == RUN or shown.parent or self._whole or RUN not in self._running:
            return []
        self._running.discard(RUN)
        return [StageEnded(RUN)]

    def _read_osc(self, text: str) -> list[Event]:
        state, _, percent = text.partition(";")
        begun = RUN in self._running
        if state in ("1", "2", "4"):
            self._marked = True
            self._stages.setdefault(RUN, None)
            self._running.add(RUN)
            moved = StageMoved(RUN, min(int(percent or 0), 100), 100, None, "%")
            return [moved] if begun else [StageStarted(RUN), moved]
        if self._marked and begun:
            return [Withdrawn(RUN)]  # it is busy, or shows nothing any more
        return []
