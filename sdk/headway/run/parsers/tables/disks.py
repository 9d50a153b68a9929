"""Tables of tools that make, check, rescue and erase file systems."""

from __future__ import annotations

from headway.run.parsers.line_table import ENDS, FAILS, Table, rule

TABLES = {
    "mke2fs": Table(
        (
            rule(r"^(?P<stage>[A-Z][a-z ]+): +(?P<done>\d+)/(?P<total>\d+) *$"),
            rule(r"^(?P<stage>[A-Z][a-z ]+): +done *$", meaning=ENDS),
            rule(r"^mke2fs: (?P<text>.+)$", meaning=FAILS),
        )
    ),
    "e2fsck": Table(
        (
            # One percentage for all passes.
            rule(r"\|=*[-\\|/]? *\| +(?P<percent>[\d.]+)% *$", "Check"),
            rule(r"^(?:\S+: )?(?P<text>UNEXPECTED INCONSISTENCY.+)$", meaning=FAILS),
        )
    ),
    "badblocks": Table(
        (
            rule(r"(?P<percent>[\d.]+)% done, [\d:]+ elapsed", "Check"),
            rule(r"^badblocks: (?P<text>.+)$", meaning=FAILS),
        )
    ),
    "ddrescue": Table(
        (
            rule(r"pct rescued: +(?P<percent>[\d.]+)%", "Rescue"),
            rule(r"^ddrescue: (?P<text>.+)$", meaning=FAILS),
        )
    ),
    "shred": Table(
        (
            rule(
                r"^shred: .+: pass (?P<detail>\d+/\d+) \([^)]*\)\.\.\.[\d.]+\w*/[\d.]+\w* "
                r"(?P<percent>\d+)%",
                "Pass",
            ),
            rule(r"^shred: .+: pass (?P<detail>\d+/\d+) \([^)]*\)\.\.\.$", "Pass"),
            rule(r"^shred: (?P<text>.+: (?:failed|cannot|error).+)$", meaning=FAILS),
        )
    ),
}
TABLES["mkfs.ext4"] = TABLES["mkfs.ext3"] = TABLES["mkfs.ext2"] = TABLES["mke2fs"]
TABLES["fsck.ext4"] = TABLES["fsck.ext3"] = TABLES["fsck.ext2"] = TABLES["e2fsck"]
