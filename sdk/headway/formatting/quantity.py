"""Counts and rates in their units: "480/1,200", "52.1/168 MB", "3.10 MB/s". Pure."""

from __future__ import annotations

_BYTE_UNITS = frozenset({"B", "byte", "bytes"})
_PREFIXES = ("", "k", "M", "G", "T", "P", "E")


def is_bytes(unit: str | None) -> bool:
    """Return whether the unit is bytes, which are shown as kB, MB, …."""
    return unit in _BYTE_UNITS


def _scale(value: float) -> int:
    """Return which power of a thousand `value` is shown in."""
    power = 0
    value = abs(value)
    while value >= 999.5 and power < len(_PREFIXES) - 1:
        value /= 1000
        power += 1
    return power


def _three(value: float) -> str:
    """Three figures: "52.1", "168", "0.31"."""
    size = abs(value)
    if size >= 99.95 or value == int(value):
        return f"{value:.0f}"
    return f"{value:.1f}" if size >= 9.995 else f"{value:.2f}"


def number(value: float) -> str:
    """Return a bare count: "1,200", "12.5", "9.22 E" from ten million on."""
    if abs(value) >= 1e7:
        power = _scale(value)
        return f"{_three(value / 1000**power)} {_PREFIXES[power]}"
    if value == int(value):
        return f"{int(value):,}"
    return f"{value:,.1f}" if abs(value) >= 10 else f"{value:.2g}"


def amount(done: float, total: float | None, unit: str | None, *, named: bool = False) -> str:
    """Return what is done of what: "480/1,200", "52.1/168 MB", "480"; `named` adds other units."""
    if unit == "%" and (total is None or total == 100):
        return f"{number(round(done))} %"
    if is_bytes(unit):
        power = _scale(total or done)
        size = 1000.0**power
        figures = _three(done / size)
        if total is not None:
            figures += "/" + _three(total / size)
        return f"{figures} {_PREFIXES[power]}B"
    figures = number(done) if total is None else f"{number(done)}/{number(total)}"
    if not named or not unit:
        return figures
    one = done == (total or 1) == 1 and unit.endswith("s") and not unit.endswith("ss")
    return f"{figures} {unit[:-1] if one else unit}"


def rate(per_second: float, unit: str | None) -> str:
    """Return how fast: "52/s", "3.1 MB/s", "0.4/s"; "" for none."""
    if per_second <= 0 or unit == "%":
        return ""
    if is_bytes(unit):
        power = _scale(per_second)
        return f"{_three(per_second / 1000**power)} {_PREFIXES[power]}B/s"
    if per_second >= 9.95:
        return f"{number(round(per_second))}/s"
    if per_second >= 0.095:
        return f"{per_second:.1f}/s"
    return f"{number(round(per_second * 60, 1))}/min"
