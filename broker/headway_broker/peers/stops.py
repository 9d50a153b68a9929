"""Stops: workers whose process is stopped (Ctrl+Z, SIGSTOP), and when it goes on.

Pure. A worker that is not heard for `UNHEARD` seconds is inspected: the kernel says whether its
process is stopped. A long call into C, or a machine without time for it, looks the same from
here; so silence alone proves nothing. A process is stopped since the last proof that it ran, a
message or an inspection, and goes on with the next one. Its operations are held meanwhile: that
time is no pace. A suspended machine needs nothing of this, as the monotonic clock stands still.
Absent: how a process is inspected (`processes`); processes of another pid namespace.
"""

from __future__ import annotations

from typing import Iterable

from headway_broker.estimates.forecasts import Forecasts
from headway_broker.state.effects import Effect, Inspect
from headway_broker.state.ledger import Ledger
from headway_broker.state.sessions import Session

# Seconds without a message after which a worker is inspected: one that counts says something twice
# a second; one at rest, of which a heartbeat was the last, every 2 s. Doubled, stops are noticed
# that much later and those below it not at all.
UNHEARD = 1.0
REST_UNHEARD = 2.5
# Seconds by which a look may be early where the broker is awake anyway, as for a heartbeat: one
# that always comes in time is never waited for. Without it an idle broker wakes half as often more.
EARLY = 0.6
# Inspections at a time, of some 20 microseconds each; the others have their turn at the next one.
INSPECTIONS = 100
STOPPED, TRACED = "T", "t"  # as proc(5) has them


class Stops:
    """Holds the operations of processes that are stopped."""

    def __init__(self, ledger: Ledger, forecasts: Forecasts) -> None:
        self._ledger = ledger
        self._forecasts = forecasts
        self._next = self._early = 0.0  # when to look at the latest, and at the earliest
        self._turn = 0
        self._since: dict[Session, float] = {}  # the stopped → since when
        self._ran: dict[Session, float] = {}  # unheard, but inspected and not stopped then
        self._traced: dict[Session, None] = {}  # at the last inspection

    def look(self, sessions: Iterable[Session], now: float) -> list[Effect]:
        """Return the inspections that are due."""
        if now < self._early or not self._ledger.opened:
            return []
        following = now + REST_UNHEARD
        due: list[Session] = []
        for session in sessions:
            if session.role != "worker" or not session.pid or session.gone:
                continue
            at_rest = session.heard <= session.rested
            unheard = session.heard + (REST_UNHEARD if at_rest else UNHEARD)
            if unheard > now:
                following = min(following, unheard)
            elif self._ledger.any_open(session):
                following = min(following, now + UNHEARD)
                due.append(session)
        # Not at once again, however many fall silent one after another.
        self._next = max(following, now + UNHEARD / 2)
        self._early = self._next if due else max(self._next - EARLY, now + UNHEARD / 2)
        if len(due) > INSPECTIONS:
            start = self._turn % len(due)
            due = [*due[start:], *due[:start]][:INSPECTIONS]
            self._turn += INSPECTIONS
        return [Inspect(session.id, session.pid or 0) for session in due]

    def deadline(self) -> float | None:
        """Return when to look again."""
        return self._next if self._ledger.opened else None

    def rest(self, session: Session, now: float) -> None:
        """Note a heartbeat: nothing of what the session does has moved for a while."""
        session.rested = now

    def read(self, session: Session, state: str, now: float) -> None:
        """Note the state in which an inspection found the process of a session."""
        # A debugger's is stopped for moments all the time: it counts if it is so again.
        traced = state == TRACED
        stopped = state == STOPPED or (traced and (session.stopped or session in self._traced))
        if traced:
            self._traced[session] = None
        else:
            self._traced.pop(session, None)
        if stopped and not session.stopped:
            self._stop(session, now)
        elif not stopped:
            if session.stopped:
                self._go_on(session, now)
            if not traced:
                self._ran[session] = now

    def hear(self, session: Session, sent: float) -> None:
        """Note a message, of the time `sent`, of a session whose process was stopped."""
        if sent > self._since[session]:  # else it had waited somewhere
            self._go_on(session, sent)

    def leave(self, session: Session) -> None:
        """Forget a session that is removed."""
        self._ran.pop(session, None)
        self._since.pop(session, None)
        session.stopped = False
        self._traced.pop(session, None)

    def _stop(self, session: Session, now: float) -> None:
        since = min(max(session.heard, self._ran.pop(session, session.heard)), now)
        session.stopped = True
        self._since[session] = since
        for entry in self._ledger.operations(session):
            if entry.operation.open:
                self._ledger.stop(entry, since)
                self._forecasts.stop(entry, since, now)

    def _go_on(self, session: Session, now: float) -> None:
        session.stopped = False
        del self._since[session]
        for entry in self._ledger.operations(session):
            self._ledger.go_on(entry, now)
            self._forecasts.go_on(entry, now)
