"""What the pumps saw, for the parser to look at when it has time: bounded, the newest kept."""

from __future__ import annotations

from collections import deque

LIMIT = 65536  # bytes that wait for the parser; what is older is forgotten


class Samples:
    """One stream's newest bytes; `put` is called by a pump, `take` by the loop."""

    __slots__ = ("_chunks", "_lost", "_size")

    def __init__(self) -> None:
        self._chunks: deque[bytes] = deque()
        self._size = 0
        self._lost = False

    def put(self, chunk: bytes) -> None:
        """Add a chunk: cheap, and it never waits."""
        self._chunks.append(chunk)
        self._size += len(chunk)
        while self._size > LIMIT and len(self._chunks) > 1:
            self._size -= len(self._chunks.popleft())
            self._lost = True

    def take(self) -> tuple[bytes, bool]:
        """Return what has come since the last time, and whether something before it is missing."""
        chunks = self._chunks
        data = b"".join([chunks.popleft() for _ in range(len(chunks))])
        lost, self._lost = self._lost, False
        self._size = sum(map(len, chunks))
        if len(data) > LIMIT:
            data, lost = data[-LIMIT:], True
        return data, lost
