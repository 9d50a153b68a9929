"""Tables of tools that convert sound and pictures."""

from __future__ import annotations

from headway.run.parsers.line_table import ENDS, FAILS, Table, rule

_TIME = r"\d+:\d\d:\d\d\.\d+"
_NO_MEDIA = "No such file or directory|Invalid data found when processing input|Invalid argument"

TABLES = {
    "flac": Table(
        (
            # An error stands where the bar did, behind the file's name.
            rule(r"(?:^|: )(?P<text>(?:\*\*\* Got error|ERROR:?) .+)$", meaning=FAILS),
            rule(r"^(?P<stage>\S.*?): +(?P<percent>\d+)% complete"),
            rule(r"^(?P<stage>\S.*?): +(?:wrote \d+ bytes|ok$)", meaning=ENDS),
        )
    ),
    "ffmpeg": Table(
        (
            rule(rf"^ *Duration: (?P<total>{_TIME}),", "Convert", "s"),
            rule(rf"\bsize= *\S+ time=(?P<done>{_TIME}) ", "Convert", "s"),
            rule(rf"^(?P<text>\S.*: (?:{_NO_MEDIA}|Permission denied))$", meaning=FAILS),
        )
    ),
}
