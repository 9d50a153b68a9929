"""Remove the lines from a stream that a tool prints only because Headway asked for them."""

from __future__ import annotations

import re
from typing import Pattern

_LINE = re.compile(rb"[^\r\n]*[\r\n]+")
# Bytes of an unfinished line that are held back: longer than any line that a tool prints for
# Headway. A longer one is the tool's own and is passed on.
_HELD_LIMIT = 4096


class LineFilter:
    """Passes bytes on, without the lines that match `hidden`, line end included.

    An unfinished line is held back until it ends or until `flush`, whichever comes first.
    """

    __slots__ = ("_hidden", "_midline", "held")

    def __init__(self, hidden: Pattern[bytes]) -> None:
        self._hidden = hidden
        self.held = b""
        self._midline = False  # the beginning of this line was let through already

    def feed(self, chunk: bytes) -> bytes:
        """Take a chunk; return the bytes to pass on now."""
        data = self.held + chunk
        kept: list[bytes] = []
        end = 0
        for match in _LINE.finditer(data):
            end = match.end()
            if self._midline or not self._hidden.fullmatch(match.group()):
                kept.append(match.group())
            self._midline = False
        self.held = data[end:]
        if self._midline or len(self.held) > _HELD_LIMIT:
            kept.append(self.flush())
        return b"".join(kept)

    def flush(self) -> bytes:
        """Return the bytes held back: they may be a prompt."""
        held, self.held = self.held, b""
        self._midline = self._midline or bool(held)
        return held
