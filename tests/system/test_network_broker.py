"""A broker that other machines reach: real programs and commands over loopback, by keys."""

import json
import os
import socket
import subprocess

import pytest
from machine import until

pytestmark = pytest.mark.once

WORK = "import headway, sys\nwith headway.operation('Remote build') as op: {}\n"


@pytest.fixture
def served(host):
    """A host whose broker listens on a network, and the environment of who reaches it there."""
    for name, role in (("build", "worker"), ("eye", "viewer"), ("me", "operator")):
        made = host.headway("keys", "new", name, "--role", role)
        assert made.returncode == 0, made.stderr
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    host.broker("--listen", f"tcp://127.0.0.1:{port}")
    host.far = {"HEADWAY_ENDPOINT": f"tcp://127.0.0.1:{port}"}
    return host


def shown(host, **environ):
    said = host.headway("ps", "--json", **host.far, **environ)
    assert said.returncode == 0, said.stderr
    return {one["name"]: one["state"] for one in json.loads(said.stdout)["operations"]}


def test_a_program_reports_and_is_seen_and_cancelled_from_elsewhere(served):
    code = WORK.format("sys.stdin.read()")
    program = served.python("-c", code, environ=served.far, stdin=subprocess.PIPE)
    until(lambda: shown(served).get("Remote build") == "running")
    refused = served.headway("cancel", "Remote build", **served.far, HEADWAY_KEY="eye")
    assert refused.returncode == 3
    assert "the key 'eye' is a viewer's, which may not cancel" in refused.stderr
    assert shown(served, HEADWAY_KEY="eye") == {"Remote build": "running"}
    accepted = served.headway("cancel", "Remote build", **served.far)
    assert accepted.returncode == 0, accepted.stderr
    served.finish(program)
    waited = served.headway("wait", "Remote build", **served.far)
    assert waited.returncode == 130
    assert not os.path.exists(served.path("unsent")) or not os.listdir(served.path("unsent"))
    revoked = served.headway("keys", "revoke", "me")
    assert "knows" in revoked.stdout
    assert served.headway("ps", **served.far, HEADWAY_KEY="eye").returncode == 0
    gone = served.headway("ps", **served.far, HEADWAY_KEY="me")
    assert gone.returncode == 1
    assert "no operator's or viewer's key" in gone.stderr or "me.key" in gone.stderr


def test_it_takes_the_place_of_a_broker_that_clients_have_started(host):
    assert host.headway("keys", "new", "build", "--role", "worker").returncode == 0
    started = host.broker("--detached")
    listening = host.broker("--listen", "tcp://127.0.0.1:0")
    assert started.wait(30) == 0
    until(lambda: host.serving() == listening.pid)
    refused = host.headway("broker", "run", "--listen", "tcp://127.0.0.1:0")
    assert refused.returncode == 1
    assert refused.stderr.endswith(f"(pid {listening.pid}); `headway broker stop` ends it\n")


def test_without_keys_it_does_not_listen_and_nothing_is_sent(host):
    refused = host.headway("broker", "run", "--listen", "tcp://127.0.0.1:0")
    assert refused.returncode == 1
    assert refused.stderr.count("\n") == 1
    assert "`headway keys new NAME --role worker` makes them" in refused.stderr
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0)
        far = {"HEADWAY_ENDPOINT": f"tcp://127.0.0.1:{listener.getsockname()[1]}"}
        program = host.python("-c", WORK.format("pass"), environ=far)
        assert host.finish(program) == (0, "", "")
        told = host.headway("doctor", **far)
        with pytest.raises(BlockingIOError):
            listener.accept()
    assert told.returncode == 1
    assert "there is no worker's key in" in told.stdout
    assert len(os.listdir(host.path("unsent"))) == 1
