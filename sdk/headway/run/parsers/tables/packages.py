"""Tables of package managers."""

from __future__ import annotations

from headway.run.parsers.line_table import FAILS, Table, rule
from headway.run.reading.command_line import option_set

_VERBS = "install add remove update upgrade run test build"

TABLES = {
    "pnpm": Table(
        (
            rule(r"^Packages: \+(?P<total>\d+)", "Install", "packages"),
            rule(r"^Progress: resolved \d+, .*added (?P<done>\d+)", "Install", "packages"),
            rule(r"^ *(?:ERR_PNPM_\w+|ERROR) +(?P<text>.+)$", meaning=FAILS),
        ),
        option_set(_VERBS),
    ),
    "yarn": Table(
        (
            rule(r"^\[\d/\d\] (?:\S )? ?(?P<stage>[A-Z][a-z]+(?: [a-z]+)* [a-z]+)\.\.\."),
            rule(r"^\[[#-]+\] (?P<done>\d+)/(?P<total>\d+)"),
            rule(r"^error (?P<text>.+)$", meaning=FAILS),
        ),
        option_set(_VERBS),
    ),
}
