"""A program whose user may have few threads: reporting takes none that are not there."""

from __future__ import annotations

import sys

import pytest
from scarce import needs_a_stranger, processes

pytestmark = pytest.mark.starts_broker

PROGRAM = """
import time, headway
for item in headway.track([1, 2, 3], "count"):
    time.sleep(0.4)
print("done")
"""


@needs_a_stranger
@pytest.mark.parametrize(("count", "answer"), [(4, "True"), (64, "False")])
def test_what_threads_can_be_had_is_told(machine, count, answer):
    code = f"from headway.host import threads; print(threads.can_start({count}))"
    process = machine.spawn(*processes(machine, 10), sys.executable, "-c", code)
    assert machine.finish(process) == (0, f"{answer}\n", "")


@needs_a_stranger
@pytest.mark.parametrize("limit", range(1, 15))
def test_however_few_threads_its_user_may_have_a_program_runs_to_its_end(machine, limit):
    process = machine.spawn(*processes(machine, limit), sys.executable, "-c", PROGRAM)
    assert machine.finish(process) == (0, "done\n", "")
