import shutil
import subprocess

import pytest

from headway.commands import shell

SHELLS = [name for name in ("bash", "zsh") if shutil.which(name)]
# Plays `headway`: `pipe` keeps what it reads, anything else fails.
FAKE = """#!/bin/sh
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
        return done.returncode, kept.read_text().splitlines(), done.stdout + done.stderr

    return run


@pytest.mark.parametrize("name", SHELLS)
def test_a_script_reports_by_lines_to_one_process(run, name):
    script = """
hw_begin "nightly backup"
hw_plan Copy, Verify
hw_stage Copy total=3 unit=files
for f in a b c; do hw_advance; done
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
        "pipe --needs-end --name nightly backup",
        "plan Copy, Verify",
        "stage Copy total=3 unit=files",
        "detail it's a * file",
        "50%",
        "complete",
    ]


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
    assert kept[0] == "pipe --needs-end --name script"
    assert kept[-1] == said


@pytest.mark.parametrize("name", SHELLS)
def test_a_reader_that_is_gone_does_not_end_the_script(run, name):
    script = 'hw_stage One\nkill -9 "$_hw_reader"; wait "$_hw_reader" 2>/dev/null\n'
    script += "for n in 1 2 3; do hw_advance; done\nhw_end\necho went on\n"
    status, _, printed = run(name, script)
    assert status == 0
    assert "went on" in printed


@pytest.mark.parametrize("name", SHELLS)
def test_the_last_run_that_failed_is_run_again_where_it_was(run, name, tmp_path):
    (tmp_path / "two words").mkdir()
    script = """
hw_retry || echo none
cd "two words"; headway run -- make "a b"; cd ..
headway ps
hw_retry; echo $? "${PWD##*/}"
"""
    _, kept, printed = run(name, script)
    folder = tmp_path / "two words"
    assert kept == [
        f"{folder}: run -- make a b",
        f"{tmp_path}: ps",
        f"{folder}: run -- make a b",
    ]
    assert printed.splitlines() == [
        "none",
        f"3 {tmp_path.name}",
        "hw_retry: no headway run of this shell has failed",
    ]


def test_another_shell_is_refused_with_what_there_is(capsys):
    assert shell.main(["tcsh"]) == 2
    assert capsys.readouterr().err.startswith("headway shell: there are functions for bash and zsh")
    assert shell.main(["--help"]) == 0
