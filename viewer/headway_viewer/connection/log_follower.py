"""The output of one operation at a time, asked for and kept as lines while somebody looks at it.

Pure but for the requests that it sends through the feed it is handed.
"""

from __future__ import annotations

from collections import deque
from typing import Any, Protocol

from headway.model import Operation
from headway.protocol.messages import Reply
from headway.run.reading.terminal_lines import LineSplitter
from headway_viewer.connection.log_reader import LogReader

OUTPUT_LINES = 5_000  # of a log that can be scrolled through
LOG_INTERVAL = 0.2  # seconds between requests for more of it
RESEND = 5.0  # seconds until a request that a dead broker has taken with it is sent again


class Asked(Protocol):
    """What requests go through: a `Feed`."""

    def request(self, verb: str, arguments: dict[str, Any]) -> int | None:
        """Send a request; return its number, or None while there is no broker."""
        ...

    def reply(self, number: int) -> Reply | None:
        """Return the reply to a request, or None before it has come."""
        ...


class LogFollower:
    """The `lines` of the output of one operation; `absent` says why there are none."""

    def __init__(self) -> None:
        self.lines: deque[str] = deque(maxlen=OUTPUT_LINES)
        self.absent = ""
        self._operation: str | None = None
        self._reader: LogReader | None = None
        self._request: int | None = None
        self._due = 0.0
        self._splitter = LineSplitter()

    def follow(self, operation: str | None, feed: Asked | None, local: float) -> None:
        """Ask for more of the output of `operation`, where that is due; None: nobody looks."""
        if operation != self._operation:
            self._operation, self._request, self._due = operation, None, local
            self._reader = LogReader(follow=True, now=local)
            self._splitter = LineSplitter()
            self.lines.clear()
            self.absent = ""
        if operation is None or feed is None or self._reader is None or local < self._due:
            return
        asked = {"operation": operation, "offset": self._reader.offset}
        self._request = feed.request("logs", asked)
        self._due = local + (LOG_INTERVAL if self._request is None else RESEND)

    def take(self, feed: Asked, operations: dict[str, Operation], local: float) -> bool:
        """Take in a reply; return whether one has come."""
        reply = None if self._request is None else feed.reply(self._request)
        if reply is None:
            return False
        self._request = None
        operation = operations.get(self._operation or "")
        if reply.error is not None and not reply.result:
            self.absent, self._due = reply.error, local + RESEND
        elif self._reader is not None and operation is not None:
            self._take_output(self._reader, reply.result, operation, local)
        return True

    def _take_output(
        self, reader: LogReader, result: dict[str, Any], operation: Operation, local: float
    ) -> None:
        step = reader.take(result, operation, local)
        self.lines.extend(line.text for line in self._splitter.feed(step.data))
        self.absent = step.note or step.absent or self.absent
        if step.wait is None:
            self.lines.extend(line.text for line in self._splitter.finish())
            self._due = float("inf") if not operation.open else local + RESEND
        else:
            self._due = local + max(step.wait, 0.0 if step.data else LOG_INTERVAL)
