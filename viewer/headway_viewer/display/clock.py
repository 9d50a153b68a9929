"""The local time of day."""

from __future__ import annotations

import time

WEEK = 6 * 86400.0  # seconds for which a day of the week tells one day


def time_of_day(unix: float) -> str:
    """Return a Unix time as "14:03:59" of the local time zone."""
    return time.strftime("%H:%M:%S", time.localtime(unix))


def clock_time(unix: float, now: float) -> str:
    """Return a Unix time as "14:32", "Tue 14:32" on another day, "12 Mar" after a week."""
    then, today = time.localtime(unix), time.localtime(now)
    if then[:3] == today[:3]:
        return time.strftime("%H:%M", then)
    if unix - now < WEEK:
        return time.strftime("%a %H:%M", then)
    return f"{then.tm_mday} {time.strftime('%b', then)}"
