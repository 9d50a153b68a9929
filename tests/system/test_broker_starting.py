"""A broker that holds its lock and does not listen yet: what asks meanwhile."""

import fcntl
import os

import pytest


@pytest.fixture
def held_lock(sandbox):
    """The runtime directory with the lock of a broker that does not listen yet."""
    os.mkdir(sandbox.directory, 0o700)
    with open(sandbox.path("broker.lock"), "w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield file


def test_ps_waits_for_a_broker_that_is_starting_and_then_says_so_in_one_line(sandbox, held_lock):
    done = sandbox.headway("ps")
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr == "headway ps: the broker does not answer, or is still starting\n"


def test_ps_beside_a_lock_that_nobody_holds_says_that_nothing_runs(sandbox):
    os.mkdir(sandbox.directory, 0o700)
    for name in ("broker.lock", "start.lock"):
        with open(sandbox.path(name), "w"):
            pass
    done = sandbox.headway("ps")
    assert (done.returncode, done.stdout) == (0, "nothing is running\n")
