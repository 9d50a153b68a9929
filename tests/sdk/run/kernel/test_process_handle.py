import subprocess

import pytest
from machine import until

from headway.run.kernel.process_handle import ProcessHandle


def test_the_end_is_noticed_and_not_before():
    process = subprocess.Popen(["cat"], stdin=subprocess.PIPE)
    handle = ProcessHandle(process.pid)
    assert not handle.wait(0.01)
    process.communicate()
    assert handle.wait(5)
    handle.close()


def test_how_it_ended_is_told():
    process = subprocess.Popen(["sh", "-c", "read x; exit 3"], stdin=subprocess.PIPE)
    handle = ProcessHandle(process.pid)
    assert handle.wait_status() is None
    process.stdin.close()
    until(lambda: handle.wait(0.01), "its end")
    assert handle.wait_status() == 3 << 8
    process.wait()
    assert handle.wait_status() in (None, 3 << 8)  # Linux before 6.15 does not know
    handle.close()


def test_without_a_pidfd_the_end_is_noticed_too():
    process = subprocess.Popen(["cat"], stdin=subprocess.PIPE)
    handle = ProcessHandle(process.pid)
    handle.close()
    assert not handle.wait(0.01)
    process.communicate()
    until(lambda: handle.wait(0.01), "its end")
    assert handle.wait_status() is None


def test_of_what_is_gone_there_is_no_handle():
    process = subprocess.Popen(["true"])
    process.wait()
    with pytest.raises(ProcessLookupError):
        ProcessHandle(process.pid)
