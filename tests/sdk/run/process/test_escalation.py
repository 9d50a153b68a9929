from __future__ import annotations

import signal

from headway.run.process.escalation import Escalation


def test_an_interrupt_comes_first_and_ten_seconds_later_a_termination():
    stopping = Escalation()
    assert stopping.due(0) == []
    stopping.request("enough", False, False, 1)
    assert stopping.due(1) == [signal.SIGINT]
    assert stopping.due(10.9) == []
    assert stopping.due(11) == [signal.SIGTERM]
    assert stopping.due(1000) == []


def test_a_second_request_sends_nothing_again():
    stopping = Escalation()
    stopping.request("enough", False, False, 0)
    stopping.due(0)
    stopping.request(None, False, False, 1)
    assert stopping.due(1) == []
    assert stopping.reason == "enough"


def test_a_kill_is_at_once_and_the_last():
    stopping = Escalation()
    stopping.request(None, False, False, 0)
    stopping.request("now", True, False, 2)
    assert stopping.due(2) == [signal.SIGKILL]
    stopping.request("now", True, False, 3)
    assert stopping.due(100) == []


def test_what_nobody_waits_for_is_terminated_and_then_killed():
    stopping = Escalation()
    stopping.abandon("it was killed", 1)
    assert (stopping.requested, stopping.reason) == (True, "it was killed")
    assert stopping.due(1) == [signal.SIGTERM]
    stopping.request("enough", False, False, 2)
    assert stopping.due(5.9) == []
    assert stopping.due(6) == [signal.SIGKILL]


def test_a_command_that_ignores_the_interrupt_is_terminated_at_once():
    stopping = Escalation()
    stopping.request("enough", False, True, 1)
    assert stopping.due(1) == [signal.SIGTERM]
    assert stopping.due(1000) == []
