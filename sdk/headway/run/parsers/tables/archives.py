"""Tables of archivers and compressors."""

from __future__ import annotations

from headway.run.parsers.line_table import COUNTS, FAILS, Table, rule
from headway.run.reading.command_line import option_set

_SIZE = r"[\d.,]+ *[KMGT]?i?B"

TABLES = {
    "zip": Table(
        (
            # "-dc": done/left; the per cent behind a name is how small it has become.
            rule(
                r"^ *(?P<done>\d+)/ *(?P<left>\d+) +(?:adding|updating|freshening): "
                r"(?P<detail>.*?) *(?:\(\w+ \d+%\))?$",
                "Add",
                "files",
            ),
            rule(
                r"^ *(?:adding|updating|freshening): (?P<detail>.*?) *(?:\(\w+ \d+%\))?$",
                "Add",
                "files",
                COUNTS,
            ),
            rule(r"^zip error: (?P<text>.+)$", meaning=FAILS),
        )
    ),
    "unzip": Table(
        (
            rule(
                r"^ +(?:inflating|extracting|creating|linking): (?P<detail>.+?) *$",
                "Extract",
                "files",
                COUNTS,
            ),
            rule(r"^unzip: +(?P<text>.+)$", meaning=FAILS),
        )
    ),
    "7z": Table(
        (
            rule(r"^(?P<stage>Creating|Extracting|Testing|Updating) archive: ", sole=True),
            rule(r"^ *(?P<percent>\d{1,3})%(?: \d+)?(?: [-+U=T.] (?P<detail>.+))?$"),
            rule(r"^(?:System )?ERROR: ?(?P<text>.+)$", meaning=FAILS),
        )
    ),
    "zstd": Table(
        (
            rule(
                rf"^ *Read: +(?P<done>{_SIZE}) / +(?P<total>{_SIZE}) ==>",
                "Compress",
                "B",
                step=1024,
            ),
            rule(rf"Consumed: +(?P<done>{_SIZE}) - Compressed: ", "Compress", "B", step=1024),
            rule(rf"^\S+ *: +(?P<done>{_SIZE})\.\.\. *$", "Decompress", "B", step=1024),
            rule(r"^zstd: (?:error \d+ : )?(?P<text>.+)$", meaning=FAILS),
        )
    ),
    "xz": Table(
        (
            rule(rf"^ *(?P<percent>[\d.]+) % +{_SIZE} / {_SIZE} = ", "Compress"),
            rule(r"^xz: (?P<text>.+)$", meaning=FAILS),
        )
    ),
    "par2": Table(
        (
            rule(r"^(?P<stage>[A-Z][a-z]+): (?P<percent>[\d.]+)%$"),
            rule(r"^(?P<text>(?:failed|Failed|Could not) .+)$", meaning=FAILS),
        ),
        option_set("create verify repair"),
    ),
    "mksquashfs": Table(
        (
            rule(r"^\[[=|/\\ -]*\] +(?P<done>\d+)/(?P<total>\d+) +\d+%", "Pack", "blocks"),
            rule(r"^(?:FATAL ERROR:|Error:?) ?(?P<text>.+)$", meaning=FAILS),
        )
    ),
}
TABLES["7za"] = TABLES["7zr"] = TABLES["7zz"] = TABLES["7z"]
TABLES["unsquashfs"] = TABLES["mksquashfs"]
TABLES["unxz"] = TABLES["xz"]
TABLES["unzstd"] = TABLES["zstd"]
