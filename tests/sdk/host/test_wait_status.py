import os
import subprocess

from machine import until

from headway.host.process_status import start_time
from headway.host.wait_status import wait_status


def test_of_a_process_that_nobody_has_waited_for_it_is_known():
    process = subprocess.Popen(["sh", "-c", "exit 3"])
    try:
        until(lambda: wait_status(process.pid, None, None) is not None, "its end")
        assert wait_status(process.pid, start_time(process.pid), None) == 3 << 8
    finally:
        process.wait()


def test_that_of_another_process_of_its_pid_is_not_taken_for_it():
    process = subprocess.Popen(["true"])
    try:
        until(lambda: wait_status(process.pid, None, None) == 0, "its end")
        assert wait_status(process.pid, start_time(process.pid) + 1, None) is None
    finally:
        process.wait()


def test_a_process_that_runs_has_none():
    assert wait_status(os.getpid(), None, None) is None


def test_where_the_descriptor_is_of_no_process_it_is_unknown():
    process = subprocess.Popen(["true"])
    process.wait()
    with open(os.devnull) as file:
        assert wait_status(process.pid, None, file.fileno()) is None
