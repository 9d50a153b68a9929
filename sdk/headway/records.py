"""Records: the absolute state of an operation or a stage as a flat list, and back.

Pure. A record is in the order of `OPERATION_FIELDS` or `STAGE_FIELDS`; applying one twice, or a
newer one over an older, does no harm. Fields are only ever appended to those tuples: a shorter
record leaves the rest as it was, a longer one is cut. Absent: what a state means and how it moves,
which `headway.model` adds.
"""

from __future__ import annotations

from _operator import attrgetter  # `operator` is 20 times as long to import

from headway.states import Stateful

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Iterable, Sequence, Tuple

    Rank = Tuple[str, int, int]


STAGE_FIELDS = (
    "id",
    "parent",  # id of the stage it is part of, or None
    "name",
    "state",
    "reason",  # why it waits, was skipped or cancelled
    "error",
    "detail",  # what it is busy with just now
    "done",  # as reported, never clamped
    "total",  # as reported, or None while unknown
    "unit",
    "started",  # of the last attempt
    "ended",
    "attempt",
    "initial",  # units that were done already when it started: they say nothing of the rate
    "beyond",  # its count is beyond ±2**63, so unknown: `done` is what was known before
)
OPERATION_FIELDS = (
    "id",
    "revision",  # counts the changes its writer has made
    "name",
    "key",
    "state",
    "reason",
    "error",
    "message",
    "started",
    "ended",
    "cancellable",
    "parent",  # "OP/STAGE" or "OP" of the operation it belongs to, or None
    "attempt",
    "exit_status",
    "notify",  # None: as the notifier sees fit; False: never; True: always; "error"; "sent"
    "host",
    "pid",
    "user",
    "tty",
    "display",
    "coarser",  # of a command: further keys of its history, each of more commands than the last
    "former",  # the key under which earlier versions stored its runs, or None
    "planned",  # outermost stages as of its last plan, which names all; UNTOLD; None without
    "receipt",  # whether it leaves a line on its terminal where it completes
    "rank",  # [job, rank, ranks] where several processes of one job begin it, or None
    "labels",  # {key: value}, both text, by which it is found and grouped; or None
    "traceparent",  # the span (W3C Trace Context) that its program was started in, or None
)
# What `getattr` of each field in turn returns, in a third of the time: an exit records thousands.
_stage_values = attrgetter(*STAGE_FIELDS)
_operation_values = attrgetter(*OPERATION_FIELDS)


def stage_records(stages: Iterable[RecordedStage]) -> list[list[Any]]:
    """Return the records of stages, in less time than asking each for its own takes."""
    return list(map(list, map(_stage_values, stages)))


class RecordedStage(Stateful):
    """The fields of a stage that its record tells."""

    __slots__ = STAGE_FIELDS

    id: int
    parent: int | None
    name: str
    state: str
    reason: str | None
    error: str | None
    detail: str | None
    done: float
    total: float | None
    unit: str | None
    started: float | None
    ended: float | None
    attempt: int
    initial: float
    beyond: bool

    def record(self) -> list[Any]:
        """Return its absolute state, in the order of `STAGE_FIELDS`."""
        return list(_stage_values(self))

    def apply(self, record: Sequence[Any]) -> None:
        """Take over the absolute state of `record`, which was checked when it was decoded."""
        if len(record) != len(STAGE_FIELDS):  # of an older peer
            for field, value in zip(STAGE_FIELDS, record):
                setattr(self, field, value)
            return
        # Written out: a third of the time, and a viewer that attaches applies all there is.
        (
            self.id,
            self.parent,
            self.name,
            self.state,
            self.reason,
            self.error,
            self.detail,
            self.done,
            self.total,
            self.unit,
            self.started,
            self.ended,
            self.attempt,
            self.initial,
            self.beyond,
        ) = record


class RecordedOperation(Stateful):
    """The fields of an operation that its record tells."""

    __slots__ = OPERATION_FIELDS

    id: str
    revision: int
    name: str
    key: str | None
    state: str
    reason: str | None
    error: str | None
    message: str | None
    started: float | None
    ended: float | None
    cancellable: bool
    parent: str | None
    attempt: int
    exit_status: int | None
    notify: Any
    host: str | None
    pid: int | None
    user: str | None
    tty: str | None
    display: str | None
    coarser: Sequence[str] | None
    former: str | None
    planned: int | None
    receipt: bool
    rank: Rank | None
    labels: dict[str, str] | None
    traceparent: str | None

    def record(self) -> list[Any]:
        """Return its own absolute state, without stages, in the order of `OPERATION_FIELDS`."""
        return list(_operation_values(self))

    def apply(self, record: Sequence[Any]) -> None:
        """Take over the absolute state of `record`, which was checked when it was decoded."""
        if len(record) != len(OPERATION_FIELDS):  # of an older peer
            for field, value in zip(OPERATION_FIELDS, record):
                setattr(self, field, value)
            return
        # Written out: a third of the time, and a viewer that attaches applies all there is.
        (
            self.id,
            self.revision,
            self.name,
            self.key,
            self.state,
            self.reason,
            self.error,
            self.message,
            self.started,
            self.ended,
            self.cancellable,
            self.parent,
            self.attempt,
            self.exit_status,
            self.notify,
            self.host,
            self.pid,
            self.user,
            self.tty,
            self.display,
            self.coarser,
            self.former,
            self.planned,
            self.receipt,
            self.rank,
            self.labels,
            self.traceparent,
        ) = record
