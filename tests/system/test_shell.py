"""`headway shell` and `headway pv` in scripts, reporting to a real broker or a test's listener."""

from __future__ import annotations

import hashlib
import subprocess
import sys

import pytest
from machine import HEADWAY, until

pytestmark = pytest.mark.once

PV = [
    sys.executable,
    "-c",
    "import sys; from headway.run.commands.meter import main; sys.exit(main(sys.argv[1:]))",
]


@pytest.mark.oldest
def test_pv_passes_every_byte_and_counts_them(machine, listener, tmp_path):
    data = bytes(range(256)) * 40_000
    (tmp_path / "in").write_bytes(data)
    with open(tmp_path / "in", "rb") as file:
        process = machine.spawn(*PV, "--name", "pack", stdin=file, text=False)
        out, err = process.communicate(timeout=50)
    assert (process.returncode, err) == (0, b"")
    assert hashlib.sha256(out).digest() == hashlib.sha256(data).digest()
    operation = listener.ended("pack")
    (stage,) = operation.stages.values()
    assert (stage.done, stage.total, stage.unit) == (len(data), len(data), "B")
    assert operation.state == "completed"


def test_pv_whose_reader_leaves_dies_of_it_as_cat_does(machine, listener):
    process = machine.spawn(*PV, "--name", "cut", stdin=subprocess.PIPE, text=False)
    process.stdout.close()
    process.stdin.write(b"x" * 10)
    process.stdin.close()
    assert process.wait(50) == -13
    assert listener.ended("cut").state == "cancelled"
    process.stderr.close()
    process.stdin = process.stdout = process.stderr = None


@pytest.mark.parametrize("arguments", [["--size", "much"], ["--what"], ["--name"]])
def test_pv_refuses_what_makes_no_sense(machine, arguments):
    done = machine.headway("pv", *arguments)
    assert done.returncode == 2
    assert "see `headway pv --help`" in done.stderr


@pytest.mark.oldest
@pytest.mark.starts_broker
def test_a_script_is_an_operation_and_one_that_is_killed_has_failed(sandbox):
    functions = sandbox.headway("shell", "bash").stdout
    script = f"{functions}\nhw_begin nightly\nhw_stage Copy total=3\nhw_advance 2\nread line\n"
    process = sandbox.spawn("bash", "-c", script, stdin=subprocess.PIPE)

    def reported():
        return next((one for one in sandbox.operations() if one["name"] == "nightly"), None)

    until(lambda: reported() and reported()["stages"] and reported()["stages"][0]["done"] == 2)
    process.kill()
    until(lambda: reported()["state"] == "failed")
    assert reported()["error"] == "the script ended without saying how"


@pytest.mark.starts_broker
def test_a_noted_command_is_an_operation_with_its_duration_and_outcome(sandbox):
    for status in ("3", "0"):
        done = subprocess.run(
            [*HEADWAY, "shell", "note", "12", status],
            env=sandbox.environ,
            input="make --password=secret all\n",
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert (done.returncode, done.stdout) == (0, "")
    until(lambda: len(sandbox.operations()) == 2, "the commands")
    failed, completed = sorted(sandbox.operations(), key=lambda one: one["state"], reverse=True)
    assert (failed["state"], completed["state"]) == ("failed", "completed")
    assert failed["exit_status"] == 3
    assert 12 <= failed["elapsed"] < 60
    assert failed["name"].startswith("make")
    assert "secret" not in failed["name"]
    assert failed["key"] == completed["key"]


def test_help_of_a_command_is_its_own_help(machine):
    assert machine.headway("help", "pv").stdout == machine.headway("pv", "--help").stdout
    done = subprocess.run([*HEADWAY, "help"], env=machine.environ, capture_output=True, check=False)
    assert b"headway help COMMAND" in done.stdout
