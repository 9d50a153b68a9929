"""The register of operations: which there are, which ended when, when each is forgotten. Pure.

Absent: what workers say of them (`ledger`).
"""

from __future__ import annotations

from typing import Collection, Container, Iterable

from headway.protocol.rows import OperationFigures, OperationRecord
from headway_broker.state import quotas, retention
from headway_broker.state.effects import End, StoredShare
from headway_broker.state.entry import Entry, Held, Marks, ShareKey
from headway_broker.state.errors import Dropped
from headway_broker.state.quotas import Quota, Quotas, whole_bytes
from headway_broker.state.sessions import Session

TRIM_EVERY = 1.0  # seconds between two looks for ended operations that are too many


class SessionIndex:
    """The operations of a session, and the owner of each stage id."""

    __slots__ = ("operations", "owner", "process")

    def __init__(self, process: Quota) -> None:
        self.process = process
        self.operations: dict[Entry, None] = {}
        self.owner: dict[int, Entry] = {}


NO_OPERATIONS = SessionIndex(Quota())


class Register:
    """Every operation by id, in the order of arrival, with its marks."""

    def __init__(self, dropped: Dropped | None = None) -> None:
        self.entries: dict[str, Entry] = {}
        self.dirty: dict[Entry, Marks] = {}
        self.held: dict[Entry, Held] = {}  # by whoever shows an end only once it is stored
        self._by_session: dict[Session, SessionIndex] = {}  # those that have any
        self.quotas = Quotas()
        self.removed: list[str] = []
        self.ended: dict[Entry, None] = {}  # in the order of their ends
        self.stages = 0
        self.opened = 0  # operations that have not ended
        self._dropped = dropped if dropped is not None else Dropped()
        self._next_trim = float("-inf")  # when to look for ended operations that are too many

    def _add(self, entry: Entry) -> SessionIndex:
        self.entries[entry.operation.id] = entry
        written = self._by_session.get(entry.session)
        if written is None:
            quota = self.quotas.of(entry.session)
            written = self._by_session[entry.session] = SessionIndex(quota)
        written.operations[entry] = None
        return written

    def quota(self, session: Session) -> Quota:
        """Return the quota of the process of a session."""
        index = self._by_session.get(session)
        if index is None:
            return self.quotas.of(session)
        index.process = self.quotas.follow(session, index.process)
        return index.process

    def operations(self, session: Session) -> Collection[Entry]:
        """Return the operations of a session, in the order of arrival."""
        return self._by_session.get(session, NO_OPERATIONS).operations

    def any_open(self, session: Session) -> bool:
        """Return whether an operation of a session has not ended."""
        return any(entry.operation.open for entry in self.operations(session))

    def is_asked_in_vain(self, session: Session, now: float) -> bool:
        """Return whether to ask its process for everything is in vain; see `Quota`."""
        known = session in self._by_session
        return known and self.quota(session).is_asked_in_vain(now)

    def _leave_out(self, what: str, number: int) -> None:
        if number:
            self._dropped.add(f"{what} over budget", number)

    def _charge(self, entry: Entry, size: int) -> None:
        """Note by how many bytes an operation has grown, at its process, too."""
        if size:
            entry.bytes += size
            self.quotas.charge(self._by_session[entry.session].process, size)

    def mark(self, entry: Entry) -> Marks:
        """Return the marks of an operation, which becomes dirty, or is when its end is shown."""
        marks = self.marks_of(entry)
        if marks is None:
            marks = self.dirty[entry] = Marks()
        return marks

    def marks_of(self, entry: Entry) -> Marks | None:
        """Return the marks of an operation, if it has any."""
        marks = self.dirty.get(entry)
        if marks is None and entry in self.held:
            return self.held[entry].marks
        return marks

    def _hold(self, entry: Entry, now: float, *, shown: bool = True) -> None:
        """Go on showing an operation as it is now, or not at all, until `release`."""
        if entry in self.held:
            return
        record = figures = None
        if shown:
            record = OperationRecord.of(entry.operation)
            figures = OperationFigures.of(entry.operation, tail=True)
        self.held[entry] = Held(record, figures, self.dirty.pop(entry, None) or Marks(), now)

    def release(self, entry: Entry) -> bool:
        """Show an operation as it is; return False if it is shown so already."""
        held = self.held.pop(entry, None)
        if held is None:
            return False
        self.dirty[entry] = held.marks
        return True

    def _note_end(self, entry: Entry, now: float) -> None:
        is_open = entry.operation.open
        quota = self._by_session[entry.session].process
        if is_open and entry in self.ended:
            del self.ended[entry]
            self.opened += 1
            quota.opened += 1
            quota.stages += len(entry.operation.stages)
            entry.ended_at = None
        elif not is_open and entry not in self.ended:
            self.ended[entry] = None
            self.opened -= 1
            quota.opened -= 1
            quota.stages -= len(entry.operation.stages)
            entry.ended_at = now

    def restore(self, entry: Entry, now: float, stored_at: float | None = None) -> None:
        """Add an entry that was read from the history.

        `stored_at` is when it was stored, on the broker's clock, which nobody sets; None if that
        is not known.
        """
        operation = entry.operation
        entry.stored = True
        written = self._add(entry)
        written.owner.update(dict.fromkeys(operation.stages, entry))
        self.stages += len(operation.stages)
        if operation.open:
            self.opened += 1
            written.process.opened += 1
            written.process.stages += len(operation.stages)
        else:
            entry.stored_revision = operation.revision
            self.ended[entry] = None
            ended = operation.ended if operation.ended is not None else now
            entry.ended_at = ended if stored_at is None else stored_at
        self._charge(entry, whole_bytes(operation))
        marks = self.mark(entry)
        marks.structure = True
        marks.mark_stages(operation.stages)
        for stage in operation.stages.values():
            if stage.shares:
                marks.mark_share(stage.id)

    def ended_last(self, entries: Iterable[Entry]) -> None:
        """Note that these ended after all others: the others expire first."""
        for entry in entries:
            del self.ended[entry]
            self.ended[entry] = None

    def begin_stored(self, operation: str) -> Entry | None:
        """Note that a row of an operation is in the history; return its entry if it is the first.

        None also for an operation that has ended meanwhile.
        """
        entry = self.entries.get(operation)
        if entry is None or entry.stored:
            return None
        entry.stored = True
        return entry if entry.operation.open else None

    def end_stored(self, end: End) -> Entry | None:
        """Note that an end is in the history; return its entry, or None if it is outdated."""
        entry = self.entries.get(end.operation)
        if entry is None or entry.operation.open:
            return None
        if (entry.operation.revision, entry.changes) != (end.revision, end.changes):
            return None
        entry.stored = True
        entry.stored_revision = end.revision
        return entry

    def shares_stored(self, entry: Entry, shares: Iterable[StoredShare]) -> None:
        """Note that shares are in the history, or can never be."""
        for stage, writer, done in shares:
            key = ShareKey(stage, writer)
            if entry.unstored.get(key) == done:
                del entry.unstored[key]

    def shares_stored_never(self, entry: Entry) -> None:
        """Note that there is no history to store the shares of an operation."""
        entry.unstored.clear()

    def is_safe(self, operation: str) -> bool:
        """Return whether the end of an operation is stored, or its entry has expired."""
        entry = self.entries.get(operation)
        return entry is None or entry.stored_revision is not None

    def expire(self, now: float) -> list[Entry]:
        """Forget ended operations that are old or too many, if their ends are stored."""
        gone: list[Entry] = []
        for entry in self.ended:
            if entry.ended_at is None or now - entry.ended_at < retention.KEEP_SECONDS:
                break
            gone.append(entry)
        if len(self.ended) - len(gone) > retention.KEEP_ENDED and now >= self._next_trim:
            left = list(self.ended)[len(gone) :]
            since = now - retention.FRESH_SECONDS
            fresh = {entry for entry in left if (entry.ended_at or 0.0) >= since}
            pairs = [(entry, entry.session) for entry in left]
            gone += retention.surplus(pairs, retention.KEEP_ENDED, fresh)
            if len(left) <= retention.KEEP_FRESH:
                self._next_trim = now + TRIM_EVERY
        if self.quotas.heavy:
            gone += self._heaviest(frozenset(gone))
        gone = [entry for entry in gone if entry.stored_revision is not None]
        for entry in gone:
            self._forget(entry)
        return gone

    def _heaviest(self, gone: Container[Entry]) -> list[Entry]:
        """Return the oldest ended operations of processes that take too many bytes."""
        left = {quota: quota.bytes - quotas.BYTES_KEPT for quota in self.quotas.heavy}
        found: list[Entry] = []
        for entry in self.ended:
            quota = self._by_session[entry.session].process
            if left.get(quota, 0) > 0 and entry.stored_revision is not None and entry not in gone:
                left[quota] -= entry.bytes
                found.append(entry)
        return found

    def _forget(self, entry: Entry) -> None:
        operation = entry.operation
        del self.entries[operation.id]
        del self.ended[entry]
        self.dirty.pop(entry, None)
        self.held.pop(entry, None)
        self.stages -= len(operation.stages)
        written = self._by_session[entry.session]
        self._charge(entry, -entry.bytes)
        del written.operations[entry]
        for stage_id, stage in operation.stages.items():
            written.owner.pop(stage_id, None)
            if stage.shares:
                self.quotas.unshared(stage.shares)
        if not written.operations:
            del self._by_session[entry.session]
            self.quotas.release(written.process)
        self.removed.append(operation.id)

    def deadline(self) -> float | None:
        """Return when the oldest ended operation whose end is stored expires."""
        for entry in self.ended:
            if entry.stored_revision is not None:
                return (entry.ended_at or 0.0) + retention.KEEP_SECONDS
        return None
