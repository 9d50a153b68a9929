"""Render a report as text for a terminal, as Markdown for the docs, or as JSON. Pure."""

from __future__ import annotations

from typing import Any

from benches.report import Check, Curve, Report, Row, Summary

# Measured unit → the unit that is shown: from which value on, factor, unit.
SCALES = (
    ("s", ((1.0, 1, "s"), (1e-3, 1e3, "ms"), (0.0, 1e6, "µs"))),
    ("B", ((1 << 20, 1 / (1 << 20), "MB"), (1 << 10, 1 / (1 << 10), "kB"), (0.0, 1, "B"))),
)


def number(value: float) -> str:
    """Return `value` with three significant digits."""
    size = abs(value)
    if size >= 100 or value == int(value):
        return f"{value:,.0f}"
    return f"{value:.1f}" if size >= 10 else f"{value:.2f}" if size >= 0.1 else f"{value:.3f}"


def quantity(value: Summary, unit: str) -> tuple[str, str]:
    """Return the median with its unit, and the quartiles in the same unit."""
    for name, steps in SCALES:
        if unit == name or unit.startswith(name + " "):
            factor, text = next((f, t) for least, f, t in steps if abs(value.median) >= least)
            unit = text + unit[len(name) :]
            value = Summary(*(part * factor for part in value[:3]), value.samples)
            break
    spread = "" if value.samples == 1 else f"{number(value.low)}–{number(value.high)}"
    return f"{number(value.median)} {unit}", spread


def cells(row: Row) -> tuple[str, str, str, str, str]:
    """Return the cells of a row, one for each of `HEADS`."""
    amount, spread = quantity(row.value, row.unit)
    versus = ""
    if row.ratio is not None:
        versus = f"{number(row.ratio.median)} × {row.against}"
        if row.ratio.samples > 1:
            versus += f" ({number(row.ratio.low)}–{number(row.ratio.high)})"
    target = ""
    if row.met is not None:
        limits = [
            f"{sign} {_limit(row, limit)}"
            for sign, limit in (("≥", row.at_least), ("≤", row.at_most))
            if limit is not None
        ]
        target = f"{', '.join(limits)}: {'met' if row.met else 'MISSED'}"
    return row.name, amount, spread, versus, target


def _limit(row: Row, limit: float) -> str:
    if row.ratio is not None:
        return f"{number(limit)} ×"
    return quantity(Summary(limit, 0, 0, 1), row.unit)[0]


HEADS = ("what", "median", "quartiles", "against", "target")


def text(report: Report, about: str) -> str:
    """Render a report for a terminal."""
    lines = [report.title, "-" * len(report.title)]
    table = [HEADS, *map(cells, report.rows)]
    widths = [max(len(row[column]) for row in table) for column in range(len(HEADS))]
    for row in table:
        padded = (cell.ljust(width) for cell, width in zip(row, widths))
        lines.append("  ".join(padded).rstrip())
    lines += [f"{'ok' if check.held else 'WRONG'}: {check.what}" for check in report.checks]
    lines += report.notes
    return "\n".join([*lines, about, ""])


def markdown(report: Report, about: str) -> str:
    """Render a report for the docs."""
    lines = ["| " + " | ".join(HEADS) + " |", "|---" * len(HEADS) + "|"]
    for row in report.rows:
        escaped = (cell.replace("|", "\\|") for cell in cells(row))
        lines.append(f"| {' | '.join(escaped)} |")
    lines.append("")
    lines += [f"- {note}" for note in report.notes]
    if report.checks:
        held = sum(check.held for check in report.checks)
        lines.append(f"- {held} of {len(report.checks)} checks held:")
        lines += [f"    - {one.what}: {'yes' if one.held else 'NO'}" for one in report.checks]
    return "\n".join([*lines, f"- {about}", ""])


def to_json(report: Report) -> dict[str, Any]:
    """Return a report as types that JSON has."""
    fields = report._asdict()
    fields["rows"] = [
        {
            **row._asdict(),
            "value": row.value._asdict(),
            "ratio": row.ratio._asdict() if row.ratio else None,
            "met": row.met,
        }
        for row in report.rows
    ]
    fields["curves"] = [curve._asdict() for curve in report.curves]
    return fields


def from_json(fields: dict[str, Any]) -> Report:
    """Return the report that `to_json` was given."""
    rows = []
    for row in fields["rows"]:
        values = {name: row[name] for name in Row._fields}
        values["value"] = Summary(**row["value"])
        values["ratio"] = Summary(**row["ratio"]) if row["ratio"] else None
        rows.append(Row(**values))
    curves = [
        Curve(**{**curve, "points": [(x, y) for x, y in curve["points"]]})
        for curve in fields["curves"]
    ]
    checks = [Check(*check) for check in fields["checks"]]
    return Report(fields["verb"], fields["title"], rows, fields["notes"], checks, curves)


def insert(page: str, blocks: dict[str, str]) -> str:
    """Return `page` with block NAME between `<!-- bench NAME -->` and its `<!-- end -->`.

    What stands in a place whose name has no block is kept.
    """
    begin, end = "<!-- bench ", "<!-- end -->"
    first, *places = page.split(begin)
    result = [first]
    for place in places:
        name, rest = place.split(" -->", 1)
        old, after = rest.split(end, 1)
        inner = f"\n{blocks[name]}\n" if name in blocks else old
        result.append(f"{begin}{name} -->{inner}{end}{after}")
    return "".join(result)
