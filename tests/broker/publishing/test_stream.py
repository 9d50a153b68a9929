"""What followers are told when; a follower here rebuilds everything from frames."""

import random

import pytest
from wired import Wired

from headway.model import Operation
from headway.protocol import messages
from headway.protocol.rows import decode
from headway_broker.publishing import stream as rules


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
                op.progress, op.estimate, op.silent_since, op.usual, op.unlike, *_ = row.figures
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
    return op.record(), op.progress, estimate, op.silent_since, stages


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
        wired.pass_time(1.1 * rules.SOONEST)
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


def test_snapshots_that_are_asked_for_are_limited(wired, monkeypatch):
    monkeypatch.setattr(rules, "INBOXES_LIMIT", 3)
    for number in range(5):
        wired.core.subscribed(b"i" + b"%016d" % number, True)
    assert wired.dropped() == {"snapshot": 2}


def test_topics_that_are_none_are_ignored(wired):
    for topic in (b"x", b"i" + b"short", b"i" + b"x" * 500, b"dd"):
        wired.core.subscribed(topic, True)
    assert not wired.core.stream.followed
    wired.core.subscribed(b"", True)
    assert wired.core.stream.followed


def test_followers_never_count_below_none(wired):
    wired.core.subscribed(b"d", False)
    wired.core.subscribed(b"d", True)
    assert wired.core.stream.followed


@pytest.mark.parametrize("seed", range(20))
def test_followers_that_join_at_any_time_see_what_the_core_knows(wired, seed):
    """Random lives of operations; every follower ends with the same picture, without a gap."""
    dice = random.Random(seed)
    workers = [wired.worker(f"w{n}") for n in range(3)]
    followers = []
    for step in range(120):
        worker = dice.choice(workers)
        act = dice.random()
        open_ones = [op for op in worker.operations.values() if op.open]
        if act < 0.15 or not open_ones:
            worker.start(f"op{step}", stages=("a", "b", "c")[: dice.randint(1, 3)])
        elif act < 0.6:
            op = dice.choice(open_ones)
            stage = dice.choice(list(op.stages.values()))
            stage.done = dice.randint(0, 100)
            value = stage.done
            if dice.random() < 0.3:
                stage.detail = f"item {step}"
                value = [stage.done, stage.total, stage.detail]
            worker.count({stage.id: value})
        elif act < 0.75:
            op = dice.choice(open_ones)
            stage = dice.choice(list(op.stages.values()))
            if stage.state == "pending":
                stage.move("running", wired.now)
            elif stage.state == "running":
                stage.move(dice.choice(["completed", "failed", "waiting"]), wired.now)
            worker.announce(op.id, whole=False, stages=[stage])
        elif act < 0.85:
            worker.end(dice.choice(open_ones).id, dice.choice(["completed", "failed", "cancelled"]))
        elif act < 0.9:
            op = dice.choice(open_ones)
            workers[0].say(
                messages.Share(workers[0].next(), wired.now, op.id, next(iter(op.stages)), step)
            )
        elif len(followers) < 5:
            followers.append(Follower(wired))
        wired.pass_time(dice.choice([0.0, 0.001, 0.03, 0.2]))
    followers.append(Follower(wired))
    wired.pass_time(3)
    truth = {op: picture(entry.operation) for op, entry in wired.core.ledger.entries.items()}
    for follower in followers:
        follower.follow()
        assert follower.gaps == 0
        assert follower.shown() == truth
    for worker in workers:
        for op in worker.operations.values():
            held = wired.operation(op.id)
            assert held.state == op.state
            assert [s.done for s in held.stages.values()] == [s.done for s in op.stages.values()]
