"""What `headway attach` refuses, and why; how it follows a process: tests/system/test_attach.py."""

from __future__ import annotations

import os
import sys
import threading

import pytest

from headway.run.commands import attach as module
from headway.run.commands.attach import NONE, REFUSED, CannotAttach, attach
from headway.run.kernel.process_tree import process_status

KERNEL_THREAD = 0x200000


def refusal(pid):
    with pytest.raises(CannotAttach) as caught:
        attach(pid)
    return caught.value.status, str(caught.value)


def test_this_very_process_and_the_first_one_are_refused():
    assert refusal(os.getpid()) == (REFUSED, "it is this very process")
    assert refusal(1)[0] == REFUSED


def test_a_process_that_may_not_be_signalled_is_another_users(monkeypatch):
    def kill(pid, number):
        raise PermissionError

    monkeypatch.setattr(os, "kill", kill)
    assert refusal(os.getppid()) == (REFUSED, "it belongs to another user")


def test_a_process_that_may_be_signalled_and_yet_is_another_users_is_refused(monkeypatch):
    monkeypatch.setattr(os, "getuid", lambda: 54321)
    assert refusal(os.getppid()) == (REFUSED, "it belongs to another user")


def test_where_proc_hides_a_process_that_is_said(monkeypatch):
    monkeypatch.setattr(os.path, "exists", lambda path: False)
    assert refusal(os.getppid()) == (REFUSED, "/proc does not show it")


def test_a_thread_of_the_kernel_is_refused(monkeypatch):
    known = process_status(os.getppid())
    assert known is not None
    kernels = known._replace(flags=known.flags | KERNEL_THREAD)
    monkeypatch.setattr(module, "process_status", lambda pid: kernels)
    assert refusal(os.getppid()) == (REFUSED, "it is a thread of the kernel")


def test_a_process_that_ends_while_it_is_looked_at_is_not_there(monkeypatch):
    def gone(pid):
        raise ProcessLookupError

    monkeypatch.setattr(module, "ProcessHandle", gone)
    assert refusal(os.getppid()) == (NONE, "there is no such process")


@pytest.mark.skipif(sys.platform != "linux", reason="threads have ids of their own on Linux")
def test_a_thread_names_its_process():
    leave = threading.Event()
    thread = threading.Thread(target=leave.wait)
    thread.start()
    try:
        expected = (REFUSED, f"it is a thread of process {os.getpid()}")
        assert refusal(thread.native_id) == expected
    finally:
        leave.set()
        thread.join()
