"""The table of commands for docs/performance.md, from the rows of `run-truth`. Pure."""

from __future__ import annotations

import re
from typing import Sequence

from benches.report import Row

ALL = "all"  # the rows of all commands together
_NAME = re.compile(r"(.+), (first|second|busy) run: (told|wrong|remaining time off by)\Z")
# The columns: run, what of it, head, and what no row of it means.
COLUMNS = (
    ("first", "told", "first run: told", ""),
    ("first", "wrong", "wrong", "0"),
    ("second", "told", "second: told", ""),
    ("second", "wrong", "wrong", "0"),
    ("second", "remaining time off by", "off by ×", ""),
    ("busy", "told", "busy: told", ""),
    ("busy", "wrong", "wrong", "0"),
    ("busy", "remaining time off by", "off by ×", ""),
)


def is_of_all(row: Row) -> bool:
    """Return whether a row is of all commands together."""
    return row.name.startswith(f"{ALL}, ")


def table(rows: Sequence[Row]) -> str:
    """Return a line for each command, as Markdown; "" where the report has none."""
    found: dict[str, dict[tuple[str, str], str]] = {}
    for row in rows:
        match = None if is_of_all(row) else _NAME.match(row.name)
        if match is not None:
            values = found.setdefault(match.group(1), {})
            values[match.group(2), match.group(3)] = f"{row.value.median:.2f}"
    if not found:
        return ""
    lines = [["command", *(head for *_, head, _ in COLUMNS)], ["---"] * (1 + len(COLUMNS))]
    for name, values in found.items():
        cells = (values.get((run, what), none) for run, what, _, none in COLUMNS)
        lines.append([name.replace("|", "\\|"), *cells])
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"
