import pytest
from showcase import NOW, operation, stage

from headway_viewer.picture.wording.standing import awaited_text, error_lines, waiting_text


def ended(state, **fields):
    return operation("a", "x", state, started=-38.0, ended=0.0, **fields)


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("for the dpkg lock", "waiting 42 s for the dpkg lock"),
        ("the dpkg lock", "waiting 42 s for the dpkg lock"),
        ("until midnight", "waiting 42 s until midnight"),
        (None, "waiting 42 s"),
    ],
)
def test_what_it_waits_for_is_told(reason, words):
    made = operation("a", "x", "waiting", reason=reason)
    assert waiting_text(made, NOW - 42, NOW) == words


def test_a_stage_that_waits_tells_for_its_operation():
    made = operation("a", "x", "waiting")
    stage(made, "s", "waiting", reason="input")
    assert waiting_text(made, None, NOW) == "waiting for input"


def test_the_error_stands_before_the_last_lines_and_is_not_repeated():
    made = ended(
        "failed", error="404 Not Found\nmore", tail=["one", "", "npm error 404 Not Found", "two"]
    )
    assert error_lines(made, 4) == ["404 Not Found", "one", "two"]
    assert error_lines(ended("failed", error="exit status 3", exit_status=3), 4) == []


def test_of_the_lines_of_a_failure_the_last_are_told():
    made = ended("failed", error="404 Not Found", tail=["one", "two", "", "three"])
    assert error_lines(made, 2) == ["404 Not Found", "three"]
    made = ended("failed", error="exit status 3", exit_status=3, tail=["one", "two", "why"])
    assert error_lines(made, 2) == ["two", "why"]
    assert error_lines(made, 0) == []


def test_an_operation_that_was_asked_to_stop_is_called_so():
    made = operation("a", "x", "waiting", reason="stopping (Ctrl+C again ends it)")
    assert waiting_text(made, NOW - 4, NOW) == "stopping 4 s (Ctrl+C again ends it)"
    assert not operation("a", "x", "waiting", reason="paused").stopping
    assert not operation("a", "x", reason="stopping").stopping


def test_a_paused_operation_is_called_so():
    made = operation("a", "x", "waiting", reason="paused")
    assert waiting_text(made, NOW - 42, NOW) == "paused 42 s"


def test_a_reason_has_its_preposition_once():
    assert awaited_text("for the dpkg lock") == " for the dpkg lock"
    assert awaited_text("the dpkg lock") == " for the dpkg lock"
    assert awaited_text(None) == ""
