"""Request handlers for viewers: cancel or pause an operation, claim news, draw on a terminal.

Pure. Absent: the requests about the broker itself (`status`, `retirement`).
"""

from __future__ import annotations

from typing import Any, Callable, NamedTuple, Tuple

from headway.plain_values import NAME_LIMIT, clean_text
from headway.protocol import messages
from headway_broker.peers.network_users import scope
from headway_broker.state.effects import Effect, Send, StoreClaim
from headway_broker.state.ledger import Ledger
from headway_broker.state.sessions import Session

# Seconds that a worker has to answer; its callbacks may run that long, and a person waits for it.
ANSWER_TIMEOUT = 5.0
# Seconds in which a worker that this broker has only heard of is to connect; with the answer's it
# is less than the 15 s that viewers wait.
GREETING_TIMEOUT = 8.0
CLAIMS_LIMIT = 5_000  # keys remembered; the oldest is forgotten, and may then be told again
PENDING_LIMIT = 1_000  # requests that wait for an answer
DRAWN_LIMIT = 1_000  # operations of one request that tells what was drawn; a viewer draws fewer


Terminal = Tuple[Any, str]  # the machine and the name


class PendingRequest(NamedTuple):
    """A request to a worker, which has not answered yet.

    `held` is what is sent to it once it connects: after a restart the broker knows workers by
    the history and the spool before they have said Hello.
    """

    asker: Session
    request: int  # the number that the asker gave it
    worker: Session
    until: float
    held: Any = None


class Requests:
    """Pending requests, claimed keys, and the viewer that draws on each terminal."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._pending: dict[int, PendingRequest] = {}
        self._number = 0
        self._claims: dict[str, None] = {}
        self._terminals: dict[Terminal, Session] = {}
        self._drawing: dict[Session, Terminal] = {}  # the terminal that each has taken

    def cancel(
        self, asker: Session, request: int, arguments: dict[str, Any], now: float
    ) -> list[Effect]:
        """Pass a request to cancel to the writer of the operation."""
        reason = arguments.get("reason")
        text = None if reason is None else clean_text(reason)
        kill = arguments.get("kill") is True
        return self._pass_on(
            asker,
            request,
            arguments,
            now,
            lambda number, name: messages.Cancel(number, name, text, kill),
        )

    def pause(
        self, asker: Session, request: int, arguments: dict[str, Any], now: float
    ) -> list[Effect]:
        """Pass a request to pause to the writer of the operation."""
        return self._pass_on(
            asker, request, arguments, now, lambda number, name: messages.Pause(number, name, True)
        )

    def resume(
        self, asker: Session, request: int, arguments: dict[str, Any], now: float
    ) -> list[Effect]:
        """Pass a request to resume to the writer of the operation."""
        return self._pass_on(
            asker, request, arguments, now, lambda number, name: messages.Pause(number, name, False)
        )

    def usual(
        self, asker: Session, request: int, arguments: dict[str, Any], _now: float
    ) -> list[Effect]:
        """Tell the writer of an operation how long its earlier runs took."""
        entry = self._ledger.entries.get(_word(arguments, "operation"))
        if entry is None or entry.session is not asker:
            return reply(asker, request, error="no such operation")
        usual = entry.operation.usual
        return reply(asker, request, {"usual": None if usual is None else usual[0]})

    def _pass_on(
        self,
        asker: Session,
        request: int,
        arguments: dict[str, Any],
        now: float,
        message: Callable[[int, str], Any],
    ) -> list[Effect]:
        """Pass on `message(number, operation)`; the answer is sent to the asker."""
        entry = self._ledger.entries.get(_word(arguments, "operation"))
        if entry is None:
            return reply(asker, request, error="no such operation")
        if not entry.operation.open:
            return reply(asker, request, error=f"has ended: {entry.operation.state}")
        worker = entry.session
        if worker.gone or len(self._pending) >= PENDING_LIMIT:
            return reply(asker, request, {"answer": "nobody", "reason": None})
        self._number += 1
        passed_on = message(self._number, entry.operation.id)
        if worker.identity is None:
            until = now + GREETING_TIMEOUT
            waiting = PendingRequest(asker, request, worker, until, passed_on)
            self._pending[self._number] = waiting
            return []
        self._pending[self._number] = PendingRequest(asker, request, worker, now + ANSWER_TIMEOUT)
        return [Send(worker.identity, passed_on)]

    def greeted(self, worker: Session, now: float) -> list[Effect]:
        """Pass on what was held for a worker until it said Hello."""
        if worker.identity is None:
            return []
        effects: list[Effect] = []
        for number, waiting in self._pending.items():
            if waiting.worker is worker and waiting.held is not None:
                effects.append(Send(worker.identity, waiting.held))
                until = now + ANSWER_TIMEOUT
                self._pending[number] = waiting._replace(held=None, until=until)
        return effects

    def answer(self, worker: Session, answer: messages.Answer) -> list[Effect]:
        """Reply to a request with the answer of the worker."""
        waiting = self._pending.get(answer.request)
        if waiting is None or waiting.worker is not worker:
            return []
        del self._pending[answer.request]
        result = {"answer": answer.answer, "reason": answer.reason}
        return reply(waiting.asker, waiting.request, result)

    def claim(
        self, asker: Session, request: int, arguments: dict[str, Any], _now: float
    ) -> list[Effect]:
        """Grant a key to its first claimant: one of several notifiers tells a piece of news."""
        key = _word(arguments, "key")
        granted = key not in self._claims
        if granted:
            self.claimed(key)
        effects = reply(asker, request, {"granted": granted})
        return [*effects, StoreClaim(key)] if granted else effects

    def claimed(self, key: str) -> None:
        """Note that a key is claimed."""
        self._claims[key] = None
        if len(self._claims) > CLAIMS_LIMIT:
            del self._claims[next(iter(self._claims))]

    def draw(
        self, asker: Session, request: int, arguments: dict[str, Any], _now: float
    ) -> list[Effect]:
        """Grant a terminal to one viewer at a time."""
        tty = (scope(asker), _word(arguments, "tty"))
        holder = self._terminals.get(tty)
        granted = holder is None or holder is asker or holder.gone
        if granted:
            self._release(asker)
            self._terminals[tty] = asker
            self._drawing[asker] = tty
        return reply(asker, request, {"granted": granted})

    def drawn(
        self, asker: Session, request: int, arguments: dict[str, Any], _now: float
    ) -> list[Effect]:
        """Tell workers that a viewer has drawn the end of their operations."""
        operations = arguments.get("operations")
        mine: dict[Session, list[str]] = {}
        for operation in operations[:DRAWN_LIMIT] if isinstance(operations, list) else ():
            entry = self._ledger.entries.get(operation) if isinstance(operation, str) else None
            if entry is not None:
                mine.setdefault(entry.session, []).append(operation)
        effects: list[Effect] = [
            Send(session.identity, messages.Drawn(names))
            for session, names in mine.items()
            if session.identity is not None
        ]
        return effects + reply(asker, request, {})

    def leave(self, session: Session) -> list[Effect]:
        """Release the terminal of a removed session; reply to requests that it has not answered."""
        self._release(session)
        return self._give_up(lambda waiting: waiting.worker is session)

    def tick(self, now: float) -> list[Effect]:
        """Reply "nobody" for workers that have not answered in time."""
        return self._give_up(lambda waiting: waiting.until <= now)

    def deadline(self) -> float | None:
        """Return when the next answer is overdue."""
        return min((waiting.until for waiting in self._pending.values()), default=None)

    def _give_up(self, over: Any) -> list[Effect]:
        effects: list[Effect] = []
        for number, waiting in list(self._pending.items()):
            if over(waiting):
                del self._pending[number]
                effects += reply(
                    waiting.asker, waiting.request, {"answer": "nobody", "reason": None}
                )
        return effects

    def _release(self, session: Session) -> None:
        tty = self._drawing.pop(session, None)
        if tty is not None and self._terminals.get(tty) is session:
            del self._terminals[tty]


def reply(
    asker: Session, request: int, result: dict[str, Any] | None = None, error: str | None = None
) -> list[Effect]:
    """Return the reply to a request, if the asker is still connected."""
    if asker.identity is None:
        return []
    return [Send(asker.identity, messages.Reply(request, result or {}, error))]


def _word(arguments: dict[str, Any], name: str) -> str:
    value = arguments.get(name)
    return clean_text(value, NAME_LIMIT) if isinstance(value, str) else ""
