"""What of a process its broker does not have: operations, stages, counts, shares, output. Pure.

Handles mark what changed. A mark stays until it is taken and marks merge, so a broker that does
not read costs no memory: what goes out later is the state of that moment.
"""

from __future__ import annotations

from headway.protocol.limits import HASHES_LIMIT
from headway.protocol.messages import Work

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NamedTuple

    from headway.model import Operation, Stage
else:
    from headway.light_typing import NamedTuple

WAITING_LINES = 1_000  # log lines that wait at most; the oldest are dropped: they are no state


class Shared(NamedTuple):
    """A stage of another process that this one, a forked child, counts in."""

    operation: str
    stage: int
    attempt: int


class Printed(NamedTuple):
    """A line that an operation printed."""

    operation: str
    stage: int | None
    line: str


class Entry:
    """An operation with its marks: what of it the broker does not have."""

    __slots__ = ("changed", "model", "parted", "sent", "stored", "whole")

    def __init__(self, model: Operation) -> None:
        self.model = model
        self.stored = False  # the broker that is connected has stored it as open
        self.whole = True  # to be announced whole: new to the broker, or part of a resync
        self.changed: dict[int, Stage] = {}  # stages to announce, in order
        self.parted = False  # its end is being announced in several messages
        self.sent = 0.0  # when its end was last announced


class Marks:
    """Everything that is open, unsent or not acknowledged. Not thread-safe: its owner locks."""

    def __init__(self, *, mute: bool = False) -> None:
        # Nothing is taken for good: mark nothing but what becomes of what is known by then.
        self.mute = mute
        self.operations: dict[str, Entry] = {}  # open, or ended and not acknowledged
        self.refused_ends: dict[str, Entry] = {}  # ended, and not taken by the broker
        self.changes = 0  # of structure, so far
        self._sealed = False  # the program has ended: nothing is marked any more
        self._dirty: dict[str, Entry] = {}
        self._unacknowledged: dict[str, Entry] = {}  # ends that were sent and not acknowledged
        self._moved: dict[int, Stage] = {}
        self._moved_with_details: set[int] = set()  # whose total or detail changed too
        self._shares: dict[Shared, float] = {}
        self._told_shares: dict[Shared, float] = {}  # and not acknowledged
        self._lines: list[Printed] = []
        self._work: dict[str, Work] = {}  # by operation; the newest counts

    def changed(self, operation: Operation, stage: Stage | None = None) -> None:
        """Mark a change of `operation`, or of a stage of it, beyond counts: it is sent at once."""
        if self._sealed:
            return
        operation.revision += 1
        if self.mute and operation.id not in self.operations:
            return
        self.changes += 1
        entry = self.operations.get(operation.id)
        if entry is None:
            entry = self.operations[operation.id] = Entry(operation)
        self._unacknowledged.pop(operation.id, None)
        if stage is not None:
            entry.changed[stage.id] = stage
        self._dirty[operation.id] = entry

    def moved(self, stage: Stage, *, more: bool = False) -> None:
        """Mark that the count of `stage` moved; with `more` its total or detail as well."""
        if self.mute or self._sealed:
            return
        self._moved[stage.id] = stage
        if more:
            self._moved_with_details.add(stage.id)

    def share(self, operation: str, stage: Stage, done: float) -> None:
        """Mark the share of this process, a forked child, in a stage of another: `done` in all."""
        key = Shared(operation, stage.id, stage.attempt)
        known = key in self._shares or key in self._told_shares
        if not self._sealed and (known or not self.mute):
            self._shares[key] = done

    def log(self, operation: str, stage: int | None, lines: list[str]) -> None:
        """Queue lines of output; the oldest are dropped beyond `WAITING_LINES`."""
        if not (self.mute or self._sealed):
            self._lines += [Printed(operation, stage, line) for line in lines]
        del self._lines[:-WAITING_LINES]

    def work(self, sample: Work) -> None:
        """Queue the hidden counts of an operation, in place of those that still wait."""
        if self.mute or self._sealed:
            return
        waiting = self._work.get(sample.operation)
        if waiting is not None:
            lines = (waiting.lines + sample.lines)[-HASHES_LIMIT:]
            sample = sample._replace(lines=lines)
        self._work[sample.operation] = sample

    def seal(self, *, sealed: bool = True) -> None:
        """Mark nothing from now on: the program has ended, and what is marked is final."""
        self._sealed = sealed

    def _drop(self, entry: Entry) -> None:
        for marks in (self.operations, self._dirty, self._unacknowledged, self._work):
            marks.pop(entry.model.id, None)

    def _repeat(self, entry: Entry) -> None:
        self._unacknowledged.pop(entry.model.id, None)
        entry.whole = True
        entry.changed = dict(entry.model.stages)
        self._dirty[entry.model.id] = entry

    def _doubt_shares(self) -> None:
        self._shares = {**self._told_shares, **self._shares}

    def _clear(self) -> None:
        """Drop everything."""
        self._clear_details()
        for marks in (self.operations, self._dirty, self._unacknowledged):
            marks.clear()
        for more in (self._shares, self._told_shares):
            more.clear()

    def _clear_details(self) -> None:
        """Drop all that no spool file tells."""
        self._moved.clear()
        self._moved_with_details.clear()
        self._lines.clear()
        self._work.clear()

    @property
    def all_acknowledged(self) -> bool:
        """Return whether nothing is open and every final state and share is acknowledged.

        Shares are acknowledged only at the end of a process, when they are sent for the last
        time.
        """
        return not (self.operations or self._shares or self._told_shares)

    @property
    def awaits_ends(self) -> bool:
        """Return whether the acknowledgement of a final state may come.

        That of a share comes at the end of the process alone.
        """
        return any(not entry.model.open for entry in list(self.operations.values()))

    @property
    def has_unacknowledged(self) -> bool:
        """Return whether a final state or a share is not acknowledged.

        One that was told may be lost.
        """
        return bool(self.refused_ends or self._shares or self._told_shares) or self.awaits_ends

    def is_stored(self, operation: str) -> bool:
        """Return whether the broker has stored all that is known of an operation's state.

        So it is where it is open and its beginning is acknowledged, or where its end is.
        """
        if operation in self.refused_ends:
            return False
        entry = self.operations.get(operation)
        return entry is None or (entry.model.open and entry.stored)

    @property
    def any_open(self) -> bool:
        """Return whether an operation has not ended."""
        return any(entry.model.open for entry in list(self.operations.values()))

    def ended_size(self, enough: int) -> int:
        """Return how many operations and stages have ended and are kept; `enough` is enough."""
        size = 0
        for entry in list(self.operations.values()):
            if not entry.model.open:
                size += 1 + len(entry.model.stages)
                if size >= enough:
                    break
        return size

    @property
    def unacknowledged_ends(self) -> int:
        """Return how many final states and shares are not acknowledged."""
        shares = len({**self._told_shares, **self._shares})
        return shares + sum(not entry.model.open for entry in self._kept())

    @property
    def spool_version(self) -> object:
        """Return what differs where `spool_messages` would return something else."""
        return self.changes, {**self._told_shares, **self._shares}

    def entries(self) -> list[Entry]:
        """Return what is open or not acknowledged, by this broker or the one that refused it."""
        return self._kept()

    def _kept_of(self, operation: str) -> list[Entry]:
        found = self.refused_ends.get(operation), self.operations.get(operation)
        return [entry for entry in found if entry is not None]

    def _kept(self) -> list[Entry]:
        return [*self.refused_ends.values(), *self.operations.values()]
