"""Interning of texts: one copy of each name that many operations and stages have."""

from __future__ import annotations


class Interner:
    """The texts that were seen; it drops them all once there are more than `limit`."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._known: dict[str, str] = {}

    def intern(self, text: str) -> str:
        """Return the first copy of an equal text."""
        if len(self._known) >= self._limit:
            self._known.clear()
        return self._known.setdefault(text, text)
