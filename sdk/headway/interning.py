"""One copy of a text that many operations and stages have: most names come again and again."""

from __future__ import annotations


class Words:
    """The texts that were seen; it forgets them all where they are more than `limit`."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._known: dict[str, str] = {}

    def share(self, text: str) -> str:
        """The first copy of an equal text."""
        if len(self._known) >= self._limit:
            self._known.clear()
        return self._known.setdefault(text, text)
