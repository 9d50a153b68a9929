"""A row of the table, and the page that it stands in; pure."""

from __future__ import annotations

from typing import NamedTuple, Sequence


class Row(NamedTuple):
    """What was found of one program; `version` is None where it was not run, for what is `seen`.

    `seconds` are of the run without us and of those with us; `wrong` says what is not as it
    should be.
    """

    name: str
    version: str | None
    seen: str
    same_output: bool | None = None
    same_status: bool | None = None
    seconds: tuple[float, ...] = ()
    wrong: tuple[str, ...] = ()


HEAD = (
    "| program | version | seen | same output | same status | seconds |\n|---|---|---|---|---|---|"
)


def line(row: Row) -> str:
    """Return a row of the table."""
    words = {True: "yes", False: "**no**", None: "–"}
    seconds = ", ".join(f"{each:.1f}" for each in row.seconds) or "–"
    version, seen = row.version or "–", row.seen.replace("|", "\\|")
    output, status = words[row.same_output], words[row.same_status]
    return f"| {row.name} | {version} | {seen} | {output} | {status} | {seconds} |"


def page(before: str, tables: dict[str, Sequence[Row]], when: str) -> str:
    """Return the page `before` with new tables between its markers, one per group."""
    for group, rows in tables.items():
        begin, end = f"<!-- {group} -->\n", f"<!-- /{group} -->"
        head, _, rest = before.partition(begin)
        _, _, tail = rest.partition(end)
        wrong = [f"- {row.name}: {text}" for row in rows for text in row.wrong]
        ran = [row for row in rows if row.version is not None]
        well = sum(not row.wrong for row in ran)
        count = f"{when}: {well} of {len(ran)} as they should be, {len(rows) - len(ran)} not run."
        parts = [
            count,
            "",
            HEAD,
            *map(line, rows),
            *(["", "Not as it should be:", "", *wrong] if wrong else []),
        ]
        before = head + begin + "\n".join(parts) + "\n" + end + tail
    return before
