"""The selection of operations that a command is about: lookup by id, prefix or name.

Pure. OP on a command line is an id, a unique prefix of one, or a unique name.
"""

from __future__ import annotations

from typing import Iterable, Sequence

from headway.lookup import has_labels, is_program_of, meant, similar_names
from headway.model import Operation
from headway.run.parsers.registry import script_in
from headway_viewer.commands.exit_status import exit_status
from headway_viewer.picture.board import JUST_ENDED, MIN_ID_CHARACTERS, Board, end_word
from headway_viewer.replica.replica import Replica
from headway_viewer.terminal.jobs import Job, Session

NOT_JUDGED_AFTER = 60.0  # seconds to wait for a sign of how a loop that was left ended
NEXT_RUN_WAIT = 3.0  # seconds to wait for a next run before an earlier one is taken
FIRST_WAIT = 2.0  # seconds to wait for a first operation of a session whose jobs are old
YOUNG = 60.0  # seconds: a job that began longer before the viewer is not about to report
YOUNG_WAIT = 10.0  # seconds to wait for a young job to report, once another one has
LOOK_INTERVAL = 0.5  # seconds between looks at the jobs
NAMED_JOBS = 3  # that are waited for, by name
NAMED_OPERATIONS = 5  # of those that an OP can mean, by id and name
SUGGESTIONS = 3  # operations that may be meant by names that none has


class Ambiguous(LookupError):
    """Raised where an OP can mean several operations; the text has their ids and names."""


def find_operation(
    replica: Replica, word: str, labels: Sequence[tuple[str, str]] = (), *, acts: bool = False
) -> Operation | None:
    """Return the operation that `word` means, or None. Raise `Ambiguous`.

    Only one with `labels` can be. Of several that have ended under one name, the latest is meant.
    A command line that runs a script means what that is called, though in whatever folder: not
    for who `acts` on the operation.
    """
    known = replica.operations.values()
    found = [one for one in meant(known, word) if has_labels(one, labels)]
    script = None if found or acts else script_in(word)
    if script is not None:
        found = [one for one in meant(known, script) if has_labels(one, labels)]
    if len(found) > 1:
        found.sort(key=_latest_first)
        told = [_told(operation, replica.operations) for operation in found[:NAMED_OPERATIONS]]
        listed = ", ".join(told)
        left = len(found) - NAMED_OPERATIONS
        more = f" and {left} more" if left > 0 else ""
        raise Ambiguous(f"{word!r} can mean {len(found)} operations: {listed}{more}")
    return found[0] if found else None


def unknown_text(replica: Replica, word: str) -> str:
    """Return that there is no operation `word`, and which ones may be meant."""
    close = similar(replica.operations.values(), word)
    told = " or ".join(_told(operation, replica.operations) for operation in close)
    return f"there is no operation {word!r}" + (f"; did you mean {told}?" if told else "")


def similar(operations: Iterable[Operation], word: str) -> list[Operation]:
    """Return the operations whose names are similar to `word`, one a name.

    The open ones and the latest come first.
    """
    named: dict[str, Operation] = {}
    for operation in sorted(operations, key=_latest_first):
        named.setdefault(operation.name, operation)
    return [named[name] for name in similar_names(named, word, script_in(word))]


def _latest_first(operation: Operation) -> tuple[bool, float]:
    time = operation.started if operation.open else operation.ended
    return not operation.open, -(time or 0.0)


def _told(operation: Operation, known: Iterable[str]) -> str:
    """Return the shortest unique prefix of an id, the name and the state of an operation."""
    return f"{short_id(operation.id, known)} {operation.name} ({end_word(operation)})"


def short_id(operation: str, known: Iterable[str]) -> str:
    """Return the shortest prefix of an id that is no other's of those `known`."""
    others = [other for other in known if other != operation]
    length = MIN_ID_CHARACTERS
    while any(other[:length] == operation[:length] for other in others) and length < len(operation):
        length += 1
    return operation[:length]


class Selection:
    """The operations named on the command line, each once it is known; without names, all.

    With a `session`, its operations alone are meant by no names, from the moment on at which it
    has jobs or one of them is seen: the selection is `confined` then. A job that has not reported
    yet is waited for while it lives. A name whose operation ended before the viewer attached may
    mean the next run, which is about to start: wait `next_run_wait` seconds for it, then take the
    one that ended. With `labels`, only operations that
    have all of these are meant. `chosen` holds the ids found so far, None without names.
    """

    def __init__(
        self,
        words: list[str],
        next_run_wait: float = 0.0,
        session: Session | None = None,
        labels: Sequence[tuple[str, str]] = (),
    ) -> None:
        self._labels = labels
        self._missing = list(words)
        self._ended_earlier: set[str] = set()  # of the missing names
        self._next_run_wait = next_run_wait
        self._attached: float | None = None  # the broker's time
        self._session = None if words else session
        self._jobs = [] if self._session is None else self._session.jobs()
        self._looked: float | None = None  # at the jobs; the broker's time
        self._unreported: list[Job] = []
        self.confined = bool(self._jobs)
        self.chosen: set[str] | None = set() if words else None

    def accepts(self, operation: Operation) -> bool:
        """Return whether an operation is selected."""
        if self._labels and not has_labels(operation, self._labels):
            return False
        if self.chosen is None:
            return self._session is None or not self.confined or self._session.includes(operation)
        return operation.id in self.chosen

    def update(self, replica: Replica, now: float) -> list[str]:
        """Look up the names that are still missing, and return the ids found.

        `now` is the broker's time. Raise `Ambiguous`.
        """
        if replica.wanted:
            return []
        if self._attached is None:
            self._attached = now
        self._look(replica, now)
        if self.chosen is None or not self._missing:
            return []
        found: list[str] = []
        for word in list(self._missing):
            operation = find_operation(replica, word, self._labels)
            if operation is None:
                continue
            if self._ended_before(operation, word) and now < self._attached + self._next_run_wait:
                self._ended_earlier.add(word)
                continue
            found.append(operation.id)
            self._missing.remove(word)
        self.chosen.update(found)
        return found

    def confine(self, board: Board) -> bool:
        """Return whether the selection is confined to the session from now on.

        The operations of the board are then to be selected again.
        """
        session = self._session
        if session is None or self.confined:
            return False
        self.confined = bool(self._jobs) or any(
            board.counts_as_seen(operation) and session.includes(operation)
            for operation in board.replica.operations.values()
        )
        return self.confined

    def _look(self, replica: Replica, now: float) -> None:
        """Look at the jobs of the session, and which of them have not reported."""
        session = self._session
        if session is None or (self._looked is not None and now < self._looked + LOOK_INTERVAL):
            return
        self._looked = now
        self._jobs = session.jobs()
        reported = {
            operation.pid for operation in replica.operations.values() if operation.pid is not None
        }
        self._unreported = [
            job
            for job in self._jobs
            if job.runs - reported or (job.age <= YOUNG and reported.isdisjoint(job.members))
        ]

    def _begins(self, board: Board, now: float) -> list[Job]:
        """Return the jobs that may still report a first operation, and are waited for."""
        late = board.seen and self._attached is not None and now >= self._attached + YOUNG_WAIT
        return [job for job in self._unreported if job.runs or not late]

    def _ended_before(self, operation: Operation, word: str) -> bool:
        ended = operation.ended
        return (
            (word == operation.name or is_program_of(word, operation.name))
            and not operation.open
            and ended is not None
            and self._attached is not None
            and ended < self._attached - JUST_ENDED
        )

    def next_check(self, now: float) -> float | None:
        """Return the seconds until an earlier run is taken; None if none is held back."""
        if self._attached is None:
            return None
        if self._session is not None:
            return LOOK_INTERVAL
        if not self._ended_earlier.intersection(self._missing):
            return None
        return max(self._attached + self._next_run_wait - now, 0.0)

    def awaited(self, board: Board) -> str | None:
        """Return what has not begun yet, as text for a person, or None."""
        if self.chosen is None:
            jobs = self._begins(board, board.now)
            if jobs:
                names = [job.name for job in jobs]
                more = f" and {len(names) - NAMED_JOBS} more" if len(names) > NAMED_JOBS else ""
                return f"an operation of {', '.join(names[:NAMED_JOBS])}{more}"
            return None if board.seen else "an operation"
        return " and ".join(map(repr, self._unknown())) or None

    def hint(self, board: Board) -> str | None:
        """Return that something has not begun yet, and what may be meant by a name, or None."""
        awaited = self.awaited(board)
        if awaited is None:
            return None
        known = board.replica.operations
        close = [one for word in self._unknown() for one in similar(known.values(), word)]
        told = " or ".join(_told(one, known) for one in close[:SUGGESTIONS])
        return f"waiting for {awaited} to begin" + (f"; did you mean {told}?" if told else "")

    def _unknown(self) -> list[str]:
        return [word for word in self._missing if word not in self._ended_earlier]

    def left(self, board: Board) -> list[Operation]:
        """Return the operations that were left early, if all that are open were; else none."""
        operations = [operation for operation in self.operations(board) if operation.open]
        return operations if all(operation.left for operation in operations) else []

    def unjudged(self, board: Board, now: float) -> bool:
        """Return whether all that is waited for was left `NOT_JUDGED_AFTER` ago, without a sign."""
        left = self.left(board)
        if self._missing or not left:
            return False
        long = board.long_left(now, NOT_JUDGED_AFTER)
        return all(operation.id in long for operation in left)

    def done(self, board: Board) -> bool:
        """Return whether there was a first operation, and none is open now or about to begin."""
        if self._missing or self._begins(board, board.now):
            return False
        selected = self.operations(board)
        return bool(selected) and not any(operation.open for operation in selected)

    def in_vain(self, board: Board, now: float) -> bool:
        """Return whether no operation of the session has begun, and no job is about to."""
        return (
            self.confined
            and self._attached is not None
            and now >= self._attached + FIRST_WAIT
            and not board.seen
            and not self._unreported
        )

    def operations(self, board: Board) -> list[Operation]:
        """Return the operations selected: those found, or without names all seen."""
        operations = board.replica.operations
        names = board.seen if self.chosen is None else self.chosen
        return [operations[name] for name in names if name in operations]

    def exit_status(self, board: Board) -> int:
        """Return the exit status for the operations selected."""
        return exit_status(operation.state for operation in self.operations(board))
