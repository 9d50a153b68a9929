"""Headway as a user meets it: commands, programs, and terminals whose screen pyte keeps."""

from __future__ import annotations

import os
import select
import subprocess
import sys
import time

import pexpect
import pyte
from machine import Machine, until

PREAMBLE = "import headway, signal, sys, time\n"
HELD = "with headway.operation({name!r}) as op:\n    {first}\n    sys.stdin.read()\n    {then}"
BASH = ["bash", "--norc", "--noprofile"]


class Sandbox(Machine):
    """A machine as a user has it: commands by name, a shell, terminals."""

    def __init__(self):
        super().__init__(
            PYTHONUNBUFFERED="1",
            TERM="xterm-256color",
            LC_ALL="C.UTF-8",
            PS1="$ ",
            PATH=os.path.dirname(sys.executable) + os.pathsep + os.environ["PATH"],
        )
        os.rmdir(self.directory)  # what starts no broker makes none either
        self._terminals = []

    def close(self):
        for terminal in self._terminals:
            terminal.close()
        super().close()

    def program(self, code, *, environ=None, **popen):
        """Start a Python program that reports."""
        return self.python("-c", PREAMBLE + code, environ=environ, **popen)

    def file(self, name, code):
        return super().file(name, PREAMBLE + code)

    def held(self, name, then="pass", first="pass"):
        """Start a program whose operation goes on until `let_go`, and wait until it is known."""
        code = HELD.format(name=name, then=then, first=first)
        process = self.program(code, stdin=subprocess.PIPE)
        until(lambda: any(made["pid"] == process.pid for made in self.operations()), name)
        return process

    def terminal(self, *argv, columns=80, rows=24, **environ):
        """A terminal in which `argv` runs; a shell by default."""
        terminal = Terminal(argv or BASH, {**self.environ, **environ}, columns, rows)
        self._terminals.append(terminal)
        return terminal


def at_prompt(lines):
    """Whether the last line on a terminal is a bare prompt."""
    return [line for line in lines if line][-1] == "$"


def let_go(process, timeout=60):
    """Let a program that was held go on to its end: what it printed, to both streams."""
    return process.communicate(timeout=timeout)


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

    def wait_for(self, condition, what, timeout=60.0):
        """Read until `condition(lines)` of the screen's lines holds."""
        until_then = time.monotonic() + timeout
        while not condition(self.lines):
            assert time.monotonic() < until_then, f"{what}, but there is\n" + "\n".join(self.all)
            self.read(0.05)
        return self.lines

    def wait_for_text(self, text, timeout=60.0):
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
        try:
            self.child.close(force=True)
        except pexpect.ExceptionPexpect:  # killed, but on a busy machine it takes a while to die
            until(lambda: not self.child.isalive(), "the end of a killed child")
            self.child.close(force=True)
