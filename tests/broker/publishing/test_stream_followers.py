"""Followers that join and leave at any time, beside a core that changes at random."""

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
from stream_follower import Follower, picture
from wired import Wired

from headway.protocol import messages

STAGE_ENDS = ("completed", "failed", "waiting")


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
