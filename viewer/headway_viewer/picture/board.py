"""The sort order of the rows, and the operations that get one when not all fit.

Pure. A `Board` keeps operations in groups, by state, as they change. A frame looks only at
those that fit, so its cost does not grow with the number of operations.
"""

from __future__ import annotations

from itertools import islice
from typing import AbstractSet, Callable, Iterator, NamedTuple

from headway.formatting.outcome import display_name, error_text
from headway.formatting.theme import STOPPED, Line
from headway.model import Operation
from headway.states import (
    CANCELLED,
    COMPLETED,
    CRASHED,
    FAILED,
    OPEN,
    PENDING,
    RUNNING,
    UNJUDGED,
    WAITING,
)
from headway_viewer.replica.ranks import Ranks, slowest
from headway_viewer.replica.replica import Changes, Replica

# The groups of what has ended.
BROKEN = "broken"  # failed or crashed: latest first
ENDED = "ended"  # completed or cancelled: latest first
_GROUP = {
    FAILED: BROKEN,
    CRASHED: BROKEN,
    RUNNING: RUNNING,
    WAITING: WAITING,
    PENDING: PENDING,
    COMPLETED: ENDED,
    STOPPED: ENDED,
    CANCELLED: ENDED,
    UNJUDGED: ENDED,
}
# The order in which the header and what is left out of a picture are counted.
COUNTED_STATES = (
    RUNNING,
    WAITING,
    FAILED,
    CRASHED,
    PENDING,
    CANCELLED,
    UNJUDGED,
    STOPPED,
    COMPLETED,
)
MAX_EARLIER_ENDED = 3  # rows for those that broke before the viewer attached; as many for others
JUST_ENDED = 5.0  # seconds before the viewer attached: an end since then counts as seen
# The part of a picture that what has ended gets while something goes on. Doubled, the failures of a
# bad hour push what one waits for off the screen; without any, nobody sees that something failed.
ENDED_SHARE = 3
REASON_ROWS = 3  # from which on a failure has a line for its reason, beside whatever goes on
LEFT_SHOWN = 1.0  # seconds for which an operation that was left keeps its row in a terminal
_NONE: frozenset[str] = frozenset()
MIN_ID_CHARACTERS = 3  # shorter prefixes would change with nearly every new operation


class Chosen(NamedTuple):
    """The operations that fit, in the order of their rows; `more` counts the others by state."""

    operations: list[Operation]
    more: dict[str, int]


class Board:
    """The operations of a replica, grouped by state; a child is listed under its parent.

    `seen` holds the ids of root operations that were open at any time since the viewer
    attached, or had just ended, in order of arrival. `accepts` filters operations; the
    descendants of an accepted one are accepted. `silent` holds the ids without contact, `stopped`
    those whose process is stopped, `unheard` the open ones of whose host nothing is heard, or that
    it has no broker. The ranks of a job share the row of one of them, which is open while any is.
    """

    def __init__(self, replica: Replica) -> None:
        self.replica = replica
        self.accepts: Callable[[Operation], bool] | None = None
        self.tells_hosts = False  # rows begin with the host: there are several
        self.hint: Callable[[], str | None] | None = None  # text about what has not begun
        # Lines of groups (width, lines, now) in place of rows; None: each has its row.
        self.rollup: Callable[[int, int, float], list[Line] | None] | None = None
        self.seen: dict[str, None] = {}
        self.silent: set[str] = set()
        self.unheard: set[str] = set()
        self.stopped: set[str] = set()
        self._left: dict[str, float] = {}  # operation → since when it is seen to have been left
        self.now = 0.0  # the broker's time of the last changes
        # From when on (the broker's time) the end of an operation counts as seen.
        self.seen_since: Callable[[Operation], float] | None = None
        self.counts: dict[str, int] = dict.fromkeys(COUNTED_STATES, 0)
        self._shown_counts: dict[str, int] | None = None  # made when it is asked for
        self._groups: dict[str, dict[str, None]] = {
            group: {} for group in (BROKEN, RUNNING, WAITING, PENDING, ENDED)
        }
        self._state: dict[str, str] = {}  # of root operations, as it is counted
        self._children: dict[str, dict[str, None]] = {}
        self._parent: dict[str, str] = {}
        self._orphans: dict[str, set[str]] = {}  # by parent, children that arrived before it
        self._ranks = Ranks()
        self._leads: dict[str, str] = {}  # rank without a row → the one that has theirs
        self._prefixes: dict[str, str] = {}
        self._id_length = MIN_ID_CHARACTERS
        self._attached: float | None = None

    def absorb(self, changes: Changes, now: float) -> None:
        """Apply the changes of the replica; `now` is the broker's time."""
        self.now = now
        if changes.fresh or changes.removed or changes.operations:
            self._shown_counts = None
        if self._attached is None and changes.fresh:
            self._attached = now
        if changes.fresh:
            self._rebuild()
        else:
            for name in changes.removed:
                self._remove(name)
        operations = self.replica.operations
        for name in changes.operations:
            self._add(operations[name])

    def select_again(self) -> None:
        """Select the operations anew: what is accepted has changed."""
        operations, accepts = self.replica.operations, self.accepts
        for name in [name for name in self.seen if name in operations]:
            if accepts is not None and not accepts(operations[name]):
                del self.seen[name]
        self._shown_counts = None
        self._rebuild()

    def counts_as_seen(self, operation: Operation) -> bool:
        """Return whether an operation is open, or ended so late that the viewer has seen it."""
        if operation.open or operation.ended is None:
            return True
        if self.seen_since is not None:
            return operation.ended >= self.seen_since(operation)
        return self._attached is not None and operation.ended >= self._attached - JUST_ENDED

    def children(self, operation: str) -> Iterator[Operation]:
        """Yield the child operations of an operation."""
        operations = self.replica.operations
        return (operations[name] for name in self._children.get(operation, ()))

    def ranks(self, operation: str) -> list[Operation]:
        """Return the operations of a job that share the row of `operation`, by rank, or none."""
        operations = self.replica.operations
        return [operations[name] for name in self._ranks.together(operation) if name in operations]

    def row_name(self, operation: Operation) -> str:
        """Return what the row of an operation begins with: of several hosts, which, too."""
        name = display_name(operation)
        return f"{operation.host}: {name}" if self.tells_hosts and operation.host else name

    def told(self, operation: Operation) -> Operation:
        """Return whose progress the row of `operation` tells: of ranks, that of the slowest."""
        ranks = self.ranks(operation.id)
        return slowest(ranks) if ranks else operation

    def has_row(self, operation: str) -> bool:
        """Return whether an operation has a row of its own."""
        return operation in self._state

    def short_id(self, operation: str) -> str:
        """Return the shortest unique prefix of an id."""
        return operation[: self._id_length]

    @property
    def rows(self) -> int:
        """Return the number of operations that have a row of their own."""
        return len(self._state)

    @property
    def open(self) -> int:
        """Return the number of root operations that have not ended."""
        counts = self.counts
        return counts[RUNNING] + counts[WAITING] + counts[PENDING]

    def roots(self, *states: str) -> Iterator[Operation]:
        """Yield the root operations in these states, in order of arrival in their group."""
        operations = self.replica.operations
        for group in dict.fromkeys(_GROUP[state] for state in states):
            for name in self._groups[group]:
                if self._state[name] in states:
                    yield operations[name]

    def long_left(self, now: float, seconds: float = LEFT_SHOWN) -> frozenset[str]:
        """Return the ids of operations that were left more than `seconds` ago."""
        if not self._left:
            return _NONE
        return frozenset(name for name, since in self._left.items() if now - since >= seconds)

    def choose(
        self, rows: int, *, ended: bool = True, hidden: AbstractSet[str] = frozenset()
    ) -> Chosen:
        """Return the operations that get one of `rows` rows; without `ended`, open ones only.

        What goes on stands first. What has ended stands below it, failures before the rest, the
        latest first, and gets a third of the rows at most while something goes on; failures get
        that in any case. Of those that ended before the viewer attached, only the latest get one.
        Those `hidden`, which run, get none. Those left out are counted, but not what ended before.
        """
        counts = self.shown_counts() if ended else {state: self.counts[state] for state in OPEN}
        total = sum(counts.values()) - len(hidden)
        if rows <= 0:
            return Chosen([], {})
        names = self._fitting(rows, hidden, ended=ended) if total <= rows else []
        more: dict[str, int] = {}
        if total > len(names):
            names = self._fitting(rows - 1, hidden, ended=ended)  # one is for "… N more"
            more = {state: counts[state] for state in COUNTED_STATES if state in counts}
            for name in (*names, *hidden):
                more[self._state[name]] -= 1
        operations = self.replica.operations
        return Chosen([operations[name] for name in names], more)

    def _fitting(self, rows: int, hidden: AbstractSet[str], *, ended: bool) -> list[str]:
        """Return the ids of those that have room, each failure with a line that says why."""
        operations, groups = self.replica.operations, self._groups
        going = self.open - len(hidden)
        room = ended_rows(rows, going) if ended else 0
        reasons = going > 0 and (going <= rows - room or rows >= REASON_ROWS)
        broken: list[str] = []
        taken = 0  # lines of what broke
        for name in self._latest(BROKEN) if room else ():
            broken.append(name)
            taken += 1 + (reasons and has_reason(operations[name]))
            if taken >= room:
                break
        names: list[str] = []
        for group in (RUNNING, WAITING, PENDING):
            shown = (name for name in groups[group] if name not in hidden)
            names.extend(islice(shown, max(rows - taken - len(names), 0)))
        others = min(rows - taken - len(names), room - taken)
        names.extend(broken)
        if ended:
            names.extend(islice(self._latest(ENDED), max(others, 0)))
        return names

    def ordered(self) -> list[str]:
        """Return the ids of all root operations, in the sort order of the rows."""
        groups = self._groups
        return [
            *groups[RUNNING],
            *groups[WAITING],
            *groups[PENDING],
            *reversed(groups[BROKEN]),
            *reversed(groups[ENDED]),
        ]

    def shown_counts(self) -> dict[str, int]:
        """Return how many root operations there are by state, but for what ended too early.

        Of what ended before the viewer attached those alone count that may get a row.
        """
        if self._shown_counts is None:
            counts = dict(self.counts)
            for group in (BROKEN, ENDED):
                earlier = [name for name in self._groups[group] if name not in self.seen]
                for name in earlier[: max(len(earlier) - MAX_EARLIER_ENDED, 0)]:
                    counts[self._state[name]] -= 1
            self._shown_counts = counts
        return self._shown_counts

    def _latest(self, group: str) -> Iterator[str]:
        """Yield the ids of a group of ended operations that get a row, the latest first."""
        earlier = 0
        for name in reversed(self._groups[group]):
            earlier += name not in self.seen
            if earlier > MAX_EARLIER_ENDED:
                return
            yield name

    def _rebuild(self) -> None:
        operations = self.replica.operations
        for group in self._groups.values():
            group.clear()
        self.counts = dict.fromkeys(COUNTED_STATES, 0)
        self.silent.clear()
        self.unheard.clear()
        self.stopped.clear()
        self._left = {name: since for name, since in self._left.items() if name in operations}
        self._state.clear()
        self._children.clear()
        self._parent.clear()
        self._orphans.clear()
        self._ranks.clear()
        self._leads.clear()
        self._prefixes.clear()
        self._id_length = MIN_ID_CHARACTERS
        for name in [name for name in self.seen if name not in operations]:
            del self.seen[name]
        # In order of their start or end: a group is read from its latest member.
        for operation in sorted(operations.values(), key=_sort_key):
            self._add(operation)

    def _add(self, operation: Operation) -> None:
        """Place an operation, and the children that arrived before it."""
        operations = self.replica.operations
        parent = _parent_of(operation)
        if parent is not None and not self._contains(parent):
            self._orphans.setdefault(parent, set()).add(operation.id)
        new = not self._contains(operation.id)
        self._place(operation)
        if new and self._contains(operation.id):
            for child in sorted(self._orphans.pop(operation.id, ())):
                if child in operations:
                    self._add(operations[child])

    def _place(self, operation: Operation) -> None:
        name = operation.id
        parent = _parent_of(operation)
        if name not in self._state and name not in self._parent:
            self._lengthen_ids(name)
        if self.accepts is not None and not self.accepts(operation) and not self._contains(parent):
            return
        stopped = operation.stopped_since is not None
        silent = operation.silent_since is not None and operation.open and not stopped
        (self.stopped.add if stopped else self.stopped.discard)(name)
        (self.silent.add if silent else self.silent.discard)(name)
        unheard = operation.open and not operation.in_contact
        (self.unheard.add if unheard else self.unheard.discard)(name)
        if parent is not None and parent in self.replica.operations:
            if self._parent.get(name) != parent:
                self._detach(name)
                self._parent[name] = parent
                self._children.setdefault(parent, {})[name] = None
            return
        if operation.rank is not None and self._has_no_row(operation):
            return
        if self.counts_as_seen(operation):
            self.seen.setdefault(name)
        if operation.left:
            self._left.setdefault(name, self.now)
        else:
            self._left.pop(name, None)
        before = self._state.get(name)
        state = end_word(operation)
        if before == state:
            return
        if before is not None:
            self.counts[before] -= 1
            self._groups[_GROUP[before]].pop(name, None)
        self._state[name] = state
        self.counts[state] += 1
        self._groups[_GROUP[state]][name] = None

    def _has_no_row(self, operation: Operation) -> bool:
        """Return whether another rank of its job has their row, having seen to that."""
        name = operation.id
        before = self.ranks(name)
        self._ranks.add(operation)
        together = self.ranks(name)
        if not together:
            self._leads.pop(name, None)
            self._release(name, before)
            return False
        having = next((one for one in together if one.id in self._state), operation)
        if not having.open:
            having = next((one for one in together if one.open), having)
        self._leads.pop(having.id, None)
        for one in together:
            if one is not having and self._leads.get(one.id) != having.id:
                was_seen = self.seen.pop(one.id, self) is None
                self._detach(one.id)
                self._leads[one.id] = having.id
                if was_seen:
                    self.seen.setdefault(having.id)
        if having is not operation and having.id not in self._state:
            self._place(having)
        return having is not operation

    def _release(self, name: str, ranks: list[Operation]) -> None:
        """Give `ranks` another row, as `name`, which had theirs, is none of them any more."""
        for one in ranks:
            if one.id != name and self._leads.get(one.id) == name:
                del self._leads[one.id]
                self._place(one)

    def _contains(self, name: str | None) -> bool:
        return name in self._state or name in self._parent or name in self._leads

    def _detach(self, name: str) -> None:
        """Remove an operation from its group, or from its parent."""
        self._left.pop(name, None)
        state = self._state.pop(name, None)
        if state is not None:
            self.counts[state] -= 1
            self._groups[_GROUP[state]].pop(name, None)
        parent = self._parent.pop(name, None)
        if parent is not None:
            self._children.get(parent, {}).pop(name, None)

    def _remove(self, name: str) -> None:
        together = self.ranks(name)
        self._ranks.remove(name)
        self._leads.pop(name, None)
        self._detach(name)
        self._release(name, together)
        self.silent.discard(name)
        self.unheard.discard(name)
        self.stopped.discard(name)
        self.seen.pop(name, None)
        self._orphans.pop(name, None)
        for parent in [parent for parent, waiting in self._orphans.items() if name in waiting]:
            self._orphans[parent].discard(name)
            if not self._orphans[parent]:
                del self._orphans[parent]
        for child in self._children.pop(name, {}):
            self._parent.pop(child, None)
            orphan = self.replica.operations.get(child)
            if orphan is not None:
                self._place(orphan)

    def _lengthen_ids(self, name: str) -> None:
        """Lengthen the prefixes that are shown until all ids differ."""
        if self._prefixes.setdefault(name[: self._id_length], name) == name:
            return
        operations = self.replica.operations
        longest = max(map(len, operations), default=0)
        while self._id_length < longest:
            self._id_length += 1
            self._prefixes = {other[: self._id_length]: other for other in operations}
            if len(self._prefixes) == len(operations):
                return


def ended_rows(rows: int, going: int) -> int:
    """Return how many of `rows` what has ended may have beside so many that go on."""
    return rows if going <= 0 else max(rows // ENDED_SHARE, min(rows - 1, 1))


def has_reason(operation: Operation) -> bool:
    """Return whether there is more to say of a failure than its exit status."""
    return bool(operation.tail or error_text(operation))


def end_word(operation: Operation) -> str:
    """Return the state of an operation, or "stopped": completed short of its end."""
    return STOPPED if operation.stopped else operation.state


def _parent_of(operation: Operation) -> str | None:
    """Return the id of the parent operation, or None for a root."""
    parent = (operation.parent or "").partition("/")[0]
    return parent if parent and parent != operation.id else None


def _sort_key(operation: Operation) -> float:
    time = operation.started if operation.ended is None else operation.ended
    return -1e12 if time is None else time
