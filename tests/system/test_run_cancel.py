"""Requests to cancel that reach `headway run`."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys

import pytest
from commands import PROGRAM, ended, piped, typed
from machine import until

from headway.protocol import messages

pytestmark = pytest.mark.once


def cancel(listener, name, kill=False):
    """Ask the operation to end; the worker's answer."""
    operation = until(lambda: listener.named(name))
    before = len(listener.answers)
    listener.send(operation, messages.Cancel(1, operation.id, "enough", kill))
    return until(lambda: listener.answers[before:])[0]


@pytest.mark.oldest
def test_the_command_and_what_it_started_are_interrupted(machine, listener, tmp_path):
    log = tmp_path / "log"
    script = f"trap 'echo outer >> {log}; exit 1' INT; echo ready; sh -c 'sleep 30'; sleep 30"
    process = piped(machine, "--name", "long", "--", "sh", "-c", script)
    assert process.stdout.readline() == b"ready\n"
    assert cancel(listener, "long").answer == "accepted"
    assert process.wait(timeout=9) == 1
    operation = listener.ended("long")
    assert (operation.state, operation.reason) == ("cancelled", "enough")
    assert log.read_text() == "outer\n"


@pytest.mark.oldest
def test_through_a_terminal_too(machine, listener):
    terminal = typed(machine, "--", "sleep", "30")
    assert cancel(listener, "sleep").answer == "accepted"
    assert ended(terminal)[2] == signal.SIGINT
    assert listener.ended("sleep").state == "cancelled"


def test_a_command_that_goes_on_after_it_is_terminated_after_ten_seconds(machine, listener):
    script = "trap : INT; echo ready; while :; do sleep 0.2; done"
    process = piped(machine, "--name", "stubborn", "--", "sh", "-c", script)
    assert process.stdout.readline() == b"ready\n"
    cancel(listener, "stubborn")
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(timeout=8)
    assert process.wait(timeout=6) == -signal.SIGTERM
    assert listener.ended("stubborn").state == "cancelled"


def test_what_a_script_started_in_the_background_is_terminated_at_once(machine, listener):
    # A shell without job control lets what it starts by & ignore SIGINT.
    script = f"{shlex.join(PROGRAM)} --name behind -- sh -c 'echo ready; exec sleep 40' & wait"
    process = machine.spawn("sh", "-c", script)
    assert process.stdout.readline() == "ready\n"
    cancel(listener, "behind")
    assert process.wait(timeout=5) == 0
    assert listener.ended("behind").state == "cancelled"


def test_a_kill_is_at_once_and_only_when_asked_for(machine, listener):
    script = "trap '' INT TERM; echo ready; sleep 40"
    process = piped(machine, "--name", "stone", "--", "sh", "-c", script)
    assert process.stdout.readline() == b"ready\n"
    cancel(listener, "stone", kill=True)
    assert process.wait(timeout=5) == -signal.SIGKILL
    assert listener.ended("stone").state == "cancelled"


def test_a_command_that_succeeds_all_the_same_has_completed(machine, listener):
    script = "trap 'kill $!; exit 0' INT; echo ready; sleep 30 & wait"
    process = piped(machine, "--name", "polite", "--", "sh", "-c", script)
    assert process.stdout.readline() == b"ready\n"
    cancel(listener, "polite")
    assert process.wait(timeout=9) == 0
    assert listener.ended("polite").state == "completed"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGQUIT, signal.SIGALRM])
def test_what_it_was_started_with_ignored_reaches_a_command_that_listens(
    machine, listener, tmp_path, number
):
    script = tmp_path / "listens.py"
    script.write_text(
        "import signal, sys\n"
        f"signal.signal({int(number)}, lambda *_: sys.exit(7))\n"
        "print('ready', flush=True)\nsignal.pause()\n"
    )
    before = signal.signal(number, signal.SIG_IGN)
    try:
        process = piped(machine, "--name", "background", "--", sys.executable, str(script))
    finally:
        signal.signal(number, before)
    assert process.stdout.readline() == b"ready\n"
    until(lambda: listener.named("background"))
    process.send_signal(number)
    assert process.wait(timeout=9) == 7


def test_dpkg_at_work_refuses(machine, listener, tmp_path):
    fake = tmp_path / "dpkg"
    fake.write_text("#!/bin/sh\necho 'Setting up hello (2.10) ...'\nread line\n")
    fake.chmod(0o755)
    process = piped(machine, "--", str(fake), "-l", stdin=subprocess.PIPE)
    operation = until(lambda: listener.named("dpkg"))
    until(lambda: not operation.cancellable)
    answer = cancel(listener, "dpkg")
    assert answer.answer == "refused"
    process.stdin.write(b"go on\n")
    process.stdin.flush()
    assert process.wait(timeout=9) == 0
    assert listener.ended("dpkg").state == "completed"


@pytest.mark.skipif(os.geteuid() != 0, reason="becomes another user")
def test_through_sudo_by_the_key_of_its_terminal(machine, listener):
    # A user who may not signal the command: sudo back to root, as an unprivileged one.
    with open("/etc/passwd") as file:
        if not any(line.startswith("nobody:") for line in file):
            pytest.skip("there is no user to be")
    terminal = typed(machine, "--", "sudo", "-n", "sleep", "30")
    operation = until(lambda: listener.named("sleep") or listener.named("sudo"))
    assert operation.cancellable
    cancel(listener, operation.name)
    _, status, number = ended(terminal)
    assert (status, number) in ((130, None), (None, signal.SIGINT))
