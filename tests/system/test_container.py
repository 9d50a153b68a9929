"""What docs/containers.md says, in namespaces as a container has them."""

import os
import re
import shlex
import shutil
import signal
import subprocess
import sys

import psutil
import pytest
from machine import ROOT, until
from sandbox import PREAMBLE

from headway_broker.shell.single_instance import answers

pytestmark = pytest.mark.once

NAMESPACES = ["--pid", "--fork", "--mount-proc", "--mount", "--uts", "--kill-child"]
PROGRAM = PREAMBLE + (
    "with headway.operation(sys.argv[1]) as op:\n"
    "    for _ in op.track(iter(int, 1), 'count'): time.sleep(0.1)"
)


def page_line():
    """The mounts (source and target) and the environment of the page's command."""
    with open(os.path.join(ROOT, "docs", "containers.md")) as file:
        words = shlex.split(re.search(r"```container\n(.*?)```", file.read(), re.DOTALL).group(1))
    options = dict(zip(words, words[1:]))
    assert options["-v"].startswith("$XDG_RUNTIME_DIR/headway:")
    after = [word for option, word in zip(words, words[1:]) if option == "-e"]
    return options["-v"].rpartition(":")[2], dict(word.split("=", 1) for word in after)


def contained(host, *command):
    """Start a command in namespaces of its own, the runtime directory mounted as on the page."""
    target, environ = page_line()
    script = (
        f"mount -t tmpfs none {os.path.dirname(target)} && mkdir {target} &&"
        f' mount --bind "$1" {target} && hostname box && shift && exec "$@"'
    )
    inside = ["sh", "-c", script, "sh", host.directory, sys.executable, *command]
    return host.spawn("unshare", *NAMESPACES, *inside, environ=environ)


def can_unshare():
    found = shutil.which("unshare") and os.geteuid() == 0
    return found and not subprocess.run(["unshare", *NAMESPACES, "true"], check=False).returncode


def program_of(container):
    """The process on the host that runs the program of a container."""
    return next(
        one.pid
        for one in psutil.Process(container.pid).children(recursive=True)
        if one.cmdline()[:2] == [sys.executable, "-c"]
    )


def named(host):
    return {one.name: one for one in host.operations().values()}


@pytest.fixture(params=["on the host", "in another container"])
def broker(request, host):
    if not can_unshare():
        pytest.skip("needs root, and namespaces of its own")
    if request.param == "on the host":
        host.broker("--detached")
    else:
        contained(host, "-m", "headway_broker", "run")
        until(lambda: answers(host.path("report.sock")))
    return request.param


def test_a_container_of_this_page_reports_and_what_cannot_be_seen_is_silent_never_crashed(
    host, broker
):
    paused, killed = (contained(host, "-c", PROGRAM, name) for name in ("paused", "killed"))
    until(lambda: {"paused", "killed"} <= set(named(host)))
    assert named(host)["paused"].host == "box"
    stopped = program_of(paused)
    os.kill(stopped, signal.SIGSTOP)
    killed.kill()
    until(lambda: named(host)["paused"].silent_since is not None)
    if broker == "on the host":  # the kernel shows it the processes of containers
        until(lambda: named(host)["killed"].state == "crashed")
    else:
        until(lambda: named(host)["killed"].silent_since is not None)
        assert named(host)["killed"].state == "running"
    assert named(host)["paused"].state == "running"
    os.kill(stopped, signal.SIGCONT)
    until(lambda: named(host)["paused"].silent_since is None)
    os.kill(stopped, signal.SIGINT)
    until(lambda: named(host)["paused"].state == "cancelled")
    assert named(host)["killed"].state == ("crashed" if broker == "on the host" else "running")
