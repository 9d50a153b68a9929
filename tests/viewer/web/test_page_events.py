"""What waits for a page that does not read at once."""

import pytest

from headway_viewer.web import page_events
from headway_viewer.web.page_events import PageEvents


def made():
    told = []
    page = PageEvents(lambda: told.append(1))
    page.begin("all")
    return page, told


def test_it_begins_with_all_that_there_is():
    page, told = made()
    assert page.take() == [("line", "all")]
    assert not page.wants_all
    assert told


def test_of_an_operation_the_last_line_waits_and_none_once_it_is_gone():
    page, _ = made()
    for line in ("a 1", "b 1", "a 2"):
        page.add(line[0], line)
    page.add(None, "gone: b")
    page.forget("b")
    assert [text for _, text in page.take()] == ["all", "a 2", "gone: b"]
    assert page.take() == []


def test_a_note_is_told_when_it_changes():
    page, _ = made()
    page.take()
    for note in ("", "waiting", "waiting", ""):
        page.tell_note(note)
    assert page.take() == [("note", "")]
    page.tell_note("")
    assert page.take() == []


def test_a_page_that_does_not_read_is_given_a_snapshot_later(monkeypatch):
    monkeypatch.setattr(page_events, "MOST_WAITING", 3)
    page, _ = made()
    for number in range(3):
        page.add(f"op {number}", "x")
    assert page.wants_all
    page.begin("all again")
    assert page.take() == [("line", "all again")]


@pytest.mark.parametrize("between", ["begin", "overflow"])
def test_a_note_that_waits_outlasts_what_takes_the_place_of_operations(monkeypatch, between):
    monkeypatch.setattr(page_events, "MOST_WAITING", 2)
    page, _ = made()
    page.take()
    page.tell_note("no connection")
    if between == "begin":
        page.begin("all again")
    else:
        for number in range(3):
            page.add(f"op {number}", "x")
        assert page.wants_all
    page.tell_note("no connection")
    assert ("note", "no connection") in page.take()
