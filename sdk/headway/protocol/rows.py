"""The rows of a `Snapshot` and a `Delta`: their layout, their bytes, and their check.

Pure. An `OperationRow` says what changed in one operation, or all of it. The broker encodes rows
one by one (`encode`) and puts them into messages (`frame`); a viewer decodes them one by one
(`decode`), so that a wrong row costs no other. What a newer broker has appended to an array is
left out, what an older one does not send has a default. Absent: which rows are sent when.
"""

from __future__ import annotations

from operator import attrgetter
from typing import Any, NamedTuple

import msgpack

from headway.model import Operation, Stage
from headway.protocol import checks
from headway.protocol.checks import Malformed
from headway.protocol.messages import PUBLISHED, Delta, Snapshot
from headway.protocol.wire import check_counts, pack
from headway.records import OPERATION_FIELDS, STAGE_FIELDS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable, Optional, Sequence, Tuple

    # Low, median and high in seconds, the basis, and how many earlier runs it knows.
    Estimate = Tuple[float, float, float, str, int]
    # Median, low and high of the seconds that earlier runs took, and how many there are.
    Usual = Tuple[float, float, float, int]
    # Seconds of processor time, bytes read, bytes written; None where they cannot be read.
    DoneWork = Tuple[float, Optional[float], Optional[float]]
    # When a process was stopped and when it went on, or None: it is stopped.
    Stop = Tuple[float, Optional[float]]
    # The job, which of its processes this is, and how many it has.
    Rank = Tuple[str, int, int]
    # Progress and estimate: a bare pair, for there can be thousands in a frame.
    StageFigures = Tuple[Optional[float], Optional[Estimate]]


# Stops of an operation that are told apart: earlier ones stand as one right before the next.
STOPS_LIMIT = 20


class OperationRecord(NamedTuple):
    """The state of an operation as its writer told it: `records.OPERATION_FIELDS`."""

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
    exit_status: float | None
    notify: Any
    host: str | None
    pid: int | None
    user: str | None
    tty: str | None
    display: str | None
    coarser: Sequence[str] | None = None
    former: str | None = None
    planned: int | None = None
    receipt: bool = True
    rank: Rank | None = None
    labels: dict[str, str] | None = None
    traceparent: str | None = None

    @classmethod
    def of(cls, operation: Operation) -> OperationRecord:
        """Return the record of an operation."""
        return cls._make(_operation_values(operation))


class StageRecord(NamedTuple):
    """The state of a stage as its writer told it: `records.STAGE_FIELDS`."""

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
    beyond: bool = False

    @classmethod
    def of(cls, stage: Stage) -> StageRecord:
        """Return the record of a stage."""
        return cls._make(_stage_values(stage))


class OperationFigures(NamedTuple):
    """What the broker worked out for an operation; a `tail` of None says nothing of its lines."""

    progress: float | None
    estimate: Estimate | None
    silent_since: float | None
    late_after: float | None
    unlike: bool
    tail: list[str] | None
    holder: str | None = None
    stalled_since: float | None = None
    stops: Sequence[Stop] = ()
    usual: Usual | None = None
    work: DoneWork | None = None

    @classmethod
    def of(cls, operation: Operation, *, tail: bool) -> OperationFigures:
        """Return the figures of an operation; its tail only where asked for."""
        lines = operation.tail if tail else None
        return cls._make((*_before_tail(operation), lines, *_after_tail(operation)))


class OperationRow(NamedTuple):
    """What of an operation is told; None, and what is empty, says that nothing of it changed.

    `counts` is as in `Counts`, and read by `wire.read_counts`, which leaves out what is wrong;
    `shares` is {stage id: {session: done}}.
    """

    operation: str
    record: OperationRecord | None
    stages: list[StageRecord]
    counts: dict[int, Any]
    figures: OperationFigures | None
    stage_figures: dict[int, StageFigures]
    shares: dict[int, dict[str, float]]


# What the broker worked out for a stage.
stage_figures_of: Callable[[Stage], StageFigures] = attrgetter("progress", "estimate")


def encode(row: OperationRow) -> bytes:
    """Return the bytes of a row."""
    return _packer.pack(row)  # with its buffer: `pack` makes one for each


def encode_block(rows: Sequence[OperationRow]) -> bytes:
    """Return the bytes of rows, one behind the other: many at a time take half as long."""
    data: bytes = _packer.pack(rows)
    return data[len(_packer.pack_array_header(len(rows))) :]


def frame(message: Snapshot | Delta, rows: Sequence[bytes], number: int | None = None) -> bytes:
    """Return the bytes of a message whose `operations` are these encoded rows.

    Where some are blocks of several, `number` is how many there are in all.
    """
    head = (PUBLISHED.index(type(message)), *message[:-1])
    return b"".join(
        (
            _packer.pack_array_header(len(head) + 1),
            *map(pack, head),
            _packer.pack_array_header(len(rows) if number is None else number),
            *rows,
        )
    )


def decode(value: Any) -> OperationRow:
    """Return the row that a value of `operations` is. Raises `Malformed`."""
    name, record, stages, counts, figures, stage_figures, shares = _fields(value, 7)
    row = OperationRow(
        checks.identity(name),
        None if record is None else _operation_record(checks.operation_record(record)),
        [_stage_record(checks.stage_record(stage)) for stage in checks.array(stages)],
        check_counts(counts),
        None if figures is None else _operation_figures(figures),
        {
            checks.whole(stage): _stage_figures(some)
            for stage, some in checks.mapping(stage_figures).items()
        },
        {checks.whole(stage): _shares(some) for stage, some in checks.mapping(shares).items()},
    )
    if row.record is not None and row.record.id != row.operation:
        raise Malformed("record: of another operation than its row")
    return row


def name_of(value: Any) -> str | None:
    """Return which operation a value of `operations` is about, or None if it does not say."""
    named = isinstance(value, (list, tuple)) and value and type(value[0]) is str
    return checks.identity(value[0]) if named else None


# Written out, for a viewer decodes a row and its figures whenever something moves.


# A record of an older peer has fewer fields, and defaults; of others `tuple` makes what they are,
# in a third of the time.


def _operation_record(values: list[Any]) -> OperationRecord:
    whole = len(values) == len(OPERATION_FIELDS)
    return tuple.__new__(OperationRecord, values) if whole else OperationRecord(*values)


def _stage_record(values: list[Any]) -> StageRecord:
    whole = len(values) == len(STAGE_FIELDS)
    return tuple.__new__(StageRecord, values) if whole else StageRecord(*values)


def _fields(value: Any, number: int) -> Sequence[Any]:
    if not isinstance(value, (list, tuple)) or len(value) < number:
        raise Malformed(f"an array of at least {number} fields expected")
    return value if len(value) == number else value[:number]


def _operation_figures(value: Any) -> OperationFigures:
    progress, estimate, silent_since, late_after, unlike, tail = _fields(value, 6)
    holder = value[6] if len(value) > 6 else None
    stalled_since = value[7] if len(value) > 7 else None
    stops = value[8] if len(value) > 8 else ()
    usual = value[9] if len(value) > 9 else None
    work = value[10] if len(value) > 10 else None
    return OperationFigures(
        None if progress is None else checks.fraction(progress),
        None if estimate is None else check_estimate(estimate),
        None if silent_since is None else checks.time(silent_since),
        None if late_after is None else checks.finite(late_after),
        checks.flag(unlike),
        None if tail is None else [checks.words(line) for line in checks.array(tail)],
        None if holder is None else checks.identity(holder),
        None if stalled_since is None else checks.time(stalled_since),
        check_stops(stops),
        None if usual is None else _usual(usual),
        None if work is None else check_work(work),
    )


def _usual(value: Any) -> Usual:
    median, low, high, runs = _fields(value, 4)
    return checks.finite(median), checks.finite(low), checks.finite(high), checks.whole(runs)


def check_work(value: Any) -> DoneWork:
    """Check for what the processes of a command have done."""
    cpu, read, written = _fields(value, 3)
    return (
        checks.number(cpu),
        None if read is None else checks.number(read),
        None if written is None else checks.number(written),
    )


def _stage_figures(value: Any) -> StageFigures:
    progress, estimate = _fields(value, 2)
    return (
        None if progress is None else checks.fraction(progress),
        None if estimate is None else check_estimate(estimate),
    )


def check_estimate(value: Any) -> Estimate:
    """Check for an estimate."""
    low, median, high, basis, runs = _fields(value, 5)
    return (
        checks.finite(low),
        checks.finite(median),
        checks.finite(high),
        checks.name(basis),
        checks.whole(runs),
    )


def check_stops(value: Any) -> tuple[Stop, ...]:
    """Check for the times in which a process was stopped."""
    if not isinstance(value, (list, tuple)):
        raise Malformed("an array of stops expected")
    return tuple([_stop(stop) for stop in value[:STOPS_LIMIT]])


def _stop(value: Any) -> Stop:
    began, ended = _fields(value, 2)
    return checks.time(began), None if ended is None else checks.time(ended)


def _shares(value: Any) -> dict[str, float]:
    return {
        checks.identity(session): checks.number(done)
        for session, done in checks.mapping(value).items()
    }


_operation_values: Callable[[Operation], tuple[Any, ...]] = attrgetter(*OPERATION_FIELDS)
_stage_values: Callable[[Stage], tuple[Any, ...]] = attrgetter(*STAGE_FIELDS)
_before_tail: Callable[[Operation], tuple[Any, ...]] = attrgetter(
    "progress", "estimate", "silent_since", "late_after", "unlike"
)
_after_tail: Callable[[Operation], tuple[Any, ...]] = attrgetter(
    "holder", "stalled_since", "stops", "usual", "work"
)
_packer = msgpack.Packer(use_bin_type=True)
