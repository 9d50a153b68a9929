from __future__ import annotations

import pytest

from headway.run.exit_status import Outcome
from headway.run.supervision import report


@pytest.mark.parametrize(
    ("environ", "terminal", "wanted"),
    [
        ({}, False, False),
        ({"CLAUDECODE": "1"}, False, True),
        ({"AI_AGENT": "any"}, False, True),
        ({"AI_AGENT": "any"}, True, False),
        ({"AI_AGENT": "any", "HEADWAY_REPORT": "0"}, False, False),
        ({"HEADWAY_REPORT": "1"}, True, True),
    ],
)
def test_an_agent_gets_the_report_and_nobody_else(environ, terminal, wanted):
    assert report.is_wanted(environ, terminal=terminal) is wanted


def test_a_failure_tells_its_status_and_its_last_line():
    outcome = Outcome("failed", "exit status 2")
    assert report.lines("make (app)", outcome, 2, "ld: cannot find -lm", 38.2) == [
        "failed: make (app)",
        "exit 2, ld: cannot find -lm",
        "took 40 s",
    ]


def test_a_success_has_three_short_lines_too():
    made = report.lines("x" * 300, Outcome("completed", None), 0, "all\x1b[2J good", 1.0)
    assert len(made) == 3
    assert all(len(line) <= report.LINE and line.isprintable() for line in made)
