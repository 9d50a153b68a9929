"""Starts programs for which the machine has little left: descriptors, threads, processes."""

from __future__ import annotations

import os
import resource
import shutil

import pytest

# A user whom nobody is, nor a test beside this one: what is counted against the limit is ours.
STRANGER = 54321 + int(os.environ.get("PYTEST_XDIST_WORKER", "gw0")[2:])
_MAY = "-all,+dac_read_search,+dac_override"  # read the interpreter, wherever it lies
_LIMIT = 'ulimit -u "$0" && exec "$@"'

needs_a_stranger = pytest.mark.skipif(
    os.getuid() != 0 or shutil.which("setpriv") is None,
    reason="limits of processes are tried as a user of their own",
)


def descriptors(limit):
    """What lets a process begin with so many descriptors at most."""
    return lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))


def processes(machine, limit):
    """What to write before a command, so that its user has so many processes and threads."""
    for folder in (machine.directory, machine.state):
        os.chown(folder, STRANGER, -1)
    may = [f"--inh-caps={_MAY}", f"--ambient-caps={_MAY}"]
    become = ["setpriv", f"--reuid={STRANGER}", "--clear-groups", *may]
    return [*become, "bash", "-c", _LIMIT, str(limit)]
