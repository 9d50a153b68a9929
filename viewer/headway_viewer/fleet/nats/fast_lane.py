"""A lane beside the parser of the client library, for the messages of some subscriptions.

Pure. The library makes an object of each message, and hands it from task to task: a viewer that
attaches is delivered thousands at once. Here the bytes of a whole message go straight to whoever
takes them; all else, as what has headers, goes to the library's parser as if there was no lane.
Absent: the library. One whose parser is another has no lane, and hands messages on as ever.
"""

from __future__ import annotations

from typing import Any, Callable

# Takes the subject, the reply subject, and the data of a message.
Taker = Callable[[bytes, bytes, bytes], None]
Pace = Callable[[], Any]  # of a coroutine
LINE_LIMIT = 64 << 10  # bytes of a control line; beyond it, whatever it is, is the library's
_MESSAGE, _WITH_HEADERS = b"MSG", b"HMSG"
_END = b"\r\n"


class FastLane:
    """Stands in the place of the parser; `pace` is awaited after each piece that was read."""

    def __init__(self, parser: Any, pace: Pace) -> None:
        self.takers: dict[bytes, Taker] = {}  # by the id of their subscription
        self._parser = parser
        self._pace = pace
        self._rest = b""

    def reset(self) -> None:
        """Forget what was read of a message that is not whole: the connection is another."""
        self._rest = b""
        self._parser.reset()

    async def parse(self, data: bytes = b"") -> None:
        """Hand on what was read from the connection."""
        parser = self._parser
        if self._rest:
            data = self._rest + data
            self._rest = b""
        at, size = 0, len(data)
        while at < size:
            if parser.buf:  # of a message that began before the lane did, or is wrong
                await parser.parse(data[at:])
                return
            end = data.find(_END, at)
            if end < 0:
                if size - at > LINE_LIMIT:
                    await parser.parse(data[at:])
                else:
                    self._rest = data[at:]
                break
            start = end + len(_END)
            if not data.startswith((_MESSAGE, _WITH_HEADERS), at):
                await parser.parse(data[at:start])
                at = start
                continue
            words = data[at:end].split()
            if len(words) < 4 or not words[-1].isdigit():
                await parser.parse(data[at:])
                return
            stop = start + int(words[-1])
            if stop + len(_END) > size:
                self._rest = data[at:]
                break
            taker = self.takers.get(words[2]) if len(words) == 5 else None
            if taker is not None and words[0] == _MESSAGE:
                taker(words[1], words[3], data[start:stop])
            else:
                await parser.parse(data[at : stop + len(_END)])
            at = stop + len(_END)
        await self._pace()


def lane_of(client: Any, pace: Pace) -> FastLane | None:
    """Put a lane before the parser of a connection; return it, or None where it has no such."""
    parser: Any = getattr(client, "_ps", None)
    known = all(hasattr(parser, name) for name in ("buf", "parse", "reset"))
    if not known or not isinstance(parser.buf, bytearray):
        return None
    lane = FastLane(parser, pace)
    client._ps = lane
    return lane
