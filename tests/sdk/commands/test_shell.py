import re
import shutil
import subprocess

import pexpect
import pytest
from machine import until

from headway.commands import shell

SHELLS = [name for name in ("bash", "zsh", "fish") if shutil.which(name)]
# Plays `headway`: `pipe` keeps what it reads, anything else fails.
FAKE = """#!/bin/sh
if [ "$1" = shell ]; then shift; echo "$@" "$(cat)" >> "$HW_KEPT"; exit; fi
if [ "$1" = pipe ]; then echo "$@" >> "$HW_KEPT"; exec cat >> "$HW_KEPT"; fi
echo "$PWD: $@" >> "$HW_KEPT"; exit 3
"""


@pytest.fixture
def run(tmp_path):
    """Run a script with the functions of a shell: its status, what was kept, what it printed."""
    (tmp_path / "bin").mkdir()
    program = tmp_path / "bin" / "headway"
    program.write_text(FAKE)
    program.chmod(0o755)
    kept = tmp_path / "kept"

    def run(name, script):
        kept.write_text("")
        made = tmp_path / "script"
        made.write_text(shell.functions(name) + script)
        done = subprocess.run(
            [name, str(made)],
            env={"PATH": f"{tmp_path}/bin:/usr/bin:/bin", "HW_KEPT": str(kept)},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=50,
            check=False,
        )
        lines = re.sub(r"--pace \S+ ", "", kept.read_text()).splitlines()
        return done.returncode, lines, done.stdout + done.stderr

    return run


@pytest.mark.parametrize("name", SHELLS)
def test_a_script_reports_by_lines_to_one_process(run, name):
    script = """
hw_begin "nightly backup"
hw_plan Copy, Verify
hw_stage Copy total=3 unit=files
hw_advance; hw_advance; hw_advance
hw_detail "it's a * file"
hw_percent 50
hw_end
"""
    status, kept, printed = run(name, script)
    assert (status, printed) == (0, "")
    counted = [int(line.split()[1]) for line in kept if line.startswith("advance")]
    assert sum(counted) == 3  # added up, as far as they come together
    kept = [line for line in kept if not line.startswith("advance")]
    assert kept == [
        "pipe --needs-end --functions --name nightly backup",
        "plan Copy, Verify",
        "stage Copy total=3 unit=files",
        "detail it's a * file",
        "50%",
        "complete",
    ]


@pytest.mark.parametrize("name", SHELLS)
def test_a_step_that_is_no_count_ends_no_loop(run, name):
    steps = ["1.5", "08", "'3 files'", "-2", "''"]
    script = "".join(f"hw_advance {step}\n" for step in steps)
    status, kept, printed = run(name, f"{script}hw_end\necho went on\n")
    assert (status, printed) == (0, "went on\n")
    told = [line.split(maxsplit=1)[1:] or ["1"] for line in kept[1:-1]]
    assert sum(int(step) for (step,) in told if step.isdigit()) == 9
    left = [step for (step,) in told if not step.isdigit()]
    assert left == ["1.5", "3 files", "-2"]


@pytest.mark.parametrize("name", SHELLS)
def test_of_counts_that_come_together_the_last_is_told_and_what_is_added_to_it(run, name):
    turn = "hw_advance 7; hw_done 3; hw_done 4; hw_advance; hw_advance 2\n"
    _, kept, _ = run(name, f"hw_stage One\nhw_advance\n{turn}hw_end\n")
    done = 0
    for line in kept[2:-1]:
        word, number = line.split()
        done = int(number) + (done if word == "advance" else 0)
    assert done == 7
    _, kept, _ = run(name, "hw_percent 20; hw_advance; hw_percent 50; hw_end\n")
    assert kept[-2:] == ["50%", "complete"]


@pytest.mark.parametrize("name", SHELLS)
def test_a_text_of_several_lines_says_nothing_else(run, name):
    text = '"$(printf "a\\ncomplete")"' if name != "fish" else "a\\ncomplete"
    script = f"hw_stage {text} total=3\nhw_detail {text}\nhw_log {text}\nhw_fail {text}\n"
    if name != "fish":
        script = "IFS=,\n" + script
    _, kept, printed = run(name, script)
    assert printed == ""
    assert kept[1:] == [
        "stage a complete total=3",
        "detail a complete",
        "log a",
        "log complete",
        "fail a complete",
    ]


@pytest.mark.parametrize("name", SHELLS)
def test_names_without_a_comma_are_stages_each(run, name):
    _, kept, _ = run(name, "hw_plan 'Copy files' Verify\nhw_plan Copy files, Verify\nhw_end\n")
    told = [[part.strip() for part in line[5:].split(",")] for line in kept[1:3]]
    assert told == [["Copy files", "Verify"]] * 2


@pytest.mark.parametrize("name", [name for name in SHELLS if name != "fish"])
def test_a_script_that_ends_at_errors_does_not_end_at_ours(run, name):
    script = "set -eu\nhw_begin\nhw_stage\nhw_advance\n"
    script += 'kill -9 "$_hw_reader"; wait "$_hw_reader" 2>/dev/null || :\n'
    script += "hw_advance; hw_done; hw_end\nheadway || echo went on\n"
    status, _, printed = run(name, script)
    assert status == 0
    assert "went on\n" in printed


@pytest.mark.parametrize("name", SHELLS)
@pytest.mark.parametrize(
    ("ending", "status", "said"),
    [
        ("exit 0", 0, "complete"),
        ("exit 4", 4, "fail exit status 4"),
        ("hw_fail bad", 0, "fail bad"),
    ],
)
def test_the_end_of_the_script_ends_the_operation(run, name, ending, status, said):
    found, kept, _ = run(name, f"hw_stage One\n{ending}\n")
    assert found == status
    assert kept[0] == "pipe --needs-end --functions --name script"
    assert kept[-1] == said


@pytest.mark.parametrize("name", SHELLS)
def test_what_comes_after_the_end_begins_nothing_and_is_complained_of_once(run, name):
    late = "hw_advance; hw_advance 2; hw_done 3; hw_percent 50; hw_fail again; hw_end\n"
    status, kept, printed = run(name, f"hw_stage One\nhw_fail bad\n{late}echo went on\n")
    assert status == 0
    assert kept[1:] == ["stage One", "fail bad"]
    complaint = "headway: 'advance' after the end tells nobody; hw_begin begins another operation"
    assert printed == f"went on\n{complaint}\n"
    for another in ("hw_begin Two", "hw_stage Two"):
        _, kept, printed = run(name, f"hw_stage One\nhw_end\n{late}{another}\nhw_advance 7\n")
        assert [line.split()[-1] for line in kept if "advance" in line] == ["7"]
        assert sum("pipe" in line for line in kept) == 2
        assert kept[-1] == "complete"


@pytest.mark.parametrize("name", SHELLS)
@pytest.mark.parametrize("late", ["detail step:plan b", "log x:stage", "wait plan c"])
def test_a_text_after_the_end_begins_nothing_whatever_is_in_it(run, name, late):
    verb, _, text = late.partition(" ")
    _, kept, printed = run(name, f"hw_stage One\nhw_end\nhw_{verb} '{text}'\n")
    assert kept[1:] == ["stage One", "complete"]
    assert f"'{verb}' after the end tells nobody" in printed


@pytest.mark.parametrize("name", SHELLS)
def test_a_reader_that_is_gone_does_not_end_the_script(run, name):
    script = 'hw_stage One\nkill -9 "$_hw_reader"; wait "$_hw_reader" 2>/dev/null\n'
    script += "hw_advance; hw_advance; hw_advance\nhw_end\necho went on\n"
    status, _, printed = run(name, script)
    assert status == 0
    assert "went on" in printed


@pytest.mark.parametrize("name", SHELLS)
def test_the_last_run_that_failed_is_run_again_where_it_was(run, name, tmp_path):
    (tmp_path / "two words").mkdir()
    script = """
hw_retry 2>&1 || echo none
cd "two words"; headway run -- make "a b"; cd ..
headway ps
hw_retry; echo STATUS
headway ps
""".replace("STATUS", "$status" if name == "fish" else "$?")
    _, kept, printed = run(name, script)
    folder = tmp_path / "two words"
    assert kept == [
        f"{folder}: run -- make a b",
        f"{tmp_path}: ps",
        f"{folder}: run -- make a b",
        f"{tmp_path}: ps",
    ]
    assert printed.splitlines() == [
        "hw_retry: no headway run of this shell has failed since headway shell was read",
        "none",
        "3",
    ]


BARE = {
    "bash": ["--norc", "--noprofile", "-i"],
    "zsh": ["-f", "-i"],
    "fish": ["--no-config", "-i"],
}


@pytest.mark.parametrize("name", SHELLS)
def test_the_prompt_notes_what_took_long_and_was_not_hidden(run, name, tmp_path):
    run(name, "true")  # makes the fake command
    kept = tmp_path / "kept"
    hook = tmp_path / "hook"
    hook.write_text(shell.functions(name) + shell.prompt_hook(name, 2))
    child = pexpect.spawn(
        shutil.which(name),
        BARE[name],
        env={
            "PATH": f"{tmp_path}/bin:/usr/bin:/bin",
            "HW_KEPT": str(kept),
            "HOME": str(tmp_path),
            "TERM": "dumb",
            "HISTCONTROL": "ignoreboth",
        },
        timeout=30,
    )
    again = "sleep 3; echo at'5'; sh -c 'exit 4'"
    try:
        for line, shown in (
            (f"source {hook}; echo 'at'0", "at0"),
            ("sleep 0.1; echo 'at'1", "at1"),
            (" sleep 3; echo 'at'2", "at2"),  # hidden: it begins with a space
            ("vim --version; sleep 3; echo 'at'3", "at3"),
            (again, "at5"),
            (again, "at5"),  # which a history without duplicates does not take
        ):
            child.sendline(line)
            child.expect(f"{shown}\r")
        until(lambda: kept.read_text().count("\n") == 3, "the notes")
        child.sendline("echo 'at'9")
        child.expect("at9\r")
    finally:
        child.close(force=True)
    noted = sorted(
        re.sub(r"^note [34](\.\d+)? ", "", line) for line in kept.read_text().splitlines()
    )
    assert noted == ["0 vim --version; sleep 3; echo 'at'3", f"4 {again}", f"4 {again}"]


def test_another_shell_is_refused_with_what_there_is(capsys):
    assert shell.main(["tcsh"]) == 2
    said = capsys.readouterr().err
    assert said.startswith("headway shell: there are functions for bash, zsh and fish")
    assert shell.main(["--help"]) == 0
