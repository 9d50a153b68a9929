"""Split the bytes of a terminal or a pipe into clean, bounded lines.

Carriage returns and cursor movements end a line, escape sequences are stripped; what a line
means is not known here.
"""

from __future__ import annotations

import re
from typing import NamedTuple

# Bytes of a line that are kept: no progress line is longer, and a binary dump without line
# ends costs no more memory than this. The rest of a longer line is dropped.
LINE_LIMIT = 4096

# A progress display starts a line over by a carriage return, by going to a column or a
# row, or by restoring the cursor: all of these end a line for us.
_BREAK = re.compile(rb"[\r\n]+|\x1b\[[0-9;]*[ABEFGHdf]|\x1b[78DEM]")
_BACKSPACES = re.compile(rb"\x08+")
_PROGRESS = re.compile(rb"\x1b\]9;4;([0-4])(?:;(\d{1,3}))?[^\x07\x1b]*(?:\x07|\x1b\\)")
_ESCAPES = re.compile(
    rb"\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?"  # operating system commands
    rb"|\x1b[PX^_][^\x1b]*(?:\x1b\\)?"  # device control and other strings
    rb"|\x1b\[[0-?]*[ -/]*[@-~]?"  # control sequences
    rb"|\x1b[ -/]*[0-~]?"  # two-byte escapes
    rb"|[\x00-\x08\x0b-\x1f\x7f]"
)
PROGRESS_MARK = "\x1b]9;4;"  # begins the line that stands for an OSC 9;4 sequence


def strip_escapes(raw: bytes) -> str:
    """Return a line as text, without escape sequences and control characters.

    Bytes that are not UTF-8 become U+FFFD.
    """
    return _ESCAPES.sub(b"", raw).decode("utf-8", "replace").rstrip()


class Line(NamedTuple):
    """A line, and whether it is drawn: replaced by the next, as a progress bar is."""

    text: str
    drawn: bool = False


class LineSplitter:
    """Splits a stream of chunks into lines; keeps at most `LINE_LIMIT` bytes between chunks.

    A progress report by OSC 9;4 becomes a line of its own: `PROGRESS_MARK` + "STATE;PERCENT".
    """

    __slots__ = ("_looked_at", "_overlong", "_redrawn", "_rest")

    def __init__(self) -> None:
        self._rest = b""
        self._redrawn = False  # the rest has replaced what stood there
        self._looked_at = ""  # the rest as `look` told it
        self._overlong = False

    @property
    def rest(self) -> str:
        """Return the unfinished line (a prompt, perhaps)."""
        return strip_escapes(self._rest)

    def look(self) -> list[Line]:
        """Return the unfinished line if it is one that is drawn over, and has not been returned.

        A bar is drawn behind its carriage return: until the next it would not be seen. To be called
        when nothing has come for a moment, so that no half of a number is taken for the whole.
        """
        text = self.rest if self._redrawn else ""
        if not text or text == self._looked_at:
            return []
        self._looked_at = text
        return [Line(text, drawn=True)]

    def feed(self, chunk: bytes) -> list[Line]:
        """Take a chunk of any size; return the lines that ended in it, without empty ones."""
        if self._overlong:
            end = _BREAK.search(chunk)
            if end is None:
                return []
            chunk = chunk[end.start() :]
            self._overlong = False
        data = self._rest + chunk
        lines: list[Line] = []
        start = 0
        for match in _BREAK.finditer(data):
            drawn = b"\n" not in match.group()
            piece = data[start : match.start()]
            start = match.end()
            if piece:
                self._add(piece, lines, drawn=drawn)
            self._redrawn = drawn
        self._rest = data[start:]
        if b"\x08" in self._rest:
            self._rest = self._erase(self._rest[-LINE_LIMIT:], lines)
        if len(self._rest) > LINE_LIMIT:
            self._rest = self._rest[:LINE_LIMIT]
            self._overlong = True
        if PROGRESS_BYTES in self._rest:
            found = _progress_lines(self._rest)
            if found:
                self._rest = _PROGRESS.sub(b"", self._rest)
                lines += found
        return lines

    def finish(self) -> list[Line]:
        """Return the last line if nothing ended it."""
        lines: list[Line] = []
        rest, self._rest, self._overlong = self._rest, b"", False
        self._add(rest, lines, drawn=False)
        return lines

    def _add(self, piece: bytes, lines: list[Line], *, drawn: bool) -> None:
        if b"\x08" in piece:
            piece = self._erase(piece[-LINE_LIMIT:], lines)
        piece = piece[:LINE_LIMIT]
        if PROGRESS_BYTES in piece:
            lines += _progress_lines(piece)
        text = strip_escapes(piece)
        if text and not (drawn and text == self._looked_at):
            lines.append(Line(text, drawn))
        self._looked_at = ""

    def _erase(self, piece: bytes, lines: list[Line]) -> bytes:
        """Return what stands where backspaces have erased; add what stood there before each."""
        text = b""
        start = 0
        for match in _BACKSPACES.finditer(piece):
            text += piece[start : match.start()]
            start = match.end()
            stood = strip_escapes(text)
            if stood and stood != self._looked_at:
                lines.append(Line(stood, drawn=True))
            self._looked_at = ""
            self._redrawn = True
            text = text[: -len(match.group())]
        return text + piece[start:]


PROGRESS_BYTES = PROGRESS_MARK.encode()


def _progress_lines(piece: bytes) -> list[Line]:
    return [
        Line(PROGRESS_MARK + ";".join(part.decode() for part in match.groups(b"0")))
        for match in _PROGRESS.finditer(piece)
    ]
