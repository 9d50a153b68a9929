"""What the page is told of earlier runs."""

import sys

import pytest

from headway_viewer.web.explanation import explain, is_id


def says(code):
    return sys.executable, "-S", "-c", code


def test_it_is_asked_by_an_id_alone():
    assert is_id("7f3k2m9qxabc")
    assert not any(map(is_id, ("", "--help", "npm install", "7F3", "a/b", "a" * 33, "7f3\n")))


def test_the_answer_is_the_json_of_the_command():
    found = explain("7f3", says("import sys, json; print(json.dumps(sys.argv[1:]))"))
    assert found == b'["7f3", "--json"]\n'


@pytest.mark.parametrize("code", ["exit(4)", "print('no JSON')"])
def test_what_is_no_answer_is_none(code):
    assert explain("7f3", says(code)) is None
    assert explain("7f3", ("/nowhere/headway",)) is None
