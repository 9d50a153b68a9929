"""`headway logs`: the output of commands, from the memory of their processes, and on no disk."""

from __future__ import annotations

import os
import signal
import subprocess

import pytest
from machine import HEADWAY, killed, until

pytestmark = pytest.mark.once

SECRET = "hunter2hunter2"
FAILING = f"echo {SECRET}; exit 3"
GOING = "echo one; read line; echo two"


@pytest.fixture
def served(sandbox):
    """A sandbox whose broker listens."""
    sandbox.headway("run", "--name", "first", "--", "true")
    until(sandbox.serving, "a broker")
    until(sandbox.operations, "the first operation")
    sandbox.headway("run", "--name", "good", "--", "true")
    return sandbox


def failed(sandbox, script=FAILING):
    """Run a command that fails, and print its output: as `logged` does.

    Its process waits for a second for the broker to hear of it: on a busy machine it is run again.
    """
    command = [*HEADWAY, "run", "--name", "deploy", "--", "sh", "-c", script]
    quiet = subprocess.DEVNULL

    def printed():
        subprocess.run(command, env=sandbox.environ, stdout=quiet, stderr=quiet, check=False)
        found = logged(sandbox, "deploy")
        return found if found[0] == 0 else None

    return until(printed, "the output of a command that failed", 120.0)


def states(sandbox):
    return {operation["name"]: operation["state"] for operation in sandbox.operations()}


def going(sandbox, script=GOING):
    """A command that goes on until it is sent a line."""
    command = sandbox.spawn(
        *HEADWAY, "run", "--name", "slow", "--", "sh", "-c", script, stdin=subprocess.PIPE
    )
    until(lambda: states(sandbox).get("slow") in ("running", "waiting"), "the command")
    return command


def let_go(command, line):
    """Send a line to a command, and see it end."""
    command.communicate(line, timeout=60)


def logged(sandbox, *arguments):
    """The exit status of `headway logs`, what it prints, as bytes, and what it says."""
    done = subprocess.run(
        [*HEADWAY, "logs", *arguments],
        env=sandbox.environ,
        capture_output=True,
        timeout=90,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr.decode()


@pytest.mark.oldest
def test_what_failed_is_printed_as_it_was_and_is_in_no_file(served):
    script = f"echo {SECRET}; echo err >&2; printf '\\200\\033[1m'; exit 3"
    status, printed, said = failed(served, script)
    assert (status, said) == (0, "")
    assert sorted(printed.split(b"\n")) == sorted([SECRET.encode(), b"err", b"\x80\x1b[1m"])
    for top in (served.state, served.directory, served.folder):
        for folder, _, names in os.walk(top):
            for name in names:
                path = os.path.join(folder, name)
                if os.path.isfile(path):
                    with open(path, "rb") as file:
                        assert SECRET.encode() not in file.read(), path


def test_what_fails_while_the_broker_is_still_starting_is_printed_too(sandbox, tmp_path):
    # An exit may wait for a second, in which a busy machine starts no broker.
    longer = "from headway.reporting import reporter\nreporter.EXIT_TIMEOUT = 40\n"
    (tmp_path / "sitecustomize.py").write_text(longer)
    path = os.pathsep.join([str(tmp_path), sandbox.environ["PYTHONPATH"]])
    environ = {**sandbox.environ, "PYTHONPATH": path}
    command = [*HEADWAY, "run", "--name", "deploy", "--", "sh", "-c", FAILING]
    subprocess.run(command, env=environ, check=False, timeout=90, capture_output=True)
    assert logged(sandbox, "deploy") == (0, f"{SECRET}\n".encode(), "")


def test_what_was_cancelled_is_printed_too(served):
    assert failed(served, "echo half; kill -INT $$") == (0, b"half\n", "")


def test_of_a_long_output_the_last_part_is_printed_and_what_is_missing_told(served):
    def arrived():
        # A busy machine may not send all of it in the second that an exit may take.
        told = failed(served, "seq 400000; exit 1")
        return "did not arrive" not in told[2] and told

    status, printed, said = until(arrived, "all of it", 120.0)
    whole = "".join(f"{number}\n" for number in range(1, 400001)).encode()
    assert (status, said) == (0, "headway logs: first 1.64 MB dropped\n")
    assert printed == whole[-(1 << 20) :]


def test_what_goes_on_is_printed_as_far_as_it_is_and_followed_to_its_end(served):
    command = going(served)
    assert logged(served, "slow") == (0, b"one\n", "")
    follower = served.spawn(*HEADWAY, "logs", "--follow", "slow")
    assert follower.stdout.readline() == "one\n"
    let_go(command, "\n")
    assert follower.stdout.readline() == "two\n"
    assert follower.wait(60) == 0
    assert logged(served, "slow") == (0, b"one\ntwo\n", "")  # it was followed to its end


def test_a_follower_goes_on_with_the_next_broker(served):
    command = going(served)
    follower = served.spawn(*HEADWAY, "logs", "--follow", "slow")
    assert follower.stdout.readline() == "one\n"
    killed(served.serving())
    until(lambda: states(served).get("slow") in ("running", "waiting"), "the next broker")
    let_go(command, "\n")
    assert follower.stdout.readline() == "two\n"
    assert follower.wait(60) == 0


def test_where_there_is_none_a_line_and_the_exit_status_say_so(served):
    status, printed, said = logged(served, "good")
    assert (status, printed) == (3, b"")
    assert "its output was not kept" in said
    status, printed, said = logged(served, "goood")
    assert (status, printed) == (4, b"")
    assert "did you mean" in said
    failed(served)
    killed(served.serving())
    held = served.held("next")  # which starts the next broker
    status, printed, said = logged(served, "deploy")
    assert (status, printed) == (3, b"")
    assert "it ended before this broker heard of it" in said
    status, printed, said = logged(served, "next")
    assert (status, printed) == (3, b"")
    assert "keeps no output" in said
    held.communicate()


def test_a_follower_that_is_interrupted_leaves_the_command_alone(served):
    command = going(served)
    follower = served.spawn(*HEADWAY, "logs", "--follow", "slow")
    assert follower.stdout.readline() == "one\n"
    follower.send_signal(signal.SIGINT)
    assert follower.wait(60) == 130
    assert "Traceback" not in follower.stderr.read()
    let_go(command, "\n")
    assert command.returncode == 0
