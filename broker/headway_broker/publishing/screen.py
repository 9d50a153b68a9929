"""The stream of screens: with each frame the rows that a screen can show, all others in turn.

Pure. A screen has some fifty rows: what runs, then what waits. Here each group is ordered by its
beginnings, on a screen by arrival, so that what waited and goes on may be among the first here and
not there. Thousands of operations may move, of which nobody can see more. So a screen
is told of beginnings, ends and changes of stages as followers are; of counts and figures at once
for the first of that order, and for the others some with each frame, the longest untold first.
Nothing is left out for good. The stream has a sequence and snapshots of its own; its rows are those
of `Delta`. Absent: who looks (`subscriptions`), and when a frame is made (`stream`).
"""

from __future__ import annotations

from itertools import islice
from typing import Iterable, Mapping

from headway.protocol import messages
from headway.protocol.limits import SCREEN_OPERATIONS
from headway.protocol.wire import encode
from headway.states import PENDING, RUNNING, WAITING
from headway_broker.publishing import frames
from headway_broker.publishing.changed_rows import ChangedRows
from headway_broker.publishing.frames import Block
from headway_broker.publishing.snapshots import Snapshots
from headway_broker.state.effects import Publish
from headway_broker.state.entry import Entry, Marks
from headway_broker.state.ledger import Ledger
from headway_broker.state.sessions import Session

# Operations whose rows are in each frame. Their children are, too, as long as these and they are no
# more than twice as many.
FIRST = SCREEN_OPERATIONS
# Rows of others in a frame: at twenty frames a second, ten thousand that move take ten seconds. A
# row costs some 10 microseconds here, and 30 in the viewer.
IN_TURN = 50
FRAMES_PER_SECOND = 20  # of a crowd that moves
# Seconds for which the counts of the others wait: half of the time in which all are told, within
# these bounds. What waits is applied for less, and no stall is looked for in so short a time.
OTHERS_WAIT = (2.0, 5.0)
# Stages of one of the first whose counts do not wait for the others', so that frames stay cheap.
STAGES_LOOKED_AT = 200
CHOOSE_EVERY = 5.0  # seconds between looks which are the first …
CHOOSE_SOON = 0.25  # … and where one has begun, ended, or gone
_GROUPS = {RUNNING: 0, WAITING: 1, PENDING: 2}
SLACK = 1e-4  # seconds by which a timer may be early and still count as due


class Screen:
    """The stream of one broker for screens; `sequence` numbers its deltas and removals."""

    def __init__(
        self, instance: str, ledger: Ledger, snapshots: Snapshots, rows: ChangedRows
    ) -> None:
        self.sequence = 0
        self.snapshots = snapshots
        self.first: dict[Entry, int] = {}  # and the place of each
        self._instance = instance
        self._ledger = ledger
        self._rows = rows
        self._untold: dict[Entry, Marks] = {}  # what changed in the others, the longest ago first
        self._choose_at = self._chosen = float("-inf")
        # What `stages` returns, until others are the first or a stage of any has begun or ended.
        self._running: dict[Session, list[int]] | None = None

    @property
    def crowded(self) -> bool:
        """Return whether there are more operations than are told of with each frame."""
        return self._ledger.opened > FIRST

    @property
    def others_wait(self) -> float:
        """Return for how many seconds the counts of the others wait."""
        least, most = OTHERS_WAIT
        return min(max(least, self._ledger.opened / (2 * IN_TURN * FRAMES_PER_SECOND)), most)

    @property
    def waiting(self) -> bool:
        """Return whether any rows wait for their turn."""
        return bool(self._untold)

    def forget(self) -> None:
        """Forget what is still to be told: nobody looks any more."""
        self._choose_at = float("-inf")  # what begins and ends meanwhile is not looked at
        if self._untold:
            self._untold.clear()
            self.sequence += 1  # who comes back notices the gap

    def choose(self, now: float) -> None:
        """Look again which operations are the first, if it is time."""
        if now < self._choose_at - SLACK:
            return
        self._chosen, self._choose_at = now, now + CHOOSE_EVERY
        entries = self._ledger.entries
        roots: list[Entry] = []
        children: dict[str, list[Entry]] = {}
        for entry in entries.values():
            operation = entry.operation
            if not operation.open:
                continue
            above = operation.parent.partition("/")[0] if operation.parent else ""
            if above in entries and above != operation.id:
                children.setdefault(above, []).append(entry)
            else:
                roots.append(entry)
        roots.sort(key=_place)
        first = roots[:FIRST]
        for entry in first:  # which grows meanwhile
            room = 2 * FIRST - len(first)
            first += children.get(entry.operation.id, ())[: max(room, 0)]
        self.first = {entry: place for place, entry in enumerate(first)}
        self._running = None

    def stages(self, now: float) -> dict[Session, list[int]]:
        """Return the stages of the first operations that may move, by who counts in them."""
        self.choose(now)
        if self._running is None:
            found: dict[Session, list[int]] = {}
            for entry in self.first:
                stages = islice(entry.operation.stages.values(), STAGES_LOOKED_AT)
                running = [stage.id for stage in stages if stage.state == RUNNING]
                found.setdefault(entry.session, []).extend(running)
            self._running = found
        return self._running

    def changed(
        self,
        entries: Iterable[Entry],
        made: Mapping[Entry, list[bytes]],
        now: float,
    ) -> list[Publish]:
        """Return the deltas of dirty operations that are told at once; the others wait.

        Those that are `made` already have these rows.
        """
        found: list[Block] = []
        told: list[tuple[Entry, Marks]] = []
        crowded = self.crowded
        if crowded:
            self.choose(now)
        for entry in entries:
            marks = self._ledger.dirty[entry]
            untold = self._untold.get(entry)
            if marks.structure or marks.stages:
                self._running = None
            if marks.structure:
                self._choose_soon()
            if crowded and entry not in self.first and _can_wait(entry, marks):
                if untold is None:
                    self._untold[entry] = marks
                else:
                    untold.add(marks)
            elif untold is not None:
                del self._untold[entry]
                untold.add(marks)
                told.append((entry, untold))
            elif entry in made:
                found += map(frames.single, made[entry])
            else:
                told.append((entry, marks))
        found += self._rows.blocks(told, followed=True)
        return self._deltas(found, now)

    def in_turn(self, now: float) -> list[Publish]:
        """Return the deltas of those whose turn it is."""
        told: list[tuple[Entry, Marks]] = []
        # The end of one that is held is not stored yet, and not to be told.
        may = (entry for entry in self._untold if entry not in self._ledger.held)
        for entry in list(islice(may, IN_TURN)):
            marks = self._untold.pop(entry)
            if self._ledger.entries.get(entry.operation.id) is entry:
                told.append((entry, marks))
        return self._deltas(list(self._rows.blocks(told, followed=True)), now)

    def removed(self, operations: list[str], now: float) -> Publish:
        """Return the message that these operations are no longer kept."""
        self._choose_soon()
        self.sequence += 1
        message = messages.Removed(self._instance, self.sequence, now, operations)
        return Publish(messages.SCREEN_TOPIC, encode(message))

    def pulse(self, now: float, wall: float) -> Publish:
        """Return the heartbeat of the stream; `wall` is `now` as Unix time."""
        message = messages.Pulse(self._instance, self.sequence, now, wall)
        return Publish(messages.SCREEN_TOPIC, encode(message))

    def _choose_soon(self) -> None:
        self._choose_at = min(self._choose_at, self._chosen + CHOOSE_SOON)

    def _deltas(self, found: list[Block], now: float) -> list[Publish]:
        if not found:
            return []
        made = frames.deltas_of(self._instance, self.sequence, now, found)
        self.sequence += len(made)
        return [Publish(messages.SCREEN_TOPIC, frame) for frame in made]


def _can_wait(entry: Entry, marks: Marks) -> bool:
    """Return whether counts and figures alone have changed, of what goes on."""
    return entry.operation.open and not (marks.structure or marks.stages or marks.shares)


def _place(entry: Entry) -> tuple[int, float]:
    """Return the place of an operation in the order of the rows."""
    operation = entry.operation
    started = operation.started
    return _GROUPS.get(operation.state, len(_GROUPS)), 0.0 if started is None else started
