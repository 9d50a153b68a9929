"""The last bytes that a command printed, on all its streams, in the order in which they came.

A pump reads into the log's own memory and passes on from there, so that what is kept costs no copy.
A stream has a ring, of which only what was written to takes memory; the order of the pieces of all
streams stands in one list. Offsets are absolute: bytes since the beginning.
"""

from __future__ import annotations

from _thread import allocate_lock

from headway.run.light_collections import deque

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mmap import mmap
    from typing import NamedTuple
else:
    from headway.light_typing import NamedTuple

LIMIT = 1 << 20  # bytes that are kept: some 10,000 lines; doubled, so is what a broker is sent
# Bytes of one read: a quarter of the enlarged pipe. Smaller costs turns of the interpreter,
# larger only memory.
CHUNK_BYTES = 1 << 18
# A ring has room for all that is kept, the chunk that is being read, and less than a chunk that
# is skipped where it wraps: what is read never meets what is kept.
RING_BYTES = LIMIT + 2 * CHUNK_BYTES
# Bytes of the memory that is there at once, and those that are left when the ring replaces it: a
# command that prints little needs no more, and its first line does not wait for `mmap`.
FIRST_BYTES = 1 << 15
LEAST_BYTES = 1 << 12
PIECES_LIMIT = 10_000  # where two streams take turns; the oldest ones are dropped beyond


class Excerpt(NamedTuple):
    """Bytes from `offset` on; `total` is how many had come by then."""

    offset: int
    data: bytes
    total: int


class _Piece:
    """Bytes of one stream, by their positions in it."""

    __slots__ = ("end", "start", "stream")

    def __init__(self, stream: StreamLog, start: int, end: int) -> None:
        self.stream = stream
        self.start = start
        self.end = end


class OutputLog:
    """What a command printed: each pump writes by a `StreamLog`, other threads read."""

    def __init__(self) -> None:
        self._lock = allocate_lock()
        self._pieces: deque[_Piece] = deque()
        self._kept = 0  # bytes
        self.total = 0  # bytes that have come

    def read(self, offset: int, most: int) -> Excerpt:
        """Return up to `most` bytes from `offset` on, or from the first one that is kept."""
        with self._lock:
            at = self.total - self._kept
            offset = min(max(offset, at), self.total)
            found = bytearray()
            for piece in self._pieces:
                size = piece.end - piece.start
                if at + size > offset:
                    start = piece.start + max(offset - at, 0)
                    end = min(piece.end, start + most - len(found))
                    found += piece.stream.view(start, end)
                    if len(found) >= most:
                        break
                at += size
            return Excerpt(offset, bytes(found), self.total)

    def add(self, stream: StreamLog, start: int, end: int) -> None:
        """Add bytes of a stream that have come, and drop the oldest ones beyond `LIMIT`."""
        size = end - start
        with self._lock:
            pieces = self._pieces
            last = pieces[-1] if pieces else None
            # A piece does not go on where the ring begins anew.
            if last and last.stream is stream and last.end == start and start % RING_BYTES:
                last.end = end
            else:
                pieces.append(_Piece(stream, start, end))
            self.total += size
            self._kept += size
            over = self._kept - LIMIT
            while over > 0:
                oldest = pieces[0]
                dropped = min(over, oldest.end - oldest.start)
                oldest.start += dropped
                over -= dropped
                self._kept -= dropped
                if oldest.start == oldest.end:
                    pieces.popleft()
            if len(pieces) > PIECES_LIMIT:
                oldest = pieces.popleft()
                self._kept -= oldest.end - oldest.start


class StreamLog:
    """One stream of an `OutputLog`: the memory that its pump reads into."""

    def __init__(self, log: OutputLog) -> None:
        self._log = log
        self._ring = memoryview(bytearray(FIRST_BYTES))  # the beginning of one, at first
        self._is_whole = False
        self._position = 0

    def space(self) -> memoryview:
        """Return where to read the next chunk to."""
        if not self._is_whole:
            if len(self._ring) - self._position >= LEAST_BYTES:
                return self._ring[self._position :]
            self.reserve()
        at = self._position % RING_BYTES
        if RING_BYTES - at < CHUNK_BYTES:
            self._position += RING_BYTES - at
            at = 0
        return self._ring[at : at + CHUNK_BYTES]

    def came(self, size: int) -> None:
        """Keep the first `size` bytes of the last `space`."""
        start = self._position
        self._position += size
        self._log.add(self, start, self._position)

    def copy(self, data: bytes) -> None:
        """Keep a copy of `data`."""
        while data:
            space = self.space()
            chunk = data[: len(space)]
            space[: len(chunk)] = chunk
            self.came(len(chunk))
            data = data[len(chunk) :]

    def view(self, start: int, end: int) -> memoryview:
        """Return bytes that are kept, by their positions."""
        at = start % RING_BYTES
        return self._ring[at : at + end - start]

    def reserve(self) -> None:
        """Take the memory for all that is kept now. Raise MemoryError."""
        ring = memoryview(_allocate(RING_BYTES))
        ring[: self._position] = self._ring[: self._position]
        self._ring, self._is_whole = ring, True


def _allocate(size: int) -> mmap | bytearray:
    """Return memory of which only what is written to is taken, where that can be had."""
    try:
        from mmap import MAP_ANONYMOUS, MAP_PRIVATE, mmap  # noqa: PLC0415 - few commands need it

        # The kernel clears a page when it is first written to.
        return mmap(-1, size, flags=MAP_PRIVATE | MAP_ANONYMOUS)
    except (ImportError, OSError):  # no descriptor is left, or the command has removed our files
        return bytearray(size)
