"""Operations counted by host, or by the value of a label, as `headway ps --by` does. Pure."""

from __future__ import annotations

from typing import Iterable

from headway import string_width
from headway.formatting.theme import SILENT, STYLES, Line, Theme
from headway.model import Operation
from headway_viewer.picture.board import COUNTED_STATES, end_word
from headway_viewer.picture.wording.standing import contact_text

HOST = "host"
ROWS_LEAST = 1_000  # operations of a fleet from which on they are counted by host, unasked
WITHOUT = "–"  # the name of the group that has no such label
NAME_SHARE = 3  # a third of a line is for names


def group_by(operations: Iterable[Operation], key: str) -> dict[str, list[Operation]]:
    """Return operations by host where `key` is "host", else by the value of that label."""
    found: dict[str, list[Operation]] = {}
    for one in operations:
        name = one.host if key == HOST else (one.labels or {}).get(key)
        found.setdefault(WITHOUT if name is None else name, []).append(one)
    return dict(sorted(found.items(), key=lambda group: (group[0] == WITHOUT, group[0])))


def list_groups(
    operations: Iterable[Operation], key: str, theme: Theme, columns: int, now: float
) -> list[Line]:
    """Return a line for each group: how many there are of each state, and what of them is unheard.

    `columns` is the width of the terminal; `now` is the broker's time.
    """
    return group_lines(group_by(operations, key), theme, columns - 1, now)


def group_lines(
    groups: dict[str, list[Operation]], theme: Theme, width: int, now: float
) -> list[Line]:
    """Return a line for each group, of at most `width` cells, but of 20 where those are fewer."""
    width = max(width, 20)
    names = {name: theme.spell(name) for name in groups}
    longest = max(map(string_width.cells, names.values()), default=0)
    cells = min(longest, max(width // NAME_SHARE, width - 50))
    cut = string_width.squeeze_apart(list(names.values()), cells, theme.ellipsis)
    lines: list[Line] = []
    for members, named in zip(groups.values(), cut):
        parts: Line = [("", string_width.pad(named, cells))]
        left = width - cells
        for style, words in _parts(members, theme, now):
            fits = string_width.clip(words, left, theme.ellipsis)
            left -= string_width.cells(fits)
            parts.append((style, fits))
        lines.append(parts)
    return lines


def _parts(members: list[Operation], theme: Theme, now: float) -> Iterable[tuple[str, str]]:
    lead = "  "
    counts: dict[str, int] = dict.fromkeys(COUNTED_STATES, 0)
    for one in members:
        counts[end_word(one)] += 1
    for state, count in counts.items():
        if count:
            yield STYLES[state], f"{lead}{count} {state}"
            lead = ", "
    going = [one for one in members if one.open]
    unheard = [one.unheard_since for one in going if one.unheard_since is not None]
    no_broker = [one.no_broker_since for one in going if one.no_broker_since is not None]
    words = contact_text(min(unheard, default=None), min(no_broker, default=None), now)
    if words:
        yield STYLES[SILENT], theme.spell(f"{lead}{words}")
