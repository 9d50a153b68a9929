"""One terminal with many programs and `headway view`: one picture, whole output, the modes."""

from __future__ import annotations

import contextlib

import psutil
import pytest
from machine import killed, until

pytestmark = pytest.mark.once

JOB = "for i in $(seq 1 $2); do echo $1 line $i; sleep .3; done\n"
LOOP = "for i in headway.track(range({n}), {name!r}): time.sleep(.04)\n"


def job(sandbox, name, lines):
    """The words that run a job of so many lines in the background."""
    script = sandbox.file(f"{name}.sh", "")
    with open(script, "w") as file:
        file.write(JOB)
    return f"headway run --name {name} -- bash {script} {name} {lines} &"


def is_viewing(lines):
    return any(line.startswith("headway  ") for line in lines)


def view_pid(sandbox):
    """The pid of the `headway view` that draws (its watchdog has it as a parent)."""
    views = []
    for process in sandbox.left():
        with contextlib.suppress(psutil.NoSuchProcess):  # a job has ended meanwhile
            words = process.cmdline()
            if words[-1:] == ["view"] and "headway" in "".join(words):
                views.append(process.pid)
    return min(views)


def echo_of(shell):
    shell.type("stty -a | grep -o '.echo '; echo asked\n")
    shell.wait_for(lambda lines: "asked" in lines, "the modes")
    return "-echo" not in "".join(shell.lines)


def test_the_output_of_background_jobs_stands_whole_above_the_picture(sandbox, shell):
    jobs = " ".join(job(sandbox, name, lines) for name, lines in (("a", 8), ("b", 12), ("c", 10)))
    shell.type(f"{jobs} headway view --until-done; echo status=$?\n")
    shell.wait_for(
        lambda lines: any(line.startswith("headway  ") for line in lines[-8:]), "a picture"
    )
    shell.wait_for(lambda lines: "status=0" in lines, "the end")
    for name, count in (("a", 8), ("b", 12), ("c", 10)):
        told = [line for line in shell.all if line.startswith(f"{name} line")]
        assert told == [f"{name} line {number}" for number in range(1, count + 1)]
    assert not any("running" in line for line in shell.all)
    assert len([line for line in shell.all if line.startswith("✓")]) == 3
    assert not shell.screen.margins
    assert echo_of(shell)


def test_a_failed_job_of_this_session_is_the_exit_status(sandbox, shell):
    sandbox.held("elsewhere")  # goes on, in no session of this terminal
    shell.type("headway run -- sh -c 'sleep 1; exit 3' & headway view --until-done; echo is=$?\n")
    shell.wait_for(lambda lines: "is=1" in lines, "the end")
    assert not any("elsewhere" in line for line in shell.all)


def test_a_failed_job_that_was_over_before_the_view_began_is_the_exit_status(sandbox, shell):
    sandbox.held("elsewhere")
    shell.type("headway run -- sh -c 'exit 3' & wait; headway view --until-done; echo is=$?\n")
    shell.wait_for(lambda lines: "is=1" in lines, "the end")


def test_a_job_that_never_reports_is_waited_for_by_name_until_it_ends(sandbox, shell):
    sandbox.held("elsewhere")
    shell.type("sleep 4 & headway view --until-done; echo is=$?\n")
    shell.wait_for_text("waiting for an operation of sleep to begin")
    shell.wait_for(lambda lines: "is=4" in lines, "it gives up")
    shell.wait_for_text("no operation began in this terminal")


def test_a_job_that_is_late_is_waited_for_after_another_has_ended(sandbox, shell):
    late = sandbox.file(
        "late.py", "time.sleep(3)\nwith headway.operation('late'): time.sleep(.6)\n"
    )
    shell.type(f"headway run -- true & python {late} & headway view --until-done; echo is=$?\n")
    shell.wait_for(lambda lines: "is=0" in lines, "the end")
    assert any(line.startswith("✓ late") for line in shell.all)


@pytest.mark.oldest
def test_a_view_beside_programs_that_track_draws_one_picture(sandbox, shell):
    programs = " ".join(
        f"python {sandbox.file(f'p{k}.py', LOOP.format(n=110, name=f'Part {k}'))} &"
        for k in range(4)
    )
    shell.type(f"{programs} headway view --until-done; echo status=$?\n")
    shell.wait_for(
        lambda lines: len([line for line in lines if "━" in line]) == 4 and is_viewing(lines),
        "a row for each",
    )
    shell.wait_for(lambda lines: "status=0" in lines, "the end")
    assert not any("━" in line for line in shell.all)
    assert len([line for line in shell.all if line.startswith("✓")]) == 4


def test_a_killed_view_gives_rows_cursor_and_echo_back(sandbox, shell):
    shell.type(f"{job(sandbox, 'a', 25)} headway view\n")
    shell.wait_for(is_viewing, "a picture")
    killed(view_pid(sandbox))
    shell.wait_for_text("Killed")
    shell.wait_for(lambda lines: not is_viewing(lines), "the picture is gone")
    until(lambda: shell.read(0.05) or not shell.screen.margins, "all rows scroll")
    assert not shell.screen.cursor.hidden
    assert echo_of(shell)


def test_ctrl_z_gives_the_terminal_back_and_fg_draws_above_the_prompt_again(sandbox, shell):
    shell.type(f"{job(sandbox, 'a', 40)} headway view\n")
    shell.wait_for(is_viewing, "a picture")
    shell.type("\x1a")
    shell.wait_for_text("Stopped")
    shell.wait_for(lambda lines: not is_viewing(lines), "the picture is gone")
    assert not shell.screen.margins
    assert echo_of(shell)
    shell.type("bg\n")
    shell.read(0.7)
    assert not is_viewing(shell.lines)
    shell.type("fg\n")
    shell.wait_for(is_viewing, "the picture is back")
    shell.type("\x03")
    shell.wait_for_text("detached; it goes on")


def test_a_view_and_a_program_of_one_group_share_the_terminal(sandbox, shell):
    program = sandbox.file("p.py", LOOP.format(n=100, name="Part"))
    shell.type(f"sh -c 'python {program} & headway view --until-done'; echo status=$?\n")
    shell.wait_for(lambda lines: is_viewing(lines) and "━" in "".join(lines), "a picture")
    shell.read(0.5)
    assert len([line for line in shell.lines if "━" in line]) == 1
    shell.wait_for(lambda lines: "status=0" in lines, "the end")
    assert len([line for line in shell.all if line.startswith("✓")]) == 1


def test_children_of_a_silent_parent_are_drawn_and_leave_a_receipt_each(sandbox, shell, tmp_path):
    end = tmp_path / "end"
    code = f"""
import os
for k in range(3):
    if os.fork() == 0:
        passes = iter(lambda: os.path.exists({str(end)!r}), True)
        for i in headway.track(passes, f"Part {{k}}", total=100_000): time.sleep(.04)
        os._exit(0)
for k in range(3): os.wait()
"""
    shell.type(f"python {sandbox.file('prefork.py', code)}; echo done\n")
    shell.wait_for(lambda lines: len([line for line in lines if "━" in line]) == 3, "three bars")
    end.touch()
    shell.wait_for(lambda lines: "done" in lines, "the end")
    assert len([line for line in shell.all if line.startswith("✓")]) == 3


def test_nothing_is_waited_for_once_all_jobs_have_reported(sandbox, shell):
    jobs = " ".join(job(sandbox, name, 30) for name in ("a", "b"))
    shell.type(f"{jobs} headway view --until-done\n")
    shell.wait_for(lambda lines: any("2 running" in line for line in lines), "both")
    shell.wait_for(
        lambda lines: is_viewing(lines) and "waiting for an" not in "".join(lines), "no more"
    )
