"""What the machine of a test leaves behind: nothing."""

import sys

from machine import Machine

from headway.host.launch import detached_process


def test_a_broker_that_is_just_being_started_is_gone_as_well():
    machine = Machine()
    broker = [sys.executable, "-m", "headway_broker", "run", "--detached"]
    detached_process.spawn(broker, machine.environ)
    assert machine.left()
    machine.close()
    assert machine.left() == []
