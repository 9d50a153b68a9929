"""Names of loops that the program gives none: "items", "items 2", by where they are made.

A loop that is run again by the same line is the same stage; that of another line is another.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType

# What makes a bar for whoever uses it.
LIBRARIES = ("headway", "tqdm", "rich", "alive_progress", "click", "enlighten", "contextlib")
USUAL = "items"
MOST = 100  # lines of a program, and of code that it makes as it runs; further ones share the first
_DEEPEST = 20  # frames of a library that are looked at


class UnnamedLoops:
    """The names that one operation has given, by the line that the program made each at."""

    __slots__ = ("_names",)

    def __init__(self) -> None:
        self._names: dict[tuple[tuple[str, int], ...], str] = {}

    def name(self) -> str:
        """Return the name of a loop that the program makes now."""
        line = _line(sys._getframe(1))
        known = self._names.get(line)
        if known is None:
            number = len(self._names) + 1
            if number > MOST:
                return USUAL
            known = self._names[line] = USUAL if number == 1 else f"{USUAL} {number}"
        return known


def _line(frame: FrameType | None) -> tuple[tuple[str, int], ...]:
    """Return the line of the program, and before it those of a library that makes several bars."""
    found: list[tuple[str, int]] = []
    while frame is not None and len(found) < _DEEPEST:
        module = frame.f_globals.get("__name__")
        library = module.partition(".")[0] if type(module) is str else ""
        if library != "headway":
            found.append((frame.f_code.co_filename, frame.f_lineno))
        if library not in LIBRARIES:
            break
        frame = frame.f_back
    return tuple(found)
