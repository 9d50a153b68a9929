"""Parsers that Headway does not ship, and output that no parser likes: the command goes on."""

from __future__ import annotations

import os
import sys

import pytest
from commands import output

pytestmark = [pytest.mark.once, pytest.mark.slow]

TABLES = """
["frob.sh"]
[["frob.sh".line]]
match = '^copied (?P<done>[0-9]+) of (?P<total>[0-9]+)'
stage = "Copy"
["slow.sh"]
[["slow.sh".line]]
match = '^(a+)+$'
"""


@pytest.fixture
def script(machine, tmp_path):
    """Make a script that is run by its name, with the tables in the configuration folder."""
    if sys.version_info < (3, 11):
        pytest.importorskip("tomli")
    folder = tmp_path / "config" / "headway"
    folder.mkdir(parents=True)
    (folder / "tools.toml").write_text(TABLES)
    machine.environ["XDG_CONFIG_HOME"] = str(tmp_path / "config")

    def write(name, text):
        path = tmp_path / name
        path.write_text("#!/bin/sh\n" + text)
        path.chmod(0o755)
        return str(path)

    return write


def run(machine, *words):
    return output(machine, "--", *words, env=machine.environ)


def test_a_users_table_reads_a_program_and_one_below_a_script(machine, listener, script):
    frob = script("frob.sh", "for n in 1 2 3; do echo copied $n of 9; sleep 1; done\n")
    assert run(machine, frob)[0] == 0
    stage = next(iter(listener.ended("frob.sh").stages.values()))
    assert (stage.name, stage.done, stage.total) == ("Copy", 3, 9)
    assert run(machine, "sh", "-c", f"{frob}; true")[0] == 0
    found = {stage.name: stage for stage in listener.ended("sh").stages.values()}
    assert found["Copy"].parent == found["frob.sh"].id


def test_a_pattern_that_backtracks_costs_one_line(machine, script):
    slow = script("slow.sh", "echo " + "a" * 60 + "b; sleep 0.5; echo end; exit 3\n")
    status, out, err = run(machine, slow)
    assert (status, out) == (3, b"a" * 60 + b"b\nend\n")
    assert err == b"headway run: the parser of slow.sh takes too long for a line; it is off\n"


def test_a_file_that_is_no_toml_costs_one_line(machine, script, tmp_path):
    (tmp_path / "config" / "headway" / "tools.toml").write_text("[[[")
    status, out, err = run(machine, "echo", "hello")
    assert (status, out) == (0, b"hello\n")
    assert err.count(b"\n") == 1
    assert b"tools.toml" in err


@pytest.mark.parametrize(
    "make",
    [
        "head -c 5000000 /dev/zero | tr '\\0' x; echo; echo end",
        "head -c 3000000 /dev/urandom",
        "head -c 2000000 /dev/zero | tr '\\0' '\\b'",
        "head -c 2000000 /dev/zero | tr '\\0' '\\r'",
    ],
    ids=["a line of 5 MB", "binary", "backspaces", "carriage returns"],
)
def test_output_that_is_no_text_passes_whole(machine, make, tmp_path):
    copied = tmp_path / "copy"
    status, out, err = run(machine, "sh", "-c", f"({make}) | tee {copied}")
    assert (status, err) == (0, b"")
    assert out == copied.read_bytes()
    assert os.path.getsize(copied) >= 2_000_000
