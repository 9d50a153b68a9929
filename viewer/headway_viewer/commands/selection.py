"""Which operations a command is about, when it is over, and what its exit status says.

Pure. OP on a command line is an id, the shortest unique beginning of one, or a unique name.
"""

from __future__ import annotations

from headway.model import CANCELLED, CRASHED, FAILED, Operation
from headway_viewer.picture.board import JUST_ENDED, Board, find
from headway_viewer.replica.replica import Replica

ALL_COMPLETED = 0
SOME_FAILED = 1
NONE_SEEN = 4
SOME_CANCELLED = 130
NEWER_WITHIN = 3.0  # seconds in which the next run of what ended earlier may be heard of


class Ambiguous(LookupError):
    """An OP can mean several operations; the text names them."""


def pick(replica: Replica, word: str) -> Operation | None:
    """The operation that `word` means, or None; raises `Ambiguous`.

    Of several that have ended under one name, the latest is meant.
    """
    found = find(replica.operations.values(), word)
    if len(found) > 1 and all(not op.open and op.name == word for op in found):
        return max(found, key=lambda operation: operation.ended or 0.0)
    if len(found) > 1:
        listed = ", ".join(operation.id for operation in found[:5])
        more = f" and {len(found) - 5} more" if len(found) > 5 else ""
        raise Ambiguous(f"{word!r} can mean {len(found)} operations: {listed}{more}")
    return found[0] if found else None


class Selection:
    """The operations that were named, each once it is known; without names, all.

    A name whose operation had ended before the viewer came may be meant for the next run,
    which is starting: for `patience` seconds that is waited for, then the end is taken.
    """

    def __init__(self, words: list[str], patience: float = 0.0) -> None:
        self._missing = list(words)
        self._earlier: set[str] = set()  # of the missing: what had ended before
        self._patience = patience
        self._came: float | None = None  # in the broker's time
        self.chosen: set[str] | None = set() if words else None

    def accepts(self, operation: Operation) -> bool:
        """Whether it was named, or none were."""
        return self.chosen is None or operation.id in self.chosen

    def update(self, replica: Replica, now: float) -> list[str]:
        """Look for those that were not known yet, and return the ids of those found.

        `now` is the broker's time. Raises `Ambiguous`.
        """
        if self.chosen is None or replica.wanted or not self._missing:
            return []
        if self._came is None:
            self._came = now
        found: list[str] = []
        for word in list(self._missing):
            operation = pick(replica, word)
            if operation is None:
                continue
            if self._ended_before(operation, word) and now < self._came + self._patience:
                self._earlier.add(word)
                continue
            found.append(operation.id)
            self._missing.remove(word)
        self.chosen.update(found)
        return found

    def _ended_before(self, operation: Operation, word: str) -> bool:
        ended = operation.ended
        return (
            word == operation.name
            and not operation.open
            and ended is not None
            and self._came is not None
            and ended < self._came - JUST_ENDED
        )

    def look_again(self, now: float) -> float | None:
        """Seconds until an end from before is taken; None where none is waited with."""
        if self._came is None or not self._earlier.intersection(self._missing):
            return None
        return max(self._came + self._patience - now, 0.0)

    def awaited(self, board: Board) -> str | None:
        """What has not even begun yet, for people; None if there is nothing such."""
        if self.chosen is None:
            return None if board.seen else "an operation"
        unknown = [word for word in self._missing if word not in self._earlier]
        return " and ".join(map(repr, unknown)) or None

    def done(self, board: Board) -> bool:
        """Whether there was a first operation and none is open now."""
        if self._missing:
            return False
        mine = self.mine(board)
        return bool(mine) and not any(operation.open for operation in mine)

    def mine(self, board: Board) -> list[Operation]:
        """Those that were named and found, or without names all that were seen."""
        operations = board.replica.operations
        names = board.seen if self.chosen is None else self.chosen
        return [operations[name] for name in names if name in operations]

    def exit_status(self, board: Board) -> int:
        """0 all completed, 1 any failed or crashed, 130 any cancelled, 4 none seen."""
        states = {operation.state for operation in self.mine(board)}
        if not states:
            return NONE_SEEN
        if states & {FAILED, CRASHED}:
            return SOME_FAILED
        return SOME_CANCELLED if CANCELLED in states else ALL_COMPLETED
