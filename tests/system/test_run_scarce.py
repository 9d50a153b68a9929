"""`headway run` where what it needs is not to be had: the command runs as without it."""

from __future__ import annotations

import re
import sys

import pexpect
import pytest
from commands import PROGRAM, ended, output, piped
from machine import Machine
from scarce import descriptors, needs_a_stranger, processes

pytestmark = pytest.mark.once

# Standing in the place of the command, it has no child that it has not started itself.
ALONE = "echo $$; read -r kids < /proc/$$/task/$$/children; echo out$kids; echo err >&2; exit 3"
COMMAND = ["--", "bash", "-c", ALONE]

# `ample` is what the limits of the process are taken for.
NO_THREAD = """
import sys, threading
from headway.host import resources, threads
resources.are_ample = lambda: {ample}
start, left = threading.Thread.start, [{left}]
def refuse(thread):
    if not left[0] or thread.name == {name!r}:
        raise RuntimeError("can't start new thread")
    left[0] -= 1
    start(thread)
threading.Thread.start = refuse
start_hidden = threads.start
def refuse_hidden(run):
    if not left[0]:
        raise RuntimeError("can't start new thread")
    left[0] -= 1
    start_hidden(run)
threads.start = refuse_hidden
from headway.run.commands.cli import main; sys.exit(main(sys.argv[1:]))
"""
NO_FORK = """
import errno, os, sys
from headway.host import resources
resources.are_ample = lambda: False
fork, left = os.fork, [{left}]
def refuse():
    if not left[0]:
        raise OSError(errno.EAGAIN, os.strerror(errno.EAGAIN))
    left[0] -= 1
    return fork()
os.fork = refuse
from headway.run.commands.cli import main; sys.exit(main(sys.argv[1:]))
"""
NO_SPAWN = """
import errno, os, sys
def refuse(*_, **__):
    raise OSError(errno.EAGAIN, os.strerror(errno.EAGAIN))
os.posix_spawn = refuse
from headway.host import resources
resources.are_ample = lambda: True
from headway.run.commands.cli import main; sys.exit(main(sys.argv[1:]))
"""


def no_thread(left=99, name="", *, ample=False):
    return NO_THREAD.format(left=left, name=name, ample=ample)


def taken(process):
    """Wait for a command that took the place of `process`: the reason that it gave for that."""
    out, err = process.communicate(timeout=30)
    assert (process.returncode, out) == (3, f"{process.pid}\nout\n"), err
    said = re.fullmatch("headway run: (.*), running it without progress\nerr\n", err)
    assert said, err
    return said.group(1)


@pytest.mark.parametrize("limit", [9, 10])
def test_without_descriptors_the_command_takes_the_process(machine, limit):
    process = piped(machine, *COMMAND, text=True, preexec_fn=descriptors(limit))
    assert taken(process) == "Too many open files"


@pytest.mark.oldest
@pytest.mark.parametrize("limit", [12, 16, 20])
def test_with_few_descriptors_the_command_takes_the_process(machine, limit):
    process = piped(machine, *COMMAND, text=True, preexec_fn=descriptors(limit))
    assert taken(process) == "too few descriptors or too little memory is left"


@pytest.mark.parametrize("limit", range(8, 40, 3))
def test_however_few_descriptors_there_are_the_command_runs_whole(machine, limit):
    script = "echo out; sleep 0.2; echo err >&2; exit 3"
    status, out, err = output(machine, "--", "bash", "-c", script, preexec_fn=descriptors(limit))
    assert (status, out, err.splitlines()[-1]) == (3, b"out\n", b"err")
    assert len(err.splitlines()) <= 2


@pytest.mark.oldest
@pytest.mark.parametrize(
    ("left", "reason"),
    [
        (0, "too few threads are left"),
        (15, "too few threads are left"),
        (16, "can't start new thread"),
        (17, "can't start new thread"),
    ],
)
def test_without_threads_the_command_takes_the_process(machine, left, reason):
    process = machine.python("-c", no_thread(left), *COMMAND)
    assert taken(process) == reason


@pytest.mark.parametrize("left", [0, 1])
def test_a_command_that_began_before_threads_were_refused_runs_whole(machine, left):
    script = "echo out; sleep 0.3; echo more; echo err >&2; exit 3"
    process = machine.python("-c", no_thread(left, ample=True), "--", "sh", "-c", script)
    said = "headway run: can't start new thread, it goes on without progress\n"
    assert machine.finish(process) == (3, "out\nmore\n", f"{said}err\n")


def test_a_flood_passes_whole_where_no_thread_can_be_had(machine):
    code = no_thread(0, ample=True)
    process = machine.python("-c", code, "--", "sh", "-c", "seq 300000; exit 2")
    status, out, _ = machine.finish(process)
    assert (status, out) == (2, "".join(f"{n}\n" for n in range(1, 300001)))


@pytest.mark.oldest
@pytest.mark.parametrize("code", [NO_FORK.format(left=0), NO_SPAWN])
def test_without_processes_the_command_takes_the_process(machine, code):
    process = machine.python("-c", code, *COMMAND)
    assert taken(process) == "Resource temporarily unavailable"


def test_a_command_that_took_the_process_has_the_signals_it_would_have_had(machine):
    line = ["grep", "Sig[BICP]", "/proc/self/status"]
    reset = "signal.signal(signal.SIGPIPE, 0); signal.signal(signal.SIGXFSZ, 0)"
    code = f"import os, signal, sys; {reset}; os.execvp(sys.argv[2], sys.argv[2:])"
    alone = machine.finish(machine.python("-c", code, "--", *line))[1]
    for code in (no_thread(0), NO_FORK.format(left=0), NO_SPAWN):
        assert machine.finish(machine.python("-c", code, "--", *line))[1] == alone


def test_a_command_that_took_the_process_ends_by_a_signal_that_came_before(machine):
    code = (
        "import os, signal, headway.run.supervision.launch as p\n"
        "p.resources.are_ample = lambda: False\n"
        "def afford(): os.kill(os.getpid(), signal.SIGTERM); raise OSError(11, 'nothing left')\n"
        "p._require_resources = afford\n"
        "import sys; from headway.run.commands.cli import main; sys.exit(main(sys.argv[1:]))"
    )
    process = machine.python("-c", code, "--", "echo", "out")
    assert process.wait(30) == -15


def test_nothing_is_reported_of_a_command_that_took_the_process(machine, listener):
    code = no_thread(0)
    machine.finish(machine.python("-c", code, "--name", "alone", "--", "true"))
    assert listener.named("alone") is None


def takes_the_terminal(machine, code, *command, **environ):
    """What a command that prints ALONE prints on a terminal: our line, the rest, and without us."""
    environ = {**machine.environ, "HEADWAY_DISPLAY": "quiet", "TERM": "xterm", **environ}
    texts = []
    for before in ([], [sys.executable, "-c", code, "--"]):
        line = ["-c", 'exec "$@"', "", *before, *command]
        terminal = pexpect.spawn("bash", line, env=environ, encoding="utf-8")
        text, status, _ = ended(terminal)
        assert status == 3
        texts.append(text.replace(f"{terminal.pid}\r\n", "PID\r\n"))
    line, rest = texts[1].split("\r\n", 1)
    return line, rest, texts[0]


@pytest.mark.parametrize(
    "code",
    [NO_FORK.format(left=0), NO_SPAWN, no_thread(16)],
    ids=["no command", "no spawned command", "no pump"],
)
def test_on_a_terminal_the_command_takes_the_process_and_the_terminal_as_it_was(machine, code):
    line, rest, bare = takes_the_terminal(machine, code, "bash", "-c", f"stty; {ALONE}")
    assert line.endswith("running it without progress")
    assert rest == bare


@pytest.mark.parametrize(
    "code",
    [
        NO_FORK.format(left=0),
        NO_FORK.format(left=1),
        no_thread(16),
        no_thread(99, "headway-keyboard"),
    ],
    ids=["no monitor", "no command", "no pump", "no keyboard"],
)
def test_so_does_one_that_would_have_had_a_controlling_terminal_of_its_own(machine, tmp_path, code):
    (tmp_path / ".bashrc").write_text(f"stty; {ALONE}\n")  # a shell for a person reads that
    line, rest, bare = takes_the_terminal(machine, code, "bash", HOME=str(tmp_path))
    assert line.endswith("running it without progress")
    assert rest == bare


def test_on_a_terminal_without_a_process_for_its_watchdog_the_command_runs_whole(machine):
    environ = {**machine.environ, "HEADWAY_DISPLAY": "quiet", "TERM": "xterm"}
    script = "echo early; sleep 1; echo late; exit 3"  # one that is short has no watchdog
    command = ["-c", NO_FORK.format(left=1), "--", "sh", "-c", script]
    terminal = pexpect.spawn(sys.executable, command, env=environ, encoding="utf-8")
    assert ended(terminal)[:2] == ("early\r\nlate\r\n", 3)


def test_what_a_command_leaves_behind_keeps_its_output_though_nobody_can_be_forked(machine):
    script = "(sleep 0.6; echo late) & echo early; exit 4"
    process = machine.python("-c", NO_FORK.format(left=1), "--", "sh", "-c", script)
    assert machine.finish(process) == (4, "early\nlate\n", "")


@needs_a_stranger
@pytest.mark.parametrize("limit", [3, 4, 5, 7, 10, 13, 16, 18, 20])
def test_however_few_processes_its_user_may_have_the_command_runs_whole(limit):
    machine = Machine()  # a broker and what it takes to reach it are wanted, too
    try:
        script = "sleep 0.5; echo out; sleep 0.2; echo err >&2; exit 3"
        command = [*processes(machine, limit), *PROGRAM, "--", "sh", "-c", script]
        status, out, err = machine.finish(machine.spawn(*command))
        assert (status, out, err.splitlines()[-1:]) == (3, "out\n", ["err"])
        assert len(err.splitlines()) <= 2
    finally:
        machine.close()


@pytest.mark.oldest
@pytest.mark.parametrize("module", ["supervision.runner", "parsers.generic"])
def test_a_command_goes_on_though_what_follows_it_cannot_be_loaded(machine, module):
    code = (
        f"import sys; sys.modules['headway.run.{module}'] = None\n"
        "from headway.run.commands.cli import main; sys.exit(main(sys.argv[1:]))"
    )
    process = machine.python(
        "-c", code, "--", "sh", "-c", "echo out; sleep 0.5; echo err >&2; exit 3"
    )
    status, out, err = machine.finish(process)
    assert (status, out, "err" in err.splitlines()) == (3, "out\n", True)
    said = "it goes on without progress" in err
    assert said == (module == "supervision.runner")  # without a parser it is followed all the same
