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


HEAD = """\
| program | version | seen | same output | same status | seconds | tried |
|---|---|---|---|---|---|---|"""


def line(row: Row, when: str) -> str:
    """Return a row of the table, of a program that was tried on the day `when`."""
    words = {True: "yes", False: "**no**", None: "–"}
    seconds = ", ".join(f"{each:.1f}" for each in row.seconds) or "–"
    version, seen = row.version or "–", row.seen.replace("|", "\\|")
    output, status = words[row.same_output], words[row.same_status]
    return f"| {row.name} | {version} | {seen} | {output} | {status} | {seconds} | {when} |"


def page(before: str, group: str, names: Sequence[str], rows: Sequence[Row], when: str) -> str:
    """Return the page `before` with `rows` in the table of a group, which has programs `names`.

    Programs that were not tried keep the row that they have, and what was wrong with them.
    """
    head, begin, rest = before.partition(f"<!-- {group} -->\n")
    block, end, tail = rest.partition(f"<!-- /{group} -->")
    told = {each.split("|")[1].strip(): [each] for each in block.splitlines() if each[:1] == "|"}
    for each in block.splitlines():
        name, colon, _ = each[2:].partition(": ")
        if each.startswith("- ") and colon and name in told:
            told[name].append(each)
    for row in rows:
        told[row.name] = [line(row, when), *(f"- {row.name}: {text}" for text in row.wrong)]
    known = [told[name] for name in names if name in told]
    wrong = [text for each in known for text in each[1:]]
    parts = [HEAD, *(each[0] for each in known), ""]
    if wrong:
        parts += ["Not as it should be:", "", *wrong, ""]
    return head + begin + "\n".join(parts) + end + tail
