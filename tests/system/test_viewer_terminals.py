"""What stands on a terminal: `headway view` there, and the viewer of a program's own."""

from __future__ import annotations

import json
import os
import signal
import subprocess

import pytest
from machine import HEADWAY, killed, until
from sandbox import at_prompt, let_go

pytestmark = pytest.mark.once

LOOP = """
for i in headway.track(range({n}), "Compile"):
    time.sleep({pause})
    if i % 10 == 5:
        sys.stdout.write("line %s of the program\\n" % i)  # one write, though unbuffered
"""
LOOP_UNTIL = """
import os
passes = iter(lambda: os.path.exists({end!r}), True)
for i, _ in enumerate(headway.track(passes, "Compile", total=100_000)):
    time.sleep(0.05)
    if i % 10 == 5:
        sys.stdout.write("line %s of the program\\n" % i)  # one write, though unbuffered
sys.stdout.write("and on it goes\\n")
"""
COUNTED = "for i in headway.track(range(100), 'Compile'): time.sleep(.05)"


def viewers_of(sandbox):
    """The pids of viewers of terminals that were started here."""
    found = []
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                with open(f"/proc/{name}/cmdline", "rb") as file:
                    if b"headway_viewer.terminal" not in file.read():
                        continue
                with open(f"/proc/{name}/environ", "rb") as file:
                    if sandbox.directory.encode() in file.read():
                        found.append(int(name))
            except OSError:
                continue
    return found


def run(sandbox, shell, n, pause=0.05):
    shell.type(f"python {sandbox.file('build.py', LOOP.format(n=n, pause=pause))}\n")


@pytest.fixture
def end(sandbox, shell, tmp_path):
    """A loop runs in the shell until this file is there, however slow its viewer."""
    end = tmp_path / "end"
    shell.type(f"python {sandbox.file('build.py', LOOP_UNTIL.format(end=str(end)))}\n")
    return end


def has_bar(lines):
    return any(line.startswith("build.py: Compile ━") for line in lines[-3:])


@pytest.mark.oldest
def test_a_loop_draws_below_what_the_program_prints_and_leaves_a_receipt(sandbox, shell, end):
    lines = shell.wait_for(has_bar, "a bar")
    assert lines[-1].startswith("build.py: Compile ━")
    end.touch()
    shell.wait_for(at_prompt, "the prompt is back")
    *printed, receipt, after, prompt = shell.all[1:]
    assert after == "and on it goes"
    assert printed == [f"line {10 * k + 5} of the program" for k in range(len(printed))]
    assert receipt.startswith("✓ build.py: Compile  ")
    assert prompt == "$"
    assert not shell.screen.margins
    until(lambda: not viewers_of(sandbox), "its viewer has left")


def test_short_work_leaves_nothing_on_the_screen(sandbox, shell):
    run(sandbox, shell, 3, 0.01)
    shell.wait_for(lambda lines: len([line for line in lines if line]) == 2, "the next prompt")
    shell.read(1.0)
    assert shell.all[1:] == ["$"]
    assert viewers_of(sandbox) == []


def test_many_lines_arrive_whole(sandbox, shell):
    code = """
for i in headway.track(range(200), "Compile"):
    sys.stdout.write("half "); sys.stdout.flush(); time.sleep(.01)
    sys.stdout.write(f"line {i}\\n"); sys.stdout.flush()
"""
    shell.type(f"python {sandbox.file('build.py', code)}\n")
    shell.wait_for_text("half line")
    shell.wait_for(at_prompt, "the prompt is back", 30)
    assert shell.all[1:201] == [f"half line {i}" for i in range(200)]
    assert len(shell.all) == 203


@pytest.mark.oldest
def test_ctrl_z_gives_the_terminal_back_and_fg_takes_it_again(sandbox, shell):
    run(sandbox, shell, 100)
    shell.wait_for(has_bar, "a bar")
    shell.type("\x1a")
    shell.wait_for(at_prompt, "the shell's prompt")
    shell.wait_for(lambda lines: not has_bar(lines), "the bar is gone")
    shell.type("echo hello\n")
    shell.wait_for_text("hello")
    assert not shell.screen.margins
    shell.type("fg\n")
    shell.wait_for(has_bar, "the bar is back")
    shell.type("\x03")
    shell.wait_for_text("⊗ build.py: Compile  cancelled")
    shell.wait_for(at_prompt, "the prompt is back")


def test_a_killed_program_leaves_a_clean_terminal(sandbox, shell):
    run(sandbox, shell, 1000)
    shell.wait_for(has_bar, "a bar")
    killed(sandbox.operations()[0]["pid"])
    shell.wait_for(at_prompt, "the prompt")
    shell.wait_for(lambda lines: not has_bar(lines), "the bar is gone")
    assert not shell.screen.margins
    until(lambda: not viewers_of(sandbox), "its viewer has left")


def test_a_killed_viewers_rows_are_given_back_and_drawn_again(sandbox, shell):
    run(sandbox, shell, 100)
    shell.wait_for(has_bar, "a bar")
    drawing = max(viewers_of(sandbox))
    drawn = len(shell.written)
    killed(drawing)
    until(lambda: len(set(viewers_of(sandbox)) - {drawing}) == 2, "another one draws", 5)
    shell.wait_for(
        lambda lines: b"\x1b[r" in shell.written[drawn:] and has_bar(lines), "the bar is back"
    )
    shell.wait_for(at_prompt, "the prompt is back")
    assert [line for line in shell.all if "━" in line] == []
    assert len([line for line in shell.all if "✓ build.py" in line]) == 1


def test_if_all_of_the_viewer_is_killed_the_program_gives_the_rows_back(sandbox, shell, end):
    shell.wait_for(has_bar, "a bar")
    for pid in viewers_of(sandbox):
        os.kill(pid, signal.SIGKILL)
    end.touch()
    shell.wait_for(at_prompt, "the prompt is back")
    assert not shell.screen.margins
    assert "━" not in "".join(shell.all)


def test_if_all_of_the_viewer_is_killed_another_one_prints_the_receipt(sandbox, shell):
    run(sandbox, shell, 140)
    shell.wait_for(has_bar, "a bar")
    before = viewers_of(sandbox)
    for pid in before:
        os.kill(pid, signal.SIGKILL)
    until(lambda: set(viewers_of(sandbox)) - set(before), "another one is started")
    shell.wait_for(at_prompt, "the prompt is back")
    assert not shell.screen.margins
    assert len([line for line in shell.all if line.startswith("✓ build.py")]) == 1


def test_two_programs_share_one_terminal(sandbox, shell, tmp_path):
    ends = [tmp_path / name for name in ("One", "Two")]
    one, two = (
        sandbox.file(
            f"{end.name.lower()}.py",
            LOOP_UNTIL.format(end=str(end)).replace("Compile", end.name).replace("line", end.name),
        )
        for end in ends
    )
    shell.type(f"python {one} & python {two}; wait\n")
    shell.wait_for(
        lambda lines: "One ━" in lines[-2] + lines[-1] and "Two ━" in lines[-2] + lines[-1],
        "both bars",
    )
    # One that draws and one that watches over it; a third was told to leave.
    until(lambda: len(viewers_of(sandbox)) == 2, "only one viewer stays")
    ends[0].touch()
    shell.wait_for_text("✓ one.py")
    ends[1].touch()
    shell.wait_for_text("✓ two.py")
    shell.wait_for(at_prompt, "the prompt is back")
    assert len([line for line in shell.all if "✓" in line]) == 2
    for end in ends:
        told = [line for line in shell.all if line.startswith(f"{end.name} ")]
        assert told == [f"{end.name} {10 * k + 5} of the program" for k in range(len(told))]


def test_a_program_in_the_background_draws_nothing(sandbox, shell):
    path = sandbox.file("build.py", LOOP.format(n=25, pause=0.05))
    shell.type(f"python {path} >/dev/null & sleep 2.5\n")
    shell.wait_for(at_prompt, "the prompt is back")
    shell.type("\n")
    shell.read(0.5)
    assert "━" not in "".join(shell.all)
    assert "✓" not in "".join(shell.all)


def test_a_password_freezes_what_is_drawn(sandbox, shell):
    code = """
import getpass
with headway.operation("Login") as op:
    stage = op.stage("work", total=10); stage.start(); stage.advance(3)
    sys.stdin.readline(); getpass.getpass(); stage.advance(4); sys.stdin.readline()
"""
    shell.type(f"python {sandbox.file('login.py', code)}\n")
    shell.wait_for_text("3/10")
    shell.type("\n")
    shell.wait_for_text("Password:")
    frozen = [line for line in shell.lines if "3/10" in line]
    assert frozen
    shell.read(1.2)
    assert [line for line in shell.lines if "3/10" in line] == frozen
    shell.type("secret\n")
    shell.wait_for_text("7/10")
    shell.type("\n")
    shell.wait_for(at_prompt, "the prompt is back")


def test_a_full_screen_program_is_left_alone(sandbox, shell):
    code = """
import subprocess
with headway.operation("Edit") as op:
    stage = op.stage("work", total=10); stage.start(); stage.advance(3)
    sys.stdin.readline()
    subprocess.run([sys.executable, "-c", "import sys, tty; tty.setraw(0);"
        "sys.stdout.write('\\\\x1b[2J\\\\x1b[24;1HBOTTOM'); sys.stdout.flush(); sys.stdin.read(1)"])
    subprocess.run(["stty", "sane"])
    sys.stdin.readline()
"""
    shell.type(f"python {sandbox.file('edit.py', code)}\n")
    shell.wait_for_text("3/10")
    shell.type("\n")
    shell.wait_for(lambda lines: lines[-1] == "BOTTOM", "the other program's screen")
    shell.read(0.7)
    assert shell.lines[-1] == "BOTTOM"
    assert not shell.screen.margins
    shell.type("q")
    shell.wait_for_text("3/10")
    shell.type("\n")
    shell.wait_for(at_prompt, "the prompt is back")


RELAY = """
import os, pty, select, sys, tty
tty.setraw(0)
pid, master = pty.fork()
if pid == 0:
    print("line within", flush=True)
    sys.stdin.readline()
    os._exit(0)
while True:
    ready = select.select([0, master], [], [])[0]
    try:
        data = os.read(ready[0], 1000)
    except OSError:
        break
    os.write(master if ready[0] == 0 else 1, data)
"""


def test_what_relays_its_terminal_to_a_pty_of_its_own_is_drawn_below(sandbox, shell):
    code = f"""
import subprocess
with headway.operation("Install") as op:
    stage = op.stage("work", total=10); stage.start(); stage.advance(3)
    sys.stdin.readline()
    relay = subprocess.Popen([sys.executable, "-c", {RELAY!r}])
    while relay.poll() is None:
        time.sleep(0.2)
        stage.update(done=7)
    subprocess.run(["stty", "sane"])
    sys.stdin.readline()
"""
    shell.type(f"python {sandbox.file('install.py', code)}\n")
    shell.wait_for_text("3/10")
    shell.type("\n")
    shell.wait_for(lambda lines: "line within" in "\n".join(lines), "a line within")
    shell.wait_for(lambda lines: "7/10" in lines[-1] + lines[-2], "the picture below it")
    assert "3/10" not in "\n".join(shell.lines)
    shell.type("\r")
    shell.wait_for_text("7/10")
    shell.type("\n")
    shell.wait_for(at_prompt, "the prompt is back")


def test_a_terminal_that_is_resized_is_drawn_anew(shell, end):
    shell.wait_for(has_bar, "a bar")
    shell.resize(100, 30)
    shell.wait_for(lambda lines: lines[-1].startswith("build.py: Compile ━"), "a bar at the bottom")
    assert len([line for line in shell.all if "━" in line]) == 1
    end.touch()
    shell.wait_for(at_prompt, "the prompt is back")


def test_very_small_terminals_get_no_rows_taken(sandbox):
    shell = sandbox.terminal(columns=30, rows=3)
    run(sandbox, shell, 60)
    shell.wait_for_text("✓ build.py")
    assert "━" not in "".join(shell.all)


def logged(sandbox, code, **environ):
    """What a program prints to standard error in CI; it waits at its `sys.stdin.read()`."""
    process = sandbox.program(code, environ={"CI": "true", **environ}, stdin=subprocess.PIPE)
    until(lambda: sandbox.serving() and sandbox.ask("status")["viewers"], "what writes its log")
    return let_go(process)[1]


@pytest.mark.oldest
def test_a_log_of_ci_gets_plain_lines_from_the_program_itself(sandbox):
    err = logged(sandbox, "for i in headway.track(range(3), 'Compile'): sys.stdin.read()")
    assert "Compile" in err
    assert "completed" in err
    assert "\x1b" not in err


@pytest.mark.starts_broker
def test_a_ci_job_has_a_table_of_its_stages_and_an_annotation_of_what_failed(sandbox, tmp_path):
    table = tmp_path / "summary.md"
    environ = {"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": str(table)}
    code = """
with headway.operation("deploy") as op:
    with op.stage("Build"): sys.stdin.read()
    with op.stage("Upload") as upload: upload.fail("no route to host")
    op.fail("no route to host")
"""
    complaint = logged(sandbox, code, **environ)
    assert "::error title=deploy failed::in Upload" in complaint
    assert "no route to host" in complaint
    assert "all of it" in table.read_text()  # the step is over with the program
    assert "**deploy** failed" in table.read_text()
    assert "| Build |" in table.read_text()


def test_a_program_that_is_asked_for_it_writes_json_lines_about_itself(sandbox):
    other = sandbox.program("with headway.operation('other'): signal.pause()")
    until(sandbox.operations, "the other one is known")
    process = sandbox.program(
        COUNTED,
        environ={"HEADWAY_DISPLAY": "json"},
    )
    lines = [json.loads(line) for line in process.communicate(timeout=30)[1].splitlines()]
    told = [line["operation"] for line in lines if line["type"] == "operation"]
    assert {operation["pid"] for operation in told} == {process.pid}
    assert told[-1]["state"] == "completed"
    assert other.poll() is None


def test_hostile_names_reach_the_terminal_as_text(sandbox):
    code = """
evil = "\\x1b[2J\\x1b]0;title\\x07\\u202e\\x9b31m[bold]\\nnext"
with headway.operation(evil) as op:
    with op.stage(evil, total=10) as stage:
        stage.update(done=3, detail=evil); op.log(evil); signal.pause()
"""
    sandbox.program(code)
    until(sandbox.operations, "it is known")
    terminal = sandbox.terminal(*HEADWAY, "view")
    terminal.wait_for_text("␛[2J␛]0;title␇")
    assert b"\x1b[2J" not in terminal.written
    assert b"\x1b]0;" not in terminal.written
    assert "\u202e".encode() not in terminal.written
    assert "[bold]" in "".join(terminal.lines)


POOL = """
import multiprocessing
def work(n):
    for i in headway.track(range(50), "rows"): time.sleep(.02)
if __name__ == "__main__":
    with multiprocessing.get_context({method!r}).Pool(2) as pool:
        pool.map(work, range(8), chunksize=1)
        pool.close()
        pool.join()
"""


@pytest.mark.oldest
@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_a_pool_leaves_one_receipt(sandbox, shell, method):
    shell.type(f"python {sandbox.file('pool.py', POOL.format(method=method))}\n")
    shell.wait_for(lambda lines: "━" in "".join(lines), "a bar", 40)
    shell.wait_for(at_prompt, "the prompt is back", 60)
    [receipt] = [line for line in shell.all if line.startswith("✓")]
    assert receipt.startswith("✓ pool.py: rows, 2 workers  400 in ")


def test_a_loop_that_is_to_leave_nothing_leaves_nothing(sandbox, shell):
    code = LOOP.format(n=90, pause=0.05).replace('"Compile"', '"Compile", leave=False')
    shell.type(f"python {sandbox.file('build.py', code)}\n")
    shell.wait_for(has_bar, "a bar")
    shell.wait_for(at_prompt, "the prompt is back")
    assert not any("build.py: Compile" in line for line in shell.all)
