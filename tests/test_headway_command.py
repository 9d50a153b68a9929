from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

import headway_command

AFTER = """
import sys, headway_command
headway_command.postpone("headway")
import headway.run.commands.cli
before = "headway.api.operation" in sys.modules
headway_command.complete("headway")
import headway
print(before, headway.operation.__name__, headway.__version__ == "", headway.__spec__.name)
"""


def test_a_postponed_package_gives_its_modules_at_once_and_its_names_later():
    done = subprocess.run(
        [sys.executable, "-c", AFTER], capture_output=True, text=True, check=False
    )
    assert (done.stdout, done.stderr) == ("False operation False headway\n", "")


def test_a_package_that_is_there_already_is_left_as_it_is():
    import headway

    before = headway.operation
    headway_command.postpone("headway")
    headway_command.complete("headway")
    assert sys.modules["headway"] is headway
    assert headway.operation is before


def test_a_package_that_is_nowhere_is_not_put_in_place():
    headway_command.postpone("headway_nowhere")
    assert "headway_nowhere" not in sys.modules
    with pytest.raises(KeyError):
        headway_command.complete("headway_nowhere")


# Stops where the first import of a module of the package begins, and interrupts itself there.
INTERRUPTED = """
import os, signal, sys
class Interrupt:
    def find_spec(self, name, path=None, target=None):
        if name.startswith("headway."):
            os.kill(os.getpid(), signal.SIGINT)
signal.signal(signal.SIGINT, {before})
import headway_command
sys.meta_path.insert(0, Interrupt())
sys.argv = ["headway", "run", "echo", "ran"]
headway_command.program()
"""


def interrupted(before):
    script = INTERRUPTED.format(before=before)
    return subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, "HEADWAY": "off"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_an_interrupt_during_the_imports_of_run_ends_it_without_a_traceback():
    done = interrupted("signal.default_int_handler")
    assert (done.returncode, done.stdout, done.stderr) == (-signal.SIGINT, "", "")


def test_an_interrupt_that_the_starter_ignores_is_ignored_during_the_imports_of_run():
    done = interrupted("signal.SIG_IGN")
    assert (done.returncode, done.stdout) == (0, "ran\n")
