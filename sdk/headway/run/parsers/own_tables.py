r"""Tables of line rules from a file of the user's, as it was parsed: checked, and what is wrong.

Pure. The file maps a program to a table:

    [frobnicate]
    words = ["build"]        # words of its command line that may be shown in its name
    [[frobnicate.line]]
    match = '^copied (?P<done>\d+) of (?P<total>\d+)'
    stage = "Copy"
    unit = "files"

The keys of a line are those of `headway.run.parsers.line_table.Rule`; `match` is its pattern.
"""

from __future__ import annotations

import re

from headway.run.parsers.line_table import GROUPS, MEANINGS, Rule, Table

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

RULES = 200  # of one program, and programs of one file: more is a mistake
_TABLE_KEYS = frozenset({"line", "words", "together"})
_RULE_KEYS = frozenset({"match", "stage", "unit", "meaning", "step"})


class BadTable(ValueError):
    """A table that cannot be used; the text says why."""


def read_tables(data: dict[str, Any]) -> dict[str, Table | BadTable]:
    """Return the tables by program, and of each that cannot be used why."""
    tables: dict[str, Table | BadTable] = {}
    for program, entry in list(data.items())[:RULES]:
        try:
            tables[program] = _table(entry)
        except BadTable as error:
            tables[program] = error
    return tables


def _table(entry: Any) -> Table:
    if not isinstance(entry, dict):
        raise BadTable("a table is expected")
    _check_keys(entry, _TABLE_KEYS)
    lines = entry.get("line", [])
    if not isinstance(lines, list) or not 0 < len(lines) <= RULES:
        raise BadTable(f"1 to {RULES} lines are expected")
    words = entry.get("words", [])
    if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
        raise BadTable("words is a list of words")
    rules: list[Rule] = []
    for number, line in enumerate(lines, 1):
        try:
            rules.append(_rule(line))
        except BadTable as error:
            raise BadTable(f"line {number}: {error}") from None
    return Table(tuple(rules), frozenset(words), together=bool(entry.get("together", False)))


def _rule(line: Any) -> Rule:
    if not isinstance(line, dict):
        raise BadTable("a table is expected")
    _check_keys(line, _RULE_KEYS)
    texts = [line.get(key) for key in ("match", "stage", "unit", "meaning")]
    if not isinstance(texts[0], str):
        raise BadTable("match is missing")
    if not all(text is None or isinstance(text, str) for text in texts):
        raise BadTable("match, stage, unit and meaning are texts")
    try:
        pattern = re.compile(texts[0])
    except (re.error, OverflowError, RecursionError) as error:
        raise BadTable(f"match is no regular expression: {error}") from None
    unknown = sorted(set(pattern.groupindex).difference(GROUPS))
    if unknown:
        raise BadTable(f"match has a group {unknown[0]!r}; known are " + ", ".join(sorted(GROUPS)))
    if texts[3] is not None and texts[3] not in MEANINGS:
        raise BadTable("meaning is one of " + ", ".join(sorted(MEANINGS)))
    step = line.get("step", 1000)
    if step not in (1000, 1024):
        raise BadTable("step is 1000 or 1024")
    return Rule(pattern, texts[1], texts[2], texts[3], int(step))


def _check_keys(entry: dict[str, Any], known: frozenset[str]) -> None:
    unknown = [key for key in entry if key not in known]
    if unknown:
        raise BadTable(f"unknown key {unknown[0]!r}; known are " + ", ".join(sorted(known)))
