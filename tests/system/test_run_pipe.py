"""`headway pipe` in shell scripts."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from machine import until

from headway.protocol import messages

pytestmark = pytest.mark.once

CODE = "import sys; from headway.commands.pipe import main; sys.exit(main(sys.argv[1:]))"
PIPE = f"{sys.executable} -c '{CODE}'"


def start(machine, script):
    process = subprocess.Popen(
        ["bash", "-c", script],
        env=machine.environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    machine.processes.append(process)
    return process


@pytest.mark.oldest
def test_a_script_reports_stages(machine, listener):
    lines = "stage Copy total=3 unit=files|advance|advance|advance|stage Verify|50%|100%"
    process = start(machine, f"echo '{lines}' | tr '|' '\\n' | {PIPE} --name Backup")
    assert (process.communicate(timeout=20), process.returncode) == (("", ""), 0)
    operation = listener.ended("Backup")
    copy, verify = operation.stages.values()
    assert (copy.done, copy.total, copy.unit, copy.state) == (3, 3, "files", "completed")
    assert (verify.done, verify.total, verify.state) == (100, 100, "completed")
    assert operation.state == "completed"


def test_a_script_that_stops_half_way_has_failed(machine, listener):
    process = start(machine, f"printf 'stage a total=3\\noops\\nadvance\\n' | {PIPE} --name Half")
    _, err = process.communicate(timeout=20)
    assert process.returncode == 1
    assert err == (
        "headway pipe: line 2: unknown word 'oops'\n"
        "headway pipe: Half failed: the input ended at 1 of 3\n"
    )
    # What it has left in a file is without the error, and may be read first.
    until(lambda: listener.ended("Half").error == "the input ended at 1 of 3")


def test_it_can_be_cancelled(machine, listener):
    process = start(machine, f"(echo stage Copy; sleep 30) | {PIPE} --name Long")
    operation = until(lambda: listener.named("Long"))
    listener.send(operation, messages.Cancel(1, operation.id, "enough", False))
    assert listener.ended("Long").state == "cancelled"
    assert operation.reason == "enough"
    os.killpg(process.pid, 9)
    process.communicate()


def test_the_exit_status_that_a_script_tells_is_the_operations(machine, listener):
    process = start(machine, f"echo fail exit status 7 | {PIPE} --name Told")
    process.communicate(timeout=20)
    assert (process.returncode, listener.ended("Told").exit_status) == (1, 7)


@pytest.mark.oldest
def test_it_is_the_command_line_of_tqdm(machine, listener):
    script = f"seq 9 | {PIPE} --tqdm --total 9 --desc Count --unit lines"
    process = start(machine, script)
    out, err = process.communicate(timeout=20)
    assert (process.returncode, out) == (0, "".join(f"{n}\n" for n in range(1, 10)))
    assert "Count: 100%" in err
    operation = listener.ended("tqdm: Count")
    (stage,) = operation.stages.values()
    assert (operation.state, stage.done, stage.total, stage.unit) == ("completed", 9, 9, "lines")


def test_an_option_that_tqdm_does_not_know_passes_the_lines_on_and_fails_as_tqdm_does(machine):
    process = start(machine, f"seq 2 | {PIPE} --tqdm --bogus 3")
    out, err = process.communicate(timeout=20)
    assert (process.returncode, out) == (1, "1\n2\n")
    assert "bogus" in err


def test_a_line_of_a_shells_function_is_told_by_the_name_of_the_function(machine):
    lines = "advance foo|bar%|total|oops 3|complete"
    process = start(machine, f"echo '{lines}' | tr '|' '\\n' | {PIPE} --functions --name X")
    assert process.communicate(timeout=30)[1].splitlines() == [
        "headway shell: hw_advance: 'foo' is no number",
        "headway shell: hw_percent: 'bar' is no number",
        "headway shell: hw_total: '' is no number",
        "headway shell: hw_oops: unknown word 'oops'",
    ]
    assert process.returncode == 0
