"""Operations and stages: their fields, their legal moves, and how a replica follows them.

Pure: no clock, socket, thread or randomness. The worker's own copy, the broker's replica
and the viewer's replica are all made of these two classes, and exchange their *records*: the
absolute state of one of them (`headway.records`).

Times are seconds on the monotonic clock of whoever holds the copy.
"""

from __future__ import annotations

from _operator import itemgetter  # `operator` is 20 times as long to import

from headway.plain_values import clean_count
from headway.records import STAGE_FIELDS, RecordedOperation, RecordedStage
from headway.states import (
    COMPLETED,
    CRASHED,
    ENDED,
    FAILED,
    OPEN,
    OPERATION_MOVES,
    PENDING,
    RUNNING,
    SKIPPED,
    STAGE_MOVES,
    WAITING,
    IllegalMove,
    asks,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Iterable, Iterator, Optional, Sequence, Tuple

    Stop = Tuple[float, Optional[float]]

_ID = STAGE_FIELDS.index("id")
_id_of = itemgetter(_ID)
_bare_stage = object.__new__

UNTOLD = 0  # `planned` of an operation of which stages come that nobody has told of
UNLEARNED = "-"  # the key of an operation that history neither learns from nor foretells
NOT_REACHED = "not reached"  # the reason of what was pending when its operation broke off
SHORT_MOST = 0.99  # the progress of what failed or stopped, however near to its end, at most


class Stage(RecordedStage):
    """A part of an operation: raw counts as reported, a state, and times.

    `done` and `total` are in `unit`s. `shares` maps a forked child's session to what that
    child counted; `shown` is the owner's count plus all of them, or None where it is unknown.
    `progress` (0…1 or None) and `estimate` (low, median, high, basis, runs, or None) are filled
    in by the broker.
    """

    __slots__ = ("estimate", "progress", "shares")

    estimate: tuple[float, float, float, str, int] | None
    progress: float | None
    shares: dict[str, float] | None

    def __init__(
        self,
        id: int,  # noqa: A002 - the word of the wire and of the JSON
        name: str,
        parent: int | None = None,
        total: float | None = None,
        unit: str | None = None,
    ) -> None:
        self.id = id
        self.parent = parent
        self.name = name
        self.state = PENDING
        self.reason = self.error = self.detail = None
        self.done = 0
        self.total = total
        self.unit = unit
        self.started = self.ended = None
        self.attempt = 1
        self.initial = 0
        self.beyond = False
        self.estimate = self.progress = self.shares = None

    def __repr__(self) -> str:
        return f"<Stage {self.id} {self.name!r} {self.state} {self.shown}/{self.total}>"

    @property
    def shown(self) -> float | None:
        """Return the owner's count and those of forked children; None where it is beyond ±2**63."""
        if self.beyond:
            return None
        return clean_count(self.done + sum(self.shares.values())) if self.shares else self.done

    def place(self, verb: str) -> str:
        """Return "stopped at 480 of 1,200" for the verb "stopped"."""
        shown, total = self.shown, self.total
        if shown is None:
            return verb
        return f"{verb} at {_figure(shown)}" + ("" if total is None else f" of {_figure(total)}")

    def move(self, state: str, now: float, reason: str | None = None) -> None:
        """Enter `state` at `now`; raise `IllegalMove` and change nothing if it cannot."""
        if state not in STAGE_MOVES[self.state]:
            raise IllegalMove(f"stage {self.name!r} cannot go from {self.state} to {state}")
        if state == RUNNING and self.state in ENDED and self.state != CRASHED:
            self.attempt += 1
            self.done = self.initial = 0
            self.beyond = False
            self.detail = self.shares = self.started = None
        if state in OPEN:
            self.ended = self.error = None
        else:
            self.ended = now
        if self.started is None and state not in (SKIPPED, PENDING):
            self.started = now
        self.state = state
        self.reason = reason

    def fraction(self) -> float | None:
        """Return how much of it is done, 0…1 from its own counts, or None where that is unknown.

        1.0 is kept for success (skipped, or completed without a reason: a loop that was left
        early has one), and what ended otherwise is never above 0.99; counts past the total, or a
        total that is not positive, say nothing. What was not reached is not done.
        """
        state, total = self.state, self.total
        if state == SKIPPED and self.reason == NOT_REACHED:
            return 0.0
        if state == SKIPPED or (state == COMPLETED and self.reason is None):
            return 1.0
        shown = self.shown if self.shares or self.beyond else self.done
        if state == PENDING and not self.done and shown is not None:
            return 0.0
        if shown is None or total is None or not total > 0:
            return None
        share = shown / total
        if share <= 0.0:
            return 0.0  # one for all
        most = 0.999 if state in OPEN else SHORT_MOST
        return min(most, share)


def _figure(count: float) -> str:
    return f"{count:,.0f}" if float(count).is_integer() else f"{count:,.1f}"


class Operation(RecordedOperation):
    """One thing a person waits for, with its stages (id → `Stage`, parents first).

    `silent_since`, `stalled_since` (since when its counts stand still, by their own pace),
    `progress`, `estimate` (as in `Stage`), `usual` (median, low and high of the
    seconds that its earlier runs took, and how many, or None), `late_after` (their median, or None
    where its age says nothing), `work` (seconds of processor time, bytes read and bytes written by
    the processes of a command; None where unknown),
    `holder` (id of the operation that holds what it waits for, or None), `tail` (its last output
    lines) and `stops` (when its process was stopped and continued; a last end of None: it is
    stopped) are the broker's to fill in, `unheard_since` (since when nothing is heard of its host)
    and `no_broker_since` (since when its host is heard of, and has no broker) those of a viewer of
    a fleet.
    """

    __slots__ = (
        "estimate",
        "holder",
        "late_after",
        "no_broker_since",
        "progress",
        "silent_since",
        "stages",
        "stalled_since",
        "stops",
        "tail",
        "unheard_since",
        "unlike",
        "usual",
        "work",
    )

    estimate: tuple[float, float, float, str, int] | None
    progress: float | None
    silent_since: float | None
    stalled_since: float | None
    holder: str | None
    no_broker_since: float | None
    stages: dict[int, Stage]
    stops: tuple[Stop, ...]
    tail: list[str]
    unheard_since: float | None
    unlike: bool
    usual: tuple[float, float, float, int] | None
    work: tuple[float, float | None, float | None] | None
    late_after: float | None

    def __init__(
        self,
        id: str,  # noqa: A002 - the word of the wire and of the JSON
        name: str,
        key: str | None = None,
        parent: str | None = None,
    ) -> None:
        self.id = id
        self.revision = 0
        self.name = name
        self.key = key
        self.parent = parent
        self.state = PENDING
        self.reason = self.error = self.message = None
        self.started = self.ended = None
        self.cancellable = True
        self.attempt = 1
        self.exit_status = None
        self.notify = None
        self.host = self.pid = self.user = self.tty = self.display = None
        self.coarser = self.former = self.planned = None
        self.estimate = self.progress = self.silent_since = self.usual = self.holder = None
        self.work = None
        self.stalled_since = self.late_after = None
        self.unheard_since = self.no_broker_since = None
        self.receipt = True
        self.rank = self.labels = self.traceparent = None
        self.unlike = False
        self.stages = {}
        self.stops = ()
        self.tail = []

    def __repr__(self) -> str:
        return f"<Operation {self.id} {self.name!r} {self.state} {len(self.stages)} stages>"

    def move(self, state: str, now: float, reason: str | None = None) -> None:
        """Enter `state` at `now`; an end also ends the stages that are open.

        A stage that was running or waiting shares the operation's end; one that was never
        reached is skipped. Raise `IllegalMove` and change nothing if it cannot.
        """
        if state not in OPERATION_MOVES[self.state]:
            raise IllegalMove(f"operation {self.name!r} cannot go from {self.state} to {state}")
        if state in OPEN:
            if self.state == FAILED:
                self.attempt += 1
            self.ended = self.error = None
        else:
            self.ended = now
            for stage in self.stages.values():
                if stage.state == PENDING:
                    stage.move(SKIPPED, now, NOT_REACHED)
                elif stage.open:
                    stage.move(state, now, reason)
        if self.started is None and state != PENDING:
            self.started = now
        self.state = state
        self.reason = reason

    def add_stage(self, stage: Stage) -> Stage:
        """Insert a new stage in its place: by id, so a part comes after what it is a part of."""
        self._add([stage])
        return stage

    def add_stages(self, ids: Iterable[int]) -> set[int]:
        """Insert a new stage for each id that has none yet; return the ids of the new ones."""
        fresh = {id_ for id_ in ids if id_ not in self.stages}
        self._add([Stage(id_, "") for id_ in sorted(fresh)])
        return fresh

    def fill(self, records: Iterable[Sequence[Any]]) -> None:
        """Take over the records of all stages of an operation that has none yet."""
        stages: list[Stage] = []
        for record in sorted(records, key=_id_of):
            if len(record) == len(STAGE_FIELDS):  # all that a new one has is replaced
                stage = _bare_stage(Stage)
                stage.estimate = stage.progress = stage.shares = None
            else:
                stage = Stage(record[_ID], "")
            stage.apply(record)
            stages.append(stage)
        self.stages = {stage.id: stage for stage in stages}

    def _add(self, stages: list[Stage]) -> None:
        late = self.stages and stages and stages[0].id < next(reversed(self.stages))
        self.stages.update((stage.id, stage) for stage in stages)
        if late:
            self.stages = dict(sorted(self.stages.items()))

    def apply_stage(self, record: Sequence[Any]) -> Stage:
        """Take over a stage's `record`; add a stage that is seen for the first time. Return it."""
        id_ = record[_ID]
        stage = self.stages.get(id_) or self.add_stage(Stage(id_, ""))
        stage.apply(record)
        return stage

    @property
    def question(self) -> str | None:
        """Return what a person is asked while it or its stage waits; None: a lock asks nobody."""
        if self.state == WAITING and asks(self.reason):
            return self.reason
        if self.open:
            for stage in self.stages.values():
                if stage.state == WAITING and asks(stage.reason):
                    return stage.reason
        return None

    @property
    def in_contact(self) -> bool:
        """Whether its host is heard of and has a broker, or, on one machine, need not be."""
        return self.unheard_since is None and self.no_broker_since is None

    @property
    def stopped_since(self) -> float | None:
        """Since when its process is stopped (Ctrl+Z, SIGSTOP), or None: it can run."""
        if not (self.stops and self.open):
            return None
        began, ended = self.stops[-1]
        return began if ended is None else None

    def stopped_for(self, start: float, end: float) -> float:
        """Return the seconds between `start` and `end` in which its process was stopped."""
        return sum(
            max(0.0, (end if until is None else min(until, end)) - max(since, start))
            for since, until in self.stops
        )

    def worked_for(self, now: float) -> float:
        """Return its seconds until `now`, or its end, without those in which it was stopped."""
        if self.started is None:
            return 0.0
        end = now if self.ended is None else self.ended
        return end - self.started - self.stopped_for(self.started, end)

    def running(self) -> Iterator[Stage]:
        """Return the stages that are running or waiting now, in order."""
        return (stage for stage in self.stages.values() if stage.state in (RUNNING, WAITING))

    def final_progress(self) -> float | None:
        """Return the progress of an ended operation: 1.0 is reserved for success."""
        if self.state == COMPLETED and not self.stopped:
            return 1.0
        progress = self.progress
        outermost = sum(stage.parent is None for stage in self.stages.values())
        if len(self.stages) == 1 or (not progress and outermost == 1):
            share = self.even_progress()  # its counts are all that was done
            progress = share if share is not None else progress
        return None if progress is None else min(progress, SHORT_MOST)

    def even_progress(self) -> float | None:
        """Return progress with equal weights for stages of the same parent, or None where unknown.

        A stage with children but no total of its own is worth what they are. A running stage
        of unknown fraction counts nothing yet, unless it is the only one: then all is unknown.
        One that has completed but says why (a loop that was left early) is as far as it came.
        """
        if self.state == COMPLETED and self.reason is None:
            return 1.0
        # What is known inside each stage, its sum and how much it is. Parents come first, so
        # backwards every stage comes after all that is inside it.
        inside: dict[int | None, tuple[bool, float, int]] = {}
        nothing = (False, 0.0, 0)
        for stage in reversed(self.stages.values()):
            share = stage.fraction()
            known, total, count = inside.get(stage.id, nothing)
            if share is not None:
                known = True
            elif count:
                share = total / count
            around, total, count = inside.get(stage.parent, nothing)
            inside[stage.parent] = (around or known, total + (share or 0.0), count + 1)
        known, total, count = inside.get(None, nothing)
        return min(total / count, 0.999 if self.open else SHORT_MOST) if known else None
