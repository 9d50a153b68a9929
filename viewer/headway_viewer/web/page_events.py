"""The events that wait for one open page: of each operation the last. Pure."""

from __future__ import annotations

from typing import Callable

# Events that wait at most. A page that has not read so many is given a snapshot in their place.
MOST_WAITING = 20_000
NOTE = ("note",)  # the key of what is wrong with the connection: no operation has it


class PageEvents:
    """What one page is yet to be sent; `tell()` is called when something waits.

    `wants_all` says that it knows nothing yet, or nothing any more.
    """

    def __init__(self, tell: Callable[[], None]) -> None:
        self.wants_all = True
        self._tell = tell
        self._waiting: dict[object, tuple[str, str]] = {}  # by what each is about
        self._number = 0
        self._note: str | None = None

    def begin(self, snapshot: str) -> None:
        """Add a line with all that there is, in place of what waits about operations."""
        self._clear()
        self.wants_all = False
        self.add(None, snapshot)

    def add(self, key: str | None, line: str) -> None:
        """Add a line about the operation `key`, or None; the last one about it counts."""
        self._put(key, "line", line)

    def forget(self, key: str) -> None:
        """Drop what waits about an operation that is gone."""
        self._waiting.pop(key, None)

    def tell_note(self, note: str) -> None:
        """Add what is wrong with the connection; "" for nothing."""
        if note != (self._note or ""):
            self._note = note
            self._waiting.pop(NOTE, None)  # it is told after what waits by now
            self._put(NOTE, "note", note)

    def take(self) -> list[tuple[str, str]]:
        """Return what waits, in order, and forget it."""
        waiting, self._waiting = list(self._waiting.values()), {}
        return waiting

    def _put(self, key: object, name: str, text: str) -> None:
        if key is None:
            self._number += 1
            key = self._number
        self._waiting[key] = (name, text)
        if len(self._waiting) > MOST_WAITING:
            self._clear()
            self.wants_all = True
        self._tell()

    def _clear(self) -> None:
        """Drop what waits but for the note, which no snapshot has in it."""
        self._waiting = {key: told for key, told in self._waiting.items() if key == NOTE}
