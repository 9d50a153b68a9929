"""When followers are told what, and the numbers of what they are told.

Pure. A frame with all that is dirty follows the last one the sooner the smaller that was, so
that an update waits little beside few others; one with beginnings and ends only goes out at
once. Absent: what a frame looks like (`frames`).
"""

from __future__ import annotations

from headway.protocol import messages
from headway.protocol.wire import encode
from headway_broker.estimates.forecasts import Forecasts
from headway_broker.publishing import frames
from headway_broker.state.effects import Publish
from headway_broker.state.ledger import Entry, Ledger
from headway_broker.state.outbox import Faults
from headway_broker.state.wall_clock import Wall

TOPIC = b"d"
INBOX = b"i"
INBOX_SIZE = 17  # bytes of an inbox topic
INBOXES_LIMIT = 1_000  # snapshots that are asked for at a time
PARTS_PER_FRAME = 30  # of snapshots, so that a large one does not overrun its viewer
SOONEST = 0.005  # seconds between deltas while somebody follows …
PER_ROW = 2e-5  # … and for each operation in the last one …
PER_BYTE = 5e-8  # … and each byte of it, together about twice what it cost to make …
FRAME = 0.05  # … but no longer than this
QUIET_FRAME = 1.0  # and while nobody does
URGENT = 0.005  # seconds between deltas that carry beginnings and ends
PULSE = 2.0
SLACK = 1e-4  # a wake-up that comes so little too early is in time
REMOVED_AT_ONCE = 1_000


class Publishing:
    """The numbered stream, who follows it, and the snapshots that were asked for."""

    def __init__(
        self, instance: str, wall: Wall, ledger: Ledger, forecasts: Forecasts, faults: Faults
    ) -> None:
        self.instance = instance
        self.sequence = 0  # of the last delta or removal
        self.followers = 0
        self._wall = wall
        self._ledger = ledger
        self._forecasts = forecasts
        self._faults = faults
        self._urgent: dict[Entry, None] = {}
        self._inboxes: dict[bytes, None] = {}
        self._outgoing: list[Publish] = []  # parts of snapshots
        self._last_frame = self._last_urgent = self._last_pulse = float("-inf")
        self._pause = SOONEST

    @property
    def followed(self) -> bool:
        """Whether anybody follows."""
        return self.followers > 0

    def subscribed(self, topic: bytes, subscribe: bool) -> bool:
        """Somebody follows, asks for a snapshot, or leaves; whether that could be taken."""
        if TOPIC.startswith(topic):
            self.followers = max(0, self.followers + (1 if subscribe else -1))
        elif topic.startswith(INBOX) and len(topic) == INBOX_SIZE:
            if not subscribe:
                self._inboxes.pop(topic, None)
                self._outgoing = [part for part in self._outgoing if part.topic != topic]
            elif len(self._inboxes) < INBOXES_LIMIT:
                self._inboxes[topic] = None
            else:
                return False
        return True

    def hurry(self, entry: Entry) -> None:
        """Something of it began or ended: not to wait for the next frame."""
        self._urgent[entry] = None

    def hurry_pulse(self) -> None:
        """Tell followers at once what a pulse tells."""
        self._last_pulse = float("-inf")

    def frame_due(self, now: float) -> bool:
        """Whether the next `publish` takes all that is dirty."""
        return now >= self.next_frame() - SLACK

    def next_frame(self) -> float:
        """When the next frame may be made; estimates are made with it."""
        return self._last_frame + (self._pause if self.followed else QUIET_FRAME)

    def publish(self, now: float) -> list[Publish]:
        """What is to be sent now."""
        out: list[Publish] = []
        if self.frame_due(now):
            self._last_frame = now
            self._forecasts.estimate(list(self._ledger.dirty), now, watched=self.followed)
            dirty = list(self._ledger.dirty)
            out += self._deltas(dirty, now)
            size = sum(len(sent.frame) for sent in out)
            self._pause = min(SOONEST + PER_ROW * len(dirty) + PER_BYTE * size, FRAME)
            if self.followed:
                out += self._snapshots(now)
                if self._outgoing:
                    self._pause = FRAME
        elif self._urgent and self.followed and now - self._last_urgent >= URGENT - SLACK:
            self._forecasts.estimate(list(self._urgent), now, watched=True)
            out += self._deltas([e for e in self._urgent if e in self._ledger.dirty], now)
        removed = self._ledger.removed
        for start in range(0, len(removed), REMOVED_AT_ONCE):
            some = removed[start : start + REMOVED_AT_ONCE]
            self.sequence += 1
            message = messages.Removed(self.instance, self.sequence, now, some)
            out.append(Publish(TOPIC, encode(message)))
        self._ledger.removed = []
        if self.followed and now - self._last_pulse >= PULSE - SLACK:
            self._last_pulse = now
            pulse = messages.Pulse(self.instance, self.sequence, now, self._wall.offset + now)
            out.append(Publish(TOPIC, encode(pulse)))
        return out

    def lines(
        self, operation: str, stage: int | None, lines: list[str], now: float
    ) -> list[Publish]:
        """What an operation printed, for whoever follows."""
        if not self.followed:
            return []
        message = messages.Lines(self.instance, self.sequence, now, operation, stage, lines)
        return [Publish(TOPIC, encode(message))]

    def deadline(self, *, counted: bool) -> float | None:
        """When to publish next; `counted` says that counts wait to be looked at."""
        times: list[float] = []
        if self._urgent and self.followed:
            times.append(self._last_urgent + URGENT)
        if counted or self._ledger.dirty or self._outgoing or (self._inboxes and self.followed):
            times.append(self.next_frame())
        if self.followed:
            times.append(self._last_pulse + PULSE)
        return min(times) if times else None

    def _deltas(self, entries: list[Entry], now: float) -> list[Publish]:
        """Publish all changes of these, which are clean afterwards."""
        self._urgent.clear()
        if not entries:
            return []
        self._last_urgent = now
        found: list[bytes] = []
        if self.followed:
            rows = (row for entry in entries for row in self._rows(entry))
            found = frames.deltas(self.instance, self.sequence, now, rows)
            self.sequence += len(found)
        else:
            self.sequence += 1  # so that whoever comes back notices
        for entry in entries:
            del self._ledger.dirty[entry]
        return [Publish(TOPIC, frame) for frame in found]

    def _rows(self, entry: Entry) -> list[bytes]:
        """What changed in it; nothing where that fails, so that the others are still shown."""
        try:
            return list(frames.changed_rows(entry, self._ledger.dirty[entry]))
        except Exception as error:
            self._faults.add(f"delta of {entry.operation.id}", entry.session.id, error)
            return []

    def _snapshots(self, now: float) -> list[Publish]:
        if self._inboxes and not self._outgoing:
            entries = self._ledger.entries.values()
            self._forecasts.refresh(entries, now)
            found = frames.snapshot(
                self.instance, self.sequence, now, self._wall.offset + now, entries
            )
            self._outgoing = [Publish(inbox, frame) for inbox in self._inboxes for frame in found]
            self._inboxes.clear()
        some = self._outgoing[:PARTS_PER_FRAME]
        del self._outgoing[:PARTS_PER_FRAME]
        return some
