"""Apply what the bars of a command's processes say to its operation: each is a stage.

A bar of a process without one around it is part of the bar that is open in the nearest ancestor
process that has any: so those of a pool's workers stand below the bar of their parent.
"""

from __future__ import annotations

from headway.model import CANCELLED, COMPLETED
from headway.run.reading.bar_lines import BarLines, Ended
from headway.run.reading.events import Detail, StageEnded, StageMoved, StageStarted, Waiting
from headway.run.reading.pipe_protocol import Logged, PipeSyntaxError, Planned

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

    from headway.run.reading.bar_lines import Said

# Stages of one operation that bars make: few enough for a viewer's snapshot. What a program shows
# beyond it is not shown.
STAGE_LIMIT = 1000


class BarReporter:
    """The bars of all processes of one command. One thread calls it.

    `parent_of(pid)` returns the parent process of a process, or None. What was sent first may be
    read last, over another connection: so ends wait for two turns of the reader, in which all that
    was there has been read, or for the next bar of their process.
    """

    def __init__(self, operation: Any, parent_of: Callable[[int], int | None]) -> None:
        self._operation = operation
        self._parent_of = parent_of
        self._processes: dict[int, list[ProcessBars]] = {}
        self._ending: list[list[ProcessBars]] = [[], []]  # in the turn before, and in this one

    def connect(self, pid: int) -> ProcessBars:
        """Return what takes the lines of a new connection of process `pid`."""
        bars = ProcessBars(self, pid)
        self._processes.setdefault(pid, []).append(bars)
        return bars

    def disconnect(self, bars: ProcessBars) -> None:
        """Take the end of a connection: what is open there ends as its numbers say."""
        bars.finish()
        self.wait_for_turns(bars)

    def wait_for_turns(self, bars: ProcessBars) -> None:
        """End what has ended there after this turn and the next."""
        if bars not in self._ending[1]:
            self._ending[1].append(bars)

    def turn(self) -> bool:
        """Take the end of a turn, in which all that was there was read; return whether to go on.

        If so, the next turn is not to wait.
        """
        for bars in self._ending.pop(0):
            if bars not in self._ending[0]:
                bars.settle()
            if bars.gone and bars not in self._ending[0]:
                others = self._processes.get(bars.pid, [])
                if bars in others:
                    others.remove(bars)
                if not others:
                    self._processes.pop(bars.pid, None)
        self._ending.append([])
        return any(self._ending)

    def begin(self, name: str, total: float | None, unit: str | None, around: Any | None) -> Any:
        """Return a stage that runs, or None where there are too many."""
        if len(self._operation.model.stages) >= STAGE_LIMIT:
            known = self._operation._first(name, around)
            if known is None or known.open:
                return None
        return self._operation.stage(name, total, unit, around).start()

    def around(self, process: ProcessBars) -> Any | None:
        """Return the stage of the nearest ancestor process that has an open bar, or None."""
        seen = {process.pid}
        parent = process.parent or self._parent_of(process.pid)
        while parent is not None and parent not in seen:
            seen.add(parent)
            for bars in self._processes.get(parent, ()):
                found = bars.innermost()
                if found is not None:
                    return found
            parent = self._parent_of(parent)
        return None

    def log(self, text: str) -> None:
        """Report a line of output."""
        self._operation.log(text)


class ProcessBars:
    """The bars of one connection."""

    def __init__(self, reporter: BarReporter, pid: int) -> None:
        self.pid = pid
        self.parent: int | None = None  # the parent process, where it was said
        self._reporter = reporter
        self._lines = BarLines()
        self._stages: dict[str, Any] = {}
        self._ends: list[tuple[str, Ended]] = []
        self.gone = False  # its connection has ended

    def feed(self, line: str) -> None:
        """Take a line; what makes no sense is left out.

        `child PID` says the parent process, in which the bars around may be.
        """
        word, _, number = line.partition(" ")
        if word == "child" and number.isdecimal():
            self.parent = int(number)
            return
        try:
            said = self._lines.feed(line)
        except PipeSyntaxError:
            return
        try:
            self._apply(said)
        except Exception:
            return  # one line is lost, not the command

    def finish(self) -> None:
        """Let what is open end: nobody will tell more of it."""
        self.gone = True
        for said in self._lines.finish():
            try:
                self._apply(said)
            except Exception:
                continue

    def innermost(self) -> Any | None:
        """Return the stage of the bar that was opened last and is open, or None."""
        return next((one for one in reversed(list(self._stages.values())) if one.open), None)

    def _apply(self, said: Said) -> None:
        for event in said.events:
            if isinstance(event, StageStarted):
                self.settle()
            stage = self._stages.get(said.bar)
            if isinstance(event, StageStarted):
                if stage is not None and stage.name == event.name:
                    stage.start()
                    stage.update(done=0, total=event.total)
                    continue
                if said.inside is not None:
                    around = self._stages.get(said.inside)
                else:
                    around = self._reporter.around(self)
                around = around if around is None or around.open else None
                stage = self._reporter.begin(event.name, event.total, event.unit, around)
                if stage is not None:
                    stage.model.total = event.total
                    self._stages[said.bar] = stage
            elif isinstance(event, Logged):
                self._reporter.log(event.text)
            elif isinstance(event, Ended):
                self._ends.append((said.bar, event))
                self._reporter.wait_for_turns(self)
            elif stage is not None and stage.open:
                _change(stage, event)

    def settle(self) -> None:
        """End what has ended."""
        ends, self._ends = self._ends, []
        for bar, event in ends:
            stage = self._stages.pop(bar, None)
            if stage is not None and stage.open:
                try:
                    _end(stage, event)
                except Exception:
                    continue  # one end is lost: the operation's ends it


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
        for name in event.names:
            stage.stage(name)


def _end(stage: Any, event: Ended) -> None:
    outcome = event.outcome
    if outcome is None:
        stage._stop()
    elif outcome.state == COMPLETED:
        stage.complete()
    elif outcome.state == CANCELLED:
        stage.cancel(outcome.text)
    else:
        stage.fail(outcome.text or "failed")
