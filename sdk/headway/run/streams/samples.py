"""A bounded buffer of a stream's newest bytes, from the pump that fills it to the parser."""

from __future__ import annotations

from headway.run.light_collections import deque

# Bytes that wait for the parser. A known tool's lines are parsed one by one: 64 KiB is what a
# pipe holds by default, so a parser that is as fast as the pipe loses nothing; doubling it
# only lets a slow parser fall further behind. Of an unknown program little more than the
# last line counts; the less is copied, the cheaper its flood of output.
KNOWN_TOOL_LIMIT = 65536
UNKNOWN_TOOL_LIMIT = 4096
# Seconds between bytes that are told to have come at different times: as often as they are parsed.
TURN_SECONDS = 0.1


class Samples:
    """One stream's newest bytes, at most `limit`; a pump calls `put`, the parsing loop `take`."""

    __slots__ = ("_chunks", "_output_error", "_size", "limit")

    def __init__(self, limit: int) -> None:
        self._chunks: deque[tuple[float | None, bytes]] = deque()
        self.limit = limit
        self._size = 0
        self._output_error = False

    def put(self, view: memoryview, now: float | None = None) -> None:
        """Add a copy of the end of `view`, which has come `now`, None if unknown; never wait."""
        limit = self.limit
        if len(view) > limit:
            view = view[-limit:]
            self._output_error = True
        self._chunks.append((now, bytes(view)))
        self._size += len(view)
        while self._size > limit and len(self._chunks) > 1:
            self._size -= len(self._chunks.popleft()[1])
            self._output_error = True

    def take(self) -> tuple[bytes, bool]:
        """Return what has come since the last call, and whether bytes before it were dropped."""
        parts, lost = self.take_parts()
        return b"".join([data for _, data in parts]), lost

    def take_parts(self) -> tuple[list[tuple[float | None, bytes]], bool]:
        """Return as `take`, in parts with the times at which they came: none where all was read."""
        chunks = self._chunks
        parts: list[tuple[float | None, list[bytes]]] = []
        for _ in range(len(chunks)):
            when, data = chunks.popleft()
            last = parts[-1][0] if parts else None
            if not parts or (when is not None and (last is None or when - last >= TURN_SECONDS)):
                parts.append((when, []))
            parts[-1][1].append(data)
        lost, self._output_error = self._output_error, False
        self._size = sum([len(data) for _, data in chunks])
        return [(when, b"".join(datas)) for when, datas in parts], lost
