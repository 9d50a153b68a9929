"""The output of `headway ps --line`: what goes on, in one line for a status bar. Pure."""

from __future__ import annotations

from headway import string_width
from headway.formatting.outcome import display_name, outcome_text, sole_stage
from headway.formatting.theme import STYLES, Line, Theme
from headway.model import Operation
from headway.states import COMPLETED, CRASHED, FAILED, PENDING, RUNNING, WAITING
from headway_viewer import formatting
from headway_viewer.commands.listing.filters import completed_since
from headway_viewer.picture.board import Board
from headway_viewer.picture.remaining import blank_if_unknown, remaining_text
from headway_viewer.picture.view import View, shown_progress
from headway_viewer.picture.wording.standing import stopped_text, waiting_text

FAILURE_SHOWN = 600.0  # seconds: whoever looked away for a coffee still sees it
NAME_CELLS = 30  # of a name: a bar has room for other things, too
_OPEN_STATES = (RUNNING, WAITING, PENDING)


def status_line(board: Board, theme: Theme, columns: int, now: float) -> Line:
    """Return what goes on, and what went wrong in the last `FAILURE_SHOWN` seconds.

    But for what has completed since. Nothing where there is neither. `now` is the broker's time.
    """
    going = list(map(board.told, board.roots(*_OPEN_STATES)))
    mended = completed_since(board.roots(FAILED, CRASHED, COMPLETED))
    broken = [
        one
        for one in board.roots(FAILED, CRASHED)
        if one.ended is not None and one.ended >= now - FAILURE_SHOWN and one.id not in mended
    ]
    parts: Line = []
    if len(going) == 1:
        parts.append((STYLES[going[0].state], _sole(going[0], board, theme, now)))
    elif going:
        states = [(state, sum(one.state == state for one in going)) for state in _OPEN_STATES]
        words = ", ".join(f"{count} {state}" for state, count in states if count)
        left = next(iter(View(board, theme).header.all_remaining(now)), "")
        parts.append((STYLES[RUNNING], words + (f", {left}" if left else "")))
    if broken:
        last = max(broken, key=lambda one: one.ended or 0.0)
        words = f"{len(broken)} {FAILED}"
        if len(broken) == 1 and not going:
            words = (
                f"{theme.signs[last.state]} {_name(last, theme)} {theme.spell(outcome_text(last))}"
            )
        parts.append((STYLES[FAILED], words))
    line: Line = []
    room = columns
    for style, words in parts:
        lead = ", " if line else ""
        words = string_width.clip(words, room - len(lead), theme.ellipsis)  # noqa: PLW2901
        if not words:
            break
        line += [("", lead), (style, words)]
        room -= len(lead) + string_width.cells(words)
    return line


def _sole(operation: Operation, board: Board, theme: Theme, now: float) -> str:
    spell = theme.spell
    sign = theme.signs[operation.state]
    if operation.silent_since is not None:
        words = f"no contact for {formatting.duration(now - operation.silent_since)}"
    elif stopped_text(operation, now):
        words = stopped_text(operation, now)
    elif operation.state == WAITING:
        words = waiting_text(operation, board.replica.since(operation.id), now)
    elif operation.state == PENDING:
        words = PENDING
    else:
        progress = shown_progress(operation, sole_stage(operation))
        percent = "" if progress is None else formatting.percent(progress)
        left = blank_if_unknown(remaining_text(operation, board, now))
        words = " ".join(part for part in (percent, left) if part) or RUNNING
    return f"{sign} {_name(operation, theme)} {spell(words)}"


def _name(operation: Operation, theme: Theme) -> str:
    return string_width.squeeze(theme.spell(display_name(operation)), NAME_CELLS, theme.ellipsis)
