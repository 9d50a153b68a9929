import os
import signal

import pytest
from machine import until

from headway.host.desktop import Impossible
from headway.protocol.messages import Reply
from headway_viewer.notify import cli
from headway_viewer.notify.sender import Sender
from headway_viewer.replica.replica import Replica


class Feed:
    """A connection that plays a script: each wait takes its next step."""

    def __init__(self, replica, *steps):
        self.replica = replica
        self.steps = list(steps)
        self.wake = None
        self.now = 100.0
        self.asked = []

    def clock(self):
        return self.now

    def wait(self, timeout):
        del timeout
        self.now += 1.0
        if self.steps:
            self.steps.pop(0)(self)
        else:
            os.kill(os.getpid(), signal.SIGINT)

    def request(self, verb, arguments):
        self.asked.append((verb, arguments["key"]))
        return len(self.asked)

    def reply(self, number):
        return Reply(number, {"granted": True}, None)


def ends(name, state):
    """A step in which an operation that was not known has come and ended."""
    from headway.model import RUNNING, Operation
    from headway.protocol.messages import Delta, Snapshot

    def step(feed):
        replica, now = feed.replica, feed.now
        if replica.instance is None:
            replica.fold(Snapshot("broker", 0, now, 1e9 + now, 0, 1, []), now)
            feed.steps.insert(0, step)
            return
        operation = Operation(name.ljust(12, "x"), name)
        operation.notify = True
        operation.move(RUNNING, now - 0.5)
        operation.move(state, now)
        row = [operation.id, operation.record(), [], {}, None, {}, {}]
        replica.fold(Delta("broker", replica.sequence + 1, now, [row]), now)

    return step


def nothing(_feed):
    """A step in which nothing comes."""


def test_ends_are_claimed_and_raised_and_ctrl_c_ends_it():
    raised = []
    replica = Replica()
    feed = Feed(replica, ends("one", "completed"), ends("two", "failed"), nothing, nothing)
    sender = Sender(lambda title, _body: raised.append(title))
    assert cli.notify(feed, replica, sender) == 0
    assert [key for _verb, key in feed.asked] == [
        "end:onexxxxxxxxx:1:completed",
        "end:twoxxxxxxxxx:1:failed",
    ]
    until(lambda: len(raised) == 2, "both")
    assert raised == ["one completed", "two failed"]


def test_a_desktop_that_takes_no_more_ends_it(capsys):
    def fail(_title, _body):
        raise OSError("gone")

    replica = Replica()
    steps = [ends(f"op{number}", "failed") for number in range(3)]
    sender = Sender(fail)

    def tried(_feed):
        until(lambda: sender.broken, "its end")

    feed = Feed(replica, *steps, nothing, nothing, tried)
    assert cli.notify(feed, replica, sender) == cli.UNAVAILABLE
    assert "no desktop notifications are possible here: OSError: gone" in capsys.readouterr().err


def test_where_there_is_no_desktop_it_says_why(monkeypatch, capsys):
    def impossible(_environ):
        raise Impossible("there is no desktop session")

    monkeypatch.setattr(cli, "Desktop", impossible)
    assert cli.main([]) == cli.UNAVAILABLE
    assert "possible here: there is no desktop session" in capsys.readouterr().err


def test_help_shows_examples(capsys):
    with pytest.raises(SystemExit) as left:
        cli.main(["--help"])
    assert left.value.code == 0
    assert "headway notify &" in capsys.readouterr().out
