"""Which open operations wait for earlier runs of their key, and which for what they are inside of.

Pure. The runs of a key are asked for once, however many operations wait for them; and again where
no answer comes. An operation that came before what it is inside of has another key afterwards.
"""

from __future__ import annotations

from headway_broker.estimates.history_keys import Keys
from headway_broker.state.entry import Entry

HISTORY_TIMEOUT = 2.0  # seconds to wait for earlier runs before a forecast begins without


class AwaitedRuns:
    """Operations whose runs are still to be read; the length is their number."""

    def __init__(self) -> None:
        self._waiting: dict[str, dict[Entry, None]] = {}  # key → those that wait for its runs
        self._displaced: dict[str, dict[Entry, None]] = {}  # missing parent → those below it
        self._asked: dict[str, float] = {}  # key → when its runs were asked for

    def __len__(self) -> int:
        return sum(map(len, self._waiting.values()))

    def wait(self, entry: Entry, key: str, now: float) -> bool:
        """Let an operation wait for the runs of a key; return whether they are to be asked for."""
        self._waiting.setdefault(key, {})[entry] = None
        asked = self._asked.get(key)
        if asked is not None and now - asked < HISTORY_TIMEOUT:
            return False
        self._asked[key] = now
        return True

    def take(self, key: str) -> list[Entry]:
        """Return the operations that waited for the runs of a key, which have come."""
        self._asked.pop(key, None)
        return list(self._waiting.pop(key, ()))

    def displace(self, entry: Entry, missing: str) -> None:
        """Note an operation that came before `missing`, which it is inside of."""
        self._displaced.setdefault(missing, {})[entry] = None

    def take_displaced(self, operation: str) -> list[Entry]:
        """Return the operations that came before this one, which has come."""
        return list(self._displaced.pop(operation, ()))

    def drop(self, entry: Entry, keys: Keys) -> None:
        """Let an operation wait no more."""
        _drop(self._waiting, keys.key, entry)
        if keys.missing is not None:
            _drop(self._displaced, keys.missing, entry)


def _drop(waiting: dict[str, dict[Entry, None]], key: str, entry: Entry) -> None:
    entries = waiting.get(key)
    if entries is not None:
        entries.pop(entry, None)
        if not entries:
            del waiting[key]
