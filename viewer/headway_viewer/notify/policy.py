"""The notification policy: which operations are worth a notification, and its text.

Pure. Only what happens after the notifier attached is notified. The operation's own `notify`
takes precedence: True notifies everything, False nothing, "error" failures; "sent" means that
the program itself has notified its end. Otherwise an end is notified if it is a failure, or
if the operation took `LONG_OPERATION` seconds, as its user may have turned away. The end of a
child never is, because its parent's will be.
"""

from __future__ import annotations

from typing import Callable, Iterable, NamedTuple

from headway.formatting.outcome import display_name, outcome_text
from headway.model import CRASHED, FAILED, Operation

LONG_OPERATION = 10.0  # seconds from which on a successful end is notified
QUESTION_DELAY = 5.0  # seconds: a user who is looking answers sooner
MAX_REMEMBERED = 2000  # keys, to notify each once


class Notice(NamedTuple):
    """A notification; `key` is the same in every notifier that finds it."""

    key: str
    title: str
    body: str


class Policy:
    """Turns changes into notices, each once; times are the broker's monotonic seconds."""

    def __init__(self) -> None:
        self._attached: float | None = None
        self._open: set[str] = set()
        self._issued: dict[str, None] = {}
        self._questions: dict[str, tuple[float, Notice]] = {}  # operation → when due, notice

    def absorb(self, operations: Iterable[Operation], now: float) -> list[Notice]:
        """Return the notices for operations that changed.

        The first call has the operations that existed before: it notifies no end.
        """
        first = self._attached is None
        if self._attached is None:
            self._attached = now
        notices: list[Notice] = []
        for operation in operations:
            self._note_question(operation, now)
            if operation.open:
                self._open.add(operation.id)
                continue
            seen = operation.id in self._open
            self._open.discard(operation.id)
            late = operation.ended is None or operation.ended <= self._attached
            if first or (late and not seen) or not notifies_end(operation):
                continue
            notices.extend(self._issue_once(end_notice(operation)))
        return notices

    def forget(self, operations: Iterable[str]) -> None:
        """Drop operations that were removed."""
        for name in operations:
            self._open.discard(name)
            self._questions.pop(name, None)

    def restart(self, translate: Callable[[float], float]) -> None:
        """Convert all times to the clock of a new broker, by `translate(time)`."""
        if self._attached is not None:
            self._attached = translate(self._attached)
        self._questions = {
            name: (translate(at), notice) for name, (at, notice) in self._questions.items()
        }

    def due(self, now: float) -> list[Notice]:
        """Return the notices of questions unanswered for `QUESTION_DELAY` seconds."""
        ready = [name for name, (at, _notice) in self._questions.items() if at <= now]
        return [
            notice for name in ready for notice in self._issue_once(self._questions.pop(name)[1])
        ]

    def deadline(self) -> float | None:
        """Return when `due` has the next notice, or None."""
        return min((at for at, _notice in self._questions.values()), default=None)

    def _note_question(self, operation: Operation, now: float) -> None:
        question = operation.question
        if question is None or operation.notify is False:
            self._questions.pop(operation.id, None)
            return
        notice = Notice(
            f"input:{operation.id}:{operation.attempt}:{question[:80]}",
            f"{display_name(operation)} needs you",
            f"It waits for {question}",
        )
        pending = self._questions.get(operation.id)
        if notice.key not in self._issued and (pending is None or pending[1] != notice):
            delay = 0.0 if operation.notify is True else QUESTION_DELAY
            self._questions[operation.id] = (now + delay, notice)

    def _issue_once(self, notice: Notice) -> list[Notice]:
        if notice.key in self._issued:
            return []
        self._issued[notice.key] = None
        if len(self._issued) > MAX_REMEMBERED:
            del self._issued[next(iter(self._issued))]
        return [notice]


def notifies_end(operation: Operation) -> bool:
    """Return whether the end of an operation is notified."""
    wanted = operation.notify
    bad = operation.state in (FAILED, CRASHED)
    if wanted is True:
        return True
    if wanted is False or wanted == "sent":
        # A program that crashed could not notify its own end.
        return operation.state == CRASHED and wanted == "sent"
    if wanted == "error" or bad:
        return bad and operation.parent is None
    if operation.parent is not None or operation.started is None or operation.ended is None:
        return False
    return operation.ended - operation.started >= LONG_OPERATION


def end_notice(operation: Operation) -> Notice:
    """Return the notice of the end of an operation."""
    words = outcome_text(operation)
    if operation.error and operation.error not in words:
        words = f"{words}\n{operation.error}"
    return Notice(
        f"end:{operation.id}:{operation.attempt}:{operation.state}",
        f"{display_name(operation)} {operation.state}",
        words[:1].upper() + words[1:],
    )
