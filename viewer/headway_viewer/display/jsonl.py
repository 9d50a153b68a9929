"""The JSON lines display: the public JSON form, a line a change, flushed at once."""

from __future__ import annotations

from typing import Callable, Iterable, TextIO

from headway.protocol.messages import Lines, WorkDone
from headway_viewer.public_json.writer import Writer
from headway_viewer.replica.replica import Changes, Replica

FLUSH_EVERY = 10  # lines, where many operations changed at once


class Jsonl:
    """Writes the changes of a replica to a stream.

    `only()` returns the ids of the operations to write, or None for all.
    """

    throttled = False
    keyboard: int | None = None
    left = False

    def __init__(
        self, replica: Replica, stream: TextIO, only: Callable[[], set[str] | None]
    ) -> None:
        self._replica = replica
        self._writer = Writer(replica)
        self._stream = stream
        self._only = only

    def show(self, changes: Changes, note: str | None, local: float) -> float:
        """Write the changes."""
        del note
        now = self._replica.time(local)
        self._write(self._writer.changes(changes, now, self._only()))
        return 30.0

    def log(self, lines: list[Lines | WorkDone], local: float) -> None:
        """Write the output lines of operations, and their hidden counts."""
        only = self._only()
        now = self._replica.time(local)
        self._write(
            self._writer.log(message, now)
            for message in lines
            if only is None or message.operation in only
        )

    def pause(self) -> None:
        """Do nothing: the terminal is untouched."""

    def finish(self, local: float, remark: str | None = None) -> None:
        """Do nothing: every line is complete and flushed."""

    def _write(self, lines: Iterable[str]) -> None:
        for number, line in enumerate(lines, 1):
            self._stream.write(f"{line}\n")
            if number % FLUSH_EVERY == 0:
                self._stream.flush()
        self._stream.flush()
