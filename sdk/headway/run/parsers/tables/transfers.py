"""Tables of tools that copy and download."""

from __future__ import annotations

from headway.run.parsers.line_table import FAILS, Table, rule
from headway.run.reading.command_line import option_set

_SIZE = r"[\d.]+ ?[KMGT]?i?B"

TABLES = {
    "aria2c": Table(
        (
            rule(
                rf"^\[#\w+ (?P<done>{_SIZE})/(?P<total>{_SIZE})\(\d+%\)",
                "Download",
                "B",
                step=1024,
            ),
            rule(r"errorCode=\d+ (?P<text>.+)$", meaning=FAILS),
        )
    ),
    "rclone": Table(
        (
            # Of all files, not of the one whose row comes below.
            rule(
                rf"(?:^Transferred:\s+|INFO +: +|NOTICE: +)(?P<done>{_SIZE}) / "
                rf"(?P<total>{_SIZE}), ",
                "Transfer",
                "B",
                step=1024,
            ),
            rule(r"(?:ERROR : |Failed to )(?P<text>.+)$", meaning=FAILS),
        ),
        option_set("copy sync move check copyto moveto delete purge bisync"),
    ),
    "scp": Table(
        (
            rule(
                r"^(?P<detail>\S.*?) +(?P<percent>\d{1,3})% +[\d.]+[KMGT]?B? +[\d.]+[KMGT]?B/s",
                "Copy",
            ),
            rule(r"^(?:scp|ssh): (?P<text>.+)$", meaning=FAILS),
        )
    ),
    "yt-dlp": Table(
        (
            rule(
                rf"^\[download\] +(?P<percent>[\d.]+)% of ~? *(?P<total>{_SIZE})",
                "Download",
                "B",
                step=1024,
            ),
            rule(r"^\[(?P<stage>Merger|ExtractAudio|VideoConvertor)\] "),
            rule(r"^ERROR: (?P<text>.+)$", meaning=FAILS),
        )
    ),
}
TABLES["sftp"] = TABLES["scp"]
