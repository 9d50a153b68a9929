from __future__ import annotations

import pytest

from headway.run.progress.command_wait import CommandWait


class FakeOperation:
    state = "waiting"

    def __init__(self):
        self.calls = []

    def __getattr__(self, name):
        return lambda *arguments: self.calls.append((name, *arguments))


@pytest.fixture
def operation():
    return FakeOperation()


def test_silence_after_a_question_waits_for_an_answer(operation):
    CommandWait(operation).note_unfinished_line("Do you want to continue? [Y/n]")
    assert operation.calls == [("wait", "an answer: Do you want to continue? [Y/n]")]


def test_who_was_seen_to_wait_for_input_resumes_when_it_does_not_any_more(operation):
    waiting = CommandWait(operation)
    for question in ("(Pdb)", "(Pdb)", None, None, ""):
        waiting.note_input(question)
    assert operation.calls == [("wait", "an answer: (Pdb)"), ("resume",), ("wait", "an answer")]


def test_another_question_is_another_wait(operation):
    waiting = CommandWait(operation)
    for question, again in (("name?", True), ("pw?", False), ("pw?", False), ("pw?", True)):
        waiting.note_input(question, again=again)
    assert operation.calls == [
        ("wait", "an answer: name?"),
        ("wait", "an answer: pw?"),
        ("resume",),
        ("wait", "an answer: pw?"),
    ]


def test_what_a_parser_says_it_waits_for_is_not_taken_back_by_that(operation):
    waiting = CommandWait(operation)
    waiting.wait_as_told("the dpkg lock")
    waiting.note_input(None)
    assert operation.calls == [("wait", "the dpkg lock")]


def test_after_a_pause_it_waits_for_what_it_waited_for_before(operation):
    waiting = CommandWait(operation)
    waiting.wait_as_told("the lock")
    waiting.pause()
    waiting.unpause()
    assert operation.calls == [("wait", "the lock"), ("wait", "paused"), ("wait", "the lock")]


def test_what_was_asked_to_stop_waits_for_its_end_whatever_it_says(operation):
    waiting = CommandWait(operation)
    waiting.pause()
    waiting.stop("Ctrl+C again ends it")
    waiting.unpause()
    waiting.wait_as_told("the lock")
    waiting.resume()
    assert waiting.lasts
    assert operation.calls == [
        ("wait", "paused"),
        ("wait", "stopping (Ctrl+C again ends it)"),
    ]
    operation.state = "running"
    waiting.stay_held()
    assert operation.calls[2:] == [("wait", "stopping (Ctrl+C again ends it)")]


def test_what_was_asked_to_stop_is_stopping_still_after_a_pause(operation):
    waiting = CommandWait(operation)
    waiting.stop("headway cancel --kill ends it")
    waiting.pause()
    waiting.unpause()
    assert waiting.lasts
    stopping = ("wait", "stopping (headway cancel --kill ends it)")
    assert operation.calls == [stopping, ("wait", "paused"), stopping]


def test_after_a_pause_it_runs(operation):
    waiting = CommandWait(operation)
    waiting.pause()
    waiting.unpause()
    waiting.unpause()
    assert operation.calls == [("wait", "paused"), ("resume",)]


def test_it_lasts_until_it_is_over_or_paused_no_more(operation):
    waiting = CommandWait(operation)
    assert not waiting.lasts
    waiting.suspend()
    assert waiting.lasts
    waiting.pause()
    waiting.resume()
    assert waiting.lasts  # what was said before the pause is old
    waiting.unpause()
    waiting.resume()
    assert not waiting.lasts


def test_where_nothing_is_reported_it_is_known_all_the_same():
    waiting = CommandWait(None)
    waiting.note_input("(Pdb)")
    assert waiting.lasts
