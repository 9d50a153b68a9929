"""What a command tells systemd, where it is asked to."""

from __future__ import annotations

import sys

import pytest
from commands import output

pytestmark = [pytest.mark.once, pytest.mark.slow]

TELLS = """
import os, socket
address = os.environ["NOTIFY_SOCKET"]
with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
    for data in (b"READY=1", b"X_IMPORT_PROGRESS=40%", b"X_IMPORT_PROGRESS=70%"):
        sender.sendto(data, address)
"""


def test_a_command_that_is_asked_to_tells_its_progress_as_to_systemd(machine, listener):
    words = ("--sd-notify", "--name", "import", "--", sys.executable, "-c", TELLS)
    assert output(machine, *words)[0] == 0
    stage = next(iter(listener.ended("import").stages.values()))
    assert (stage.name, stage.done, stage.total, stage.unit) == ("Run", 70, 100, "%")


def test_without_being_asked_to_it_has_no_such_socket(machine):
    code = "import os; print(os.environ.get('NOTIFY_SOCKET'))"
    assert output(machine, "--", sys.executable, "-c", code)[1] == b"None\n"
