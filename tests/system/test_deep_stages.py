"""A tree of stages far deeper than Python recurses, from a program to every display."""

from __future__ import annotations

import json
import time

import pytest

import headway
from headway.formatting import theme
from headway.protocol import messages
from headway.protocol.wire import decode
from headway.testing import ManualClock, MemoryConnection, reporting
from headway_broker.core import Core
from headway_broker.history.jobs import Recalled
from headway_broker.state import effects
from headway_broker.state.sessions import Credentials
from headway_viewer.display.clock import time_of_day
from headway_viewer.display.plain import PlainRenderer
from headway_viewer.picture.board import Board
from headway_viewer.picture.view import View
from headway_viewer.public_json.schema import operation_object
from headway_viewer.public_json.writer import Writer
from headway_viewer.replica.replica import Replica

DEEP = 5_000
FORETOLD = 900  # of more stages that run at once the broker makes no estimate (forecasts.CROWD)
SECONDS = 20.0  # of CPU; it takes 5 here
LOOK = theme.make(ascii_only=False, coloured=False)


class Way:
    """A program's reporter, the broker's core and what viewers are made of, joined in memory."""

    def __init__(self, reporter, runs=()):
        self.clock = reporter.clock
        self.core = Core("i" * 16, "ipc:///follow", 0, "b", self.clock(), 1.7e9)
        self.core.storage.has_history = True
        self.core.subscribed(b"d", True)
        self.core.subscribed(b"i" + b"0" * 16, True)
        self.connection = MemoryConnection(reporter, self._broker)
        self.replica = Replica()
        self.board = Board(self.replica)
        self.view = View(self.board, LOOK)
        self.renderer = PlainRenderer(self.board, LOOK, time_of_day)
        self.writer = Writer(self.replica)
        self.runs = list(runs)
        self.learned = []
        self.rows = []
        self.json = []
        self.plain = []
        self.picture = []

    def _broker(self, message, now):
        if isinstance(message, messages.Hello):
            self.core.greet(b"peer", Credentials(0, 4242), message, now)
        else:
            self.core.receive(self.core.sessions.by_identity[b"peer"], message, now)
        return ()

    def pass_time(self, seconds):
        """Carry what there is, then let the broker and every display have their turn."""
        self.connection.carry()
        now = self.clock.advance(seconds)
        self.core.tick(now)
        for effect in self.core.take():
            if isinstance(effect, effects.Publish):
                self.replica.fold(decode(effect.frame, messages.PUBLISHED), now)
            elif isinstance(effect, effects.Recall):
                self.core.recalled(*Recalled(effect.key, self.runs))
            elif isinstance(effect, effects.StoreRun):
                self.learned.append(json.loads(json.dumps(effect.run)))
            elif isinstance(effect, effects.StoreOperation):
                self.rows.append(effect.row)
        changes = self.replica.take()
        self.board.absorb(changes, now)
        self.view.invalidate(changes.operations)
        self.json += self.writer.changes(changes, now)
        self.plain += self.renderer.render(changes, None, now)
        self.picture = ["".join(words for _, words in line) for line in self._draw(now)]

    def _draw(self, now):
        return self.view.picture(100, 24, now)


def perform(way, *, end, depth):
    """Nest stages, count in the innermost, and end the operation."""
    operation = headway.operation("Deep").start()
    stages = []
    for number in range(depth):
        stage = operation.stage(f"level {number}", parent=stages[-1] if stages else None)
        stages.append(stage.start())
        if number % 1_000 == 0:
            way.pass_time(0.5)
    stages[-1].update(done=1, total=4)
    way.pass_time(1.1)
    stages[-1].wait("for the lock")
    way.pass_time(1.1)
    stages[-1].start()
    way.pass_time(1.1)
    if end == "failed":
        operation.fail("it broke")
    else:
        for stage in reversed(stages):
            stage.complete()
        operation.complete()
    way.pass_time(0.5)
    way.pass_time(0.5)
    return operation


def performed(end, runs=(), depth=DEEP):
    """A run on a way of its own, in a reasonable time."""
    begun = time.process_time()
    with reporting(ManualClock(1000.0)) as reporter:
        way = Way(reporter, runs)
        operation = perform(way, end=end, depth=depth)
    assert time.process_time() - begun < SECONDS
    assert "broken" not in way.core.dropped.counts, "the forecast was given up"
    return way, operation.id


@pytest.fixture(scope="module")
def failed():
    return performed("failed")


@pytest.fixture(scope="module")
def completed():
    return performed("completed")


@pytest.mark.parametrize("end", ["failed", "completed"])
def test_stages_nested_5000_deep_come_from_the_program_to_every_display(request, end):
    way, operation = request.getfixturevalue(end)

    last = json.loads(way.json[-1])["operation"]
    assert (last["id"], last["state"], len(last["stages"])) == (operation, end, DEEP)
    assert [stage["parent"] for stage in last["stages"][1:]] == [
        stage["id"] for stage in last["stages"][:-1]
    ]
    assert last["progress"] == 1.0 if end == "completed" else 0.0 < last["progress"] < 0.3
    assert any(f" {end} " in line for line in way.plain[-2:])
    assert "Deep" in way.picture[1]


def test_what_a_deep_run_teaches_is_small(completed):
    way, _ = completed
    assert way.learned
    assert len(json.dumps(way.learned)) < DEEP * 2_000


def test_what_a_deep_run_teaches_serves_the_next_run():
    first, _ = performed("completed", depth=FORETOLD)
    second, _ = performed("completed", first.learned, FORETOLD)

    assert any('"basis":"history' in line for line in second.json)


def test_a_deep_operation_comes_back_from_the_history(failed):
    way, _ = failed
    following = Core("j" * 16, "ipc:///follow", 0, "b", 50.0, 1.7e9)

    following.restored([way.rows[-1]], 50.0)

    (entry,) = following.ledger.entries.values()
    assert len(entry.operation.stages) == DEEP
    assert entry.operation.progress == 0.25
    assert len(operation_object(entry.operation, way.replica, 50.0)["stages"]) == DEEP
