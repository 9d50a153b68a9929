"""The broker is not the first starter's: the service that it was started in, who replaces it."""

import os
import subprocess

import pytest
from machine import until
from sandbox import let_go

from headway.host.launch.cgroup import group, service_in

HIERARCHIES = ("/sys/fs/cgroup/systemd", "/sys/fs/cgroup/unified", "/sys/fs/cgroup")


@pytest.fixture
def service():
    """The folder of a control group that is a service's."""
    for top in HIERARCHIES:
        folder = os.path.join(top, f"headway-test-{os.getpid()}.service")
        if os.path.exists(os.path.join(top, "cgroup.procs")) and os.access(top, os.W_OK):
            break
    else:
        pytest.skip("no control group can be made here")
    try:
        os.mkdir(folder)
    except OSError as error:
        pytest.skip(f"no control group can be made here: {error}")
    yield folder
    until(lambda: _removed(folder), "the end of all in the control group")


def _removed(folder):
    try:
        os.rmdir(folder)
    except OSError:
        return False
    return True


CODE = """
import headway, os, sys
with open(sys.argv[1] + "/cgroup.procs", "w") as file:
    file.write(str(os.getpid()))
with headway.operation("of the service"):
    print("begun", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def serving(sandbox, service):
    """A program of a service, which has started the broker; the pid of that."""
    program = sandbox.python("-c", CODE, service, stdin=subprocess.PIPE)
    assert program.stdout.readline() == "begun\n"
    broker = until(lambda: sandbox.operations() and sandbox.serving())
    assert service_in(group(broker)) == os.path.basename(service)
    yield program, broker
    let_go(program)
    sandbox.close()  # its broker is in the control group, too


def test_a_program_outside_of_the_service_has_a_broker_outside_of_it(sandbox, serving):
    program, broker = serving
    doctor = sandbox.headway("doctor").stdout
    assert "stopped with headway-test-" in doctor
    outside = sandbox.held("outside")
    other = until(lambda: sandbox.serving() not in (None, broker) and sandbox.serving())
    assert service_in(group(other)) is None
    names = {"of the service", "outside"}
    until(lambda: {op["name"] for op in sandbox.operations() if op["state"] == "running"} == names)
    let_go(outside)
    let_go(program)
    ended = {"of the service": "completed", "outside": "completed"}
    until(lambda: {op["name"]: op["state"] for op in sandbox.operations()} == ended)


def test_what_only_asks_leaves_the_broker_where_it_is(sandbox, serving):
    _, broker = serving
    for command, status in (("ps", 0), ("wait x --timeout 0", 4), ("broker status", 0)):
        assert sandbox.headway(*command.split()).returncode == status, command
    assert sandbox.serving() == broker
