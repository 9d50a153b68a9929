"""`headway run A ::: B`: one picture, each output whole and attributed, one exit status."""

from __future__ import annotations

import os
import signal
import subprocess
import time

import pytest
from machine import HEADWAY, alive, until

pytestmark = pytest.mark.once

LINES = "for i in 1 2 3 4 5; do echo $0 line $i; sleep .05; done"


def script(sandbox, name, text):
    path = os.path.join(sandbox.folder, name)
    with open(path, "w") as file:
        file.write(text)
    return path


@pytest.mark.oldest
def test_every_line_is_whole_and_attributed_and_a_failure_is_the_status(sandbox):
    # On a busy machine these end before they have started a broker, and leave their ends to it.
    sandbox.held("a broker")
    done = sandbox.headway(
        "run", "sh", "-c", LINES, "one", ":::", "bash", "-c", f"{LINES}; exit 3", "two"
    )
    assert done.returncode == 1
    lines = done.stdout.splitlines()
    assert [line for line in lines if line.startswith("sh ")] == [
        f"sh   | one line {number}" for number in range(1, 6)
    ]
    assert len([line for line in lines if line.startswith("bash | two line")]) == 5
    assert len(lines) == 10
    states = {"running", "completed", "failed"}
    until(lambda: {made["state"] for made in sandbox.operations()} == states, "the ends", 60)


def test_commands_of_a_file_run_so_many_at_once_grouped(sandbox):
    jobs = script(sandbox, "jobs.txt", "# two\nsh -c 'echo a; sleep .5'\n\nbash -c 'echo b'\n")
    done = sandbox.headway("run", "-j1", "--output=grouped", "--file", jobs)
    assert (done.returncode, done.stdout) == (0, "==> sh <==\na\n==> bash <==\nb\n")


@pytest.mark.parametrize("output", ["interleaved", "grouped"])
def test_off_a_terminal_the_last_lines_tell_which_did_not_succeed(sandbox, output):
    fail = script(sandbox, "fail.sh", "exit 7")
    done = sandbox.headway(
        *("run", "--output", output, "true", ":::", "sh", fail),
        *(":::", "sh", "-c", "kill -INT $$"),
        HEADWAY_BROKER="never",
        timeout=60,
    )
    assert done.returncode == 1
    assert sorted(done.stderr.splitlines()) == [
        "headway run: fail.sh failed: exit status 7",
        "headway run: sh cancelled: interrupted by SIGINT",
    ]


@pytest.mark.parametrize(
    ("arguments", "told", "status"),
    [
        (["touch", "f", ":::", ":::", "true"], "command 2 of 3 is empty", 2),
        (["touch", "f", ":::", "no-such"], "command 2: no-such: command not found", 127),
        (["-j", "0", "touch", "f", ":::", "true"], "-j takes a number", 2),
    ],
)
def test_a_mistake_is_named_and_nothing_is_started(sandbox, tmp_path, arguments, told, status):
    mark = str(tmp_path / "f")
    words = [mark if word == "f" else word for word in arguments]
    done = sandbox.headway("run", *words)
    assert done.returncode == status
    assert told in done.stderr
    assert not os.path.exists(mark)


def test_after_two_dashes_three_colons_are_a_word_of_the_command(sandbox):
    done = sandbox.headway("run", "--", "echo", "x", ":::", "1", "2")
    assert (done.returncode, done.stdout) == (0, "x ::: 1 2\n")


@pytest.mark.oldest
def test_sigterm_ends_all(sandbox):
    process = sandbox.spawn(*HEADWAY, "run", "sleep", "50", ":::", "sleep", "60")
    until(lambda: len(sandbox.operations()) == 2, "both run")
    commands = [made["pid"] for made in sandbox.operations()]
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) == -signal.SIGTERM
    until(lambda: not any(map(alive, commands)), "none is left")


DEAF = "trap '' INT TERM; echo begun; while :; do sleep .1; done"


def several(sandbox, *words):
    """Start commands of which each prints "begun", and wait for that."""
    process = sandbox.spawn(
        *(*HEADWAY, "run", *words),
        environ={"HEADWAY_BROKER": "never"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    begun = [process.stdout.readline() for word in words if "begun" in word]
    assert all("begun" in line for line in begun), begun
    return process


def children(pid):
    """The pids of the processes that a process has started, and of theirs."""
    with open(f"/proc/{pid}/task/{pid}/children") as file:
        own = [int(child) for child in file.read().split()]
    return own + [each for child in own for each in children(child)]


def test_where_it_is_killed_its_commands_end_and_are_cancelled(sandbox):
    # Each says that it has ended where it is told to; the deaf one is killed.
    ends = f"trap 'echo over >{sandbox.folder}/over; exit 1' TERM; echo begun; sleep 90 & wait"
    process = several(sandbox, "sh", "-c", ends, ":::", "sh", "-c", DEAF)
    commands = children(process.pid)
    process.kill()
    process.communicate()
    until(lambda: os.path.exists(f"{sandbox.folder}/over"), "it is told to end")
    until(lambda: not any(map(alive, commands)), "none is left")
    made = {one["name"]: (one["state"], one["reason"]) for one in sandbox.operations()}
    assert set(made.values()) == {("cancelled", "headway run was killed")}


def is_pending(pid):
    """Whether a signal waits for a process."""
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        return any(
            int(line.split()[1], 16) for line in file if line.startswith(("SigPnd", "ShdPnd"))
        )


def test_a_third_interrupt_kills_what_heeds_no_signal(sandbox):
    process = several(sandbox, "sh", "-c", DEAF, ":::", "sh", "-c", DEAF)
    commands = children(process.pid)
    process.send_signal(signal.SIGINT)
    told = "headway run: stopping sh and sh (2) (SIGTERM follows after 10 s)\n"
    assert process.stderr.readline() == told
    for _ in range(2):
        process.send_signal(signal.SIGINT)
        until(lambda: not is_pending(process.pid), "it is taken")  # else two are one to the kernel
    assert process.wait(20) == -signal.SIGINT
    until(lambda: not any(map(alive, commands)), "none is left")
    assert "sh cancelled: killed by SIGKILL" in process.stderr.read()


def test_what_goes_on_after_ctrl_c_says_what_ends_it(sandbox):
    shell = sandbox.terminal()
    shell.wait_for(lambda lines: lines[0] == "$", "a prompt")
    catch = script(sandbox, "catch.sh", "trap : INT; while :; do sleep .1; done")
    shell.type(f"headway run bash {catch} ::: true\n")
    shell.wait_for_text(" running ")
    shell.type("\x03")
    shell.wait_for_text("(Ctrl+C again ends it at once)")
    assert any(line.startswith("catch.sh stopping ") for line in shell.all)
    shell.type("\x03")
    shell.wait_for_text("interrupted by SIGTERM")


def test_of_quiet_ones_that_were_cancelled_it_is_told_where_to_read(sandbox):
    words = ("sh", "-c", "echo noise >&2; kill -INT $$")
    done = sandbox.headway(
        "run", "--output", "quiet", *words, ":::", "true", HEADWAY_BROKER="never"
    )
    assert done.returncode == 130
    assert "noise" not in done.stderr
    assert "logs NAME` prints what sh printed" in done.stderr


def test_in_a_terminal_there_is_one_picture_with_whole_lines_above_and_ctrl_c_ends_all(sandbox):
    shell = sandbox.terminal()
    shell.wait_for(lambda lines: lines[0] == "$", "a prompt")
    loop = script(sandbox, "loop.sh", "for i in $(seq 200); do echo line $i; sleep .1; done")
    shell.type(f"headway run bash {loop} ::: sleep 70\n")
    shell.wait_for(
        lambda lines: len([line for line in lines[-4:] if " running " in line]) == 2, "two rows"
    )
    shell.type("\x03")
    began = time.monotonic()
    shell.wait_for(lambda lines: [line for line in lines if line][-1] == "$", "the prompt")
    assert time.monotonic() - began < 5
    shell.type("echo is=$?\n")
    shell.wait_for_text("is=130")
    told = [line for line in shell.all if line.startswith("bash  | line ")]
    assert told == [f"bash  | line {number}" for number in range(1, len(told) + 1)]
    assert len([line for line in shell.all if line.startswith("⊗")]) == 2
    assert not shell.screen.margins


@pytest.mark.parametrize("environ", [{}, {"HEADWAY_BROKER": "never"}])
def test_each_command_leaves_one_line_however_late_the_picture_comes(sandbox, environ):
    # Without a broker no viewer ever draws, as where a busy machine starts it too late.
    shell = sandbox.terminal(**environ)
    shell.wait_for(lambda lines: lines[0] == "$", "a prompt")
    shell.type("headway run true ::: sh -c 'exit 3' ::: sh -c 'sleep 2' ::: sleep 1; echo is=$?\n")
    shell.wait_for(lambda lines: "is=1" in lines, "the end")
    told = sorted(line.split("  ")[0] for line in shell.all if line[0] in "✓✗")
    assert told == ["✓ sh (2)", "✓ sleep", "✓ true", "✗ sh"]
    assert not shell.screen.margins


def test_several_ask_nothing_and_after_ctrl_c_what_ended_and_what_never_began_is_told(sandbox):
    shell = sandbox.terminal(HEADWAY_BROKER="never")
    shell.wait_for(lambda lines: lines[0] == "$", "a prompt")
    asks = "if (: </dev/tty) 2>/dev/null; then echo it asks; fi"
    begun = script(sandbox, "begun.sh", f"{asks}; echo begun; exec sleep 60")
    shell.type(f"headway run -j1 sh {begun} ::: sleep 70 ::: sh -c 'sleep 80'\n")
    shell.wait_for_text("| begun")
    shell.type("\x03")
    shell.wait_for(lambda lines: [line for line in lines if line][-1] == "$", "the prompt")
    assert len([line for line in shell.all if line.startswith("⊗ begun.sh  cancelled")]) == 1
    assert [line for line in shell.all if "not started: sleep, sh" in line]
    assert not [line for line in shell.all if "it asks" in line]  # of several none has the keys


def test_lines_about_several_commands_are_written_by_one_viewer_without_their_prefixes(sandbox):
    # A viewer takes its time to start on a busy machine: a command goes on until it has written.
    path = os.path.join(sandbox.folder, "lines")
    waits = f"n=0; until grep -q failed {path} || [ $((n += 1)) -gt 100 ]; do sleep .2; done"
    command = [*HEADWAY, "run", "--display", "plain", "--output", "quiet"]
    command += ["sh", "-c", waits, ":::", "bash", "-c", "echo why; exit 3", ":::", "true"]
    with open(path, "w") as lines:
        done = subprocess.run(
            command,
            env=sandbox.environ,
            stdout=subprocess.PIPE,
            stderr=lines,
            text=True,
            timeout=120,
            check=False,
        )
    with open(path) as lines:
        said = lines.read()
    assert done.returncode == 1
    told = [line.split()[1:3] for line in said.splitlines() if line[2:3] == ":"]
    assert told.count(["bash", "failed"]) == 1, said
    assert {name for name, state in told if state == "completed"} == {"grep", "true"}
    assert done.stdout == "==> bash <==\nwhy\n"


def test_no_argument_of_several_commands_is_in_a_name_a_key_or_a_file(sandbox):
    secret = "hunter2hunter2"
    done = sandbox.headway(
        *("run", "--output", "quiet", "sh", "-c", f"TOKEN={secret} env >/dev/null", secret),
        *(":::", "env", f"TOKEN={secret}", "true", f"--password={secret}"),
        *(":::", "bash", "-c", f"'{secret}' 2>/dev/null; {secret} 2>/dev/null; true"),
        timeout=60,
        MAKELEVEL="1",  # as in a recipe of make
    )
    assert done.returncode == 0, done.stderr
    made = until(sandbox.operations, "the operations")
    assert len(made) == 3
    assert secret not in str([(one["name"], one["key"]) for one in made])
    for top in (sandbox.state, sandbox.directory):
        for folder, _, names in os.walk(top):
            for path in (os.path.join(folder, name) for name in names):
                if os.path.isfile(path):
                    with open(path, "rb") as file:
                        assert secret.encode() not in file.read(), path
