"""What a command prints is in no file, and what programs report stays on the machine."""

from __future__ import annotations

import os
import socket
import subprocess
import sys

import pytest
from machine import killed, until

pytestmark = pytest.mark.once

SECRET = b"hunter2hunter2"
# Prints it as the last line and, as a question, without an end; then fails.
COMMAND = (
    "import sys; sys.stdout.write('token hunter2hunter2\\n'); sys.stdout.flush();"
    " sys.stdout.write('Password hunter2hunter2: '); sys.stdout.flush(); sys.stdin.readline();"
    " sys.exit('fatal: hunter2hunter2')"
)
RUN = ("-m", "headway", "run", "--name", "deploy", "--", sys.executable, "-c", COMMAND)


def holding(sandbox):
    """The files of the state and runtime directories that hold the secret."""
    found = []
    for top in (sandbox.state, sandbox.directory):
        for folder, _, names in os.walk(top):
            for name in names:
                path = os.path.join(folder, name)
                if os.path.isfile(path):  # no socket
                    with open(path, "rb") as file:
                        data = file.read()
                    found += [path] * (SECRET in data)
    return found


def deploy(sandbox):
    operations = {operation["name"]: operation for operation in sandbox.operations()}
    return operations.get("deploy")


def deploying(sandbox):
    """The command, asking."""
    command = sandbox.python(*RUN, stdin=subprocess.PIPE)
    until(lambda: (deploy(sandbox) or {}).get("state") == "waiting")
    return command


def failed(sandbox, command):
    """Answer the command, and see it fail."""
    command.stdin.write("\n")
    command.stdin.flush()
    assert sandbox.finish(command)[0] == 1


@pytest.mark.oldest
def test_while_the_broker_lives_it_is_shown_and_on_no_disk(sandbox):
    command = deploying(sandbox)
    assert SECRET.decode() in deploy(sandbox)["reason"]
    assert holding(sandbox) == []
    failed(sandbox, command)
    assert SECRET.decode() in str(deploy(sandbox))
    assert holding(sandbox) == []


def test_when_the_broker_is_killed_it_is_in_no_file(sandbox):
    command = deploying(sandbox)
    killed(sandbox.serving())
    failed(sandbox, command)
    assert holding(sandbox) == []


def test_without_a_broker_the_file_of_its_end_has_it_not(sandbox):
    os.mkdir(sandbox.directory, 0o700)
    command = sandbox.python(*RUN, environ={"HEADWAY_BROKER": "never"})
    assert sandbox.finish(command)[0] == 1
    assert os.listdir(sandbox.path("unsent"))
    assert holding(sandbox) == []


# Prints what it was called with and what stands in its environment, on both streams.
TOOL = """#!/bin/sh
echo "$0 $@ $TOKEN"; echo "50% $@ $TOKEN" >&2
[ -n "$STAYS" ] && exec sleep 60 >/dev/null 2>&1
exit ${STATUS:-0}
"""
CALLS = [
    "curl -u me:{0} https://me:{0}@example.org/{0}?key={0}",
    "git clone https://me:{0}@example.org/{0}.git {0}",
    "pip install --index-url https://me:{0}@example.org/simple git+https://{0}@example.org/x",
    "rsync -a me:{0}@example.org:{0} /tmp/{0}",
    "docker login -u me -p {0} {0}",
    "apt-get install -y -o Acquire::http::Proxy=http://me:{0}@proxy hello",
    "npm test -- {0}",
    "npm run deploy {0}",
    "deploy --token={0} {0}",
    "sh -c {0}=1;true",
]
CALL_SECRET = "hunter2hunter2"


def calling(sandbox, call, **environ):
    """Start `headway run` of a tool of that name, with a secret wherever there can be one."""
    argv = call.format(CALL_SECRET).split()
    folder = os.path.join(sandbox.folder, "tools")
    os.makedirs(folder, exist_ok=True)
    if argv[0] != "sh":
        path = os.path.join(folder, argv[0])
        with open(path, "w") as file:
            file.write(TOOL)
        os.chmod(path, 0o755)
    path = folder + os.pathsep + sandbox.environ["PATH"]
    environ = {"PATH": path, "TOKEN": CALL_SECRET, **environ}
    return sandbox.python("-m", "headway", "run", "--", *argv, environ=environ)


def ended(sandbox):
    return {operation["state"] for operation in sandbox.operations()}


@pytest.mark.parametrize(("status", "state"), [("0", "completed"), ("7", "failed")])
def test_no_secret_of_a_command_is_in_any_file_however_it_ends(sandbox, status, state):
    commands = [calling(sandbox, call, STATUS=status) for call in CALLS]
    for command in commands:
        sandbox.finish(command)
    until(lambda: len(sandbox.operations()) == len(CALLS) and state in ended(sandbox))
    assert holding(sandbox) == []
    sandbox.headway("broker", "stop")
    until(lambda: not sandbox.serving())
    assert holding(sandbox) == []


def test_no_secret_of_a_command_that_is_killed_is_in_any_file(sandbox):
    commands = [calling(sandbox, call, STAYS="1") for call in CALLS[:3]]
    until(lambda: len(sandbox.operations()) == 3)
    for command in commands:
        command.kill()
    until(lambda: ended(sandbox) == {"crashed"})
    assert holding(sandbox) == []


def test_no_secret_of_a_command_is_in_the_file_that_waits_for_a_broker(sandbox):
    os.mkdir(sandbox.directory, 0o700)
    for status in ("0", "7"):
        for command in [calling(sandbox, c, STATUS=status, HEADWAY_BROKER="never") for c in CALLS]:
            sandbox.finish(command)
    assert len(os.listdir(sandbox.path("unsent"))) == 2 * len(CALLS)
    assert holding(sandbox) == []


@pytest.mark.oldest
def test_an_endpoint_on_a_network_is_refused(sandbox):
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        listener.settimeout(0)
        named = f"tcp://127.0.0.1:{listener.getsockname()[1]}"
        program = sandbox.program(
            "with headway.operation('hidden'): pass",
            environ={"HEADWAY_ENDPOINT": named},
        )
        assert sandbox.finish(program) == (0, "", "")
        with pytest.raises(BlockingIOError):
            listener.accept()
    assert len(os.listdir(sandbox.path("unsent"))) == 1


@pytest.mark.parametrize(
    "command",
    ["ps", "view --until-done", "wait x", "cancel x", "broker status", "why x"],
)
def test_commands_say_in_one_line_that_an_endpoint_is_refused(sandbox, command):
    done = sandbox.headway(*command.split(), HEADWAY_ENDPOINT="tcp://127.0.0.1:1")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.count("\n") == 1
    assert "HEADWAY_ENDPOINT is 'tcp://127.0.0.1:1': " in done.stderr
