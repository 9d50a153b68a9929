"""tqdm's meter as text: "Fit:  40% 4/10 [00:02<00:03, 2.00it/s]".

Pure. Only for programs that ask for the text; what people see is drawn elsewhere.
"""

from __future__ import annotations

import math

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_PREFIXES = ("", "k", "M", "G", "T", "P", "E", "Z")


def format_sizeof(num: float, suffix: str = "", divisor: float = 1000) -> str:
    """Return `num` in three digits with a prefix: 1234 is "1.23k"."""
    for prefix in _PREFIXES:
        size = abs(num)
        if size < 999.5:
            decimals = 2 if size < 9.995 else 1 if size < 99.95 else 0
            return f"{num:.{decimals}f}{prefix}{suffix}"
        num /= divisor
    return f"{num:.1f}Y{suffix}"


def format_interval(t: float) -> str:
    """Return `t` seconds as "MM:SS", or "H:MM:SS" from an hour on."""
    minutes, seconds = divmod(int(abs(t)), 60)
    hours, minutes = divmod(minutes, 60)
    sign = "-" if t <= -1 else ""
    return sign + (f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes:02}:{seconds:02}")


def format_num(n: float) -> str:
    """Return `n` in three digits, or as it is where that is shorter."""
    exact = str(n)
    mantissa, power, exponent = f"{n:.3g}".partition("e")
    short = f"{mantissa}e{int(exponent):+}" if power else mantissa
    return short if len(short) < len(exact) else exact


def format_meter(
    n: float,
    total: float | None,
    elapsed: float,
    ncols: int | None = None,
    prefix: str | None = "",
    ascii: Any = None,  # noqa: A002 - tqdm's word
    unit: str = "it",
    unit_scale: float | bool = False,
    rate: float | None = None,
    postfix: str = "",
    unit_divisor: float = 1000,
    initial: float = 0,
    **drawing: Any,
) -> str:
    """Return the figures of a bar in one line, without the bar; `rate` is in units a second."""
    del ncols, ascii, drawing
    if total is not None and not n < total + 0.5 < math.inf:
        total = None
    if rate is None and elapsed > 0:
        rate = (n - initial) / elapsed
    if unit_scale and unit_scale is not True:
        n, total = n * unit_scale, total * unit_scale if total else total
        rate = rate * unit_scale if rate else rate

    def shown(count: float) -> str:
        return format_sizeof(count, divisor=unit_divisor) if unit_scale else format_num(count)

    def paced(pace: float) -> str:
        return format_sizeof(pace, divisor=unit_divisor) if unit_scale else f"{pace:.2f}"

    tail = f"?{unit}/s" if not rate else f"{paced(rate)}{unit}/s"
    if rate and 0 < rate < 1:
        tail = f"{paced(1 / rate)}s/{unit}"
    if postfix:
        tail += f", {postfix}"
    head = f"{prefix.rstrip().rstrip(':')}: " if prefix else ""
    if not total:
        return f"{head}{shown(n)}{unit} [{format_interval(elapsed)}, {tail}]"
    left = format_interval((total - n) / rate) if rate else "?"
    counted = f"{n / total * 100:3.0f}% {shown(n)}/{shown(total)}"
    return f"{head}{counted} [{format_interval(elapsed)}<{left}, {tail}]"
