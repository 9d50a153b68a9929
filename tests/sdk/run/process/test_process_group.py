from __future__ import annotations

import os
import subprocess

from headway.run.process.process_group import descendants_in_group


def test_children_and_grandchildren_are_found():
    script = "sh -c 'sleep 30 & echo $!; wait' & echo $!; wait"
    process = subprocess.Popen(["sh", "-c", script], stdout=subprocess.PIPE, text=True)
    try:
        lower = {int(process.stdout.readline()), int(process.stdout.readline())}
        assert set(descendants_in_group(process.pid)) == {process.pid, *lower}
    finally:
        for pid in descendants_in_group(process.pid):
            os.kill(pid, 9)
        process.communicate()


def test_a_process_of_another_group_is_not_ours():
    script = "setsid sleep 30 & echo $!; wait"
    process = subprocess.Popen(["sh", "-c", script], stdout=subprocess.PIPE, text=True)
    other = int(process.stdout.readline())
    try:
        while os.getsid(other) == os.getsid(0):
            pass
        assert descendants_in_group(process.pid) == [process.pid]
    finally:
        os.kill(other, 9)
        process.kill()
        process.communicate()


def test_a_process_that_is_gone_is_itself():
    process = subprocess.Popen(["true"])
    process.wait()
    assert descendants_in_group(process.pid) == [process.pid]
