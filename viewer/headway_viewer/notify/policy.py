"""What of an operation is worth a notification, and what it says; pure.

Only what happens after the notifier came is told. The operation's own `notify` goes before
everything: True tells all, False nothing, "error" what went wrong; "sent" means that the
program has told of its end itself. Otherwise an end is told when it is bad, or when the
operation took long enough that its user may have turned away; a child's end never is,
because its parent's will be.
"""

from __future__ import annotations

from typing import Callable, Iterable, NamedTuple

from headway.model import CRASHED, FAILED, Operation
from headway_viewer.picture.wording import display_name, outcome_text

LONG = 10.0  # seconds from which on an operation's good end is told
PATIENCE = 5.0  # seconds a question stands before it is told: its user may be looking
KEPT = 2000  # keys that are remembered


class Notice(NamedTuple):
    """Something to tell; `key` is the same for every notifier that finds it."""

    key: str
    title: str
    body: str


class Policy:
    """Turns what changed into notices, each once. Times are the broker's monotonic seconds."""

    def __init__(self) -> None:
        self._came: float | None = None
        self._open: set[str] = set()
        self._told: dict[str, None] = {}
        self._asking: dict[str, tuple[float, Notice]] = {}  # operation → when due, what

    def absorb(self, operations: Iterable[Operation], now: float) -> list[Notice]:
        """What the operations that changed are worth; the first call is what was there before."""
        first = self._came is None
        if self._came is None:
            self._came = now
        notices: list[Notice] = []
        for operation in operations:
            self._ask(operation, now)
            if operation.open:
                self._open.add(operation.id)
                continue
            seen = operation.id in self._open
            self._open.discard(operation.id)
            late = operation.ended is None or operation.ended <= self._came
            if first or (late and not seen) or not tells_end(operation):
                continue
            notices.extend(self._once(of_end(operation)))
        return notices

    def forget(self, operations: Iterable[str]) -> None:
        """These are no longer kept."""
        for name in operations:
            self._open.discard(name)
            self._asking.pop(name, None)

    def restart(self, ahead: Callable[[float], float]) -> None:
        """Another broker with another clock: `ahead` turns its predecessor's times into its."""
        if self._came is not None:
            self._came = ahead(self._came)
        self._asking = {name: (ahead(at), notice) for name, (at, notice) in self._asking.items()}

    def due(self, now: float) -> list[Notice]:
        """Questions that have stood for long enough."""
        ready = [name for name, (at, _notice) in self._asking.items() if at <= now]
        return [notice for name in ready for notice in self._once(self._asking.pop(name)[1])]

    def deadline(self) -> float | None:
        """When `due` has something next."""
        return min((at for at, _notice in self._asking.values()), default=None)

    def _ask(self, operation: Operation, now: float) -> None:
        question = operation.question
        if question is None or operation.notify is False:
            self._asking.pop(operation.id, None)
            return
        notice = Notice(
            f"input:{operation.id}:{operation.attempt}:{question[:80]}",
            f"{display_name(operation)} needs you",
            f"It waits for {question}",
        )
        standing = self._asking.get(operation.id)
        if notice.key not in self._told and (standing is None or standing[1] != notice):
            patience = 0.0 if operation.notify is True else PATIENCE
            self._asking[operation.id] = (now + patience, notice)

    def _once(self, notice: Notice) -> list[Notice]:
        if notice.key in self._told:
            return []
        self._told[notice.key] = None
        if len(self._told) > KEPT:
            del self._told[next(iter(self._told))]
        return [notice]


def tells_end(operation: Operation) -> bool:
    """Whether the end of `operation` is to be told."""
    wanted = operation.notify
    bad = operation.state in (FAILED, CRASHED)
    if wanted is True:
        return True
    if wanted is False or wanted == "sent":
        # A program that crashed told nobody, whatever it meant to do.
        return operation.state == CRASHED and wanted == "sent"
    if wanted == "error" or bad:
        return bad and operation.parent is None
    if operation.parent is not None or operation.started is None or operation.ended is None:
        return False
    return operation.ended - operation.started >= LONG


def of_end(operation: Operation) -> Notice:
    """How it ended, in words."""
    words = outcome_text(operation)
    if operation.error and operation.error not in words:
        words = f"{words}\n{operation.error}"
    return Notice(
        f"end:{operation.id}:{operation.attempt}:{operation.state}",
        f"{display_name(operation)} {operation.state}",
        words[:1].upper() + words[1:],
    )
