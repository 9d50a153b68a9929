"""What is sent of the output of operations: all that is kept at a bad end, or while it is wanted.

Pure. The output itself is kept by its source, which is read when there is room to send; a broker
that does not read costs no memory.
"""

from __future__ import annotations

from headway.protocol.limits import OUTPUT_LIMIT
from headway.protocol.messages import Output

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Protocol

    class Source(Protocol):
        """Where output is kept."""

        def read(self, offset: int, most: int) -> tuple[int, bytes, int]:
            """Return bytes from `offset` on, or from the first kept: (offset, data, total)."""
            ...


# Seconds between two pieces of an operation that goes on: a flood is sent at 2.6 MB/s at most, the
# rest is dropped as it is on a terminal. Doubled, a follower sees its lines that much later.
INTERVAL = 0.05


class _Sending:
    """How far the output of an operation is sent."""

    __slots__ = ("final", "offset", "sent", "told")

    def __init__(self, offset: int) -> None:
        self.offset = offset  # of the next byte to send
        self.final = False  # the operation has ended: what is left is sent without a pause
        self.sent = float("-inf")  # when it was looked at last
        self.told = False


class OutputSender:
    """The outputs of a process's operations, and which of them are sent.

    `supported` tells whether the broker takes them.
    """

    def __init__(self) -> None:
        self.supported = False
        self._sources: dict[str, Source] = {}
        self._sending: dict[str, _Sending] = {}
        self._followed: set[str] = set()  # also by a broker that is gone: its followers look on
        self._absent: list[str] = []  # asked for, but not kept

    def keep(self, operation: str, source: Source) -> None:
        """Note where the output of an operation is kept."""
        self._sources[operation] = source

    def want(self, operation: str, offset: int | None) -> None:
        """Begin to send the output of an operation from `offset` on; stop with None."""
        if offset is None:
            self._followed.discard(operation)
            sending = self._sending.get(operation)
            if sending is not None and not sending.final:
                del self._sending[operation]
        elif operation in self._sources:
            self._followed.add(operation)
            self._sending.setdefault(operation, _Sending(offset))
        elif operation not in self._absent:
            self._absent.append(operation)

    def end(self, operation: str, *, send: bool) -> None:
        """Note that an operation has ended: with `send`, or if it is followed, all is sent."""
        if operation not in self._sources:
            return
        if send or operation in self._followed:
            self._followed.discard(operation)
            self._sending.setdefault(operation, _Sending(0)).final = True
        else:
            del self._sources[operation]

    def connected(self) -> None:
        """Note another connection: its broker wants nothing yet, and has nothing of what ended."""
        self.supported = False
        self._absent.clear()
        self._sending = {
            operation: sending for operation, sending in self._sending.items() if sending.final
        }
        for sending in self._sending.values():
            sending.offset, sending.told = 0, False

    def forget(self) -> None:
        """Drop everything: nothing will be sent any more."""
        self._sources.clear()
        self._sending.clear()
        self._followed.clear()
        self._absent.clear()

    @property
    def pending(self) -> bool:
        """Return whether output of an ended operation is still to be sent, and taken."""
        return self.supported and self.unsent

    @property
    def unsent(self) -> bool:
        """Return whether there is output of an ended operation that a broker may yet take."""
        return any(sending.final for sending in self._sending.values())

    def without_output(self) -> list[str]:
        """Return the operations that have ended badly and printed nothing: a file may tell that."""
        return [
            operation
            for operation, sending in self._sending.items()
            if sending.final and not self._sources[operation].read(0, 0)[2]
        ]

    def deadline(self) -> float | None:
        """Return when `take` may have something, or None."""
        if not self.supported:
            return None
        if self._absent:
            return float("-inf")
        dues = [
            float("-inf") if sending.final else sending.sent + INTERVAL
            for sending in self._sending.values()
        ]
        return min(dues, default=None)

    def take(self, now: float) -> Output | None:
        """Return the next piece to send, or None."""
        if not self.supported:
            return None
        if self._absent:
            return Output(self._absent.pop(0), 0, None, 0, True)
        for operation, sending in list(self._sending.items()):
            if not sending.final and now < sending.sent + INTERVAL:
                continue
            sending.sent = now
            offset, data, total = self._sources[operation].read(sending.offset, OUTPUT_LIMIT)
            if not (data or sending.final or not sending.told):
                continue
            sending.offset, sending.told = offset + len(data), True
            last = sending.final and sending.offset >= total
            if last:
                del self._sending[operation], self._sources[operation]
            return Output(operation, offset, data, total, last)
        return None
