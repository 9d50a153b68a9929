"""Byte sizes as tools print them, parsed into bytes."""

from __future__ import annotations

import re

_SIZE = re.compile(r"([0-9][0-9.,]*)\s*([kKMGTPE]?)(i?)(?:B|bytes)?$")
_POWERS = {"": 0, "k": 1, "K": 1, "M": 2, "G": 3, "T": 4, "P": 5, "E": 6}


def parse_size(text: str, step: int = 1000) -> int | None:
    """Return "53.1 kB" or "7812k" as bytes, or None; k stands for `step`, and for 1024 in "KiB"."""
    match = _SIZE.match(text.strip())
    if match is None:
        return None
    number, prefix, binary = match.groups()
    try:
        return round(float(number.replace(",", "")) * (1024 if binary else step) ** _POWERS[prefix])
    except ValueError:
        return None
