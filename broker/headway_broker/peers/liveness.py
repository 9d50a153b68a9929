"""Liveness: heartbeats, silence, process death, and when a death counts as a crash.

Pure. Workers send a heartbeat every 2 s. Three states, by what is known and not by a timer alone:

- silent: no message for `SILENT_AFTER` seconds. Says nothing of the process; ends with the next
  message.
- settling: the process is proven dead (pidfd, `processes`). Its last messages may still be in a
  socket or in the spool: they are read for `SETTLE` seconds before anything is decided.
- crashed: still open after that.

A process in another pid namespace (pid 0) can be silent, and never crashed. A silent process
that lives may have become another program by exec (`process_image`): it is looked at when it
falls silent, and again whenever the silence has doubled. Absent: how a death is proven
(`processes`).
"""

from __future__ import annotations

from typing import Any, Iterable, Mapping, Tuple

from headway.protocol import vocabulary
from headway.run.exit_status import exit_status, signal_name, termination_signal
from headway_broker.state.effects import Effect, Identify, Note, Watch
from headway_broker.state.entry import Entry
from headway_broker.state.ledger import Ledger
from headway_broker.state.process_image import ProcessImage, replaced
from headway_broker.state.sessions import Session

SILENT_AFTER = 6.0  # seconds: three heartbeats, so that one lost or late makes nobody silent
# Seconds from a proven death to its verdict. What the process sent lies in our socket buffers by
# then, and its spool file is on disk: it writes that before it exits. Doubled, a crash is shown
# that much later; halved, a busy broker more often corrects `crashed` by a late final state.
SETTLE = 0.3
# Reads under flood after which a dead process is settled though messages still wait. libzmq takes
# one frame of each connection in turn, so the last frames of the dead have been read by then.
LOOKS = 50
# Seconds by which a tick has to be late for the broker itself to have stood still (SIGSTOP,
# suspend, swap): then nobody's silence counts.
STALL = 1.0
# Seconds by which silence may be looked for early where the broker is awake anyway, as for a
# heartbeat: then a broker whose workers send theirs never wakes for it alone.
EARLY = 2.0
# Seconds after the word of a program that it is about to become another, in which messages from
# before may still be read. Who is heard later has not become it: exec has failed.
BECOMING = 2.0
# Processes ended by their parents that are remembered, the latest: of most nobody has heard.
BY_PARENT_LIMIT = 1_000

Process = Tuple[int, ...]  # pid, start time and pid namespace, as a Hello tells them


def process_of(about: Mapping[str, Any]) -> Process | None:
    """Return which process the `about` of a Hello is of, or None if it does not say."""
    found = [about.get(name) for name in ("pid", "started", "pid_namespace")]
    process = tuple(value for value in found if type(value) is int)
    return process if len(process) == len(found) else None


class Liveness:
    """Tracks silence and death of sessions; `settling` maps the dead to when that is certain.

    Nothing is settled while `held`: the history is being read, and the spool comes after it.
    """

    def __init__(self, ledger: Ledger, now: float) -> None:
        self._ledger = ledger
        self.restoring = False
        self.settling: dict[Session, float] = {}  # the dead → when that is certain
        self._looks: dict[Session, int] = {}  # the dead → how often that was put off
        self._next_check = self._early_check = now + SILENT_AFTER
        self._doubted: dict[Session, float] = {}  # the silent → when to look at their program
        self._statuses: dict[Session, int] = {}  # the wait statuses of the dead that are known
        self._replaced: dict[Session, None] = {}  # whose process has become another program
        self._becoming: dict[Session, float] = {}  # whose program is about to exec → since when
        self._by_parent: dict[Process, None] = {}  # those that their parents have ended

    def hear(self, session: Session, now: float) -> None:
        """Note a message of a session that was silent or sends a Hello."""
        session.heard = now
        session.silent_since = None
        for entry in self._ledger.operations(session):
            self._ledger.silence(entry, None)

    def forgive(self, sessions: Iterable[Session], seconds: float, now: float) -> None:
        """Discount `seconds` in which the broker itself stood still from everybody's silence."""
        for session in sessions:
            session.heard = min(session.heard + seconds, now)

    def died(self, session: Session, now: float, status: int | None = None) -> None:
        """Begin to settle a session whose process is proven dead; `status` is its wait status."""
        self.settling.setdefault(session, now + SETTLE)
        if status is not None:
            self._statuses[session] = status

    def process_image_read(self, session: Session, image: ProcessImage, now: float) -> None:
        """Note which program its process runs; settle the session if exec has replaced it."""
        if session.process_image is None:
            session.process_image = image
        elif session.silent_since is not None and replaced(session.process_image, image):
            self._replaced[session] = None
            self.died(session, now)

    def is_replaced(self, session: Session) -> bool:
        """Return whether exec has replaced the program of a session."""
        since = self._becoming.get(session)
        return session in self._replaced or (
            since is not None and session.heard <= since + BECOMING
        )

    def become_another(self, session: Session, now: float) -> None:
        """Note that the program of a session is about to become another, unless exec fails."""
        self._becoming.setdefault(session, now)

    def end_by_parent(self, process: Process) -> None:
        """Note that its parent has ended a process, by a signal that leaves no choice.

        Its session may come to be known later, by another file.
        """
        self._by_parent[process] = None
        if len(self._by_parent) > BY_PARENT_LIMIT:
            del self._by_parent[next(iter(self._by_parent))]

    def is_ended_by_parent(self, session: Session) -> bool:
        """Return whether the parent of a process has ended it."""
        return process_of(session.about) in self._by_parent

    def leave(self, session: Session) -> None:
        """Forget a session that is removed."""
        self._replaced.pop(session, None)
        self._becoming.pop(session, None)
        self._statuses.pop(session, None)

    def settle_due(self, now: float) -> bool:
        """Return whether a death is to be settled now."""
        return not self.restoring and any(due <= now for due in self.settling.values())

    def settled(self, now: float, *, drained: bool) -> list[Session]:
        """Return the sessions whose death is certain by now, each once.

        While messages wait to be read (`drained` is false) those of the dead may be among them;
        after `LOOKS` reads they are not, so that a flood keeps nobody alive.
        """
        certain: list[Session] = []
        for session, due in self.settling.items():
            if due <= now and not self.restoring:
                self._looks[session] = self._looks.get(session, 0) + 1
                if drained or self._looks[session] > LOOKS:
                    certain.append(session)
        for session in certain:
            del self.settling[session], self._looks[session]
        return certain

    def look(self, sessions: Iterable[Session], now: float) -> list[Effect]:
        """Mark the operations of silent sessions, and have their programs identified."""
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
        """Return the sessions that have fallen silent since the last call."""
        if now < self._early_check:
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
        self._early_check = max(self._next_check - EARLY, now + 0.5)
        return silent

    def doubtful(self, now: float) -> list[Session]:
        """Return the silent sessions whose program is to be identified now."""
        found: list[Session] = []
        for session in [session for session, due in self._doubted.items() if due <= now]:
            if session.silent_since is None or session.gone:
                del self._doubted[session]
            else:
                self._doubted[session] = now + max(now - session.silent_since, SILENT_AFTER)
                found.append(session)
        return found

    def deadline(self, *, any_session: bool) -> float | None:
        """Return when to look again."""
        times = list(self._doubted.values())
        if not self.restoring:
            times += self.settling.values()
        if any_session:
            times.append(self._next_check)
        return min(times) if times else None

    def crash_reason(self, entry: Entry, now: float) -> str:
        """Return the error text of a crash: how, in which stage, and the age of its last report."""
        session = entry.session
        stage = None
        for candidate in entry.operation.stages.values():
            if candidate.open and candidate.started is not None:
                stage = candidate
        where = f" in {stage.name!r}" if stage is not None else ""
        if self.is_replaced(session):
            return f"its program was replaced by another (exec){where}"
        if session.restored:
            # Nobody knows whether a broker was running just then: perhaps one that was killed, too,
            # or this one, which had not greeted it yet.
            return f"the process died{where} before this broker had heard from it"
        age = max(0.0, now - entry.heard)
        ago = f"{age:.1f} s" if age < 10 else f"{age:.0f} s"
        died = f"the process {_end_text(self._statuses.get(session))}"
        return f"{died}{where}, {ago} after its last report"


def _end_text(status: int | None) -> str:
    """Return what a wait status tells of a process that has not said how its work ended."""
    if status is None:
        return "died"
    number = termination_signal(status)
    if number:
        return f"was {vocabulary.killed_by(signal_name(number))}"
    return f"ended with {vocabulary.exit_status(exit_status(status))}"


def watch(session: Session) -> list[Effect]:
    """Return the effects that watch the process of a session, if the kernel gives its pid."""
    if not session.pid:
        return []
    started = session.about.get("started")
    # The start time belongs to the pid that the worker sees, which may be of another namespace.
    trusted = isinstance(started, int) and session.about.get("pid") == session.pid
    effects: list[Effect] = [Watch(session.id, session.pid, started if trusted else None)]
    if session.process_image is None and session.role == "worker":
        effects.append(Identify(session.id, session.pid))
    return effects
