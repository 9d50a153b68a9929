from __future__ import annotations

import os
import subprocess
import sys

import pytest

from headway.run.process.terminal_readers import reads_from

PAUSE = "import signal; signal.pause()"


@pytest.mark.parametrize(
    ("code", "reads"),
    [
        ("import os; keys = os.open(os.ttyname(2), os.O_RDONLY)", True),
        ("import os; keys = os.open(os.ttyname(2), os.O_WRONLY)", False),
        ("", False),
    ],
)
def test_who_opens_the_terminal_of_its_output_by_name_to_read_from_it_does(code, reads):
    master, slave = os.openpty()
    try:
        process = subprocess.Popen(
            [sys.executable, "-c", f"{code}\nprint('on', flush=True)\n{PAUSE}"],
            stdin=subprocess.DEVNULL,
            stdout=slave,
            stderr=slave,
        )
        assert os.read(master, 2) == b"on"
        assert reads_from(process.pid, os.ttyname(slave)) is reads
    finally:
        process.kill()
        process.wait()
        os.close(master)
        os.close(slave)
