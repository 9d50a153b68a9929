"""Reports as text for a terminal, as Markdown for the docs, and as JSON. Pure."""

from __future__ import annotations

from typing import Any

from benches.report import Curve, Figure, Report, Row

SCALES = (  # unit on the page for a unit that is measured: from, factor, text
    ("s", ((1.0, 1, "s"), (1e-3, 1e3, "ms"), (0.0, 1e6, "µs"))),
    ("B", ((1 << 20, 1 / (1 << 20), "MB"), (1 << 10, 1 / (1 << 10), "kB"), (0.0, 1, "B"))),
)


def number(value: float) -> str:
    """`value` with three figures that count."""
    size = abs(value)
    if size >= 100 or value == int(value):
        return f"{value:,.0f}"
    return f"{value:.1f}" if size >= 10 else f"{value:.2f}" if size >= 0.1 else f"{value:.3f}"


def quantity(value: Figure, unit: str) -> tuple[str, str]:
    """The median with its unit, and the quartiles in the same unit."""
    for name, steps in SCALES:
        if unit == name or unit.startswith(name + " "):
            factor, text = next((f, t) for least, f, t in steps if abs(value.median) >= least)
            unit = text + unit[len(name) :]
            value = Figure(*(part * factor for part in value[:3]), value.samples)
            break
    spread = "" if value.samples == 1 else f"{number(value.low)}–{number(value.high)}"
    return f"{number(value.median)} {unit}", spread


def cells(row: Row) -> tuple[str, str, str, str, str]:
    """What it is, median, quartiles, ratio, target."""
    amount, spread = quantity(row.value, row.unit)
    versus = ""
    if row.ratio is not None:
        versus = f"{number(row.ratio.median)} × {row.against}"
        if row.ratio.samples > 1:
            versus += f" ({number(row.ratio.low)}–{number(row.ratio.high)})"
    target = ""
    if row.met is not None:
        sign = "≤" if row.at_most is not None else "≥"
        limit = row.at_most if row.at_most is not None else row.at_least
        if row.ratio is not None:
            text = f"{number(limit or 0)} ×"
        else:
            text = quantity(Figure(limit or 0, 0, 0, 1), row.unit)[0]
        target = f"{sign} {text}: {'met' if row.met else 'MISSED'}"
    return row.name, amount, spread, versus, target


HEADS = ("what", "median", "quartiles", "against", "target")


def text(report: Report, about: str) -> str:
    """A report for a terminal."""
    lines = [report.title, "-" * len(report.title)]
    table = [HEADS, *map(cells, report.rows)]
    widths = [max(len(row[column]) for row in table) for column in range(len(HEADS))]
    for row in table:
        padded = (cell.ljust(width) for cell, width in zip(row, widths))
        lines.append("  ".join(padded).rstrip())
    lines += [f"{'ok' if right else 'WRONG'}: {what}" for what, right in report.checks]
    lines += report.notes
    return "\n".join([*lines, about, ""])


def markdown(report: Report, about: str) -> str:
    """A report for the docs."""
    lines = ["| " + " | ".join(HEADS) + " |", "|---" * len(HEADS) + "|"]
    for row in report.rows:
        escaped = (cell.replace("|", "\\|") for cell in cells(row))
        lines.append(f"| {' | '.join(escaped)} |")
    right = sum(1 for _, fine in report.checks if fine)
    lines.append("")
    lines += [f"- {note}" for note in report.notes]
    if report.checks:
        lines.append(f"- {right} of {len(report.checks)} checks held:")
        lines += [f"    - {what}: {'yes' if fine else 'NO'}" for what, fine in report.checks]
    return "\n".join([*lines, f"- {about}", ""])


def plain(report: Report) -> dict[str, Any]:
    """A report as JSON's types."""
    told = report._asdict()
    told["rows"] = [
        {
            **row._asdict(),
            "value": row.value._asdict(),
            "ratio": row.ratio._asdict() if row.ratio else None,
            "met": row.met,
        }
        for row in report.rows
    ]
    told["curves"] = [curve._asdict() for curve in report.curves]
    return told


def restored(told: dict[str, Any]) -> Report:
    """The report that `plain` made JSON of."""
    rows = []
    for row in told["rows"]:
        fields = {name: row[name] for name in Row._fields}
        fields["value"] = Figure(**row["value"])
        fields["ratio"] = Figure(**row["ratio"]) if row["ratio"] else None
        rows.append(Row(**fields))
    curves = [
        Curve(**{**curve, "points": [(x, y) for x, y in curve["points"]]})
        for curve in told["curves"]
    ]
    checks = [(what, right) for what, right in told["checks"]]
    return Report(told["verb"], told["title"], rows, told["notes"], checks, curves)


def inserted(page: str, blocks: dict[str, str]) -> str:
    """`page` with what stands between `<!-- bench NAME -->` and `<!-- end -->` renewed.

    A place whose name has no block keeps what it has.
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
