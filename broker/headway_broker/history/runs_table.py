"""The runs of one operation beside each other, for `headway history KEY`: where the time went.

A stage's usual duration is the median of the runs before the newest; what the newest took is
told as a multiple of it.
"""

from __future__ import annotations

import csv
import io
from statistics import median
from typing import Any, NamedTuple, Sequence

from headway import string_width, text
from headway.estimate import lasted
from headway_broker.history.summary import Dated

BARS = "▁▂▃▄▅▆▇█"
NAME_WIDTH = 32  # cells of a name: half of 80 columns are the runs'
REASONS_SHOWN = 3  # the slowest: a line of 80 columns has no room for more
RUNS_SHOWN = 20  # the newest: what fits beside a name and two durations in 80 columns
# Multiple of its usual duration from which on a stage is named as a reason; runs differ by a
# quarter without anything being wrong.
SLOWER = 1.25


class Row(NamedTuple):
    """One stage, or the whole: its seconds in each run, oldest first, None where it did not run."""

    name: str
    seconds: list[float | None]

    @property
    def newest(self) -> float | None:
        """Return the seconds in the newest run."""
        return self.seconds[-1] if self.seconds else None

    @property
    def usual(self) -> float | None:
        """Return the median of the seconds in the runs before the newest."""
        known = [value for value in self.seconds[:-1] if value is not None]
        return median(known) if known else None

    @property
    def slowdown(self) -> float:
        """Return how many times the usual duration the newest run took; 0 where that is unknown."""
        usual = self.usual
        return (self.newest or 0.0) / usual if usual else 0.0

    @property
    def is_faster(self) -> bool:
        """Return whether the newest run took clearly less than usual."""
        return self.newest is not None and 0 < self.slowdown < 1 / SLOWER


def table(runs: Sequence[Dated]) -> list[Row]:
    """Return the whole and every stage that counts for itself, in the order of the newest run."""
    runs = runs[-RUNS_SHOWN:]
    rows = [Row("all of it", [one.run.seconds for one in runs])]
    order: dict[str, None] = {}
    for one in reversed(runs):
        for span in sorted(one.run.spans, key=lambda span: span.start):
            if not span.group and span.worked > 0:
                order.setdefault(span.key)
    for key in order:
        worked: list[float | None] = []
        for one in runs:
            mine = [span.worked for span in one.run.spans if span.key == key and span.worked > 0]
            worked.append(mine[0] if mine else None)
        rows.append(Row(key.replace("\x1f", " / ").replace("\x1e", " #"), worked))
    return rows


def sparkline(values: Sequence[float | None]) -> str:
    """Return a bar a value, the highest for the largest; a space where there is none.

    >>> sparkline([1, 4, None, 8])
    '▁▄ █'
    """
    most = max((value for value in values if value is not None), default=0.0)
    return "".join(
        " "
        if value is None
        else BARS[min(len(BARS) - 1, max(0, round(len(BARS) * value / most) - 1))]
        if most > 0
        else BARS[0]
        for value in values
    )


def lines(name: str, runs: Sequence[Dated]) -> list[str]:
    """Return the picture of the runs: a sparkline a stage, its usual and its newest duration."""
    rows = table(runs)
    width = max(4, *(len(row.seconds) for row in rows))
    before = "usually" if len(runs) > 2 else "before"  # what one run took is not usual
    found = [
        text.safe(name),
        f"{'':{NAME_WIDTH}} {'runs':{width}} {before:>9} {'newest':>9}",
    ]
    for row in rows:
        label = string_width.pad(string_width.clip(text.safe(row.name), NAME_WIDTH), NAME_WIDTH)
        usual = "—" if row.usual is None else lasted(row.usual)
        newest = "—" if row.newest is None else lasted(row.newest)
        differs = row.slowdown > SLOWER or row.is_faster
        more = f"  {_multiple(row)}" if differs else ""
        found.append(f"{label} {sparkline(row.seconds):{width}} {usual:>9} {newest:>9}{more}")
    found.extend(["", reasons(runs)])
    return found


def reasons(runs: Sequence[Dated]) -> str:
    """Return in a sentence where the newest run lost time against the usual.

    >>> reasons([])
    'nothing to compare with yet'
    """
    rows = table(runs)
    if len(runs) < 2 or not rows or rows[0].usual is None:
        return "nothing to compare with yet"
    if rows[0].newest is None:
        return "newest: it did not succeed"
    other = [row for row in rows[1:] if row.slowdown > SLOWER]
    other.sort(key=lambda row: (row.usual or 0.0) - (row.newest or 0.0))
    if not other:  # nothing was slower but the whole, or it was faster
        other = [row for row in rows[1:] if row.is_faster] if rows[0].slowdown <= SLOWER else []
        other.sort(key=lambda row: (row.newest or 0.0) - (row.usual or 0.0))
        whole = rows[0].slowdown > SLOWER or rows[0].is_faster
        other = other or ([rows[0]] if whole else [])
    told = [f"{text.safe(row.name)} {_multiple(row)}" for row in other[:REASONS_SHOWN]]
    beside = runs[-1].run.beside
    if beside is not None and beside >= 0.5:
        told.append(f"{beside:.0f} other{'' if round(beside) == 1 else 's'} ran")
    always = "as before" if len(runs) == 2 else "as always"
    return "newest: " + (", ".join(told) if told else always)


def _multiple(row: Row) -> str:
    """Return how many times the usual the newest took: "×3.1", "×0.26"."""
    return f"×{row.slowdown:.{1 if row.slowdown > 1 else 2}f}"


def record(runs: Sequence[Dated]) -> list[dict[str, Any]]:
    """Return the runs for JSON: end, seconds, how many others ran, and seconds by stage."""
    return [
        {
            "ended": one.ended,
            "seconds": one.run.seconds,
            "beside": one.run.beside,
            "stages": {
                " / ".join(span.key.split("\x1f")): span.worked
                for span in one.run.spans
                if not span.group and span.worked > 0
            },
        }
        for one in runs
    ]


def comma_separated(runs: Sequence[Dated]) -> str:
    """Return a line for every stage of every run, and one for the whole (stage empty)."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(("ended", "stage", "seconds"))
    for one in record(runs):
        writer.writerow((one["ended"], "", one["seconds"]))
        writer.writerows((one["ended"], name, worked) for name, worked in one["stages"].items())
    return out.getvalue()
