"""The texts of `--help`, folded to the width of a terminal. Pure."""

from __future__ import annotations

import re
import textwrap

INDENT = 2  # columns by which examples are indented
SHIFT = 4  # columns by which the rest of a folded line is indented
# A line of two columns: an option, a verb or an example, and what is said of it.
_ENTRY = re.compile(r"( *)(\S.*?) {2,}(?=\S)")
_EXAMPLES = "examples:"
_WORD = re.compile(r"""(?:"[^"]*"|'[^']*'|\S)+""")  # of a command: what is quoted stays together


def fold(text: str, width: int) -> str:
    """Return `text` with no line longer than `width`, as far as its words allow.

    A paragraph is filled anew, the second column of an entry stays one, and any other line is
    continued in the next one: an example so that a shell takes it as it stands. What is narrow
    enough stays as it is.
    """
    lines = text.split("\n")
    folded: list[str] = []
    at = 0
    shown = False  # these are examples
    while at < len(lines):
        together = _together(lines, at)
        taken = lines[at : at + together]
        shown = taken[0] == _EXAMPLES or (shown and taken[0].startswith(" "))
        if max(map(len, taken)) <= width:
            folded += taken
        else:
            folded += _folded(taken, width, shown=shown)
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


def _folded(lines: list[str], width: int, *, shown: bool = False) -> list[str]:
    first = lines[0]
    entry = _ENTRY.match(first)
    words = " ".join(line.strip() for line in lines)
    indent = len(first) - len(first.lstrip())
    if entry and indent and entry.end() > width // 2:  # no room beside it: below it
        said = " ".join([first[entry.end() :], *map(str.strip, lines[1:])])
        shift = " " * (indent + SHIFT)
        label = first[: entry.end()].rstrip()
        command = [label] if len(label) <= width else _folded([label], width, shown=shown)
        return [*command, *_wrapped(said, width, shift)]
    if entry and indent:
        said = " ".join([first[entry.end() :], *map(str.strip, lines[1:])])
        return _wrapped(said, width, " " * entry.end(), first[: entry.end()])
    if shown and indent <= INDENT + SHIFT:
        return _command(words, width, first[:indent])
    if shown:  # what is said of the example above
        return _wrapped(words, width, " " * (INDENT + SHIFT))
    lead = " " * min(indent, width // 4)
    rest = lead + " " * SHIFT if indent or first.startswith("usage:") else ""
    return _wrapped(words, width, rest, lead)


def _command(words: str, width: int, lead: str) -> list[str]:
    """Return the lines of a command, each but the last continued as a shell has it."""
    lines: list[str] = []
    line = ""
    for word in _WORD.findall(words):
        if line.strip() and len(line) + len(word) + 1 > width - 2:
            lines.append(f"{line} \\")
            line = ""
        line = f"{line} {word}" if line else (lead + " " * SHIFT if lines else lead) + word
    return [*lines, line]


def _wrapped(words: str, width: int, rest: str, first: str | None = None) -> list[str]:
    return textwrap.wrap(
        words,
        max(width, len(rest) + 1),
        initial_indent=rest if first is None else first,
        subsequent_indent=rest,
        break_long_words=False,
        break_on_hyphens=False,
    )
