"""`headway over-ssh` through a real sshd: seen here, cancelled from here, its status is kept."""

import glob
import os
import signal
import subprocess
import sys

import pytest
from machine import HEADWAY, until
from sandbox import let_go
from ssh_server import SERVER, SshServer

pytestmark = [
    pytest.mark.once,
    pytest.mark.starts_broker,
    pytest.mark.skipif(SERVER is None, reason="there is no sshd"),
]

WORK = """\
import headway, sys
with headway.operation("Far build") as op:
    print("begun", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def server():
    server = SshServer()
    yield server
    server.close()


@pytest.fixture
def far(server, sandbox, tmp_path):
    """What runs a program over ssh, on a machine that has directories of its own."""
    there = {
        "PYTHONPATH": sandbox.environ["PYTHONPATH"],
        "HEADWAY_RUNTIME_DIR": f"{sandbox.folder}/far",
        "HEADWAY_STATE_DIR": f"{sandbox.folder}/far-state",
        "HEADWAY_BROKER": "never",
    }
    words = ["env", *(f"{name}={value}" for name, value in there.items())]
    return [*HEADWAY, "over-ssh", *server.options, "127.0.0.1", "--", *words]


def left():
    return set(glob.glob("/tmp/headway-ssh.*"))


def test_what_runs_there_is_seen_here_and_cancel_and_ctrl_c_reach_it(sandbox, far):
    before = left()
    program = sandbox.spawn(*far, sys.executable, "-c", WORK, stdin=subprocess.PIPE)
    assert program.stdout.readline() == "begun\n"
    until(sandbox.operations, "what is reported there")
    cancelled = sandbox.headway("cancel", "Far build")
    assert cancelled.returncode == 0, cancelled.stderr
    err = sandbox.finish(program)[2]
    assert program.returncode == 130
    assert "headway over-ssh" not in err
    assert [one["state"] for one in sandbox.operations()] == ["cancelled"]

    terminal = sandbox.terminal(*far, "TERM=xterm", sys.executable, "-c", WORK)
    terminal.wait_for_text("begun")
    # What is followed comes through the second socket: the picture is drawn on this screen.
    terminal.wait_for_text("Far build")
    terminal.type("\x03")
    terminal.wait_for(lambda _: not terminal.child.isalive(), "the end of it")
    assert terminal.child.exitstatus == 130
    states = [one["state"] for one in sandbox.operations()]
    assert states == ["cancelled", "cancelled"]
    assert left() == before
    unsent = f"{sandbox.folder}/far/unsent"
    assert not os.path.exists(unsent) or not os.listdir(unsent)


def test_sockets_forwarded_by_plain_ssh_report_here_and_show_what_is_here(server, sandbox):
    here = sandbox.held("Here")
    far = f"{sandbox.folder}/far-by-hand"
    os.mkdir(far, 0o700)
    there = {
        "HEADWAY_ENDPOINT": f"{far}/report.sock",
        "HEADWAY_RUNTIME_DIR": f"{far}/run",
        "HEADWAY_STATE_DIR": f"{far}/state",
    }
    sockets = ("report.sock", "follow.sock")
    ways = [word for name in sockets for word in ("-R", f"{far}/{name}:{sandbox.path(name)}")]
    forward = sandbox.spawn("ssh", *server.options, "-N", *ways, "127.0.0.1")
    until(lambda: all(os.path.exists(f"{far}/{name}") for name in sockets), "the sockets there")
    program = sandbox.spawn(sys.executable, "-c", WORK, stdin=subprocess.PIPE, environ=there)
    assert program.stdout.readline() == "begun\n"
    until(lambda: len(sandbox.operations()) == 2, "what is reported there")
    assert sandbox.headway("cancel", "Far build").returncode == 0
    sandbox.finish(program)
    assert program.returncode == -signal.SIGINT
    states = {one["name"]: one["state"] for one in sandbox.operations()}
    assert states == {"Here": "running", "Far build": "cancelled"}
    forward.terminate()
    forward.wait(20)

    for name in sockets:  # sshd leaves them behind, as the page says
        os.remove(f"{far}/{name}")
    ways = [word for name in sockets for word in ("-L", f"{far}/{name}:{sandbox.path(name)}")]
    unlink = ("-o", "StreamLocalBindUnlink=yes")
    forward = sandbox.spawn("ssh", *server.options, *unlink, "-N", *ways, "127.0.0.1")
    until(lambda: all(os.path.exists(f"{far}/{name}") for name in sockets), "the sockets here")
    listed = sandbox.headway("ps", **there)
    assert listed.returncode == 0, listed.stderr
    assert "Here" in listed.stdout
    terminal = sandbox.terminal(*HEADWAY, "view", **there)
    terminal.wait_for_text("Here")
    let_go(here)
    terminal.wait_for(lambda lines: any("✓" in one and "Here" in one for one in lines), "its end")
