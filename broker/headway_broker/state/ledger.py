"""The ledger: every operation known, and what of each has changed since the last frame.

Pure. The same model as in workers and viewers (`headway.model`), with limits against hostile
writers. Absent: who is connected (`sessions`), what is estimated (`forecasts`), how changes
travel to viewers (`publishing`).
"""

from __future__ import annotations

from typing import Any, Collection, Container, Iterable, NamedTuple

from headway.interning import Interner
from headway.model import OPERATION_FIELDS, STAGE_FIELDS, Operation, Stage
from headway.protocol.messages import Share
from headway.protocol.rows import STOPS_LIMIT, OperationFigures, OperationRecord
from headway.protocol.wire import UNCHANGED, read_counts
from headway.states import CRASHED, OPEN, OPERATION_MOVES, PENDING, SKIPPED, reachable
from headway_broker.state import budget as budgets
from headway_broker.state import retention
from headway_broker.state.budget import (
    Budget,
    Budgets,
    operation_text_bytes,
    stage_text_bytes,
    text_bytes,
    whole_bytes,
)
from headway_broker.state.effects import End, StoredShare
from headway_broker.state.errors import Dropped, Refused
from headway_broker.state.sessions import Session

OPERATIONS_LIMIT = 20_000  # operations of one session
STAGES_LIMIT = 20_000  # stages of one operation
TOTAL_STAGES_LIMIT = 500_000  # stages of all operations
TRIM_EVERY = 1.0  # seconds between two looks for ended operations that are too many
SHARES_LIMIT = 4_096  # forked children that count in one stage
WORDS = 20_000  # texts that are interned: kept once, however many stages hold them
TAIL_LINES = 10  # lines of output kept of an operation: enough to tell why it failed
TAIL_WIDTH = 500  # characters of a line of the tail

_ID = OPERATION_FIELDS.index("id")
_NAME = OPERATION_FIELDS.index("name")
_STARTED = OPERATION_FIELDS.index("started")
_ENDED = OPERATION_FIELDS.index("ended")
_REVISION = OPERATION_FIELDS.index("revision")
_STATE = OPERATION_FIELDS.index("state")
_STAGE_ID = STAGE_FIELDS.index("id")
_STAGE_STARTED = STAGE_FIELDS.index("started")
_STAGE_ENDED = STAGE_FIELDS.index("ended")
_STAGE_ATTEMPT = STAGE_FIELDS.index("attempt")
_WORDS = tuple(
    OPERATION_FIELDS.index(field) for field in ("state", "host", "user", "tty", "display", "key")
)
_STAGE_WORDS = tuple(STAGE_FIELDS.index(field) for field in ("name", "state", "unit"))


class Marks:
    """The dirty marks of an operation: what changed since the last frame.

    `structure`: its own record. `stages`: ids of stages whose records did. `counts`: stage id →
    whether total or detail changed too. `figures` and `stage_figures`: progress and estimates.
    """

    __slots__ = ("counts", "figures", "shares", "stage_figures", "stages", "structure")

    def __init__(self) -> None:
        self.structure = False
        self.stages: set[int] = set()
        self.counts: dict[int, bool] = {}
        self.figures = False
        self.stage_figures: set[int] = set()
        self.shares: set[int] = set()


class Held(NamedTuple):
    """What is shown of an operation while its end is not stored, and its marks meanwhile.

    No record: nothing is shown of it yet. `since` is when the end came.
    """

    record: OperationRecord | None
    figures: OperationFigures | None
    marks: Marks
    since: float


class ShareKey(NamedTuple):
    """The key of a share within an operation: a stage id, and the session of a forked child."""

    stage: int
    writer: str


# Shared by all entries without unstored shares, which are most: a dictionary is 64 bytes.
_ALL_STORED: dict[ShareKey, float] = {}


class Entry:
    """An operation in the ledger and its writer.

    `stored` says that a row of it is in the history, `stored_revision` is the revision of its end
    that has been stored; `unstored` are the shares that have not been, and what was done in them;
    `bytes` is about what it takes. All is written by the ledger, but `forecast` and `learned_as`,
    its history key, which are written by `forecasts`.
    """

    __slots__ = (
        "bytes",
        "ended_at",
        "forecast",
        "heard",
        "learned_as",
        "operation",
        "session",
        "stored",
        "stored_revision",
        "unstored",
    )

    def __init__(self, operation: Operation, session: Session, now: float) -> None:
        self.operation = operation
        self.session = session
        self.bytes = 0
        self.forecast: Any = None
        self.heard = now  # when something of it last changed
        self.learned_as: str | None = None
        self.ended_at: float | None = None  # broker's clock, when the end came in
        self.stored = False
        self.stored_revision: int | None = None
        self.unstored = _ALL_STORED


class SessionIndex:
    """The operations of a session, and the owner of each stage id."""

    __slots__ = ("operations", "owner", "process")

    def __init__(self, process: Budget) -> None:
        self.process = process
        self.operations: dict[Entry, None] = {}
        self.owner: dict[int, Entry] = {}


_NO_OPERATIONS = SessionIndex(Budget())


class Ledger:
    """Every operation by id, in the order of arrival."""

    def __init__(self, dropped: Dropped | None = None) -> None:
        self.entries: dict[str, Entry] = {}
        self.dirty: dict[Entry, Marks] = {}
        self.held: dict[Entry, Held] = {}  # by whoever shows an end only once it is stored
        self._words = Interner(WORDS)
        self._by_session: dict[Session, SessionIndex] = {}  # those that have any
        self.budgets = Budgets()
        self.removed: list[str] = []
        self.ended: dict[Entry, None] = {}  # in the order of their ends
        self.stages = 0
        self.opened = 0  # operations that have not ended
        self._dropped = dropped if dropped is not None else Dropped()
        self._next_trim = float("-inf")  # when to look for ended operations that are too many

    def announce(
        self,
        session: Session,
        record: list[Any],
        stages: list[list[Any]],
        now: float,
    ) -> Entry | None:
        """Apply the records of an announced operation; return its entry, or None if stale.

        Raise `Refused` for an operation of another session, an illegal move, or over a limit;
        then nothing has changed.
        """
        entry = self.entries.get(record[_ID])
        before = entry
        if entry is None:
            entry = self._admit(session, record, stages, now)
        else:
            self._check(entry, session, record, stages)
            if record[_REVISION] < entry.operation.revision:
                return None
        operation = entry.operation
        if record[_STATE] not in OPEN:
            if before is None or record[_REVISION] != operation.revision:
                self._hold(entry, now, shown=before is not None)
        elif entry in self.held:
            self.release(entry)
        written = self._by_session[session]
        self._leave_out("texts", written.process.shorten(record, stages))
        _shift(record, _STARTED, _ENDED, session.offset)
        last = operation.revision
        marks = self.mark(entry)
        if record != operation.record():
            self._intern(record, _WORDS)
            before = operation_text_bytes(operation)
            operation.apply(record)
            self._charge(entry, operation_text_bytes(operation) - before)
            marks.structure = True
        fresh = operation.add_stages(stage_record[_STAGE_ID] for stage_record in stages)
        self.stages += len(fresh)
        written.owner.update(dict.fromkeys(fresh, entry))
        if entry not in self.ended:
            written.process.stages += len(fresh)
        grown = budgets.STAGE_BYTES * len(fresh)
        for stage_record in stages:
            grown += self._take_stage(
                entry, marks, stage_record, fresh=stage_record[_STAGE_ID] in fresh
            )
        self._charge(entry, grown)
        entry.heard = now
        self._note_end(entry, now)
        if operation.revision != last:
            entry.stored_revision = None
        return entry

    def _admit(
        self, session: Session, record: list[Any], stages: list[list[Any]], now: float
    ) -> Entry:
        if len(self.operations(session)) >= OPERATIONS_LIMIT:
            raise Refused("too many operations", {"limit": OPERATIONS_LIMIT})
        if self.stages + len(stages) > TOTAL_STAGES_LIMIT:
            raise Refused("too many stages", {"limit": TOTAL_STAGES_LIMIT})
        budget = self.budgets.of(session)
        still_open = record[_STATE] in OPEN
        if still_open and budget.opened >= budgets.OPEN_LIMIT:
            # The operation is named: the worker drops it and goes on with its others.
            details = {"limit": budgets.OPEN_LIMIT, "operation": record[_ID]}
            raise Refused("too many operations", details)
        self._leave_out("stages", budget.trim((), stages, still_open=still_open))
        self._check_stages(session, None, stages)
        operation = Operation(record[_ID], record[_NAME])
        entry = Entry(operation, session, now)
        self._add(entry).process.opened += 1
        self.opened += 1
        self._charge(entry, budgets.OPERATION_BYTES)
        return entry

    def _add(self, entry: Entry) -> SessionIndex:
        self.entries[entry.operation.id] = entry
        written = self._by_session.get(entry.session)
        if written is None:
            budget = self.budgets.of(entry.session)
            written = self._by_session[entry.session] = SessionIndex(budget)
        written.operations[entry] = None
        return written

    def exceeded(self, session: Session) -> bool:
        """Return whether stages of this process were left out."""
        return self.budgets.exceeded(session)

    def _leave_out(self, what: str, number: int) -> None:
        if number:
            self._dropped.add(f"{what} over budget", number)

    def _charge(self, entry: Entry, size: int) -> None:
        """Note by how many bytes an operation has grown, at its process, too."""
        if size:
            entry.bytes += size
            self.budgets.charge(self._by_session[entry.session].process, size)

    def _check(
        self, entry: Entry, session: Session, record: list[Any], stages: list[list[Any]]
    ) -> None:
        operation = entry.operation
        if entry.session is not session:
            raise Refused("operation of another session", {"operation": operation.id})
        then = record[_STATE]
        if then != operation.state and not reachable(operation.state, then, OPERATION_MOVES):
            raise Refused("illegal move", {"operation": operation.id})
        if len(operation.stages) + len(stages) > STAGES_LIMIT:
            fresh = sum(1 for stage in stages if stage[_STAGE_ID] not in operation.stages)
            if len(operation.stages) + fresh > STAGES_LIMIT:
                raise Refused("too many stages", {"limit": STAGES_LIMIT})
        if self.stages + len(stages) > TOTAL_STAGES_LIMIT:
            raise Refused("too many stages", {"limit": TOTAL_STAGES_LIMIT})
        still_open = operation.open and then in OPEN
        budget = self.budgets.of(session)
        self._leave_out("stages", budget.trim(operation.stages, stages, still_open=still_open))
        self._check_stages(session, entry, stages)

    def _check_stages(self, session: Session, entry: Entry | None, stages: list[list[Any]]) -> None:
        owner = self._by_session.get(session, _NO_OPERATIONS).owner
        for stage in stages:
            holder = owner.get(stage[_STAGE_ID])
            if holder is not None and holder is not entry:
                raise Refused("stage of another operation", {"stage": stage[_STAGE_ID]})

    def operations(self, session: Session) -> Collection[Entry]:
        """Return the operations of a session, in the order of arrival."""
        return self._by_session.get(session, _NO_OPERATIONS).operations

    def any_open(self, session: Session) -> bool:
        """Return whether an operation of a session has not ended."""
        return any(entry.operation.open for entry in self.operations(session))

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

    def _take_stage(self, entry: Entry, marks: Marks, record: list[Any], *, fresh: bool) -> int:
        """Apply the record of a stage; return by how many bytes its texts have grown."""
        session = entry.session
        stage_id = record[_STAGE_ID]
        _shift(record, _STAGE_STARTED, _STAGE_ENDED, session.offset)
        stage = entry.operation.stages[stage_id]
        if not fresh and stage.record() == record:
            return 0
        detail, reason, error = stage.detail, stage.reason, stage.error
        if record[_STAGE_ATTEMPT] != stage.attempt and stage.shares:
            self.budgets.unshared(stage.shares)
            for writer in stage.shares:
                entry.unstored.pop(ShareKey(stage_id, writer), None)
            stage.shares = None
            marks.shares.add(stage_id)
        self._intern(record, _STAGE_WORDS)
        stage.apply(record)
        marks.stages.add(stage_id)
        marks.counts.pop(stage_id, None)
        if stage.detail is detail and stage.reason is reason and stage.error is error:
            return 0  # most have no text at all
        return stage_text_bytes(stage) - text_bytes(detail) - text_bytes(reason) - text_bytes(error)

    def _intern(self, record: list[Any], positions: tuple[int, ...]) -> None:
        for position in positions:
            if record[position] is not None:
                record[position] = self._words.intern(record[position])

    def _note_end(self, entry: Entry, now: float) -> None:
        is_open = entry.operation.open
        budget = self._by_session[entry.session].process
        if is_open and entry in self.ended:
            del self.ended[entry]
            self.opened += 1
            budget.opened += 1
            budget.stages += len(entry.operation.stages)
            entry.ended_at = None
        elif not is_open and entry not in self.ended:
            self.ended[entry] = None
            self.opened -= 1
            budget.opened -= 1
            budget.stages -= len(entry.operation.stages)
            entry.ended_at = now

    def restore(self, entry: Entry, now: float) -> None:
        """Add an entry that was read from the history."""
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
            entry.ended_at = operation.ended if operation.ended is not None else now
        self._charge(entry, whole_bytes(operation))
        marks = self.mark(entry)
        marks.structure = True
        marks.stages.update(operation.stages)
        marks.shares.update(stage.id for stage in operation.stages.values() if stage.shares)

    def ended_last(self, entries: Iterable[Entry]) -> None:
        """Note that these ended after all others: the others expire first."""
        for entry in entries:
            del self.ended[entry]
            self.ended[entry] = None

    def count(self, session: Session, counts: dict[Any, Any], now: float) -> tuple[set[Entry], int]:
        """Apply the merged counts of a session to its stages.

        Return the entries that changed, and the number of counts for unknown stages.
        """
        index = self._by_session.get(session, _NO_OPERATIONS)
        owner = index.owner
        changed: set[Entry] = set()
        unknown = 0
        last: Entry | None = None
        stages: dict[int, Stage] = {}
        marked: dict[int, bool] = {}
        for stage_id, done, total, detail in read_counts(counts):
            entry = owner.get(stage_id)
            if entry is None:
                unknown += 1
                continue
            if entry is not last:
                last = entry
                stages = entry.operation.stages
                marked = self.mark(entry).counts
                entry.heard = now
                changed.add(entry)
            stage = stages[stage_id]
            stage.done = done
            if total is not UNCHANGED:
                stage.total = total
                if detail != stage.detail:
                    if detail is not None and index.process.full:
                        detail = None  # noqa: PLW2901
                        self._leave_out("texts", 1)
                    self._charge(entry, text_bytes(detail) - text_bytes(stage.detail))
                    stage.detail = detail
                marked[stage_id] = True
            elif stage_id not in marked:
                marked[stage_id] = False
        return changed, unknown

    def share(self, child: Session, share: Share) -> Entry | None:
        """Apply the share of a forked child; return None if its stage or attempt is not known yet.

        A share of an earlier attempt counts nothing. Raise `Refused` at the limits of shares.
        """
        writer = child.id
        entry = self.entries.get(share.operation)
        stage = entry.operation.stages.get(share.stage) if entry is not None else None
        if entry is None or stage is None or share.attempt > stage.attempt:
            return None
        if share.attempt and share.attempt < stage.attempt:
            return entry
        if stage.shares is None:
            stage.shares = {}
        if writer not in stage.shares:
            if len(stage.shares) >= SHARES_LIMIT or not self.budgets.has_room_for_share(child):
                # The operation is named: the child drops its shares in it and goes on with its own.
                details = {"limit": SHARES_LIMIT, "operation": share.operation}
                raise Refused("too many shares", details)
            self.budgets.shared(child)
        if stage.shares.get(writer) != share.done:
            stage.shares[writer] = share.done
            if entry.unstored is _ALL_STORED:
                entry.unstored = {}
            entry.unstored[ShareKey(share.stage, writer)] = share.done
            self.mark(entry).shares.add(share.stage)
        return entry

    def rejoin(self, entry: Entry) -> bool:
        """Merge the shares of a stored entry into the operation, which is known already.

        Return whether there were any. Shares that children have sent since are newer and stay.
        """
        known = self.entries[entry.operation.id]
        found = False
        for stage in entry.operation.stages.values():
            here = known.operation.stages.get(stage.id)
            if here is None or here.attempt != stage.attempt or not stage.shares:
                continue
            here.shares = {**stage.shares, **(here.shares or {})}
            self.mark(known).shares.add(stage.id)
            found = True
        return found

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
        if entry is None or entry.operation.open or entry.operation.revision != end.revision:
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

    def print(self, entry: Entry, lines: list[str]) -> None:
        """Keep the last lines of the output of an operation."""
        if self._by_session[entry.session].process.full:
            self._leave_out("texts", 1)
            return
        before = entry.operation.tail
        kept = [line[:TAIL_WIDTH] for line in lines[-TAIL_LINES:]]
        entry.operation.tail = [*before, *kept][-TAIL_LINES:]
        size = sum(map(text_bytes, entry.operation.tail)) - sum(map(text_bytes, before))
        self._charge(entry, size)

    def crash(self, entry: Entry, now: float, reason: str) -> None:
        """Move an operation whose worker is proven dead to `crashed`."""
        operation = entry.operation
        if not operation.open:
            return
        self._hold(entry, now)
        was = {stage.id: stage.state for stage in operation.stages.values()}
        if operation.state == PENDING:
            operation.started = operation.started or now
        operation.move(CRASHED, now)
        operation.error = reason
        marks = self.mark(entry)
        for stage in operation.stages.values():
            if stage.state != was[stage.id]:
                marks.stages.add(stage.id)
                if stage.state == SKIPPED and was[stage.id] == PENDING:
                    stage.reason = "not reached"
        marks.structure = True
        self._note_end(entry, now)

    def silence(self, entry: Entry, since: float | None) -> None:
        """Note since when the writer is silent, or with None that it is back."""
        if entry.operation.silent_since != since:
            entry.operation.silent_since = since
            self.mark(entry).figures = True

    def stop(self, entry: Entry, since: float) -> None:
        """Note since when the process of a writer is stopped."""
        stops = entry.operation.stops
        if len(stops) >= STOPS_LIMIT:  # the two oldest become one: their sum stays
            (began, ended), (following, until) = stops[:2]
            lasted = 0.0 if ended is None else ended - began
            stops = ((following - lasted, until), *stops[2:])
        entry.operation.stops = (*stops, (since, None))
        self.mark(entry).figures = True

    def go_on(self, entry: Entry, now: float) -> None:
        """Note that the process of a writer, which was stopped, goes on or has ended."""
        *earlier, (since, until) = entry.operation.stops or ((now, now),)
        if until is None:
            entry.operation.stops = (*earlier, (since, max(since, now)))
            self.mark(entry).figures = True

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
        if self.budgets.heavy:
            gone += self._heaviest(frozenset(gone))
        gone = [entry for entry in gone if entry.stored_revision is not None]
        for entry in gone:
            self._forget(entry)
        return gone

    def _heaviest(self, gone: Container[Entry]) -> list[Entry]:
        """Return the oldest ended operations of processes that take too many bytes."""
        left = {budget: budget.bytes - budgets.BYTES_KEPT for budget in self.budgets.heavy}
        found: list[Entry] = []
        for entry in self.ended:
            budget = self._by_session[entry.session].process
            if left.get(budget, 0) > 0 and entry.stored_revision is not None and entry not in gone:
                left[budget] -= entry.bytes
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
                self.budgets.unshared(stage.shares)
        if not written.operations:
            del self._by_session[entry.session]
            self.budgets.release(entry.session, written.process)
        self.removed.append(operation.id)

    def deadline(self) -> float | None:
        """Return when the oldest ended operation whose end is stored expires."""
        for entry in self.ended:
            if entry.stored_revision is not None:
                return (entry.ended_at or 0.0) + retention.KEEP_SECONDS
        return None


def _shift(record: list[Any], started: int, ended: int, offset: float) -> None:
    if offset:
        for position in (started, ended):
            if record[position] is not None:
                record[position] += offset
