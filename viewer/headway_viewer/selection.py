"""Which operations a command is about, when it is over, and what its exit status says.

Pure. OP on a command line is an id, the shortest unique beginning of one, or a unique name.
"""

from __future__ import annotations

from headway.model import CANCELLED, CRASHED, FAILED, Operation
from headway_viewer.replica import Replica
from headway_viewer.rows import Board, find

ALL_COMPLETED = 0
SOME_FAILED = 1
NONE_SEEN = 4
SOME_CANCELLED = 130


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
    """The operations that were named, each once it is known; without names, all."""

    def __init__(self, words: list[str]) -> None:
        self._missing = list(words)
        self.chosen: set[str] | None = set() if words else None

    def accepts(self, operation: Operation) -> bool:
        """Whether it was named, or none were."""
        return self.chosen is None or operation.id in self.chosen

    def update(self, replica: Replica) -> None:
        """Look for those that were not known yet; raises `Ambiguous`."""
        if self.chosen is None:
            return
        for word in list(self._missing):
            operation = pick(replica, word)
            if operation is not None:
                self.chosen.add(operation.id)
                self._missing.remove(word)

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
