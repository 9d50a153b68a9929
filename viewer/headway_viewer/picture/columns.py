"""Rows in columns: which columns a screen has room for, and a row put into them.

Pure. What matters most gets its room first; a bar takes what is left.
"""

from __future__ import annotations

from typing import NamedTuple

from headway import text
from headway.formatting.theme import Line, Theme

BAR = 30  # cells of a bar at most
LEAST_BAR = 6  # a bar of fewer says nothing
STEADY = 12  # cells of a column that it keeps once it had them
NARROW = 60  # cells below which a percentage stands for counts


class Row(NamedTuple):
    """One operation before it is laid out: either `words`, or a bar with figures."""

    sign: str
    style: str
    label: str
    words: str | None
    progress: float | None
    figures: str
    extra: str
    remaining: str
    short: str


class Plan(NamedTuple):
    """How wide each column of this frame is; 0: left out."""

    label: int
    bar: int
    figures: int
    extra: int
    remaining: int
    short: int


class Layout:
    """The columns of one display; `bare` has neither signs nor ids."""

    def __init__(self, theme: Theme, *, bare: bool) -> None:
        self._theme = theme
        self._bare = bare
        self._widest = [0, 0, 0]

    def plan(self, rows: list[Row], width: int, *, steady: bool = False) -> Plan:
        """The columns of a frame: what matters most first, the bar from what is left.

        In a `steady` plan the columns of figures never get narrower than they were, so that
        the bars do not twitch with every word.
        """
        label_cells = max((text.cells(row.label) for row in rows), default=0)
        barred = [row for row in rows if row.words is None]
        now = [
            max((text.cells(getattr(row, part)) for row in barred), default=0)
            for part in ("figures", "extra", "remaining")
        ]
        widest = now
        if steady and barred:
            # A long phrase, as "longer than usual", may take its width away with it.
            widest = [max(cells, min(kept, STEADY)) for cells, kept in zip(now, self._widest)]
            self._widest = widest
        room = width if self._bare else width - 2
        share = 34 if width >= NARROW else 45
        name = min(label_cells, max(8, width * share // 100), room)
        room -= name

        def fit(cells: int, gap: int) -> int:
            nonlocal room
            if cells and cells + gap <= room:
                room -= cells + gap
                return cells
            return 0

        count = fit(widest[0], 2) or fit(now[0], 2)
        remaining = fit(widest[2], 2) or fit(now[2], 2)
        short = 0
        if not self._bare:
            short = fit(max((text.cells(row.short) for row in rows), default=0), 1)
        bar = fit(LEAST_BAR, 1) if any(row.progress is not None for row in barred) else 0
        extra = fit(widest[1], 1)
        if bar:
            grown = min(BAR - bar, max(room, 0))
            bar += grown
            room -= grown
        # What the bar leaves goes to the names, which are cut otherwise, unless words need it.
        words = max((text.cells(row.words) + 1 for row in rows if row.words is not None), default=0)
        columns = width - (0 if self._bare else 2) - name - room - (short + 1 if short else 0)
        room -= max(words - columns, 0)
        name += min(max(room, 0), label_cells - name)
        return Plan(name, bar, count, extra, remaining, short)

    def lay_out(self, row: Row, plan: Plan, width: int) -> Line:
        """A row in the columns of the plan."""
        theme = self._theme
        name = text.pad(text.squeeze(row.label, plan.label, theme.ellipsis), plan.label)
        if width < 4:
            return [(row.style, text.head(row.sign, width))]
        if self._bare:
            line: Line = [("", name)]
            used = plan.label
        else:
            line = [(row.style, row.sign), ("", f" {name}")]
            used = 2 + plan.label
        end = width - (plan.short + 1 if plan.short else 0)
        if row.words is not None:
            words = text.clip(row.words, end - used - 1, theme.ellipsis)
            if words:
                line.append((row.style if row.style != "busy" else "", f" {words}"))
                used += 1 + text.cells(words)
        else:
            if plan.bar:
                line.append(("", " "))
                if row.progress is None:
                    line.append(("", " " * plan.bar))
                else:
                    line.extend(theme.bar(row.progress, plan.bar))
                used += 1 + plan.bar
            for words, cells, lead, right in (
                (row.figures, plan.figures, 2, True),
                (row.extra, plan.extra, 1, False),
                (row.remaining, plan.remaining, 2, False),
            ):
                if cells:
                    words = text.clip(words, cells, theme.ellipsis)  # noqa: PLW2901
                    gap = " " * (cells - text.cells(words))
                    line.append(("", " " * lead + (gap + words if right else words + gap)))
                    used += lead + cells
        if plan.short:
            line.append(("dim", " " * (end - used + 1) + text.pad(row.short, plan.short)))
        return line
