"""Hostile text made safe to draw.

`safe` is the one function that every display, receipt and notification calls on whatever a
worker sent: names, units, details, errors, log lines. What it returns moves no cursor, sets
no colour, reverses no direction, and the width of each of its characters is known to
`string_width`: a character that the interpreter's own Unicode tables do not know is not let
through. There is no markup in this package that a text could contain.
"""

from __future__ import annotations

import functools
import unicodedata

# Characters of a text that are looked at: no line of a terminal is longer, and a megabyte costs
# no time.
LIMIT = 1000
# Combining marks on one character: as many as decomposed Vietnamese needs; a flood of them covers
# the lines above.
MARKS = 2
REPLACEMENT = "\ufffd"


def safe(text: str, limit: int = LIMIT) -> str:
    """Return `text` as one line of visible characters, at most `limit` of them.

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
    """Return whether it is a variation selector or the grapheme joiner, which change a width."""
    code = ord(char)
    return 0xFE00 <= code <= 0xFE0F or 0xE0100 <= code <= 0xE01EF or code == 0x034F


def _picture(char: str) -> str:
    """Return what replaces a character that cannot be drawn; "" for one that is left out."""
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
    """Return `text`, which is safe, for a stream that encodes only ASCII."""
    if text.isascii():
        return text
    text = text.replace("…", "...").replace("–", "-").replace("×", "x")
    return text.encode("ascii", "replace").decode("ascii")
