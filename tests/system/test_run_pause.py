"""`headway pause` and `headway resume` of commands of `headway run`."""

from __future__ import annotations

import os
import signal

import psutil
import pytest
from commands import ended, piped, typed
from machine import HEADWAY, until

from headway.protocol import messages

pytestmark = pytest.mark.once


def ask(listener, name, paused):
    """Ask to pause or to resume the operation; the worker's answer."""
    operation = until(lambda: listener.named(name))
    before = len(listener.answers)
    listener.send(operation, messages.Pause(len(listener.heard), operation.id, paused))
    return until(lambda: listener.answers[before:])[0]


def stopped(*processes):
    """Whether all of them are stopped."""
    return all(process.status() == psutil.STATUS_STOPPED for process in processes)


def tree(process):
    """The processes below a `headway run` in pipes."""
    return psutil.Process(process.pid).children(recursive=True)


# `timeout` makes a process group of its own.
SCRIPT = "echo ready; timeout 40 sleep 39; echo done"


@pytest.mark.oldest
def test_all_its_processes_stop_and_go_on(machine, listener):
    process = piped(machine, "--name", "long", "--", "sh", "-c", SCRIPT)
    assert process.stdout.readline() == b"ready\n"
    below = until(lambda: len(tree(process)) == 3 and tree(process))
    assert ask(listener, "long", True).answer == "accepted"
    until(lambda: stopped(*below), "the stop of all")
    operation = until(lambda: (found := listener.named("long")).paused and found)
    assert (operation.state, operation.reason) == ("waiting", "paused")
    assert psutil.Process(process.pid).status() != psutil.STATUS_STOPPED
    assert ask(listener, "long", False).answer == "accepted"
    until(lambda: not any(map(stopped, below)), "the going on of all")
    until(lambda: listener.named("long").state == "running", "that it runs")
    process.send_signal(signal.SIGTERM)
    process.wait(60)


def test_to_ask_for_what_is_there_already_is_accepted(machine, listener):
    process = piped(machine, "--name", "long", "--", "sleep", "40")
    answers = [ask(listener, "long", paused).answer for paused in (False, True, True)]
    assert answers == ["accepted"] * 3
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == -signal.SIGTERM


def test_a_paused_command_is_ended_by_a_cancel(machine, listener):
    process = piped(machine, "--name", "long", "--", "sleep", "40")
    ask(listener, "long", True)
    until(lambda: listener.named("long").paused, "that it is paused")
    listener.send(
        listener.named("long"), messages.Cancel(99, listener.named("long").id, "x", False)
    )
    assert process.wait(60) == -signal.SIGINT
    assert listener.ended("long").state == "cancelled"


@pytest.mark.parametrize("on_terminal", [False, True], ids=["pipes", "terminal"])
def test_a_command_whose_runner_is_killed_is_not_left_stopped(machine, listener, on_terminal):
    script = "sleep 40 & sleep 41; true"
    start = typed if on_terminal else piped
    process = start(machine, "--name", "long", "--", "sh", "-c", script)
    below = until(lambda: len(found := commands_below(process)) == 3 and found)
    assert ask(listener, "long", True).answer == "accepted"
    until(lambda: stopped(*below), "the stop of all")
    os.kill(process.pid, signal.SIGKILL)
    until(lambda: not any(map(is_stopped, below)), "the going on of all")
    for one in below:
        if one.is_running():
            one.kill()


def commands_below(process):
    """What the command of a `headway run` has started, and itself."""
    below = psutil.Process(process.pid).children(recursive=True)
    return [one for one in below if one.name() in ("sh", "sleep")]


def is_stopped(process):
    try:
        return process.status() == psutil.STATUS_STOPPED
    except psutil.NoSuchProcess:
        return False


def test_one_on_a_terminal_is_paused_and_ended_by_ctrl_c(machine, listener):
    terminal = typed(machine, "--name", "long", "--", "sleep", "40")
    assert ask(listener, "long", True).answer == "accepted"
    until(lambda: listener.named("long").paused, "that it is paused")
    terminal.sendintr()
    assert ended(terminal)[2] == signal.SIGINT
    assert listener.ended("long").state == "cancelled"


def test_one_that_somebody_else_continues_is_no_longer_paused(machine, listener):
    process = piped(machine, "--name", "long", "--", "sleep", "40")
    ask(listener, "long", True)
    until(lambda: listener.named("long").paused, "that it is paused")
    [command] = commands_below(process)
    os.kill(command.pid, signal.SIGCONT)
    until(lambda: listener.named("long").state == "running", "that it runs")
    process.send_signal(signal.SIGTERM)
    process.wait(60)


def test_what_it_waited_for_before_is_told_again(machine, listener):
    script = "printf 'Password: '; read answer"
    terminal = typed(machine, "--name", "ask", "--", "sh", "-c", script)
    until(lambda: (found := listener.named("ask")) and found.question, "the question")
    ask(listener, "ask", True)
    until(lambda: listener.named("ask").paused, "that it is paused")
    ask(listener, "ask", False)
    until(lambda: listener.named("ask").question, "the question again")
    terminal.sendintr()
    ended(terminal)


def test_a_program_that_reports_itself_says_why_it_cannot_be(machine, listener):
    program = machine.start(
        """
        import headway, sys
        with headway.operation("Work"):
            sys.stdin.read()
        """,
        stdin=-1,
    )
    answer = ask(listener, "Work", True)
    assert answer.answer == "refused"
    assert "headway run" in answer.reason
    machine.finish(program)


def test_the_commands_pause_and_resume(sandbox):
    process = sandbox.spawn(*HEADWAY, "run", "--name", "long", "--", "sleep", "40")
    until(lambda: any(one["name"] == "long" for one in sandbox.operations()), "it is known")
    done = sandbox.headway("pause", "long")
    assert (done.returncode, done.stderr) == (0, "")
    assert "is paused" in done.stdout
    shown = until(lambda: (found := sandbox.operations()[0])["state"] == "waiting" and found)
    assert shown["reason"] == "paused"
    assert sandbox.headway("resume", "long").returncode == 0
    until(lambda: sandbox.operations()[0]["state"] == "running", "it runs")
    process.send_signal(signal.SIGTERM)
    process.wait(60)
    again = sandbox.headway("pause", "long")
    assert again.returncode == 3
    assert "has ended" in again.stderr
    assert sandbox.headway("resume", "nobody").returncode == 4
