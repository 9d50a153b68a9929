"""Who is silent, who is dead, and when a death is certain enough to be called a crash.

Pure. A session is silent `SILENT_AFTER` seconds after its last message, and comes back with
the next. A process that is proven dead is *settling* for `SETTLE` seconds, in which its last
messages may still be read; only then are its open operations crashed. A silent process that
lives may have become another program (`image`): it is looked at when it falls silent, and again
whenever the silence has doubled. Absent: how a death is proven (`processes`).
"""

from __future__ import annotations

from typing import Iterable

from headway_broker.state.effects import Effect, Identify, Note, Watch
from headway_broker.state.ledger import Entry, Ledger
from headway_broker.state.process_image import Image, replaced
from headway_broker.state.sessions import Session

SILENT_AFTER = 6.0
SETTLE = 0.3
LOOKS = 50  # times that the broker reads for as long as it may, in which it has read the dead's
FIRST_LOOK = 2.0  # seconds within which a broker has found whom it missed dead
STALL = 1.0  # seconds late at which the broker itself must have stood still


class Liveness:
    """Looks at every session about once a second, and only then."""

    def __init__(self, ledger: Ledger, now: float) -> None:
        self._ledger = ledger
        self.settling: dict[Session, float] = {}  # the dead → when that is certain
        self._looks: dict[Session, int] = {}  # the dead → how often that was put off
        self._next_check = now + SILENT_AFTER
        self._doubted: dict[Session, float] = {}  # the silent → when to look at their program
        self._replaced: dict[Session, None] = {}  # whose process has become another program

    def hear(self, session: Session, now: float) -> None:
        """Note that it is heard, which was silent or says Hello."""
        session.heard = now
        session.silent_since = None
        for entry in self._ledger.operations(session):
            self._ledger.silence(entry, None)

    def forgive(self, sessions: Iterable[Session], seconds: float, now: float) -> None:
        """The broker itself stood still (stopped, suspended): nobody's silence counts."""
        for session in sessions:
            session.heard = min(session.heard + seconds, now)

    def died(self, session: Session, now: float) -> None:
        """Its process is proven dead; its last messages may still be on their way."""
        self.settling.setdefault(session, now + SETTLE)

    def identified(self, session: Session, image: Image, now: float) -> None:
        """Take the program that its process runs; another than at first ends it."""
        if session.image is None:
            session.image = image
        elif session.silent_since is not None and replaced(session.image, image):
            self._replaced[session] = None
            self.died(session, now)

    def is_replaced(self, session: Session) -> bool:
        """Return whether its process has become another program."""
        return session in self._replaced

    def leave(self, session: Session) -> None:
        """Forget how it ended: it has."""
        self._replaced.pop(session, None)

    def settle_due(self, now: float) -> bool:
        """Whether a death is to be settled now."""
        return any(due <= now for due in self.settling.values())

    def settled(self, now: float, *, drained: bool) -> list[Session]:
        """The dead whose time has come; they are handed out once.

        While messages wait to be read (`drained` is false) theirs may be among them, but not
        for ever: every connection has its turn, so that a flood does not keep them alive.
        """
        certain: list[Session] = []
        for session, due in self.settling.items():
            if due <= now:
                self._looks[session] = self._looks.get(session, 0) + 1
                if drained or self._looks[session] > LOOKS:
                    certain.append(session)
        for session in certain:
            del self.settling[session], self._looks[session]
        return certain

    def look(self, sessions: Iterable[Session], now: float) -> list[Effect]:
        """Note who has gone silent, and have it found out what the silent have become."""
        effects: list[Effect] = []
        for session in self.check(sessions, now):
            for entry in self._ledger.operations(session):
                if entry.operation.open:
                    self._ledger.silence(entry, session.silent_since)
            effects.append(Note(f"{session.role} {session.id} is silent"))
        effects += [
            Identify(session.id, session.pid)
            for session in self.doubtful(now)
            if session.pid and self._ledger.any_open(session)
        ]
        return effects

    def check(self, sessions: Iterable[Session], now: float) -> list[Session]:
        """The sessions that have gone silent since the last look."""
        if now < self._next_check:
            return []
        silent: list[Session] = []
        following = now + SILENT_AFTER
        for session in sessions:
            if session.silent_since is not None or session.gone:
                continue
            due = session.heard + SILENT_AFTER
            if due <= now:
                session.silent_since = session.heard
                silent.append(session)
                self._doubted[session] = now
            elif due < following:
                following = due
        self._next_check = max(following, now + 0.5)
        return silent

    def doubtful(self, now: float) -> list[Session]:
        """The silent of whom to find out now whether they are still the same program."""
        found: list[Session] = []
        for session in [session for session, due in self._doubted.items() if due <= now]:
            if session.silent_since is None or session.gone:
                del self._doubted[session]
            else:
                self._doubted[session] = now + max(now - session.silent_since, SILENT_AFTER)
                found.append(session)
        return found

    def deadline(self, *, any_session: bool) -> float | None:
        """When to look again."""
        times = [*self.settling.values(), *self._doubted.values()]
        if any_session:
            times.append(self._next_check)
        return min(times) if times else None

    def crash_reason(self, entry: Entry, now: float) -> str:
        """What a person is told of a crash: the stage it was in, and how long ago it was heard."""
        session = entry.session
        stage = None
        for candidate in entry.operation.stages.values():
            if candidate.open and candidate.started is not None:
                stage = candidate
        where = f" in {stage.name!r}" if stage is not None else ""
        if session in self._replaced:
            return f"its program was replaced by another (exec){where}"
        if session.restored and now - entry.heard < FIRST_LOOK:
            return f"the process died{where} while no broker was running"
        if session.restored:
            return f"the process died{where} and had not come back to this broker"
        age = max(0.0, now - entry.heard)
        ago = f"{age:.1f} s" if age < 10 else f"{age:.0f} s"
        return f"the process died{where}, {ago} after its last report"


def watch(session: Session) -> list[Effect]:
    """Have the process of a session watched, if the kernel says which it is."""
    if not session.pid:
        return []
    started = session.about.get("started")
    # A start time is of the pid as the worker sees it, which may be another namespace's.
    trusted = isinstance(started, int) and session.about.get("pid") == session.pid
    effects: list[Effect] = [Watch(session.id, session.pid, started if trusted else None)]
    if session.image is None and session.role == "worker":
        effects.append(Identify(session.id, session.pid))
    return effects
