from __future__ import annotations

import signal

import pytest

from headway.run.exit_status import UNKNOWN, Ending, death, exit_status, judge

NOW = 100.0


def status(code=0, number=0):
    return code << 8 | number


@pytest.mark.parametrize(("raw", "code"), [(0, 0), (3 << 8, 3), (9, 137), (2 | 0x80, 130)])
def test_a_wait_status_reads_as_in_a_shell(raw, code):
    assert exit_status(raw) == code


def test_a_status_that_nobody_can_tell_is_no_success():
    assert (exit_status(UNKNOWN), death(UNKNOWN)) == (1, 0)
    asked = judge(UNKNOWN, "x", (signal.SIGTERM, NOW), True, "enough", NOW)
    assert asked == Ending("failed", "its exit status is not known")


def test_success_is_completed_whatever_was_asked():
    assert judge(0, "noise", (2, NOW), True, "enough", NOW) == Ending("completed", None)


def test_a_failure_says_the_parsers_line_or_its_exit_status():
    assert judge(status(4), "no space", None, False, None, NOW) == Ending("failed", "no space")
    assert judge(status(4), None, None, False, None, NOW) == Ending("failed", "exit status 4")


def test_what_was_asked_to_end_is_cancelled():
    assert judge(status(1), "x", None, True, "enough", NOW) == Ending("cancelled", "enough")


@pytest.mark.parametrize(
    "raw", [status(number=signal.SIGTERM), status(128 + signal.SIGTERM), status(1)]
)
def test_what_was_interrupted_is_cancelled(raw):
    ending = judge(raw, "x", (signal.SIGTERM, NOW - 1), False, None, NOW)
    assert ending == Ending("cancelled", "interrupted by SIGTERM")


def test_a_failure_long_after_an_interruption_is_a_failure():
    assert judge(status(1), "x", (signal.SIGINT, NOW - 60), False, None, NOW).state == "failed"


def test_a_kill_from_elsewhere_is_a_failure():
    ending = judge(status(number=signal.SIGKILL), None, None, False, None, NOW)
    assert ending == Ending("failed", "killed by SIGKILL")
