"""A message's class is a named tuple, made without `typing`."""

from __future__ import annotations

import subprocess
import sys

from headway.light_typing import NamedTuple
from headway.protocol import messages


class Point(NamedTuple):
    """Where."""

    x: int
    y: tuple[int, ...] = ()

    @property
    def dimensions(self) -> int:
        return 1 + len(self.y)

    def moved(self, by: int) -> Point:
        return self._replace(x=self.x + by)


def test_the_annotations_of_a_class_are_its_fields_in_order():
    point = Point(1, (2,))
    assert Point._fields == ("x", "y")
    assert (point.x, point.y) == (1, (2,)) == point
    assert Point._make([3, ()])._replace(x=4) == (4, ())
    assert repr(point) == "Point(x=1, y=(2,))"
    assert Point(5) == (5, ())
    assert Point.__doc__ == "Where."
    assert Point.__module__ == __name__


def test_methods_and_properties_of_a_class_stay():
    point = Point(1, (2,)).moved(3)
    assert (point.x, point.dimensions) == (4, 2)


def test_every_message_has_its_meaning_written_down():
    for direction in (messages.INBOUND, messages.OUTBOUND, messages.PUBLISHED):
        assert all(message.__doc__ for message in direction)


def test_messages_are_imported_without_typing():
    told = subprocess.run(
        [sys.executable, "-S", "-c", "import sys\n" + PROGRAM],
        capture_output=True,
        text=True,
        check=True,
    )
    assert told.stdout.split() == ["False"]


PROGRAM = f"""
sys.path[:0] = {sys.path!r}
import headway.protocol.messages
print("typing" in sys.modules)
"""
