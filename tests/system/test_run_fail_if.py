"""Commands that take longer than they may."""

from __future__ import annotations

import json

import pytest
from commands import piped
from machine import HEADWAY, until

pytestmark = pytest.mark.once

SCRIPT = "sleep $(cat seconds)"


@pytest.mark.oldest
def test_one_that_takes_longer_than_it_may_is_ended_and_has_failed(machine, listener):
    process = piped(machine, "--fail-if", "1s", "--name", "long", "--", "sleep", "60")
    _, err = process.communicate(timeout=90)
    assert process.returncode == 124
    assert b"headway run: it took longer than 1 s" in err
    operation = listener.ended("long")
    assert (operation.state, operation.error) == ("failed", "took longer than 1 s")
    assert operation.exit_status == 124


def test_one_that_ends_in_time_ends_as_it_does(machine, listener):
    process = piped(machine, "--fail-if", "10m", "--name", "short", "--", "sh", "-c", "exit 3")
    process.communicate(timeout=90)
    assert process.returncode == 3
    assert listener.ended("short").error == "exit status 3"


def test_what_is_no_limit_is_told_at_once(machine):
    process = piped(machine, "--fail-if", "soon", "--", "true")
    _, err = process.communicate(timeout=90)
    assert process.returncode == 2
    assert b"1h30m" in err


@pytest.mark.starts_broker
@pytest.mark.timeout(400)
def test_a_multiple_is_one_of_its_earlier_runs(machine, tmp_path):
    def run(seconds):
        (tmp_path / "seconds").write_text(seconds)
        process = machine.spawn(
            *HEADWAY, "run", "--display", "quiet", "--fail-if", "2x", "--", "sh", "-c", SCRIPT,
            cwd=tmp_path,
        )  # fmt: skip
        _, err = process.communicate(timeout=100)
        return process.returncode, err

    machine.headway("run", "--display", "quiet", "--", "true")
    until(machine.serving, "a broker", 60.0)
    assert run("2") == (0, "")
    status, err = run("90")
    assert status == 124
    assert "2 × usual" in err
    states = json.loads(machine.headway("ps", "--json").stdout)["operations"]
    assert sorted(one["state"] for one in states if one["name"] == "sh") == ["completed", "failed"]
