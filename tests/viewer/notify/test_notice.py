import pytest

from headway.model import Operation, Stage
from headway.states import COMPLETED, CRASHED, FAILED, RUNNING
from headway_viewer.notify.notice import (
    CRITICAL,
    LOW,
    Notice,
    end_notice,
    joined_notice,
    named_by_host,
    question_notice,
    stalled_notice,
    why_line,
)


def ended(state=FAILED, took=38.0, **fields):
    made = Operation("abcdefghijkl", "npm install")
    made.move(RUNNING, 100.0)
    for name, value in fields.items():
        setattr(made, name, value)
    made.move(state, 100.0 + took)
    return made


@pytest.mark.parametrize(
    ("error", "tail", "line"),
    [
        ("no space left\nat line 3", [], "no space left"),
        ("exit status 2", ["cc -c x.c", "x.c:3: error: no such file", "make: see log"],
         "x.c:3: error: no such file"),
        ("exit status 2", ["one", "two", ""], "two"),
        ("Exited with code 2", [], ""),
        (None, ["E: Unable to locate package ngnix"], "E: Unable to locate package ngnix"),
        (None, [], ""),
    ],
)  # fmt: skip
def test_the_line_that_says_why_is_no_exit_status(error, tail, line):
    assert why_line(ended(error=error, tail=tail)) == line


def test_a_failure_says_why_and_where_and_its_status_once():
    made = ended(error="exit status 1", exit_status=1, tail=["npm ERR! 404 Not Found"])
    for number, name in enumerate(("Resolve", "Fetch"), 1):
        made.stages[number] = Stage(number, name)
    made.stages[2].move(RUNNING, 100.0)
    made.stages[2].move(FAILED, 138.0)
    notice = end_notice(made)
    assert notice.title == "npm install failed"
    assert notice.body == "npm ERR! 404 Not Found\nin Fetch, after 38 s, exit 1"
    assert notice.public_body == "In Fetch, after 38 s, exit 1"
    assert notice.urgency == CRITICAL


def test_where_nothing_says_why_the_place_has_to_do():
    assert end_notice(ended(error="exit status 2", exit_status=2)).body == "After 38 s, exit 2"
    assert end_notice(ended(CRASHED, error="killed")).body == "killed\nafter 38 s"


def test_a_success_is_of_low_urgency_and_soon_gone():
    notice = end_notice(ended(COMPLETED, message="2 added"))
    assert (notice.title, notice.body) == ("npm install completed", "38 s, 2 added")
    assert notice.public_body == "After 38 s"
    assert notice.urgency == LOW
    assert notice.shown < end_notice(ended()).shown


def test_a_question_is_told_without_its_words_to_those_outside():
    made = Operation("abcdefghijkl", "deploy")
    notice = question_notice(made, "password: for deploy@prod")
    assert notice.body == "It waits for password: for deploy@prod"
    assert notice.public_body == "It waits for password"
    assert notice.urgency == CRITICAL


def test_what_stands_still_tells_how_far_it_is():
    made = Operation("abcdefghijkl", "deploy")
    made.progress, made.stalled_since = 0.525, 100.0
    assert stalled_notice(made, 220.0).value == 52
    assert end_notice(ended()).value is None


def test_several_are_told_with_the_names_of_those_that_failed():
    notices = [
        Notice(f"k{number}", state, f"op {number} {state}", "", "")
        for number, state in enumerate(["completed"] * 7 + ["failed"] * 4 + ["crashed"])
    ]
    joined = joined_notice(notices)
    assert joined.title == "12 ended, 4 failed, 1 crashed"
    assert joined.body == "op 7 failed\nop 8 failed\nop 9 failed, and 2 more"
    assert joined.urgency == CRITICAL
    assert joined_notice(notices[:3]).body == "\n".join(n.title for n in notices[:3])


def test_a_notice_of_a_fleet_begins_with_the_host():
    notice = named_by_host(end_notice(ended(host="db")))
    assert notice.title == "db: npm install failed"
    assert named_by_host(notice._replace(host=None)) == notice._replace(host=None)
