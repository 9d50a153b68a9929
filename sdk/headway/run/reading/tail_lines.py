"""Which lines of a command explain its failure, so that they are kept for its end; pure."""

from __future__ import annotations

import re

_SPINNER = "".join(map(chr, range(0x2800, 0x2900))) + " \t"
# The headings of curl's meter, and its last row: the others are drawn over.
_METER = re.compile(
    r"\s*% Total +% Received|\s+Dload +Upload +Total|DL% UL% +Dled"
    r"|\s*\d+(?:\s+[\d.]+[kMGTPE]?){7}\s+[-\d]+:"
)


def is_worth_keeping(line: str) -> bool:
    """Return whether a line says anything: no spinner alone, no row of a meter."""
    return bool(line.strip(_SPINNER)) and _METER.match(line) is None
