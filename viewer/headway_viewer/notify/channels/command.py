"""Notices as JSON on the standard input of a command, for scripts: `headway notify --exec CMD`.

Shell.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import subprocess
from typing import Any

from headway_viewer.notify.claims import kind_to
from headway_viewer.notify.notice import Notice

TIMEOUT = 30.0  # seconds that the command may take; then it and what it started is ended
SCHEMA = 1
CHECK_TIMEOUT = 5.0  # seconds for the shell to say whether there is such a command
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*=")
_PLAIN = re.compile(r"[\w./+@%:,-]+")


class CommandChannel:
    """Runs `command` by the shell, once for each notice.

    Raise ValueError where it is no command for the shell, or there is no such command.
    """

    gives_up = False

    def __init__(self, command: str, *, with_output: bool) -> None:
        _check(command)
        # The same words are another command in another folder.
        self.kind = kind_to("exec", command, _folder())
        self._command = command
        self._with_output = with_output

    def deliver(self, notice: Notice) -> None:
        """Run the command. Raise OSError if it fails or does not end."""
        process = subprocess.Popen(  # noqa: S602 - the user's own command
            self._command,
            shell=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        line = json.dumps(as_json(notice, with_output=self._with_output)) + "\n"
        try:
            process.communicate(line.encode(), timeout=TIMEOUT)
        except subprocess.TimeoutExpired:
            raise OSError(f"the command was ended after {TIMEOUT:g} s") from None
        except BrokenPipeError:
            pass  # it does not read
        finally:
            if process.poll() is None:
                _end(process)
        if process.returncode:
            raise OSError(f"the command failed, exit {process.returncode}")


def as_json(notice: Notice, *, with_output: bool) -> dict[str, Any]:
    """Return a notice as what scripts read; lines of output only where asked for."""
    return {
        "schema": SCHEMA,
        "type": "notice",
        "event": notice.event,
        "urgency": notice.urgency,
        "title": notice.title,
        "body": notice.body if with_output else notice.public_body,
        "operation": notice.operation or None,
        "name": notice.name or None,
        "exit_status": notice.exit_status,
        "elapsed": notice.took,
        "progress": None if notice.value is None else notice.value / 100,
        "host": notice.host,
    }


def _check(command: str) -> None:
    """Raise ValueError where the shell cannot run a command; nothing of it is run."""
    ask = 'command -v -- "$1"'
    try:
        syntax = _shell("-n", "-c", command)
        if syntax.returncode:
            said = syntax.stderr.decode(errors="replace").strip().splitlines()
            raise ValueError(f"--exec {command!r}: {said[-1] if said else 'no command'}")
        program = _program(command)
        if program is not None and _shell("-c", ask, "sh", program).returncode:
            raise ValueError(f"--exec: there is no command {program!r}")
    except (OSError, subprocess.TimeoutExpired):
        pass  # a busy machine: the first notice will tell


def _shell(*arguments: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(  # noqa: S603 - the shell that runs it
        ["/bin/sh", *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=CHECK_TIMEOUT,
        check=False,
    )


def _program(command: str) -> str | None:
    """Return the program that a command begins with; None where only the shell knows it."""
    try:
        words = shlex.split(command, comments=True)
    except ValueError:  # a text within, as of `cat <<end`
        return None
    while words and _ASSIGNMENT.match(words[0]):
        words = words[1:]
    if not words:
        return None
    return words[0] if _PLAIN.fullmatch(words[0]) else None


def _folder() -> str:
    try:
        return os.getcwd()
    except OSError:
        return ""


def _end(process: subprocess.Popen[bytes]) -> None:
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except OSError:
        process.kill()
    process.wait()
