"""The command as a process: forked early, executed when told, signalled, waited for.

It is forked while this process has one thread, and waits behind a gate until its
environment is known. In `PtyChild` a monitor stands between: the leader of the session
that has the pty, so that Ctrl+Z works there, and that ends only after everybody who was
left behind in the session, so that nobody is hung up on.
"""

from __future__ import annotations

import errno
import fcntl
import os
import signal
import struct
import termios
from typing import Callable, Mapping, NoReturn

from headway.run.family import family

_REPORT = struct.Struct("=i")  # a wait status
_GO = b"go\0"
_PYTHONS_OWN = ("SIGPIPE", "SIGXFSZ", "SIGXFZ")  # which the interpreter ignores at its start


class CannotStart(OSError):
    """The command could not be executed; `errno` says why."""


class Gate:
    """Two pipes: one lets the child go on with its environment, one tells how execve failed."""

    def __init__(self) -> None:
        self._go, self._open = os.pipe()
        self._failed, self._fail = os.pipe()

    def let_go(self, environ: Mapping[str, str]) -> None:
        """Let the child execute, with `environ` on top of its own; raises CannotStart."""
        os.close(self._go)
        os.close(self._fail)
        data = _GO + b"\0".join(os.fsencode(f"{name}={value}") for name, value in environ.items())
        try:
            while data:
                data = data[os.write(self._open, data) :]
        except OSError:
            pass  # it is gone, which is told below
        os.close(self._open)
        number = os.read(self._failed, 16)
        os.close(self._failed)
        if number:
            code = int(number)
            raise CannotStart(code, os.strerror(code))

    def leave(self) -> None:
        """Let go of the pipes: this process is neither of the two."""
        for descriptor in (self._go, self._open, self._failed, self._fail):
            os.close(descriptor)

    def execute(self, path: str, argv: list[str]) -> NoReturn:
        """Wait for the word to go, then become the command. Runs in the child."""
        os.close(self._open)
        os.close(self._failed)
        data = b""
        while True:
            part = os.read(self._go, 65536)
            if not part:
                break
            data += part
        if not data.startswith(_GO):
            os._exit(127)
        environ = dict(os.environb)
        for item in data[len(_GO) :].split(b"\0"):
            name, found, value = item.partition(b"=")
            if found:
                environ[name] = value
        os.close(self._go)
        try:
            os.execve(path, argv, environ)  # noqa: S606 - what the user asked for
        except OSError as error:
            if error.errno != errno.ENOEXEC:
                self._tell(error.errno or errno.EIO)
        try:
            # A script without "#!": every shell runs it by /bin/sh.
            os.execve("/bin/sh", ["/bin/sh", path, *argv[1:]], environ)  # noqa: S606
        except OSError as error:
            self._tell(error.errno or errno.EIO)

    def _tell(self, number: int) -> NoReturn:
        os.write(self._fail, str(number).encode())
        os._exit(127)


def _in_child(act: Callable[[], None]) -> NoReturn:
    """Run `act` in a process that was just forked and must never return into the program."""
    try:
        for name in _PYTHONS_OWN:
            number = getattr(signal, name, None)
            if number is not None:
                signal.signal(number, signal.SIG_DFL)
        if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
            signal.signal(signal.SIGINT, signal.SIG_DFL)
        act()
    finally:
        os._exit(127)


class Child:
    """A command in this process's own group and session.

    `path` is what is executed as `argv`; `streams` maps its descriptors 0…2 to ours where
    they differ; `kept` are descriptors that it inherits beside those.
    """

    def __init__(
        self, path: str, argv: list[str], streams: Mapping[int, int], kept: tuple[int, ...]
    ) -> None:
        self._gate = Gate()
        self.pid = os.fork()
        if self.pid == 0:
            _in_child(lambda: self._become(path, argv, streams, kept))

    def _become(
        self, path: str, argv: list[str], streams: Mapping[int, int], kept: tuple[int, ...]
    ) -> None:
        for number, descriptor in streams.items():
            os.dup2(descriptor, number)
        for descriptor in kept:
            os.set_inheritable(descriptor, True)
        self._gate.execute(path, argv)

    def start(self, environ: Mapping[str, str]) -> None:
        """Let it run, with `environ` on top of its environment; raises CannotStart."""
        self._gate.let_go(environ)

    def news(self) -> list[int]:
        """Return the wait statuses that are new: of a stop, or of its end."""
        try:
            pid, status = os.waitpid(self.pid, os.WNOHANG | os.WUNTRACED)
        except ChildProcessError:
            return [0]
        return [status] if pid else []

    def send(self, number: int) -> bool:
        """Send a signal to the command; whether it was allowed."""
        return _kill(os.kill, self.pid, number)

    def send_all(self, number: int) -> bool:
        """Send a signal to the command and what it has started in its group."""
        answers = [_kill(os.kill, pid, number) for pid in family(self.pid)]
        return all(answers)

    def resume(self) -> None:
        """Let it go on after a stop."""
        self.send_all(signal.SIGCONT)

    def part(self) -> None:
        """It has ended and nobody is interested any more."""


class PtyChild:
    """A command that has the pty `slave` for its terminal, in a session of its own."""

    def __init__(
        self,
        path: str,
        argv: list[str],
        streams: Mapping[int, int],
        kept: tuple[int, ...],
        pty: tuple[int, int],
    ) -> None:
        self._gate = Gate()
        self._reports, report = os.pipe()
        held, self._hold = os.pipe()
        self._parent = os.getpid()
        os.set_blocking(self._reports, False)
        self.pid = 0  # of the command; its group has the same
        self.monitor = os.fork()
        if self.monitor == 0:
            _in_child(lambda: self._watch(path, argv, streams, kept, pty, report, held))
        os.close(report)
        os.close(held)

    def start(self, environ: Mapping[str, str]) -> None:
        """Let it run, with `environ` on top of its environment; raises CannotStart."""
        try:
            self._gate.let_go(environ)
        finally:
            os.set_blocking(self._reports, True)
            number = os.read(self._reports, _REPORT.size)
            os.set_blocking(self._reports, False)
            if len(number) == _REPORT.size:
                (self.pid,) = _REPORT.unpack(number)

    def news(self) -> list[int]:
        """Return the wait statuses that are new: of stops, or of its end."""
        try:
            data = os.read(self._reports, 64 * _REPORT.size)
        except BlockingIOError:
            return []
        if not data:  # the monitor was killed: the session has been hung up on
            return [signal.SIGHUP]
        return [status for (status,) in _REPORT.iter_unpack(data)]

    def send(self, number: int) -> bool:
        """Send a signal to the command's group; whether it was allowed."""
        return self.pid > 0 and _kill(os.killpg, self.pid, number)

    send_all = send

    def resume(self) -> None:
        """Let it go on after a stop: by the monitor, which may do so across users."""
        _kill(os.kill, self.monitor, signal.SIGUSR1)

    def part(self) -> None:
        """Let the monitor end, once everybody who holds on to it has."""
        os.close(self._hold)

    # The monitor.

    def _watch(
        self,
        path: str,
        argv: list[str],
        streams: Mapping[int, int],
        kept: tuple[int, ...],
        pty: tuple[int, int],
        report: int,
        held: int,
    ) -> None:
        master, slave = pty
        os.close(master)
        os.close(self._hold)
        os.close(self._reports)
        os.setsid()
        fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
        ignored: list[int] = [
            number
            for number in (
                signal.SIGQUIT,
                signal.SIGTSTP,
                signal.SIGTTIN,
                signal.SIGTTOU,
            )
            if signal.getsignal(number) is not signal.SIG_IGN
        ]
        if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
            ignored.append(signal.SIGINT)
        for number in ignored:
            signal.signal(number, signal.SIG_IGN)
        command = os.fork()
        if command == 0:
            _in_child(lambda: self._become(path, argv, streams, kept, slave, ignored))
        signal.signal(signal.SIGUSR1, lambda *_: _tell_group(command, signal.SIGCONT))
        if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
            # The terminal is gone: of the session the kernel tells its leader alone.
            signal.signal(
                signal.SIGHUP, lambda *_: _tell_group(command, signal.SIGHUP, signal.SIGCONT)
            )
        try:
            os.setpgid(command, command)
        except OSError:
            pass  # it did so itself, and may be another program by now
        os.tcsetpgrp(slave, command)
        os.write(report, _REPORT.pack(command))
        # Whoever reads what the command writes shall see its end: hold on to nothing of it.
        null = os.open(os.devnull, os.O_RDWR)
        for descriptor in range(3):
            os.dup2(null, descriptor)
        for descriptor in {slave, null, *streams.values(), *kept} - {0, 1, 2, report, held}:
            os.close(descriptor)
        self._gate.leave()
        while True:
            _, status = os.waitpid(command, os.WUNTRACED)
            if not os.WIFSTOPPED(status):
                _keep_quiet()
            os.write(report, _REPORT.pack(status))
            if os.getppid() == self._parent:
                os.kill(self._parent, signal.SIGCHLD)
            if not os.WIFSTOPPED(status):
                break
        os.close(report)
        os.read(held, 1)
        os._exit(0)

    def _become(
        self,
        path: str,
        argv: list[str],
        streams: Mapping[int, int],
        kept: tuple[int, ...],
        slave: int,
        ignored: list[int],
    ) -> None:
        os.setpgid(0, 0)
        os.tcsetpgrp(slave, os.getpid())
        for number in ignored:
            signal.signal(number, signal.SIG_DFL)
        for number, descriptor in streams.items():
            os.dup2(descriptor, number)
        for descriptor in kept:
            os.set_inheritable(descriptor, True)
        self._gate.execute(path, argv)


def _tell_group(group: int, *numbers: int) -> None:
    for number in numbers:
        _kill(os.killpg, group, number)


def _keep_quiet() -> None:
    """End a session without hanging up on what was left behind in its foreground group."""
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        terminal = os.open("/dev/tty", os.O_RDWR)
        os.tcsetpgrp(terminal, os.getpgrp())
        os.close(terminal)
    except OSError:
        pass  # the terminal is gone


def _kill(how: Callable[[int, int], object], target: int, number: int) -> bool:
    try:
        how(target, number)
    except ProcessLookupError:
        pass  # it has just ended
    except PermissionError:
        return False
    return True
