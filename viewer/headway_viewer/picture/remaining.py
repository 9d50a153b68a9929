"""What to tell of the time that an operation still takes.

Pure. A count down stands on the broker's last estimate; where a person has to answer, there is
none, and where an operation only waits its turn, the holder's time is the best that is known.
"""

from __future__ import annotations

from headway.estimate import Estimate
from headway.model import WAITING, Operation
from headway_viewer import formatting
from headway_viewer.picture.board import Board

ASKED = "waiting for your answer"
CALCULATING = "calculating"


def outlook(operation: Operation, board: Board, now: float) -> str:
    """Words such as "about 2 min" for an open operation; "calculating" where nothing is known.

    What waits as a whole says only how long it may wait: "" where nobody knows that.
    """
    if operation.state == WAITING:
        left = None if operation.question is not None else left_of(operation, board, now)
        if left is None and operation.holder is not None:
            holder = board.replica.operations.get(operation.holder)
            left = None if holder is None else left_of(holder, board, now)
        return known(formatting.remaining(left, None, 0.0))
    if operation.question is not None or _asked_for(operation, board):
        return ASKED
    took = now - operation.started if operation.started is not None else 0.0
    return formatting.remaining(left_of(operation, board, now), operation.usual, took)


def known(words: str) -> str:
    """The words, but "" where they only say that nothing is known."""
    return "" if words == CALCULATING else words


def left_of(operation: Operation, board: Board, now: float) -> Estimate | None:
    """The broker's last estimate of it, counted down to now."""
    made = board.replica.estimated(operation.id)
    return formatting.counted_down(operation.estimate, now - made if made else 0.0)


def _asked_for(operation: Operation, board: Board) -> bool:
    """Whether an operation that is part of it waits for a person."""
    return any(child.question is not None for child in board.children(operation.id))
