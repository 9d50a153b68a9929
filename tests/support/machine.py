"""A user's machine for a test: directories of its own, and the processes started for them."""

from __future__ import annotations

import contextlib
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import textwrap
import time
from unittest import mock

import psutil

from headway.run.supervision.report import AGENTS
from headway_broker.commands import client
from headway_viewer.commands.exit_status import NO_ANSWER
from headway_viewer.commands.ps import ps

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
HEADWAY = [sys.executable, "-m", "headway"]


class Machine:
    """A runtime and a state directory; everything that is started here is gone after `close`."""

    def __init__(self, **environ):
        self.folder = tempfile.mkdtemp(prefix="hw", dir="/tmp")
        os.chmod(self.folder, 0o711)  # what is in it is closed by itself
        self.directory = self._made("run")
        self.state = self._made("state")
        self.environ = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith("HEADWAY")
            and not name.startswith(("GITHUB_", "GITLAB_"))
            and name not in ("CI", "NO_COLOR", "FORCE_COLOR", *AGENTS)
        }
        self.environ.update(
            HEADWAY_RUNTIME_DIR=self.directory,
            HEADWAY_STATE_DIR=self.state,
            PYTHONPATH=os.pathsep.join(path for path in sys.path if path),
            **environ,
        )
        self.processes = []
        self._mark = f"HEADWAY_RUNTIME_DIR={self.directory}".encode()

    def _made(self, name):
        path = os.path.join(self.folder, name)
        os.mkdir(path, 0o700)
        return path

    def path(self, name):
        """Where something of that name lies in the runtime directory."""
        return os.path.join(self.directory, name)

    def spawn(self, *argv, environ=None, **popen):
        """Start a command; with pipes of text unless `popen` says otherwise."""
        options = {
            "stdin": subprocess.DEVNULL,
            "stdout": subprocess.PIPE,
            "stderr": subprocess.PIPE,
            "text": True,
            "env": {**self.environ, **(environ or {})},
            **popen,
        }
        process = subprocess.Popen(argv, **options)
        self.processes.append(process)
        return process

    def python(self, *argv, **popen):
        """Start the interpreter that runs the tests."""
        return self.spawn(sys.executable, *argv, **popen)

    def file(self, name, code):
        """Write a Python program to be started by name; its path."""
        path = os.path.join(self.folder, name)
        with open(path, "w") as file:
            file.write(textwrap.dedent(code))
        return path

    def start(self, code, *arguments, stdin=subprocess.DEVNULL, **environ):
        """Start a program; what it prints is read by `finish`."""
        path = self.file(f"program{len(self.processes)}.py", code)
        return self.python(path, *arguments, stdin=stdin, environ=environ)

    def run(self, code, *arguments, timeout=90, **environ):
        """Run a program to its end: (exit status, standard output, standard error)."""
        return self.finish(self.start(code, *arguments, **environ), timeout)

    def finish(self, program, timeout=90):
        try:
            out, err = program.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            program.kill()
            out, err = program.communicate()
            raise AssertionError(f"still running after {timeout} s: {out} {err}") from None
        return program.returncode, out, err

    def serving(self):
        """The pid of the broker that serves this machine, or None."""
        try:
            with open(self.path("broker.lock")) as file:
                pid = int(file.read())
            # A test may have written anything there, and `close` kills what this returns.
            place = psutil.Process(pid).environ().get("HEADWAY_RUNTIME_DIR")
        except (OSError, ValueError, psutil.Error):
            return None
        return pid if place == self.directory and alive(pid) else None

    def headway(self, *arguments, timeout=90, **environ):
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

    def operations(self):
        """What `headway ps --json` lists; nothing while a broker is still starting."""
        # Called here: it is asked again and again, and to start Python takes longer than the rest.
        with io.TextIOWrapper(io.BytesIO(), "utf-8") as said:
            ours = mock.patch.dict(os.environ, self.environ, clear=True)
            with ours, contextlib.redirect_stdout(said):
                status = ps(["--json"])
            said.seek(0)
            return [] if status == NO_ANSWER else json.loads(said.read())["operations"]

    def ask(self, verb, **arguments):
        """What the broker answers to a request."""
        return client.ask(self.path("report.sock"), verb, arguments).result

    def left(self):
        """The processes that were started for this machine and live, whoever started them."""
        return [process for process in _processes_with(self._mark) if process.pid != os.getpid()]

    def _deserted(self):
        # A broker that was just being started listens only after the one before it has gone.
        left = self.left()
        for process in left:
            try:
                process.send_signal(signal.SIGCONT)
                process.kill()
            except psutil.NoSuchProcess:
                pass
        return not left

    def close(self):
        for process in self.processes:
            if process.poll() is None:
                process.send_signal(signal.SIGCONT)
                process.kill()
        # First: who inherited a pipe would keep it open.
        until(self._deserted, f"the end of all that was started for {self.directory}")
        for process in self.processes:
            process.communicate()
        shutil.rmtree(self.folder, ignore_errors=True)


def _processes_with(variable):
    """The processes that began with a variable, b"NAME=VALUE", in their environment, and live."""
    for pid in psutil.pids():
        try:
            if variable in _environ(pid):
                yield psutil.Process(pid)
        except (OSError, psutil.Error):
            continue


def _environ(pid):
    """The variables that a process began with; of one that has ended there are none."""
    if not sys.platform.startswith("linux"):
        return [f"{key}={value}".encode() for key, value in psutil.Process(pid).environ().items()]
    with open(f"/proc/{pid}/environ", "rb") as file:  # psutil takes four times as long
        return file.read().split(b"\0")


def until(condition, what="what was waited for", seconds=60.0):
    """Wait until `condition()` is true and return its value; fails when it does not come.

    Most of the time is left to what is waited for: a look at all processes takes some of it.
    """
    end = time.monotonic() + seconds
    while True:
        began = time.monotonic()
        value = condition()
        if value:
            return value
        now = time.monotonic()
        assert now < end, f"{what} did not come in {seconds:g} s"
        time.sleep(min(max(0.01, 2 * (now - began)), 0.2))


def alive(pid):
    """Whether a process runs; a zombie does not."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def runs(pid, name):
    """Whether a program of that name runs below a process."""
    with contextlib.suppress(psutil.Error):
        return any(one.name() == name for one in psutil.Process(pid).children(recursive=True))
    return False


def runs_argument(pid, argument):
    """Whether a program that ends with that argument runs below a process."""
    with contextlib.suppress(psutil.Error):
        below = psutil.Process(pid).children(recursive=True)
        return any(one.cmdline()[-2:] == ["sleep", argument] for one in below)
    return False


def killed(pid):
    """Kill a process that a test has started, and wait until it is gone."""
    os.kill(pid, signal.SIGKILL)
    until(lambda: not alive(pid), f"the end of {pid}")
