"""The states of operations and stages, their legal moves, and what a state's reason says. Pure."""

from __future__ import annotations

PENDING = "pending"
RUNNING = "running"
WAITING = "waiting"
COMPLETED = "completed"
FAILED = "failed"
SKIPPED = "skipped"
CANCELLED = "cancelled"
CRASHED = "crashed"
UNJUDGED = "ended"  # over, and nobody can know how: an attached process, or by `os._exit(0)`

OPEN = frozenset({PENDING, RUNNING, WAITING})
ENDED = frozenset({COMPLETED, FAILED, SKIPPED, CANCELLED, CRASHED, UNJUDGED})

# state -> the states it may move to. A late true state corrects `crashed`; a stage that
# has ended may be run again, which counts an attempt.
STAGE_MOVES: dict[str, frozenset[str]] = {
    PENDING: frozenset({RUNNING, WAITING, SKIPPED, FAILED, CANCELLED, CRASHED}),
    RUNNING: frozenset({WAITING, COMPLETED, FAILED, SKIPPED, CANCELLED, CRASHED, UNJUDGED}),
    WAITING: frozenset({RUNNING, COMPLETED, FAILED, SKIPPED, CANCELLED, CRASHED, UNJUDGED}),
    COMPLETED: frozenset({RUNNING}),
    FAILED: frozenset({RUNNING}),
    SKIPPED: frozenset({RUNNING}),
    CANCELLED: frozenset({RUNNING}),
    CRASHED: frozenset({RUNNING, WAITING, COMPLETED, FAILED, SKIPPED, CANCELLED, UNJUDGED}),
    UNJUDGED: frozenset({RUNNING}),
}
OPERATION_MOVES: dict[str, frozenset[str]] = {
    PENDING: frozenset({RUNNING, WAITING, COMPLETED, FAILED, CANCELLED, CRASHED, UNJUDGED}),
    RUNNING: frozenset({WAITING, COMPLETED, FAILED, CANCELLED, CRASHED, UNJUDGED}),
    WAITING: frozenset({RUNNING, COMPLETED, FAILED, CANCELLED, CRASHED, UNJUDGED}),
    COMPLETED: frozenset(),
    FAILED: frozenset({RUNNING}),
    CANCELLED: frozenset(),
    CRASHED: frozenset({RUNNING, WAITING, COMPLETED, FAILED, CANCELLED, UNJUDGED}),
    UNJUDGED: frozenset(),
}


class IllegalMove(ValueError):
    """A state cannot follow another; nothing was changed."""


# The reason of a wait that `headway pause` has asked for: nobody knows until when.
PAUSED = "paused"
# What the reason of a wait begins with that follows a request to stop: it waits for its own end.
STOPPING = "stopping"
# What the reason of a wait begins with where a person is asked for something: else it is a lock.
QUESTIONS = ("an answer", "a password", "password", "input", "confirmation")


def asks(reason: str | None) -> bool:
    """Return whether `reason` is that of a wait for a person."""
    return reason is not None and reason.startswith(QUESTIONS)


class Stateful:
    """What the state and its reason say of a stage or an operation."""

    __slots__ = ()

    state: str
    reason: str | None

    @property
    def open(self) -> bool:
        """Return whether it has not ended."""
        return self.state in OPEN

    @property
    def left(self) -> bool:
        """Return whether it was left early, and nothing has told how: it runs, and has a reason."""
        return self.state == RUNNING and self.reason is not None

    @property
    def paused(self) -> bool:
        """Return whether a request has stopped it, until another one."""
        return self.state == WAITING and self.reason == PAUSED

    @property
    def stopping(self) -> bool:
        """Return whether it was asked to stop, and has yet to end."""
        waits = self.state == WAITING and self.reason is not None
        return waits and str(self.reason).startswith(STOPPING)

    @property
    def stopped(self) -> bool:
        """Return whether it stopped before its end: completed, but for a reason that it has."""
        return self.state == COMPLETED and self.reason is not None


def may_correct(state: str, then: str) -> bool:
    """Return whether `then` may be told by its writer where an operation had ended as `state`.

    A verdict that the end of the program has taken, too early: an exit handler ran after it.
    """
    return state in ENDED and then in ENDED


def reachable(state: str, then: str, moves: dict[str, frozenset[str]]) -> bool:
    """Return whether `then` can follow `state` in any number of moves of the table.

    What a replica is shown is conflated: it may miss states between two records.
    """
    seen = {state}
    edge = [state]
    while edge:
        for following in moves[edge.pop()]:
            if following not in seen:
                seen.add(following)
                edge.append(following)
    return then in seen
