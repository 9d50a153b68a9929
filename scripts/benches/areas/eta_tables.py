"""The tables of estimates for docs/estimates.md, from the rows of the report of `eta`. Pure."""

from __future__ import annotations

from typing import Sequence

from benches.areas.eta_scores import PROTOCOLS, Score
from benches.report import Row

FOLDER = "eta"  # the recordings that are in the repository
HEADS = dict(zip(Score._fields, ("error", "range held", *Score._fields[2:])))
MEAN_ERROR = ": mean error"
OTHER = f"{FOLDER}: error of "


def tables(rows: Sequence[Row], about: str) -> str:
    """Return the scores by protocol and by operation, and the errors of other rules, as Markdown.

    "" where the report has none.
    """
    found = {row.name: row for row in rows}
    scores = [
        [protocol, *(_figure(found.get(f"{FOLDER}, {protocol}: {name}")) for name in HEADS)]
        for protocol in PROTOCOLS
    ]
    operations = [
        [
            name[len(FOLDER) + 1 : -len(MEAN_ERROR)],
            _figure(row),
            row.against or "",
            f"{row.ratio.median:.2f}" if row.ratio is not None else "",
        ]
        for name, row in found.items()
        if name.startswith(f"{FOLDER}/") and name.endswith(MEAN_ERROR)
    ]
    if not operations:
        return ""
    others = [
        f"{name[len(OTHER) :]} {_figure(row)}" for name, row in found.items() if OTHER in name
    ]
    bounds = [
        f"{protocol} {_figure(row)}"
        for protocol in PROTOCOLS
        if (row := found.get(f"{FOLDER}, {protocol}: hindsight")) is not None
    ]
    return "\n".join(
        [
            *_table(["protocol", *HEADS.values()], scores),
            "",
            (
                "Errors had all estimates of a run been multiplied by the number that was best "
                f"for it, which only its end tells: {', '.join(bounds)}."
            ),
            "",
            f"Errors of other programs' rules on the same recordings: {', '.join(others)}.",
            "",
            *_table(["operation, causal", "error", "best other rule", "ours / theirs"], operations),
            "",
            f"- {about}",
        ]
    )


def _figure(row: Row | None) -> str:
    return "" if row is None else f"{row.value.median:.2f}"


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    lines = [heads, ["---"] * len(heads), *rows]
    return [f"| {' | '.join(line)} |" for line in lines]
