"""`headway run` where nothing is a terminal: streams, exit statuses, signals."""

from __future__ import annotations

import os
import pathlib
import shlex
import signal
import subprocess
import sys
import time

import pytest
from commands import PROGRAM, output, piped
from machine import runs, until

pytestmark = pytest.mark.once


@pytest.mark.oldest
def test_the_two_streams_stay_two_and_come_byte_for_byte(machine):
    script = r"printf 'out\000\377\r\n'; printf 'err\033[31m' >&2"
    assert output(machine, "--", "sh", "-c", script) == (0, b"out\0\xff\r\n", b"err\x1b[31m")


def test_a_command_that_saw_a_pipe_sees_a_pipe(machine):
    script = (
        "for n in 0 1 2; do [ -t $n ] && echo terminal $n; done; [ -p /dev/stdout ] && echo pipe"
    )
    assert output(machine, "--", "sh", "-c", script)[1] == b"pipe\n"


def test_one_file_for_both_streams_keeps_their_order(machine, tmp_path):
    script = "for n in 1 2 3 4 5 6 7 8; do echo out $n; echo err $n >&2; done"
    with open(tmp_path / "log", "wb") as log:
        output(machine, "--", "sh", "-c", script, stdout=log, stderr=subprocess.STDOUT)
    expected = "".join(f"out {n}\nerr {n}\n" for n in range(1, 9))
    assert (tmp_path / "log").read_text() == expected


def test_standard_input_is_the_commands_own(machine):
    process = piped(machine, "--", "wc", "-c", stdin=subprocess.PIPE)
    assert process.communicate(b"x" * 300_000)[0].split() == [b"300000"]


@pytest.mark.oldest
def test_other_descriptors_and_the_environment_are_passed_on(machine):
    read, write = os.pipe()
    os.set_inheritable(write, True)
    script = f"echo $FLAVOUR > /proc/self/fd/{write}"
    environ = {**machine.environ, "FLAVOUR": "vanilla"}
    output(machine, "--", "sh", "-c", script, pass_fds=[write], env=environ)
    os.close(write)
    with os.fdopen(read) as file:
        assert file.read() == "vanilla\n"


@pytest.mark.parametrize("code", [0, 1, 42, 255])
def test_the_exit_status_is_the_commands(machine, code):
    assert output(machine, "--", "sh", "-c", f"exit {code}")[0] == code


def test_output_that_was_lost_is_told_and_is_no_success(machine):
    with open("/dev/full", "wb") as full:
        status, _, err = output(machine, "--", "echo", "hello", stdout=full)
    assert status == 1
    assert err == b"headway run: its output could not be written: No space left on device\n"


@pytest.mark.parametrize("closed", ["2>&-", "2>/dev/full"])
def test_a_closed_standard_error_changes_no_exit_status(machine, closed):
    command = " ".join(map(shlex.quote, [*PROGRAM, "--", "/no/such/program"]))
    process = machine.spawn("sh", "-c", f"{command} {closed}")
    assert process.wait(30) == 127


@pytest.mark.oldest
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGSEGV])
def test_it_dies_of_the_signal_that_the_command_died_of(machine, number):
    assert output(machine, "--", "sh", "-c", f"kill -{int(number)} $$")[0] == -number


def ignoring(*numbers):
    """What makes a process begin with those signals ignored, as `trap '' …` of a shell does."""
    return lambda: [signal.signal(number, signal.SIG_IGN) for number in numbers]


@pytest.mark.parametrize(
    ("script", "status", "error"),
    [("exit 3", 3, "exit status 3"), ("kill -KILL $$", -9, "killed by SIGKILL")],
)
def test_whoever_ignores_its_children_still_learns_how_the_command_ended(
    machine, listener, script, status, error
):
    begin = ignoring(signal.SIGCHLD)
    done = output(machine, "--name", "bad", "--", "sh", "-c", script, preexec_fn=begin)
    assert done == (status, b"", b"")
    operation = listener.ended("bad")
    assert (operation.state, operation.error) == ("failed", error)


@pytest.mark.oldest
def test_signals_that_were_ignored_are_ignored_by_the_command(machine):
    begin = ignoring(signal.SIGCHLD, signal.SIGINT, signal.SIGHUP, signal.SIGUSR1)
    line = ["grep", "Sig[BIC]", "/proc/self/status"]
    alone = subprocess.run(
        line, stdout=subprocess.PIPE, check=True, preexec_fn=begin, restore_signals=True
    )
    assert output(machine, "--", *line, preexec_fn=begin) == (0, alone.stdout, b"")


def test_an_exit_status_that_somebody_else_was_told_is_no_success(machine, listener):
    code = (
        "import os, sys, headway.run.process.child as c\n"
        "def taken(child): os.waitpid(child.pid, 0); return c.Child.own(child)\n"
        "c.Child.own = c.Child.take_statuses; c.Child.take_statuses = taken\n"
        "from headway.run.commands.cli import main; sys.exit(main(sys.argv[1:]))"
    )
    process = machine.python("-c", code, "--name", "odd", "--", "sleep", "1.5")
    assert machine.finish(process) == (1, "", "")
    operation = listener.ended("odd")
    assert (operation.state, operation.error) == ("failed", "its exit status is not known")


def test_the_clock_of_a_command_stops_when_it_ends(machine, listener):
    code = (
        "import sys, time, headway.run.supervision.launch as l\n"
        "begin = l.Launch.report\n"
        "def late(launch):\n"
        "    while launch.child.ended is None: time.sleep(0.01)\n"
        "    print(time.monotonic()); time.sleep(1); begin(launch)\n"
        "l.Launch.report = late\n"
        "from headway.run.commands.cli import main; sys.exit(main(sys.argv[1:]))"
    )
    process = machine.python("-c", code, "--name", "late", "--", "sleep", "1.5")
    status, out, _ = machine.finish(process)
    assert status == 0
    assert listener.ended("late").ended <= float(out)


def test_a_headway_run_below_another_is_the_only_one(machine, listener):
    script = machine.file("headway", f'#!/bin/sh\nexec {sys.executable} -m headway "$@"\n')
    os.chmod(script, 0o755)
    assert output(machine, "--", script, "run", "--name", "inner", "--", "sleep", "0.5")[0] == 0
    listener.ended("inner")
    assert [one.name for one in listener.operations.values()] == ["inner"]
    assert output(machine, "--name", "outer", "--", script, "run", "--", "true")[0] == 0
    listener.ended("outer")


def test_what_cannot_be_run_is_told_as_a_shell_tells_it(machine, tmp_path):
    missing = output(machine, "--", "no-such-command-xyz")
    assert missing == (127, b"", b"headway run: no-such-command-xyz: command not found\n")
    assert output(machine, "--", "/no/such/file")[0] == 127
    plain = tmp_path / "plain"
    plain.write_text("echo hi\n")
    assert output(machine, "--", str(plain))[0] == 126
    assert output(machine, "--", str(tmp_path))[0] == 126
    bad = tmp_path / "bad"
    bad.write_text("#!/no/such/interpreter\n")
    bad.chmod(0o755)
    status, _, err = output(machine, "--", str(bad))
    assert status == 127
    assert b"bad" in err


def test_a_script_without_an_interpreter_line_is_run_by_the_shell(machine, tmp_path):
    script = tmp_path / "script"
    script.write_text("echo hi $1\n")
    script.chmod(0o755)
    assert output(machine, "--", str(script), "there") == (0, b"hi there\n", b"")


def test_without_a_command_a_line_says_where_help_is(machine):
    status, _, err = output(machine)
    assert status == 2
    assert err.count(b"\n") == 1
    assert b"see `headway run --help`" in err
    assert b"examples:" in output(machine, "--help")[1]


def test_with_reporting_off_the_command_takes_the_process(machine):
    process = piped(machine, "--", "sh", "-c", "echo $$", env={**machine.environ, "HEADWAY": "off"})
    assert int(process.communicate()[0]) == process.pid


def test_without_a_broker_and_a_place_for_one_it_runs_all_the_same(machine):
    environ = {**machine.environ, "HEADWAY_RUNTIME_DIR": "/proc/nowhere"}
    assert output(machine, "--", "sh", "-c", "echo hi; exit 3", env=environ) == (3, b"hi\n", b"")


def test_a_shell_loop_stops_when_the_command_is_interrupted(machine):
    line = " ".join(f"'{word}'" for word in PROGRAM)
    loop = f"while :; do {line} -- sleep 30; done"
    process = subprocess.Popen(
        ["bash", "-c", loop], env=machine.environ, start_new_session=True, stdin=subprocess.DEVNULL
    )
    machine.processes.append(process)
    until(lambda: runs(process.pid, "sleep"))
    os.killpg(process.pid, signal.SIGINT)  # as a key does: everybody in the group
    assert process.wait(timeout=10) == -signal.SIGINT


def test_a_signal_sent_to_it_alone_reaches_the_command_once(machine, tmp_path):
    log = tmp_path / "log"
    # It is passed on once what follows the command is loaded; a second one would come right after.
    script = (
        f"trap 'echo got >> {log}' TERM; echo ready;"
        f" for n in $(seq 150); do sleep 0.1; [ -s {log} ] && break; done; sleep 0.5"
    )
    process = piped(machine, "--", "sh", "-c", script)
    assert process.stdout.readline() == b"ready\n"
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=30) == 0
    assert log.read_text() == "got\n"


@pytest.mark.oldest
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interrupted_command_was_cancelled_and_has_not_failed(machine, listener, number):
    process = piped(machine, "--name", "nap", "--", "sleep", "30")
    until(lambda: listener.named("nap"))
    process.send_signal(number)
    assert process.wait(timeout=10) == -number
    operation = listener.ended("nap")
    assert operation.state == "cancelled"
    assert operation.exit_status == 128 + number


@pytest.mark.oldest
def test_a_command_that_fails_shows_its_last_lines(machine, listener):
    output(machine, "--name", "bad", "--", "sh", "-c", "seq 1 50; echo broken >&2; exit 4")
    operation = listener.ended("bad")
    assert (operation.state, operation.error, operation.exit_status) == (
        "failed",
        "exit status 4",
        4,
    )
    lines = [
        line
        for _, message in listener.heard
        if type(message).__name__ == "Log"
        for line in message.lines
    ]
    assert "broken" in lines
    assert "50" in lines
    assert "1" not in lines


def test_an_unknown_command_shows_its_last_line_and_no_made_up_progress(machine, listener):
    output(machine, "--", "sh", "-c", "echo one; sleep 0.4; echo two; sleep 0.4")
    operation = listener.ended("sh")
    (stage,) = operation.stages.values()
    assert (stage.detail, stage.total, operation.state) == ("two", None, "completed")


def test_arguments_and_environment_are_not_told(machine, listener):
    secret = "hunter2hunter2"
    environ = {**machine.environ, "DB_PASSWORD": secret}
    output(machine, "--", "sh", "-c", "true", f"--password={secret}", env=environ)
    listener.ended("sh")
    assert all(secret not in repr(message) for _, message in listener.heard)


def test_no_argument_and_no_full_path_is_sent_or_left_in_any_file(machine, listener, tmp_path):
    folder = tmp_path / "hunter2folder"
    folder.mkdir()
    (folder / "work.py").write_text("")
    line = ["--", sys.executable, str(folder / "work.py"), "--password=hunter2", "a/hunter2.txt"]
    status, _, _ = output(machine, *line, cwd=folder)
    listener.ended("work.py")
    assert status == 0
    assert all("hunter2" not in repr(message) for _, message in listener.heard)
    left = [path for path in pathlib.Path(machine.folder).rglob("*") if path.is_file()]
    assert "secret" in [path.name for path in left]
    assert not [path for path in left if b"hunter2" in path.read_bytes()]


def test_the_command_is_told_which_operation_it_belongs_to(machine, listener):
    out = output(machine, "--name", "outer", "--", "sh", "-c", "echo $HEADWAY_PARENT")[1]
    assert out.decode().strip() == listener.ended("outer").id


def test_what_a_command_leaves_behind_keeps_its_output(machine):
    script = "(sleep 0.6; echo late; echo later >&2) & echo early"
    began = time.monotonic()
    status, out, err = output(machine, "--", "sh", "-c", script)
    assert (status, out, err) == (0, b"early\nlate\n", b"later\n")
    assert time.monotonic() - began < 10


def test_a_reader_that_leaves_ends_the_command_as_without_headway(machine):
    line = " ".join(f"'{word}'" for word in PROGRAM)
    done = subprocess.run(
        ["bash", "-c", f"{line} -- yes | head -n 1; echo ${{PIPESTATUS[0]}}"],
        env=machine.environ,
        stdout=subprocess.PIPE,
        timeout=30,
        check=True,
    )
    assert done.stdout == b"y\n141\n"


@pytest.mark.oldest
def test_a_parser_that_fails_does_not_stop_the_command(machine):
    code = (
        "import sys, headway.run.parsers.generic as g\n"
        "def feed(*_): raise RuntimeError\n"
        "g.Parser.feed = feed; g.Parser.finish = feed\n"
        "from headway.run.commands.cli import main; sys.exit(main(sys.argv[1:]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "--", "sh", "-c", "echo a; echo b; exit 5"],
        env=machine.environ,
        capture_output=True,
        timeout=30,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (5, b"a\nb\n", b"")


def test_a_flood_passes_whole(machine):
    process = piped(machine, "--", "sh", "-c", "yes 0123456789 | head -c 30000000")
    total = 0
    while True:
        chunk = process.stdout.read1(1 << 20)
        if not chunk:
            break
        total += len(chunk)
    assert total == 30_000_000
    assert process.wait(timeout=10) == 0


@pytest.mark.oldest
def test_it_never_loads_the_drawing_library(machine):
    code = (
        "import sys; from headway.run.commands.cli import main; main(sys.argv[1:]); "
        "print(sorted({'rich', 'argparse'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "--", "true"],
        env=machine.environ,
        stdout=subprocess.PIPE,
        timeout=30,
        check=True,
    )
    assert done.stdout == b"[]\n"


def test_the_command_does_not_wait_for_what_takes_long_to_import(machine):
    code = (
        "import sys, headway.run.supervision.launch as module; "
        "release = module.Launch.release; "
        "module.Launch.release = lambda launch: "
        "(print(sorted({'typing', 're', 'enum', 'zmq'} & set(sys.modules))), "
        "sys.stdout.flush(), release(launch)); "
        "from headway.run.commands.cli import main; main(sys.argv[1:])"
    )
    path = os.pathsep.join(filter(None, sys.path))
    done = subprocess.run(
        [sys.executable, "-S", "-c", code, "--", "true"],
        env={**machine.environ, "PYTHONPATH": path},
        stdout=subprocess.PIPE,
        timeout=30,
        check=True,
    )
    assert done.stdout == b"[]\n"


@pytest.mark.oldest
def test_an_interrupt_before_the_command_has_begun_ends_it_as_it_would_end_that(machine):
    code = (
        "import os, signal, headway.run.commands.cli as cli; "
        "cli.find_program = lambda *_: os.kill(os.getpid(), signal.SIGINT); "
        "cli.main(['--', 'true'])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=machine.environ,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=30,
        check=False,
    )
    assert (done.returncode, done.stdout) == (-signal.SIGINT, b"")


@pytest.mark.oldest
def test_as_a_program_it_delivers_the_end_and_takes_nothing_down(machine, listener):
    code = (
        "import atexit, sys; sys.argv = ['headway', 'run', '--name', 'short', '--', 'sh', '-c', "
        "'exit 3']; atexit.register(print, 'taken down'); "
        "from headway.commands.table import program; program()"
    )
    assert machine.finish(machine.python("-c", code)) == (3, "", "")
    assert listener.ended("short").exit_status == 3


@pytest.mark.oldest
def test_an_agent_reads_three_lines_at_the_end(sandbox):
    command = ("run", "--name", "Build", "--", "sh", "-c", "echo no such file; exit 3")
    done = sandbox.headway(*command, AI_AGENT="any")
    assert done.stdout == "no such file\n"
    state, why, _ = done.stderr.splitlines()
    assert (state, why) == (
        "headway run: failed: Build",
        "headway run: exit 3, no such file",
    )
