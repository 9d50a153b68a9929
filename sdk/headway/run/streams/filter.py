"""Remove the lines from a stream that a tool prints only because Headway asked for them."""

from __future__ import annotations

import re
from typing import Match, Pattern

_LINE = re.compile(rb"[^\r\n]*[\r\n]+")
# Bytes of an unfinished line that are held back: longer than any line that a tool prints for
# Headway. A longer one is the tool's own and is passed on.
_HELD_LIMIT = 4096


# What a spinner leaves before a line: its erasure, or the end of the line before.
_FRESH = re.compile(rb"\n|\x1b\[[0-2]?K")
_FRESH_HERE = re.compile(rb"(?:\n|\x1b\[[0-2]?K)\Z")
_LOOKS = re.compile(rb"\x1b(?:\[[0-9;]*m?)?")  # a change of colour, or the beginning of one
_CUT_ESCAPE = re.compile(rb"\x1b(?:\[[0-9;]*)?\Z")


class DrawnLineFilter:
    """Does what `LineFilter` does where a spinner is drawn, and erased before each line.

    What is held back is only what may become a line that matches: one that begins with `start`.
    """

    __slots__ = ("_fresh", "_hidden", "_start", "held")

    def __init__(self, hidden: Pattern[bytes], start: bytes) -> None:
        self._hidden = hidden
        self._start = start
        self._fresh = True  # a line would begin with what is held back, or with what comes
        self.held = b""

    def feed(self, chunk: bytes) -> bytes:
        """Take a chunk; return the bytes to pass on now."""
        come = self.held + chunk
        data = self._hidden.sub(lambda found: b"" if self._begins_line(found) else found[0], come)
        end = 0 if self._fresh else -1
        for match in _FRESH.finditer(data):
            end = match.end()
        begun = _LOOKS.sub(b"", data[end:])[: len(self._start)]
        self._fresh = end >= 0 and self._start.startswith(begun) and len(data) - end <= _HELD_LIMIT
        if not self._fresh:
            cut = _CUT_ESCAPE.search(data)
            end = len(data) if cut is None else cut.start()
        self.held = data[end:]
        return data[:end]

    def _begins_line(self, found: Match[bytes]) -> bool:
        """Return whether what was found is a line, and not the end of one that says so, too."""
        if found.start() == 0:
            return self._fresh
        at = found.start()
        return _FRESH_HERE.search(found.string, max(at - 4, 0), at) is not None

    def flush(self) -> bytes:
        """Return the bytes held back: they may be a prompt."""
        held, self.held = self.held, b""
        self._fresh = self._fresh and not held
        return held


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
