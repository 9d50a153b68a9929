"""The stream of screens: the first rows with each frame, all others in turn, nothing left out."""

import pytest
from wired import Wired

from headway.model import Stage
from headway.protocol import messages
from headway.protocol.rows import decode
from headway_broker.publishing import screen as rules
from headway_viewer.replica.replica import Replica

INBOX = b"l" + b"0" * 16
MANY = rules.FIRST + 100


@pytest.fixture
def wired():
    return Wired()


class Looker:
    """A replica of what a screen was told."""

    def __init__(self, wired, inbox=INBOX):
        self.wired = wired
        self.inbox = inbox
        self.replica = Replica()
        self.read = len(wired.published)
        wired.core.subscribed(b"s", True)
        wired.core.subscribed(inbox, True)
        wired.pass_time(0.2)
        self.look()

    def look(self):
        for topic, message in self.wired.published[self.read :]:
            if topic in (b"s", self.inbox):
                self.replica.fold(message, self.wired.now)
        self.read = len(self.wired.published)
        return self.replica.operations

    def agrees(self):
        """Whether it shows what the broker has, and has missed nothing."""
        shown = {name: facts(one) for name, one in self.look().items()}
        truth = self.wired.core.ledger.entries
        assert not self.replica.wanted
        return shown == {name: facts(entry.operation) for name, entry in truth.items()}


def facts(operation):
    stages = [(one.state, one.done, one.total, one.progress) for one in operation.stages.values()]
    return operation.state, operation.revision, operation.progress, stages


def begin(wired, number, session="worker", first=0):
    """A worker with so many operations, each later than the one before; their stages are 1, 2, …"""
    worker = wired.worker(session)
    for place in range(first, first + number):
        wired.now += 0.001
        worker.start(f"op{place}")
    return worker


def told(wired):
    """The rows of the deltas that were published for screens, and forget them."""
    rows = [
        [decode(row) for row in message.operations]
        for topic, message in wired.published
        if topic == b"s" and isinstance(message, messages.Delta)
    ]
    wired.published.clear()
    return rows


def counted(deltas):
    """The operations whose counts are told in them."""
    return [row.operation for rows in deltas for row in rows if row.counts]


def test_few_operations_are_told_with_each_frame(wired):
    worker = begin(wired, rules.FIRST)
    looker = Looker(wired)
    for done in range(1, 5):
        told(wired)
        worker.count(dict.fromkeys(range(1, rules.FIRST + 1), done))
        wired.pass_time(0.06)
        assert len(set(counted(told(wired)))) == rules.FIRST
    assert not wired.core.screen.waiting
    looker.read = 0


def test_of_many_the_first_are_told_with_each_frame_and_the_others_in_turn(wired):
    worker = begin(wired, MANY)
    Looker(wired)
    wired.pass_time(1.5)
    first = {f"op{place}" for place in range(rules.FIRST)}
    others = []
    for done in range(1, 61):
        told(wired)
        worker.count(dict.fromkeys(range(1, MANY + 1), done))
        wired.pass_time(0.05)
        names = counted(told(wired))
        assert first <= set(names)
        others.append([name for name in names if name not in first])
    assert max(map(len, others)) <= 2 * rules.IN_TURN  # of a frame, or of two
    turns = [name for some in others for name in some]
    assert len(set(turns[: MANY - rules.FIRST])) == MANY - rules.FIRST  # before any has two


def test_a_stage_that_begins_in_one_of_the_first_is_looked_at_from_then_on(wired):
    worker = begin(wired, MANY)
    Looker(wired)
    wired.pass_time(1.5)
    operation = next(iter(worker.operations.values()))
    stage = operation.add_stage(Stage(MANY + 1, "later", total=100))
    stage.move("running", wired.now)
    worker.announce(operation.id)
    wired.pass_time(0.06)
    told(wired)
    worker.count({MANY + 1: 5})
    wired.pass_time(0.06)
    [row] = [row for rows in told(wired) for row in rows if row.operation == operation.id]
    assert row.counts == {MANY + 1: 5}


def test_in_the_end_a_screen_has_all_there_is(wired):
    worker = begin(wired, MANY)
    looker = Looker(wired)
    for done in range(1, 30):
        worker.count(dict.fromkeys(range(1, MANY + 1), done))
        wired.pass_time(0.04)
        looker.look()
    wired.pass_time(3)
    assert looker.agrees()
    assert looker.look()[f"op{MANY - 1}"].stages[MANY].done == 29


def test_whole_stream_and_screens_are_told_side_by_side(wired):
    wired.follow()
    worker = begin(wired, MANY)
    looker = Looker(wired)
    for done in range(1, 10):
        worker.count(dict.fromkeys(range(1, MANY + 1), done))
        wired.pass_time(0.06)
    deltas = [m for t, m in wired.published if t == b"ds" and isinstance(m, messages.Delta)]
    assert len({row[0] for row in deltas[-1].operations}) == MANY
    wired.pass_time(3)
    assert looker.agrees()


def test_beginnings_and_ends_of_whatever_operation_are_told_at_once(wired):
    worker = begin(wired, MANY)
    looker = Looker(wired)
    worker.count({MANY: 7})  # told before its end, though it waits for its turn
    wired.pass_time(0.06)
    looker.look()
    wired.published.clear()
    looker.read = 0
    worker.end(f"op{MANY - 1}", "failed", "no room")
    worker.start("late")
    wired.pass_time(0.006)
    shown = looker.look()
    assert (shown[f"op{MANY - 1}"].state, shown["late"].state) == ("failed", "running")


def test_what_moves_up_is_told_with_each_frame_soon_after(wired):
    worker = begin(wired, MANY)
    Looker(wired)
    for place in range(10):
        worker.end(f"op{place}")
    wired.pass_time(1)
    told(wired)
    worker.count(dict.fromkeys(range(rules.FIRST, rules.FIRST + 11), 3))
    wired.pass_time(0.051)
    assert {f"op{place}" for place in range(rules.FIRST, rules.FIRST + 10)} <= set(
        counted(told(wired)[:1])
    )


def test_while_screens_alone_look_the_counts_of_the_others_wait_for_some_seconds(wired):
    ahead = begin(wired, rules.FIRST, "ahead")
    behind = begin(wired, 50, "behind", first=rules.FIRST)
    looker = Looker(wired)
    wired.pass_time(2)
    applied = []
    for done in range(1, 101):
        ahead.count({1: done})
        behind.count({1: done})
        wired.pass_time(0.05)
        assert wired.operation("op0").stages[1].done >= done - 1
        applied.append(wired.operation(f"op{rules.FIRST}").stages[1].done)
    assert 2 <= len(set(applied)) <= 4
    wired.pass_time(4)
    assert looker.agrees()


def test_the_more_there_are_the_longer_the_counts_of_the_others_wait(wired):
    waits = []
    for opened in (rules.FIRST + 1, 6_000, 20_000):
        wired.core.ledger.opened = opened
        waits.append(wired.core.screen.others_wait)
    assert waits == [2.0, 3.0, 5.0]


def test_who_looks_again_soon_is_told_of_what_is_first_by_then(wired):
    worker = begin(wired, MANY)
    Looker(wired)
    wired.pass_time(1.5)
    wired.core.subscribed(b"s", False)
    wired.pass_time(1.1)
    for place in range(10):
        worker.end(f"op{place}")
    wired.pass_time(1.1)
    Looker(wired, b"l" + b"1" * 16)
    first = {entry.operation.id for entry in wired.core.screen.first}
    assert first == {f"op{place}" for place in range(10, rules.FIRST + 10)}


def test_the_children_of_the_first_are_told_with_them(wired):
    worker = begin(wired, MANY)
    child = worker.start("child")
    child.parent = "op0/1"
    worker.announce("child")
    Looker(wired)
    wired.pass_time(1.5)
    told(wired)
    worker.count({MANY + 1: 5})
    wired.pass_time(0.051)
    assert "child" in counted(told(wired))
    assert "child" in {entry.operation.id for entry in wired.core.screen.first}


def test_an_end_that_is_not_stored_is_not_told_in_turn():
    wired = Wired(has_history=True)
    worker = begin(wired, MANY)
    wired.store_all()
    looker = Looker(wired)
    worker.count(dict.fromkeys(range(1, MANY + 1), 100))
    wired.pass_time(0.051)
    worker.end(f"op{MANY - 1}")
    for _ in range(5):
        wired.pass_time(0.05)
        shown = looker.look()[f"op{MANY - 1}"]
        assert (shown.state, shown.progress == 1.0) == ("running", False)
    wired.store_all()
    wired.pass_time(0.2)
    assert looker.look()[f"op{MANY - 1}"].state == "completed"


def test_who_comes_back_after_nobody_looked_notices_the_gap(wired):
    worker = begin(wired, MANY)
    looker = Looker(wired)
    wired.core.subscribed(b"s", False)
    worker.count({MANY: 3})
    wired.pass_time(3)
    wired.core.subscribed(b"s", True)
    wired.pass_time(3)  # a pulse
    looker.look()
    assert looker.replica.wanted


def test_expired_operations_are_told_as_removed(wired):
    worker = begin(wired, 2)
    looker = Looker(wired)
    worker.end("op0")
    wired.pass_time(4000, step=1)
    assert set(looker.look()) == {"op1"}


def test_nothing_is_published_for_others_where_a_screen_alone_looks(wired):
    worker = begin(wired, 3)
    Looker(wired)
    wired.published.clear()
    worker.count({1: 5})
    wired.pass_time(5)
    assert {topic for topic, _ in wired.published} == {b"s"}


def test_what_runs_stands_before_what_waits(wired):
    worker = begin(wired, rules.FIRST)
    for operation in list(worker.operations.values()):
        operation.move("waiting", wired.now, "dpkg lock")
        worker.announce(operation.id)
    begin(wired, 10, "later", first=rules.FIRST)
    Looker(wired)
    wired.pass_time(1.5)
    first = {entry.operation.id for entry in wired.core.screen.first}
    assert {f"op{rules.FIRST + place}" for place in range(10)} <= first
    assert len(first) == rules.FIRST
