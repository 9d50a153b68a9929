"""One command waits for a lock that another one's child holds, as real processes."""

from __future__ import annotations

import os
import sys

from machine import until

HOLD = """
import os, sys
if os.fork():  # the holder is a child of the command
    os.wait()
else:
    print(os.getpid(), flush=True)
    sys.stdin.readline()
"""
WAIT = """\
#!{python}
import sys
print("Waiting for cache lock: Could not get lock /var/lib/dpkg/lock-frontend."
      " It is held by process {pid} (python3)...", flush=True)
sys.stdin.readline()
"""


def headway(host, *argv):
    """`headway run` of a command that goes on until its standard input, held here, ends."""
    reading, writing = os.pipe()
    process = host.python("-m", "headway", "run", *argv, stdin=reading)
    os.close(reading)
    return process, writing


def test_whose_process_holds_the_lock_is_found(host):
    host.broker()
    holder, let_go = headway(host, "--name", "holder", "--", sys.executable, "-c", HOLD)
    pid = int(holder.stdout.readline())
    apt = host.file("apt-get", WAIT.format(python=sys.executable, pid=pid))
    os.chmod(apt, 0o755)
    waiter, go_on = headway(host, "--name", "waiter", "--", apt, "install", "-y", "hostname")

    def held_by():
        operations = host.operations()
        names = {operation.id: operation.name for operation in operations.values()}
        return [names.get(op.holder) for op in operations.values() if op.name == "waiter"]

    until(lambda: held_by() == ["holder"], "the holder", 60)
    os.close(let_go)
    until(lambda: held_by() == [None], "the end of the holder", 60)
    os.close(go_on)
    assert waiter.wait(60) == 0
    assert holder.wait(60) == 0
