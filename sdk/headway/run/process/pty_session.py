"""The command in a session of its own, whose terminal is a pty.

A monitor stands between: the leader of that session, so that Ctrl+Z works there, and it
ends only after everybody who was left behind in the session, so that nobody is hung up on.
Should this process be killed, the monitor restores the modes of the real terminal.
"""

from __future__ import annotations

import errno
import fcntl
import os
import select
import struct
import termios
import time

from headway.host.threads import signals as signal
from headway.run.exit_status import UNKNOWN_STATUS
from headway.run.process.child import send_signal
from headway.run.process.fork_gate import ForkGate, run_in_child

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Mapping, Sequence

    from headway.run.streams.relayed_terminal import RelayedTerminal

_REPORT = struct.Struct("=id")  # a wait status, and when it came, on the monotonic clock
# Seconds for which a hangup waits for the parent's end: the kernel closes the descriptors of a
# process that was killed within one turn. Without such an end it was somebody's own signal.
_DEATH_SECONDS = 0.2
_RESTORED = b"."  # says that whoever relays the terminal has restored it itself


class PtyChild:
    """A command that has the pty of `terminal` for its own, in a session of its own."""

    def __init__(
        self,
        path: str,
        argv: list[str],
        streams: Mapping[int, int],
        kept: tuple[int, ...],
        ignored: Sequence[int],
        terminal: RelayedTerminal,
    ) -> None:
        self._terminal = terminal
        self._killed: bool | None = None  # whether the parent was; None while it runs
        self._gate = ForkGate(ignored)
        self._reports, report = os.pipe()
        held, self._hold = os.pipe()
        self._parent = os.getpid()
        self.pid = 0  # of the command; its group has the same
        self.ended: float | None = None  # when it ended, on the monotonic clock
        self.monitor = os.fork()
        if self.monitor == 0:
            run_in_child(lambda: self._watch(path, argv, streams, kept, report, held))
        os.close(report)
        os.close(held)

    def wait_until_forked(self) -> None:
        """Wait until it is forked; raise OSError where the monitor could not."""
        data = os.read(self._reports, _REPORT.size)
        os.set_blocking(self._reports, False)
        number, _ = _REPORT.unpack(data) if data else (-errno.EIO, 0.0)
        if number < 0:
            raise OSError(-number, os.strerror(-number))
        self.pid = number

    def abandon(self) -> None:
        """End it before it has executed the command, and the monitor after it."""
        self._gate.close()
        os.close(self._hold)
        os.waitpid(self.monitor, 0)

    def start(self, environ: Mapping[str, str]) -> None:
        """Let it execute with `environ` added to its environment; raise CannotStart."""
        self._gate.release(environ)

    def take_statuses(self) -> list[int]:
        """Return the new wait statuses: of stops, or of its end."""
        try:
            data = os.read(self._reports, 64 * _REPORT.size)
        except BlockingIOError:
            return []
        if not data:  # the monitor was killed: the session has been hung up on
            return [UNKNOWN_STATUS]
        reports = list(_REPORT.iter_unpack(data))
        last, at = reports[-1]
        self.ended = None if os.WIFSTOPPED(last) else at
        return [status for status, _ in reports]

    def send(self, number: int) -> bool:
        """Send a signal to the command's process group; return whether that was permitted."""
        return self.pid > 0 and send_signal(os.killpg, self.pid, number)

    send_all = send_at_once = send

    def resume(self) -> None:
        """Continue it after a stop, by way of the monitor, which may do so across users."""
        send_signal(os.kill, self.monitor, signal.SIGUSR1)

    def detach(self) -> None:
        """Let the monitor exit, once every process that holds on to it has."""
        try:
            os.write(self._hold, _RESTORED)
        except OSError:
            pass  # it was killed
        os.close(self._hold)

    # The monitor.

    def _watch(
        self,
        path: str,
        argv: list[str],
        streams: Mapping[int, int],
        kept: tuple[int, ...],
        report: int,
        held: int,
    ) -> None:
        slave = self._terminal.slave
        os.close(self._terminal.master)
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
        # Whoever reads what the command writes shall see its end: hold on to nothing of it.
        try:
            null = os.open(os.devnull, os.O_RDWR)
            real = os.dup(2)
            told, tell = os.pipe()
            command = os.fork()
        except OSError as error:
            os.write(report, _REPORT.pack(-(error.errno or errno.EIO), 0.0))
            return
        if command == 0:
            run_in_child(lambda: self._become(path, argv, streams, kept, slave, ignored, tell))
        os.close(tell)
        signal.signal(signal.SIGUSR1, lambda *_: _signal_group(command, signal.SIGCONT))
        nohup = signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
        signal.signal(signal.SIGHUP, lambda *_: self._hang_up(command, real, held, nohup))
        try:
            os.setpgid(command, command)
        except OSError:
            pass  # it did so itself, and may be another program by now
        os.tcsetpgrp(slave, command)
        os.read(told, 1)  # from now on it takes what is typed
        os.close(told)
        os.write(report, _REPORT.pack(command, time.monotonic()))
        for descriptor in range(3):
            os.dup2(null, descriptor)
        for descriptor in {slave, null, *streams.values(), *kept} - {0, 1, 2, real, report, held}:
            os.close(descriptor)
        self._gate.close()
        while True:
            _, status = os.waitpid(command, os.WUNTRACED)
            came = time.monotonic()
            if not os.WIFSTOPPED(status):
                _end_session_quietly()
            os.write(report, _REPORT.pack(status, came))
            if os.getppid() == self._parent:
                os.kill(self._parent, signal.SIGCHLD)
            if not os.WIFSTOPPED(status):
                break
        os.close(report)
        if self._was_killed(held):
            self._terminal.recover(real)
        os.close(real)
        os.read(held, 1)
        os._exit(0)

    def _was_killed(self, held: int) -> bool:
        """Wait until this process's parent has ended; return whether it was killed."""
        if self._killed is None:
            self._killed = not os.read(held, 1)
        return self._killed

    def _hang_up(self, command: int, real: int, held: int, nohup: bool) -> None:
        """Pass on that the pty is gone: of a session the kernel tells its leader alone."""
        # Of a process that is killed the pty is closed first, the pipe right after it.
        if select.select([held], [], [], _DEATH_SECONDS)[0] and self._was_killed(held):
            self._terminal.recover(real)
        if not nohup:
            _signal_group(command, signal.SIGHUP, signal.SIGCONT)

    def _become(
        self,
        path: str,
        argv: list[str],
        streams: Mapping[int, int],
        kept: tuple[int, ...],
        slave: int,
        ignored: list[int],
        tell: int,
    ) -> None:
        os.setpgid(0, 0)
        os.tcsetpgrp(slave, os.getpid())
        for number in ignored:
            signal.signal(number, signal.SIG_DFL)
        os.close(tell)
        self._gate.execute(path, argv, streams, kept)


def _signal_group(group: int, *numbers: int) -> None:
    for number in numbers:
        send_signal(os.killpg, group, number)


def _end_session_quietly() -> None:
    """End a session without hanging up on what was left behind in its foreground group."""
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        terminal = os.open("/dev/tty", os.O_RDWR)
        os.tcsetpgrp(terminal, os.getpgrp())
        os.close(terminal)
    except OSError:
        pass  # the terminal is gone
