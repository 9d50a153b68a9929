"""What listeners are told, and what listening does not do."""

import pytest
from wired import Wired

from headway.model import Operation
from headway.protocol import messages
from headway.protocol.rows import decode


@pytest.fixture
def wired():
    return Wired()


INBOX = b"j" + b"0" * 16


class Listener:
    """A replica of what the stream of events told."""

    def __init__(self, wired, inbox=INBOX):
        self.wired = wired
        self.inbox = inbox
        self.operations = {}
        self.read = len(wired.published)
        self.told = 0
        self.sequence = None
        wired.core.subscribed(b"e", True)
        wired.core.subscribed(inbox, True)
        wired.tick()
        self.listen()

    def listen(self):
        for topic, message in self.wired.published[self.read :]:
            if isinstance(message, messages.Snapshot) and topic == self.inbox:
                self.sequence = message.sequence
                self.take(message.operations)
            elif topic == b"e" and self.sequence is not None:
                if isinstance(message, messages.Pulse):
                    assert message.sequence == self.sequence
                    continue
                assert message.sequence == self.sequence + 1
                self.sequence = message.sequence
                if isinstance(message, messages.Removed):
                    for name in message.operations:
                        self.operations.pop(name, None)
                else:
                    self.told += len(message.operations)
                    self.take(message.operations)
        self.read = len(self.wired.published)
        return self

    def take(self, rows):
        for row in map(decode, rows):
            held = self.operations.setdefault(row.operation, Operation(row.operation, ""))
            held.apply(row.record)
            for stage in row.stages:
                held.apply_stage(stage)
            held.stalled_since = row.figures.stalled_since
            if row.figures.tail is not None:
                held.tail = row.figures.tail


def test_a_beginning_and_an_end_are_told_at_once_and_counts_never(wired):
    listener = Listener(wired)
    worker = wired.worker()
    wired.pass_time(0.02)
    worker.start()
    wired.tick()
    assert listener.listen().operations["op"].state == "running"
    told = listener.told
    for number in range(200):
        worker.count({1: number})
        wired.pass_time(0.05)
    assert listener.listen().told == told
    worker.end(state="failed")
    wired.tick()
    assert listener.listen().operations["op"].state == "failed"
    assert listener.told == told + 1


def test_a_wait_is_told_and_so_is_its_end(wired):
    listener = Listener(wired)
    worker = wired.worker()
    worker.start(stages=("a", "b"))
    _first, stage = worker.operations["op"].stages.values()
    stage.move("running", wired.now)
    stage.move("waiting", wired.now, "password for x")
    worker.announce("op", whole=False, stages=[stage])
    wired.pass_time(0.02)
    assert listener.listen().operations["op"].question == "password for x"
    late = Listener(wired, b"j" + b"1" * 16)
    stage.move("running", wired.now)
    worker.announce("op", whole=False, stages=[stage])
    wired.pass_time(0.02)
    for one in (listener, late):
        assert one.listen().operations["op"].question is None


def test_who_comes_while_something_is_untold_misses_none_of_it(wired):
    early = Listener(wired)
    worker = wired.worker()
    worker.start()
    late = Listener(wired, b"j" + b"1" * 16)
    worker.end(state="failed")
    wired.pass_time(0.1)
    for one in (early, late):
        assert one.listen().operations["op"].state == "failed"


def test_of_an_end_it_is_told_in_which_of_several_stages(wired):
    listener = Listener(wired)
    worker = wired.worker()
    worker.start(stages=("a", "b", "c"))
    done, broken, _later = worker.operations["op"].stages.values()
    done.move("completed", wired.now)
    broken.move("running", wired.now)
    worker.announce("op", whole=False, stages=[done, broken])
    worker.end(state="failed")
    wired.pass_time(0.1)
    told = listener.listen().operations["op"].stages
    assert len(told) > 1
    assert [stage.name for stage in told.values() if stage.state == "failed"] == ["b"]


def test_listeners_hurry_no_worker_and_keep_no_broker(wired):
    worker = wired.worker()
    worker.start()
    listening = wired.viewer("listener", looks=0)
    Listener(wired)
    wired.pass_time(5)
    assert not wired.core.subscriptions.followed
    sent = [type(message) for message in wired.sent.get(worker.identity, ())]
    assert messages.Watched not in sent
    assert wired.core.status(wired.now)["listeners"] == 1
    worker.end()
    worker.say(messages.Bye(worker.next(), wired.now))
    wired.store_all()
    before = wired.core.idle_exit.after
    for _ in range(10):
        listening.beat()
        wired.pass_time(before / 9)
    assert wired.stopped == "nobody is here"


def test_who_follows_all_is_told_no_event_and_the_other_way_round(wired):
    listener = Listener(wired)
    worker = wired.worker()
    worker.start()
    wired.pass_time(1)
    assert {topic for topic, _ in wired.published} <= {b"e", INBOX}
    wired.core.subscribed(b"e", False)
    wired.published.clear()
    wired.follow()
    worker.end()
    wired.pass_time(1)
    assert b"e" not in {topic for topic, _ in wired.published}
    del listener


def test_what_is_no_longer_kept_is_told(wired):
    listener = Listener(wired)
    worker = wired.worker()
    worker.start()
    worker.end()
    wired.store_all()
    assert "op" in listener.listen().operations
    wired.pass_time(2 * 3600, step=60)
    assert listener.listen().operations == {}
