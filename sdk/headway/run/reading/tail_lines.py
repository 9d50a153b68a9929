"""Which lines of a command explain its failure, so that they are kept for its end; pure."""

from __future__ import annotations

from headway.run.late_pattern import late_pattern

_SPINNER = "".join(map(chr, range(0x2800, 0x2900))) + " \t"
# The headings of curl's meter, and its last row: the others are drawn over.
_METER = late_pattern(
    r"\s*% Total +% Received|\s+Dload +Upload +Total|DL% UL% +Dled"
    r"|\s*\d+(?:\s+[\d.]+[kMGTPE]?){7}\s+[-\d]+:"
)


def is_worth_keeping(line: str) -> bool:
    """Return whether a line says anything: no spinner alone, no row of a meter."""
    if not line.strip(_SPINNER):
        return False
    # Each of its rows has one of these.
    may_be = "%" in line or ":" in line or "Dload" in line
    return not may_be or _METER.match(line) is None
