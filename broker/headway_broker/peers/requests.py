"""What viewers ask for: cancelling with an answer, claims, and who draws on a terminal.

Pure. Absent: what the broker is asked of itself (`standing`, `retirement`).
"""

from __future__ import annotations

from typing import Any, NamedTuple

from headway.model import NAME_LIMIT, clean_text
from headway.protocol import messages
from headway_broker.state.effects import Effect, KeepClaim, Send
from headway_broker.state.ledger import Ledger
from headway_broker.state.sessions import Session

CANCEL_TIMEOUT = 5.0  # seconds a worker has to answer
CLAIMS_LIMIT = 5_000
WAITING_LIMIT = 1_000  # cancel requests that wait for an answer


class Waiting(NamedTuple):
    """A cancel request that went to a worker."""

    asker: Session
    request: int  # the asker's number
    worker: Session
    until: float


class Requests:
    """Cancel requests on their way, keys claimed, terminals taken."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._waiting: dict[int, Waiting] = {}
        self._number = 0
        self._claims: dict[str, None] = {}
        self._terminals: dict[str, Session] = {}
        self._drawing: dict[Session, str] = {}  # the terminal that each has taken

    def cancel(
        self, asker: Session, request: int, arguments: dict[str, Any], now: float
    ) -> list[Effect]:
        """Pass a cancel request on to the writer of the operation."""
        entry = self._ledger.entries.get(_word(arguments, "operation"))
        if entry is None:
            return reply(asker, request, error="no such operation")
        if not entry.operation.open:
            return reply(asker, request, error=f"has ended: {entry.operation.state}")
        worker = entry.session
        if worker.identity is None or len(self._waiting) >= WAITING_LIMIT:
            return reply(asker, request, {"answer": "nobody", "reason": None})
        self._number += 1
        self._waiting[self._number] = Waiting(asker, request, worker, now + CANCEL_TIMEOUT)
        reason = arguments.get("reason")
        cancel = messages.Cancel(
            self._number,
            entry.operation.id,
            None if reason is None else clean_text(reason),
            arguments.get("kill") is True,
        )
        return [Send(worker.identity, cancel)]

    def answer(self, worker: Session, answer: messages.Answer) -> list[Effect]:
        """Pass a worker's answer back to whoever asked."""
        waiting = self._waiting.get(answer.request)
        if waiting is None or waiting.worker is not worker:
            return []
        del self._waiting[answer.request]
        result = {"answer": answer.answer, "reason": answer.reason}
        return reply(waiting.asker, waiting.request, result)

    def claim(
        self, asker: Session, request: int, arguments: dict[str, Any], _now: float
    ) -> list[Effect]:
        """Grant a key to the first who claims it."""
        key = _word(arguments, "key")
        granted = key not in self._claims
        if granted:
            self.claimed(key)
        effects = reply(asker, request, {"granted": granted})
        return [*effects, KeepClaim(key)] if granted else effects

    def claimed(self, key: str) -> None:
        """A key is taken."""
        self._claims[key] = None
        if len(self._claims) > CLAIMS_LIMIT:
            del self._claims[next(iter(self._claims))]

    def draw(
        self, asker: Session, request: int, arguments: dict[str, Any], _now: float
    ) -> list[Effect]:
        """Let one viewer at a time draw on a terminal."""
        tty = _word(arguments, "tty")
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
        """Tell workers that the end of their operations is on the screen."""
        operations = arguments.get("operations")
        mine: dict[Session, list[str]] = {}
        for operation in operations[:1000] if isinstance(operations, list) else ():
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
        """A session is gone: its terminal is free, what it was asked has no answer."""
        self._release(session)
        return self._give_up(lambda waiting: waiting.worker is session)

    def tick(self, now: float) -> list[Effect]:
        """Answer for workers that do not."""
        return self._give_up(lambda waiting: waiting.until <= now)

    def deadline(self) -> float | None:
        """When the next answer is overdue."""
        return min((waiting.until for waiting in self._waiting.values()), default=None)

    def _give_up(self, over: Any) -> list[Effect]:
        effects: list[Effect] = []
        for number, waiting in list(self._waiting.items()):
            if over(waiting):
                del self._waiting[number]
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
    """The reply to a request, if the asker is still connected."""
    if asker.identity is None:
        return []
    return [Send(asker.identity, messages.Reply(request, result or {}, error))]


def _word(arguments: dict[str, Any], name: str) -> str:
    value = arguments.get(name)
    return clean_text(value, NAME_LIMIT) if isinstance(value, str) else ""
