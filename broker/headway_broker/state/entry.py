"""An entry of the ledger: an operation, what of it has changed, and what of it is stored. Pure."""

from __future__ import annotations

from typing import AbstractSet, Any, Iterable, NamedTuple

from headway.model import Operation
from headway.protocol.rows import OperationFigures, OperationRecord
from headway_broker.state.sessions import Session

_NONE: frozenset[int] = frozenset()


class Marks:
    """The dirty marks of an operation: what changed since the last frame.

    `structure`: its own record. `stages`: ids of stages whose records did. `counts`: stage id →
    whether total or detail changed too. `figures` and `stage_figures`: progress and estimates.
    `shares`: ids of stages whose shares did. What is rare is one empty set for all until it is
    marked: ten thousand are made in a frame, and the garbage collector looks at each set of each.
    """

    __slots__ = ("counts", "figures", "shares", "stage_figures", "stages", "structure")

    def __init__(self) -> None:
        self.structure = False
        self.stages: AbstractSet[int] = _NONE
        self.counts: dict[int, bool] = {}
        self.figures = False
        self.stage_figures: AbstractSet[int] = _NONE
        self.shares: AbstractSet[int] = _NONE

    def mark_stages(self, stages: Iterable[int]) -> None:
        """Mark the records of stages."""
        self.stages = {*self.stages, *stages}

    def mark_stage(self, stage: int) -> None:
        """Mark the record of a stage."""
        if type(self.stages) is set:
            self.stages.add(stage)
        else:
            self.stages = {stage}

    def mark_stage_figures(self, stage: int) -> None:
        """Mark the progress and the estimate of a stage."""
        if type(self.stage_figures) is set:
            self.stage_figures.add(stage)
        else:
            self.stage_figures = {stage}

    def mark_share(self, stage: int) -> None:
        """Mark the shares of a stage."""
        if type(self.shares) is set:
            self.shares.add(stage)
        else:
            self.shares = {stage}

    def add(self, later: Marks) -> None:
        """Mark what is marked in `later`, too."""
        self.structure |= later.structure
        if later.stages:
            self.mark_stages(later.stages)
        for stage, whole in later.counts.items():
            self.counts[stage] = whole or self.counts.get(stage, False)
        self.figures |= later.figures
        if later.stage_figures:
            self.stage_figures = {*self.stage_figures, *later.stage_figures}
        if later.shares:
            self.shares = {*self.shares, *later.shares}


class Held(NamedTuple):
    """What is shown of an operation while its end is not stored, and its marks meanwhile.

    No record: nothing is shown of it yet. `since` is when the end came.
    """

    record: OperationRecord | None
    figures: OperationFigures | None
    marks: Marks
    since: float


class ShareKey(NamedTuple):
    """The key of a share within an operation: a stage id, and the session of a forked child."""

    stage: int
    writer: str


# Shared by all entries without unstored shares, which are most: a dictionary is 64 bytes.
ALL_STORED: dict[ShareKey, float] = {}


class Entry:
    """An operation in the ledger and its writer.

    `stored` says that a row of it is in the history, `stored_revision` is the revision of its end
    that has been stored, with all of its stages; `changes` counts what was applied to those;
    `unstored` are the shares that have not been, and what was done in them;
    `bytes` is about what it takes. All is written by the ledger, but `forecast` and `learned_as`,
    its history key, which are written by `forecasts`.
    """

    __slots__ = (
        "bytes",
        "changes",
        "ended_at",
        "forecast",
        "heard",
        "learned_as",
        "operation",
        "paused_since",
        "session",
        "stored",
        "stored_revision",
        "unstored",
    )

    def __init__(self, operation: Operation, session: Session, now: float) -> None:
        self.operation = operation
        self.session = session
        self.bytes = 0
        self.changes = 0
        self.forecast: Any = None
        self.heard = now  # when something of it last changed
        self.learned_as: str | None = None
        self.paused_since: float | None = None  # by a request
        self.ended_at: float | None = None  # broker's clock, when the end came in
        self.stored = False
        self.stored_revision: int | None = None
        self.unstored = ALL_STORED
