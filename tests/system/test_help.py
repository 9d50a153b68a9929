"""The examples of every `--help` are understood by the commands that they show."""

from __future__ import annotations

import re
import shlex

import pytest
from machine import until

from headway.commands.table import VERBS, load

THERE = [verb for verb in VERBS if load(verb) is not None]
# Whose examples only a shell, a desktop or a network can run; or which run without end.
NOT_RUN = (
    "headway run",
    "headway notify",
    "headway broker run",
    "systemd-run",
    "source",
    "make ",
    "for n",
    "(echo",
    "|",
)


def examples(sandbox, verb):
    """The command lines that the help of a verb shows, without what is said beside them."""
    shown = sandbox.headway(verb, "--help").stdout.partition("examples:\n")[2]
    shown = re.split(r"\n\n(?=\w)", shown)[0]  # to the next heading
    lines = [line[2:] for line in shown.splitlines() if line.startswith("  ")]
    return [re.split(r"\s{2,}", line)[0] for line in lines if not line.startswith(" ")]


@pytest.mark.once
@pytest.mark.parametrize("verb", THERE)
def test_every_help_has_examples(sandbox, verb):
    assert examples(sandbox, verb)


@pytest.mark.once
@pytest.mark.starts_broker
def test_the_examples_that_need_nothing_else_run(sandbox, tmp_path):
    sandbox.headway("run", "--name", "npm install", "--", "true")
    until(sandbox.serving, "a broker")
    recorded = sandbox.headway("view", "--display", "json", "--timeout", "2").stdout
    (tmp_path / "build.ndjson").write_text(recorded)
    (tmp_path / "earlier").mkdir()
    ran = 0
    for verb in ("ps", "doctor", "completion", "replay", "history", "broker"):
        for line in examples(sandbox, verb):
            if line.startswith(NOT_RUN):
                continue
            words = shlex.split(line.partition(">")[0])[1:]
            words = [
                str(tmp_path / word) if word.startswith(("build", "earlier")) else word
                for word in words
            ]
            done = sandbox.headway(*words, timeout=50)
            # 1 is "not remembered", or "no broker any more": understood, whatever the answer.
            assert done.returncode in (0, 1), (line, done.stderr)
            assert "Traceback" not in done.stderr, line
            ran += 1
    assert ran >= 10
