"""enlighten's counters, reported."""

import io
from importlib import import_module

import pytest

import headway
from headway.testing import reporting

pytest.importorskip("enlighten")
adapter = import_module("headway.adapters.enlighten")


@pytest.fixture
def op():
    with reporting(), headway.operation("Work") as op:
        yield op


@pytest.fixture
def manager():
    made = adapter.get_manager(stream=io.StringIO())
    yield made
    made.stop()


def test_a_counter_is_a_stage(op, manager):
    counter = manager.counter(total=10, desc="Pages", unit="pages")
    counter.update()
    counter.update(9)
    (stage,) = op.stages
    assert (stage.name, stage.done, stage.total) == ("Pages", 10, 10)
    assert stage.model.unit == "pages"
    counter.close()
    assert stage.state == "completed"


def test_closed_before_its_total_it_has_stopped(op, manager):
    counter = manager.counter(total=10)
    counter.update(4)
    counter.close()
    assert op.stages[0].model.reason == "stopped at 4 of 10"


def test_what_a_subcounter_counts_is_counted(op, manager):
    counter = manager.counter(total=10)
    counter.add_subcounter("red").update(3)
    assert op.stages[0].done == 3


def test_reset_counts_from_its_beginning(op, manager):
    counter = manager.counter(total=10)
    counter.update(4)
    counter.reset()
    assert op.stages[0].done == 0


def test_where_headway_draws_enlighten_does_not(op, monkeypatch):
    monkeypatch.setattr("headway.adapters.enlighten.is_drawn_by_headway", lambda _: True)
    manager = adapter.Manager(stream=io.StringIO())
    assert not manager.enabled
