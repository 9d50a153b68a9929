"""The public JSON form, a line a change, each flushed as it is written."""

from __future__ import annotations

from typing import Callable, TextIO

from headway.protocol.messages import Lines
from headway_viewer.record import Writer
from headway_viewer.replica import Changes, Replica


class Jsonl:
    """Writes what changes in a replica to a stream; `only` names the operations to write of."""

    resting = False

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
        for line in self._writer.changes(changes, now, self._only()):
            self._write(line)
        return 30.0

    def log(self, lines: list[Lines], local: float) -> None:
        """Write lines that operations printed."""
        only = self._only()
        for message in lines:
            if only is None or message.operation in only:
                self._write(self._writer.log(message, self._replica.time(local)))

    def pause(self) -> None:
        """There is nothing to give back."""

    def finish(self, local: float, remark: str | None = None) -> None:
        """Every line is complete already."""

    def _write(self, line: str) -> None:
        self._stream.write(f"{line}\n")
        self._stream.flush()
