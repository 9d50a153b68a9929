"""The output of operations in the broker's memory, as bytes; pure.

It is kept of what did not succeed, and of what somebody follows, within budgets: the oldest ended
log loses its beginning first. Nothing of it is ever stored. Offsets count from an operation's first
byte.
"""

from __future__ import annotations

LOG_LIMIT = 1 << 20  # bytes of one operation: as much as a worker keeps
# Bytes of one process: a program that runs many commands that fail does not displace the failures
# of others.
PROCESS_LIMIT = 4 << 20
LOGS_LIMIT = 16 << 20  # bytes of all
LOG_COST = 500  # bytes that a log weighs besides its own


class Log:
    """The output of one operation: `data` begins at `first`; `total` is how much there was.

    `complete` says that all there will ever be has come.
    """

    __slots__ = ("complete", "data", "first", "process", "total")

    def __init__(self, process: object) -> None:
        self.process = process
        self.data = bytearray()
        self.first = 0
        self.total = 0
        self.complete = False

    @property
    def end(self) -> int:
        """Return the offset behind the last byte."""
        return self.first + len(self.data)

    @property
    def weight(self) -> int:
        """Return the bytes that it takes."""
        return len(self.data) + LOG_COST

    def append(self, offset: int, data: bytes, total: int) -> None:
        """Append bytes from `offset` on; what is there already is skipped.

        Where bytes are missing between, what came before them is dropped: it is older than
        what is kept.
        """
        if offset > self.end:
            self.data.clear()
            self.first = offset
        self.data += data[self.end - offset :]
        self.total = max(self.total, total, self.end)
        self.trim(len(self.data) - LOG_LIMIT)

    def trim(self, size: int) -> None:
        """Drop the first `size` bytes."""
        if size > 0:
            size = min(size, len(self.data))
            del self.data[:size]
            self.first += size


class Logs:
    """The logs that there are, by operation."""

    def __init__(self) -> None:
        self.by_operation: dict[str, Log] = {}
        self.bytes = 0
        self._ended: dict[str, None] = {}  # in the order in which they did
        self._of_process: dict[object, int] = {}

    def append(self, operation: str, process: object, offset: int, data: bytes, total: int) -> Log:
        """Append output of an operation of a process; return its log."""
        log = self.by_operation.get(operation)
        if log is None:
            log = self.by_operation[operation] = Log(process)
            self._charge(log, log.weight)
        before = log.weight
        log.append(offset, data, total)
        self._charge(log, log.weight - before)
        self._keep_within_limits(log)
        return log

    def end(self, operation: str) -> None:
        """Note that an operation has ended: it is among the first to make room."""
        if operation in self.by_operation:
            self._ended.setdefault(operation)

    def forget(self, operation: str) -> None:
        """Drop the log of an operation."""
        log = self.by_operation.pop(operation, None)
        self._ended.pop(operation, None)
        if log is not None:
            self._charge(log, -log.weight)

    def _charge(self, log: Log, size: int) -> None:
        self.bytes += size
        left = self._of_process.get(log.process, 0) + size
        if left:
            self._of_process[log.process] = left
        else:
            self._of_process.pop(log.process, None)

    def _keep_within_limits(self, newest: Log) -> None:
        process = newest.process
        while self._of_process.get(process, 0) > PROCESS_LIMIT:
            self._make_room(self._of_process[process] - PROCESS_LIMIT, newest, process)
        while self.bytes > LOGS_LIMIT:
            self._make_room(self.bytes - LOGS_LIMIT, newest, None)

    def _make_room(self, size: int, newest: Log, process: object | None) -> None:
        """Trim the oldest log, of a process or of all, by `size` bytes.

        One that is empty stays known, that it may be told how much was dropped, unless there are
        so many that they weigh too much.
        """
        others = [
            operation
            for operation in dict.fromkeys((*self._ended, *self.by_operation))
            if process in (None, self.by_operation[operation].process)
            and self.by_operation[operation] is not newest
        ]
        logs = map(self.by_operation.__getitem__, others)
        log = next((log for log in logs if log.data), newest)
        if log is newest and others:
            self.forget(others[0])
            return
        dropped = min(size, len(log.data))
        log.trim(dropped)
        self._charge(log, -dropped)
