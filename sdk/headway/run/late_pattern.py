"""A regular expression that is compiled once it is used; pure.

A parser has dozens of them, of which most commands need none: together they take longer to compile
than a short command to run.
"""

from __future__ import annotations

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Pattern

_METHODS = ("match", "search", "fullmatch", "sub", "finditer")


class _LatePattern:
    """The methods of a compiled pattern, each there once one of them was used."""

    def __init__(self, text: str) -> None:
        self._text = text

    def __getattr__(self, name: str) -> Any:
        pattern = re.compile(self._text)
        if name in _METHODS:  # from now on without this call
            for method in _METHODS:
                self.__dict__[method] = getattr(pattern, method)
        return getattr(pattern, name)


def late_pattern(text: str) -> Pattern[str]:
    """Return what behaves as `re.compile(text)`, and is compiled when it is first used."""
    pattern: Any = _LatePattern(text)
    found: Pattern[str] = pattern
    return found
