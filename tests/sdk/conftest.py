"""A process's reporting at a clock of its own, unsent; test files may have others."""

from __future__ import annotations

import multiprocessing.process

import pytest

from headway.protocol import messages
from headway.testing import ManualClock, MemoryConnection, reporting


@pytest.fixture
def clock():
    return ManualClock(100.0)


@pytest.fixture
def reporter(clock):
    with reporting(clock) as reporter:
        yield reporter


@pytest.fixture
def link(reporter):
    """Carries what is to be sent to a broker that does no more than welcome it."""

    def broker(message, now):
        if type(message) is messages.Hello:
            yield messages.Welcome(1, messages.MINOR, "i", now, now, "ipc:///f", True)

    return MemoryConnection(reporter, broker)


@pytest.fixture
def lines(link):
    """What is sent of the printed lines, when it is called: (operation, stage, lines)."""

    def sent():
        return [tuple(message) for message in link.carry() if type(message) is messages.Log]

    return sent


@pytest.fixture
def process_config():
    """What multiprocessing hands to the processes that this one starts."""
    return multiprocessing.process.current_process()._config
