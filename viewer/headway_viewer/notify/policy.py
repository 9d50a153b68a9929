"""The notification policy: which operations are worth a notification, and when.

Pure. Only what happens after the notifier attached is notified. The operation's own `notify`
takes precedence: True notifies everything, False nothing, "error" failures; "sent" means that
the program itself has notified its end. Otherwise an end is notified if it is a failure, or
if the operation took `LONG_OPERATION` seconds, as its user may have turned away. A question is
notified at once; what stands still, or takes longer than usual, once, where that is wanted. The
end of a child never is, because its parent's will be.
"""

from __future__ import annotations

from typing import Callable, Iterable, NamedTuple

from headway.model import Operation
from headway.states import CRASHED, FAILED
from headway_viewer.notify.notice import (
    BAD,
    QUESTION,
    Notice,
    end_notice,
    question_notice,
    slow_notice,
    stalled_notice,
)

LONG_OPERATION = 10.0  # seconds from which on a successful end is notified
# … where nobody can tell whether its terminal is in front. By judgement: who waits for less is
# more often still there than not.
LONG_UNSEEN = 30.0
QUESTION_DELAY = 5.0  # seconds: a user who is looking answers sooner
# Seconds without progress. The broker only calls a stall what is many times the own pace.
STALL_DELAY = 120.0
SLOW_FACTOR = 2.0  # times its usual duration
MIN_SLOW = 60.0  # seconds beyond it
MAX_REMEMBERED = 2000  # keys, to notify each once


class Settings(NamedTuple):
    """What a person may set: from how many seconds on, and whether slowness is told."""

    long: float = LONG_OPERATION
    slow: bool = False


class Policy:
    """Turns changes into notices, each once; times are the broker's monotonic seconds."""

    def __init__(self, settings: Settings = Settings()) -> None:  # noqa: B008 - it is a tuple
        self._settings = settings
        self._attached: float | None = None
        self._open: dict[str, Operation] = {}
        self._issued: dict[str, None] = {}
        # Operation → when due, notice. Of stalls and slowness, the times at which they are looked
        # at: by then the operation may have gone on.
        self._questions: dict[str, tuple[float, Notice]] = {}
        self._looks: dict[tuple[str, str], float] = {}

    def attach(self, now: float) -> None:
        """Note since when the notifier has been there: it tells no earlier end."""
        if self._attached is None:
            self._attached = now

    def absorb(self, operations: Iterable[Operation], now: float) -> list[Notice]:
        """Return the notices for operations that changed."""
        self.attach(now)
        attached = now if self._attached is None else self._attached
        notices: list[Notice] = []
        for operation in operations:
            self._note_question(operation, now)
            self._note_looks(operation, now)
            if operation.open:
                self._open[operation.id] = operation
                continue
            seen = self._open.pop(operation.id, None) is not None
            late = operation.ended is None or operation.ended <= attached
            if notifies_end(operation, self._settings.long) and (seen or not late):
                notices.extend(self._issue_once(end_notice(operation)))
        return notices

    def forget(self, operations: Iterable[str]) -> None:
        """Drop operations that were removed."""
        for name in operations:
            self._open.pop(name, None)
            self._questions.pop(name, None)
            for kind in _LOOKS:
                self._looks.pop((kind, name), None)

    def restart(self, translate: Callable[[float], float]) -> None:
        """Convert all times to the clock of a new broker, by `translate(time)`."""
        if self._attached is not None:
            self._attached = translate(self._attached)
        self._questions = {
            name: (translate(at), notice) for name, (at, notice) in self._questions.items()
        }
        self._looks = {key: translate(at) for key, at in self._looks.items()}

    def due(self, now: float) -> list[Notice]:
        """Return the notices of questions, stalls and slowness that have lasted."""
        ready = [name for name, (at, _notice) in self._questions.items() if at <= now]
        notices = [self._questions.pop(name)[1] for name in ready]
        for key in [key for key, at in self._looks.items() if at <= now]:
            operation = self._open.get(key[1])
            if operation is not None:
                self._note_looks(operation, now)  # it may have been stopped meanwhile
            if key in self._looks and self._looks[key] <= now:
                del self._looks[key]
                if operation is not None:
                    notices.append(_LOOKS[key[0]](operation, now))
        return [notice for made in notices for notice in self._issue_once(made)]

    def deadline(self) -> float | None:
        """Return when `due` has the next notice, or None."""
        times = [at for at, _notice in self._questions.values()]
        return min([*times, *self._looks.values()], default=None)

    def _note_question(self, operation: Operation, now: float) -> None:
        question = operation.question
        if question is None or operation.notify is False:
            self._questions.pop(operation.id, None)
            return
        notice = question_notice(operation, question)
        pending = self._questions.get(operation.id)
        if notice.key not in self._issued and (pending is None or pending[1].key != notice.key):
            delay = 0.0 if operation.notify is True else QUESTION_DELAY
            self._questions[operation.id] = (now + delay, notice)

    def _note_looks(self, operation: Operation, now: float) -> None:
        """Note when to look whether an operation stands still, or takes too long.

        Time in which it is stopped or paused does not count.
        """
        told = operation.open and operation.parent is None and operation.notify in (None, True)
        stalled = operation.stalled_since
        usual = None if operation.usual is None else operation.usual[0]
        begun = operation.started
        if begun is not None:
            begun += operation.stopped_for(begun, now)
        goes_on = told and not operation.paused and operation.stopped_since is None
        looks = {
            "stalled": stalled + STALL_DELAY if told and stalled is not None else None,
            "slow": begun + max(usual * SLOW_FACTOR, usual + MIN_SLOW)
            if goes_on and self._settings.slow and usual is not None and begun is not None
            else None,
        }
        for kind, at in looks.items():
            key = (kind, operation.id)
            if at is None or f"{kind}:{operation.id}:{operation.attempt}" in self._issued:
                self._looks.pop(key, None)
            else:
                self._looks[key] = at

    def _issue_once(self, notice: Notice) -> list[Notice]:
        if notice.key in self._issued:
            return []
        self._issued[notice.key] = None
        if len(self._issued) > MAX_REMEMBERED:
            del self._issued[next(iter(self._issued))]
        return [notice]


_LOOKS: dict[str, Callable[[Operation, float], Notice]] = {
    "stalled": stalled_notice,
    "slow": slow_notice,
}


def notifies_end(operation: Operation, long: float = LONG_OPERATION) -> bool:
    """Return whether the end of an operation is notified; `long` is in seconds."""
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
    return operation.ended - operation.started >= long


def told_in_front(notice: Notice) -> bool:
    """Return whether a notice is told to somebody who looks at the terminal of the operation."""
    return notice.event in (*BAD, QUESTION) or notice.forced


def told_unseen(notice: Notice) -> bool:
    """Return whether a notice is told where nobody knows what stands in front."""
    return told_in_front(notice) or notice.took is None or notice.took >= LONG_UNSEEN
