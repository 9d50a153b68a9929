"""Tables of tools that convert sound and pictures."""

from __future__ import annotations

from headway.run.parsers.line_table import FAILS, Table, rule

_TIME = r"\d+:\d\d:\d\d\.\d+"
_NO_MEDIA = "No such file or directory|Invalid data found when processing input|Invalid argument"

TABLES = {
    "ffmpeg": Table(
        (
            rule(rf"^ *Duration: (?P<total>{_TIME}),", "Convert", "s"),
            rule(rf"\bsize= *\S+ time=(?P<done>{_TIME}) ", "Convert", "s"),
            rule(rf"^(?P<text>\S.*: (?:{_NO_MEDIA}|Permission denied))$", meaning=FAILS),
        )
    ),
}
