"""What a program tells systemd of its progress (sd_notify), as output that is parsed.

Pure. `STATUS=` is a line that is drawn over: what it counts is believed on evidence. A variable
that is there for progress (`X_IMPORT_PROGRESS=42%` of systemd's own tools) is believed at once, as
OSC 9;4 is.
"""

from __future__ import annotations

import re

_PROGRESS = re.compile(r"X_(?:[A-Z]+_)*PROGRESS=(\d{1,3})(?:\.\d+)?%?$")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]+")
STATUS = "STATUS="
TEXT_LIMIT = 1_000  # characters of a status


def as_output(datagram: bytes) -> bytes:
    """Return what the variables of one datagram tell, as bytes of a terminal; b"" for nothing."""
    found = ""
    for line in datagram.decode("utf-8", "replace").splitlines():
        progress = _PROGRESS.match(line)
        if progress is not None and int(progress.group(1)) <= 100:
            found += f"\x1b]9;4;1;{progress.group(1)}\a"
        elif line.startswith(STATUS):
            text = _CONTROL.sub(" ", line[len(STATUS) : TEXT_LIMIT]).strip()
            found += f"\r{text}\r" if text else ""
    return found.encode()
