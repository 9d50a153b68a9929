"""The closed vocabulary: what Headway words itself is told apart from what programs say."""

import signal

import pytest

from headway.api.outcomes.outcome import outcome_of
from headway.protocol import vocabulary
from headway.protocol.vocabulary import are_own
from headway.run import exit_status


@pytest.mark.parametrize(
    "text",
    [
        vocabulary.ENDED_BEFORE,
        vocabulary.LET_GO,
        vocabulary.UNKNOWN_STATUS,
        outcome_of(SystemExit(3))[2],
        outcome_of(SystemExit(-9))[2],
        "stopped at 480 of 1,200",
        "stopped at 1.5 of 3",
        "3 of 9 failed",
        "left at 20 of 60",
    ],
)
def test_what_headway_words_is_its_own(text):
    assert are_own(text)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV, signal.SIGRTMIN, 35])
def test_the_outcome_of_a_command_is_in_its_own_words(number):
    killed = exit_status.outcome_of(number, None, None, False, None, 0.0)
    interrupted = exit_status.outcome_of(number, None, (number, 0.0), False, None, 0.0)
    assert are_own(killed.text)
    assert are_own(interrupted.text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no disk",
        "password: hunter2",
        "exit status hunter2",
        "exit status N",
        "exit status 3\npassword: hunter2",
        "exit status 3 hunter2",
        "exit  status 3",
        "killed by hunter2",
        "killed by SIGNAL",
        "killed by SIGHUNTER",
        "stopped at ४",
        "9" * 200,
    ],
)
def test_what_a_program_says_is_not(text):
    assert not are_own(text)
