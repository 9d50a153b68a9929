"""Curves as SVG."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest
from benches.plot import HEIGHT, WIDTH, Axis, svg
from benches.report import Curve

MARK = "{http://www.w3.org/2000/svg}circle"


@pytest.mark.parametrize(
    "points",
    [
        [(1, 1.0), (10_000, 3.5)],
        [(0, 0.0), (100, 12.0)],
        [(1, 5.0)],
        [(10, 0.0), (10, 0.0)],
        [(3, 0.0003), (4, 0.0004)],
    ],
)
def test_every_point_lies_inside_the_picture(points):
    root = ET.fromstring(svg("A < B", [Curve("p", "ours & theirs", "x", "y", points)]))
    marks = [mark.attrib for mark in root.iter(MARK)]
    assert len(marks) == len(points)
    for mark in marks:
        assert 0 <= float(mark["cx"]) <= WIDTH
        assert 0 <= float(mark["cy"]) <= HEIGHT


def test_an_axis_is_logarithmic_where_values_span_decades():
    assert Axis([10, 10_000], 0, 300).place(100) == pytest.approx(100)
    assert Axis([0, 10], 0, 100).place(5) == pytest.approx(50)
