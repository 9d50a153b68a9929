"""Runs `headway run` in pipes and in terminals, reporting to a test's own listener."""

from __future__ import annotations

import os
import shlex
import sys

import pexpect

PROGRAM = [
    sys.executable,
    "-c",
    "import sys; from headway.run.commands.cli import main; sys.exit(main(sys.argv[1:]))",
]


def piped(machine, *arguments, **popen):
    """Start `headway run ARGUMENTS` with pipes; the process."""
    return machine.spawn(*PROGRAM, *arguments, **{"text": False, **popen})


def output(machine, *arguments, timeout=90, **popen):
    """Run it to its end: (status as subprocess gives it, standard output, standard error)."""
    process = piped(machine, *arguments, **popen)
    out, err = process.communicate(timeout=timeout)
    return process.returncode, out, err


def typed(machine, *arguments, rows=24, columns=80, **environ):
    """Start it on a terminal of its own; what is drawn there is the command's alone."""
    environ = {**machine.environ, "HEADWAY_DISPLAY": "quiet", "TERM": "xterm", **environ}
    return pexpect.spawn(
        PROGRAM[0],
        [*PROGRAM[1:], *arguments],
        env=environ,
        dimensions=(rows, columns),
        timeout=60,
        encoding="utf-8",
        echo=True,
    )


def shell(machine, name="bash", *options):
    """Start an interactive shell in which `hw` is `headway run`."""
    environ = {**machine.environ, "HEADWAY_DISPLAY": "quiet", "TERM": "xterm"}
    terminal = pexpect.spawn(
        name,
        [*(options or ("--norc", "--noprofile")), "-i"],
        env={**environ, "PS1": "READY> ", "HISTFILE": os.devnull},
        dimensions=(24, 200),
        timeout=60,
        encoding="utf-8",
    )
    terminal.expect_exact("READY> ")
    command = " ".join(map(shlex.quote, PROGRAM))
    terminal.sendline(
        f"bind 'set enable-bracketed-paste off' 2>/dev/null; hw() {{ {command} \"$@\"; }}"
    )
    terminal.expect_exact("READY> ")
    return terminal


def detached(machine, *arguments):
    """Start it on a terminal that does not control it, as `su -c` and `setsid` do."""
    environ = {**machine.environ, "HEADWAY_DISPLAY": "quiet", "TERM": "xterm"}
    command = ["-w", *PROGRAM, *arguments]
    return pexpect.spawn("setsid", command, env=environ, timeout=60, encoding="utf-8")


def scripted(machine, script):
    """Start a script on a terminal of its own, in which `(hw …)` is `headway run`."""
    command = " ".join(map(shlex.quote, PROGRAM))
    return pexpect.spawn(
        "sh",
        ["-c", f'hw() {{ exec {command} "$@"; }}\n{script}'],
        env={**machine.environ, "HEADWAY_DISPLAY": "quiet", "TERM": "xterm"},
        cwd=machine.folder,
        timeout=90,
        encoding="utf-8",
    )


def ended(terminal):
    """Wait for the end of what runs on a terminal: (what it printed, exit status, signal)."""
    terminal.expect(pexpect.EOF)
    text = terminal.before
    terminal.wait()
    terminal.close()
    return text, terminal.exitstatus, terminal.signalstatus
