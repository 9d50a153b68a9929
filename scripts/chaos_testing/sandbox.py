"""Where chaos takes place: directories of its own, an environment, and whatever runs in it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from typing import Any

import msgpack

SIZE = "64m"  # of the runtime and of the state directory, where they can be full
HERE = os.path.dirname(os.path.abspath(__file__))
DROPPED = ("CI", "PYTHONPATH", "NO_COLOR", "FORCE_COLOR", "COLUMNS", "LINES")


def jumping(directory: str) -> str:
    """A folder in `directory`, to be searched for modules, by which every clock can jump.

    A broker that a program starts is told of it, too, as it finds something there that it needs.
    """
    folder = os.path.join(directory, "clock_skew")
    shutil.copytree(os.path.join(HERE, "clock_skew"), folder)
    os.symlink(os.path.dirname(msgpack.__file__), os.path.join(folder, "msgpack"))
    return folder


class Arena:
    """A runtime directory, a state directory and journals that nobody else uses."""

    def __init__(self) -> None:
        self.directory = tempfile.mkdtemp(prefix="hwc-", dir="/tmp")
        self.runtime = os.path.join(self.directory, "run")
        self.state = os.path.join(self.directory, "state")
        self.journals = os.path.join(self.directory, "journals")
        self.clock = os.path.join(self.directory, "clock")
        for folder in (self.runtime, self.state, self.journals):
            os.mkdir(folder, 0o700)
        self.mounted = [
            folder for folder in (self.runtime, self.state) if os.geteuid() == 0 and _mount(folder)
        ]
        self.environ = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith("HEADWAY") and name not in DROPPED
        }
        self.environ.update(
            HEADWAY_RUNTIME_DIR=self.runtime,
            HEADWAY_STATE_DIR=self.state,
            HEADWAY_CHAOS_JOURNALS=self.journals,
            HEADWAY_CHAOS_CLOCK=self.clock,
            PYTHONPATH=os.pathsep.join((jumping(self.directory), os.path.dirname(HERE))),
        )
        self._mark = f"HEADWAY_RUNTIME_DIR={self.runtime}\0".encode()
        self._failures = open(os.path.join(self.directory, "stderr"), "ab")  # noqa: SIM115

    def close(self, *, keep: bool = False) -> None:
        """End everything that runs here, and remove it all unless it is to be kept."""
        for _ in range(3):
            for pid in self.everybody():
                self.signal(pid, signal.SIGKILL)
            time.sleep(0.1)
        self._failures.close()
        if keep:
            for folder in self.mounted:
                copy = folder + "-copy"
                shutil.copytree(folder, copy, ignore=shutil.ignore_patterns("*.sock*", "filler"))
        for folder in self.mounted:
            subprocess.run(["umount", "--lazy", folder], check=False)
        if not keep:
            shutil.rmtree(self.directory, ignore_errors=True)

    def start(self, *command: str, **options: Any) -> subprocess.Popen[Any]:
        """Start a process here; what it writes to standard error is kept in a file."""
        options.setdefault("stdout", subprocess.DEVNULL)
        return subprocess.Popen(
            command,
            env=self.environ,
            stdin=subprocess.DEVNULL,
            stderr=self._failures,
            cwd="/",
            **options,
        )

    def python(self, *arguments: str, **options: Any) -> subprocess.Popen[Any]:
        """Start a Python process here."""
        return self.start(sys.executable, *arguments, **options)

    def headway(self, *arguments: str, **options: Any) -> subprocess.Popen[Any]:
        """Start a `headway` command here."""
        return self.python("-m", "headway", *arguments, **options)

    def ask(self, *arguments: str, within: float = 10.0) -> Any:
        """What a `headway` command answers in JSON, or None if it does not in time."""
        process = self.headway(*arguments, stdout=subprocess.PIPE)
        try:
            out, _ = process.communicate(timeout=within)
            return json.loads(out)
        except (subprocess.TimeoutExpired, ValueError):
            process.kill()
            process.communicate()
            return None

    def broker(self) -> int | None:
        """The pid of the broker that holds the lock, if there is one."""
        try:
            with open(os.path.join(self.runtime, "broker.lock"), encoding="ascii") as file:
                pid = int(file.read())
        except (OSError, ValueError):
            return None
        return pid if self.ours(pid) else None

    def ours(self, pid: int) -> bool:
        """Whether a process belongs here (and is not a later one of the same pid)."""
        try:
            with open(f"/proc/{pid}/environ", "rb") as environ:
                return self._mark in environ.read()
        except OSError:
            return False

    def everybody(self) -> list[int]:
        """The pids of all that run here."""
        found = (int(name) for name in os.listdir("/proc") if name.isdigit())
        return [pid for pid in found if pid != os.getpid() and self.ours(pid)]

    def signal(self, pid: int, number: int) -> bool:
        """Send a signal to a process, if it belongs here."""
        try:
            if self.ours(pid):
                os.kill(pid, number)
                return True
        except OSError:
            pass
        return False

    def note(self, text: str) -> None:
        """Write down what was done, for whoever looks into a kept arena."""
        with open(os.path.join(self.directory, "events"), "a", encoding="utf-8") as file:
            file.write(f"{time.monotonic():.3f} {text}\n")

    def fill(self, folder: str) -> None:
        """Leave no byte free in a folder that is a file system of its own."""
        with open(os.path.join(folder, "filler"), "wb", buffering=0) as file:
            for size in (1 << 16, 1 << 12, 1):
                try:
                    while True:
                        file.write(b"\0" * size)
                except OSError:
                    continue

    def empty(self, folder: str) -> None:
        """Give the space back."""
        try:
            os.unlink(os.path.join(folder, "filler"))
        except FileNotFoundError:
            pass

    def complaints(self) -> list[str]:
        """What processes wrote to standard error."""
        with open(
            os.path.join(self.directory, "stderr"), encoding="utf-8", errors="replace"
        ) as file:
            return file.read().splitlines()


def memory(pid: int) -> int:
    """The most bytes that a process has held until now."""
    try:
        with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as file:
            for line in file:
                if line.startswith("VmHWM:"):
                    return int(line.split()[1]) * 1024
    except OSError:
        pass
    return 0


def _mount(folder: str) -> bool:
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={SIZE},mode=0700", "tmpfs", folder],
        check=False,
        capture_output=True,
    )
    return done.returncode == 0
