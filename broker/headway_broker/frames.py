"""The bytes that followers are sent: operations as rows, rows as frames.

Pure. Absent: sockets, numbers and when to publish (`publishing`). Rows are packed
one by one, so that no frame grows over `PART_SIZE` and a row that is needed twice is packed once.
"""

from __future__ import annotations

from typing import Any, Iterable, Iterator

import msgpack

from headway.model import Operation
from headway.protocol import messages
from headway.protocol.wire import pack
from headway_broker.ledger import Entry, Marks

PART_SIZE = 192 * 1024  # bytes of rows in a frame, about; the limit of a frame is 1 MiB
STAGES_PER_ROW = 500  # an operation of more stages takes several rows

_SNAPSHOT = messages.PUBLISHED.index(messages.Snapshot)
_DELTA = messages.PUBLISHED.index(messages.Delta)
_packer = msgpack.Packer(use_bin_type=True)


def figures(operation: Operation, *, tail: bool) -> list[Any]:
    """What the broker worked out for an operation; its tail only where asked for."""
    return [
        operation.progress,
        operation.estimate,
        operation.silent_since,
        operation.usual,
        operation.unlike,
        operation.tail if tail else None,
    ]


def whole_rows(entry: Entry) -> Iterator[bytes]:
    """All of an operation: its first row has its record, further ones more stages."""
    operation = entry.operation
    stages = list(operation.stages.values())
    for start in range(0, max(len(stages), 1), STAGES_PER_ROW):
        some = stages[start : start + STAGES_PER_ROW]
        yield pack(
            [
                operation.id,
                operation.record() if not start else None,
                [stage.record() for stage in some],
                {},
                figures(operation, tail=True) if not start else None,
                {
                    stage.id: [stage.progress, stage.estimate]
                    for stage in some
                    if stage.progress is not None or stage.estimate is not None
                },
                {stage.id: stage.shares for stage in some if stage.shares},
            ]
        )


def changed_rows(entry: Entry, marks: Marks) -> Iterator[bytes]:
    """What is marked dirty in an operation."""
    operation = entry.operation
    stages = operation.stages
    changed = sorted(marks.stages)
    ended = marks.structure and not operation.open  # whose tail tells why
    counts: dict[int, Any] = {}
    for stage_id, whole in marks.counts.items():
        stage = stages[stage_id]
        counts[stage_id] = [stage.done, stage.total, stage.detail] if whole else stage.done
    first = True
    while first or changed:
        some, changed = changed[:STAGES_PER_ROW], changed[STAGES_PER_ROW:]
        row: list[Any] = [operation.id, None, [stages[stage].record() for stage in some]]
        if first:
            row[1] = operation.record() if marks.structure else None
            row += [
                counts,
                figures(operation, tail=ended) if marks.figures or ended else None,
                {
                    stage: [stages[stage].progress, stages[stage].estimate]
                    for stage in marks.stage_figures
                },
                {stage: stages[stage].shares or {} for stage in marks.shares},
            ]
        else:
            row += [{}, None, {}, {}]
        first = False
        yield pack(row)


def parts(rows: Iterable[bytes]) -> list[list[bytes]]:
    """Rows in groups that fit a frame; at least one group, which may be empty."""
    groups: list[list[bytes]] = [[]]
    size = 0
    for row in rows:
        if groups[-1] and size + len(row) > PART_SIZE:
            groups.append([])
            size = 0
        groups[-1].append(row)
        size += len(row)
    return groups


def assemble(head: list[Any], rows: list[bytes]) -> bytes:
    """A message whose last field is an array of rows that are packed already."""
    return b"".join(
        (
            _packer.pack_array_header(len(head) + 1),
            *map(pack, head),
            _packer.pack_array_header(len(rows)),
            *rows,
        )
    )


def deltas(instance: str, sequence: int, now: float, rows: Iterable[bytes]) -> list[bytes]:
    """The `Delta` messages that carry these rows, numbered from `sequence` + 1."""
    return [
        assemble([_DELTA, instance, number, now], group)
        for number, group in enumerate(parts(rows), sequence + 1)
    ]


def snapshot(
    instance: str, sequence: int, now: float, wall: float, entries: Iterable[Entry]
) -> list[bytes]:
    """The `Snapshot` messages with all of these, true at `sequence`."""
    groups = parts(row for entry in entries for row in whole_rows(entry))
    head = [_SNAPSHOT, instance, sequence, now, wall]
    return [assemble([*head, part, len(groups)], group) for part, group in enumerate(groups)]
