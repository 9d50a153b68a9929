"""Render a board as styled lines, for a size and a time.

Pure. The lines name styles; a display turns them into colours and writes them. Every line is
at least one cell narrower than the terminal, so that none wraps. A row is rendered again only
when its operation, the second or the width has changed.
"""

from __future__ import annotations

from headway import string_width
from headway.estimate import duration as rounded
from headway.formatting import quantity
from headway.formatting.outcome import main_stage, outcome_texts
from headway.formatting.receipt import receipt_line
from headway.formatting.theme import SILENT, STOPPED, STYLES, Line, Theme
from headway.model import Operation, Stage
from headway.states import (
    CANCELLED,
    COMPLETED,
    CRASHED,
    FAILED,
    PENDING,
    UNJUDGED,
    WAITING,
)
from headway_viewer import formatting
from headway_viewer.picture.board import Board, ended_rows
from headway_viewer.picture.columns import NARROW_WIDTH, Columns, ColumnWidths, TableRow
from headway_viewer.picture.finish_time import FinishTime
from headway_viewer.picture.header import Header
from headway_viewer.picture.remaining import blank_if_unknown, remaining_text, told_estimate
from headway_viewer.picture.stage_lines import MAX_DETAIL_LINES, lines_below
from headway_viewer.picture.wording.active_stage import shown_part
from headway_viewer.picture.wording.counts import (
    counted_text,
    rate_text,
    shown_count,
    stage_position,
)
from headway_viewer.picture.wording.groups import pool_texts, ranks_text, summary_text
from headway_viewer.picture.wording.standing import (
    contact_text,
    error_lines,
    held_word,
    stopped_text,
    waiting_text,
)

# Seconds for which an operation keeps the height that it had: rows below it do not jump each time
# when a part of it has ended and the next is yet to begin.
HEIGHT_KEPT = 5.0
REASONS = (200, 60, 40, 30, 20, 12)  # cells of a reason that stands in its row: the first that fit
_BROKEN = (FAILED, CRASHED)


class View:
    """Renders a board. Caches rows between frames; `invalidate` those of changed operations.

    `bare` is for a program's own terminal: open operations only, without signs and ids.
    `finish_time` tells beside the remaining time when it is over; without, it is not told.
    """

    def __init__(
        self,
        board: Board,
        theme: Theme,
        *,
        bare: bool = False,
        finish_time: FinishTime | None = None,
    ) -> None:
        self.board = board
        self.theme = theme
        self.finish_time = FinishTime() if finish_time is None else finish_time
        self.bare = bare
        self.columns = Columns(theme, bare=bare)
        self.header = Header(board, theme, self.finish_time)
        self._rows: dict[str, tuple[int, TableRow]] = {}
        self._narrow = False
        self._grouped = False  # the rows of the last picture were groups
        # Open operation → detail lines that are kept for it, and when it had so many last.
        self._heights: dict[str, tuple[int, float]] = {}

    def invalidate(self, operations: list[str]) -> None:
        """Drop the cached rows of operations that have changed."""
        for name in operations:
            self._rows.pop(name, None)

    def picture(self, columns: int, lines: int, now: float, note: str | None = None) -> list[Line]:
        """Return at most `lines` lines of at most `columns` − 1 cells; `now` is the broker's time.

        The first line is the header: the number of operations by state, or the `note` (such as
        "waiting for the broker").
        """
        width = columns - 1
        if lines <= 0 or width <= 0:
            return []
        body = self.body(width, lines - 1, now)
        return [self.header_line(width, now, note), *body]

    def header_line(self, width: int, now: float, note: str | None = None) -> Line:
        """Return the header of the operations that are shown, which is that of each page, too."""
        counts = self.board.counts if self._grouped else self.board.shown_counts()
        return self.header.line(width, now, note, counts)

    def body(self, width: int, lines: int, now: float) -> list[Line]:
        """Return the lines below the header: rows, their details, and the count of the rest."""
        if (width < NARROW_WIDTH) != self._narrow:
            self._narrow = width < NARROW_WIDTH
            self._rows.clear()
            self.columns = Columns(self.theme, bare=self.bare)
        grouped = self.board.rollup(width, lines, now) if self.board.rollup is not None else None
        self._grouped = grouped is not None
        if grouped is not None:
            return grouped
        hidden = self.board.long_left(now) if self.bare else frozenset()
        chosen = self.board.choose(lines, ended=not self.bare, hidden=hidden)
        operations = chosen.operations
        spare = lines - len(operations) - bool(chosen.more)
        rows = [self.row(operation, now) for operation in operations]
        widths = self.columns.measure(rows, width, steady=True)
        picture: list[Line] = []
        rows = self.columns.told_apart(rows, widths, width)
        lines_of_rows = [self.columns.format_row(row, widths, width) for row in rows]
        wanted = [
            self.details(operation, width, now, widths, said=_text_of(line)) if spare else []
            for operation, line in zip(operations, lines_of_rows)
        ]
        given, spare = _shared_out(operations, wanted, spare, lines)
        lines_of_rows = [
            line
            if count or operation.state not in _BROKEN
            else self.columns.format_row(self.with_reason(row, operation), widths, width)
            for operation, row, line, count in zip(operations, rows, lines_of_rows, given)
        ]
        heights = self._heights
        self._heights = {}
        for operation, line, below, count in zip(operations, lines_of_rows, wanted, given):
            picture.append(line)
            told = below[:count]
            if 0 < count < len(below) and operation.state in _BROKEN:
                told = self.details(operation, width, now, widths, at_most=count)  # the last of it
            picture.extend(told)
            if operation.open:
                height, since = heights.get(operation.id, (0, now))
                if count >= height or now - since >= HEIGHT_KEPT:
                    height, since = count, now
                self._heights[operation.id] = height, since
                kept = min(height - count, spare)
                spare -= kept
                picture.extend([[]] * kept)
        if chosen.more:
            picture.append(self._more_line(chosen.more, width))
        return picture

    def row(self, operation: Operation, now: float) -> TableRow:
        """Return the row of an operation, from the cache if it cannot have changed."""
        second = int(now)
        kept = self._rows.get(operation.id)
        if kept is not None and (kept[0] == second or not operation.open):
            return kept[1]
        row = self._make_row(operation, now)
        ranks = self.board.ranks(operation.id)
        if ranks:
            name = f"{self.board.row_name(operation)}, {ranks_text(ranks)}"
            of_slowest = self._make_row(self.board.told(operation), now)
            row = of_slowest._replace(name=self.theme.spell(name), short_id=row.short_id)
        if len(self._rows) > 2000:
            self._rows.clear()
        self._rows[operation.id] = (second, row)
        return row

    def _make_row(self, operation: Operation, now: float) -> TableRow:
        theme = self.theme
        spell = theme.spell
        state = operation.state
        silent = operation.silent_since is not None and operation.open
        halted = stopped_text(operation, now)
        shown = SILENT if silent else STOPPED if operation.stopped else state
        shown = WAITING if halted else shown
        sign, style = theme.signs[shown], STYLES[shown]
        name = spell(self.board.row_name(operation))
        lost_contact = ""
        if operation.open:
            lost_contact = contact_text(operation.unheard_since, operation.no_broker_since, now)
        if lost_contact:
            sign, style = theme.signs[SILENT], STYLES[SILENT]
        short_id = spell(self.board.short_id(operation.id))
        message: str | None = None
        shorter: list[str] = []
        progress: float | None = None
        of_part = False
        counts = extra = remaining = short = done = ""
        replica = self.board.replica
        if not operation.open:
            message, *shorter = outcome_texts(operation)
        elif lost_contact:
            message = f"{state}, {lost_contact}"
        elif halted:
            message = halted
        elif silent and operation.silent_since is not None:
            message = f"no contact for {formatting.duration(now - operation.silent_since)}"
        elif state == PENDING:
            message = "pending"
        elif operation.left:
            message = operation.reason
        else:
            remaining = remaining_text(operation, self.board, now)
            if self._narrow:
                remaining = blank_if_unknown(remaining)  # the name has more to say
            done = self.finish_time.text(told_estimate(operation, self.board, now), replica, now)
            until = ", ".join(part for part in (blank_if_unknown(remaining), done) if part)
            if state == WAITING:
                message, *shorter = _waiting_texts(operation, replica.since(operation.id), now)
                if until:
                    shorter = [message, *shorter]
                    message = f"{message}, {until}"
                remaining = done = ""
            else:
                stage = main_stage(operation)
                progress = shown_progress(operation, stage)
                shown = None if stage is None else shown_count(stage)
                if stage is not None and shown and not (self._narrow and progress):
                    counts, extra = self._count_texts(operation, stage, shown, now)
                elif progress is not None:
                    counts = formatting.percent(progress)
                    extra = stage_position(operation)
                if progress is None and not shown:
                    part = shown_part(operation, self.board)
                    fraction = None if part is None else part[1].fraction()
                    lasted = operation.worked_for(now)
                    if part is not None and fraction is not None:
                        of_part = True
                        progress = min(fraction, 0.999)
                        counts, _ = self._count_texts(*part, shown_count(part[1]) or 0.0, now)
                        extra = part[1].name
                        if not blank_if_unknown(remaining):
                            remaining = f"{formatting.duration(lasted)} so far"
                            short = f"{rounded(lasted)} so far"
                    else:
                        message = f"running {formatting.duration(lasted)}"
                        if part is not None:
                            told = counted_text(*part, now)
                            message = f"{told}, {formatting.duration(lasted)}"
                            shorter = [told]
                        brief = remaining_text(operation, self.board, now, short=True)
                        fewer = (until, blank_if_unknown(brief))
                        message, *shorter = [
                            *(f"{message}, {words}" for words in fewer if words),
                            message,
                            *shorter,
                        ]
                        remaining = done = ""
                if remaining and not short:
                    short = remaining_text(operation, self.board, now, short=True)
        return TableRow(
            sign,
            style,
            name,
            None if message is None else spell(message),
            progress,
            spell(counts),
            spell(extra),
            spell(remaining),
            short_id,
            spell(short),
            spell(done),
            tuple(map(spell, shorter)),
            of_part,
        )

    def _count_texts(
        self, operation: Operation, stage: Stage, shown: float, now: float
    ) -> tuple[str, str]:
        """Return the counts of a stage, and their rate."""
        if stage.total is None:
            counted = quantity.amount(shown, None, stage.unit, named=not self._narrow)
        else:
            widest = quantity.amount(stage.total, stage.total, stage.unit)
            counted = quantity.amount(shown, stage.total, stage.unit).rjust(len(widest))
        return counted, rate_text(operation, stage, now)

    def with_reason(self, row: TableRow, operation: Operation) -> TableRow:
        """Return a row below which no line says why a failure was one: as much of it as fits.

        Once the columns have been measured: a reason takes nothing from them.
        """
        broken = operation.state in _BROKEN and row.message is not None
        why = next(iter(error_lines(operation, 1)), "") if broken else ""
        if not why:
            return row
        said, ellipsis = self.theme.spell(why), self.theme.ellipsis
        texts = [f"{row.message}: {string_width.clip_words(said, n, ellipsis)}" for n in REASONS]
        return row._replace(message=texts[0], shorter=(*texts[1:], row.message, *row.shorter))

    def details(
        self,
        operation: Operation,
        width: int,
        now: float,
        widths: ColumnWidths | None = None,
        at_most: int = MAX_DETAIL_LINES,
        said: str = "",
    ) -> list[Line]:
        """Return the detail lines of an operation, the most important first; its row has `said`."""
        operation = self.board.told(operation)
        return lines_below(
            operation,
            self.board,
            self.theme,
            width,
            now,
            bare=self.bare,
            widths=widths,
            at_most=at_most,
            said=said,
        )

    def all_details(self, operation: Operation, width: int, now: float) -> list[Line]:
        """Return all there is to say of an operation that goes on, a line each."""
        return lines_below(
            operation, self.board, self.theme, width, now, bare=self.bare, widths=None, whole=True
        )

    def _more_line(self, more: dict[str, int], width: int) -> Line:
        total = sum(more.values())
        ellipsis = self.theme.ellipsis
        parts = [f"{count} {state}" for state, count in more.items() if count]
        head = f"{ellipsis} {total} more"
        shorter = [
            ", ".join([*parts[:number], ellipsis]) for number in range(len(parts) - 1, 0, -1)
        ]
        texts = [f"{head} ({words})" for words in (", ".join(parts), *shorter)]
        words = string_width.first_fit([*texts, head], width)
        return [("dim", string_width.clip(words, width, ellipsis))]

    def receipt(self, operation: Operation, width: int, *, reason: bool = False) -> Line:
        """Return the line that stays on a terminal when an operation has ended.

        With `reason` it says why what has failed did.
        """
        return receipt_line(operation, self.theme, width, reason=reason)

    def pool_receipt(self, operations: list[Operation], width: int) -> Line:
        """Return the line that stays of the completed operations of a pool, which share a name."""
        if len(operations) == 1:
            return self.receipt(operations[0], width, reason=True)
        return receipt_line(operations[-1], self.theme, width, *pool_texts(operations))

    def summary(self, width: int, lines: int, now: float) -> list[Line]:
        """Return the outcome of every operation seen, failures last, next to the prompt."""
        operations = self.board.replica.operations
        seen = [operations[name] for name in self.board.seen if name in operations]
        ended = [operation for operation in seen if not operation.open]
        if not seen or lines <= 0 or width <= 0:
            return []
        order = {COMPLETED: 0, UNJUDGED: 1, CANCELLED: 1, CRASHED: 3, FAILED: 3}
        ended.sort(key=lambda operation: (order[operation.state], operation.ended or 0.0))
        left_out = max(len(ended) - max(lines - 2, 1), 0) if len(ended) + 1 > lines else 0
        rows = [self.row(operation, now) for operation in ended[left_out:]]
        widths = self.columns.measure(rows, width)
        whole = summary_text(seen, now)
        words = string_width.first_fit((whole, whole.partition(": ")[2] or whole), width)
        picture: list[Line] = [[("", string_width.clip_words(words, width, self.theme.ellipsis))]]
        if left_out:
            more = f"{self.theme.ellipsis} {left_out} more"
            picture.append([("dim", string_width.clip(more, width, self.theme.ellipsis))])
        rows = self.columns.told_apart(rows, widths, width)
        picture.extend(self.columns.format_row(row, widths, width) for row in rows)
        return picture


def _shared_out(
    operations: list[Operation], wanted: list[list[Line]], spare: int, lines: int
) -> tuple[list[int], int]:
    """Return how many of the `wanted` lines stand below each row, and how many are left of `spare`.

    First each failure has one, which says why. Then they go round: one for each row from the top,
    then a second, … What has ended has its part of the picture's `lines` only.
    """
    given = [0] * len(operations)
    going = sum(operation.open for operation in operations)
    over = ended_rows(lines, going) - (len(operations) - going)
    for depth in range(-1, MAX_DETAIL_LINES):
        for position, below in enumerate(wanted):
            operation = operations[position]
            if depth < 0:
                fits = operation.state in _BROKEN
            else:
                fits = given[position] == depth and (operation.open or over > 0)
            if fits and spare > 0 and len(below) > given[position]:
                given[position] += 1
                spare -= 1
                over -= not operation.open
    return given, spare


def _waiting_texts(operation: Operation, since: float | None, now: float) -> list[str]:
    """Return what an operation waits for, and for how long, in ever fewer words.

    Last is left that it is a person who is waited for, or else for how long it waits.
    """
    timeless = waiting_text(operation, None, now)
    least = timeless.partition(":")[0]
    if operation.question is None and since is not None:
        word = held_word(operation) or WAITING
        least = f"{word} {formatting.duration(now - since)}"
    return [waiting_text(operation, since, now), timeless, least]


def _text_of(line: Line) -> str:
    return "".join(piece for _, piece in line)


def shown_progress(operation: Operation, stage: Stage | None) -> float | None:
    """Return 0…1 for a bar, or None: the broker's progress, or else that of the sole stage.

    An open operation never shows a full bar.
    """
    progress = operation.progress
    if progress is None and stage is not None:
        progress = stage.fraction()
    if progress is None:
        return None
    return min(max(progress, 0.0), 0.999)
