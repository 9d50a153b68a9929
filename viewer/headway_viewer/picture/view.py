"""The picture of what goes on: a board, a size and a time, made into styled lines.

Pure. Nothing here knows a terminal: the lines name styles, a display turns them into colours
and writes what differs. No line is wider than one cell less than the screen, so that none
wraps, at any width. A row is made again only when its operation, its second or its width
has changed.
"""

from __future__ import annotations

from headway import text
from headway.formatting import quantity
from headway.formatting.theme import SILENT, STYLES, Line, Theme
from headway.model import (
    CANCELLED,
    COMPLETED,
    CRASHED,
    FAILED,
    PENDING,
    RUNNING,
    WAITING,
    Operation,
    Stage,
)
from headway_viewer import formatting
from headway_viewer.picture.board import Board
from headway_viewer.picture.columns import NARROW, Layout, Row
from headway_viewer.picture.remaining import known, left_of, outlook
from headway_viewer.picture.wording import (
    detail_lines,
    ended_words,
    label,
    only_stage,
    rate_of,
    steps,
    tally,
    waiting_words,
)

DETAILS = 4  # lines below a row at most


class View:
    """Draws a board. Keeps rows between frames; `forget` those of operations that changed.

    `bare` is for a program's own terminal: only what is open, without signs and ids.
    """

    def __init__(self, board: Board, theme: Theme, *, bare: bool = False) -> None:
        self.board = board
        self.theme = theme
        self.bare = bare
        self.layout = Layout(theme, bare=bare)
        self._rows: dict[str, tuple[int, Row]] = {}
        self._narrow = False
        self._overall = (-1, "")

    def forget(self, operations: list[str]) -> None:
        """These operations have changed; their rows are to be made again."""
        for name in operations:
            self._rows.pop(name, None)

    def picture(self, columns: int, lines: int, now: float, note: str | None = None) -> list[Line]:
        """At most `lines` lines of at most `columns` − 1 cells; `now` is the broker's time.

        The first tells how many operations there are in which state, or the `note` (as
        "waiting for the broker").
        """
        width = columns - 1
        if lines <= 0 or width <= 0:
            return []
        picture = [self.header(width, now, note)]
        picture.extend(self.body(width, lines - 1, now))
        return picture

    def body(self, width: int, lines: int, now: float) -> list[Line]:
        """The rows below the header: operations, their details, and how many more there are."""
        if (width < NARROW) != self._narrow:
            self._narrow = width < NARROW
            self._rows.clear()
            self.layout = Layout(self.theme, bare=self.bare)
        chosen = self.board.choose(lines, ended=not self.bare)
        operations = chosen.operations
        spare = lines - len(operations) - bool(chosen.more)
        rows = [self.row(operation, now) for operation in operations]
        plan = self.layout.plan(rows, width, steady=True)
        picture: list[Line] = []
        # Details in the order of need: what broke, then what runs; one line each, then more.
        wanted = [self.details(operation, width, now) if spare else [] for operation in operations]
        given = [0] * len(operations)
        for depth in range(DETAILS):
            for position, details in enumerate(wanted):
                if spare > 0 and len(details) > depth:
                    given[position] += 1
                    spare -= 1
        for row, details, count in zip(rows, wanted, given):
            picture.append(self.layout.lay_out(row, plan, width))
            picture.extend(details[:count])
        if chosen.more:
            picture.append(self._more(chosen.more, width))
        return picture

    def header(self, width: int, now: float, note: str | None = None) -> Line:
        """How many operations are in which state, and about how long all of them still take."""
        if note is not None:
            return self._ends("headway", [("warn", text.safe(note))], "", width)
        counts = self.board.counts
        parts = [
            (STYLES[state], f"{counts[state]} {state}")
            for state in (RUNNING, WAITING, FAILED, CRASHED, PENDING, CANCELLED, COMPLETED)
            if counts[state]
        ]
        if self.board.silent:
            parts.append((STYLES[SILENT], f"{len(self.board.silent)} silent"))
        if not parts:
            awaited = self.board.awaited() if self.board.awaited is not None else None
            words = f"waiting for {awaited} to begin" if awaited else "nothing is running"
            parts.append(("dim", self.theme.spell(words)))
        return self._ends("headway", parts, self._all_remaining(now), width)

    def _ends(self, title: str, parts: list[tuple[str, str]], right: str, width: int) -> Line:
        line: Line = [("strong", text.head(title, width))]
        used = text.cells(line[0][1])
        lead = "  "
        for style, part in parts:
            words = text.clip(part, width - used - len(lead), self.theme.ellipsis)
            if not words:
                break
            line += [("", lead), (style, words)]
            used += len(lead) + text.cells(words)
            lead = ", "
        if right and used + 2 + text.cells(right) <= width:
            line += [("", " " * (width - used - text.cells(right))), ("", right)]
        return line

    def _all_remaining(self, now: float) -> str:
        """The words for the longest of the open operations; none if one is unknown."""
        if not self.board.open:
            return ""  # at once, not with the next second
        second, words = self._overall
        if second != int(now):
            words = self._longest(now)
            self._overall = (int(now), words)
        return words

    def _longest(self, now: float) -> str:
        found = None
        for operation in self.board.roots(RUNNING, WAITING, PENDING):
            estimate = left_of(operation, self.board, now)
            if estimate is None or estimate.high <= 0:
                return ""
            if found is None or estimate.median > found.median:
                found = estimate
        return self.theme.spell(known(formatting.remaining(found, None, 0.0)))

    def row(self, operation: Operation, now: float) -> Row:
        """An operation as a row, from the cache if nothing about it can have changed."""
        second = int(now)
        kept = self._rows.get(operation.id)
        if kept is not None and (kept[0] == second or not operation.open):
            return kept[1]
        row = self._made(operation, now)
        if len(self._rows) > 2000:
            self._rows.clear()
        self._rows[operation.id] = (second, row)
        return row

    def _made(self, operation: Operation, now: float) -> Row:
        theme = self.theme
        spell = theme.spell
        state = operation.state
        silent = operation.silent_since is not None and operation.open
        shown = SILENT if silent else state
        sign, style = theme.signs[shown], STYLES[shown]
        name = spell(label(operation))
        short = spell(self.board.short(operation.id))
        words: str | None = None
        progress: float | None = None
        count = extra = remaining = ""
        replica = self.board.replica
        if not operation.open:
            words = ended_words(operation)
        elif silent and operation.silent_since is not None:
            words = f"no contact for {formatting.duration(now - operation.silent_since)}"
        elif state == PENDING:
            words = "pending"
        else:
            remaining = outlook(operation, self.board, now)
            if state == WAITING:
                words = waiting_words(operation, replica.since(operation.id), now)
                if remaining:
                    words = f"{words}, {remaining}"
                remaining = ""
            else:
                stage = only_stage(operation)
                progress = shown_progress(operation, stage)
                if stage is not None and stage.shown and not (self._narrow and progress):
                    count, extra = self._counted(stage, now)
                elif progress is not None:
                    count = formatting.percent(progress)
                    extra = steps(operation)
                if progress is None and (stage is None or not stage.shown):
                    words = f"running {formatting.duration(now - (operation.started or now))}"
                    if known(remaining):
                        words = f"{words}, {remaining}"
                    remaining = ""
        return Row(
            sign,
            style,
            name,
            None if words is None else spell(words),
            progress,
            spell(count),
            spell(extra),
            spell(remaining),
            short,
        )

    def _counted(self, stage: Stage, now: float) -> tuple[str, str]:
        """The counts of a stage and how fast they grow."""
        if stage.total is None:
            counted = quantity.amount(stage.shown, None, stage.unit, named=not self._narrow)
        else:
            widest = quantity.amount(stage.total, stage.total, stage.unit)
            counted = quantity.amount(stage.shown, stage.total, stage.unit).rjust(len(widest))
        return counted, rate_of(stage, now)

    def details(self, operation: Operation, width: int, now: float) -> list[Line]:
        """The lines that may stand below its row, the most telling first."""
        theme = self.theme
        style = "bad" if operation.state in (FAILED, CRASHED) else "dim"
        indent = "  " if self.bare else "    "
        room = width - len(indent)
        if room < 4:
            return []
        return [
            [("", indent), (style, text.clip(theme.spell(words), room, theme.ellipsis))]
            for words in detail_lines(operation, self.board, now, DETAILS)
        ]

    def _more(self, more: dict[str, int], width: int) -> Line:
        total = sum(more.values())
        parts = ", ".join(f"{count} {state}" for state, count in more.items() if count)
        words = f"{self.theme.ellipsis} {total} more ({parts})"
        return [("dim", text.clip(words, width, self.theme.ellipsis))]

    def receipt(self, operation: Operation, width: int, now: float) -> Line:
        """The one line that stays on a terminal when an operation has ended."""
        row = self.row(operation, now)
        room = width - 2
        words = text.clip(row.words or "", room, self.theme.ellipsis)
        label = text.squeeze(row.label, room - text.cells(words) - 2, self.theme.ellipsis)
        if width < 4:
            return [(row.style, text.head(row.sign, width))]
        gap = "  " if label else ""
        style = "" if operation.state == COMPLETED else row.style
        return [(row.style, row.sign), ("", f" {label}{gap}"), (style, words)]

    def summary(self, width: int, lines: int, now: float) -> list[Line]:
        """What became of the operations seen, what needs attention last: next to the prompt."""
        operations = self.board.replica.operations
        seen = [operations[name] for name in self.board.seen if name in operations]
        ended = [operation for operation in seen if not operation.open]
        if not seen or lines <= 0 or width <= 0:
            return []
        order = {COMPLETED: 0, CANCELLED: 1, CRASHED: 3, FAILED: 3}
        ended.sort(key=lambda operation: (order[operation.state], operation.ended or 0.0))
        left_out = max(len(ended) - max(lines - 2, 1), 0) if len(ended) + 1 > lines else 0
        rows = [self.row(operation, now) for operation in ended[left_out:]]
        plan = self.layout.plan(rows, width)
        picture: list[Line] = [[("", text.clip(tally(seen, now), width, self.theme.ellipsis))]]
        if left_out:
            more = f"{self.theme.ellipsis} {left_out} more"
            picture.append([("dim", text.clip(more, width, self.theme.ellipsis))])
        picture.extend(self.layout.lay_out(row, plan, width) for row in rows)
        return picture


def shown_progress(operation: Operation, stage: Stage | None) -> float | None:
    """0…1 for a bar: the broker's weighing, or where it has none the only stage's counts."""
    progress = operation.progress
    if progress is None and stage is not None:
        progress = stage.fraction()
    if progress is None:
        return None
    return min(max(progress, 0.0), 0.999)
