"""The published stream: numbered deltas, snapshots and pulses, and when each is sent.

Pure. A frame carries one delta per dirty operation, however often it changed (conflation). The
pause after a frame grows with its cost, so that few changes are published within 5 ms and many
at 20 frames a second; beginnings and ends go out in a frame of their own, at once. An end that is
not stored yet (`Ledger.held`) is in no frame and no snapshot. Snapshots are
sent in-band, on an inbox topic of the same socket: a separate request would leave a gap between
snapshot and deltas. Absent: the bytes of a frame (`frames`), who follows (`subscriptions`), and
which snapshots are on their way (`snapshots`).
"""

from __future__ import annotations

from headway.protocol import messages
from headway.protocol.wire import encode
from headway_broker.estimates.counted_progress import count_stages
from headway_broker.estimates.forecasts import Forecasts
from headway_broker.publishing import frames
from headway_broker.publishing.changed_rows import ChangedRows
from headway_broker.publishing.events import Events
from headway_broker.publishing.overviews import Overviews
from headway_broker.publishing.screen import Screen
from headway_broker.publishing.snapshots import Snapshots
from headway_broker.publishing.subscriptions import Subscriptions
from headway_broker.state.effects import Publish
from headway_broker.state.entry import Entry
from headway_broker.state.ledger import Ledger
from headway_broker.state.wall_clock import WallClock

# The pause after a frame, in seconds, while a viewer follows: a minimum, plus about twice what the
# frame cost to make by rows and by bytes, so that publishing takes about a third of a core; and a
# maximum, at which motion still looks smooth (20 frames a second).
PAUSE_MIN = 0.005
PAUSE_PER_ROW = 2e-5
PAUSE_PER_BYTE = 5e-8
PAUSE_MAX = 0.05
QUIET_PAUSE = 1.0  # while no viewer follows: counts are still applied, and sent to who attends
URGENT_PAUSE = 0.005  # seconds between frames of beginnings and ends
PULSE_EVERY = 2.0  # seconds between pulses, by which a viewer knows that the broker lives
# Seconds by which a pulse may be early or late while nobody looks, so that it goes out with what
# wakes the broker anyway, such as a heartbeat: a listener waits for three of them.
PULSE_LEEWAY = 0.9
SLACK = 1e-4  # seconds by which a timer may be early and still count as due
REMOVED_AT_ONCE = 1_000  # ids in a Removed message, far below the limit of a frame


class Stream:
    """The stream of one broker: `sequence` numbers its deltas and removals."""

    def __init__(
        self,
        instance: str,
        wall_clock: WallClock,
        ledger: Ledger,
        forecasts: Forecasts,
        subscriptions: Subscriptions,
        snapshots: Snapshots,
        events: Events,
        overviews: Overviews,
        screen: Screen,
        rows: ChangedRows,
    ) -> None:
        self.instance = instance
        self.sequence = 0  # of the last delta or removal
        self._wall_clock = wall_clock
        self._ledger = ledger
        self._forecasts = forecasts
        self._subscriptions = subscriptions
        self._snapshots = snapshots
        self._events = events
        self._overviews = overviews
        self._screen = screen
        self._rows = rows
        self._urgent: dict[Entry, None] = {}
        self._last_frame = self._last_urgent = self._last_pulse = float("-inf")
        self._next_overview = float("-inf")  # when more parts may be sent
        self._pause = PAUSE_MIN

    def hurry(self, entry: Entry) -> None:
        """Publish an operation without waiting for the next frame: something began or ended."""
        self._urgent[entry] = None

    def hurry_pulse(self) -> None:
        """Send the next pulse at once: the wall clock in it has jumped."""
        self._last_pulse = float("-inf")

    def frame_due(self, now: float) -> bool:
        """Return whether the next `publish` makes a frame of all dirty operations."""
        return now >= self.next_frame() - SLACK

    @property
    def is_crowded(self) -> bool:
        """Return whether screens alone look, and there is more than they show."""
        subscriptions = self._subscriptions
        return subscriptions.screened and not subscriptions.streamed and self._screen.crowded

    def next_frame(self) -> float:
        """Return when the next frame may be made; estimates are made with it."""
        soon = self._subscriptions.followed or self._snapshots_wait()
        return self._last_frame + (self._pause if soon else QUIET_PAUSE)

    def publish(self, now: float) -> list[Publish]:
        """Return what to send now."""
        out: list[Publish] = []
        followed, listened = self._subscriptions.followed, self._subscriptions.listened
        streamed, screened = self._subscriptions.streamed, self._subscriptions.screened
        if not listened:
            self._events.forget()
        if not screened:
            self._screen.forget()
        if self.frame_due(now):
            out += self._frame(now, watched=followed)
        elif (
            self._urgent
            and (streamed or screened or listened)
            and now - self._last_urgent >= URGENT_PAUSE - SLACK
        ):
            self._forecasts.estimate(list(self._urgent), now, watched=followed)
            out += self._deltas([e for e in self._urgent if e in self._ledger.dirty], now)
        removed = self._ledger.removed
        for start in range(0, len(removed), REMOVED_AT_ONCE):
            some = removed[start : start + REMOVED_AT_ONCE]
            self.sequence += 1
            message = messages.Removed(self.instance, self.sequence, now, some)
            out.append(Publish(messages.STATES_TOPIC, encode(message)))
            told = self._screen.removed(some, now)
            if screened:
                out.append(told)
            if listened:
                out.append(self._events.removed(some, now))
        self._ledger.removed = []
        wall = self._wall_clock.offset + now
        if listened:
            out += self._events.snapshot_parts(now, wall)
        if self._overviews.wanted and now >= self._next_overview - SLACK:
            out += self._overviews.parts(self.sequence, now, wall)
            if self._overviews.snapshots.pending:
                self._next_overview = now + PAUSE_MAX
        anybody = streamed or screened or listened
        leeway = SLACK if followed else PULSE_LEEWAY
        if anybody and now - self._last_pulse >= PULSE_EVERY - leeway:
            self._last_pulse = now
            if streamed:
                pulse = messages.Pulse(self.instance, self.sequence, now, wall)
                out.append(Publish(messages.STATES_TOPIC, encode(pulse)))
            if screened:
                out.append(self._screen.pulse(now, wall))
            if listened:
                out.append(self._events.pulse(now, wall))
        return out

    def _frame(self, now: float, *, watched: bool) -> list[Publish]:
        """Return the frame of all dirty operations, and parts of snapshots behind it."""
        self._last_frame = now
        streamed, screened = self._subscriptions.streamed, self._subscriptions.screened
        crowded = self.is_crowded
        seen = self._screen.first if crowded else None
        listened = self._subscriptions.listened
        self._forecasts.estimate(
            list(self._ledger.dirty), now, watched=watched, seen=seen, listened=listened
        )
        dirty = list(self._ledger.dirty)
        out = self._deltas(dirty, now)
        if screened:
            out += self._screen.in_turn(now)
        size = sum(len(sent.frame) for sent in out)
        self._pause = min(PAUSE_MIN + PAUSE_PER_ROW * len(dirty) + PAUSE_PER_BYTE * size, PAUSE_MAX)
        if streamed:
            out += self._snapshot_parts(self._snapshots, self.sequence, now)
        if screened:
            out += self._snapshot_parts(self._screen.snapshots, self._screen.sequence, now)
        if crowded or self._snapshots_wait():
            self._pause = PAUSE_MAX
        return out

    def _snapshots_wait(self) -> bool:
        """Return whether snapshots of followers wait to be made or sent."""
        subscriptions, screens = self._subscriptions, self._screen.snapshots
        return (
            subscriptions.streamed and (self._snapshots.pending or self._snapshots.requested)
        ) or (subscriptions.screened and (screens.pending or screens.requested))

    def lines(
        self, operation: str, stage: int | None, lines: list[str], now: float
    ) -> list[Publish]:
        """Return the message with lines of output, if anybody follows."""
        if not self._subscriptions.followed_whole:
            return []
        message = messages.Lines(self.instance, self.sequence, now, operation, stage, lines)
        return [Publish(messages.STREAM_TOPIC, encode(message))]

    def work(self, sample: messages.Work) -> list[Publish]:
        """Return the message with a sample of hidden counts, if anybody follows."""
        if not self._subscriptions.followed_whole:
            return []
        message = messages.WorkDone(
            self.instance,
            self.sequence,
            sample.now,
            sample.operation,
            sample.cpu,
            sample.read,
            sample.written,
            sample.lines,
        )
        return [Publish(messages.STREAM_TOPIC, encode(message))]

    def deadline(self, *, counted: bool) -> float | None:
        """Return when to publish next; `counted` says that merged counts wait."""
        times: list[float] = []
        streamed, listened = self._subscriptions.streamed, self._subscriptions.listened
        screened = self._subscriptions.screened
        if self._urgent and (streamed or screened or listened):
            times.append(self._last_urgent + URGENT_PAUSE)
        if listened:
            times += self._snapshots_due(self._events.snapshots)
        if self._overviews.wanted:
            # Its parts do not wait for frames, of which there is one a second while nobody follows.
            asked = self._overviews.snapshots
            due = self._next_overview if asked.pending else asked.not_before
            times.append(max(due, self._next_overview))
        if (
            counted
            or self._ledger.dirty
            or self._snapshots.pending
            or self._snapshots_wait()
            or self._screen.waiting
        ):
            times.append(self.next_frame())
        if streamed or screened or listened:
            leeway = 0.0 if self._subscriptions.followed else PULSE_LEEWAY
            times.append(self._last_pulse + PULSE_EVERY + leeway)
        return min(times) if times else None

    def _snapshots_due(self, snapshots: Snapshots) -> list[float]:
        if snapshots.pending:
            return [self.next_frame()]
        return [snapshots.not_before] if snapshots.requested else []

    def _deltas(self, entries: list[Entry], now: float) -> list[Publish]:
        """Return the deltas of these operations, which are clean afterwards."""
        self._urgent.clear()
        if not entries:
            return []
        self._last_urgent = now
        made: dict[Entry, list[bytes]] = {}
        found: list[bytes] = []
        dirty = self._ledger.dirty
        streamed, screened = self._subscriptions.streamed, self._subscriptions.screened
        events = self._events.changed(entries, now) if self._subscriptions.listened else []
        followed = self._subscriptions.followed
        if streamed and screened:  # what both are told is packed once
            made = {
                entry: self._rows.of(entry, dirty[entry], followed=followed) for entry in entries
            }
            rows = (row for entry in entries for row in made[entry])
            found = frames.deltas(self.instance, self.sequence, now, rows)
        elif streamed:
            changes = ((entry, dirty[entry]) for entry in entries)
            blocks = self._rows.blocks(changes, followed=followed)
            found = frames.deltas_of(self.instance, self.sequence, now, blocks)
        self.sequence += len(found) or 1  # a viewer that comes back notices the gap
        if screened:
            screens = self._screen.changed(entries, made, now)
        else:
            screens = []
            self._screen.sequence += 1
        for entry in entries:
            del dirty[entry]
        return [*(Publish(messages.STATES_TOPIC, frame) for frame in found), *screens, *events]

    def _snapshot_parts(self, snapshots: Snapshots, sequence: int, now: float) -> list[Publish]:
        storing = self._ledger.held and now < snapshots.awaits_ends_until
        if snapshots.due(now) and not storing:
            entries = self._ledger.entries.values()
            for entry in entries:
                count_stages(entry.operation.stages.values())
            self._forecasts.refresh(entries, now)
            wall = self._wall_clock.offset + now
            held = self._ledger.held
            snapshots.answer(
                frames.snapshot(self.instance, sequence, now, wall, entries, held), now
            )
        return snapshots.take()
