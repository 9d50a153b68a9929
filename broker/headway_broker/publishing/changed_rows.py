"""The changed rows of operations, packed: of those that have only counted, many at a time.

Pure. What cannot be packed costs one operation, and is noted. Absent: the layout of a row
(`frames`), and which operations are told of when (`stream`, `screen`).
"""

from __future__ import annotations

from typing import Iterable, Iterator

from headway.protocol import rows
from headway.protocol.rows import OperationRow
from headway_broker.estimates.counted_progress import update_stage_progress
from headway_broker.publishing import frames
from headway_broker.publishing.frames import Block
from headway_broker.state.entry import Entry, Marks
from headway_broker.state.outbox import Faults


class ChangedRows:
    """Makes rows of entries and their marks.

    Where somebody follows, the progress of stages is worked out from their counts on the way:
    nobody else needs it.
    """

    def __init__(self, faults: Faults) -> None:
        self._faults = faults

    def of(self, entry: Entry, marks: Marks, *, followed: bool) -> list[bytes]:
        """Return the rows of an operation; none if that raises: the others go out."""
        try:
            if followed:
                update_stage_progress(entry, marks)
            return list(frames.changed_rows(entry, marks))
        except Exception as error:
            self._note(entry, error)
            return []

    def blocks(self, changes: Iterable[tuple[Entry, Marks]], *, followed: bool) -> Iterator[Block]:
        """Yield the rows of operations; small ones are packed many at a time."""
        small: list[OperationRow] = []
        waiting: list[Entry] = []
        of_counts, most = frames.block_row, frames.BLOCK_ROWS
        for entry, marks in changes:
            try:
                row = of_counts(entry.operation, marks, followed=followed)
            except Exception:  # as the longer way tells
                row = None
            if row is None:
                for packed in self.of(entry, marks, followed=followed):
                    yield frames.single(packed)
                continue
            small.append(row)
            waiting.append(entry)
            if len(small) == most:
                yield from self._block(waiting, small)
                small, waiting = [], []
        if small:
            yield from self._block(waiting, small)

    def _block(self, entries: list[Entry], small: list[OperationRow]) -> list[Block]:
        try:
            return [frames.block(small)]
        except Exception:  # one of them raises: the others go out
            return [
                block for entry, row in zip(entries, small) for block in self._single(entry, row)
            ]

    def _single(self, entry: Entry, row: OperationRow) -> list[Block]:
        try:
            return [frames.single(rows.encode(row))]
        except Exception as error:
            self._note(entry, error)
            return []

    def _note(self, entry: Entry, error: Exception) -> None:
        self._faults.add(f"delta of {entry.operation.id}", entry.session.id, error)
