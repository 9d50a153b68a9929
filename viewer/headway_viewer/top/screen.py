"""The whole screen of `headway top` as styled lines, and what stands in each cell of it.

Pure. Only the rows in view are made into lines.
"""

from __future__ import annotations

from typing import NamedTuple, Sequence

from headway import string_width
from headway.formatting import quantity
from headway.formatting.outcome import display_name
from headway.formatting.theme import STYLES, Line, Theme
from headway.model import Operation, Stage
from headway.states import PENDING
from headway_viewer import formatting
from headway_viewer.picture import keys
from headway_viewer.picture.board import Board
from headway_viewer.picture.browsing import CONFIRM, FILTER, HELP, LIST, LOG
from headway_viewer.picture.columns import TableRow, clip_line
from headway_viewer.picture.pages import (
    MARKED_ROWS,
    filter_line,
    help_lines,
    no_match,
    outside_line,
    stage_words,
)
from headway_viewer.picture.remaining import blank_if_unknown
from headway_viewer.picture.view import View
from headway_viewer.picture.wording.counts import rate_text, shown_count
from headway_viewer.picture.wording.standing import error_lines
from headway_viewer.top.facts import EarlierRuns, fact_lines, part_lines, title
from headway_viewer.top.key_bindings import HELP_KEYS, KEY, ROW, SIGN, SPACE, Navigation, Target
from headway_viewer.top.layout import Layout, Pane, arrange
from headway_viewer.top.tree import Row, Tree

CHOSEN = "chosen "  # before the style of what stands in the chosen row
MARK = 2  # cells of "> " before a row
SIGN_CELLS = 2  # of "+ " before a row that has something inside
LEAST_ROOM = 4  # cells of a row: below that there is only its sign
INDENT = 2  # cells a level
MOST_INDENT = 6  # levels
LAST_LINES = 10  # of the log, on the page of an operation that needs more than the screen

# The keys of the last line, the most important first; what does not fit is left out.
_HINTS = {
    LIST: (
        ("q", "q quit"),
        ("?", "? help"),
        (keys.ENTER, "Enter open"),
        ("l", "l log"),
        (SPACE, "Space stages"),
        ("c", "c cancel"),
        ("p", "p pause"),
        ("/", "/ filter"),
        ("s", "s sort"),
    ),
    HELP: (("q", "q quit"), (keys.ESCAPE, "Escape back")),
}
_PAGE_HINTS = (
    ("q", "q quit"),
    ("?", "? help"),
    (keys.ESCAPE, "Escape back"),
    ("l", "l log"),
    ("c", "c cancel"),
    ("p", "p pause"),
)


class _Hint(NamedTuple):
    left: int
    right: int
    key: str


class TopScreen:
    """The screen of one display; `output` are the lines of the log."""

    def __init__(self, board: Board, theme: Theme, navigation: Navigation, view: View) -> None:
        self._board = board
        self._theme = theme
        self._navigation = navigation
        self._view = view
        self.output: Sequence[str] = ()
        self.no_output = ""
        self.earlier_runs = EarlierRuns()
        self._layout = Layout(Pane(0, 0, 0, 0))
        self._lines = 0
        self._hints: list[_Hint] = []
        self._signs: dict[int, tuple[int, str]] = {}  # line → column and name of a row with a sign

    @property
    def tree(self) -> Tree:
        """Return the rows of the list."""
        return self._navigation.tree

    def picture(self, columns: int, lines: int, now: float, note: str | None) -> list[Line]:
        """Return exactly `lines` lines of at most `columns` cells."""
        if columns <= 0 or lines <= 0:
            return []
        state = self._navigation.browsing
        self._layout = layout = arrange(columns, lines, state.page)
        self._lines = lines
        self._signs.clear()
        self._hints.clear()
        body = layout.body
        shown = self._body(body, now)
        if layout.facts is not None:
            shown = self._with_panes(shown, layout, now)
        if layout.framed:
            header = self._view.header.line(columns, now, note)
            shown = [header, *shown, self._last_line(columns)]
        blank: list[Line] = [[] for _ in range(lines - len(shown))]
        return [clip_line(line, columns, self._theme.ellipsis) for line in [*shown, *blank][:lines]]

    def target(self, column: int, line: int) -> Target | None:
        """Return what stands in a cell of the last picture."""
        layout, state = self._layout, self._navigation
        if layout.framed and line == self._lines - 1:
            found = (hint for hint in self._hints if hint.left <= column < hint.right)
            return next((Target(KEY, hint.key) for hint in found), None)
        body = layout.body
        if state.browsing.page != LIST or state.grouped or not body.has(column, line):
            return None
        at = state.first + line - body.top
        if at >= len(state.rows) or line - body.top >= state.height:  # of what stands outside
            return None
        sign = self._signs.get(line - body.top)
        if sign is not None and sign[0] <= column < sign[0] + 2:
            return Target(SIGN, sign[1])
        return Target(ROW, state.rows[at])

    # The body: the list, or a page.

    def _body(self, pane: Pane, now: float) -> list[Line]:
        state = self._navigation.browsing
        self._navigation.height = max(pane.height, 1)
        if state.page == LIST:
            made = self._list(pane, now)
        elif state.page == HELP:
            made = self._scrolled(help_lines(pane.width, HELP_KEYS), pane.height)
        else:
            operation = self._operation()
            if operation is None:
                made = []
            elif state.page == LOG:
                made = self._log_page(operation, pane, now)
            else:
                made = self._scrolled(self._page(operation, pane, now), pane.height)
        return [*made, *([] for _ in range(pane.height - len(made)))]

    def _operation(self) -> Operation | None:
        name = self._navigation.operation
        return None if name is None else self._board.replica.operations.get(name)

    def _list(self, pane: Pane, now: float) -> list[Line]:
        state = self._navigation
        rows = self.tree.rows(state.browsing.filter, now)
        marked = len(rows) > pane.height >= MARKED_ROWS
        height = pane.height - marked
        state.show(rows, height)
        # Whoever chooses a row, or filters, sees rows.
        roll_up = self._board.rollup if state.browsing.idle else None
        grouped = None if roll_up is None else roll_up(pane.width, pane.height, now)
        state.grouped = grouped is not None
        if grouped is not None:
            return grouped
        if not rows:
            words = self._theme.spell(state.browsing.filter)
            return [[("dim", no_match(words) if words else "")]]
        shown = rows[state.first : state.first + height]
        rows_of = {name: row for name in shown if (row := self.tree.row(name)) is not None}
        found = list(rows_of.values())
        made = [self._row(row, now) for row in found]
        tree = any(row.opened is not None or row.depth for row in found)
        room = pane.width - MARK - SIGN_CELLS * tree
        if room < LEAST_ROOM:
            return [[(one.style, string_width.head(one.sign, pane.width))] for one in made]
        padded = [
            one._replace(name=" " * self._indent(row) + one.name) for row, one in zip(found, made)
        ]
        widths = self._view.columns.measure(padded, room, steady=True)
        lines: list[Line] = []
        apart = self._view.columns.told_apart(padded, widths, room)
        for place, (name, row, one, cut) in enumerate(zip(rows_of, found, made, apart)):
            indent = min(self._indent(row), max(widths.name - 4, 0))
            if indent == self._indent(row):
                one = one._replace(name=cut.name[indent:])  # noqa: PLW2901
            if row.stage is None:
                one = self._view.with_reason(one, row.operation)  # noqa: PLW2901
            own = widths._replace(name=widths.name - indent)
            line = self._view.columns.format_row(one, own, room - indent)
            if row.opened is not None:
                self._signs[place] = (pane.left + MARK + indent, name)
            chosen = name == state.browsing.chosen
            lines.append(self._lead(row, indent, tree=tree, chosen=chosen) + _marked(line, chosen))
        if marked:
            lead: Line = [("", " " * MARK)]
            outside = outside_line(
                self._board, rows, state.first, height, self._theme, pane.width - MARK
            )
            lines.append(lead + outside)
        return lines

    def _lead(self, row: Row, indent: int, *, tree: bool, chosen: bool) -> Line:
        """Return what stands before a row: the mark of the chosen one, and the sign of the tree."""
        mark = ("strong", "> " if chosen else "  ")
        if not tree:
            return [mark, ("", " " * indent)]
        sign = "" if row.opened is None else "-" if row.opened else "+"
        return [mark, ("dim", " " * indent + f"{sign:<{SIGN_CELLS}}")]

    def _indent(self, row: Row) -> int:
        return INDENT * min(row.depth, MOST_INDENT)

    def _row(self, row: Row, now: float) -> TableRow:
        if row.stage is None:
            return self._view.row(row.operation, now)
        return self._stage_row(row.operation, row.stage, now)

    def _stage_row(self, operation: Operation, stage: Stage, now: float) -> TableRow:
        spell = self._theme.spell
        fraction = stage.fraction()
        counts = extra = remaining = ""
        message: str | None = None
        if stage.open and stage.state != PENDING and fraction is not None:
            shown = shown_count(stage) or 0
            counts = quantity.amount(shown, stage.total, stage.unit)
            extra = rate_text(operation, stage, now)
            made = self._board.replica.estimated(operation.id)
            left = formatting.counted_down(stage.estimate, now - made if made else 0.0)
            remaining = blank_if_unknown(formatting.estimate_text(left, None, 0.0))
        else:
            message = spell(stage_words(stage, now))
            fraction = None
        return TableRow(
            self._theme.signs[stage.state],
            STYLES[stage.state],
            spell(stage.name),
            message,
            None if fraction is None else min(fraction, 0.999),
            spell(counts),
            spell(extra),
            spell(remaining),
            "",
        )

    def _page(self, operation: Operation, pane: Pane, now: float) -> list[Line]:
        """Return all that is known of an operation, and the last lines of its output."""
        theme, width = self._theme, pane.width
        row = self._view.row(operation, now)
        columns = self._view.columns
        lines = [columns.format_row(row, columns.measure([row], width), width), []]
        lines += fact_lines(operation, self._board, theme, width, now, self.earlier_runs)
        parts = part_lines(operation, theme, width, now)
        if parts:
            lines += [[], self._rule("stages", width), *parts]
        for child in self._board.children(operation.id):
            made = self._view.row(child, now)
            widths = columns.measure([made], width - 2)
            lines.append([("", "  "), *columns.format_row(made, widths, width - 2)])
        output = self._output_lines(operation)
        if output:
            room = max(pane.height - len(lines) - 2, LAST_LINES)
            lines += [[], self._rule("log", width), *output[-room:]]
        return lines

    def _log_page(self, operation: Operation, pane: Pane, now: float) -> list[Line]:
        columns = self._view.columns
        row = self._view.row(operation, now)
        head = columns.format_row(row, columns.measure([row], pane.width), pane.width)
        lines = self._output_lines(operation)
        room = max(pane.height - 1, 0)
        state = self._navigation.browsing
        state.clamp(len(lines), room)
        end = len(lines) - state.scroll
        return [head, *lines[max(end - room, 0) : end]]

    def _scrolled(self, lines: list[Line], rows: int) -> list[Line]:
        state = self._navigation.browsing
        state.clamp(len(lines), rows)
        return lines[state.scroll : state.scroll + rows]

    # The panes.

    def _with_panes(self, body: list[Line], layout: Layout, now: float) -> list[Line]:
        operation = self._operation()
        facts, log = layout.facts, layout.log
        if facts is None:
            return body
        if log is None:
            return [*body, *self._facts_pane(operation, facts, now, with_log=True)]
        right = [
            *self._facts_pane(operation, facts, now, with_log=False),
            *self._log_pane(operation, log),
        ]
        upright = "|" if self._theme.ascii else "│"
        width = layout.body.width
        return [
            [*self._padded(left, width), ("rest", f" {upright} "), *beside]
            for left, beside in zip(body, right)
        ]

    def _facts_pane(
        self, operation: Operation | None, pane: Pane, now: float, *, with_log: bool
    ) -> list[Line]:
        if operation is None:
            return self._filled([self._rule("", pane.width)], pane)
        name = title(operation, self._theme)
        lines = [self._rule(name, pane.width)]
        lines += fact_lines(operation, self._board, self._theme, pane.width, now, self.earlier_runs)
        if with_log:
            # The newest lines are what a person looks for; facts beyond half of the pane give way.
            output = self._output_lines(operation)
            room = pane.height - min(len(output) + bool(output), pane.height // 2)
            lines = lines[:room]
            if output:
                lines.append(self._rule("log", pane.width))
                lines += output[-max(pane.height - len(lines), 0) :]
        else:
            parts = part_lines(operation, self._theme, pane.width, now)
            if parts and len(lines) + 2 < pane.height:
                lines += [[], *parts]
        return self._filled(lines, pane)

    def _log_pane(self, operation: Operation | None, pane: Pane) -> list[Line]:
        lines = [] if operation is None else self._output_lines(operation)
        room = pane.height - 1
        return self._filled(
            [self._rule("log", pane.width), *lines[max(len(lines) - room, 0) :]], pane
        )

    def _output_lines(self, operation: Operation) -> list[Line]:
        told = list(self.output) or operation.tail or error_lines(operation, LAST_LINES)
        lines: list[Line] = [[("", self._theme.spell(line))] for line in told]
        if self.no_output and not self.output:
            lines.append([("dim", self._theme.spell(self.no_output))])
        return lines

    # Lines.

    def _rule(self, words: str, width: int) -> Line:
        """Return a line across a pane, with its title."""
        bar = "-" if self._theme.ascii else "─"
        name = string_width.squeeze(words, max(width - 6, 0), self._theme.ellipsis)
        if not name:
            return [("rest", bar * width)]
        left = width - 4 - string_width.cells(name)
        return [("rest", f"{bar} "), ("strong", name), ("rest", f" {bar}{bar * max(left, 0)}")]

    def _last_line(self, width: int) -> Line:
        state, spell = self._navigation.browsing, self._theme.spell
        operation = self._operation()
        if state.asking == CONFIRM and operation is not None:
            return [("warn", f"cancel {spell(display_name(operation))}? y or n")]
        if state.asking == FILTER:
            return filter_line(spell(state.filter), width)
        if state.message:
            return [("warn", spell(state.message))]
        line: Line = []
        at = 0
        if state.page == LIST:
            told = self.tree.sort.words()
            if state.filter:
                told = f"filter {spell(state.filter)!r} {told}".rstrip()
            if told:
                told = string_width.clip(told, width // 2, self._theme.ellipsis)
                line.append(("warn", f"{told}  "))
                at = string_width.cells(told) + 2
        for key, words in self._fitting(_HINTS.get(state.page, _PAGE_HINTS), width - at):
            word, _, rest = words.partition(" ")
            line += [("", "  " if self._hints else ""), ("strong", word), ("dim", f" {rest}")]
            self._hints.append(_Hint(at, at + len(words), key))
            at += len(words) + 2
        return line

    def _fitting(self, hints: tuple[tuple[str, str], ...], width: int) -> list[tuple[str, str]]:
        """Return the hints that fit, the most important ones, in the order of the screen."""
        chosen: list[tuple[str, str]] = []
        for key, words in hints:
            width -= len(words) + 2 * bool(chosen)
            if width < 0:
                break
            chosen.append((key, words))
        return chosen[2:] + chosen[1::-1]

    def _filled(self, lines: list[Line], pane: Pane) -> list[Line]:
        cut = lines[: pane.height]
        return [*cut, *([] for _ in range(pane.height - len(cut)))]

    def _padded(self, line: Line, width: int) -> Line:
        cut = clip_line(line, width, self._theme.ellipsis)
        used = sum(string_width.cells(piece) for _, piece in cut)
        return [*cut, ("", " " * (width - used))]


def _marked(line: Line, chosen: bool) -> Line:
    """Mark the name of the chosen row; signs, bars and what stands behind keep their colours."""
    if not chosen:
        return line
    return [*line[:1], *((CHOSEN + style, piece) for style, piece in line[1:2]), *line[2:]]
