"""Time a command from the outside, and its own CPU from within by a `time` in front of it.

`headway run` looks through `time` as it does through `sudo` or `nice`, so the command is still
recognised, and its own CPU time is known apart from ours.
"""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
import time
from typing import NamedTuple

from benches.sandbox import Sandbox

TIME = f"""\
#!{sys.executable} -S
import json, os, sys
result, command = sys.argv[2], sys.argv[3:]  # of -o RESULT COMMAND
_, status, usage = os.wait4(os.posix_spawnp(command[0], command, os.environ), 0)
with open(result, "w") as file:
    json.dump(usage.ru_utime + usage.ru_stime, file)
sys.exit(status >> 8 or 128 + (status & 127) if status else 0)
"""


class Spent(NamedTuple):
    """Seconds of wall time, of the CPU of all processes, and of the command's own CPU."""

    wall: float
    cpu: float
    own: float


class CommandTimer:
    """Runs commands in `sandbox` and times them."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._environ = sandbox.environ
        self._result = os.path.join(sandbox.directory, "time.json")
        self._time = os.path.join(sandbox.directory, "time")
        with open(self._time, "w", encoding="utf-8") as program:
            program.write(TIME)
        os.chmod(self._time, stat.S_IRWXU)

    def measure(self, command: list[str], under: tuple[str, ...] = ()) -> Spent:
        """Run `command`, behind the words of `under`, and read its output; raise if it fails."""
        timed = [*under, self._time, "-o", self._result, *command]
        begun = time.perf_counter()
        process = subprocess.Popen(
            timed,
            env=self._environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        output = process.stdout.read()
        process.stdout.close()
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - begun
        process.returncode = status >> 8 or -(status & 127)
        if status:
            raise RuntimeError(f"{command} ended with {process.returncode}: {output[-1000:]!r}")
        with open(self._result, encoding="ascii") as file:
            return Spent(wall, usage.ru_utime + usage.ru_stime, json.load(file))
