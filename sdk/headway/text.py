"""Hostile text made safe to draw, and how many cells of a terminal it takes.

`safe` is the one function that every display, receipt and notification calls on whatever a
worker sent: names, units, details, errors, log lines. What it returns moves no cursor, sets
no colour, turns no line around, and every character of it has a width that is known.
Widths are those of the interpreter's own Unicode tables, and a character that those tables
do not know is not let through: so no table of another package is needed. There is no markup
in this package that a text could contain.
"""

from __future__ import annotations

import functools
import unicodedata

LIMIT = 1000  # characters of a text that are looked at at all: no line is wider
MARKS = 2  # combining marks on one character; more is a flood
REPLACEMENT = "\ufffd"


def safe(text: str, limit: int = LIMIT) -> str:
    """`text` as one line of visible characters, at most `limit` of them.

    Control characters are shown as pictures (ESC as ␛), bidirectional overrides, lone
    surrogates and characters of unknown width as U+FFFD; joiners and variation selectors,
    about whose width terminals disagree, are left out.
    """
    if len(text) > limit:
        text = text[: limit - 1] + "…"
    if text.isascii() and text.isprintable():
        return text
    return _made_safe(text) if len(text) <= 256 else _made_safe.__wrapped__(text)


@functools.lru_cache(maxsize=4096)
def _made_safe(text: str) -> str:
    made: list[str] = []
    marks = MARKS  # a mark needs a character to stand on
    for char in unicodedata.normalize("NFC", text):
        if unicodedata.combining(char) or unicodedata.category(char) in ("Mn", "Me"):
            if marks < MARKS and not _selector(char):
                made.append(char)
                marks += 1
            continue
        shown = char if char.isprintable() else _picture(char)
        if shown:
            made.append(shown)
            marks = 0
    return "".join(made)


def _selector(char: str) -> bool:
    """Whether it is a variation selector or the grapheme joiner, which change a width."""
    code = ord(char)
    return 0xFE00 <= code <= 0xFE0F or 0xE0100 <= code <= 0xE01EF or code == 0x034F


def _picture(char: str) -> str:
    """What stands for a character that cannot be drawn; "" for one that is left out."""
    code = ord(char)
    if char == "\t" or unicodedata.category(char) == "Zs":
        return " "
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "␡"
    if code in (0x00AD, 0x200B, 0x200C, 0x200D, 0x2060, 0xFEFF):  # soft hyphen, joiners
        return ""
    return REPLACEMENT


def plain_ascii(text: str) -> str:
    """`text`, which is safe, for a stream that can only take ASCII."""
    if text.isascii():
        return text
    text = text.replace("…", "...").replace("–", "-").replace("×", "x")
    return text.encode("ascii", "replace").decode("ascii")


def cells(text: str) -> int:
    """How many cells of a terminal `text`, which is safe, takes."""
    if text.isascii():
        return len(text)
    return sum(map(_width, text))


def _width(char: str) -> int:
    if char < "\u0300":
        return 1
    if unicodedata.east_asian_width(char) in "WF":
        return 2
    return 0 if unicodedata.category(char) in ("Mn", "Me") else 1


def head(text: str, width: int) -> str:
    """As much of the beginning of `text`, which is safe, as `width` cells hold."""
    if width <= 0:
        return ""
    if text.isascii():
        return text[:width]
    taken = 0
    for position, char in enumerate(text):
        taken += _width(char)
        if taken > width:
            return text[:position]
    return text


def tail(text: str, width: int) -> str:
    """As much of the end of `text`, which is safe, as `width` cells hold."""
    if width <= 0:
        return ""
    if text.isascii():
        return text[-width:]
    taken = 0
    for position in range(len(text) - 1, -1, -1):
        taken += _width(text[position])
        if taken > width:
            rest = text[position + 1 :]
            # A mark whose character was cut off has nothing to stand on.
            while rest and not _width(rest[0]):
                rest = rest[1:]
            return rest
    return text


def clip(text: str, width: int, ellipsis: str = "…") -> str:
    """`text`, which is safe, cut at its end to `width` cells."""
    if cells(text) <= width:
        return text
    if width <= cells(ellipsis):
        return head(text, width)
    return head(text, width - cells(ellipsis)).rstrip() + ellipsis


def squeeze(text: str, width: int, ellipsis: str = "…") -> str:
    """`text`, which is safe, cut in its middle to `width` cells: both ends of a name tell."""
    if cells(text) <= width:
        return text
    room = width - cells(ellipsis)
    if room < 4:
        return clip(text, width, ellipsis)
    front = room * 5 // 8
    return head(text, front) + ellipsis + tail(text, room - front)


def pad(text: str, width: int) -> str:
    """`text`, which is safe, with spaces after it up to `width` cells."""
    return text + " " * (width - cells(text))
