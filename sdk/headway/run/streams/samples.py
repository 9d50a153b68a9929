"""What the pumps saw, for the parser to look at when it has time: bounded, the newest kept."""

from __future__ import annotations

from collections import deque

KNOWN = 65536  # bytes that wait for the parser of a known tool
STRANGER = 4096  # of a stranger, of whom little more than the last line is looked at


class Samples:
    """One stream's newest bytes, `limit` at most; `put` is called by a pump, `take` by the loop."""

    __slots__ = ("_chunks", "_limit", "_lost", "_size")

    def __init__(self, limit: int) -> None:
        self._chunks: deque[bytes] = deque()
        self._limit = limit
        self._size = 0
        self._lost = False

    def put(self, view: memoryview) -> None:
        """Add a copy of what counts of `view`: cheap, and it never waits."""
        limit = self._limit
        if len(view) > limit:
            view = view[-limit:]
            self._lost = True
        self._chunks.append(bytes(view))
        self._size += len(view)
        while self._size > limit and len(self._chunks) > 1:
            self._size -= len(self._chunks.popleft())
            self._lost = True

    def take(self) -> tuple[bytes, bool]:
        """Return what has come since the last time, and whether something before it is missing."""
        chunks = self._chunks
        data = b"".join([chunks.popleft() for _ in range(len(chunks))])
        lost, self._lost = self._lost, False
        self._size = sum(map(len, chunks))
        return data, lost
