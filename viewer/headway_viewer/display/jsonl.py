"""The public JSON form, a line a change, written as soon as it is made."""

from __future__ import annotations

from typing import Callable, Iterable, TextIO

from headway.protocol.messages import Lines
from headway_viewer.public_json.writer import Writer
from headway_viewer.replica.replica import Changes, Replica

TOGETHER = 10  # lines that are flushed at once where many things have changed


class Jsonl:
    """Writes what changes in a replica to a stream; `only` names the operations to write of."""

    throttled = False

    def __init__(
        self, replica: Replica, stream: TextIO, only: Callable[[], set[str] | None]
    ) -> None:
        self._replica = replica
        self._writer = Writer(replica)
        self._stream = stream
        self._only = only

    def show(self, changes: Changes, note: str | None, local: float) -> float:
        """Write what has changed."""
        del note
        now = self._replica.time(local)
        self._write(self._writer.changes(changes, now, self._only()))
        return 30.0

    def log(self, lines: list[Lines], local: float) -> None:
        """Write lines that operations printed."""
        only = self._only()
        now = self._replica.time(local)
        self._write(
            self._writer.log(message, now)
            for message in lines
            if only is None or message.operation in only
        )

    def pause(self) -> None:
        """There is nothing to give back."""

    def finish(self, local: float, remark: str | None = None) -> None:
        """Every line is complete already."""

    def _write(self, lines: Iterable[str]) -> None:
        for number, line in enumerate(lines, 1):
            self._stream.write(f"{line}\n")
            if number % TOGETHER == 0:
                self._stream.flush()
        self._stream.flush()
