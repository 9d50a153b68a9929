"""Loops that the cells of a real IPython leave."""

import pytest

pytest.importorskip("IPython")

CELLS = """
import headway, sys
from headway.reporting.reporter import reporter
def told():
    for entry in reporter().publisher.operations.values():
        for stage in entry.model.stages.values():
            print("@", stage.name, stage.state, stage.reason, stage.error)

for x in headway.track(range(9), "broken"):
    if x == 3: break

for x in headway.track(range(9), "raised"):
    if x == 3: raise ValueError("no disk")

for x in headway.track(range(9), "interrupted"):
    if x == 3: raise KeyboardInterrupt

told()
"""


def test_the_end_of_a_cell_judges_the_loops_that_it_left(machine):
    options = ["--simple-prompt", "--no-banner", "--colors=NoColor"]
    home = {"HOME": machine.folder, "IPYTHONDIR": machine.path("ipython")}
    shell = machine.python("-m", "IPython", *options, stdin=-1, environ=home)
    out, _ = shell.communicate(CELLS, timeout=50)
    assert [line.partition("@ ")[2] for line in out.splitlines() if "@ " in line] == [
        "broken completed stopped at 3 of 9 None",
        "raised failed None no disk",
        "interrupted cancelled stopped at 3 of 9 None",
    ]
