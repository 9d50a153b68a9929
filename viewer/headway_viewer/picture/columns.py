"""The row layout: fit the columns of a table into a width, and format a row in them.

Pure. Columns get their cells in order of importance; the progress bar takes what is left.
"""

from __future__ import annotations

from typing import NamedTuple

from headway import string_width
from headway.formatting.theme import Line, Theme
from headway_viewer import formatting

NAMED_BAR = 20  # cells that a bar has before names that are truncated get more
MAX_BAR = 30  # cells of a bar at most, and of a wide terminal the share of its width
WIDE_BAR_SHARE = 40  # percent
MIN_BAR = 6  # a bar of fewer says nothing
STEADY_CELLS = 12  # cells up to which a column keeps its width from frame to frame
# Cells of a remaining time beside bars, in a picture that moves: a longer one is told in fewer
# words, and does not take the bars of all rows. Wide terminals have room for a range.
LONGEST_REMAINING = 13
WIDE_REMAINING = 24
WIDE_WIDTH = 90
# Cells to the right of the names that a steady picture keeps free, whatever stands there now: a
# bar, a count, a stage or rate, a remaining time, an id. So bars begin at one column throughout.
BESIDE_NAMES = 66
LABEL_CELLS = 12  # of the stage that a bar is of: it is told before there is a bar
PERCENT_CELLS = 4  # of "54 %": the bars do not move when 9 % becomes 10 %
NARROW_WIDTH = 60  # cells below which a percentage replaces the counts
NAME_SHARE = 34  # percent of the width for names at first: what bars and messages leave is added
# Cells that names have on a narrow terminal before there is an id, and beside a bar at least: a
# shorter one nobody knows. Of 40 cells 17 are left for "54 % about 1 min".
NARROW_NAME = 24
NARROW_NAME_LEAST = 12
NARROW_NAME_SHORTEST = 8  # where there is no room for a bar
CLIPPED_MESSAGE = 12  # cells of a message that may be cut, on a narrow terminal: "waiting for…"
LINES_KEPT = 500  # formatted lines: several screens of them


class TableRow(NamedTuple):
    """The texts of one operation's row: either a `message`, or a bar with counts.

    `style` is that of the sign and of a message; `extra` is a rate, or the stage reached. Where
    the bar and counts are `of_part`, `extra` names the stage that they are of.
    """

    sign: str
    style: str
    name: str
    message: str | None
    progress: float | None
    counts: str
    extra: str
    remaining: str
    short_id: str
    short_remaining: str = ""  # where the remaining time does not fit
    done: str = ""  # when it will be done
    shorter: tuple[str, ...] = ()  # the message in ever fewer words, where it does not fit
    of_part: bool = False


class ColumnWidths(NamedTuple):
    """The cells of each column in one frame; 0 for a column that is left out.

    Where it is not `wide`, the remaining time has all that stands beside a bar.
    """

    name: int
    bar: int
    counts: int
    extra: int
    remaining: int
    short_id: int
    done: int
    wide: bool = True


class Columns:
    """The columns of one display, without signs and ids if it is `bare`."""

    def __init__(self, theme: Theme, *, bare: bool) -> None:
        self._theme = theme
        self._bare = bare
        self._widest = [0, 0, 0]
        self._name_cells = 0
        # The names of the last frame, the cells and the way they were cut for; and the cuts.
        self._cut: tuple[tuple[tuple[str, ...], int, bool], list[str]] = (((), 0, False), [])
        # Most rows are the same in the next frame: their lines, by what they were made of.
        self._lines: dict[tuple[TableRow, ColumnWidths, int], Line] = {}

    def measure(self, rows: list[TableRow], width: int, *, steady: bool = False) -> ColumnWidths:
        """Return the widths of the columns that show `rows` in `width` cells.

        With `steady`, bars begin at the same cell in every frame, and columns do not shrink from
        frame to frame (up to `STEADY_CELLS`), so that nothing moves whenever a text gets shorter.
        """
        name_cells = max((string_width.cells(row.name) for row in rows), default=0)
        narrow = width < NARROW_WIDTH
        fixed = steady and not narrow
        if fixed:
            name_cells = max(name_cells, self._name_cells if rows else 0)
            self._name_cells = name_cells
        barred = [row for row in rows if row.message is None]
        if narrow and barred:
            return self._measure_narrow(rows, barred, width, steady=steady)
        now = [
            max((string_width.cells(getattr(row, part)) for row in barred), default=0)
            for part in ("counts", "extra", "remaining")
        ]
        if any(row.counts.endswith("%") for row in barred):
            now[0] = max(now[0], PERCENT_CELLS)
        if fixed:
            most = WIDE_REMAINING if width >= WIDE_WIDTH else LONGEST_REMAINING
            now[2] = max((_remaining_cells(row, most) for row in barred), default=0)
        widest = now
        if steady and barred:
            # Up to STEADY_CELLS only: a long phrase such as "longer than usual" may go again.
            widest = [max(cells, min(kept, STEADY_CELLS)) for cells, kept in zip(now, self._widest)]
        if steady and (barred or not rows):
            self._widest = widest
        left = width if self._bare else width - 2
        most_name = max(8, width * NAME_SHARE // 100)
        if fixed:
            most_name = max(most_name, width - BESIDE_NAMES)
        name = min(name_cells, most_name, left)
        left -= name

        def fit(cells: int, gap: int) -> int:
            nonlocal left
            if cells and cells + gap <= left:
                left -= cells + gap
                return cells
            return 0

        count = fit(widest[0], 2) or fit(now[0], 2)
        labels = [string_width.cells(row.extra) for row in barred if row.of_part]
        label = fit(min(max(labels, default=0), LABEL_CELLS), 1)
        has_bar = any(row.progress is not None and (label or not row.of_part) for row in barred)
        shortest = max((string_width.cells(row.short_remaining) for row in barred), default=0)
        remaining = fit(widest[2], 2) or fit(now[2], 2) or fit(shortest, 2)
        short_id = 0
        if not self._bare:
            short_id = fit(max((string_width.cells(row.short_id) for row in rows), default=0), 1)
        bar = fit(MIN_BAR, 1) if has_bar else 0
        done = fit(max((string_width.cells(row.done) for row in barred), default=0), 2)
        extra = label
        if not label:
            extra = fit(widest[1], 1)
        elif widest[1] > label:
            extra += min(widest[1] - label, max(left - NAMED_BAR + bar, 0))
            left -= extra - label
        if bar:
            grown = min(max(NAMED_BAR - bar, 0), max(left, 0))
            bar, left = bar + grown, left - grown
            longer = 0 if fixed else min(max(left, 0), name_cells - name)
            name, left = name + longer, left - longer
            grown = min(max(MAX_BAR, width * WIDE_BAR_SHARE // 100) - bar, max(left, 0))
            bar, left = bar + grown, left - grown
        if not fixed or not (barred or any(row.style == "busy" for row in rows)):
            # Names that were truncated get what the bar leaves, unless a message needs it.
            said = [row for row in rows if row.message is not None]
            words = [row.shorter[-1] if narrow and row.shorter else row.message for row in said]
            messages = [string_width.cells(message or "") + 1 for message in words]
            taken = width - (0 if self._bare else 2) - name - left
            taken -= short_id + 1 if short_id else 0
            left -= max(max(messages, default=0) - taken, 0)
            name += min(max(left, 0), name_cells - name)
        return ColumnWidths(name, bar, count, extra, remaining, short_id, done)

    def _measure_narrow(
        self, rows: list[TableRow], barred: list[TableRow], width: int, *, steady: bool
    ) -> ColumnWidths:
        """Return the widths where there is room for a name, a bar and few words beside it."""
        left = width if self._bare else width - 2
        short_id = 0
        if not self._bare and len({row.name for row in rows}) < len(rows):
            # Without an id nobody knows which of those of one name is which.
            cells = max(string_width.cells(row.short_id) for row in rows)
            if left >= NARROW_NAME_LEAST + PERCENT_CELLS + cells + 2:
                short_id = cells
                left -= cells + 1
        names = max(string_width.cells(row.name) for row in rows)
        least = min(names, NARROW_NAME_LEAST)
        bar = MIN_BAR if any(row.progress is not None for row in barred) else 0
        room = left - least - 1 - (bar and bar + 1)
        if room < PERCENT_CELLS:  # a bar says less than a number
            bar, least = 0, max(min(names, NARROW_NAME_SHORTEST, left - PERCENT_CELLS - 1), 0)
            room = max(left - least - 1, 0)
        beside = min(max(string_width.cells(_beside(row, room)) for row in barred), room)
        bar = bar if beside else 0
        if steady:
            beside = max(beside, min(self._widest[2], room))
            self._widest = [0, 0, beside]
        left -= (beside and beside + 1) + (bar and bar + 1)
        said = max((_least_message(row) + 3 for row in rows if row.message), default=0)
        name = min(names, left, max(min(NARROW_NAME, width - said), least))
        left -= name
        if not (self._bare or short_id):
            short_id = max(string_width.cells(row.short_id) for row in rows)
            short_id = short_id if short_id + 1 <= min(left, width - name - said) else 0
            left -= short_id and short_id + 1
        longer = min(left, names - name) if bar else 0
        grown = min(left - longer, MAX_BAR - bar) if bar else 0
        return ColumnWidths(name + longer, bar + grown, 0, 0, beside, short_id, 0, wide=False)

    def told_apart(self, rows: list[TableRow], widths: ColumnWidths, width: int) -> list[TableRow]:
        """Return rows whose names, where there is no room for them whole, still differ."""
        if all(string_width.cells(row.name) <= widths.name for row in rows):
            return rows
        narrow = width < NARROW_WIDTH
        asked = (tuple(row.name for row in rows), widths.name, narrow)
        if asked != self._cut[0]:  # most names are those of the last frame
            ellipsis = self._theme.ellipsis
            cut = string_width.squeeze_apart(asked[0], widths.name, ellipsis, words=narrow)
            self._cut = asked, cut
        names = self._cut[1]
        return [row._replace(name=name) for row, name in zip(rows, names)]

    def format_row(self, row: TableRow, widths: ColumnWidths, width: int) -> Line:
        """Return a row as a styled line of at most `width` cells."""
        made_of = (row, widths, width)
        line = self._lines.get(made_of)
        if line is None:
            if len(self._lines) >= LINES_KEPT:
                self._lines.clear()
            line = self._lines[made_of] = self._format(row, widths, width)
        return line

    def _format(self, row: TableRow, widths: ColumnWidths, width: int) -> Line:
        theme = self._theme
        narrow = width < NARROW_WIDTH
        squeeze = string_width.squeeze_words if narrow else string_width.squeeze
        name = string_width.pad(squeeze(row.name, widths.name, theme.ellipsis), widths.name)
        if width < 4:
            return [(row.style, string_width.head(row.sign, width))]
        if self._bare:
            line: Line = [("", name)]
            used = widths.name
        else:
            line = [(row.style, row.sign), ("", f" {name}")]
            used = 2 + widths.name
        end = width - (widths.short_id + 1 if widths.short_id else 0)
        if row.message is not None:
            fitting = string_width.first_fit((row.message, *row.shorter), end - used - 1)
            message = string_width.clip_words(fitting, end - used - 1, theme.ellipsis)
            if message:
                line.append((row.style if row.style != "busy" else "", f" {message}"))
                used += 1 + string_width.cells(message)
        elif not widths.wide:
            beside = self._narrow_part(row, widths)
            line += beside
            used += sum(string_width.cells(piece) for _, piece in beside)
        else:
            if widths.bar:
                line.append(("", " "))
                if row.progress is None or (row.of_part and not widths.extra):
                    line.append(("", " " * widths.bar))
                else:
                    line.extend(theme.bar(row.progress, widths.bar))
                used += 1 + widths.bar
            remaining = row.remaining
            if row.short_remaining and string_width.cells(remaining) > widths.remaining:
                remaining = row.short_remaining
            for column, cells, lead, right in (
                (row.counts, widths.counts, 2, True),
                (row.extra, widths.extra, 1, False),
                (remaining, widths.remaining, 2, False),
                (row.done, widths.done, 2, False),
            ):
                if cells:
                    column = string_width.clip(column, cells, theme.ellipsis)  # noqa: PLW2901
                    gap = " " * (cells - string_width.cells(column))
                    line.append(("", " " * lead + (gap + column if right else column + gap)))
                    used += lead + cells
        if widths.short_id:
            line.append(
                ("dim", " " * (end - used + 1) + string_width.pad(row.short_id, widths.short_id))
            )
        return line

    def _narrow_part(self, row: TableRow, widths: ColumnWidths) -> Line:
        """Return the bar and what stands beside it, which takes its place where it is too long."""
        room = widths.remaining
        if not room:
            return []
        words = _beside(row, room)
        line: Line = [("", " ")]
        if string_width.cells(words) > room and widths.bar:
            room += widths.bar + 1
            words = _beside(row, room)
        elif widths.bar:
            if row.progress is None:
                line.append(("", " " * widths.bar))
            else:
                line.extend(self._theme.bar(row.progress, widths.bar))
            line.append(("", " "))
        words = string_width.clip_words(words, room, self._theme.ellipsis)
        return [*line, ("", string_width.pad(words, room))]


def _remaining_cells(row: TableRow, most: int) -> int:
    """Return the cells of the remaining time of a row: of its short form if it has over `most`.

    What has none, as that it waits for an answer, is told whole.
    """
    cells = string_width.cells(row.remaining)
    if cells > most and row.short_remaining:
        cells = string_width.cells(row.short_remaining)
    return min(cells, WIDE_REMAINING)


def _beside(row: TableRow, room: int) -> str:
    """Return what a narrow terminal shows beside a bar, in as many words as `room` holds."""
    counts = row.counts.strip()
    if counts.endswith("%"):
        counts = counts.rjust(PERCENT_CELLS)
    leads = [f"{row.extra} {counts}" if row.of_part else counts]
    if row.progress is not None and not row.of_part:
        leads.append(formatting.percent(row.progress).rjust(PERCENT_CELLS))
    times = list(dict.fromkeys((row.remaining, row.short_remaining or row.remaining)))
    texts = [f"{lead} {time}".rstrip() for lead in leads for time in times]
    return string_width.first_fit([*texts, *leads], room)


def _least_message(row: TableRow) -> int:
    """Return the cells that the message of a row has at least: an end is told in whole words."""
    if row.shorter:
        return string_width.cells(row.shorter[-1])
    return min(string_width.cells(row.message or ""), CLIPPED_MESSAGE)


def clip_line(line: Line, width: int, ellipsis: str) -> Line:
    """Return the pieces of `line` that fit into `width` cells, the last of them shortened."""
    found: Line = []
    for style, piece in line:
        if not piece:
            continue
        words = string_width.clip(piece, width, ellipsis)
        if not words:
            break
        found.append((style, words))
        width -= string_width.cells(words)
        if words != piece:
            break
    return found
