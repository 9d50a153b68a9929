import os
import signal

import pytest
from machine import until

from headway.protocol.messages import Reply
from headway_viewer.notify import sender
from headway_viewer.notify.loop import Notifier
from headway_viewer.notify.policy import Policy
from headway_viewer.notify.quiet_hours import QuietHours
from headway_viewer.notify.sender import Sender
from headway_viewer.replica.replica import Replica


class Feed:
    """A connection that plays a script: each wait takes its next step."""

    def __init__(self, replica, *steps):
        self.replica = replica
        self.steps = list(steps)
        self.wake = None
        self.lines = []
        self.now = 100.0
        self.asked = []
        self.taken = []  # keys that another notifier has claimed

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
        return Reply(number, {"granted": self.asked[number - 1][1] not in self.taken}, None)


def ends(name, state, notify=True, took=0.5, labels=None, parent=None):
    """A step in which an operation that was not known has come and ended."""
    from headway.model import Operation
    from headway.protocol.messages import Delta, Snapshot
    from headway.states import RUNNING

    def step(feed):
        replica, now = feed.replica, feed.now
        if replica.instance is None:
            replica.fold(Snapshot("broker", 0, now, 1e9 + now, 0, 1, []), now)
            feed.steps.insert(0, step)
            return
        operation = Operation(name.ljust(12, "x"), name)
        operation.notify = notify
        operation.labels = labels
        operation.parent = parent
        operation.move(RUNNING, now - took)
        operation.move(state, now)
        row = [operation.id, operation.record(), [], {}, None, {}, {}]
        replica.fold(Delta("broker", replica.sequence + 1, now, [row]), now)

    return step


def nothing(_feed):
    """A step in which nothing comes."""


class Channel:
    """Keeps what it is given, or fails."""

    gives_up = True

    def __init__(self, error=None, kind=""):
        self.told = []
        self.kind = kind
        self._error = error

    def deliver(self, notice):
        self.told.append(notice.title)
        if self._error is not None:
            raise self._error


class Foreground:
    """Says of every terminal whether it is in front."""

    def __init__(self, answer):
        self.answer = answer
        self.noted = []

    def note(self, operation):
        self.noted.append(operation.name)

    def shows(self, notice):
        return self.answer


def run(*steps, channel=None, others=(), **options):
    """Run a notifier over these steps, then Ctrl+C: what it returns, and its feed."""
    replica = Replica()
    feed = Feed(replica, *steps)
    senders = [Sender(each) for each in (channel, *others)]
    options.setdefault("policy", Policy())
    return Notifier(feed, replica, senders, **options).run(), feed


def test_ends_are_claimed_and_told_and_ctrl_c_ends_it():
    channel = Channel()
    status, feed = run(
        ends("one", "completed"), ends("two", "failed"), nothing, nothing, channel=channel
    )
    assert status == 0
    assert [key for _verb, key in feed.asked] == [
        "end:onexxxxxxxxx:1:completed",
        "end:twoxxxxxxxxx:1:failed",
    ]
    until(lambda: len(channel.told) == 2, "both")
    assert channel.told == ["one completed", "two failed"]


def test_a_channel_that_takes_no_more_ends_it(monkeypatch):
    monkeypatch.setattr(sender, "MAX_FAILURES", 1)
    channel = Channel(OSError("gone"))

    def tried(_feed):
        until(lambda: channel.told, "an attempt")

    steps = [ends("op", "failed"), nothing, nothing, tried, *[nothing] * 50]
    assert run(*steps, channel=channel)[0] == "gone"


def test_each_channel_has_the_share_of_its_kind():
    desktop, command = Channel(), Channel(kind="exec:1")

    def another(feed):
        feed.taken.append("end:onexxxxxxxxx:1:failed")

    steps = [another, ends("one", "failed"), ends("two", "failed"), nothing, nothing]
    run(*steps, channel=desktop, others=[command])
    until(lambda: (len(desktop.told), len(command.told)) == (1, 2), "all of them")
    assert (desktop.told, command.told) == (["two failed"], ["one failed", "two failed"])


def test_a_channel_that_failed_leaves_the_next_to_others_of_its_kind():
    channel = Channel(OSError("gone"))

    def tried(feed):
        until(lambda: len(channel.told) == 1, "an attempt")
        feed.now -= 0.9

    def asked_late(feed):
        feed.late = len(feed.asked)

    steps = [ends("one", "failed"), nothing, tried, ends("two", "failed"), asked_late, nothing]
    _, feed = run(*steps, nothing, nothing, channel=channel)
    assert (feed.late, len(feed.asked)) == (1, 2)


@pytest.mark.parametrize(
    ("in_front", "took", "told"),
    [(True, 50, []), (False, 50, ["op completed"]), (None, 50, ["op completed"]), (None, 15, [])],
)
def test_a_success_in_front_of_its_user_is_not_told(in_front, took, told):
    channel = Channel()
    run(
        ends("op", "completed", notify=None, took=took),
        *[nothing] * 4,
        ends("last", "failed"),
        *[nothing] * 4,
        channel=channel,
        front=Foreground(in_front),
    )
    until(lambda: "last failed" in channel.told, "the last one")
    assert channel.told[:-1] == told


def test_in_quiet_hours_nothing_is_told():
    channel = Channel()
    run(ends("op", "failed"), *[nothing] * 5, channel=channel, quiet=QuietHours(0, 24 * 60 - 1))
    run(ends("op", "failed"), *[nothing] * 5, channel=channel, quiet=QuietHours(0, 0))
    until(lambda: channel.told, "the notice of the other one")
    assert channel.told == ["op failed"]


def test_many_at_once_are_told_as_one():
    channel = Channel()

    def all_of_them(feed):
        for number in range(8):
            ends(f"op{number}", "failed")(feed)

    run(ends("first", "completed", notify=False), all_of_them, *[nothing] * 5, channel=channel)
    until(lambda: channel.told, "the notice")
    assert channel.told == ["8 ended, 8 failed"]


def test_with_labels_those_alone_are_told_that_have_them():
    channel = Channel()
    steps = [ends("one", "failed", labels={"run": "42"}), ends("two", "failed")]
    run(*steps, nothing, nothing, channel=channel, labels=[("run", "42")])
    until(lambda: channel.told, "it")
    assert channel.told == ["one failed"]


def test_with_labels_their_parts_are_told_too():
    channel = Channel()
    whole = ends("one", "completed", notify=False, labels={"run": "42"})
    part = ends("part", "failed", parent="one".ljust(12, "x") + "/1")
    run(whole, part, nothing, nothing, channel=channel, labels=[("run", "42")])
    until(lambda: channel.told, "it")
    assert channel.told == ["part failed"]


def test_with_labels_a_part_that_failed_before_its_whole_was_known_is_told():
    channel = Channel()
    part = ends("part", "failed", parent="one".ljust(12, "x") + "/1")
    whole = ends("one", "completed", notify=False, labels={"run": "42"})
    run(part, whole, nothing, nothing, channel=channel, labels=[("run", "42")])
    until(lambda: channel.told, "it")
    assert channel.told == ["part failed"]
