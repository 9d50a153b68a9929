"""Apply what the bars of a command's processes say to its operation: each is a stage.

A bar of a process without one around it is part of the bar that is open in the nearest ancestor
process that has any: so those of a pool's workers stand below the bar of their parent.
"""

from __future__ import annotations

from headway.protocol.vocabulary import LET_GO
from headway.reporting.reporter import reporter
from headway.run.reading.bar_lines import Announced, BarLines, Ended, Left
from headway.run.reading.events import (
    Detail,
    Planned,
    StageEnded,
    StageMoved,
    StageStarted,
    Waiting,
)
from headway.run.reading.pipe_protocol import Logged, PipeSyntaxError
from headway.states import CANCELLED, COMPLETED, CRASHED, PENDING, SKIPPED, UNJUDGED

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

    from headway.run.exit_status import Outcome
    from headway.run.reading.bar_lines import Said

# Stages of one operation that bars make: few enough for a viewer's snapshot. What a program shows
# beyond it is not shown.
STAGE_LIMIT = 1000
ANCESTOR_LIMIT = 20  # processes above a process that are looked at
BY_PARENT = "ended by its parent"  # the reason of what a process was in when its parent killed it


class BarReporter:
    """The bars of all processes of one command. One thread calls it.

    `parent_of(pid)` returns the parent process of a process, or None. What was sent first may be
    read last, over another connection: so ends wait for two turns of the reader, in which all that
    was there has been read, or for the next bar of their process. A bar with bars of other
    processes in it ends after them: what feeds a pool is drawn before its jobs are done.

    Bars that the command itself, the child process of `runner`, was in when it ended are judged by
    its exit status; those of its child processes end where their numbers say.
    """

    def __init__(
        self, operation: Any, parent_of: Callable[[int], int | None], runner: int = 0
    ) -> None:
        self._operation = operation
        self._parent_of = parent_of
        self.runner = runner
        self._left: list[Any] = []
        self._open: dict[int, tuple[ProcessBars, Any]] = {}  # stage → its process, the one around
        self._processes: dict[int, list[ProcessBars]] = {}
        self._ending: list[list[ProcessBars]] = [[], []]  # in the turn before, and in this one

    def connect(self, pid: int) -> ProcessBars:
        """Return what takes the lines of a new connection of process `pid`."""
        bars = ProcessBars(self, pid)
        self._processes.setdefault(pid, []).append(bars)
        return bars

    def disconnect(self, bars: ProcessBars, *, lives: bool | None = None) -> None:
        """Take the end of a connection: what is open there ends as its numbers say.

        `lives` says whether its process goes on: as another program, or without its descriptors.
        """
        bars.finish(lives)
        self.wait_for_turns(bars)

    def wait_for_turns(self, bars: ProcessBars) -> None:
        """End what has ended there after this turn and the next."""
        if bars not in self._ending[1]:
            self._ending[1].append(bars)

    def turn(self) -> bool:
        """Take the end of a turn, in which all that was there was read; return whether to go on.

        If so, the next turn is not to wait.
        """
        due = self._ending.pop(0)
        self._ending.append([])
        for bars in due:
            if bars not in self._ending[0]:
                bars.apply_ends()
            if bars.gone and bars not in self._ending[0]:
                others = self._processes.get(bars.pid, [])
                if bars in others:
                    others.remove(bars)
                if not others:
                    self._processes.pop(bars.pid, None)
        return any(self._ending)

    def begin(self, name: str, total: float | None, unit: str | None, around: Any | None) -> Any:
        """Return a stage that runs, or None where there are too many."""
        if len(self._operation.model.stages) >= STAGE_LIMIT:
            known = self._operation._first(name, around)
            if known is None or known.open:
                return None
        return self._operation.stage(name, total, unit, around).start()

    def announce(self, name: str, total: float | None, unit: str | None, around: Any | None) -> Any:
        """Return a stage that is to begin, or None where one of that name is there already."""
        full = len(self._operation.model.stages) >= STAGE_LIMIT
        if full or self._operation._first(name, around) is not None:
            return None
        return self._operation.stage(name, total, unit, around)

    def end_child(self, pid: int, process: ProcessBars) -> None:
        """Take in that `process` ends the process `pid`, by a signal, if it descends from that."""
        for bars in self._processes.get(pid, ()):
            if process.pid in bars.ancestors or self._parent_of(pid) == process.pid:
                bars.ended_by_parent = True

    def opened(self, stage: Any, process: ProcessBars, around: Any | None) -> None:
        """Take in that `stage` is a bar of `process` and part of `around`."""
        owner, _ = self._open.get(stage.id, (None, None))
        if owner is not None:
            owner.forget(stage)  # its loop was left, and is run again by another bar
        self._open[stage.id] = (process, around)

    def closed(self, stage: Any) -> None:
        """Take in that a stage has ended: the one around it may end, too."""
        _, around = self._open.pop(stage.id, (None, None))
        if around is not None and around.id in self._open:
            self.wait_for_turns(self._open[around.id][0])

    def is_awaited(self, stage: Any, process: ProcessBars) -> bool:
        """Return whether bars of other processes than `process` go on within `stage`."""
        others = [around for owner, around in self._open.values() if owner is not process]
        while others:
            found = [around for around in others if around is not None]
            if stage in found:
                return True
            others = [self._open.get(around.id, (None, None))[1] for around in found]
        return False

    def leave(self, stage: Any) -> None:
        """Let the exit status of the command say how `stage` has ended."""
        self._left.append(stage)

    def finish(self, outcome: Outcome) -> None:
        """End what the command has left, which ended so."""
        for stage in self._left:
            if stage.open and outcome.state == COMPLETED and stage.left:
                _stop(stage)
            elif stage.open:
                stage._judge(reporter().clock(), outcome.state, outcome.text)
        self._left.clear()

    def around(self, process: ProcessBars) -> Any | None:
        """Return the stage of the nearest ancestor process that has an open bar, or None."""
        told = list(process.ancestors)
        seen = {process.pid}
        parent = told.pop(0) if told else self._parent_of(process.pid)
        while parent is not None and parent not in seen:
            seen.add(parent)
            for bars in self._processes.get(parent, ()):
                found = bars.innermost()
                if found is not None:
                    return found
            parent = told.pop(0) if told else self._parent_of(parent)
        return None

    def log(self, text: str) -> None:
        """Report a line of output."""
        self._operation.log(text)


class ProcessBars:
    """The bars of one connection."""

    def __init__(self, reporter: BarReporter, pid: int) -> None:
        self.pid = pid
        self.ancestors: list[int] = []  # the parent process and those above it, as it was said
        self._reporter = reporter
        self._lines = BarLines()
        self._stages: dict[str, Any] = {}
        self._ends: list[tuple[str, Ended]] = []
        self.gone = False  # its connection has ended
        self.ended_by_parent = False
        self._explicit = False  # each of its bars ends by a line
        self._becomes = False  # it is about to become another program
        self._lives: bool | None = None  # at the end of the connection; None: unknown

    def feed(self, line: str) -> None:
        """Take a line; what makes no sense is left out.

        `child PID…` says the parent process and those above it, in which the bars around may be;
        `ends PID` that this process is about to end one of its children; `explicit` that each bar
        ends by a line, so that one which is open at the end of the connection was cut off;
        `becomes` that it is about to become another program: it has not, where a line follows.
        """
        if line:
            self._becomes = line == "becomes"
        if not line or self._becomes:
            return
        word, *numbers = line.split()[: 1 + ANCESTOR_LIMIT] or [""]
        if word == "child" and all(number.isdecimal() for number in numbers):
            self.ancestors = [int(number) for number in numbers]
            return
        if line == "explicit":
            self._explicit = True
            return
        if word == "ends" and len(numbers) == 1 and numbers[0].isdecimal():
            self._reporter.end_child(int(numbers[0]), self)
            return
        try:
            said = self._lines.feed(line)
        except PipeSyntaxError:
            return
        try:
            self._apply(said)
        except Exception:
            return  # one line is lost, not the command

    def finish(self, lives: bool | None) -> None:
        """Let what is open end: nobody will tell more of it."""
        self.gone = True
        self._lives = lives or self._becomes if lives is not None else None
        for said in self._lines.finish():
            try:
                self._apply(said)
            except Exception:
                continue

    def innermost(self) -> Any | None:
        """Return the stage of the bar that was opened last and is open, or None."""
        stages = reversed(list(self._stages.values()))
        return next(
            (one for one in stages if one.open and not one.left and one.state != PENDING), None
        )

    def any_open(self) -> bool:
        """Return whether it has told of a bar and not yet of its end."""
        return any(stage.open for stage in self._stages.values())

    def forget(self, stage: Any) -> None:
        """Take in that `stage` is another bar's from now on."""
        self._stages = {bar: one for bar, one in self._stages.items() if one is not stage}

    def _apply(self, said: Said) -> None:
        for event in said.events:
            if isinstance(event, StageStarted):
                self.apply_ends()
            stage = self._stages.get(said.bar)
            if isinstance(event, StageStarted):
                if stage is not None and stage.name == event.name:
                    stage.start()
                    stage.update(done=0, total=event.total)
                    continue
                around = self._around(said.inside)
                stage = self._reporter.begin(event.name, event.total, event.unit, around)
                if stage is not None:
                    stage.model.total = event.total
                    self._reporter.opened(stage, self, around)
                    self._stages[said.bar] = stage
            elif isinstance(event, Announced):
                around = self._around(said.inside)
                stage = self._reporter.announce(event.name, event.total, event.unit, around)
                if stage is not None:
                    self._stages[said.bar] = stage
            elif isinstance(event, Logged):
                self._reporter.log(event.text)
            elif isinstance(event, Left):
                if stage is not None and stage.open:
                    stage._leave()
            elif isinstance(event, Ended):
                self._ends.append((said.bar, event))
                self._reporter.wait_for_turns(self)
            elif stage is not None and stage.open:
                _change(stage, event)

    def _around(self, inside: str | None) -> Any | None:
        """Return the stage that a new bar is part of, as it says or by its process, or None."""
        around = self._reporter.around(self) if inside is None else self._stages.get(inside)
        return around if around is None or around.open else None

    def apply_ends(self) -> None:
        """End what has ended."""
        ends, self._ends = self._ends, []
        for bar, event in ends:
            stage = self._stages.get(bar)
            if stage is None:
                continue
            if stage.open and self._reporter.is_awaited(stage, self):
                self._ends.append((bar, event))
                continue
            del self._stages[bar]
            self._reporter.closed(stage)
            if not stage.open:
                continue
            try:
                if event.unfinished and self.ancestors[:1] == [self._reporter.runner]:
                    self._reporter.leave(stage)
                elif event.cut and self.ended_by_parent and not stage._full:
                    stage.cancel(BY_PARENT)
                elif event.cut and self._explicit and not stage._full:
                    self._cut_off(stage)
                else:
                    _end(stage, event)
            except Exception:
                continue  # one end is lost: the operation's ends it

    def _cut_off(self, stage: Any) -> None:
        """End what the process was in at the end of its connection, which told no end of it."""
        if self._lives is None:
            stage.fail(stage._place("cut off"))
        elif self._lives:
            stage._end(UNJUDGED, LET_GO)
        else:
            stage._end(CRASHED, None, stage._place("the process died"))


def _change(stage: Any, event: Any) -> None:
    if isinstance(event, StageMoved):
        if event.done is None:
            stage.start()
        stage.update(event.done, event.total, unit=event.unit)
    elif isinstance(event, Detail):
        stage.update(detail=event.text)
    elif isinstance(event, Waiting):
        stage.wait(event.reason)
    elif isinstance(event, StageEnded):
        if event.state == COMPLETED:
            stage.complete()
        else:
            stage.skip(event.reason)
    elif isinstance(event, Planned):
        for planned in event.stages:
            stage.stage(planned.name)


def _end(stage: Any, event: Ended) -> None:
    outcome = event.outcome
    if outcome is None:
        _stop(stage)
    elif outcome.state == SKIPPED or stage.state == PENDING:
        stage.skip(outcome.text)
    elif outcome.state == COMPLETED:
        stage.complete()
    elif outcome.state == CANCELLED:
        stage.cancel(outcome.text)
    else:
        stage.fail(outcome.text or "failed")


def _stop(stage: Any) -> None:
    """End a stage where its numbers say."""
    if stage.left and stage.model.total is None:  # a loop that was left, not a counter
        with reporter().lock:
            stage.left = False
            reporter().tally.drop(stage)
        stage._end(COMPLETED, stage._place("stopped"))
    else:
        stage._stop()
