"""A fleet: `headway uplink`, a real nats-server, and viewers that read it."""

from __future__ import annotations

import json
import os
import re
import signal

import pytest
from machine import HEADWAY, ROOT, until
from nats_server import SERVER, NatsServer
from sandbox import let_go

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


@pytest.fixture
def server():
    server = NatsServer()
    yield server
    server.close()


def told(sandbox, server, *options):
    """What `headway ps --fleet` lists, by name."""
    said = sandbox.headway("ps", "--json", "--fleet", server.url, *options)
    if said.returncode:
        return {}
    return {one["name"]: one for one in json.loads(said.stdout)["operations"]}


def test_an_end_reaches_the_fleet_though_server_and_broker_were_killed(sandbox, server):
    # One test for all: servers, brokers and commands take seconds to start.
    program = sandbox.program(LABELLED, stdin=-1)
    until(sandbox.operations, "the operation")
    argv = [*HEADWAY, "uplink", server.url, "--host", "db.example.org", "--allow-cancel"]
    uplink = sandbox.spawn(*argv)
    until(lambda: told(sandbox, server), "the operation in the fleet")

    found = told(sandbox, server, "--host", "db.example.org", "--label", "run=42")["Nightly build"]
    assert (found["host"], found["state"]) == ("db.example.org", "running")
    assert (found["labels"], found["stages"][0]["done"]) == ({"run": "42"}, 4)
    assert found["stages"][0]["detail"] is None
    assert told(sandbox, server, "--label", "run=43") == {}
    assert told(sandbox, server, "--site", "elsewhere") == {}
    # It follows without looking: no viewer is counted that keeps the broker or hurries a worker.
    assert sandbox.ask("status")["viewers"] == 0

    waiting = sandbox.spawn(*HEADWAY, "wait", "Nightly build", "--fleet", server.url)
    server.kill()
    os.kill(sandbox.serving(), signal.SIGKILL)
    let_go(program)
    server.start()
    out, err = waiting.communicate(timeout=60)
    assert waiting.returncode == 1, (out, err)
    found = told(sandbox, server)["Nightly build"]
    assert found["state"] == "failed"
    assert found["error"] is None
    uplink.send_signal(signal.SIGINT)
    out, err = uplink.communicate(timeout=30)
    assert uplink.returncode == 0
    assert f"publishing to {server.url}" in err
    assert "all is told once it is there" in err


def test_a_server_that_is_not_there_is_told_and_nothing_else_happens(sandbox):
    said = sandbox.headway("ps", "--fleet", "nats://127.0.0.1:9")
    assert said.returncode == 1
    assert "nothing listens at nats://127.0.0.1:9" in said.stderr


def page_permissions():
    """The permissions that docs/fleet.md proposes."""
    with open(os.path.join(ROOT, "docs", "fleet.md")) as file:
        return re.search(r"```nats\n(.*?)```", file.read(), re.DOTALL).group(1)


def test_the_servers_permissions_say_who_may_cancel(sandbox):
    server = NatsServer(page_permissions())
    try:
        reporter, viewer, operator = (
            f"nats://{name}:change-me-{number}@127.0.0.1:{server.port}"
            for number, name in enumerate(("reporter", "viewer", "operator"), 1)
        )
        sandbox.program(
            "with headway.operation('Nightly build') as op:\n"
            "    while not op.cancelled: time.sleep(0.05)\n"
            "    op.check_cancelled()"
        )
        until(sandbox.operations, "the operation")
        options = ("--host", "db.example.org", "--allow-cancel")
        uplink = sandbox.spawn(*HEADWAY, "uplink", reporter, *options)
        listed = ("ps", "--format", "{state}", "--fleet", viewer)
        until(lambda: "running" in sandbox.headway(*listed).stdout, "the operation in the fleet")

        refused = sandbox.headway("cancel", "Nightly build", "--fleet", viewer)
        assert refused.returncode == 3
        assert "the server refuses it" in refused.stderr
        accepted = sandbox.headway("cancel", "Nightly build", "--fleet", operator)
        assert accepted.returncode == 0, accepted.stderr
        waited = sandbox.headway("wait", "Nightly build", "--fleet", viewer)
        assert waited.returncode == 130

        # Another site is not the reporter's, and a reporter reads nothing.
        elsewhere = sandbox.headway("ps", "--fleet", reporter)
        assert elsewhere.returncode == 1
        assert "permissions" in elsewhere.stderr
        wrong = sandbox.headway("ps", "--fleet", viewer.replace("change-me", "guessed"))
        assert "refuses these credentials" in wrong.stderr
        assert "guessed" not in wrong.stderr
        uplink.send_signal(signal.SIGINT)
        uplink.wait(timeout=30)
    finally:
        server.close()
