"""The texts of `--help`, folded to the width of a terminal. Pure."""

from __future__ import annotations

import re
import textwrap

SHIFT = 4  # columns by which the rest of a folded line is indented
# A line of two columns: an option, a verb or an example, and what is said of it.
_ENTRY = re.compile(r"( *)(\S.*?) {2,}(?=\S)")


def fold(text: str, width: int) -> str:
    """Return `text` with no line longer than `width`, as far as its words allow.

    A paragraph is filled anew, the second column of an entry stays one, and any other line is
    continued in the next one. What is narrow enough stays as it is.
    """
    lines = text.split("\n")
    folded: list[str] = []
    at = 0
    while at < len(lines):
        together = _together(lines, at)
        taken = lines[at : at + together]
        folded += taken if max(map(len, taken)) <= width else _folded(taken, width)
        at += together
    return "\n".join(folded)


def _together(lines: list[str], at: int) -> int:
    """Return how many lines from `at` on are one paragraph, or one entry."""
    first = lines[at]
    entry = _ENTRY.match(first)
    indent = entry.end() if entry and first.startswith(" ") else 0
    count = 1
    if first and (indent or not first.startswith((" ", "usage:"))):
        for line in lines[at + 1 :]:
            if not line or len(line) - len(line.lstrip()) != indent:
                break
            count += 1
    return count


def _folded(lines: list[str], width: int) -> list[str]:
    first = lines[0]
    entry = _ENTRY.match(first)
    words = " ".join(line.strip() for line in lines)
    indent = len(first) - len(first.lstrip())
    if entry and indent and entry.end() > width // 2:  # no room beside it: below it
        said = " ".join([first[entry.end() :], *map(str.strip, lines[1:])])
        shift = " " * (indent + SHIFT)
        return [*_folded([first[: entry.end()].rstrip()], width), *_wrapped(said, width, shift)]
    if entry and indent:
        said = " ".join([first[entry.end() :], *map(str.strip, lines[1:])])
        return _wrapped(said, width, " " * entry.end(), first[: entry.end()])
    lead = " " * min(indent, width // 4)
    rest = lead + " " * SHIFT if indent or first.startswith("usage:") else ""
    return _wrapped(words, width, rest, lead)


def _wrapped(words: str, width: int, rest: str, first: str | None = None) -> list[str]:
    return textwrap.wrap(
        words,
        max(width, len(rest) + 1),
        initial_indent=rest if first is None else first,
        subsequent_indent=rest,
        break_long_words=False,
        break_on_hyphens=False,
    )
