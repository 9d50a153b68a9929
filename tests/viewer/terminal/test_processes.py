import os
import subprocess
import sys

from headway_viewer.terminal.processes import group_size, is_running, process_group


def test_a_process_that_only_waits_for_its_parent_does_not_live():
    process = subprocess.Popen([sys.executable, "-c", ""], stdout=subprocess.PIPE)
    assert process.stdout.read() == b""
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    assert process_group(process.pid) is not None
    assert not is_running(process.pid)
    process.communicate()
    assert not is_running(process.pid)


def test_this_process_lives_in_its_group():
    assert is_running(os.getpid())
    assert process_group(os.getpid()) == os.getpgrp()
    assert group_size(os.getpgrp()) >= 1
