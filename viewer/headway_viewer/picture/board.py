"""Which operations get the rows of a screen when there are more operations than rows.

Pure. A `Board` sorts operations into groups as they change, so that a frame looks only at
those that fit: its cost does not grow with the number of operations.
"""

from __future__ import annotations

from itertools import islice
from typing import Callable, Iterable, Iterator, NamedTuple

from headway.model import (
    CANCELLED,
    COMPLETED,
    CRASHED,
    FAILED,
    OPEN,
    PENDING,
    RUNNING,
    WAITING,
    Operation,
)
from headway_viewer.replica.replica import Changes, Replica

# The groups, in the order in which they are given rows.
BROKEN = "broken"  # failed or crashed: latest first
ENDED = "ended"  # completed or cancelled: latest first
_GROUP = {
    FAILED: BROKEN,
    CRASHED: BROKEN,
    RUNNING: RUNNING,
    WAITING: WAITING,
    PENDING: PENDING,
    COMPLETED: ENDED,
    CANCELLED: ENDED,
}
COUNTED = (RUNNING, WAITING, PENDING, COMPLETED, CANCELLED, CRASHED, FAILED)
EARLIER = 3  # that failed, and as many that did not, of those from before the viewer came
JUST_ENDED = 5.0  # seconds before a viewer came: what ended then, it is about to be asked for
SHORTEST = 3  # characters of an id that are shown at least


class Chosen(NamedTuple):
    """What fits: operations in the order of the screen, and how many of which state do not."""

    operations: list[Operation]
    more: dict[str, int]


class Board:
    """The operations of a replica, grouped; children stand below their parent's row.

    `seen` holds those with a row of their own that were open at any time since the viewer
    came, or had just ended, in order of arrival. `accepts` says which operations there are to
    be; others, unless they are part of one of these, are as if they were not.
    """

    def __init__(self, replica: Replica) -> None:
        self.replica = replica
        self.accepts: Callable[[Operation], bool] | None = None
        self.awaited: Callable[[], str | None] | None = None  # what is to begin, for people
        self.seen: dict[str, None] = {}
        self.silent: set[str] = set()
        self.counts: dict[str, int] = dict.fromkeys(COUNTED, 0)
        self._groups: dict[str, dict[str, None]] = {
            group: {} for group in (BROKEN, RUNNING, WAITING, PENDING, ENDED)
        }
        self._state: dict[str, str] = {}  # of those that have a row of their own
        self._children: dict[str, dict[str, None]] = {}
        self._parent: dict[str, str] = {}
        self._early: dict[str, set[str]] = {}  # by parent, those that came before it
        self._prefixes: dict[str, str] = {}
        self._short = SHORTEST
        self._came: float | None = None

    def absorb(self, changes: Changes, now: float) -> None:
        """Take over what has changed in the replica; `now` is the broker's time."""
        if self._came is None and changes.fresh:
            self._came = now
        if changes.fresh:
            self._start_over()
        else:
            for name in changes.removed:
                self._forget(name)
        operations = self.replica.operations
        for name in changes.operations:
            self._come(operations[name])

    def children(self, operation: str) -> Iterator[Operation]:
        """The operations that are part of this one."""
        operations = self.replica.operations
        return (operations[name] for name in self._children.get(operation, ()))

    def has_row(self, operation: str) -> bool:
        """Whether it has a row of its own here."""
        return operation in self._state

    def short(self, operation: str) -> str:
        """As much of an id as tells it from all others."""
        return operation[: self._short]

    @property
    def open(self) -> int:
        """How many operations with a row of their own have not ended."""
        counts = self.counts
        return counts[RUNNING] + counts[WAITING] + counts[PENDING]

    def roots(self, *states: str) -> Iterator[Operation]:
        """The operations with a row of their own in these states, in order of arrival there."""
        operations = self.replica.operations
        for group in dict.fromkeys(_GROUP[state] for state in states):
            for name in self._groups[group]:
                if self._state[name] in states:
                    yield operations[name]

    def choose(self, room: int, *, ended: bool = True) -> Chosen:
        """The operations that get the `room` rows, one each; without `ended` only open ones.

        Failed and running first. Where both want all, what failed gets half of the room.
        Of what had ended before the viewer came, only the latest few.
        """
        total = len(self._state) if ended else self.open
        if room <= 0:
            return Chosen([], {})
        if total > room:
            room -= 1  # for "… N more"
        groups = self._groups
        going = len(groups[RUNNING]) + len(groups[WAITING])
        broken = max(room - going, (room + 1) // 2)
        names = list(islice(self._latest(BROKEN), broken))[::-1] if ended else []
        for group in (RUNNING, WAITING, PENDING):
            names.extend(islice(groups[group], max(room - len(names), 0)))
        if ended:
            names.extend(islice(self._latest(ENDED), max(room - len(names), 0)))
        more: dict[str, int] = {}
        if total > len(names):
            more = {state: self.counts[state] for state in COUNTED if ended or state in OPEN}
            for name in names:
                more[self._state[name]] -= 1
        operations = self.replica.operations
        return Chosen([operations[name] for name in names], more)

    def _latest(self, group: str) -> Iterator[str]:
        """Those of a group of ended operations that are worth a row, the latest first."""
        earlier = 0
        for name in reversed(self._groups[group]):
            earlier += name not in self.seen
            if earlier > EARLIER:
                return
            yield name

    def _start_over(self) -> None:
        for group in self._groups.values():
            group.clear()
        self.counts = dict.fromkeys(COUNTED, 0)
        self.silent.clear()
        self._state.clear()
        self._children.clear()
        self._parent.clear()
        self._early.clear()
        self._prefixes.clear()
        self._short = SHORTEST
        known = self.replica.operations
        for name in [name for name in self.seen if name not in known]:
            del self.seen[name]
        # In the order in which they began or ended, so that "latest" means something.
        for operation in sorted(known.values(), key=_when):
            self._come(operation)

    def _come(self, operation: Operation) -> None:
        """Place an operation, and below it what came before it and is part of it."""
        known = self.replica.operations
        parent = _parent_of(operation)
        if parent is not None and not self._knows(parent):
            self._early.setdefault(parent, set()).add(operation.id)
        new = not self._knows(operation.id)
        self._place(operation)
        if new and self._knows(operation.id):
            for child in sorted(self._early.pop(operation.id, ())):
                if child in known:
                    self._come(known[child])

    def _place(self, operation: Operation) -> None:
        name = operation.id
        parent = _parent_of(operation)
        if name not in self._state and name not in self._parent:
            self._count_prefix(name)
        if self.accepts is not None and not self.accepts(operation) and not self._knows(parent):
            return
        if operation.silent_since is not None and operation.open:
            self.silent.add(name)
        else:
            self.silent.discard(name)
        if parent is not None and parent in self.replica.operations:
            if self._parent.get(name) != parent:
                self._leave(name)
                self._parent[name] = parent
                self._children.setdefault(parent, {})[name] = None
            return
        if operation.open or operation.ended is None or operation.ended >= self._since():
            self.seen.setdefault(name)
        before = self._state.get(name)
        state = operation.state
        if before == state:
            return
        if before is not None:
            self.counts[before] -= 1
            self._groups[_GROUP[before]].pop(name, None)
        self._state[name] = state
        self.counts[state] += 1
        self._groups[_GROUP[state]][name] = None

    def _knows(self, name: str | None) -> bool:
        return name in self._state or name in self._parent

    def _since(self) -> float:
        return float("inf") if self._came is None else self._came - JUST_ENDED

    def _leave(self, name: str) -> None:
        """Take an operation off its row, or from below its parent."""
        state = self._state.pop(name, None)
        if state is not None:
            self.counts[state] -= 1
            self._groups[_GROUP[state]].pop(name, None)
        parent = self._parent.pop(name, None)
        if parent is not None:
            self._children.get(parent, {}).pop(name, None)

    def _forget(self, name: str) -> None:
        self._leave(name)
        self.silent.discard(name)
        self.seen.pop(name, None)
        self._early.pop(name, None)
        for parent in [parent for parent, early in self._early.items() if name in early]:
            self._early[parent].discard(name)
            if not self._early[parent]:
                del self._early[parent]
        for child in self._children.pop(name, {}):
            self._parent.pop(child, None)
            orphan = self.replica.operations.get(child)
            if orphan is not None:
                self._place(orphan)

    def _count_prefix(self, name: str) -> None:
        """Lengthen what is shown of an id until all that are known differ."""
        if self._prefixes.setdefault(name[: self._short], name) == name:
            return
        known = self.replica.operations
        longest = max(map(len, known), default=0)
        while self._short < longest:
            self._short += 1
            self._prefixes = {other[: self._short]: other for other in known}
            if len(self._prefixes) == len(known):
                return


def _parent_of(operation: Operation) -> str | None:
    """The id of the operation that it is part of, if it is one of another."""
    parent = (operation.parent or "").partition("/")[0]
    return parent if parent and parent != operation.id else None


def _when(operation: Operation) -> float:
    time = operation.started if operation.ended is None else operation.ended
    return -1e12 if time is None else time


def find(operations: Iterable[Operation], wanted: str) -> list[Operation]:
    """The operations that `wanted` can mean: an id, the beginning of one, or a name.

    An open operation of that name is meant rather than ended ones. More than one means that
    `wanted` is not unique.
    """
    listed = list(operations)
    for operation in listed:
        if operation.id == wanted:
            return [operation]
    named = [operation for operation in listed if operation.name == wanted]
    if named:
        return [operation for operation in named if operation.open] or named
    folded = wanted.lower()
    return [operation for operation in listed if folded and operation.id.lower().startswith(folded)]
