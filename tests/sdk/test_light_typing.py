"""A message's class is a named tuple, made without `typing` and `collections`."""

from __future__ import annotations

import copy
import pickle
import subprocess
import sys

import pytest

from headway.light_typing import MADE_SLOWLY, NamedTuple
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


def test_arguments_are_as_a_functions():
    assert Point(y=(2,), x=1) == Point(1, (2,))
    for given in ((), (1, 2, 3)):
        with pytest.raises(TypeError, match="argument"):
            Point(*given)
    with pytest.raises(TypeError, match="z"):
        Point(1, z=2)
    with pytest.raises(ValueError, match="z"):
        Point(1)._replace(z=2)


def test_it_is_a_tuple_that_nothing_can_be_added_to():
    point = Point(1, (2,))
    assert {point: "here"}[1, (2,)] == "here"
    with pytest.raises(AttributeError):
        point.x = 3
    with pytest.raises(AttributeError):
        point.z = 3
    assert point._asdict() == {"x": 1, "y": (2,)}
    assert (Point._field_defaults, Point.__match_args__) == ({"y": ()}, ("x", "y"))


@pytest.mark.parametrize(
    "copied", [copy.copy, copy.deepcopy, lambda point: pickle.loads(pickle.dumps(point))]
)
def test_a_copy_is_of_its_class(copied, monkeypatch):
    monkeypatch.setitem(sys.modules, __name__, sys.modules.get(__name__) or type(sys)(__name__))
    monkeypatch.setattr(sys.modules[__name__], "Point", Point, raising=False)
    point = copied(Point(1, (2,)))
    assert (type(point), point) == (Point, (1, (2,)))


def test_every_message_has_its_meaning_written_down():
    for direction in (messages.INBOUND, messages.OUTBOUND, messages.PUBLISHED):
        assert all(message.__doc__ for message in direction)


def test_what_programs_import_is_imported_without_typing_and_collections():
    told = subprocess.run(
        [sys.executable, "-S", "-c", "import sys\n" + PROGRAM],
        capture_output=True,
        text=True,
        check=True,
    )
    assert told.stdout == "[]\n"


PROGRAM = f"""
sys.path[:0] = {sys.path!r}
import headway
print(sorted({{"typing", "collections"}} & set(sys.modules)))
"""


class Span(NamedTuple):
    """From where, to where."""

    start: int
    end: int = 7


def test_the_first_ones_are_as_all_that_follow():
    found = {(Span(1), Span(1, 2), Span(*[3, 4])) for _ in range(2 * MADE_SLOWLY)}
    assert found == {((1, 7), (1, 2), (3, 4))}
    assert all(type(span) is Span for spans in found for span in spans)


def test_the_first_one_is_refused_what_every_other_is():
    class Pair(NamedTuple):
        left: int
        right: int

    for given in ((), (1,), (1, 2, 3)):
        with pytest.raises(TypeError, match="argument"):
            Pair(*given)
