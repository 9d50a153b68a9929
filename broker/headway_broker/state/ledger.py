"""What workers say of their operations, and what of each changed since the last frame. Pure.

The same model as in workers and viewers (`headway.model`), with limits against hostile
writers. Absent: who is connected (`sessions`), what is estimated (`forecasts`), how changes
travel to viewers (`publishing`).
"""

from __future__ import annotations

from typing import Any, Collection

from headway.model import NOT_REACHED, Operation, Stage
from headway.protocol.interning import Interner
from headway.protocol.messages import Share
from headway.protocol.rows import STOPS_LIMIT
from headway.protocol.wire import UNCHANGED, read_counts
from headway.records import OPERATION_FIELDS, STAGE_FIELDS
from headway.states import (
    CANCELLED,
    COMPLETED,
    CRASHED,
    OPEN,
    OPERATION_MOVES,
    PENDING,
    SKIPPED,
    UNJUDGED,
    may_correct,
    reachable,
)
from headway_broker.state import quotas
from headway_broker.state.entry import ALL_STORED, Entry, Marks, ShareKey
from headway_broker.state.errors import Dropped, Refused
from headway_broker.state.quotas import (
    Quota,
    operation_text_bytes,
    stage_text_bytes,
    text_bytes,
)
from headway_broker.state.register import NO_OPERATIONS, Register
from headway_broker.state.sessions import Session

OPERATIONS_LIMIT = 20_000  # operations of one session
STAGES_LIMIT = 20_000  # stages of one operation
TOTAL_STAGES_LIMIT = 500_000  # stages of all operations
SHARES_LIMIT = 4_096  # forked children that count in one stage
WORDS = 20_000  # texts that are interned: kept once, however many stages hold them
COUNTED = ("stopped", "left")  # what begins a reason that tells a count: "stopped at 2 of 3"
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


class Ledger(Register):
    """The register, as workers write it."""

    def __init__(self, dropped: Dropped | None = None) -> None:
        super().__init__(dropped)
        self._words = Interner(WORDS)

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
        last = operation.revision, entry.changes
        marks = self.mark(entry)
        if record != operation.record():
            self._intern(record, _WORDS)
            before = operation_text_bytes(operation)
            operation.apply(record)
            self._charge(entry, operation_text_bytes(operation) - before)
            marks.structure = True
            self._note_pause(entry, now)
        fresh = operation.add_stages(stage_record[_STAGE_ID] for stage_record in stages)
        self.stages += len(fresh)
        written.owner.update(dict.fromkeys(fresh, entry))
        if entry not in self.ended:
            written.process.stages += len(fresh)
        grown = quotas.STAGE_BYTES * len(fresh)
        for stage_record in stages:
            grown += self._take_stage(
                entry, marks, stage_record, fresh=stage_record[_STAGE_ID] in fresh
            )
        self._charge(entry, grown)
        entry.heard = now
        self._note_end(entry, now)
        if (operation.revision, entry.changes) != last:
            entry.stored_revision = None
        return entry

    def _admit(
        self, session: Session, record: list[Any], stages: list[list[Any]], now: float
    ) -> Entry:
        if len(self.operations(session)) >= OPERATIONS_LIMIT:
            raise Refused("too many operations", {"limit": OPERATIONS_LIMIT})
        quota = self.quota(session)
        still_open = record[_STATE] in OPEN
        if still_open and quota.opened >= quotas.OPEN_LIMIT:
            # The operation is named: the worker drops it and goes on with its others. It goes on to
            # count in it, too, which is no reason to ask for everything again.
            quota.exceeded = True
            details = {"limit": quotas.OPEN_LIMIT, "operation": record[_ID]}
            raise Refused("too many operations", details)
        self._trim(quota, (), stages, still_open=still_open)
        self._check_stages(session, None, stages)
        operation = Operation(record[_ID], record[_NAME])
        entry = Entry(operation, session, now)
        self._add(entry).process.opened += 1
        self.opened += 1
        self._charge(entry, quotas.OPERATION_BYTES)
        return entry

    def _check(
        self, entry: Entry, session: Session, record: list[Any], stages: list[list[Any]]
    ) -> None:
        operation = entry.operation
        if entry.session is not session:
            raise Refused("operation of another session", {"operation": operation.id})
        then = record[_STATE]
        if not (
            then == operation.state
            or may_correct(operation.state, then)
            or reachable(operation.state, then, OPERATION_MOVES)
        ):
            raise Refused("illegal move", {"operation": operation.id})
        still_open = operation.open and then in OPEN
        self._trim(self.quota(session), operation.stages, stages, still_open=still_open)
        self._check_stages(session, entry, stages)

    def _trim(
        self, quota: Quota, known: Collection[int], stages: list[list[Any]], *, still_open: bool
    ) -> None:
        """Leave out the stages for which there is no room: refused, their end would be, too."""
        room = min(STAGES_LIMIT - len(known), TOTAL_STAGES_LIMIT - self.stages)
        left_out = quota.trim(known, stages, room, still_open=still_open)
        self._leave_out("stages", left_out)

    def _check_stages(self, session: Session, entry: Entry | None, stages: list[list[Any]]) -> None:
        owner = self._by_session.get(session, NO_OPERATIONS).owner
        for stage in stages:
            holder = owner.get(stage[_STAGE_ID])
            if holder is not None and holder is not entry:
                raise Refused("stage of another operation", {"stage": stage[_STAGE_ID]})

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
            self.quotas.unshared(stage.shares)
            for writer in stage.shares:
                entry.unstored.pop(ShareKey(stage_id, writer), None)
            stage.shares = None
            marks.mark_share(stage_id)
        self._intern(record, _STAGE_WORDS)
        stage.apply(record)
        if stage.shares and stage.reason is not None:
            _count_shares(entry, marks, stage)
        marks.mark_stage(stage_id)
        marks.counts.pop(stage_id, None)
        entry.changes += 1
        if stage.detail is detail and stage.reason is reason and stage.error is error:
            return 0  # most have no text at all
        return stage_text_bytes(stage) - text_bytes(detail) - text_bytes(reason) - text_bytes(error)

    def _intern(self, record: list[Any], positions: tuple[int, ...]) -> None:
        for position in positions:
            if record[position] is not None:
                record[position] = self._words.intern(record[position])

    def count(
        self, session: Session, counts: dict[Any, Any], now: float
    ) -> tuple[dict[Entry, Marks], int]:
        """Apply the merged counts of a session to its stages.

        Return the entries that changed with their marks, and how many counts are of unknown stages.
        """
        index = self._by_session.get(session, NO_OPERATIONS)
        owner = index.owner
        dirty = self.dirty
        changed: dict[Entry, Marks] = {}
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
                marks = dirty.get(entry) or self.mark(entry)
                changed[entry] = marks
                marked = marks.counts
                entry.heard = now
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
            if len(stage.shares) >= SHARES_LIMIT or not self.quotas.has_room_for_share(child):
                # The operation is named: the child drops its shares in it and goes on with its own.
                details = {"limit": SHARES_LIMIT, "operation": share.operation}
                raise Refused("too many shares", details)
            self.quotas.shared(child)
        if stage.shares.get(writer) != share.done:
            stage.shares[writer] = share.done
            if entry.unstored is ALL_STORED:
                entry.unstored = {}
            entry.unstored[ShareKey(share.stage, writer)] = share.done
            marks = self.mark(entry)
            marks.mark_share(share.stage)
            if stage.reason is not None:
                before = text_bytes(stage.reason)
                if _count_shares(entry, marks, stage):
                    marks.mark_stage(share.stage)
                    self._charge(entry, text_bytes(stage.reason) - before)
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
            self.mark(known).mark_share(stage.id)
            found = True
        return found

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
        if entry.operation.open:
            self._settle(entry, now, CRASHED, None)
            entry.operation.error = reason

    def cancel(self, entry: Entry, now: float, reason: str) -> None:
        """Move an operation whose worker was ended by its parent to `cancelled`."""
        if entry.operation.open:
            self._settle(entry, now, CANCELLED, reason)

    def end_unjudged(self, entry: Entry, now: float, reason: str) -> None:
        """Move an operation whose worker has become another program to `ended`."""
        if entry.operation.open:
            self._settle(entry, now, UNJUDGED, reason)

    def stop_short(self, entry: Entry, now: float, reason: str) -> None:
        """Move an operation whose loop was left to `completed`: it has stopped there."""
        if entry.operation.open:
            self._settle(entry, now, COMPLETED, reason)

    def _settle(self, entry: Entry, now: float, state: str, reason: str | None) -> None:
        operation = entry.operation
        self._hold(entry, now)
        was = {stage.id: stage.state for stage in operation.stages.values()}
        if operation.state == PENDING:
            operation.started = operation.started or now
        operation.move(state, now, reason)
        marks = self.mark(entry)
        for stage in operation.stages.values():
            if stage.state != was[stage.id]:
                marks.mark_stage(stage.id)
                if stage.state == SKIPPED and was[stage.id] == PENDING:
                    stage.reason = NOT_REACHED
        marks.structure = True
        self._note_end(entry, now)

    def silence(self, entry: Entry, since: float | None) -> None:
        """Note since when the writer is silent, or with None that it is back."""
        if entry.operation.silent_since != since:
            entry.operation.silent_since = since
            self.mark(entry).figures = True

    def _note_pause(self, entry: Entry, now: float) -> None:
        """Count a pause that is over as a time in which the process was stopped: it was."""
        since = entry.paused_since
        if entry.operation.paused:
            entry.paused_since = now if since is None else since
        elif since is not None:
            entry.paused_since = None
            if entry.operation.stopped_since is None:
                self.stop(entry, since)
                self.go_on(entry, now)

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


def _count_shares(entry: Entry, marks: Marks, stage: Stage) -> bool:
    """Let the reason of a stage tell what forked children counted, too; return whether it changed.

    The process that owns it knows its own count alone, and may say "stopped at 2 of 3" of 3.
    """
    reason, shown = stage.reason or "", stage.shown
    verb, at, _ = reason.partition(" at ")
    if not at or verb not in COUNTED or shown is None:
        return False
    whole = stage.state == COMPLETED and stage.total is not None and shown >= stage.total
    stage.reason = None if whole else stage.place(verb)
    if entry.operation.reason == reason:
        entry.operation.reason = stage.reason
        marks.structure = True
    return stage.reason != reason


def _shift(record: list[Any], started: int, ended: int, offset: float) -> None:
    if offset:
        for position in (started, ended):
            if record[position] is not None:
                record[position] += offset
