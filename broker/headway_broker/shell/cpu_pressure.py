"""Processor pressure: how long anything on the machine has waited for a processor (Linux).

/proc/pressure/cpu, where the kernel has it, counts the time in which at least one task that
could run did not. Two readings tell the share of the time between them, with no sampling.
"""

from __future__ import annotations

import os

FILE = "/proc/pressure/cpu"
LINE_LIMIT = 256  # bytes: it has one or two lines


class CpuPressure:
    """The file, kept open: it is read once a turn."""

    def __init__(self, path: str = FILE) -> None:
        try:
            self._file: int | None = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            self._file = None

    def stalled(self) -> float | None:
        """Return the seconds so far in which anything waited for a processor, or None."""
        if self._file is None:
            return None
        try:
            return stalled_in(os.pread(self._file, LINE_LIMIT, 0).decode("ascii"))
        except (OSError, ValueError):
            return None


def stalled_in(text: str) -> float | None:
    """Return the seconds that the text of the file tells, or None.

    >>> stalled_in("some avg10=0.00 avg60=1.50 avg300=0.90 total=2500000")
    2.5
    """
    for line in text.splitlines():
        kind, *fields = line.split()
        if kind == "some":
            for field in fields:
                name, _, value = field.partition("=")
                if name == "total" and value.isdecimal():
                    return int(value) / 1e6
    return None
