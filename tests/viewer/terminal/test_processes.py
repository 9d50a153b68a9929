import os
import subprocess
import sys

from headway_viewer.terminal.processes import group_of, lives, members


def test_a_process_that_only_waits_for_its_parent_does_not_live():
    process = subprocess.Popen([sys.executable, "-c", ""], stdout=subprocess.PIPE)
    assert process.stdout.read() == b""
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    assert group_of(process.pid) is not None
    assert not lives(process.pid)
    process.communicate()
    assert not lives(process.pid)


def test_this_process_lives_in_its_group():
    assert lives(os.getpid())
    assert group_of(os.getpid()) == os.getpgrp()
    assert members(os.getpgrp()) >= 1
