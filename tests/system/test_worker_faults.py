"""Work beside brokers that are absent, dead, stopped or slow, full disks, unread terminals."""

import sys

import pytest

if not sys.platform.startswith("linux"):
    pytest.skip("the conditions are made with Linux's means", allow_module_level=True)

from benches.areas.faults import CONDITIONS, toil

ITEMS = 300


@pytest.mark.slow
@pytest.mark.parametrize("name", CONDITIONS)
def test_the_work_takes_no_longer_and_nothing_is_printed(name):
    # Generous, for machines that do other things as well; `scripts/bench harm` measures it.
    ours = toil(CONDITIONS[name], ITEMS, off=False)
    theirs = toil(CONDITIONS[name], ITEMS, off=True)
    assert ours["status"] == theirs["status"] == 0
    assert ours["printed"] == 0
    assert ours["seconds"] < 3 * theirs["seconds"] + 0.5
    assert ours["exit"] < theirs["exit"] + 1.5
    assert ours["held"] < theirs["held"] + 40e6
