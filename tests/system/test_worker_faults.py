"""Work beside brokers that are absent, dead, stopped or slow, full disks, unread terminals."""

import sys

import pytest

if not sys.platform.startswith("linux"):
    pytest.skip("the faults are made with what Linux has", allow_module_level=True)

from benches.areas.faults import CONDITIONS, run_both

ITEMS = 300


@pytest.mark.slow
@pytest.mark.parametrize("name", CONDITIONS)
def test_the_work_takes_no_longer_and_nothing_is_printed(name):
    # In one of three turns: what else the machine does lengthens single ones, a fault all of them.
    # `scripts/bench harm` measures it.
    for _ in range(3):
        ours, theirs = run_both(CONDITIONS[name], ITEMS, 0, off_first=True)
        assert ours["status"] == theirs["status"] == 0
        assert ours["printed"] == 0
        no_longer = ours["seconds"] < 3 * theirs["seconds"] + 0.5
        if no_longer and ours["exit"] < theirs["exit"] + 1.5:
            break
    else:
        pytest.fail(f"with Headway {ours}, without it {theirs}")
    assert ours["peak"] < theirs["peak"] + 40e6
