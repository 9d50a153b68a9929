"""The width of a string in cells of a terminal, and cutting and padding to a width.

Every function takes text that `text.safe` returned. Widths are those of the interpreter's own
Unicode tables, so no table of another package is needed.
"""

from __future__ import annotations

import unicodedata

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Sequence


UNITS = ("s", "min", "h", "days", "%", "B", "kB", "MB", "GB")
LEAD = 3  # cells of its beginning that a name keeps, of which a later part tells more
KEPT = 4_096  # characters whose width is kept: a screen has hundreds; hostile text has them all


def cells(text: str) -> int:
    """Return the number of cells that `text` takes."""
    if text.isascii():
        return len(text)
    return sum(map(_width, text))


class _Widths(dict):  # type: ignore[type-arg]  # dict[str, int] is no class in 3.8
    """The widths of the characters that were asked for."""

    def __missing__(self, char: str) -> int:
        width = _look_up(char)
        if len(self) < KEPT:
            self[char] = width
        return width


def _look_up(char: str) -> int:
    if char < "\u0300":
        return 1
    if unicodedata.east_asian_width(char) in "WF":
        return 2
    return 0 if unicodedata.category(char) in ("Mn", "Me") else 1


_width = _Widths().__getitem__


def head(text: str, width: int) -> str:
    """Return as much of the beginning of `text` as `width` cells hold."""
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
    """Return as much of the end of `text` as `width` cells hold."""
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
    """Return `text` cut at its end to `width` cells."""
    if cells(text) <= width:
        return text
    if width <= cells(ellipsis):
        return head(text, width)
    return head(text, width - cells(ellipsis)).rstrip() + ellipsis


def clip_words(text: str, width: int, ellipsis: str = "…") -> str:
    """Return `text` cut at its end to `width` cells, after a whole word where one is near.

    A number is not parted from its unit.
    """
    cut = head(text, width - cells(ellipsis))
    if cells(text) <= width or not cut:
        return clip(text, width, ellipsis)
    if text[len(cut)] != " ":
        before = cut.rfind(" ")
        if before < len(cut) // 2:  # a word that is most of it is worth its beginning
            return clip(text, width, ellipsis)
        cut = cut[:before]
    number, unit = cut.rpartition(" ")[2], text[len(cut) :].split(" ", 2)[1].strip(",.;)")
    if number.lstrip("(")[:1].isdigit() and unit in UNITS and " " in cut:
        cut = cut.rpartition(" ")[0]
    return cut.rstrip(" ,:;(-–") + ellipsis


def first_fit(texts: Sequence[str], width: int) -> str:
    """Return the first of `texts` that takes at most `width` cells, or else the last of them."""
    return next((text for text in texts if cells(text) <= width), texts[-1])


def squeeze(text: str, width: int, ellipsis: str = "…") -> str:
    """Return `text` cut in its middle to `width` cells, so that both ends of a name stay."""
    if cells(text) <= width:
        return text
    room = width - cells(ellipsis)
    if room < 4:
        return clip(text, width, ellipsis)
    front = room * 5 // 8
    return head(text, front) + ellipsis + tail(text, room - front)


def squeeze_words(text: str, width: int, ellipsis: str = "…") -> str:
    """Return what `squeeze` does, with whole words at both ends where such fit."""
    if cells(text) <= width:
        return text
    words = text.split(" ")
    found = ""
    for last in range(len(words) - 1, 0, -1):
        end = " ".join(words[last:])
        for first in range(1, last + 1):
            cut = " ".join(words[:first]) + ellipsis + end
            if cells(found) < cells(cut) <= width:
                found = cut
    return found or squeeze(text, width, ellipsis)


def squeeze_apart(
    names: Sequence[str], width: int, ellipsis: str = "…", *, words: bool = False
) -> list[str]:
    """Return names as `squeeze` cuts them, or with `words` as `squeeze_words` does.

    Those that differ, and would look alike, are cut where what tells them apart stays, if anywhere.
    """
    squeezed = squeeze_words if words else squeeze
    cut = {name: squeezed(name, width, ellipsis) for name in names}
    alike: dict[str, list[str]] = {}
    for name, short in cut.items() if width >= 2 * LEAD else ():
        alike.setdefault(short, []).append(name)
    groups = [group for group in alike.values() if len(group) > 1]
    together = [name for group in groups for name in group]
    for way in (squeeze, clip):  # one way for all, where it does
        shorts = [way(name, width, ellipsis) for name in together]
        if len(set(shorts)) == len(shorts):
            cut.update(zip(together, shorts))
            break
    else:
        for group in groups:
            cut.update(zip(group, _cut_apart(group, width, ellipsis)))
    return [cut[name] for name in names]


def _cut_apart(names: list[str], width: int, ellipsis: str) -> list[str]:
    """Return the cuts by which the most of `names` differ, of those the nicest ones."""
    ordered = sorted(names)
    shared = _shared(ordered[0], ordered[-1])
    nearest = dict.fromkeys(names, 0)
    for one, other in zip(ordered, ordered[1:]):
        for name in (one, other):
            nearest[name] = max(nearest[name], _shared(one, other))
    ways = (
        [squeeze(name, width, ellipsis) for name in names],
        [clip(name, width, ellipsis) for name in names],
        [_from_word(name, shared, width, ellipsis) for name in names],
        [ellipsis + tail(name, width - cells(ellipsis)) for name in names],
        [_from_word(name, nearest[name], width, ellipsis) for name in names],
    )
    return max(ways, key=lambda way: len(set(way)))


def _shared(one: str, other: str) -> int:
    """Return how many characters two texts have in common at their beginning."""
    for position, (left, right) in enumerate(zip(one, other)):
        if left != right:
            return position
    return min(len(one), len(other))


def _from_word(name: str, at: int, width: int, ellipsis: str) -> str:
    """Return `name` cut so that the word in which character `at` stands is there."""
    while at and name[at - 1].isalnum():
        at -= 1
    rest = name[at:]
    lead = width - cells(ellipsis) - cells(rest)
    if lead < LEAD:
        lead = LEAD if width >= LEAD * 4 else 0
    front = head(name, min(lead, at)) + ellipsis if at else ""
    return front + clip(rest, width - cells(front), ellipsis)


def pad(text: str, width: int) -> str:
    """Return `text` padded with spaces to `width` cells."""
    return text + " " * (width - cells(text))
