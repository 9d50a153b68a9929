"""Work beside brokers that are absent, dead, stopped or slow, full disks, unread terminals."""

import sys

import pytest

if not sys.platform.startswith("linux"):
    pytest.skip("the faults are made with what Linux has", allow_module_level=True)

from benches.areas.faults import CONDITIONS, run_under

ITEMS = 300


@pytest.mark.slow
@pytest.mark.parametrize("name", CONDITIONS)
def test_the_work_takes_no_longer_and_nothing_is_printed(name):
    # Generous, for machines that do other things as well; `scripts/bench harm` measures it.
    ours = run_under(CONDITIONS[name], ITEMS, off=False)
    theirs = run_under(CONDITIONS[name], ITEMS, off=True)
    assert ours["status"] == theirs["status"] == 0
    assert ours["printed"] == 0
    assert ours["seconds"] < 3 * theirs["seconds"] + 0.5
    assert ours["exit"] < theirs["exit"] + 1.5
    assert ours["peak"] < theirs["peak"] + 40e6
