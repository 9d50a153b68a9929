"""What followers are told when; a follower here rebuilds everything from frames."""

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    invariant,
    precondition,
    rule,
)
from wired import Wired

from headway.model import Operation
from headway.protocol import messages
from headway.protocol.rows import decode
from headway.records import OPERATION_FIELDS
from headway_broker.core import STORE_SECONDS
from headway_broker.peers.endings import SHOWN_AFTER
from headway_broker.publishing import stream as rules
from headway_broker.publishing.snapshots import Subscriber
from headway_broker.state.sessions import Credentials

STAGE_ENDS = ("completed", "failed", "waiting")


@pytest.fixture
def wired():
    return Wired()


class Follower:
    """A replica of what was published since an inbox was asked for."""

    def __init__(self, wired):
        self.wired = wired
        self.read = len(wired.published)
        self.inbox = wired.follow()
        self.operations = {}
        self.sequence = None
        self.gaps = 0
        self.follow()

    def follow(self):
        for topic, message in self.wired.published[self.read :]:
            if isinstance(message, messages.Snapshot):
                if topic == self.inbox:
                    self.sequence = message.sequence
                    self.take(message.operations)
            elif self.sequence is not None and isinstance(
                message, (messages.Delta, messages.Removed)
            ):
                if message.sequence <= self.sequence:
                    continue
                self.gaps += message.sequence != self.sequence + 1
                self.sequence = message.sequence
                if isinstance(message, messages.Removed):
                    for operation in message.operations:
                        self.operations.pop(operation, None)
                else:
                    self.take(message.operations)
        self.read = len(self.wired.published)

    def take(self, rows):
        for row in map(decode, rows):
            op = self.operations.setdefault(row.operation, Operation(row.operation, ""))
            if row.record is not None:
                op.apply(row.record)
            for stage in row.stages:
                op.apply_stage(stage)
            for stage, value in row.counts.items():
                if isinstance(value, list):
                    held = op.stages[stage]
                    held.done, held.total, held.detail = value
                else:
                    op.stages[stage].done = value
            if row.figures is not None:
                op.progress, op.estimate, op.silent_since, op.late_after, op.unlike, *_ = (
                    row.figures
                )
            for stage, figures in row.stage_figures.items():
                op.stages[stage].progress, op.stages[stage].estimate = figures
            for stage, shared in row.shares.items():
                op.stages[stage].shares = shared or None

    def shown(self):
        return {op.id: picture(op) for op in self.operations.values()}


def picture(op):
    estimate = None if op.estimate is None else list(op.estimate)
    stages = [
        (s.record(), s.progress, None if s.estimate is None else list(s.estimate), s.shares or None)
        for s in op.stages.values()
    ]
    record = op.record()
    record[OPERATION_FIELDS.index("key")] = op.key or op.name  # of one that has no parent
    return record, op.progress, estimate, op.silent_since, stages


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


class Audience(RuleBasedStateMachine):
    """Workers that live and die as they like, followers that join at any time, and a slow disk."""

    operations = Bundle("operations")  # the open ones, each with its worker

    def __init__(self):
        super().__init__()
        self.wired = Wired(has_history=True)
        self.workers = [self.wired.worker(f"w{number}") for number in range(3)]
        self.followers = []
        self.started = 0

    @rule(target=operations, worker=st.integers(0, 2), stages=st.integers(1, 3))
    def start(self, worker, stages):
        self.started += 1
        name = f"op{self.started}"
        self.workers[worker].start(name, stages=("a", "b", "c")[:stages])
        return self.workers[worker], name

    @rule(one=operations, part=st.integers(0, 2), done=st.integers(0, 100))
    def count(self, one, part, done):
        worker, stage = stage_of(one, part)
        stage.done = done
        worker.count({stage.id: done})

    @rule(one=operations, part=st.integers(0, 2), done=st.integers(0, 100), detail=st.text())
    def count_in_detail(self, one, part, done, detail):
        worker, stage = stage_of(one, part)
        stage.done, stage.detail = done, detail
        worker.count({stage.id: [done, stage.total, detail]})

    @rule(one=operations, part=st.integers(0, 2), state=st.sampled_from(STAGE_ENDS))
    def move_a_stage(self, one, part, state):
        worker, stage = stage_of(one, part)
        if stage.state == "pending":
            stage.move("running", self.wired.now)
        elif stage.state == "running":
            stage.move(state, self.wired.now)
        worker.announce(one[1], whole=False, stages=[stage])

    @rule(one=consumes(operations), state=st.sampled_from(["completed", "failed", "cancelled"]))
    def end(self, one, state):
        worker, name = one
        worker.end(name, state)

    @rule(one=operations, part=st.integers(0, 2), done=st.integers(0, 100))
    def share(self, one, part, done):
        child = self.workers[0]
        _, stage = stage_of(one, part)
        child.say(messages.Share(child.next(), self.wired.now, one[1], stage.id, done))

    @rule()
    def store(self):
        self.wired.store_all()

    @precondition(lambda self: len(self.followers) < 5)
    @rule()
    def join(self):
        self.followers.append(Follower(self.wired))

    @rule(seconds=st.sampled_from([0.001, 0.03, 0.2]))
    def pass_time(self, seconds):
        self.wired.pass_time(seconds)

    @rule()
    def settle(self):
        """Every follower has the same picture, which is the core's, and that the workers'."""
        self.wired.store_all()
        self.wired.pass_time(3)
        while self.wired.core.ledger.dirty:  # by the last of these moments: not yet published
            self.wired.pass_time(0.1)
        entries = self.wired.core.ledger.entries
        truth = {name: picture(entry.operation) for name, entry in entries.items()}
        for follower in self.followers:
            follower.follow()
            assert follower.shown() == truth
        for worker in self.workers:
            for told in worker.operations.values():
                held = self.wired.operation(told.id)
                assert held.state == told.state
                assert counts(held) == counts(told)

    @invariant()
    def no_follower_meets_a_gap(self):
        for follower in self.followers:
            follower.follow()
            assert follower.gaps == 0

    def teardown(self):
        self.followers.append(Follower(self.wired))
        self.settle()


def stage_of(one, part):
    """The worker of an operation, and one of the operation's stages."""
    worker, name = one
    stages = list(worker.operations[name].stages.values())
    return worker, stages[part % len(stages)]


def counts(operation):
    return [stage.done for stage in operation.stages.values()]


Audience.TestCase.settings = settings(max_examples=20, stateful_step_count=60)


@pytest.mark.timeout(300)  # a failure is made short in minutes; a success takes a second
class TestFollowersThatJoinAtAnyTimeSeeWhatTheCoreKnows(Audience.TestCase):
    pass


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
