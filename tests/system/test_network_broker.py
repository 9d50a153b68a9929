"""A broker that other machines reach: real programs and commands over loopback, by keys."""

import json
import os
import socket
import subprocess
import sys

import lossy_network
import pytest
from lossy_network import ADDRESSES, LossyNetwork
from machine import HEADWAY, until

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


FAR_JOBS = """
import headway, sys, time
ends = ("completed", "failed", "cancelled")
going = []
for number in range(30):
    op = headway.operation(f"job {number}").start()
    going.append((op, op.stage("Count", total=20).start()))
for step in range(20):
    for op, stage in going:
        stage.advance()
    time.sleep(0.1)
for number, (op, stage) in enumerate(going):
    (op.complete, lambda: op.fail("planned"), lambda: op.cancel("planned"))[number % 3]()
print("ended", flush=True)
sys.stdin.read()
"""


@pytest.mark.skipif(not lossy_network.usable(), reason="needs root and /dev/net/tun")
def test_with_100_ms_each_way_and_5_percent_of_packets_lost_no_state_is_false(host):
    for name, role in (("build", "worker"), ("eye", "viewer")):
        assert host.headway("keys", "new", name, "--role", role).returncode == 0
    seen = {}
    with LossyNetwork(delay=0.1, loss=0.05) as network:
        where = f"tcp://{ADDRESSES[0]}:7411"
        argv = [sys.executable, "-m", "headway_broker", "run", "--listen", where]
        host.spawn(*network.enter(0), *argv)
        far = {"HEADWAY_ENDPOINT": where}
        view = [*HEADWAY, "view", "--display", "json"]
        viewer = host.spawn(*network.enter(1), *view, environ=far)
        argv = [*network.enter(1), sys.executable, "-c", FAR_JOBS]
        program = host.spawn(*argv, environ=far, stdin=subprocess.PIPE)
        for line in viewer.stdout:
            told = json.loads(line)
            every = told.get("operations") or [told.get("operation")]
            for one in every if told["type"] in ("snapshot", "operation") else ():
                if one is not None:
                    state = "silent" if one["silent_since"] else one["state"]
                    seen.setdefault(one["name"], []).append(state)
            if sum(states[-1] not in ("pending", "running") for states in seen.values()) == 30:
                break
        host.finish(program)
        assert network.lost > 5
    for number in range(30):
        states = seen[f"job {number}"]
        assert states[-1] == ("completed", "failed", "cancelled")[number % 3]
        assert set(states[:-1]) <= {"pending", "running"}, states
