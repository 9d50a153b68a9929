"""Split the bytes of a terminal or a pipe into clean, bounded lines.

Carriage returns and cursor movements end a line, escape sequences are stripped; what a line
means is not known here.
"""

from __future__ import annotations

import re

# Bytes of a line that are kept: no progress line is longer, and a binary dump without line
# ends costs no more memory than this. The rest of a longer line is dropped.
LINE_LIMIT = 4096

# A progress display starts a line over by a carriage return, by going to a column or a
# row, or by restoring the cursor: all of these end a line for us.
_BREAK = re.compile(rb"[\r\n]+|\x1b\[[0-9;]*[ABEFGHdf]|\x1b[78DEM]")
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


class LineSplitter:
    """Splits a stream of chunks into lines; keeps at most `LINE_LIMIT` bytes between chunks.

    A progress report by OSC 9;4 becomes a line of its own: `PROGRESS_MARK` + "STATE;PERCENT".
    """

    __slots__ = ("_overlong", "_rest")

    def __init__(self) -> None:
        self._rest = b""
        self._overlong = False

    @property
    def rest(self) -> str:
        """The unfinished line (a prompt, perhaps)."""
        return strip_escapes(self._rest)

    def feed(self, chunk: bytes) -> list[str]:
        """Take a chunk of any size; return the lines that ended in it, without empty ones."""
        if self._overlong:
            end = _BREAK.search(chunk)
            if end is None:
                return []
            chunk = chunk[end.start() :]
            self._overlong = False
        pieces = _BREAK.split(self._rest + chunk)
        self._rest = pieces.pop()
        if len(self._rest) > LINE_LIMIT:
            self._rest = self._rest[:LINE_LIMIT]
            self._overlong = True
        lines: list[str] = []
        for piece in pieces:
            if not piece:
                continue
            cut = piece[:LINE_LIMIT]
            if PROGRESS_BYTES in cut:
                lines += _progress_lines(cut)
            line = strip_escapes(cut)
            if line:
                lines.append(line)
        if PROGRESS_BYTES in self._rest:
            found = _progress_lines(self._rest)
            if found:
                self._rest = _PROGRESS.sub(b"", self._rest)
                lines += found
        return lines

    def finish(self) -> list[str]:
        """Return the last line if nothing ended it."""
        line, self._rest, self._overlong = self.rest, b"", False
        return [line] if line else []


PROGRESS_BYTES = PROGRESS_MARK.encode()


def _progress_lines(piece: bytes) -> list[str]:
    return [
        PROGRESS_MARK + ";".join(part.decode() for part in match.groups(b"0"))
        for match in _PROGRESS.finditer(piece)
    ]
