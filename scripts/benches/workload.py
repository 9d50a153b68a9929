"""A workload that runs in a sandbox until it leaves; two that work by turns."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from typing import Any

from benches import terminal
from benches.sandbox import Sandbox


class Workload:
    """A process of `benches.programs.workloads` that tells by a pipe what it measured."""

    def __init__(
        self,
        sandbox: Sandbox,
        environ: dict[str, str],
        *arguments: object,
        off: bool,
        slave: int | None = None,
        turns: socket.socket | None = None,
    ) -> None:
        read, write = os.pipe()
        self._told = os.fdopen(read, "rb")
        self._output = tempfile.TemporaryFile(dir=sandbox.directory)  # noqa: SIM115 - see result
        self._terminal = slave is not None
        stream: Any = self._output if slave is None else slave
        passed = [write] if turns is None else [write, turns.fileno()]
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benches.programs.workloads", *map(str, arguments)],
            env={
                **sandbox.environ, **environ, "BENCH_RESULT": str(write),
                **({"BENCH_TURNS": str(turns.fileno())} if turns is not None else {}),
                **({"HEADWAY": "off"} if off else {}),
            },
            stdin=subprocess.PIPE,
            stdout=stream,
            stderr=stream,
            pass_fds=passed,
            start_new_session=True,
        )  # fmt: skip
        os.close(write)

    def result(self) -> dict[str, float]:
        """Let it leave; return its result, and how its exit went.

        `exit` are the seconds from its last line until its process is gone, `exit_cpu` those that
        it computed meanwhile.
        """
        assert self._process.stdin is not None
        self._process.stdin.close()
        with self._told, self._output:
            ran: dict[str, float] = json.loads(self._told.readline())
            _, status, usage = os.wait4(self._process.pid, 0)
            ran["exit"] = time.monotonic() - ran["left"]
            ran["exit_cpu"] = usage.ru_utime + usage.ru_stime - ran["cpu"]
            self._process.returncode = ran["status"] = (
                -os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)
            )
            ran["printed"] = 0 if self._terminal else self._output.tell()
        return ran


def by_turns(
    sandbox: Sandbox,
    environ: dict[str, str],
    ours: tuple[object, ...],
    off: tuple[object, ...],
    off_first: bool,
    tty: bool,
) -> tuple[dict[str, float], dict[str, float]]:
    """Run two workloads that work by turns, the second with HEADWAY=off; return both results.

    The one that begins leaves last. `tty` gives both a terminal that nobody reads.
    """
    master, slave = terminal.open_pty() if tty else (None, None)
    ends = socket.socketpair()
    first, second = (
        Workload(sandbox, environ, *arguments, off=switched, slave=slave, turns=end)
        for end, (arguments, switched) in zip(
            ends, ((off, True), (ours, False)) if off_first else ((ours, False), (off, True))
        )
    )
    ends[1].send(b".")  # the turn of the first
    for end in ends:
        end.close()
    later = second.result()
    sooner = first.result()
    for descriptor in (slave, master):
        if descriptor is not None:
            os.close(descriptor)
    return (later, sooner) if off_first else (sooner, later)
