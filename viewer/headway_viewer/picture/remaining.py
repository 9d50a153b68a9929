"""The remaining time (ETA) of an operation, in words.

Pure. The text counts down from the broker's last estimate. An operation that waits for a person has
none; one that waits for a lock shows the remaining time of its holder.
"""

from __future__ import annotations

from typing import Iterable

from headway.estimate import Estimate
from headway.model import Operation
from headway.states import PENDING, RUNNING, WAITING
from headway_viewer import formatting
from headway_viewer.picture.board import Board

WAITING_FOR_ANSWER = "waiting for your answer"
CALCULATING = "calculating"
STOPPED_WITHIN = "stopped"  # of an operation that goes on, a part is


def remaining_text(operation: Operation, board: Board, now: float, *, short: bool = False) -> str:
    """Return the remaining time of an open operation, such as "about 2 min".

    Without an estimate it is "calculating"; for an operation that waits as a whole, "". If
    `short`, it is a number without its range.
    """
    if operation.state == WAITING:
        untold = operation.question is not None or _is_held(operation)
        left = None if untold else remaining_estimate(operation, board, now)
        if left is None and operation.holder is not None:
            holder = board.replica.operations.get(operation.holder)
            left = None if holder is None else remaining_estimate(holder, board, now)
        return blank_if_unknown(formatting.estimate_text(left, None, 0.0, short=short))
    if operation.question is not None or _child_asks(operation, board):
        return WAITING_FOR_ANSWER
    if any(child.stopped_since is not None for child in board.children(operation.id)):
        return STOPPED_WITHIN
    estimate = remaining_estimate(operation, board, now)
    elapsed, once = operation.worked_for(now), _knows_one_run(operation)
    return formatting.estimate_text(estimate, operation.late_after, elapsed, short=short, once=once)


def late_text(operation: Operation, now: float) -> str:
    """Return "longer than usual (40 s)" of an operation that is overdue, else ""."""
    elapsed, once = operation.worked_for(now), _knows_one_run(operation)
    return formatting.late_text(operation.late_after, elapsed, once=once)


def _knows_one_run(operation: Operation) -> bool:
    return operation.usual is not None and operation.usual[3] == 1


def told_estimate(operation: Operation, board: Board, now: float) -> Estimate | None:
    """Return the estimate of which `remaining_text` tells the whole way to the end, or None."""
    if operation.question is not None or _is_held(operation) or _child_asks(operation, board):
        return None
    if any(child.stopped_since is not None for child in board.children(operation.id)):
        return None
    return remaining_estimate(operation, board, now)


def remaining_of_all(board: Board, now: float) -> Estimate | None:
    """Return the longest remaining time of the open operations; None if one is unknown."""
    return remaining_of(board.roots(RUNNING, WAITING, PENDING), board, now)


def remaining_of(operations: Iterable[Operation], board: Board, now: float) -> Estimate | None:
    """Return the longest remaining time of those that are open; None if one is unknown.

    What waits for a lock has its holder's remaining time in its own.
    """
    found: Estimate | None = None
    for operation in operations:
        if operation.left or not operation.open:
            continue
        estimate = told_estimate(board.told(operation), board, now)
        if estimate is None or estimate.high <= 0:
            return None
        if found is None or estimate.median > found.median:
            found = estimate
    return found


def untold(board: Board, now: float) -> list[str]:
    """Return the names of the open operations whose remaining time is unknown."""
    return [
        operation.name
        for operation in board.roots(RUNNING, WAITING, PENDING)
        if not operation.left and told_estimate(board.told(operation), board, now) is None
    ]


def blank_if_unknown(words: str) -> str:
    """Return the text of an estimate, or "" if it says that nothing is known."""
    return "" if words == CALCULATING else words


def remaining_estimate(operation: Operation, board: Board, now: float) -> Estimate | None:
    """Return the broker's last estimate of an operation, counted down to `now`."""
    made = board.replica.estimated(operation.id)
    return formatting.counted_down(operation.estimate, now - made if made else 0.0)


def _is_held(operation: Operation) -> bool:
    """Return whether it is paused, or was asked to stop: how long it takes says nothing then."""
    return operation.paused or operation.stopping


def _child_asks(operation: Operation, board: Board) -> bool:
    """Return whether a child operation waits for a person."""
    return any(child.question is not None for child in board.children(operation.id))
