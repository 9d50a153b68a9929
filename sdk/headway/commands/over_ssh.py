"""`headway over-ssh HOST -- CMD`: a command on another machine reports to the broker of this one.

One connection of ssh is shared by all that is asked of the other machine, so that a password is
asked for once: a private directory there, this broker's sockets forwarded into it, the command.
What fails of it is told in a line, and the command runs all the same.
"""

from __future__ import annotations

import contextlib
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time

from headway.host.launch import broker_launch
from headway.host.propagation import PARENT
from headway.host.terminfo import show_help
from headway.protocol.endpoint import FOLLOW, REPORT, NoRuntimeDirectory, network_endpoint

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Sequence

USAGE = "usage: headway over-ssh [SSH-OPTION…] HOST -- CMD [ARG…]"
HELP = f"""{USAGE}

Run CMD on another machine, by ssh, and have it report to this machine's broker: a Python program
that uses Headway, or `headway run -- …`. It is seen here, where `headway cancel` and Ctrl+C reach
it. Nothing but Headway and sshd is needed there, and no key of Headway's.

What stands before HOST is for ssh (-p 2222, -i FILE, -J HOST, -o NAME=VALUE). CMD gets its words
as they stand here; for a pipe or `cd` give it to a shell, as below. Where standard input is a
terminal, CMD has one, too.

options:
  -h, --help      show this

exit status: CMD's; 255 where ssh fails, which is then said.

examples:
  headway over-ssh build1 -- headway run -- make -j8
  headway over-ssh -p 2222 me@build1 -- python3 train.py
  headway over-ssh build1 -- sh -c 'cd project && headway run -- make'
"""

SSH_FAILED = 255  # ssh's own exit status for an error of its own
USAGE_STATUS = 2
NOT_FOUND = 127
BROKER_TIMEOUT = 10.0  # seconds for this machine's broker to start: it takes 0.3, when busy more
POLL = 0.05
# Seconds between looks whether a broker is here: programs there cannot start one, which they miss
# for so long after a crash.
BROKER_CHECK = 2.0
# Seconds that the shared connection outlives what uses it, where nobody is left to close it.
SHARED_FOR = 30
_MAKE = "umask 077 && mktemp -d /tmp/headway-ssh.XXXXXXXXXX"
_MADE = re.compile(r"/tmp/headway-ssh\.[A-Za-z0-9]{10}")  # noqa: S108 - made by mktemp, 0700
# Signals are caught, so that the command has them as ever and the directory is removed after it.
_SCRIPT = f"""\
trap : HUP INT QUIT TERM
directory=$1 parent=$2
shift 2
[ -z "$directory" ] || export HEADWAY_ENDPOINT="$directory/{REPORT}"
[ -z "$parent" ] || export {PARENT}="$parent"
"$@"
status=$?
[ -z "$directory" ] || {{ rm -f "$directory/{REPORT}" "$directory/{FOLLOW}"; rmdir "$directory"; }}
exit $status"""


def main(arguments: Sequence[str]) -> int:
    """Run `headway over-ssh` with these arguments; return the exit status."""
    if list(arguments[:1]) in (["-h"], ["--help"]):
        show_help(HELP)
        return 0
    try:
        target, command = split(arguments)
    except ValueError as error:
        _complain(f"{error}; see `headway over-ssh --help`")
        return USAGE_STATUS
    if shutil.which("ssh") is None:
        _complain("there is no ssh on PATH")
        return NOT_FOUND
    folder = tempfile.mkdtemp(prefix="headway-ssh-")
    try:
        return _Ssh(target, os.path.join(folder, "c")).run(command)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def split(arguments: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return what is for ssh, whose last word is the host, and the command. Raise ValueError."""
    given = list(arguments)
    if "--" not in given:
        raise ValueError("`--` belongs between the host and the command")
    at = given.index("--")
    target, command = given[:at], given[at + 1 :]
    if not target or target[-1].startswith("-"):
        raise ValueError("no host was given before `--`")
    if not command:
        raise ValueError("no command was given after `--`")
    return target, command


def far_command(directory: str, parent: str, command: Sequence[str]) -> str:
    """Return what the shell of the other machine is told, to run `command` word for word.

    `directory` is where the broker's sockets are there, or "" for none.
    """
    words = ["sh", "-c", _SCRIPT, "headway", directory, parent, *command]
    return " ".join(map(shlex.quote, words))


def forwarded(directory: str, report: str) -> list[str]:
    """Return the options of ssh that forward `report`, and the socket beside it, to `directory`."""
    follow = os.path.join(os.path.dirname(report), FOLLOW)
    pairs = ((REPORT, report), (FOLLOW, follow))
    return [
        word for name, path in pairs for word in ("-R", f"{directory}/{name}:{_of_forward(path)}")
    ]


def _of_forward(path: str) -> str:
    return path.replace("\\", "\\\\").replace(":", "\\:")


class _Ssh:
    """One shared connection to a host; `target` is what ssh is told of it."""

    def __init__(self, target: list[str], control: str) -> None:
        self._target = target
        self._host = target[-1]
        self._shared = ["ssh", "-o", f"ControlPath={control}"]

    def run(self, command: list[str]) -> int:
        """Run a command on the host; return the exit status."""
        parent = os.environ.get(PARENT, "")
        try:
            directory = self._prepare()
        except ConnectionError:
            _complain(f"ssh could not connect to {self._host}: the command has not run")
            return SSH_FAILED
        except KeyboardInterrupt:
            return 128 + signal.SIGINT
        try:
            status = self._execute(far_command(directory, parent, command))
            if status == SSH_FAILED and not self._quietly("-O", "check"):
                _complain(
                    f"the connection to {self._host} was lost: how the command ended is not known"
                )
            return status
        finally:
            self._quietly("-O", "exit")

    def _prepare(self) -> str:
        """Connect, and return the directory there that has this broker's sockets, "" for none.

        Raise `ConnectionError`.
        """
        report = None
        try:
            report = _report_socket()
        except OSError as error:
            self._without(str(error))
        master = ["-o", "ControlMaster=yes", "-o", f"ControlPersist={SHARED_FOR}"]
        made = subprocess.run(  # noqa: S603 - what the user gave
            [*self._shared, *master, *self._target, "-T", "true" if report is None else _MAKE],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            check=False,
        )
        if made.returncode == SSH_FAILED:
            raise ConnectionError
        if report is None:
            return ""
        lines = made.stdout.decode("utf-8", "replace").split()  # files of the shell may print, too
        directory = lines[-1] if lines else ""
        if _MADE.fullmatch(directory) is None:
            return self._without("no private directory could be made there")
        options = ["-o", "StreamLocalBindUnlink=yes", *forwarded(directory, report)]
        if not self._quietly("-O", "forward", *options):
            self._quietly(line=f"rm -r {directory}")
            return self._without("sshd there forwards no sockets (AllowStreamLocalForwarding)")
        return directory

    def _without(self, reason: str) -> str:
        _complain(f"the command is not seen here: {reason}")
        return ""

    def _execute(self, line: str) -> int:
        terminal = ["-t"] if sys.stdin is not None and sys.stdin.isatty() else []
        words = [*self._shared, *terminal, *self._target, line]
        ssh = subprocess.Popen(words)  # noqa: S603 - what the user gave
        before = signal.signal(signal.SIGTERM, lambda *_: ssh.terminate())
        try:
            while True:
                try:
                    status = ssh.wait(BROKER_CHECK)
                except subprocess.TimeoutExpired:
                    _keep_broker()
                except KeyboardInterrupt:
                    pass  # ssh has had it, too, and ends
                else:
                    return status if status >= 0 else 128 - status
        finally:
            signal.signal(signal.SIGTERM, before)

    def _quietly(self, *options: str, line: str | None = None) -> bool:
        """Ask something of the shared connection, or of the host; return whether it was done."""
        done = subprocess.run(  # noqa: S603 - what the user gave
            [*self._shared, *options, *self._target, *([] if line is None else [line])],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=False,
        )
        return done.returncode == 0


def _report_socket() -> str:
    """Return the socket of this machine's broker, which is started if need be. Raise OSError."""
    network = network_endpoint(os.environ)
    if network is not None:
        raise NoRuntimeDirectory(f"HEADWAY_ENDPOINT is {network!r}: set it there, with a key")
    until = time.monotonic() + BROKER_TIMEOUT
    while True:
        address = broker_launch.endpoint(os.environ, os.getuid())
        if address is not None:
            return address[len("ipc://") :]
        if time.monotonic() >= until:
            raise NoRuntimeDirectory("no broker answers on this machine; see `headway doctor`")
        time.sleep(POLL)


def _keep_broker() -> None:
    """Start a broker where the last one has gone."""
    with contextlib.suppress(OSError):
        broker_launch.endpoint(os.environ, os.getuid())


def _complain(text: str) -> None:
    sys.stderr.write(f"headway over-ssh: {text}\n")
