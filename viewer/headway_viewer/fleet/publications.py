"""What an uplink publishes, and when: the coalescing, and what is told until it is stored.

Pure. Nothing is queued but names: a state is made when it is sent, so an operation that changes a
hundred times while the server is away is one state when it is back. Ends are told again until the
server has stored them; one that the broker forgets meanwhile is kept, within a limit.

| an operation …               | is published                                    |
|------------------------------|-------------------------------------------------|
| is new, or has ended         | in the next batch                               |
| has changed                  | `INTERVAL` after its last state                 |
| is open and stands still     | `REFRESH` after its last state                  |
| has ended, and is not stored | again, `RETRY` after it was sent, then later    |
| was removed while open       | as removed, until that is stored                |
| any, after a reconnection    | again, the open ones first                      |

A batch goes out when the one before it has arrived, so what waits in sockets is bounded.
Absent: the bytes of a message, sockets, clocks.
"""

from __future__ import annotations

from typing import Callable, NamedTuple

INTERVAL = 0.15  # seconds between two states of an operation: some seven a second
REFRESH = 300.0  # seconds after which what stands still is told again: it may have been lost
HEARTBEAT = 10.0  # seconds between heartbeats: a viewer takes a host for unheard after 40
RETRY = 2.0  # seconds until an end that was not stored is sent again
RETRY_LONGEST = 60.0
BATCH = 500  # states at a time: about 5 MB at the most usual sizes, and 20 ms to make
UNSTORED = 200  # ends that may be on their way at a time
# Bytes of ends that the broker has forgotten before they were stored: of some 10,000 of a usual
# size, in an hour's outage three a second. What a name and its place take is counted as well.
KEPT_BYTES = 12 << 20
KEPT_EACH = 500


class Publication(NamedTuple):
    """What to send; with a `number`, `stored` or `not_stored` is to be told of it.

    `operation` None is the heartbeat. `kept` is what was handed over of an end that the broker has
    forgotten since.
    """

    operation: str | None
    number: int | None = None
    removed: bool = False
    kept: bytes | None = None


class _Known:
    """An operation: what is to be told of it, and what was."""

    __slots__ = (
        "changed",
        "kept",
        "next_try",
        "number",
        "open",
        "removed",
        "sent",
        "tries",
    )

    def __init__(self) -> None:
        self.open = True
        self.changed = True  # since it was sent
        self.removed = False
        self.sent: float | None = None
        self.number: int | None = None  # of the publication that is on its way
        self.tries = 0
        self.next_try = float("-inf")
        self.kept: bytes | None = None  # of an end that the broker has forgotten


class Publications:
    """The operations of one host, and what of them the server has."""

    def __init__(self) -> None:
        self.dropped = 0  # ends that were forgotten: more than are kept
        self._known: dict[str, _Known] = {}
        self._changed: dict[str, None] = {}  # in the order in which they are told
        self._unstored: dict[str, None] = {}  # ends and removals that the server does not have
        self._numbers: dict[int, str] = {}
        self._next_number = 1
        self._connected = False
        self._sending = False  # a batch is on its way
        self._last_heartbeat = float("-inf")
        self._next_refresh = float("inf")
        self._kept = 0

    @property
    def whole(self) -> bool:
        """Return whether all that is open has been sent since the connection."""
        return self._connected and not any(self._known[name].sent is None for name in self._changed)

    @property
    def waiting(self) -> int:
        """Return how many ends the server has not stored yet."""
        return len(self._unstored)

    def connected(self, now: float) -> None:
        """Note that the server is there: all is told again, the open ones first."""
        self._connected, self._sending = True, False
        self._last_heartbeat = float("-inf")
        self._next_refresh = now + REFRESH
        self._numbers.clear()
        ordered = sorted(self._known.items(), key=lambda one: not one[1].open)
        self._changed = {}
        for name, known in ordered:
            known.number, known.sent, known.tries, known.next_try = None, None, 0, now
            if known.open and not known.removed:
                known.changed = True
                self._changed[name] = None
            else:
                self._unstored[name] = None

    def disconnected(self) -> None:
        """Note that the server is gone."""
        self._connected = False

    def beat(self) -> None:
        """Have a heartbeat sent at once: what it tells has changed."""
        self._last_heartbeat = float("-inf")

    def arrived(self) -> None:
        """Note that the server has the last batch, or that it was lost: the next may go."""
        self._sending = False

    def change(self, name: str, *, is_open: bool) -> None:
        """Note that an operation has begun, changed or ended."""
        known = self._known.get(name)
        if known is None:
            known = self._known[name] = _Known()
        self._drop_kept(known)
        known.removed = False
        known.changed = True
        if is_open:
            known.open = True
            self._settle(name, known)
            self._changed[name] = None
            return
        if known.open:
            known.sent = None  # an end does not wait
        known.open = False
        self._changed.pop(name, None)
        self._must_store(name, known)

    def remove(self, name: str, keep: Callable[[], bytes | None]) -> None:
        """Note that the broker has forgotten an operation.

        One that was open is told as removed, an end stays where it is: the server forgets it by
        its own settings. Of an end that is not stored yet, what `keep` returns is held.
        """
        known = self._known.get(name)
        if known is None:
            return
        self._changed.pop(name, None)
        if known.open:
            known.open, known.removed, known.changed = False, True, True
            self._must_store(name, known)
        elif name not in self._unstored:
            del self._known[name]
        elif known.kept is None:
            known.kept = keep()
            self._kept += _size(known)
            self._bound()

    def stored(self, number: int) -> None:
        """Note that the server has stored the publication of that number."""
        name = self._numbers.pop(number, None)
        known = None if name is None else self._known.get(name)
        if name is None or known is None or known.number != number:
            return
        known.number = None
        if known.changed:
            return  # it has changed since: the next try tells
        self._settle(name, known)
        if known.removed or known.kept is not None:
            self._drop_kept(known)
            del self._known[name]

    def not_stored(self, number: int, now: float) -> None:
        """Note that the server has refused a publication, or has not answered."""
        name = self._numbers.pop(number, None)
        known = None if name is None else self._known.get(name)
        if known is not None and known.number == number:
            known.number = None
            known.next_try = now + min(RETRY * 2 ** min(known.tries, 10), RETRY_LONGEST)
            known.tries += 1

    def due(self, now: float) -> list[Publication]:
        """Return the next batch; nothing while the last one is on its way."""
        if not self._connected or self._sending:
            return []
        if now >= self._next_refresh:
            self._refresh(now)
        batch: list[Publication] = []
        for name in self._unstored:
            known = self._known[name]
            if len(self._numbers) >= UNSTORED or len(batch) >= BATCH:
                break
            if known.number is None and now >= known.next_try:
                number = known.number = self._next_number
                self._next_number += 1
                self._numbers[number] = name
                known.changed, known.sent = False, now
                batch.append(Publication(name, number, known.removed, known.kept))
        for name in list(self._changed):
            if len(batch) >= BATCH:
                break
            known = self._known[name]
            if known.sent is None or now >= known.sent + INTERVAL:
                del self._changed[name]
                known.changed, known.sent = False, now
                batch.append(Publication(name))
        if now >= self._last_heartbeat + HEARTBEAT:
            self._last_heartbeat = now
            batch.append(Publication(None))
        self._sending = bool(batch)
        return batch

    def deadline(self, now: float) -> float | None:
        """Return when there is something to send; None: not before something happens."""
        if not self._connected or self._sending:
            return None
        times = [self._last_heartbeat + HEARTBEAT, self._next_refresh]
        # As many as fit a batch are looked at: more of them are due at once anyway.
        for name, _ in zip(self._changed, range(BATCH)):
            sent = self._known[name].sent
            times.append(now if sent is None else sent + INTERVAL)
        if len(self._numbers) < UNSTORED:
            for name, _ in zip(self._unstored, range(BATCH)):
                if self._known[name].number is None:
                    times.append(self._known[name].next_try)
        return min(times)

    def _must_store(self, name: str, known: _Known) -> None:
        self._unstored[name] = None
        known.tries, known.next_try = 0, float("-inf")

    def _settle(self, name: str, known: _Known) -> None:
        self._unstored.pop(name, None)
        known.tries = 0
        if known.number is not None:
            self._numbers.pop(known.number, None)
            known.number = None

    def _refresh(self, now: float) -> None:
        self._next_refresh = now + REFRESH
        for name, known in self._known.items():
            if known.open and known.sent is not None and now >= known.sent + REFRESH / 2:
                self._changed.setdefault(name)

    def _drop_kept(self, known: _Known) -> None:
        self._kept -= _size(known)
        known.kept = None

    def _bound(self) -> None:
        while self._kept > KEPT_BYTES:
            name = next(name for name in self._unstored if self._known[name].kept is not None)
            known = self._known.pop(name)
            self._settle(name, known)
            self._drop_kept(known)
            self.dropped += 1


def _size(known: _Known) -> int:
    """Return what is counted of a kept end, in bytes."""
    return 0 if known.kept is None else KEPT_EACH + len(known.kept)
