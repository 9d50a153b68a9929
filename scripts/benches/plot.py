"""Plot curves as SVG: lines with marks over logarithmic or linear axes. Pure."""

from __future__ import annotations

from math import ceil, floor, log10
from typing import Sequence
from xml.sax.saxutils import escape

from benches.report import Curve

WIDTH, HEIGHT = 640, 360
LEFT, RIGHT, TOP, BOTTOM = 70, 170, 40, 50
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000")


class Axis:
    """An axis; logarithmic where all values are above zero and span more than a factor of 20."""

    def __init__(self, values: Sequence[float], begin: float, end: float) -> None:
        self.begin, self.end = begin, end
        low, high = min(values), max(values)
        self.logarithmic = low > 0 and high / low > 20
        if self.logarithmic:
            self.low: float = floor(log10(low))
            self.high: float = ceil(log10(high))
            self.ticks = [10.0**power for power in range(int(self.low), int(self.high) + 1)]
        else:
            step = 10.0 ** floor(log10(max(high, 1e-12) / 2))
            while high / step > 6:
                step *= 2 if high / step <= 12 else 5
            self.low = 0.0
            self.high = step * max(1, ceil(high / step - 1e-9))
            self.ticks = [step * index for index in range(round(self.high / step) + 1)]
        if self.high == self.low:
            self.high = self.low + 1

    def place(self, value: float) -> float:
        """Return the pixel of `value`."""
        inside = log10(value) if self.logarithmic else value
        return self.begin + (inside - self.low) / (self.high - self.low) * (self.end - self.begin)


def label(value: float) -> str:
    """Return the text of a tick."""
    for size, sign in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= size:
            return f"{value / size:g}{sign}"
    return f"{value:g}"


def text_element(x: float, y: float, text: str, anchor: str = "start", more: str = "") -> str:
    """Return a text element."""
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{more}>{escape(text)}</text>'


def grid_line(x: float, y: float, x2: float, y2: float) -> str:
    """Return a line of the grid."""
    return f'<line x1="{x:.1f}" y1="{y:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="#dddddd"/>'


def svg(title: str, curves: Sequence[Curve]) -> str:
    """Return a plot of curves that share their axes."""
    points = [point for curve in curves for point in curve.points]
    across = Axis([x for x, _ in points], LEFT, WIDTH - RIGHT)
    up = Axis([y for _, y in points], HEIGHT - BOTTOM, TOP)
    lines = [
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" '
            f'viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="12">'
        ),
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
        f'<text x="{LEFT}" y="20" font-size="14" font-weight="bold">{escape(title)}</text>',
    ]
    for tick in across.ticks:
        x = across.place(tick)
        lines += [
            grid_line(x, TOP, x, HEIGHT - BOTTOM),
            text_element(x, HEIGHT - BOTTOM + 16, label(tick), "middle"),
        ]
    for tick in up.ticks:
        y = up.place(tick)
        lines += [
            grid_line(LEFT, y, WIDTH - RIGHT, y),
            text_element(LEFT - 6, y + 4, label(tick), "end"),
        ]
    middle = (TOP + HEIGHT - BOTTOM) / 2
    lines += [
        text_element((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 10, curves[0].x, "middle"),
        text_element(16, middle, curves[0].y, "middle", f' transform="rotate(-90 16 {middle})"'),
    ]
    for index, curve in enumerate(curves):
        colour = COLOURS[index % len(COLOURS)]
        places = [(across.place(x), up.place(y)) for x, y in curve.points]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
        lines.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        lines += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in places]
        y = TOP + 12 + 18 * index
        lines += [
            f'<rect x="{WIDTH - RIGHT + 12}" y="{y - 9}" width="10" height="10" fill="{colour}"/>',
            text_element(WIDTH - RIGHT + 28, y, curve.name),
        ]
    return "\n".join([*lines, "</svg>", ""])
