"""Render what keys have chosen in `headway view`: the list, an operation, its log, the help.

Pure. Every line is narrower than the terminal; the last one has the keys, a question or an answer.
"""

from __future__ import annotations

from typing import Sequence

from headway import string_width
from headway.estimate import usually
from headway.formatting import quantity
from headway.formatting.outcome import display_name, lasted_text
from headway.formatting.theme import STYLES, Line, Theme
from headway.model import Operation, Stage
from headway.states import CRASHED, FAILED, PENDING, WAITING
from headway_viewer import formatting
from headway_viewer.picture.board import Board, end_word
from headway_viewer.picture.browsing import (
    CONFIRM,
    FILTER,
    FILTERED_STATES,
    HELP,
    KEY_HELP,
    LIST,
    LOG,
    OPERATION,
    STATE_WORD,
    Browsing,
)
from headway_viewer.picture.columns import clip_line
from headway_viewer.picture.view import View
from headway_viewer.picture.wording.active_stage import active_stage
from headway_viewer.picture.wording.counts import shown_count
from headway_viewer.picture.wording.details import detail_lines
from headway_viewer.picture.wording.estimate_basis import basis_text, work_text
from headway_viewer.picture.wording.standing import error_lines, held_word

MAX_STAGE_NAME = 28  # cells
STAGE_BAR = 20  # cells
BAR_WIDTH = 70  # cells of a page below which its stages have no bars
LAST_LINES = 10  # of the output, on the page of an operation
BROKEN = (FAILED, CRASHED)
MARKED_ROWS = 3  # from which on a list has a line for what stands outside of it
KEY_CELLS = 9  # of the column of keys in the help
# What the keys of a page do, the more important first: of a narrow picture the last are not told.
_MOVES = {
    LIST: ("up/down choose", "Enter open"),
    LOG: ("up/down scroll",),
    OPERATION: (),
    HELP: (),
}
_LEAVES = {LIST: ("q quit", "? help", "/ filter"), HELP: ("Escape back", "q quit")}
_LEAVES_PAGE = ("Escape back", "q quit", "? help")


FILTER_HINTS = (
    f"  letters of a name, or {STATE_WORD}{FAILED}; Tab completes, Escape shows all",
    f"  letters of a name, or {STATE_WORD}{FAILED}; Escape shows all",
    f"  a name, or {STATE_WORD}{FAILED}",
)


def matches(operation: Operation, words: str) -> bool:
    """Return whether an operation passes the filter of the list."""
    folded = words.lower()
    if STATE_WORD in folded:
        parts = folded.split(" ")
        wanted = [part[len(STATE_WORD) :] for part in parts if part.startswith(STATE_WORD)]
        states = _state_words(operation)
        if not all(any(word.startswith(state) for word in states) for state in wanted):
            return False
        folded = " ".join(part for part in parts if not part.startswith(STATE_WORD)).strip()
    elif folded in FILTERED_STATES and folded in _state_words(operation):
        return True
    return folded in operation.name.lower() or operation.id.startswith(folded)


def _state_words(operation: Operation) -> tuple[str, ...]:
    return operation.state, end_word(operation), held_word(operation) or operation.state


def listed(board: Board, words: str) -> list[str]:
    """Return the ids of the operations that the list has, in order."""
    if not words:
        return board.ordered()
    operations = board.replica.operations
    return [name for name in board.ordered() if matches(operations[name], words)]


def no_match(words: str) -> str:
    """Return what is said where nothing passes the filter `words`."""
    return f"nothing is {words!r}" if STATE_WORD in words else f"no operation has {words!r}"


def filter_line(words: str, width: int) -> Line:
    """Return the line in which the filter `words` are typed, with a hint where there is room."""
    line: Line = [("strong", f"/{words}_")]
    used = string_width.cells(words) + 2
    hint = string_width.first_fit((*FILTER_HINTS, ""), max(width - used, 0))
    return [*line, ("dim", hint)] if hint and not words.strip() else line


def outside_line(
    board: Board, names: Sequence[str], first: int, rows: int, theme: Theme, width: int
) -> Line:
    """Return how many of `names` stand above and below the `rows` from `first` on, and what broke.

    What is no id, as that of a stage, is counted and has no state.
    """
    above, below = first, max(len(names) - first - rows, 0)
    operations = board.replica.operations
    shown = names[first : first + rows]
    if len(names) >= board.rows:  # nothing is filtered: they are counted already
        broken = board.counts[FAILED] + board.counts[CRASHED]
        broken -= sum(board.has_row(name) and operations[name].state in BROKEN for name in shown)
    else:
        outside = (operations.get(name) for name in (*names[:first], *names[first + rows :]))
        broken = sum(one is not None and one.state in BROKEN for one in outside)
    there = [
        f"{count} more {side}" for count, side in ((above, "above"), (below, "below")) if count
    ]
    if len(there) == 2:
        there = [f"{above} above", f"{below} below"]
    line: Line = [("dim", f"{theme.ellipsis} {', '.join(there)}")]
    if broken:
        line += [("dim", ", "), ("bad", f"{broken} of them failed")]
    return clip_line(line, width, theme.ellipsis)


class Pages:
    """The pages of one display: `state` says which, `output` are the lines of a log."""

    def __init__(self, board: Board, theme: Theme, state: Browsing) -> None:
        self._board = board
        self._theme = theme
        self._state = state
        self.output: Sequence[str] = ()
        self.no_output = ""  # why there is none, as text for a person

    def picture(
        self, view: View, columns: int, lines: int, now: float, note: str | None
    ) -> list[Line]:
        """Return at most `lines` lines of at most `columns` − 1 cells."""
        width = columns - 1
        if lines <= 0 or width <= 0:
            return []
        state = self._state
        rows = max(lines - 2, 0)  # besides the header and the last line
        operation = self._board.replica.operations.get(state.chosen or "")
        if state.page == LIST:
            body = self._list(view, width, rows, now)
        elif state.page == HELP:
            body = self._scrolled(help_lines(width), rows)
        elif operation is None:
            body = []
        elif state.page == LOG:
            body = self._log(view, operation, width, rows, now)
        else:
            body = self._scrolled(self._operation(view, operation, width, now), rows)
        # The list has all that there is, the other pages stand before what was shown.
        told = view.header.line if state.page == LIST else view.header_line
        header = told(width, now, note)
        if note is None and state.page == LIST and state.filter:
            operations = self._board.replica.operations
            header = view.header.line_of(
                [operations[name] for name in listed(self._board, state.filter)], width, now
            )
        picture = [header, *body, self._last_line(operation, width)]
        return [clip_line(line, width, self._theme.ellipsis) for line in picture[-lines:]]

    def _list(self, view: View, width: int, rows: int, now: float) -> list[Line]:
        names = listed(self._board, self._state.filter)
        if not names:
            return [[("dim", no_match(self._theme.spell(self._state.filter)))]]
        operations = self._board.replica.operations
        chosen = self._state.chosen
        marked = len(names) > rows >= MARKED_ROWS
        room = rows - marked
        at = names.index(chosen) if chosen in names else 0
        first = max(min(at - room // 2, len(names) - room), 0)
        shown = [operations[name] for name in names[first : first + room]]
        made = [view.row(one, now) for one in shown]
        widths = view.columns.measure(made, width - 2, steady=True)
        made = view.columns.told_apart(made, widths, width - 2)
        lines: list[Line] = [
            [
                ("strong", "> " if one.id == chosen else "  "),
                *view.columns.format_row(view.with_reason(row, one), widths, width - 2),
            ]
            for one, row in zip(shown, made)
        ]
        if marked:
            lines.append(outside_line(self._board, names, first, room, self._theme, width))
        return lines

    def _log(
        self, view: View, operation: Operation, width: int, rows: int, now: float
    ) -> list[Line]:
        row = view.row(operation, now)
        widths = view.columns.measure([row], width)
        body: list[Line] = [view.columns.format_row(row, widths, width)]
        lines = self._output_lines(operation)
        room = max(rows - 1, 0)
        self._state.clamp(len(lines), room)
        end = len(lines) - self._state.scroll
        return body + lines[max(end - room, 0) : end]

    def _output_lines(self, operation: Operation) -> list[Line]:
        told = list(self.output) or operation.tail or error_lines(operation, LAST_LINES)
        lines: list[Line] = [[("", self._theme.spell(line))] for line in told]
        if self.no_output and not self.output:
            lines.append([("dim", self._theme.spell(self.no_output))])
        return lines

    def _operation(self, view: View, operation: Operation, width: int, now: float) -> list[Line]:
        spell = self._theme.spell
        row = view.row(operation, now)
        body: list[Line] = [
            view.columns.format_row(row, view.columns.measure([row], width), width),
            *(
                [("dim", spell(words))]
                for words in (
                    _about(operation, now),
                    basis_text(operation),
                    work_text(operation) if operation.open else "",
                )
                if words
            ),
        ]
        body += [
            [("dim", f"  {spell(words)}")]
            for words in detail_lines(operation, self._board, now, 2)
            if operation.holder is not None and words.startswith("held by")
        ]
        body += stage_lines(operation, self._theme, width, now)
        for child in self._board.children(operation.id):
            made = view.row(child, now)
            widths = view.columns.measure([made], width - 2)
            body.append([("", "  "), *view.columns.format_row(made, widths, width - 2)])
        output = self._output_lines(operation)[-LAST_LINES:]
        return body + ([[("dim", "last lines:")], *output] if output else [])

    def _scrolled(self, lines: list[Line], rows: int) -> list[Line]:
        self._state.clamp(len(lines), rows)
        return lines[self._state.scroll : self._state.scroll + rows]

    def _last_line(self, operation: Operation | None, width: int) -> Line:
        state, spell = self._state, self._theme.spell
        if state.asking == CONFIRM and operation is not None:
            return [("warn", f"cancel {spell(display_name(operation))}? y or n")]
        if state.asking == FILTER:
            return filter_line(spell(state.filter), width)
        if state.message:
            return [("warn", spell(state.message))]
        filtered = (
            f"filter {spell(state.filter)!r}  " if state.filter and state.page == LIST else ""
        )
        return [("dim", filtered + self._hint(operation, width - string_width.cells(filtered)))]

    def _hint(self, operation: Operation | None, room: int) -> str:
        """Return the keys that do something here, as many as there is room for."""
        page = self._state.page
        found = [*_MOVES[page]]
        if operation is not None and page != HELP:
            if page != LOG and (operation.tail or self.output or operation.coarser is not None):
                found.append("l log")
            if operation.open and operation.cancellable:
                found.append("c cancel")
            if operation.open and (operation.coarser is not None or operation.paused):
                found.append("p resume" if operation.paused else "p pause")
        leaves = [*_LEAVES.get(page, _LEAVES_PAGE)]
        while found and string_width.cells("  ".join([*found, *leaves])) > room:
            (leaves if len(leaves) > 2 else found).pop()
        return "  ".join([*found, *leaves])


def help_lines(width: int, known: Sequence[tuple[str, str]] = KEY_HELP) -> list[Line]:
    """Return the keys and what they do, what is long below its key where `width` is small."""
    lines: list[Line] = []
    for key, what in known:
        room = max(width - KEY_CELLS - 1, 10)
        words, line = what.split(), ""
        name = key
        for word in [*words, ""]:
            if line and (not word or len(line) + 1 + len(word) > room):
                lines.append([("strong", f"{name:<{KEY_CELLS}} "), ("", line)])
                name, line = "", ""
            line = f"{line} {word}".strip()
    return lines


def _about(operation: Operation, now: float) -> str:
    """Return where an operation runs, since when, and how long it usually takes."""
    parts: list[str] = []
    if operation.started is not None:
        took = lasted_text(operation, now)
        parts.append(f"for {took}" if operation.open else f"took {took}")
    if operation.usual is not None:
        median, _, _, runs = operation.usual
        known = f" ({runs:g} earlier runs)" if runs > 1 else ""
        parts.append(f"{usually(formatting.duration(median), runs)}{known}")
    where = " ".join(part for part in (operation.user, operation.host) if part)
    if operation.pid is not None:
        where = f"pid {operation.pid} {where}".strip()
    return ", ".join([*parts, where] if where else parts)


def stage_lines(operation: Operation, theme: Theme, width: int, now: float) -> list[Line]:
    """Return a line for each stage, indented below its parent: sign, name, bar, count, time."""
    stages = list(operation.stages.values())
    spell = theme.spell
    depths: dict[int, int] = {}
    for stage in stages:
        depths[stage.id] = depths.get(stage.parent or 0, 0) + 1 if stage.parent else 1
    names = [spell(stage.name) for stage in stages]
    cells = min(max(map(string_width.cells, names), default=0), MAX_STAGE_NAME)
    names = string_width.squeeze_apart(names, cells, theme.ellipsis)
    active = active_stage(operation)
    lines: list[Line] = []
    for stage, name in zip(stages, names):
        style = STYLES[stage.state]
        indent = "  " * min(depths[stage.id], 5)
        fitted = string_width.pad(name, cells)
        line: Line = [("", indent), (style, theme.signs[stage.state])]
        line.append(("strong" if stage is active else "", f" {fitted}"))
        fraction = stage.fraction()
        if stage.open and stage.state != PENDING and fraction is not None and width >= BAR_WIDTH:
            line += [("", " "), *theme.bar(min(fraction, 0.999), STAGE_BAR)]
        words = stage_words(stage, now)
        if words:
            line.append(("dim" if stage.state == PENDING else "", f"  {spell(words)}"))
        lines.append(line)
    return lines


def stage_words(stage: Stage, now: float) -> str:
    """Return "21/38 packages, 12 s, postgresql-15"; the state in words where it is not running."""
    parts: list[str] = []
    if stage.state in (PENDING, WAITING) or not stage.open:
        parts.append(
            f"{stage.state} for {stage.reason}"
            if stage.state == WAITING and stage.reason
            else stage.state
        )
    shown = shown_count(stage)
    if shown is not None and (shown or stage.total):
        counted = stage.total if stage.open or shown != stage.total else None
        parts.append(quantity.amount(shown, counted, stage.unit, named=True))
    if stage.started is not None:
        end = now if stage.ended is None else stage.ended
        parts.append(formatting.duration(end - stage.started))
    if stage.detail and stage.open:
        parts.append(stage.detail)
    if stage.error:
        parts.append(stage.error.splitlines()[0] if stage.error.strip() else "")
    return ", ".join(part for part in parts if part)
