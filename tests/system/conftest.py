"""What system tests run on: a machine of their own, in one of three ways, gone after the test.

`machine` has nobody who reports there start a broker, unless the test is marked with
`starts_broker`; `listener` listens in a broker's place. On a `host` the test starts brokers and
speaks to them raw. In a `sandbox` Headway is used as people use it: commands and terminals.
"""

from __future__ import annotations

import pytest
from brokers import Host
from listener import Listener
from machine import Machine
from sandbox import Sandbox


@pytest.fixture
def machine(request):
    starts = request.node.get_closest_marker("starts_broker")
    machine = Machine() if starts else Machine(HEADWAY_BROKER="never")
    yield machine
    machine.close()


@pytest.fixture
def listener(machine):
    with Listener(machine.directory) as listener:
        yield listener


@pytest.fixture
def host():
    host = Host()
    yield host
    host.close()


@pytest.fixture
def sandbox():
    sandbox = Sandbox()
    yield sandbox
    sandbox.close()


@pytest.fixture
def shell(sandbox):
    """A shell at its prompt."""
    shell = sandbox.terminal()
    shell.wait_for(lambda lines: lines[0] == "$", "a prompt")
    return shell
