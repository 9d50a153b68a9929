import os

import pytest

from headway.run.process.coordinator_link import KILL, CoordinatorLink


def test_it_tells_that_the_command_is_to_be_killed_and_that_the_coordinator_has_gone():
    read, write = os.pipe()
    os.set_inheritable(read, True)
    link = CoordinatorLink(read)
    assert not os.get_inheritable(read)
    assert not link.look()
    os.write(write, KILL)
    assert (link.look(), link.wants_kill, link.is_gone) == (True, True, False)
    assert not link.look()
    os.close(write)
    assert (link.look(), link.is_gone) == (True, True)
    assert not link.look()
    os.close(read)


def test_without_a_pipe_there_is_none():
    read, write = os.pipe()
    os.close(read)
    os.close(write)
    with pytest.raises(OSError, match="descriptor"):
        CoordinatorLink(read)
