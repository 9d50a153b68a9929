"""The parts of a snapshot while they come in, and what is published meanwhile.

Pure. A snapshot is spread over frames, so deltas come between its parts; they follow on it.
"""

from __future__ import annotations

from typing import NamedTuple

from headway.protocol.messages import Delta, Removed, Snapshot

BACKLOG = 1000  # messages kept between the parts of a snapshot; more means: ask again


class Collected(NamedTuple):
    """A whole snapshot, and the messages that came between its parts."""

    parts: list[Snapshot]  # in order
    backlog: list[Delta | Removed]


class SnapshotParts:
    """The parts of one snapshot so far; `instance` is the broker they come from, None without any.

    A part of another snapshot starts over.
    """

    def __init__(self) -> None:
        self.instance: str | None = None
        self._parts: dict[int, Snapshot] = {}
        self._backlog: list[Delta | Removed] = []

    def add(self, part: Snapshot) -> Collected | None:
        """Add a part; return the whole, after which there is none, or None if more is to come."""
        other = next(iter(self._parts.values()), part)
        if (other.instance, other.sequence, other.parts) != (
            part.instance,
            part.sequence,
            part.parts,
        ):
            self.clear()
        self.instance = part.instance
        self._parts[part.part] = part
        if len(self._parts) < part.parts:
            return None
        whole = Collected([self._parts[number] for number in sorted(self._parts)], self._backlog)
        self.clear()
        return whole

    def keep(self, message: Delta | Removed) -> bool:
        """Keep a message until the snapshot is whole; with too many, drop all and return False."""
        self._backlog.append(message)
        if len(self._backlog) <= BACKLOG:
            return True
        self.clear()
        return False

    def clear(self) -> None:
        """Drop the parts and what came between them."""
        self.instance = None
        self._parts = {}
        self._backlog = []
