"""What a forked child and its parent find of reporting."""

import json
import os
import sys
import threading
import time

import pytest

import headway
from headway.host import importing
from headway.reporting import forks
from headway.reporting.reporter import reporter
from headway.reporting.reporter import reporter as current_reporter
from headway.testing import reporting


def in_a_child(look):
    """What `look()` returns in a forked child."""
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            os.write(write, json.dumps(look()).encode())
        finally:
            os._exit(0)
    os.waitpid(pid, 0)
    os.close(write)
    with os.fdopen(read) as told:
        return json.load(told)


def are_free():
    """Whether another thread gets the locks of reporting."""
    own = reporter()
    found = []

    def look():
        for lock in (own.lock, importing.lock):
            found.append(lock.acquire(blocking=False))
            lock.release()

    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    return found == [True, True]


def shares(step, n):
    """What this process has counted in stages of others, after it has counted `n` in `step`."""
    step.advance(n)
    reporter().tally.finish()
    return list(reporter().publisher._shares.values())


def test_a_forked_child_has_a_reporter_of_its_own():
    with reporting() as own:
        session = in_a_child(lambda: reporter().session)
        assert len(session) == 16
        assert session != own.session
        assert reporter() is own


def test_a_child_inherits_that_the_broker_is_deaf(reporter):
    headway.operation("Work").start()
    reporter.publisher.connected()
    reporter.publisher.take(time.monotonic() + 60)  # however long the fork takes
    assert not in_a_child(lambda: current_reporter().deaf)
    reporter.publisher.connected()
    reporter.publisher.take(time.monotonic() - 60)
    assert in_a_child(
        lambda: [current_reporter().deaf, in_a_child(lambda: current_reporter().deaf)]
    ) == [True, True]


def test_the_locks_are_free_on_both_sides_of_a_fork():
    with reporting():
        assert in_a_child(are_free)
        assert are_free()


def test_a_child_waits_until_no_other_thread_is_within_a_lock():
    with reporting() as own:
        inside, leave = threading.Event(), threading.Event()

        def change():
            with own.lock:
                inside.set()
                leave.wait(5)

        thread = threading.Thread(target=change)
        thread.start()
        inside.wait(5)
        threading.Timer(0.1, leave.set).start()
        assert in_a_child(lambda: not reporter().off)
        assert leave.is_set()
        thread.join()


@pytest.mark.usefixtures("reporter")
def test_a_child_is_inside_of_what_was_open():
    with headway.operation("Work") as op, op.stage("Step") as step:
        assert in_a_child(lambda: reporter().tree.inherited) == step.path


@pytest.mark.usefixtures("reporter")
def test_what_a_child_counts_in_its_parents_stage_is_its_share():
    with headway.operation("Work") as op, op.stage("Step") as step:
        step.advance(4)

        assert in_a_child(lambda: shares(step, 3)) == [3]
        assert step.done == 4


@pytest.mark.usefixtures("reporter")
def test_what_a_child_of_a_child_counts_is_a_share_of_its_own():
    with headway.operation("Work") as op, op.stage("Step") as step:

        def count_in_both():
            return shares(step, 1) + in_a_child(lambda: shares(step, 10))

        assert in_a_child(count_in_both) == [1, 10]
        assert step.done == 0


def test_the_loop_of_another_thread_does_not_take_in_what_a_child_does(reporter):
    begun, let_go = threading.Event(), threading.Event()

    def work():
        for _ in headway.track([1], "elsewhere"):
            begun.set()
            let_go.wait(20)

    thread = threading.Thread(target=work)
    thread.start()
    try:
        assert begun.wait(20)
        assert in_a_child(lambda: headway.operation("Child").model.parent) is None
    finally:
        let_go.set()
        thread.join(20)


def test_the_loop_of_the_main_thread_takes_in_what_others_fork(reporter):
    def look(found):
        found.append(in_a_child(lambda: headway.operation("Child").model.parent))

    for _ in headway.track([1], "here"):
        found = []
        thread = threading.Thread(target=look, args=(found,))
        thread.start()
        thread.join(20)
        assert found == [headway.current().path]


@pytest.mark.skipif(sys.version_info < (3, 12), reason="needs sys.monitoring")
def test_a_handler_that_raises_anywhere_amid_a_fork_leaves_no_lock_held(monkeypatch):
    lost = []
    monkeypatch.setattr(sys, "unraisablehook", lambda what: lost.append(what.exc_type))
    monitoring, events = sys.monitoring, sys.monitoring.events
    left = 0

    def raise_at(code, *_):
        nonlocal left
        if code.co_filename == forks.__file__:
            left -= 1
            if left == 0:
                raise TimeoutError

    watched = events.PY_START | events.JUMP | events.CALL
    monitoring.use_tool_id(4, "raise")
    monitoring.register_callback(4, events.CALL, lambda *_: None)
    for event in (events.PY_START, events.JUMP, events.C_RETURN):
        monitoring.register_callback(4, event, raise_at)
    try:
        with reporting():
            for at in range(1, 100):
                left = at
                monitoring.set_events(4, watched)
                pid = os.fork()
                if pid == 0:
                    os._exit(0)
                monitoring.set_events(4, 0)
                os.waitpid(pid, 0)
                assert are_free(), at
                if left > 0:
                    break
    finally:
        monitoring.set_events(4, 0)
        monitoring.free_tool_id(4)
    assert len(lost) > 10
    assert set(lost) == {TimeoutError}
