"""The subjects of a fleet: every name is one token, and comes back as it was."""

import pytest

from headway_viewer.fleet import subjects
from headway_viewer.fleet.subjects import Subject

HOSTILE = ("db.example.org", "a.*.>", "*", ">", "", "_", "_alive-x", "a b\tc", "übermut", "\x1b[2J")


@pytest.mark.parametrize("words", HOSTILE)
def test_a_name_is_one_token_without_wildcards_and_comes_back(words):
    made = subjects.token(words)
    assert made
    assert not set(made) & set(".*> \t\r\n")
    assert subjects.words_of(made) == words


def test_a_host_with_dots_is_one_token_of_the_subject():
    subject = subjects.of_operation("berlin", "db.example.org", "q7f3c0ffee22")
    assert subject == "headway.berlin.db_2Eexample_2Eorg.q7f3c0ffee22"
    assert subjects.read(subject) == Subject("berlin", "db.example.org", "q7f3c0ffee22")


def test_a_heartbeat_is_no_operation_whatever_that_is_called():
    subject = subjects.of_heartbeat("berlin", "db", "ada.l")
    assert subjects.read(subject) == Subject("berlin", "db", None, "ada.l")
    named = subjects.of_operation("berlin", "db", "_alive-ada")
    assert subjects.read(named) == Subject("berlin", "db", "_alive-ada")


@pytest.mark.parametrize(
    "subject", ["headway", "other.a.b.c", "headway.a.b.c.d", "headway.a._G0.c", "headway.a.b._ff"]
)
def test_other_subjects_are_none_of_ours(subject):
    assert subjects.read(subject) is None


def test_a_token_is_cut_at_a_whole_character():
    made = subjects.token("ü" * 500)
    assert len(made) <= subjects.TOKEN_BYTES
    assert set(subjects.words_of(made)) == {"ü"}


def test_filters_name_a_site_and_hosts():
    assert subjects.filters(None, []) == ["headway.>"]
    assert subjects.filters("berlin", []) == ["headway.berlin.>"]
    assert subjects.filters(None, ["a", "b.c", "a"]) == ["headway.*.a.>", "headway.*.b_2Ec.>"]


def test_requests_are_no_part_of_the_stream():
    assert not subjects.of_control("a", "b", "c").startswith(subjects.PREFIX + ".")


def test_answers_come_under_a_subject_of_the_user_alone():
    assert subjects.of_inbox("viewer") == "_INBOX.viewer"
    assert subjects.of_inbox("build.bot") == "_INBOX.build_2Ebot"
    assert subjects.of_inbox(None) == "_INBOX"


def test_a_filter_names_one_operation():
    assert subjects.filters(None, [], "q7f3") == ["headway.*.*.q7f3"]
    assert subjects.filters("berlin", ["a", "b.c"], "q7f3") == [
        "headway.berlin.a.q7f3",
        "headway.berlin.b_2Ec.q7f3",
    ]
