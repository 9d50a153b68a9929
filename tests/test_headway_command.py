from __future__ import annotations

import subprocess
import sys

import pytest

import headway_command

AFTER = """
import sys, headway_command
headway_command.postpone("headway")
import headway.run.cli
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
