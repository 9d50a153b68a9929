from __future__ import annotations

import os
import signal
import subprocess

from headway.run.process.descendants import descendants


def test_children_and_grandchildren_are_found_and_no_others():
    script = "sh -c 'sleep 30 & echo $!; wait' & echo $!; wait"
    process = subprocess.Popen(["sh", "-c", script], stdout=subprocess.PIPE, text=True)
    try:
        lower = {int(process.stdout.readline()), int(process.stdout.readline())}
        assert set(descendants(process.pid)) == {process.pid, *lower}
    finally:
        for pid in reversed(descendants(process.pid)):
            os.kill(pid, signal.SIGKILL)
        process.communicate()


def test_a_process_that_is_gone_is_itself():
    process = subprocess.Popen(["true"])
    process.wait()
    assert descendants(process.pid) == [process.pid]
