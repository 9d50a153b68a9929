"""A bounded buffer of a stream's newest bytes, from the pump that fills it to the parser."""

from __future__ import annotations

from headway.run.light_collections import deque

# Bytes that wait for the parser. A known tool's lines are parsed one by one: 64 KiB is what a
# pipe holds by default, so a parser that is as fast as the pipe loses nothing; doubling it
# only lets a slow parser fall further behind. Of an unknown program little more than the
# last line counts; the less is copied, the cheaper its flood of output.
KNOWN_TOOL_LIMIT = 65536
UNKNOWN_TOOL_LIMIT = 4096


class Samples:
    """One stream's newest bytes, at most `limit`; a pump calls `put`, the parsing loop `take`."""

    __slots__ = ("_chunks", "_output_error", "_size", "limit")

    def __init__(self, limit: int) -> None:
        self._chunks: deque[bytes] = deque()
        self.limit = limit
        self._size = 0
        self._output_error = False

    def put(self, view: memoryview) -> None:
        """Add a copy of the end of `view`; never wait."""
        limit = self.limit
        if len(view) > limit:
            view = view[-limit:]
            self._output_error = True
        self._chunks.append(bytes(view))
        self._size += len(view)
        while self._size > limit and len(self._chunks) > 1:
            self._size -= len(self._chunks.popleft())
            self._output_error = True

    def take(self) -> tuple[bytes, bool]:
        """Return what has come since the last call, and whether bytes before it were dropped."""
        chunks = self._chunks
        data = b"".join([chunks.popleft() for _ in range(len(chunks))])
        lost, self._output_error = self._output_error, False
        self._size = sum(map(len, chunks))
        return data, lost
