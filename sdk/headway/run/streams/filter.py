"""Takes out of a stream the lines that are only there because Headway asked for them."""

from __future__ import annotations

import re
from typing import Pattern

_LINE = re.compile(rb"[^\r\n]*[\r\n]+")
_HOLD = 4096  # bytes of an unfinished line that are held back at most


class Hider:
    """Passes bytes on, without the lines that match `hidden` with their end.

    An unfinished line is held back until it ends or until `flush`, whichever comes first.
    """

    __slots__ = ("_hidden", "_midline", "held")

    def __init__(self, hidden: Pattern[bytes]) -> None:
        self._hidden = hidden
        self.held = b""
        self._midline = False  # the beginning of this line was let through already

    def feed(self, chunk: bytes) -> bytes:
        """Take a chunk; return what is to be passed on now."""
        data = self.held + chunk
        kept: list[bytes] = []
        end = 0
        for match in _LINE.finditer(data):
            end = match.end()
            if self._midline or not self._hidden.fullmatch(match.group()):
                kept.append(match.group())
            self._midline = False
        self.held = data[end:]
        if self._midline or len(self.held) > _HOLD:
            kept.append(self.flush())
        return b"".join(kept)

    def flush(self) -> bytes:
        """Return what was held back: it may be a prompt."""
        held, self.held = self.held, b""
        self._midline = self._midline or bool(held)
        return held
