import pytest

from headway.formatting import ci_log
from headway.formatting.ci_log import GITHUB, GITLAB


@pytest.mark.parametrize(
    ("environ", "kind"),
    [
        ({"GITHUB_ACTIONS": "true"}, GITHUB),
        ({"GITLAB_CI": "true"}, GITLAB),
        ({"CI": "true"}, None),
        ({"GITHUB_ACTIONS": "false"}, None),
    ],
)
def test_the_service_is_known_by_its_environment(environ, kind):
    assert ci_log.service(environ) == kind


def test_github_folds_between_two_lines():
    assert ci_log.fold(GITHUB, "npm ci", 1, 99.5) == ("::group::npm ci\n", "::endgroup::\n")


def test_gitlab_folds_between_two_marks_of_one_name():
    begin, end = ci_log.fold(GITLAB, "npm ci", 3, 99.5)
    assert begin == "\x1b[0Ksection_start:99:headway_3[collapsed=true]\r\x1b[0Knpm ci\n"
    assert end == "\x1b[0Ksection_end:99:headway_3\r\x1b[0K\n"


def test_elsewhere_nothing_is_folded_and_nothing_annotated():
    assert ci_log.fold(None, "x", 1, 0.0) is None
    assert ci_log.error(None, "x", "y") is None
    assert ci_log.error(GITLAB, "x", "y") is None


def test_an_annotation_has_title_and_lines():
    line = ci_log.error(GITHUB, "npm install: failed", "exit 1\n404, 50 %")
    assert line == "::error title=npm install%3A failed::exit 1%0A404, 50 %25"


def test_a_hostile_name_is_no_other_command():
    line = ci_log.error(GITHUB, "a\n::stop-commands::x,file=/etc/passwd", "b\r\n::add-mask::c")
    assert "\n" not in line
    title, body = line[len("::error title=") :].split("::", 1)
    assert "," not in title
    assert ":" not in title
    assert body.startswith("b%0A")
    assert "\n" not in ci_log.fold(GITHUB, "a\n::error::b", 1, 0.0)[0][:-1]
    assert "\x1b" not in ci_log.fold(GITLAB, "a\x1b[2J", 1, 0.0)[0].rpartition("\x1b[0K")[2]
