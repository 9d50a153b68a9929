"""What a forked child and its parent find of reporting."""

import json
import os
import threading

import headway
from headway.reporting.reporter import here
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
    home = here()
    found = []

    def look():
        for lock in (home.lock, home.importing):
            found.append(lock.acquire(blocking=False))
            lock.release()

    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    return found == [True, True]


def test_a_forked_child_has_a_home_of_its_own():
    with reporting() as home:
        session = in_a_child(lambda: here().session)
        assert len(session) == 16
        assert session != home.session
        assert here() is home


def test_the_locks_are_free_on_both_sides_of_a_fork():
    with reporting():
        assert in_a_child(are_free)
        assert are_free()


def test_a_child_waits_until_no_other_thread_is_within_a_lock():
    with reporting() as home:
        inside, leave = threading.Event(), threading.Event()

        def change():
            with home.lock:
                inside.set()
                leave.wait(5)

        thread = threading.Thread(target=change)
        thread.start()
        inside.wait(5)
        threading.Timer(0.1, leave.set).start()
        assert in_a_child(lambda: not here().off)
        assert leave.is_set()
        thread.join()


def test_a_child_is_inside_of_what_was_open(home):
    with headway.operation("Work") as op, op.stage("Step") as step:
        assert in_a_child(lambda: here().tree.inherited) == step.path


def test_what_a_child_counts_in_its_parents_stage_is_its_share(home):
    with headway.operation("Work") as op, op.stage("Step") as step:
        step.advance(4)

        def count():
            step.advance(3)
            here().tally.finish()
            return list(here().publisher._shares.values())

        assert in_a_child(count) == [3]
        assert step.done == 4
