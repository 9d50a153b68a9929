"""`headway run` on a terminal: the command's outputs, keys, job control, size, modes.

A command that needs a controlling terminal of its own is `run0` here, a script of that name.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import signal
import sys
import termios

import psutil
import pytest
from commands import PROGRAM, detached, ended, scripted, shell, typed
from machine import alive, killed, runs, runs_argument, until

pytestmark = pytest.mark.once


@pytest.fixture
def bash(machine):
    bash = shell(machine)
    yield bash
    bash.close(force=True)


@pytest.fixture
def run0(machine):
    """A program whose command has a controlling terminal of its own."""
    return script_of(machine, "run0", '#!/bin/sh\nexec "$@"\n')


def script_of(machine, name, text):
    path = os.path.join(machine.folder, name)
    with open(path, "w") as file:
        file.write(text)
    os.chmod(path, 0o755)
    return path


@pytest.mark.parametrize(("own", "terminals"), [(False, 2), (True, 1)])
def test_all_three_streams_are_terminals_of_the_same_size(machine, run0, own, terminals):
    script = "for n in 0 1 2; do tty <&$n; stty size <&$n; done"
    words = [run0] * own
    text, status, _ = ended(typed(machine, "--", *words, "sh", "-c", script, rows=30, columns=91))
    names = re.findall(r"/dev/\S+", text)
    assert (len(names), len(set(names)), status) == (3, terminals, 0)
    assert text.count("30 91") == 3


@pytest.mark.oldest
def test_its_input_is_the_terminal_itself_and_its_group_and_session_are_ours(machine):
    terminal = typed(machine, "--", "sh", "-c", "tty; ps -o pgid=,sid= -p $$")
    group = os.getpgid(terminal.pid)
    name = os.readlink(f"/proc/{terminal.pid}/fd/0")
    text, _, _ = ended(terminal)
    assert text.split() == [name, str(group), str(group)]


@pytest.mark.parametrize("program", ["bash --norc --noprofile", "zsh -f", "dash -i"])
def test_what_is_typed_ahead_is_the_shells(machine, program):
    name, *options = program.split()
    if shutil.which(name) is None:
        pytest.skip("there is no such shell")
    terminal = shell(machine, name, *options)
    try:
        terminal.sendline("hw -- sh -c 'echo begun; sleep 0.5'")
        terminal.expect_exact("begun\r\n")
        terminal.sendline("echo typed $((40 + 2))")
        terminal.expect_exact("typed 42\r\n")
    finally:
        terminal.close(force=True)


def test_where_a_viewer_may_draw_the_command_has_the_rows_above(machine):
    # All of them at first, for a command that takes the whole screen.
    script = "while stty size <&1; stty size <&2 | grep -q ^24; do sleep 0.1; done; stty size <&1"
    terminal = typed(machine, "--", "sh", "-c", script, HEADWAY_DISPLAY="auto", rows=24)
    said = ended(terminal)[0]
    assert said.index("24 80") < said.index("16 80")


@pytest.mark.oldest
def test_what_is_typed_reaches_the_command_and_is_echoed_once(machine):
    terminal = typed(machine, "--", "sh", "-c", "echo ask; read x; echo got $x")
    terminal.expect_exact("ask")
    terminal.sendline("foo")
    text, status, _ = ended(terminal)
    assert (text, status) == ("\r\nfoo\r\ngot foo\r\n", 0)


def test_a_password_is_not_echoed(machine):
    terminal = typed(machine, "--", "sh", "-c", "stty -echo; echo ask; read x; stty echo; echo $x")
    terminal.expect_exact("ask\r\n")
    terminal.sendline("secret")
    assert ended(terminal)[0] == "secret\r\n"


def test_keys_of_a_terminal_that_does_not_control_it_reach_the_command(machine, listener):
    script = "[ -t 0 ] && [ -t 1 ] && [ -t 2 ] && echo ask; read x; echo got $x; exit 5"
    terminal = detached(machine, "--", "sh", "-c", script)
    terminal.expect_exact("ask\r\n")
    terminal.sendline("foo")
    text, status, _ = ended(terminal)
    assert (text, status) == ("foo\r\ngot foo\r\n", 5)
    assert listener.ended("sh").exit_status == 5


@pytest.mark.oldest
def test_one_ctrl_c_reaches_the_command_once(machine):
    script = "n=0; trap 'n=$((n+1))' INT; echo ready; sleep 0.5; sleep 0.5; echo n=$n; exit 9"
    terminal = typed(machine, "--", "sh", "-c", script)
    terminal.expect_exact("ready")
    terminal.send("\x03")
    text, status, _ = ended(terminal)
    assert "n=1" in text
    assert status == 9


def test_a_command_that_dies_of_ctrl_c_was_cancelled(machine, listener):
    terminal = typed(machine, "--", "sleep", "30")
    until(lambda: listener.named("sleep") and runs(terminal.pid, "sleep"))
    terminal.send("\x03")
    _, status, number = ended(terminal)
    assert (status, number) == (None, 2)
    operation = listener.ended("sleep")
    assert (operation.state, operation.exit_status) == ("cancelled", 130)


@pytest.mark.oldest
def test_a_new_size_reaches_the_command(machine):
    # The terminal tells it at once, and we once more when its pty has the size, too.
    script = "trap 'stty size <&1' WINCH; echo ready; while ! read -t 0.1 x; do :; done"
    terminal = typed(machine, "--", "bash", "-c", script)
    terminal.expect_exact("ready")
    terminal.setwinsize(40, 100)
    terminal.expect_exact("40 100")
    terminal.sendline()
    ended(terminal)


def test_a_command_that_takes_the_whole_screen_has_all_rows(machine):
    size = "until stty size <&2 | grep {}; do sleep 0.05; done"
    script = f"stty -icanon; {size.format(24)}; stty icanon; {size.format(16)}"
    text, _, _ = ended(
        typed(machine, "--", "sh", "-c", script, HEADWAY_DISPLAY="auto", TERM="dumb")
    )
    assert re.findall(r"\d+ \d+", text) == ["24 80", "16 80"]


@pytest.mark.oldest
def test_ctrl_z_stops_both_and_fg_goes_on(bash, listener, tmp_path):
    may_end = tmp_path / "may-end"
    wait = f"until [ -e {may_end} ]; do sleep 0.1; done"
    # Not by dash: between its vfork and the exec ^Z stops the child alone, without Headway too.
    bash.sendline(f"hw -- bash -c 'echo begun; {wait}; echo over'")
    bash.expect_exact("begun\r\n")
    until(lambda: listener.named("bash"))
    bash.send("\x1a")
    bash.expect(r"Stopped")
    bash.expect_exact("READY> ")
    assert until(lambda: listener.named("bash").state == "waiting")
    assert listener.named("bash").reason == "its terminal: it is stopped"
    bash.sendline("stty -a | grep -o -e ' icanon' -e '-echo '; jobs")
    bash.expect_exact(" icanon\r\n")
    bash.expect_exact("READY> ")
    assert "-echo" not in bash.before
    may_end.touch()
    bash.sendline("fg")
    bash.expect_exact("over\r\n")
    bash.expect_exact("READY> ")
    assert listener.ended("bash").state == "completed"


def test_a_stopped_command_goes_on_in_the_background(bash):
    bash.sendline("hw -- bash -c 'echo begun; sleep 1; echo over; exit 6'")
    bash.expect_exact("begun\r\n")
    bash.send("\x1a")
    bash.expect_exact("READY> ")
    bash.sendline("bg; echo typed")
    bash.expect_exact("over")
    bash.sendline("wait %1; echo status=$?")
    bash.expect_exact("status=6")


def test_ctrl_c_leaves_the_shell_with_130_and_its_terminal_in_order(bash):
    bash.sendline("hw -- sleep 30")
    until(lambda: runs(bash.pid, "sleep"))
    bash.send("\x03")
    bash.expect_exact("READY> ")
    bash.sendline("echo status=$?; stty -a | grep -o -e ' icanon'")
    bash.expect_exact("status=130\r\n icanon")


def test_one_ctrl_c_ends_all_of_the_foreground_group_and_who_started_them(bash):
    bash.sendline("export -f hw; seq 3 | xargs -P3 -I{} bash -c 'hw -- sleep 30.{}'; echo on")
    until(lambda: all(runs_argument(bash.pid, f"30.{n}") for n in (1, 2, 3)))
    bash.send("\x03")
    bash.expect_exact("READY> ")
    bash.sendline("stty -a | grep -o -e ' icanon'")
    bash.expect_exact(" icanon")
    until(lambda: not any(runs_argument(bash.pid, f"30.{n}") for n in (1, 2, 3)))


def modes(text):
    """What `stty -g` has printed into a text, each time."""
    return re.findall(r"[0-9a-f]+(?::[0-9a-f]+){10,}", text)


def test_the_modes_stay_what_they_are_while_commands_run_side_by_side(machine):
    script = """
        stty -ixon; stty -g
        for i in 1 2 3; do (hw -- sh -c 'sleep 0.5; stty -g <&2 >/dev/null') & done
        sleep 0.3; stty -g; wait; stty -g
    """
    before, meanwhile, after = modes(ended(scripted(machine, script))[0])
    assert (meanwhile, after) == (before, before)


# What a curses program does: modes by its output, keys by its input.
CURSES = """
import os, sys, termios, tty
before = termios.tcgetattr(1)
tty.setcbreak(1)
os.write(1, b"ready\\n")
key = os.read(0, 1)
termios.tcsetattr(1, termios.TCSADRAIN, before)
print("got", key, flush=True)
"""


def test_modes_that_are_set_by_the_output_are_the_terminals_and_are_given_back(machine):
    program = script_of(machine, "curses.py", CURSES)
    terminal = scripted(
        machine, f"stty -ixon; stty -g; (hw -- {sys.executable} {program}); stty -g"
    )
    terminal.expect_exact("ready\r\n")
    until(lambda: not termios.tcgetattr(terminal.child_fd)[3] & termios.ICANON)
    first = terminal.before
    terminal.send("k")
    text, _, _ = ended(terminal)
    assert "got b'k'" in text
    before, after = modes(first + text)
    assert after == before


def test_who_wants_other_modes_in_the_background_is_stopped_as_by_its_terminal(bash, machine):
    program = script_of(machine, "curses.py", CURSES)
    # Not by the function: its subshell does not always stop with it, and is the job.
    bash.sendline(f"{shlex.join(PROGRAM)} -- {sys.executable} {program} &")
    bash.expect_exact("READY> ")
    ask = "jobs -s; echo asked"
    until(lambda: bash.sendline(ask) and bash.expect(["Stopped", "asked\r"]) == 0)
    bash.sendline("stty -a | grep -o -e ' icanon'; fg")
    bash.expect_exact(" icanon\r\n")
    bash.expect_exact("ready\r\n")
    bash.send("k")
    bash.expect_exact("got b'k'")


# As `less` does: it opens the terminal of its standard error by name.
PAGER = """
import os, termios, tty
keys = os.open(os.ttyname(2), os.O_RDONLY)
tty.setcbreak(keys)
os.write(1, b"ready\\n")
print("got", os.read(keys, 1), flush=True)
"""


def test_who_reads_the_terminal_of_its_output_is_passed_its_keys(machine):
    terminal = typed(machine, "--", sys.executable, script_of(machine, "pager.py", PAGER))
    terminal.expect_exact("ready\r\n")
    terminal.send("k")
    assert "got b'k'" in ended(terminal)[0]


# Two at a time in the foreground of one terminal: the first relays it, and ends first.
SIDE_BY_SIDE = """
    stty -g
    ((hw -- ./run0 sh -c 'until [ -e begun ]; do sleep 0.05; done'); touch over) &
    until stty -a | grep -q -e -icanon; do sleep 0.05; done
    (hw -- ./run0 sh -c 'touch begun; until [ -e over ]; do sleep 0.05; done; {then}')
    wait
    stty -g
"""


@pytest.mark.usefixtures("run0")
def test_two_side_by_side_leave_the_terminal_as_it_was(machine):
    text, status, _ = ended(scripted(machine, SIDE_BY_SIDE.format(then="true")))
    before, after = modes(text)
    assert (after, status) == (before, 0)


@pytest.mark.usefixtures("run0")
def test_of_two_side_by_side_who_is_left_has_the_keyboard(machine):
    terminal = scripted(machine, SIDE_BY_SIDE.format(then="echo ask; read x; echo got $x"))
    terminal.expect_exact("ask")
    terminal.sendline("foo")
    assert "got foo" in ended(terminal)[0]


@pytest.mark.usefixtures("run0")
def test_a_terminal_whose_relay_and_its_monitor_were_killed_is_given_back_by_the_next(machine):
    script = """
        stty -g
        (hw -- ./run0 sleep 60) & lender=$!
        until stty -a | grep -q -e -icanon; do sleep 0.05; done
        kill -STOP $lender; kill -KILL $(pgrep -P $lender) $lender
        wait
        (hw -- ./run0 true)
        stty -g
    """
    before, after = modes(ended(scripted(machine, script))[0])
    assert after == before


@pytest.mark.usefixtures("run0")
@pytest.mark.parametrize(
    ("command", "children"),
    [("./run0 ./deaf", 3), ("{python} curses.py", 6)],
    ids=["relayed", "by its output"],
)
def test_every_run_killed_at_once_leaves_the_terminal_with_its_own_modes(
    machine, command, children
):
    script_of(machine, "curses.py", CURSES)
    script_of(machine, "deaf", "trap '' HUP; until [ -e over ]; do sleep 0.05; done")
    command = command.format(python=sys.executable)
    script = f"""
        stty -ixon brkint; stty -g
        for i in 1 2 3; do (hw -- {command} </dev/tty) & runs="$runs $!"; done
        until stty -a | grep -q -e -icanon; do sleep 0.05; done
        until [ $(pgrep -P $(echo $runs | tr ' ' ,) | wc -l) = {children} ]; do sleep 0.05; done
        kill -KILL $runs
        wait
        until stty -a | grep -q -e ' icanon'; do sleep 0.05; done
        stty -g; touch over
    """
    before, after = modes(ended(scripted(machine, script))[0])
    assert after == before


@pytest.mark.parametrize("own", [False, True])
def test_killed_it_leaves_no_command_behind(bash, run0, own):
    bash.sendline(f"hw -- {run0 * own} sh -c 'echo pid=$$; sleep 60'")
    bash.expect(r"pid=(\d+)\r\n")
    command = int(bash.match.group(1))
    parent = _parent_of(command)
    if own:
        parent = _parent_of(parent)  # the monitor's
    else:
        until(lambda: len(psutil.Process(parent).children()) == 2)  # a watchdog beside it
    bash.sendline("")  # for the prompt afterwards

    os.kill(parent, signal.SIGKILL)
    bash.expect("Killed")
    until(lambda: not alive(command))


def test_a_command_whose_keeper_was_killed_is_told_to_have_ended_in_an_unknown_way(
    machine, listener, run0
):
    script = "trap '' HUP; echo on; sleep 60"
    terminal = typed(machine, "--name", "odd", "--", run0, "sh", "-c", script)
    terminal.expect("on\r\n")
    (monitor,) = psutil.Process(terminal.pid).children()
    killed(monitor.pid)
    assert ended(terminal)[1:] == (1, None)
    operation = listener.ended("odd")
    assert (operation.state, operation.error) == ("failed", "its exit status is not known")


def test_the_terminal_is_given_back_when_it_is_terminated(machine, run0):
    terminal = typed(machine, "--", run0, "sh", "-c", "trap '' TERM; echo ready; sleep 1; exit 4")
    terminal.expect_exact("ready")
    assert not termios.tcgetattr(terminal.child_fd)[3] & termios.ICANON
    terminal.kill(15)
    _, status, _ = ended(terminal)
    assert status == 4


def test_input_from_a_pipe_stays_a_pipe_beside_the_terminal(machine):
    bash = shell(machine)
    try:
        bash.sendline(
            "printf 'piped\\n' | hw -- sh -c 'cat; [ -t 0 ] || echo no; [ -t 1 ] && echo yes'"
        )
        bash.expect_exact("piped\r\nno\r\nyes\r\n")
        bash.expect_exact("READY> ")  # what is typed before that is the command's
        bash.sendline("hw -- sh -c 'tty <&2; echo data' | cat")
        bash.expect(r"/dev/\S+\r\ndata\r\n")
        bash.expect_exact("READY> ")
    finally:
        bash.close(force=True)


@pytest.mark.parametrize("own", [False, True])
def test_what_a_command_leaves_in_the_background_is_not_hung_up_on(bash, run0, tmp_path, own):
    # In a shell: where we are the terminal's session leader, our end hangs up on all as any's does.
    log = tmp_path / "log"
    for redirected in ("", ">/dev/null 2>&1 </dev/null"):
        bash.sendline(
            f"hw -- {run0 * own} sh -c '(sleep 0.7; echo alive > {log}) {redirected} & exit 3'; "
            "echo status=$?"
        )
        bash.expect_exact("status=3\r\n")
        until(lambda: log.exists() and log.read_text() == "alive\n")
        log.unlink()


def _parent_of(pid):
    with open(f"/proc/{pid}/stat", "rb") as file:
        return int(file.read().rpartition(b")")[2].split()[1])
