"""A machine without a broker, and somebody who listens in its place; test files may have others."""

from __future__ import annotations

import pytest
from listener import Listener
from machine import Machine


@pytest.fixture
def machine():
    machine = Machine(HEADWAY_BROKER="never")
    yield machine
    machine.close()


@pytest.fixture
def listener(machine):
    with Listener(machine.directory) as listener:
        yield listener
