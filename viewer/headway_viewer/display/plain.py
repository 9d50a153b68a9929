"""The plain display: appended lines for pipes, logs and CI, about state changes and progress.

Pure. A change of state is printed at once; progress at every tenth, or when enough time has
passed, so that a log stays short. The time of day comes from a callback (`clock`).
"""

from __future__ import annotations

from typing import Any, Callable, Iterator, TextIO

from headway import string_width
from headway.formatting import quantity
from headway.formatting.outcome import lasted_text, main_stage, outcome_text, sole_stage
from headway.formatting.theme import STOPPED, Theme
from headway.model import Operation
from headway.states import CRASHED, FAILED, PENDING, RUNNING, WAITING, asks
from headway_viewer import formatting
from headway_viewer.picture.board import Board, end_word
from headway_viewer.picture.finish_time import FinishTime
from headway_viewer.picture.remaining import (
    STOPPED_WITHIN,
    WAITING_FOR_ANSWER,
    blank_if_unknown,
    remaining_text,
    told_estimate,
)
from headway_viewer.picture.view import shown_progress
from headway_viewer.picture.wording.counts import rate_text, shown_count, stage_text
from headway_viewer.picture.wording.groups import group_text, summary_text
from headway_viewer.picture.wording.standing import (
    contact_text,
    error_lines,
    held_word,
    stall_text,
    stopped_text,
    waiting_text,
)
from headway_viewer.replica.replica import Changes

PROGRESS_INTERVAL = 10.0  # seconds between progress lines of one operation
LONG_RUNNING = 300.0  # seconds from which on LONG_PROGRESS_INTERVAL applies
LONG_PROGRESS_INTERVAL = 30.0  # seconds
ANNOTATION_LINES = 3  # of an annotation: why it failed, not what came before
NOTE_DELAY = 1.5  # seconds: a broker that restarts is back sooner
TENTH = 10  # percent
MIN_PROGRESS_INTERVAL = 5.0  # seconds between progress lines, however fast an operation is
HEARTBEAT_INTERVAL = 60.0  # seconds without a line after which one says that something goes on
HEARTBEAT_NAMES = 3  # operations that are named in it
MAX_NAME_CELLS = 30  # of the name column
MAX_EARLIER_ENDED = 20  # operations listed that ended before the viewer attached
STATE_CELLS = 9  # cells of the longest state, "completed"


# Of a remaining time that is none: "longer than usual (41 s)".
NO_NUMBER = "longer than "

Annotate = Callable[[str, str], "str | None"]


class _LastLine:
    """What the last line about an operation said."""

    __slots__ = (
        *(
            "activity",
            "at",
            "setback_text",
            "silent",
            "stage",
            "stalled",
            "state",
            "stopped",
            "tenth",
        ),
    )

    def __init__(self) -> None:
        self.state = ""
        self.stage = ""
        self.activity = ""
        self.setback_text: str | None = None
        self.tenth = -1
        self.at = float("-inf")
        self.silent = self.stalled = self.stopped = False

    def remember(self, operation: Operation, now: float) -> None:
        """Note that a line tells of this state."""
        self.state = operation.state
        self.at = now


class PlainRenderer:
    """Decides which lines to print, and renders them; times are the broker's.

    A line begins with `time_of_day(unix)`, the text of a Unix time. `annotate(title, body)` returns
    a line by which a failure stands out of the log, or None. `is_unseen(operation)` says whether
    what an operation printed does not stand in the log already.
    """

    def __init__(
        self,
        board: Board,
        theme: Theme,
        time_of_day: Callable[[float], str],
        finish_time: FinishTime | None = None,
        annotate: Annotate = lambda _title, _body: None,
        is_unseen: Callable[[Operation], bool] = lambda _operation: True,
    ) -> None:
        self._annotate = annotate
        self._is_unseen = is_unseen
        self._finish_time = FinishTime() if finish_time is None else finish_time
        self._board = board
        self._theme = theme
        self._time_of_day = time_of_day
        self._last_lines: dict[str, _LastLine] = {}
        self._name_cells = 12
        self._printed_note: str | None = None
        self._printed_at = float("-inf")  # the time that the last line began with
        self._current_note: tuple[str | None, float] = (None, 0.0)  # and since when
        self._printed: float | None = None  # when the last line was

    def render(self, changes: Changes, note: str | None, now: float) -> list[str]:
        """Return the lines to print for the changes and the note about the connection."""
        lines: list[str] = []
        if (note is None) != (self._current_note[0] is None):
            self._current_note = (note, now)
        if (note is None) != (self._printed_note is None) and (
            note is None or self.note_due(now) <= 0
        ):
            self._printed_note = note
            lines.append(f"{self._clock(now)} {note or 'the broker is back'}")
        operations = self._board.replica.operations
        names = [name for name in changes.operations if self._board.has_row(name)]
        if changes.fresh:
            self._printed_at = float("-inf")  # of another broker's clock, maybe
            names, left_out = self._first_names(names)
            if left_out:
                lines.append(f"{self._clock(now)} {left_out} more ended earlier")
            for name in [name for name in self._last_lines if name not in operations]:
                del self._last_lines[name]
        for name in changes.removed:
            self._last_lines.pop(name, None)
        for name in names:  # before any line, so that all have the same column width
            self._widen_name_column(self._theme.spell(self._board.row_name(operations[name])))
        for name in names:
            told = self._board.told(operations[name])
            lines.extend(self._lines_of(told, now, self._last_line(name)))
        if not lines and self._board.open and self.heartbeat_due(now) <= 0:
            lines.append(self._heartbeat(now))
        if lines or self._printed is None:
            self._printed = now
        return lines

    def heartbeat_due(self, now: float) -> float:
        """Return the seconds until a line is due though nothing has changed."""
        since = now if self._printed is None else self._printed
        return max(HEARTBEAT_INTERVAL - (now - since), 0.0)

    def _heartbeat(self, now: float) -> str:
        """Return the line that says what goes on: for whoever waits for a sign of life."""
        going = list(self._board.roots(RUNNING, WAITING, PENDING))
        spell = self._theme.spell
        named = [
            f"{spell(self._board.row_name(one))} {_state_word(one)}"
            for one in going[:HEARTBEAT_NAMES]
        ]
        more = f" and {len(going) - len(named)} more" if len(going) > len(named) else ""
        begun = [one.started for one in going if one.started is not None]
        lasted = f" after {formatting.duration(now - min(begun))}" if begun else ""
        return f"{self._clock(now)} not over{lasted}: {', '.join(named)}{more}"

    def note_due(self, now: float) -> float:
        """Return the seconds until a note that still holds is printed; 0 without one."""
        note, since = self._current_note
        return 0.0 if note is None else max(NOTE_DELAY - (now - since), 0.0)

    def summary(self, now: float) -> list[str]:
        """Return the line that counts the operations seen by their outcome."""
        known = self._board.replica.operations
        seen = [known[name] for name in self._board.seen if name in known]
        return [f"{self._clock(now)} {summary_text(seen, now)}"] if seen else []

    def _first_names(self, names: list[str]) -> tuple[list[str], int]:
        """Return the operations to print at first, and how many ended earlier ones are left out."""
        known = self._board.replica.operations
        ended = [name for name in names if not known[name].open and name not in self._last_lines]
        ended.sort(key=lambda name: known[name].ended or 0.0)
        hidden, latest = ended[:-MAX_EARLIER_ENDED], ended[-MAX_EARLIER_ENDED:]
        for name in hidden:
            self._last_line(name).remember(known[name], 0.0)
        others = set(names).difference(ended)
        return latest + [name for name in names if name in others], len(hidden)

    def _last_line(self, name: str) -> _LastLine:
        return self._last_lines.setdefault(name, _LastLine())

    def _lines_of(self, operation: Operation, now: float, last: _LastLine) -> Iterator[str]:
        words = stopped_text(operation, now)
        if bool(words) != last.stopped:
            last.stopped = bool(words)
            if words:
                yield self._line(operation, STOPPED, words[len(STOPPED) :].strip(), now)
            elif operation.open:
                yield self._line(operation, "continued", "", now)
        if words:
            return
        words = _contact(operation, now)
        if bool(words) != last.silent:
            last.silent = bool(words)
            if words:
                yield self._line(operation, "silent", words, now)
                return
        if not operation.open:
            if last.state != operation.state:
                last.remember(operation, now)
                ended = now if operation.ended is None else operation.ended
                yield self._line(operation, end_word(operation), _outcome_detail(operation), ended)
                if operation.state in (FAILED, CRASHED):
                    told = error_lines(operation, 10)
                    for line in told if self._is_unseen(operation) else ():
                        yield self._line(operation, None, f"| {line}", ended)
                    title = f"{self._board.row_name(operation)} {operation.state}"
                    why = error_lines(operation, ANNOTATION_LINES)
                    note = self._annotate(title, "\n".join([_outcome_detail(operation), *why]))
                    if note is not None:
                        yield note
            return
        stalled = operation.stalled_since is not None
        if stalled != last.stalled:
            last.stalled = stalled
            if stalled:
                last.remember(operation, now)
                yield self._line(operation, operation.state, stall_text(operation, now), now)
                return
        stage, activity = self._activity(operation, now)
        tenth = _progress_tenth(operation)
        pause = (
            LONG_PROGRESS_INTERVAL
            if operation.started is not None and now - operation.started > LONG_RUNNING
            else PROGRESS_INTERVAL
        )
        new = operation.state != last.state or (
            stage != last.stage
            and (operation.question is not None or now - last.at >= MIN_PROGRESS_INTERVAL)
        )
        # A tenth reached by the estimate alone, with the same counts, gets no line.
        further = tenth is not None and tenth > last.tenth and activity != last.activity
        setback = self._board.replica.setbacks.of(operation.id, now)
        setback_text = None if setback is None else setback.text
        if setback_text is not None and setback_text != last.setback_text:
            further = True
            activity = f"{activity}, {setback_text}" if activity else setback_text
        moved = further and now - last.at >= MIN_PROGRESS_INTERVAL
        if not new and not moved and now - last.at < pause:
            return
        last.setback_text = setback_text
        last.stage = stage
        last.activity = activity
        last.tenth = -1 if tenth is None else tenth
        last.remember(operation, now)
        left = (
            ""
            if operation.question
            else blank_if_unknown(remaining_text(operation, self._board, now))
        )
        estimate = told_estimate(operation, self._board, now)
        done = self._finish_time.text(estimate, self._board.replica, now)
        if not activity:
            # "running  2 min" would be how long it runs.
            left = _with_left(left) if left else _lasted(operation, now)
        words = ", ".join(part for part in (activity, left, done) if part)
        state = held_word(operation) or operation.state
        yield self._line(operation, state, words, now)

    def _activity(self, operation: Operation, now: float) -> tuple[str, str]:
        """Return the current stage, and what the operation is doing in it."""
        if operation.state == WAITING:
            since = self._board.replica.since(operation.id)
            words = waiting_text(operation, since, now)
            return "", words.partition(" ")[2]  # the state has a column of its own
        only = main_stage(operation)
        if only is not None and not (only.state == RUNNING and shown_count(only)):
            only = sole_stage(operation)
        if operation.left:
            return "left", operation.reason or ""
        running = [
            stage for stage in operation.stages.values() if stage.state in (RUNNING, WAITING)
        ]
        asking = [stage for stage in running if stage.state == WAITING and asks(stage.reason)]
        stage = only or (asking or running or [None])[-1]
        if stage is not None and stage.state == WAITING:
            words = stage_text(operation, stage, now)
            return words, words
        if stage is None:
            child = next((one for one in self._board.children(operation.id) if one.open), None)
            words = "" if child is None else group_text([child])
            return words.partition(":")[0], words
        parts = [] if stage is only else [stage.name]
        progress = stage.fraction()
        percentage = formatting.percent(progress) if progress else ""
        parts.extend([percentage] if percentage else [])
        shown = shown_count(stage)
        if shown:
            counted = quantity.amount(shown, stage.total, stage.unit, named=True)
            if not percentage:
                parts.append(counted)
            elif stage.unit != "%":
                parts.append(f"({counted})")
            speed = rate_text(operation, stage, now)
            parts.extend([speed] if speed else [])
        if stage.detail:
            if not parts and stage.detail.startswith("("):  # "(file 1 of 4)": of what?
                parts.append(stage.name)
            parts.append(stage.detail)
        return stage.name, " ".join(parts)

    def _line(self, operation: Operation, state: str | None, words: str, now: float) -> str:
        name = self._theme.spell(self._board.row_name(operation))
        name = string_width.pad(
            string_width.squeeze(name, self._name_cells, self._theme.ellipsis), self._name_cells
        )
        words = string_width.clip(self._theme.spell(words), 400, self._theme.ellipsis)
        column = "" if state is None else f"{state:<{STATE_CELLS}} "
        return f"{self._clock(now)} {name}  {column}{words}".rstrip()

    def _widen_name_column(self, name: str) -> None:
        self._name_cells = min(max(self._name_cells, string_width.cells(name)), MAX_NAME_CELLS)

    def _clock(self, now: float) -> str:
        # An end that is told late is not told as earlier than the line above.
        self._printed_at = max(self._printed_at, now)
        return self._time_of_day(self._board.replica.unix(self._printed_at))


def _state_word(operation: Operation) -> str:
    if operation.stopped_since is not None:
        return STOPPED
    if operation.silent_since is not None or not operation.in_contact:
        return "silent"
    return held_word(operation) or operation.state


def _contact(operation: Operation, now: float) -> str:
    """Return since when there is no contact to what goes on; "" where there is."""
    if not operation.open:
        return ""
    words = contact_text(operation.unheard_since, operation.no_broker_since, now)
    if not words and operation.silent_since is not None:
        words = f"no contact for {formatting.duration(now - operation.silent_since)}"
    return words


def _with_left(words: str) -> str:
    """Return "up to 40 s left, longer than usual (41 s)": "left" stands behind its number."""
    number, comma, late = words.partition(", ")
    if number.startswith(NO_NUMBER) or number in (WAITING_FOR_ANSWER, STOPPED_WITHIN):
        return words
    return f"{number} left{comma}{late}"


def _lasted(operation: Operation, now: float) -> str:
    """Return "for 32 s" of what runs and says nothing else; "" at its beginning."""
    if operation.state != RUNNING or operation.worked_for(now) < 1:
        return ""
    return f"for {lasted_text(operation, now)}"


def _outcome_detail(operation: Operation) -> str:
    words = outcome_text(operation)
    state = operation.state
    return words[len(state) :].strip() if words.startswith(state) else words


def _progress_tenth(operation: Operation) -> int | None:
    progress = shown_progress(operation, sole_stage(operation))
    return None if progress is None else int(progress * 100) // TENTH


class Plain:
    """Prints the lines of a renderer to a stream, at once."""

    throttled = False
    keyboard: int | None = None
    left = False

    def __init__(
        self,
        board: Board,
        theme: Theme,
        stream: TextIO,
        time_of_day: Callable[[float], str],
        finish_time: FinishTime | None = None,
        annotate: Annotate = lambda _title, _body: None,
        is_unseen: Callable[[Operation], bool] = lambda _operation: True,
    ) -> None:
        self._renderer = PlainRenderer(board, theme, time_of_day, finish_time, annotate, is_unseen)
        self._board = board
        self._stream = stream

    def show(self, changes: Changes, note: str | None, local: float) -> float:
        """Print the lines for the changes."""
        now = self._board.replica.time(local)
        self._print(self._renderer.render(changes, note, now))
        return self._renderer.note_due(now) or min(30.0, self._renderer.heartbeat_due(now) + 0.01)

    def finish(self, local: float, remark: str | None = None) -> None:
        """Print the summary."""
        lines = self._renderer.summary(self._board.replica.time(local))
        self._print(lines + ([remark] if remark is not None else []))

    def pause(self) -> None:
        """There is nothing to give setback_text."""

    def _print(self, lines: list[Any]) -> None:
        if lines:
            self._stream.write("".join(f"{line}\n" for line in lines))
            self._stream.flush()
