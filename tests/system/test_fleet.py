"""A fleet: `headway uplink`, a real nats-server, and viewers that read it."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal

import pytest
from machine import HEADWAY, ROOT, until
from nats_server import SERVER, NatsServer
from sandbox import let_go

from headway_viewer.commands.control.cancel import cancel
from headway_viewer.commands.ps import ps
from headway_viewer.commands.wait import wait

pytest.importorskip("nats", reason="nats-py is not installed")

pytestmark = [
    pytest.mark.once,
    pytest.mark.skipif(SERVER is None, reason="Debian's nats-server is not installed"),
]

LABELLED = (
    "with headway.operation('Nightly build', labels={'run': '42'}) as op:\n"
    "    op.stage('compile', total=10).start().update(done=4, detail='secret word')\n"
    "    sys.stdin.read()\n"
    "    op.fail('secret error')"
)
CANCELLED = (
    "with headway.operation('Reindex') as op:\n"
    "    while not op.cancelled: time.sleep(0.05)\n"
    "    op.check_cancelled()"
)
USERS = ("reporter", "viewer", "operator")


def page_permissions():
    """The permissions that docs/fleet.md proposes."""
    with open(os.path.join(ROOT, "docs", "fleet.md")) as file:
        return re.search(r"```nats\n(.*?)```", file.read(), re.DOTALL).group(1)


@pytest.fixture(scope="module")
def server():
    server = NatsServer(page_permissions())
    yield server
    server.close()


@pytest.fixture
def reporter(server):
    return url(server, "reporter")


@pytest.fixture
def viewer(server):
    return url(server, "viewer")


def url(server, user):
    """Where the server is, with the credentials of a user of the page."""
    return f"nats://{user}:change-me-{USERS.index(user) + 1}@127.0.0.1:{server.port}"


class Commands:
    """Runs commands in this process: what is tried is the server's part, not the interpreter's."""

    def __init__(self, capsys):
        self._capsys = capsys

    def __call__(self, command, *arguments):
        """Run a command to its end: (exit status, standard output, standard error)."""
        status = command(arguments)
        return (status, *self._capsys.readouterr())

    def listed(self, viewer, *options):
        """What `headway ps --fleet` lists, by name."""
        status, out, _ = self(ps, "--json", "--fleet", viewer, *options)
        return {} if status else {one["name"]: one for one in json.loads(out)["operations"]}


@pytest.fixture
def commands(capsys):
    return Commands(capsys)


def test_an_end_reaches_the_fleet_though_server_and_broker_were_killed(
    sandbox, server, reporter, viewer, commands
):
    # One test for all: servers, brokers and commands take seconds to start.
    argv = [*HEADWAY, "uplink", reporter, "--host", "db.example.org"]
    uplink = sandbox.spawn(*argv)
    program = sandbox.program(LABELLED, stdin=-1)
    until(lambda: commands.listed(viewer), "the operation in the fleet")

    chosen = (viewer, "--host", "db.example.org", "--label", "run=42")
    found = until(lambda: commands.listed(*chosen), "it by its host and label")["Nightly build"]
    assert (found["host"], found["state"]) == ("db.example.org", "running")
    assert (found["labels"], found["stages"][0]["done"]) == ({"run": "42"}, 4)
    assert found["stages"][0]["detail"] is None
    assert commands.listed(viewer, "--label", "run=43") == {}
    assert commands.listed(viewer, "--site", "elsewhere") == {}
    # It follows without looking: no viewer is counted that keeps the broker or hurries a worker.
    assert sandbox.ask("status")["viewers"] == 0

    server.kill()
    os.kill(sandbox.serving(), signal.SIGKILL)
    let_go(program)
    server.start()
    # As a user meets it, the whole program.
    waited = sandbox.headway("wait", "Nightly build", "--fleet", viewer)
    assert waited.returncode == 1, waited
    found = commands.listed(viewer)["Nightly build"]
    assert found["state"] == "failed"
    assert found["error"] is None
    uplink.send_signal(signal.SIGINT)
    _, err = uplink.communicate(timeout=30)
    assert uplink.returncode == 0
    assert f"publishing to {server.url}" in err
    assert "all is told once it is there" in err


def test_a_server_that_is_not_there_is_told_and_nothing_else_happens(commands):
    status, _, err = commands(ps, "--fleet", "nats://127.0.0.1:9")
    assert status == 1
    assert "nothing listens at nats://127.0.0.1:9" in err


def test_the_servers_permissions_say_who_may_cancel(sandbox, server, reporter, viewer, commands):
    options = ("--host", "db.example.org", "--allow-cancel")
    uplink = sandbox.spawn(*HEADWAY, "uplink", reporter, *options)
    sandbox.program(CANCELLED)
    until(lambda: "Reindex" in commands.listed(viewer), "the operation in the fleet")

    status, _, err = commands(cancel, "Reindex", "--fleet", viewer)
    assert (status, "the server refuses it" in err) == (3, True), err
    status, _, err = commands(cancel, "Reindex", "--fleet", url(server, "operator"))
    assert status == 0, err
    assert commands(wait, "Reindex", "--fleet", viewer)[0] == 130

    # Nobody but the uplink is left to start a broker, which has the end in its history.
    uplink.kill()
    server.kill()
    shutil.rmtree(os.path.join(server.folder, "store"))
    os.kill(sandbox.serving(), signal.SIGKILL)
    server.start()
    uplink = sandbox.spawn(*HEADWAY, "uplink", reporter, *options)
    # Of a disk that took a second and more for the end it has the beginning, and then the file.
    until(
        lambda: commands.listed(viewer).get("Reindex", {}).get("state") == "cancelled",
        "the end in the fleet",
    )

    # Another site is not the reporter's, and a reporter reads nothing.
    status, _, err = commands(ps, "--fleet", reporter)
    assert (status, "permissions" in err) == (1, True), err
    _, _, err = commands(ps, "--fleet", viewer.replace("change-me", "guessed"))
    assert "refuses these credentials" in err
    assert "guessed" not in err
    uplink.send_signal(signal.SIGINT)
    uplink.wait(timeout=30)
