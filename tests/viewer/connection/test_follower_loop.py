"""The loop of who follows and shows nothing."""

import os
import signal

from headway_viewer.connection.follower_loop import (
    GATHER,
    GATHERING,
    LONGEST,
    Wait,
    follow_until_signal,
)


class Feed:
    """Notes how it was waited for, and what would have ended that."""

    def __init__(self):
        self.wake = self.input = None
        self.lines = ["a line"]
        self.waited = []

    def wait(self, timeout, *, rest=False):
        self.waited.append((timeout, rest, self.input))


def followed(*waits, number=signal.SIGINT):
    """Follow with turns that return these, then a signal; the exit status and the feed."""
    feed = Feed()
    left = list(waits)

    def turn():
        assert feed.lines == []
        if not left:
            os.kill(os.getpid(), number)
            return Wait()
        return left.pop(0)

    return follow_until_signal(feed, turn, woken_by=7), feed


def test_what_has_come_is_followed_by_a_wait_in_which_more_gathers():
    status, feed = followed(GATHERING, Wait(3.0), Wait(1e9))
    assert status == 0
    first, gathering, short, longest = feed.waited
    assert first == longest == (LONGEST, False, 7)
    assert gathering == (GATHER, True, None)
    assert short == (3.0, False, 7)


def test_another_signal_is_told_by_the_exit_status():
    assert followed(number=signal.SIGTERM)[0] == 128 + signal.SIGTERM
