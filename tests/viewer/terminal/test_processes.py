import os
import shlex
import subprocess
import sys

import pytest

from headway_viewer.terminal.processes import (
    group_size,
    is_running,
    process_group,
    seconds_since_start,
)


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


WORKER = """
import multiprocessing, os
from headway_viewer.terminal.processes import pool_parent
if __name__ == "__main__":
    with multiprocessing.get_context(%r).Pool(1) as pool:
        print(pool.apply(os.getpid) != os.getpid())
        print(pool.apply(pool_parent, [pool.apply(os.getpid)]) is not None)
"""


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_a_worker_of_a_pool_has_a_parent_there(method, tmp_path):
    program = tmp_path / "pool.py"
    program.write_text(WORKER % method)
    out = subprocess.run([sys.executable, program], capture_output=True, text=True, check=True)
    assert out.stdout.split() == ["True", "True"]


def test_a_program_of_a_shell_is_no_worker():
    code = "import os; from headway_viewer.terminal import processes"
    code += "; print(processes.pool_parent(os.getpid()))"
    command = f"{sys.executable} -c {shlex.quote(code)}; true"
    out = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=True)
    assert out.stdout == "None\n"


def test_how_long_this_process_runs_grows():
    before = seconds_since_start()
    assert 0 < before <= seconds_since_start() < 86400
    assert seconds_since_start(os.getppid()) > before
    assert seconds_since_start(0) == 0.0
