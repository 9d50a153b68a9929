"""Lines that only ever get appended, for pipes, logs and CI: state changes and some progress.

Pure. A state change is told at once, progress at every tenth or when enough time has passed, so
that a log stays short. Absent: the local time zone (`clock`).
"""

from __future__ import annotations

from typing import Any, Callable, Iterator, TextIO

from headway import text
from headway.formatting import quantity
from headway.formatting.theme import Theme
from headway.model import CRASHED, FAILED, RUNNING, WAITING, Operation, asks
from headway_viewer import formatting
from headway_viewer.picture.board import Board
from headway_viewer.picture.remaining import blank_if_unknown, remaining_text
from headway_viewer.picture.view import shown_progress
from headway_viewer.picture.wording import (
    display_name,
    error_lines,
    outcome_text,
    rate_text,
    sole_stage,
    stage_text,
    summary_text,
    waiting_text,
)
from headway_viewer.replica.replica import Changes

SOON = 10.0  # seconds between two lines of progress of one operation at first
LATER = 30.0  # and when it has been running for five minutes
DOUBT = 1.5  # seconds without the broker before that is told
TENTH = 10  # percent
LEAST = 1.0  # seconds between two lines of progress, however fast it goes
NAMES = 30  # cells of the column of names at most
MAX_EARLIER_ENDED = 20  # operations that had ended before, told of at first
WORD = 9  # cells of the longest state, "completed"


class _Told:
    """What was last said of one operation."""

    __slots__ = ("at", "back", "doing", "silent", "stage", "state", "tenth")

    def __init__(self) -> None:
        self.state = ""
        self.stage = ""
        self.doing = ""
        self.back: str | None = None  # why it went back
        self.tenth = -1
        self.at = float("-inf")
        self.silent = False


class Teller:
    """Which lines to print. Times are the broker's; a line begins with the time of day.

    `time_of_day(unix)` is that of a Unix time.
    """

    def __init__(self, board: Board, look: Theme, time_of_day: Callable[[float], str]) -> None:
        self._board = board
        self._theme = look
        self._time_of_day = time_of_day
        self._told: dict[str, _Told] = {}
        self._names = 12
        self._note: str | None = None  # as it was printed
        self._noted: tuple[str | None, float] = (None, 0.0)  # as it is, and since when

    def tell(self, changes: Changes, note: str | None, now: float) -> list[str]:
        """The lines that the changes are worth."""
        lines: list[str] = []
        if (note is None) != (self._noted[0] is None):
            self._noted = (note, now)
        if (note is None) != (self._note is None) and (note is None or self.doubts(now) <= 0):
            self._note = note
            lines.append(f"{self._clock(now)} {note or 'the broker is back'}")
        operations = self._board.replica.operations
        names = [name for name in changes.operations if self._board.has_row(name)]
        if changes.fresh:
            names, left_out = self._at_first(names)
            if left_out:
                lines.append(f"{self._clock(now)} {left_out} more ended earlier")
            for name in [name for name in self._told if name not in operations]:
                del self._told[name]
        for name in changes.removed:
            self._told.pop(name, None)
        for name in names:  # all first, so that the column is as wide for each of them
            self._widen(self._theme.spell(display_name(operations[name])))
        for name in names:
            lines.extend(self._lines_of(operations[name], now))
        return lines

    def doubts(self, now: float) -> float:
        """Seconds until a note, which may be over at once, is worth a line."""
        note, since = self._noted
        return 0.0 if note is None else max(DOUBT - (now - since), 0.0)

    def summary(self, now: float) -> list[str]:
        """How many operations that were seen have ended, and how."""
        known = self._board.replica.operations
        seen = [known[name] for name in self._board.seen if name in known]
        return [f"{self._clock(now)} {summary_text(seen, now)}"] if seen else []

    def _at_first(self, names: list[str]) -> tuple[list[str], int]:
        """Of what had ended before the viewer came, only the latest."""
        known = self._board.replica.operations
        ended = [name for name in names if not known[name].open and name not in self._told]
        ended.sort(key=lambda name: known[name].ended or 0.0)
        hidden, told = ended[:-MAX_EARLIER_ENDED], ended[-MAX_EARLIER_ENDED:]
        for name in hidden:
            self._said(known[name], 0.0)
        others = set(names).difference(ended)
        return told + [name for name in names if name in others], len(hidden)

    def _said(self, operation: Operation, now: float) -> _Told:
        told = self._told.setdefault(operation.id, _Told())
        told.state = operation.state
        told.at = now
        return told

    def _lines_of(self, operation: Operation, now: float) -> Iterator[str]:
        told = self._told.setdefault(operation.id, _Told())
        silent = operation.silent_since is not None and operation.open
        if silent != told.silent:
            told.silent = silent
            if silent and operation.silent_since is not None:
                words = f"no contact for {formatting.duration(now - operation.silent_since)}"
                yield self._line(operation, "silent", words, now)
                return
        if not operation.open:
            if told.state != operation.state:
                self._said(operation, now)
                ended = now if operation.ended is None else operation.ended
                yield self._line(operation, operation.state, _ending(operation), ended)
                if operation.state in (FAILED, CRASHED):
                    for line in error_lines(operation, 10):
                        yield self._line(operation, None, f"| {line}", ended)
            return
        stage, doing = self._busy_with(operation, now)
        tenth = _tenth(operation)
        pause = LATER if operation.started is not None and now - operation.started > 300 else SOON
        new = operation.state != told.state or (stage != told.stage and now - told.at >= LEAST)
        # A step that shows in nothing but the estimate is worth no line of its own.
        further = tenth is not None and tenth > told.tenth and doing != told.doing
        setback = self._board.replica.setbacks.of(operation.id, now)
        back = None if setback is None else setback.text
        if back is not None and back != told.back:
            further = True
            doing = f"{doing}, {back}" if doing else back
        moved = further and now - told.at >= LEAST
        if not new and not moved and now - told.at < pause:
            return
        told.back = back
        told.stage = stage
        told.doing = doing
        told.tenth = -1 if tenth is None else tenth
        self._said(operation, now)
        left = (
            ""
            if operation.question
            else blank_if_unknown(remaining_text(operation, self._board, now))
        )
        words = ", ".join(part for part in (doing, left) if part)
        yield self._line(operation, operation.state, words, now)

    def _busy_with(self, operation: Operation, now: float) -> tuple[str, str]:
        """The stage it is in, and what to say of it."""
        if operation.state == WAITING:
            since = self._board.replica.since(operation.id)
            words = waiting_text(operation, since, now)
            return "", words[len(WAITING) :].strip()
        only = sole_stage(operation)
        going = [stage for stage in operation.stages.values() if stage.state in (RUNNING, WAITING)]
        asking = [stage for stage in going if stage.state == WAITING and asks(stage.reason)]
        stage = only or (asking or going or [None])[-1]
        if stage is not None and stage.state == WAITING:
            words = stage_text(stage, now)
            return words, words
        parts: list[str] = []
        if stage is not None:
            if stage is not only:
                parts.append(stage.name)
            progress = stage.fraction()
            share = formatting.percent(progress) if progress else ""
            parts.extend([share] if share else [])
            if stage.shown:
                counted = quantity.amount(stage.shown, stage.total, stage.unit, named=True)
                if not share:
                    parts.append(counted)
                elif counted != share:
                    parts.append(f"({counted})")
                speed = rate_text(stage, now)
                parts.extend([speed] if speed else [])
            parts.extend([stage.detail] if stage.detail else [])
        return stage.name if stage is not None else "", " ".join(parts)

    def _line(self, operation: Operation, state: str | None, words: str, now: float) -> str:
        name = self._theme.spell(display_name(operation))
        name = text.pad(text.squeeze(name, self._names, self._theme.ellipsis), self._names)
        words = text.clip(self._theme.spell(words), 400, self._theme.ellipsis)
        column = "" if state is None else f"{state:<{WORD}} "
        return f"{self._clock(now)} {name}  {column}{words}".rstrip()

    def _widen(self, name: str) -> None:
        self._names = min(max(self._names, text.cells(name)), NAMES)

    def _clock(self, now: float) -> str:
        return self._time_of_day(self._board.replica.unix(now))


def _ending(operation: Operation) -> str:
    words = outcome_text(operation)
    state = operation.state
    return words[len(state) :].strip() if words.startswith(state) else words


def _tenth(operation: Operation) -> int | None:
    progress = shown_progress(operation, sole_stage(operation))
    return None if progress is None else int(progress * 100) // TENTH


class Plain:
    """Prints a teller's lines to a stream, each at once."""

    throttled = False

    def __init__(
        self, board: Board, look: Theme, stream: TextIO, time_of_day: Callable[[float], str]
    ) -> None:
        self._teller = Teller(board, look, time_of_day)
        self._board = board
        self._stream = stream

    def show(self, changes: Changes, note: str | None, local: float) -> float:
        """Print what the changes are worth."""
        now = self._board.replica.time(local)
        self._print(self._teller.tell(changes, note, now))
        return self._teller.doubts(now) or 30.0

    def finish(self, local: float, remark: str | None = None) -> None:
        """Print the summary."""
        lines = self._teller.summary(self._board.replica.time(local))
        self._print(lines + ([remark] if remark is not None else []))

    def pause(self) -> None:
        """There is nothing to give back."""

    def _print(self, lines: list[Any]) -> None:
        if lines:
            self._stream.write("".join(f"{line}\n" for line in lines))
            self._stream.flush()
