"""Bytes from a terminal as keys: a character each, or a name such as "up". Pure."""

from __future__ import annotations

import codecs

UP, DOWN, PAGE_UP, PAGE_DOWN = "up", "down", "page up", "page down"
HOME, END, ENTER, ESCAPE, BACKSPACE = "home", "end", "enter", "escape", "backspace"
TAB = "tab"
_SEQUENCES = {
    "[A": UP,
    "OA": UP,
    "[B": DOWN,
    "OB": DOWN,
    "[5~": PAGE_UP,
    "[6~": PAGE_DOWN,
    "[H": HOME,
    "OH": HOME,
    "[1~": HOME,
    "[F": END,
    "OF": END,
    "[4~": END,
}
_CONTROLS = {"\r": ENTER, "\n": ENTER, "\x7f": BACKSPACE, "\b": BACKSPACE, "\t": TAB}
LONGEST = 16  # characters of a sequence: what is longer is none


class Keys:
    """Splits what is read into keys; a sequence may come in two parts."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("ignore")
        self._rest = ""

    def feed(self, data: bytes) -> list[str]:
        """Return the keys that are complete; an escape that nothing follows is a key."""
        text = self._rest + self._decoder.decode(data)
        self._rest = ""
        found: list[str] = []
        at = 0
        while at < len(text):
            character = text[at]
            if character != "\x1b":
                key = _CONTROLS.get(character, character)
                if key in _CONTROLS.values() or character.isprintable():
                    found.append(key)
                at += 1
                continue
            if at + 1 == len(text):
                found.append(ESCAPE)
                break
            if text[at + 1] not in "[O":
                found.append(ESCAPE)
                at += 1
                continue
            end = _end_of_sequence(text, at + 2)
            if end is None:
                self._rest = text[at:] if len(text) - at < LONGEST else ""
                break
            key = _SEQUENCES.get(text[at + 1 : end])
            if key is not None:
                found.append(key)
            at = end
        return found


def _end_of_sequence(text: str, at: int) -> int | None:
    """Return where the sequence ends whose parameters begin at `at`; None before it has."""
    for position in range(at, len(text)):
        if "@" <= text[position] <= "~":
            return position + 1
    return None
