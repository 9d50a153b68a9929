"""Samples of a command's hidden counts go to the broker."""

from __future__ import annotations

import os

import pytest

import headway
from headway.protocol import messages
from headway.run.kernel.process_tree import walk
from headway.run.progress.work_reporter import WorkReporter
from headway.testing import MemoryConnection


@pytest.fixture
def told(reporter, tmp_path, monkeypatch):
    """What a broker that knows of hidden counts is told, when it is called."""
    monkeypatch.setenv("HEADWAY_STATE_DIR", str(tmp_path))

    def broker(message, now):
        if type(message) is messages.Hello:
            yield messages.Welcome(1, messages.MINOR, "i", now, now, "ipc:///f", True)

    link = MemoryConnection(reporter, broker)
    return lambda: [one for one in link.carry() if type(one) is messages.Work]


def test_counts_and_lines_are_sent_with_their_time(told, clock):
    operation = headway.operation("work").start()
    told()
    reporter = WorkReporter(operation, 0.0)
    reporter.lines.add("Compiling a.c")
    reporter.take(walk(os.getpid()), 1.0)
    clock.advance(1.0)
    [sample] = told()
    assert (sample.operation, len(sample.lines)) == (operation.id, 1)
    assert sample.cpu > 0
    assert sample.now == 100.0


def test_between_two_samples_nothing_is_sent(told, clock):
    reporter = WorkReporter(headway.operation("work").start(), 0.0)
    reporter.take(walk(os.getpid()), 1.0)
    clock.advance(1.0)
    assert len(told()) == 1
    reporter.take(walk(os.getpid()), 1.1)
    clock.advance(1.0)
    assert told() == []
