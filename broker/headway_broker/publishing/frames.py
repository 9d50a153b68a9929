"""Frames: the bytes of deltas and snapshots; operations as rows, rows as messages.

Pure. Rows are packed one by one and grouped into messages of about `PART_SIZE`. Absent: sockets,
sequence numbers and the time of publishing (`stream`).
"""

from __future__ import annotations

from typing import Any, Callable, Iterable, Iterator, Mapping, NamedTuple, TypeVar

from headway.model import UNTOLD, Operation
from headway.protocol import rows
from headway.protocol.messages import Delta, Snapshot
from headway.protocol.rows import (
    OperationFigures,
    OperationRecord,
    OperationRow,
    StageRecord,
)
from headway_broker.state.entry import Entry, Held, Marks

# Bytes of rows in a message, about; FRAME_LIMIT is 1 MiB, and one row may exceed this. A larger
# part would hold up the deltas behind it for longer.
PART_SIZE = 192 * 1024
STAGES_PER_ROW = 500  # an operation with more stages takes several rows
# Stages that move in an operation whose row goes into a block of many: it is far below `PART_SIZE`.
FEW = 20
BLOCK_ROWS = 64  # rows that are packed at a time
_OPERATION_TEXTS = ("reason", "error", "message")
_STAGE_TEXTS = ("reason", "error", "detail")
_NOTHING: list[StageRecord] = []  # of all rows that have none; as `_NONE`
_NONE: dict[int, dict[str, float]] = {}
_new_row = tuple.__new__  # a row of fields in their order takes half as long
Record = TypeVar("Record", OperationRecord, StageRecord)


class Block(NamedTuple):
    """Packed rows: their bytes, and how many there are."""

    data: bytes
    rows: int


def single(row: bytes) -> Block:
    """Return a packed row as a block."""
    return Block(row, 1)


def block(some: list[OperationRow]) -> Block:
    """Pack rows that `block_row` has returned."""
    return Block(rows.encode_block(some), len(some))


def whole_rows(
    entry: Entry,
    held: Held | None = None,
    told: list[int] | None = None,
    longest: int | None = None,
) -> Iterator[bytes]:
    """Yield the rows of a whole operation, packed; the first has its record, all have stages.

    Of one whose end is `held` the record and figures from before it, if it was shown then. Where
    some are `told`, only those stages, and that there are others. With `longest`, texts have so
    many characters at most, and there are no lines of output of what goes on.
    """
    operation = entry.operation
    stages = operation.stages
    if held is None:
        record = _record(entry, OperationRecord.of(operation))
        figures = OperationFigures.of(operation, tail=True)
    elif held.record is None or held.figures is None:
        return
    else:
        record, figures = _record(entry, held.record), held.figures
    if told is not None:
        record = record._replace(planned=UNTOLD)
    if longest is not None:
        record = _shortened(record, _OPERATION_TEXTS, longest)
        tail = None if figures.tail is None else [line[:longest] for line in figures.tail]
        figures = figures._replace(tail=None if operation.open else tail)

    record_of = StageRecord.of

    def build(some: list[int], first: bool) -> OperationRow:
        those = [stages[stage] for stage in some]
        return OperationRow(
            operation.id,
            record if first else None,
            [
                record_of(stage)
                if longest is None
                else _shortened(record_of(stage), _STAGE_TEXTS, longest)
                for stage in those
            ],
            {},
            figures if first else None,
            {
                stage.id: rows.stage_figures_of(stage)
                for stage in those
                if stage.progress is not None or stage.estimate is not None
            },
            {stage.id: stage.shares for stage in those if stage.shares},
        )

    yield from _rows(list(stages) if told is None else told, build)


def changed_rows(entry: Entry, marks: Marks) -> Iterator[bytes]:
    """Yield the rows of what is marked dirty in an operation, packed."""
    operation = entry.operation
    stages = operation.stages
    if not (marks.structure or marks.stages or marks.shares):
        return _rows(sorted(marks.counts.keys() | marks.stage_figures), _moved(operation, marks))
    ended = marks.structure and not operation.open  # its tail tells why
    changed = {*marks.stages, *marks.counts, *marks.stage_figures, *marks.shares}

    def build(some: list[int], first: bool) -> OperationRow:
        counts: dict[int, Any] = {}
        counted = marks.counts
        for stage_id in some:
            if stage_id in counted:
                stage = stages[stage_id]
                counts[stage_id] = (
                    [stage.done, stage.total, stage.detail] if counted[stage_id] else stage.done
                )
        return OperationRow(
            operation.id,
            _record(entry, OperationRecord.of(operation)) if first and marks.structure else None,
            [StageRecord.of(stages[stage]) for stage in some if stage in marks.stages],
            counts,
            OperationFigures.of(operation, tail=ended)
            if first and (marks.figures or ended)
            else None,
            {
                stage: rows.stage_figures_of(stages[stage])
                for stage in some
                if stage in marks.stage_figures
            },
            {stage: stages[stage].shares or {} for stage in some if stage in marks.shares},
        )

    return _rows(sorted(changed), build)


def block_row(operation: Operation, marks: Marks, *, followed: bool) -> OperationRow | None:
    """Return the row of an operation of which few counts and figures alone have changed, or None.

    Such rows are packed many at a time (`block`), so none may be large: no text is in it. Where
    somebody follows, the progress of what has counted is worked out, as `update_stage_progress`
    does, in one go: ten thousand may move with each frame.
    """
    counts, figured = marks.counts, marks.stage_figures
    if marks.structure or marks.stages or marks.shares or len(counts) + len(figured) > FEW:
        return None
    if True in counts.values():
        return None
    stages = operation.stages
    done: dict[int, float] = {}
    figures: dict[int, Any] = {}
    for number in counts:
        stage = stages[number]
        done[number] = stage.done
        if followed:
            fraction = stage.fraction()
            if fraction != stage.progress:
                stage.progress = fraction
                figures[number] = (fraction, stage.estimate)
    for number in figured:
        figures[number] = rows.stage_figures_of(stages[number])
    told = OperationFigures.of(operation, tail=False) if marks.figures else None
    return _new_row(OperationRow, (operation.id, None, _NOTHING, done, told, figures, _NONE))


def _moved(operation: Operation, marks: Marks) -> Callable[[list[int], bool], OperationRow]:
    """Return what builds rows of counts and figures alone."""
    stages, counted, figured = operation.stages, marks.counts, marks.stage_figures

    def build(some: list[int], first: bool) -> OperationRow:
        counts: dict[int, Any] = {}
        for number in some:
            if number in counted:
                stage = stages[number]
                counts[number] = (
                    [stage.done, stage.total, stage.detail] if counted[number] else stage.done
                )
        return OperationRow(
            operation.id,
            None,
            [],
            counts,
            OperationFigures.of(operation, tail=False) if first and marks.figures else None,
            {number: rows.stage_figures_of(stages[number]) for number in some if number in figured},
            {},
        )

    return build


def _shortened(record: Record, texts: tuple[str, ...], longest: int) -> Record:
    """Return a record whose `texts` have so many characters at most."""
    long = {
        name: found[:longest]
        for name in texts
        for found in (getattr(record, name),)
        if found is not None and len(found) > longest
    }
    return record._replace(**long) if long else record


def _record(entry: Entry, record: OperationRecord) -> OperationRecord:
    """Return the record with the history key that its operation is learned under."""
    return record if record.key else record._replace(key=entry.learned_as)


def _rows(stages: list[int], build: Callable[[list[int], bool], OperationRow]) -> Iterator[bytes]:
    """Pack the rows that `build` makes; halve one that exceeds `PART_SIZE`."""
    first = True
    waiting = [stages[at : at + STAGES_PER_ROW] for at in range(0, len(stages), STAGES_PER_ROW)]
    waiting.reverse()
    while first or waiting:
        some = waiting.pop() if waiting else []
        row = rows.encode(build(some, first))
        if len(row) > PART_SIZE and len(some) > 1:
            half = len(some) // 2
            waiting += [some[half:], some[:half]]
            continue
        first = False
        yield row


def parts(encoded: Iterable[bytes]) -> list[list[bytes]]:
    """Return rows in groups of about `PART_SIZE` bytes; at least one group, which may be empty."""
    return [[block.data for block in group] for group in _groups(map(single, encoded))]


def _groups(blocks: Iterable[Block]) -> list[list[Block]]:
    groups: list[list[Block]] = [[]]
    size = 0
    for block in blocks:
        if groups[-1] and size + len(block.data) > PART_SIZE:
            groups.append([])
            size = 0
        groups[-1].append(block)
        size += len(block.data)
    return groups


def deltas(instance: str, sequence: int, now: float, encoded: Iterable[bytes]) -> list[bytes]:
    """Return the `Delta` messages with these rows, numbered from `sequence` + 1."""
    return deltas_of(instance, sequence, now, map(single, encoded))


def deltas_of(instance: str, sequence: int, now: float, blocks: Iterable[Block]) -> list[bytes]:
    """Return the `Delta` messages with these blocks of rows, numbered from `sequence` + 1."""
    return [
        rows.frame(
            Delta(instance, number, now, []),
            [block.data for block in group],
            sum(block.rows for block in group),
        )
        for number, group in enumerate(_groups(blocks), sequence + 1)
    ]


def snapshot(
    instance: str,
    sequence: int,
    now: float,
    wall: float,
    entries: Iterable[Entry],
    held: Mapping[Entry, Held],
) -> list[bytes]:
    """Return the `Snapshot` messages with all of these operations, as of `sequence`.

    `now` is the broker's clock, `wall` the same moment as Unix time; the ends of those that are
    `held` are not told.
    """
    found = (row for entry in entries for row in whole_rows(entry, held.get(entry)))
    return snapshot_of(instance, sequence, now, wall, found)


def snapshot_of(
    instance: str, sequence: int, now: float, wall: float, encoded: Iterable[bytes]
) -> list[bytes]:
    """Return the `Snapshot` messages with these rows."""
    groups = parts(encoded)
    return [
        rows.frame(Snapshot(instance, sequence, now, wall, part, len(groups), []), group)
        for part, group in enumerate(groups)
    ]
