"""The uplinks that a fleet is heard of by: their sessions, their clocks, and since when not.

Pure. A host that is not heard of has ended nothing: what it told stays as it was, and its rows say
so; nor has one that is heard of and has no broker, as after a reboot. Clocks are never compared: a
message tells its times by the clock of its host and when that was `now`, and the server when it has
stored it.
"""

from __future__ import annotations

from typing import NamedTuple

UNHEARD = 40.0  # seconds without a word: four heartbeats
CLOCK_SLACK = 0.25  # seconds by which messages of one clock differ: their ways take as long


class Key(NamedTuple):
    """Which uplink."""

    site: str
    host: str
    reporter: str


class Host:
    """One uplink; times are the viewer's."""

    __slots__ = (
        "_ahead",
        "_clock",
        "heard",
        "no_broker",
        "operations",
        "session",
        "told",
        "unheard",
        "whole",
    )

    def __init__(self) -> None:
        self.heard = float("-inf")
        self.session = ""
        self.whole = False  # all that is open was told in this session
        self.unheard = False
        self.no_broker: float | None = None  # since when it has none, by its last heartbeat
        # The `contact` that its operations tell; None: not all of them do.
        self.told: tuple[float | None, float | None] | None = (None, None)
        self.operations: dict[str, str] = {}  # id → the session that it was told in last
        self._clock = ""  # session
        self._ahead = 0.0  # the viewer's clock less the host's

    def hear(self, at: float) -> None:
        """Note that it was heard of at `at`."""
        self.heard = max(self.heard, at)

    def beat(self, session: str, at: float, *, whole: bool, absent: float | None) -> None:
        """Take a heartbeat in, which was sent at `at`."""
        self.session, self.whole = session, whole
        since = None if absent is None else at - absent
        # The ways of heartbeats differ in length: the same absence has one beginning.
        if since is None or self.no_broker is None or abs(since - self.no_broker) > CLOCK_SLACK:
            self.no_broker = since

    @property
    def contact(self) -> tuple[float | None, float | None]:
        """Return since when it is unheard and has no broker; None: it is heard, and has one."""
        return (self.heard if self.unheard else None), self.no_broker

    def shift(self, session: str, now: float, at: float) -> float:
        """Return what is to be added to times of a message that told `now` at `at`."""
        ahead = at - now
        if self._clock != session or abs(ahead - self._ahead) > CLOCK_SLACK:
            self._clock, self._ahead = session, ahead
        return self._ahead


class Hosts:
    """All uplinks that were heard of."""

    def __init__(self) -> None:
        self.known: dict[Key, Host] = {}

    def get(self, key: Key) -> Host:
        """Return an uplink, a new one where it was not heard of before."""
        host = self.known.get(key)
        if host is None:
            host = self.known[key] = Host()
        return host

    def look(self, local: float) -> list[Host]:
        """Return those of which the operations are to be told another `contact`."""
        changed: list[Host] = []
        for host in self.known.values():
            host.unheard = local - host.heard >= UNHEARD
            contact = host.contact
            if host.told != contact:
                host.told = contact
                changed.append(host)
        return changed

    def deadline(self) -> float | None:
        """Return when the next will not have been heard of, or None."""
        times = [host.heard + UNHEARD for host in self.known.values() if not host.unheard]
        return min(times) if times else None
