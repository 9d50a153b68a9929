"""Elapsed times as text. Pure."""

from __future__ import annotations


def duration(seconds: float) -> str:
    """Return elapsed seconds as "0.4 s", "38 s", "2 min 4 s", "1 h 12 min", "2 d 3 h"."""
    seconds = max(seconds, 0.0)
    if seconds < 0.95:
        return f"{seconds:.1f} s" if seconds >= 0.05 else "0 s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return _two_units(whole // 60, "min", whole % 60, "s")
    if whole < 86400:
        return _two_units(whole // 3600, "h", whole // 60 % 60, "min")
    return _two_units(whole // 86400, "d", whole // 3600 % 24, "h")


def _two_units(large: int, unit: str, small: int, below: str) -> str:
    return f"{large} {unit} {small} {below}" if small else f"{large} {unit}"
