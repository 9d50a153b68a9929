"""Durations as text: what has elapsed, and what a person gives. Pure."""

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


_UNITS = {"s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0, "d": 86400.0}


def seconds_of(text: str) -> float | None:
    """Return the seconds of "90s", "5m", "1.5h", "1h30m" or "2d"; None where it is no duration."""
    if not text or text[-1].isdigit():
        return None
    seconds, number, unit = 0.0, "", ""
    for char in f"{text}0":  # a digit ends the last unit
        if char not in "0123456789.":
            unit += char
        elif not unit:
            number += char
        else:
            size = _UNITS.get(unit)
            if size is None or not _is_number(number):
                return None
            seconds += float(number) * size
            number, unit = char, ""
    return seconds


def _is_number(text: str) -> bool:
    whole, _, decimals = text.partition(".")
    return whole.isdigit() and (decimals or "0").isdigit() and not text.endswith(".")


def _two_units(large: int, unit: str, small: int, below: str) -> str:
    return f"{large} {unit} {small} {below}" if small else f"{large} {unit}"
