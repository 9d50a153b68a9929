"""Who this process is."""

import os

from headway.host.identity import describe, start_time


def test_a_process_says_who_it_is():
    found = describe("1.2.3")
    assert found["pid"] == os.getpid()
    assert found["uid"] == os.getuid()
    assert found["sdk"] == "1.2.3"
    assert set(found) >= {"started", "boot", "host", "user", "tty", "program", "python"}


def test_a_pid_and_its_start_name_a_process_for_good():
    assert start_time(os.getpid()) == start_time(os.getpid())
    assert start_time(2**22 + 1) is None
