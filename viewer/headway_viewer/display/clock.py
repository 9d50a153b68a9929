"""The local time of day."""

from __future__ import annotations

import time


def time_of_day(unix: float) -> str:
    """Return a Unix time as "14:03:59" of the local time zone."""
    return time.strftime("%H:%M:%S", time.localtime(unix))
