"""All signs and colours, and the choice between their forms.

A theme is complete: every sign has an ASCII form for streams that cannot encode the others,
and colour is never the only thing that tells two states apart. The drawing modules name a
style ("good", "bad", …) and never a colour.
"""

from __future__ import annotations

import codecs
from typing import Iterable, List, Mapping, NamedTuple, Tuple

from headway import string_width, text
from headway.states import (
    CANCELLED,
    COMPLETED,
    CRASHED,
    FAILED,
    PENDING,
    RUNNING,
    SKIPPED,
    UNJUDGED,
    WAITING,
)

SILENT = "silent"  # a sign of its own, though it is no state
STOPPED = "stopped"  # likewise: completed, but short of its end

# One drawn line: (style, text) pieces, left to right, the texts safe and their cells known.
Line = List[Tuple[str, str]]

_COLOURS = {
    "good": "32",
    "bad": "31",
    "warn": "33",
    "busy": "36",
    "dim": "2",
    "strong": "1",
    "bar": "36",
    "rest": "90",
}
STYLES = {
    COMPLETED: "good",
    FAILED: "bad",
    CRASHED: "bad",
    CANCELLED: "warn",
    WAITING: "warn",
    SILENT: "warn",
    STOPPED: "warn",
    UNJUDGED: "warn",
    RUNNING: "busy",
    PENDING: "dim",
    SKIPPED: "dim",
}


class Theme(NamedTuple):
    """Signs (state → one cell), the parts of a bar, and the colours (style → SGR codes)."""

    signs: Mapping[str, str]
    full: str
    half: str
    rest: str
    ellipsis: str
    ascii: bool
    colours: Mapping[str, str]

    def spell(self, line: str) -> str:
        """Return a worker's text, safe, in characters that this theme's stream can encode."""
        made = text.safe(line)
        return text.plain_ascii(made) if self.ascii else made

    def paint(self, line: Line) -> str:
        """Return the line as a string, with colours where this theme has them."""
        if not self.colours:
            return "".join([piece for _, piece in line]).rstrip()
        codes = self.colours
        return "".join(
            [f"\x1b[{codes[style]}m{piece}\x1b[m" if style else piece for style, piece in line]
        )

    def bar(self, progress: float, width: int) -> Line:
        """Return a bar of `width` cells; full only at 1.0."""
        halves = int(progress * width * 2)
        full, half = divmod(halves, 2)
        done = self.full * full + (self.half if half else "")
        return [("bar", done), ("rest", self.rest * (width - full - half))]


_UNICODE_SIGNS = {
    COMPLETED: "✓",
    FAILED: "✗",
    CRASHED: "✗",
    CANCELLED: "⊗",
    RUNNING: "▶",
    WAITING: "‖",
    PENDING: "·",
    SKIPPED: "-",
    SILENT: "?",
    STOPPED: "■",
    UNJUDGED: "□",
}
_ASCII_SIGNS = {
    COMPLETED: "+",
    FAILED: "x",
    CRASHED: "x",
    CANCELLED: "-",
    RUNNING: ">",
    WAITING: "=",
    PENDING: ".",
    SKIPPED: "-",
    SILENT: "?",
    STOPPED: "#",
    UNJUDGED: "o",
}
_GLYPHS = "".join(_UNICODE_SIGNS.values()) + "━╸─…–"


def make(*, ascii_only: bool, coloured: bool) -> Theme:
    """Return the theme in one of its four forms."""
    colours = _COLOURS if coloured else {}
    if ascii_only:
        return Theme(_ASCII_SIGNS, "=", ">", "-", "...", True, colours)
    # Without colour, what is left of a bar has to look different by itself.
    return Theme(_UNICODE_SIGNS, "━", "╸", "━" if coloured else "─", "…", False, colours)


def for_encoding(encoding: str | None, *, coloured: bool) -> Theme:
    """Return the theme whose signs a stream of `encoding` can take."""
    return make(ascii_only=not encodes(encoding), coloured=coloured)


def encodes(encoding: str | None) -> bool:
    """Return whether a stream of this encoding can take the signs."""
    try:
        codecs.encode(_GLYPHS, encoding or "ascii")
    except (UnicodeError, LookupError):
        return False
    return True


def coloured(terminal: bool, environ: Mapping[str, str]) -> bool:
    """Return whether to use colours: NO_COLOR, then FORCE_COLOR, then whether it is a terminal."""
    if environ.get("NO_COLOR"):
        return False
    forced = environ.get("FORCE_COLOR")
    if forced:
        return forced != "0"
    return terminal and environ.get("TERM", "") not in ("", "dumb", "unknown")


def width(line: Iterable[tuple[str, str]]) -> int:
    """Return the cells of a line."""
    return sum(string_width.cells(piece) for _, piece in line)
