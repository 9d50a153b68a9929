"""Tables of backup programs, and of what restores databases."""

from __future__ import annotations

from headway.run.parsers.line_table import COUNTS, FAILS, Table, rule
from headway.run.reading.command_line import option_set

_SIZE = r"[\d.]+ [KMGT]?i?B"

TABLES = {
    "restic": Table(
        (
            # The total is of the files that were found so far, until a percentage stands in front.
            rule(
                rf"^\[[\d:]+\] +[\d.]+% +\d+ files (?P<done>{_SIZE}), total \d+ files "
                rf"(?P<total>{_SIZE})",
                "Back up",
                "B",
                step=1024,
            ),
            rule(rf"^\[[\d:]+\] +\d+ files (?P<done>{_SIZE}), total ", "Back up", "B", step=1024),
            rule(
                rf"^\[[\d:]+\] +[\d.]+% +\d+ files/dirs (?P<done>{_SIZE}), total \d+ files/dirs "
                rf"(?P<total>{_SIZE})",
                "Restore",
                "B",
                step=1024,
            ),
            rule(r"^\[[\d:]+\] +[\d.]+% +(?P<done>\d+) / (?P<total>\d+) (?P<stage>[a-z][a-z ]*)"),
            rule(r"^Fatal: (?P<text>.+)$", meaning=FAILS),
        ),
        option_set("backup restore check prune forget copy init snapshots rebuild-index"),
    ),
    "borg": Table(
        (
            rule(r"^ *(?P<done>[\d.]+ [kMGT]?B) O .* [CD] \d+ N ?(?P<detail>.*)$", "Back up", "B"),
            rule(
                r"^ *(?P<percent>[\d.]+)% (?P<stage>Extracting|Processing)[:;]? (?P<detail>.*)$",
                sole=True,
            ),
            rule(r"^(?P<stage>(?:Checking|Compacting|Deleting) [a-z ]+?) +(?P<percent>[\d.]+)%"),
            rule(
                r"^(?P<text>(?:Repository|Archive) \S+ (?:does not|already|is ).+|Failed to .+)$",
                meaning=FAILS,
            ),
        ),
        option_set("create extract check prune compact delete init list"),
    ),
    # With --verbose.
    "pg_restore": Table(
        (
            rule(
                r"^pg_restore: (?:creating|processing data for|executing) (?P<detail>[A-Za-z ]+)",
                "Restore",
                "items",
                COUNTS,
            ),
            rule(r"^pg_restore: error: (?P<text>.+)$", meaning=FAILS),
        )
    ),
}
