"""The sandbox of a chaos experiment: disks that can be full, a clock that can jump, journals."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from typing import Any

import msgpack
from benches.sandbox import Sandbox

DISK = "64m"  # the size of the runtime and of the state directory, where they can be full
HERE = os.path.dirname(os.path.abspath(__file__))


def install_clock_skew(directory: str) -> str:
    """Make a folder in `directory` that lets the wall clock of a Python process jump.

    It is to be on PYTHONPATH. A broker that a program starts gets the folder, too: only folders
    that hold what a broker needs are passed on to it, and there is a link to msgpack in this one.
    """
    folder = os.path.join(directory, "clock_skew")
    shutil.copytree(os.path.join(HERE, "clock_skew"), folder)
    os.symlink(os.path.dirname(msgpack.__file__), os.path.join(folder, "msgpack"))
    return folder


class ChaosSandbox(Sandbox):
    """A sandbox with journals; `mounted` are those of its directories that are file systems.

    What processes write to standard error goes into the file `stderr`, what was done to them
    into the file `events`.
    """

    def __init__(self, *, keep: bool = False, stops: float = 0.0) -> None:
        super().__init__(prefix="hwc-")
        self.keep = keep
        self.journals = os.path.join(self.directory, "journals")
        self.clock = os.path.join(self.directory, "clock")
        self.news = os.path.join(self.directory, "news")
        self.starved = os.path.join(self.directory, "starved")
        os.mkdir(self.journals, 0o700)
        self.mounted = [
            folder for folder in (self.runtime, self.state) if os.geteuid() == 0 and _mount(folder)
        ]
        self.environ.update(
            HEADWAY_CHAOS_JOURNALS=self.journals,
            HEADWAY_CHAOS_CLOCK=self.clock,
            HEADWAY_CHAOS_NEWS=self.news,
            HEADWAY_CHAOS_STARVED=self.starved,
            HEADWAY_CHAOS_STOPS=str(stops),
            PYTHONPATH=os.pathsep.join(
                (install_clock_skew(self.directory), self.environ["PYTHONPATH"])
            ),
        )
        self._stderr = open(os.path.join(self.directory, "stderr"), "ab")  # noqa: SIM115

    def __exit__(self, *error: object) -> None:
        self.kill_all()
        self._stderr.close()
        if self.keep:
            for folder in self.mounted:
                copy = folder + "-copy"
                shutil.copytree(folder, copy, ignore=shutil.ignore_patterns("*.sock*", "filler"))
        for folder in self.mounted:
            subprocess.run(["umount", "--lazy", folder], check=False)
        if not self.keep:
            super().__exit__(*error)

    def start(self, *command: str, **options: Any) -> subprocess.Popen[Any]:
        """Start a process in the sandbox."""
        options = {"stdout": subprocess.DEVNULL, "stderr": self._stderr, "cwd": "/", **options}
        return super().start(*command, **options)

    def query(self, *arguments: str, within: float = 10.0) -> Any:
        """Run a `headway` command; return its JSON, or None if it gives none in time."""
        process = self.headway(*arguments, stdout=subprocess.PIPE)
        try:
            out, _ = process.communicate(timeout=within)
            return json.loads(out)
        except (subprocess.TimeoutExpired, ValueError):
            process.kill()
            process.communicate()
            return None

    def is_stopped(self, pid: int) -> bool:
        """Return whether a process runs here and is stopped by a signal."""
        try:
            with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as stat:
                state = stat.read().rpartition(")")[2].split()[0]
        except (OSError, IndexError):
            return False
        return state == "T" and self.owns(pid)

    def threads(self, pid: int) -> list[int]:
        """Return the ids of the threads of a process that runs here."""
        try:
            return list(map(int, os.listdir(f"/proc/{pid}/task"))) if self.owns(pid) else []
        except OSError:
            return []

    def note(self, text: str) -> None:
        """Write down an event, for whoever reads a sandbox that was kept."""
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

    def free(self, folder: str) -> None:
        """Give back the space that `fill` took."""
        try:
            os.unlink(os.path.join(folder, "filler"))
        except FileNotFoundError:
            pass

    def tracebacks(self) -> list[list[str]]:
        """Return the lines of every traceback that a process wrote to standard error.

        But for those of a pool's workers that had nobody left to give their result to: their
        parent was killed, and multiprocessing says so in its own words.
        """
        found: list[list[str]] = []
        inside = False
        path = os.path.join(self.directory, "stderr")
        with open(path, encoding="utf-8", errors="replace") as file:
            for line in file.read().splitlines():
                if line.startswith("Traceback "):
                    found.append([])
                    inside = True
                if inside:
                    found[-1].append(line)
                    inside = line.startswith(("Traceback ", " "))
        return [lines for lines in found if not _is_orphaned_worker(lines)]


def _is_orphaned_worker(lines: list[str]) -> bool:
    files = [line for line in lines if line.startswith('  File "')]
    return lines[-1].startswith(("BrokenPipeError", "ConnectionResetError", "EOFError")) and all(
        "/multiprocessing/" in line for line in files
    )


def _mount(folder: str) -> bool:
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={DISK},mode=0700", "tmpfs", folder],
        check=False,
        capture_output=True,
    )
    return done.returncode == 0
