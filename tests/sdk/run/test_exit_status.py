from __future__ import annotations

import signal

import pytest

from headway.run.exit_status import (
    UNKNOWN_STATUS,
    Outcome,
    exit_status,
    outcome_of,
    termination_signal,
)

NOW = 100.0


def status(code=0, number=0):
    return code << 8 | number


@pytest.mark.parametrize(("raw", "code"), [(0, 0), (3 << 8, 3), (9, 137), (2 | 0x80, 130)])
def test_a_wait_status_reads_as_in_a_shell(raw, code):
    assert exit_status(raw) == code


def test_a_status_that_nobody_can_tell_is_no_success():
    assert (exit_status(UNKNOWN_STATUS), termination_signal(UNKNOWN_STATUS)) == (1, 0)
    asked = outcome_of(UNKNOWN_STATUS, "x", (signal.SIGTERM, NOW), True, "enough", NOW)
    assert asked == Outcome("failed", "its exit status is not known")


def test_success_is_completed_whatever_was_asked():
    assert outcome_of(0, "noise", (2, NOW), True, "enough", NOW) == Outcome("completed", None)


def test_a_failure_says_the_parsers_line_or_its_exit_status():
    assert outcome_of(status(4), "no space", None, False, None, NOW) == Outcome(
        "failed", "no space"
    )
    assert outcome_of(status(4), None, None, False, None, NOW) == Outcome("failed", "exit status 4")


def test_what_was_asked_to_end_is_cancelled():
    assert outcome_of(status(1), "x", None, True, "enough", NOW) == Outcome("cancelled", "enough")


@pytest.mark.parametrize(
    "raw", [status(number=signal.SIGTERM), status(128 + signal.SIGTERM), status(1)]
)
def test_what_was_interrupted_is_cancelled(raw):
    outcome = outcome_of(raw, "x", (signal.SIGTERM, NOW - 1), False, None, NOW)
    assert outcome == Outcome("cancelled", "interrupted by SIGTERM")


def test_a_failure_long_after_an_interruption_is_a_failure():
    assert outcome_of(status(1), "x", (signal.SIGINT, NOW - 60), False, None, NOW).state == "failed"


def test_a_kill_from_elsewhere_is_a_failure():
    outcome = outcome_of(status(number=signal.SIGKILL), None, None, False, None, NOW)
    assert outcome == Outcome("failed", "killed by SIGKILL")
