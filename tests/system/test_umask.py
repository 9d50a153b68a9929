"""Programs whose umask withholds even from the owner what they make."""

import ctypes
import json
import os
import stat
import subprocess

import pytest
from machine import until

PR_CAPBSET_DROP = 24
DAC = (1, 2)  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH

WORK = """
import os
os.umask(int(sys.argv[1], 8))
with headway.operation(sys.argv[2]):
    sys.stdin.read()
sys.exit(0 if os.umask(0) == int(sys.argv[1], 8) else 1)
"""


def bound_by_modes():
    """Before a program starts: root's is as bound by modes as anybody else's."""
    for capability in DAC:
        ctypes.CDLL(None).prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)


@pytest.fixture
def sandbox(sandbox):
    """One whose state directory is yet to be made."""
    sandbox.environ["HEADWAY_STATE_DIR"] = os.path.join(sandbox.state, "made", "state")
    return sandbox


def run(sandbox, *argv, until_served=False, **environ):
    bound = {"preexec_fn": bound_by_modes} if os.geteuid() == 0 else {}
    process = sandbox.python(*argv, environ=environ, stdin=subprocess.PIPE, **bound)
    if until_served:
        until(sandbox.serving, "a broker")
    return sandbox.finish(process)


def mode(path):
    return stat.S_IMODE(os.stat(path).st_mode)


@pytest.mark.parametrize("umask", ["777", "177"])
def test_what_a_program_reports_is_seen_whatever_its_umask(sandbox, umask):
    program = sandbox.file("work.py", WORK)
    # The first leaves its end in a file, the second starts a broker, the third just reports.
    assert run(sandbox, program, umask, "left", HEADWAY_BROKER="never") == (0, "", "")
    assert os.listdir(sandbox.path("unsent"))
    assert run(sandbox, program, umask, "first", until_served=True) == (0, "", "")
    assert run(sandbox, program, "022", "second") == (0, "", "")

    def listed():
        status, out, err = run(sandbox, "-m", "headway", "ps", "--json")
        assert status == 0, err
        return {one["name"]: one["state"] for one in json.loads(out)["operations"]}

    until(lambda: listed() == dict.fromkeys(("left", "first", "second"), "completed"))
    until(lambda: not os.listdir(sandbox.path("unsent")))
    folders = (sandbox.directory, sandbox.path("unsent"), sandbox.environ["HEADWAY_STATE_DIR"])
    assert [mode(folder) for folder in folders] == [0o700] * 3
    assert mode(os.path.join(folders[2], "history.sqlite3")) == 0o600
    assert run(sandbox, "-m", "headway", "doctor")[0] == 0
