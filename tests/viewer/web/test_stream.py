"""What one page is told."""

import json

import pytest
from showcase import operation
from told_feed import ToldFeed

from headway_viewer.web import stream

OURS = operation("aaaaaaaaaaaa", "ours", labels={"run": "42"})
PART = operation("bbbbbbbbbbbb", "part of it", parent="aaaaaaaaaaaa/1")
OTHER = operation("cccccccccccc", "another", labels={"run": "43"})


class Source:
    """A fleet of one feed."""

    def __init__(self, *operations):
        self.told = ToldFeed(*operations)

    def feed(self, replica):
        self.told.replica = replica
        return self.told


def names(events):
    told = [json.loads(line) for kind, line in events if kind == "line"]
    return [[one["name"] for one in line["operations"]] for line in told if "operations" in line]


@pytest.mark.parametrize(
    ("labels", "shown"),
    [((), ["ours", "part of it", "another"]), ([("run", "42")], ["ours", "part of it"])],
)
def test_with_labels_those_alone_are_told_that_have_them_and_their_parts(labels, shown):
    source = Source(OURS, PART, OTHER)
    page = stream.Stream(source, labels)
    assert names(page.step()) == [shown]


def test_a_part_is_told_that_came_before_what_it_is_inside_of():
    page = stream.Stream(Source(PART, OTHER, OURS), [("run", "42")])
    assert names(page.step()) == [["part of it", "ours"]]
