"""The bytes that followers are sent: operations as rows, rows as frames.

Pure. Absent: sockets, numbers and when to publish (`publishing`). Rows are packed
one by one, so that no frame grows over `PART_SIZE` and a row that is needed twice is packed once.
"""

from __future__ import annotations

from typing import Any, Callable, Iterable, Iterator

import msgpack

from headway.model import Operation
from headway.protocol import messages
from headway.protocol.wire import pack
from headway_broker.state.ledger import Entry, Marks

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
        operation.holder,
    ]


def whole_rows(entry: Entry) -> Iterator[bytes]:
    """All of an operation: its first row has its record, further ones more stages."""
    operation = entry.operation
    stages = operation.stages

    def build(some: list[int], first: bool) -> list[Any]:
        held = [stages[stage] for stage in some]
        return [
            operation.id,
            operation.record() if first else None,
            [stage.record() for stage in held],
            {},
            figures(operation, tail=True) if first else None,
            {
                stage.id: [stage.progress, stage.estimate]
                for stage in held
                if stage.progress is not None or stage.estimate is not None
            },
            {stage.id: stage.shares for stage in held if stage.shares},
        ]

    return _rows(list(stages), build)


def changed_rows(entry: Entry, marks: Marks) -> Iterator[bytes]:
    """What is marked dirty in an operation."""
    operation = entry.operation
    stages = operation.stages
    ended = marks.structure and not operation.open  # whose tail tells why
    changed = marks.stages.union(marks.counts, marks.stage_figures, marks.shares)

    def build(some: list[int], first: bool) -> list[Any]:
        counts: dict[int, Any] = {}
        counted = marks.counts
        for stage_id in some:
            if stage_id in counted:
                stage = stages[stage_id]
                counts[stage_id] = (
                    [stage.done, stage.total, stage.detail] if counted[stage_id] else stage.done
                )
        return [
            operation.id,
            operation.record() if first and marks.structure else None,
            [stages[stage].record() for stage in some if stage in marks.stages],
            counts,
            figures(operation, tail=ended) if first and (marks.figures or ended) else None,
            {
                stage: [stages[stage].progress, stages[stage].estimate]
                for stage in some
                if stage in marks.stage_figures
            },
            {stage: stages[stage].shares or {} for stage in some if stage in marks.shares},
        ]

    return _rows(sorted(changed), build)


def _rows(stages: list[int], build: Callable[[list[int], bool], list[Any]]) -> Iterator[bytes]:
    """Pack the rows that `build` makes of so many stages as fit into one."""
    first = True
    waiting = [stages[at : at + STAGES_PER_ROW] for at in range(0, len(stages), STAGES_PER_ROW)]
    waiting.reverse()
    while first or waiting:
        some = waiting.pop() if waiting else []
        row = pack(build(some, first))
        if len(row) > PART_SIZE and len(some) > 1:
            half = len(some) // 2
            waiting += [some[half:], some[:half]]
            continue
        first = False
        yield row


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
