"""A user's machine for real: directories, a broker, commands, programs, terminals with pyte."""

from __future__ import annotations

import json
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import pexpect
import pyte

HEADWAY = [sys.executable, "-m", "headway.cli"]
BASH = ["bash", "--norc", "--noprofile"]


class Real:
    """Everything that is started here is gone after `close`."""

    def __init__(self):
        self.directory = tempfile.mkdtemp(prefix="hwr", dir="/tmp")
        os.chmod(self.directory, 0o700)
        self.environ = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith("HEADWAY") and name not in ("CI", "NO_COLOR", "FORCE_COLOR")
        }
        self.environ.update(
            HEADWAY_RUNTIME_DIR=f"{self.directory}/run",
            HEADWAY_STATE_DIR=f"{self.directory}/state",
            PYTHONUNBUFFERED="1",
            TERM="xterm-256color",
            LC_ALL="C.UTF-8",
            PS1="$ ",
            PATH=os.path.dirname(sys.executable) + os.pathsep + os.environ["PATH"],
        )
        self._processes = []
        self._terminals = []

    def close(self):
        for terminal in self._terminals:
            terminal.close()
        for process in self._processes:
            if process.poll() is None:
                process.kill()
            process.communicate()
        pid = self.broker()
        self.headway("broker", "stop")
        if pid is not None:
            until(lambda: not alive(pid), f"the broker {pid} leaves")
        shutil.rmtree(self.directory, ignore_errors=True)

    def headway(self, *arguments, timeout=30, **environ):
        """Run a command to its end; the completed process, its output as text."""
        return subprocess.run(
            [*HEADWAY, *arguments],
            env={**self.environ, **environ},
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
            stdin=subprocess.DEVNULL,
        )

    def start(self, *argv, **popen):
        """Start any command, with pipes."""
        process = subprocess.Popen(
            argv,
            env={**self.environ, **popen.pop("environ", {})},
            text=True,
            **{
                "stdin": subprocess.DEVNULL,
                "stdout": subprocess.PIPE,
                "stderr": subprocess.PIPE,
                **popen,
            },
        )
        self._processes.append(process)
        return process

    def program(self, code, *, environ=None, **popen):
        """Start a Python program that reports."""
        return self.start(
            sys.executable,
            "-c",
            "import headway, sys, time\n" + code,
            environ=environ or {},
            **popen,
        )

    def file(self, name, code):
        """Write a Python program to be started by name; its path."""
        path = f"{self.directory}/{name}"
        with open(path, "w") as file:
            file.write("import headway, sys, time\n" + code)
        return path

    def terminal(self, *argv, columns=80, rows=24, **environ):
        """A terminal in which `argv` runs; a shell by default."""
        terminal = Terminal(argv or BASH, {**self.environ, **environ}, columns, rows)
        self._terminals.append(terminal)
        return terminal

    def operations(self):
        """What `headway ps --json` lists."""
        return json.loads(self.headway("ps", "--json").stdout)["operations"]

    def broker(self):
        """The broker's pid, or None."""
        status = self.headway("broker", "status", "--json")
        return json.loads(status.stdout)["pid"] if status.returncode == 0 else None


class Terminal:
    """A pty whose screen is kept by pyte, with what has scrolled off it."""

    def __init__(self, argv, environ, columns, rows):
        self.columns, self.rows = columns, rows
        self.screen = pyte.HistoryScreen(columns, rows, history=2000)
        self._stream = pyte.ByteStream(self.screen)
        self.child = pexpect.spawn(
            argv[0], list(argv[1:]), env=environ, dimensions=(rows, columns), timeout=30
        )
        self.child.delayafterclose = 0.05
        self.written = b""

    def read(self, seconds=0.0):
        """Take in what was written, for so long."""
        until_then = time.monotonic() + seconds
        while True:
            left = max(until_then - time.monotonic(), 0)
            if not select.select([self.child.child_fd], [], [], left)[0]:
                return
            try:
                data = os.read(self.child.child_fd, 65536)
            except OSError:
                return
            if not data:
                return
            self.written += data
            # pyte knows neither synchronised output nor what to do with it.
            self._stream.feed(data.replace(b"\x1b[?2026h", b"").replace(b"\x1b[?2026l", b""))

    def type(self, keys):
        self.child.send(keys)

    def resize(self, columns, rows):
        self.columns, self.rows = columns, rows
        self.screen.resize(lines=rows, columns=columns)
        self.screen.set_margins()
        self.child.setwinsize(rows, columns)

    def wait_for(self, condition, what, timeout=20.0):
        """Read until `condition(lines)` of the screen's lines holds."""
        until_then = time.monotonic() + timeout
        while not condition(self.lines):
            assert time.monotonic() < until_then, f"{what}, but there is\n" + "\n".join(self.all)
            self.read(0.05)
        return self.lines

    def wait_for_text(self, text, timeout=20.0):
        return self.wait_for(
            lambda lines: any(text in line for line in lines), f"{text!r} on the screen", timeout
        )

    @property
    def lines(self):
        return [line.rstrip() for line in self.screen.display]

    @property
    def all(self):
        """Every line there ever was, without empty ones."""
        top = [
            "".join(line[x].data for x in range(len(line) and max(line) + 1)).rstrip()
            for line in self.screen.history.top
        ]
        return [line for line in top + self.lines if line]

    def close(self):
        self.child.close(force=True)


def until(condition, what, timeout=20.0):
    """Wait until `condition()` holds; its value."""
    until_then = time.monotonic() + timeout
    while True:
        found = condition()
        if found:
            return found
        assert time.monotonic() < until_then, what
        time.sleep(0.02)


def alive(pid):
    try:
        os.kill(pid, 0)
        with open(f"/proc/{pid}/stat", "rb") as file:
            return file.read().rsplit(b")", 1)[1].split()[0] != b"Z"
    except OSError:
        return False


def killed(pid):
    """Kill a process that a test has started, and wait until it is gone."""
    os.kill(pid, signal.SIGKILL)
    until(lambda: not alive(pid), f"{pid} is gone")
