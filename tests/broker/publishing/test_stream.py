"""What followers are told when; a follower here rebuilds everything from frames."""

import pytest
from stream_follower import Follower, picture
from wired import Wired

from headway.model import Operation
from headway.protocol import messages
from headway.protocol.rows import decode
from headway_broker.core import STORE_SECONDS
from headway_broker.peers.endings import SHOWN_AFTER
from headway_broker.publishing import stream as rules
from headway_broker.publishing.snapshots import Subscriber
from headway_broker.state.sessions import Credentials


@pytest.fixture
def wired():
    return Wired()


def kinds(wired, kind):
    return [message for _, message in wired.published if isinstance(message, kind)]


@pytest.mark.parametrize(("operations", "frames"), [(1, 201), (200, 101), (3000, 21)])
def test_the_more_changes_the_rarer_the_frames_and_never_below_twenty_a_second(
    wired, operations, frames
):
    worker = wired.worker()
    for number in range(operations):
        worker.start(f"op{number}")
    wired.follow()
    wired.pass_time(0.1)
    wired.published.clear()
    for number in range(200):
        worker.count(dict.fromkeys(range(1, operations + 1), number))
        wired.pass_time(0.005)
    assert 18 <= len(kinds(wired, messages.Delta)) <= frames


def test_a_lone_update_waits_for_the_shortest_pause_at_most(wired):
    worker = wired.worker()
    worker.start()
    wired.follow()
    wired.pass_time(0.1)
    for number in range(1, 10):
        wired.published.clear()
        worker.count({1: number})
        wired.pass_time(1.1 * rules.PAUSE_MIN)
        told = [row[3] for delta in kinds(wired, messages.Delta) for row in delta.operations]
        assert {1: number} in told
        wired.pass_time(0.05)


def test_beginnings_and_ends_do_not_wait_for_a_frame(wired):
    worker = wired.worker()
    wired.follow()
    wired.pass_time(0.02)
    worker.start()
    wired.tick()
    assert kinds(wired, messages.Delta)[-1].operations[0][1][4] == "running"
    wired.pass_time(0.006)
    worker.end()
    wired.tick()
    assert kinds(wired, messages.Delta)[-1].operations[0][1][4] == "completed"


def test_what_begins_and_ends_within_a_frame_is_published_once_as_ended(wired):
    wired.follow()
    wired.pass_time(0.02)
    wired.published.clear()
    worker = wired.worker()
    worker.start()
    worker.count({1: 40})
    worker.end()
    wired.pass_time(0.1)
    told = [decode(row) for delta in kinds(wired, messages.Delta) for row in delta.operations]
    assert [row.record.state for row in told] == ["completed"]


def test_many_ends_at_once_are_gathered_for_a_few_milliseconds(wired):
    worker = wired.worker()
    wired.follow()
    wired.published.clear()
    for number in range(100):
        worker.start(f"op{number}")
        wired.now += 0.0001
        wired.tick()
    wired.pass_time(0.1)
    assert len(kinds(wired, messages.Delta)) < 10


def test_nothing_is_published_while_nobody_follows_but_the_number_moves_on(wired):
    worker = wired.worker()
    worker.start()
    wired.pass_time(2)
    assert wired.published == []
    assert wired.core.stream.sequence > 0


def test_a_pulse_shows_that_the_broker_lives(wired):
    wired.follow()
    wired.published.clear()
    wired.pass_time(10.1)
    assert len(kinds(wired, messages.Pulse)) == 5
    assert len(wired.published) == 5


def test_a_late_follower_has_everything_with_its_snapshot(wired):
    worker = wired.worker()
    worker.start(stages=("a", "b"))
    worker.count({1: 40})
    wired.pass_time(1)
    follower = Follower(wired)
    wired.pass_time(0.1)
    follower.follow()
    assert follower.shown() == {"op": picture(wired.operation("op"))}


def test_an_end_is_shown_once_it_is_stored():
    wired = Wired(has_history=True)
    worker = wired.worker()
    worker.start()
    first = Follower(wired)
    worker.end()
    wired.pass_time(0.5)
    later = Follower(wired)
    wired.pass_time(0.1)
    for follower in (first, later):
        follower.follow()
        op = follower.operations["op"]
        assert (op.state, op.ended) == ("running", None)
        assert op.progress != 1.0
    wired.store_all()
    wired.pass_time(0.1)
    for follower in (first, later):
        follower.follow()
        assert follower.gaps == 0
        assert follower.shown() == {"op": picture(wired.operation("op"))}
        assert follower.operations["op"].state == "completed"


@pytest.mark.parametrize("stored", [True, False])
def test_a_snapshot_waits_for_ends_that_are_being_stored_but_not_for_long(stored):
    wired = Wired(has_history=True)
    worker = wired.worker()
    worker.start()
    worker.end()
    wired.core.await_ends(wired.now)
    follower = Follower(wired)
    wired.pass_time(0.1)
    follower.follow()
    assert follower.sequence is None
    if stored:
        wired.store_all()
    wired.pass_time(0.1 if stored else STORE_SECONDS)
    follower.follow()
    assert follower.sequence is not None
    assert ("completed" in {one.state for one in follower.operations.values()}) == stored


def test_what_has_ended_before_it_was_shown_is_shown_once_it_is_stored():
    wired = Wired(has_history=True)
    worker = wired.worker()
    first = Follower(wired)
    op = worker.operations["op"] = Operation("op", "Short")
    op.move("running", worker.now)
    worker.end()
    wired.pass_time(0.5)
    later = Follower(wired)
    wired.pass_time(0.1)
    for follower in (first, later):
        follower.follow()
        assert not follower.operations
    wired.store_all()
    wired.pass_time(0.1)
    for follower in (first, later):
        follower.follow()
        assert follower.shown() == {"op": picture(wired.operation("op"))}


def test_a_verdict_of_the_broker_is_shown_once_it_is_stored():
    wired = Wired(has_history=True)
    wired.worker().start()
    follower = Follower(wired)
    wired.core.died("worker", wired.now)
    wired.pass_time(0.7)
    follower.follow()
    assert wired.operation("op").state == "crashed"
    assert follower.operations["op"].state == "running"
    wired.store_all()
    wired.pass_time(0.1)
    follower.follow()
    assert follower.operations["op"].state == "crashed"


def test_a_disk_that_takes_long_delays_what_is_shown_by_a_second():
    wired = Wired(has_history=True)
    worker = wired.worker()
    worker.start()
    follower = Follower(wired)
    worker.end()
    wired.pass_time(SHOWN_AFTER - 0.1)
    follower.follow()
    assert follower.operations["op"].state == "running"
    wired.pass_time(0.2)
    follower.follow()
    assert follower.operations["op"].state == "completed"
    worker.announce()  # again, as nobody has acknowledged it
    wired.pass_time(0.1)
    follower.follow()
    assert follower.operations["op"].state == "completed"


def test_a_retry_is_shown_though_the_failure_before_it_is_not_stored():
    wired = Wired(has_history=True)
    worker = wired.worker()
    worker.start()
    follower = Follower(wired)
    worker.end(state="failed")
    worker.operations["op"].move("running", worker.now)
    worker.announce()
    wired.pass_time(0.1)
    follower.follow()
    assert follower.operations["op"].attempt == 2
    assert follower.shown() == {"op": picture(wired.operation("op"))}


def test_one_snapshot_serves_all_who_asked_in_the_same_frame(wired):
    wired.worker().start()
    wired.tick()
    for number in range(50):
        wired.core.subscribed(b"d", True)
        wired.core.subscribed(b"i" + b"%016d" % number, True)
    wired.pass_time(1)
    parts = [topic for topic, m in wired.published if isinstance(m, messages.Snapshot)]
    assert len(set(parts)) == len(parts) == 50
    assert len({m.sequence for m in kinds(wired, messages.Snapshot)}) == 1


def test_who_attends_gets_states_once_a_second_ends_at_once_and_no_lines(wired):
    worker = wired.worker()
    worker.start()
    inbox = b"i" + b"0" * 16
    wired.core.subscribed(b"ds", True)
    wired.core.subscribed(inbox, True)
    wired.pass_time(1.5)
    assert [topic for topic, _ in wired.published].count(inbox) == 1
    wired.published.clear()
    for number in range(100):
        worker.count({1: number})
        wired.pass_time(0.1)
    worker.say(messages.Log("op", 1, ["a line of output"]))
    wired.pass_time(0.1)
    deltas = kinds(wired, messages.Delta)
    assert 8 <= len(deltas) <= 12
    assert not kinds(wired, messages.Lines)
    assert worker.heard(messages.Watched) == []  # so the worker sends no more often
    wired.published.clear()
    worker.end()
    wired.pass_time(0.02)
    assert kinds(wired, messages.Delta)
    assert {topic for topic, _ in wired.published} == {b"ds"}  # which begins as the followers' does


ME = Credentials(1000, 7)
HOG = Credentials(1000, 8)


def rounds_until_answered(wired, inbox):
    """The frames until a whole snapshot has come, of those who ask for it by `inbox`."""
    wired.core.subscribed(inbox, True, Subscriber(1, ME))
    seen = len(wired.published)
    for number in range(1, 2_000):
        wired.pass_time(rules.PAUSE_MAX)
        parts = [m for topic, m in wired.published[seen:] if topic == inbox]
        if parts and len(parts) == parts[0].parts:
            return number
    raise AssertionError("no snapshot came")


def test_who_asks_for_snapshots_without_end_costs_another_no_more_than_its_turn(wired):
    worker = wired.worker()
    for number in range(8):
        worker.start(f"op {number}", stages=["s" * 200] * 900)
    wired.core.subscribed(b"d", True, Subscriber(1, ME))
    alone = rounds_until_answered(wired, b"i" + b"a" * 16)
    for number in range(1_000):  # by as many connections as one process may have
        inbox = b"i" + b"%016d" % number
        wired.core.subscribed(inbox, True, Subscriber(100 + number % 250, HOG))
    beside = rounds_until_answered(wired, b"i" + b"b" * 16)
    assert beside <= 3 * alone + 2, (alone, beside)
