"""What operations print."""

import pytest
from wired import Wired

from headway.protocol import messages


@pytest.fixture
def wired():
    return Wired()


def test_lines_reach_followers_and_the_tail(wired):
    worker = wired.worker()
    worker.start()
    wired.follow()
    worker.say(messages.Log("op", 1, ["one", "two"]))
    assert [m.lines for _, m in wired.published if isinstance(m, messages.Lines)] == [
        ["one", "two"]
    ]
    assert wired.operation("op").tail == ["one", "two"]


def test_lines_of_another_sessions_operation_are_dropped(wired):
    wired.worker("first").start()
    other = wired.worker("second")
    other.say(messages.Log("op", 1, ["forged"]))
    assert wired.operation("op").tail == []
    assert wired.dropped() == {"lines": 1}
