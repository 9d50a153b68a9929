"""A process's reporting at a clock of its own, unsent; test files may have others."""

from __future__ import annotations

import pytest

from headway.testing import ManualClock, reporting


@pytest.fixture
def clock():
    return ManualClock(100.0)


@pytest.fixture
def reporter(clock):
    with reporting(clock) as reporter:
        yield reporter
