"""The Unix socket on which the processes of a command report their bars, and its thread.

It lies in the user's private runtime directory under a name that nobody guesses, and the kernel
says who has connected: another user's process, but root's, is turned away.
"""

from __future__ import annotations

import os
import select
import socket
import struct
import threading

from headway.host.process_status import PARENT, start_time, status_fields
from headway.host.random_id import random_id
from headway.protocol import endpoint
from headway.run.bars.bar_reporter import BarReporter
from headway.run.kernel.process_handle import ProcessHandle

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from headway.run.bars.bar_reporter import ProcessBars
    from headway.run.exit_status import Outcome

CONNECTION_LIMIT = 200  # processes that report at once: descriptors are limited
LINE_LIMIT = 1 << 16  # bytes of a line; a longer one ends its connection
READ = 1 << 16  # bytes read at once
LAST_TIMEOUT = 0.5  # seconds for what is left to be read when the command has ended
DEATH_TIMEOUT = 0.1  # seconds between the end of a process's descriptors and its own
_CREDENTIALS = struct.Struct("3i")  # pid, uid and gid, of SO_PEERCRED


class BarSocket:
    """Listens for the processes of one command. Raise OSError where it cannot."""

    def __init__(self) -> None:
        user = os.getuid()
        folder = endpoint.runtime_directory(os.environ, endpoint.user_of(os.environ, user))
        self.path = os.path.join(folder, f"bars-{random_id(8)}.sock")
        self._user = user
        self._listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
        self._bars: dict[int, tuple[socket.socket, ProcessBars, bytearray]] = {}
        self._started: dict[int, int | None] = {}  # connection → when its process was started
        self._reporter: BarReporter | None = None
        self._thread: threading.Thread | None = None
        self._wake: tuple[int, int] | None = None
        try:
            self._listening.bind(self.path)
            os.chmod(self.path, 0o600)
            self._listening.listen(CONNECTION_LIMIT)
            self._listening.setblocking(False)
        except OSError:
            self.close()
            raise

    def report(self, operation: Any) -> None:
        """Report to `operation` what comes from now on, and what has come."""
        self._reporter = BarReporter(operation, parent_of, os.getpid())
        self._wake = os.pipe()
        self._thread = threading.Thread(target=self._run, name="headway-bars", daemon=True)
        self._thread.start()

    def finish(self, outcome: Outcome) -> None:
        """Take in what has been sent, end what is open, and listen no more.

        The command has ended with `outcome`.
        """
        if self._thread is not None and self._wake is not None:
            os.write(self._wake[1], b"x")
            self._thread.join(LAST_TIMEOUT)
            if self._reporter is not None and not self._thread.is_alive():
                self._reporter.finish(outcome)
        self.close()

    def close(self) -> None:
        """Listen no more."""
        self._listening.close()
        try:
            os.unlink(self.path)
        except OSError:
            pass

    def _run(self) -> None:
        assert self._reporter is not None and self._wake is not None  # noqa: S101, PT018 - of `report`
        poll = select.poll()
        poll.register(self._wake[0], select.POLLIN)
        listening = self._listening.fileno()
        poll.register(listening, select.POLLIN)
        last = False  # the command has ended: what is there already is read
        waiting = False  # ends wait for turns
        while True:
            try:
                ready = poll.poll(0 if last or waiting else None)
            except OSError:
                break
            numbers = [number for number, _ in ready if number != self._wake[0]]
            if last and not (numbers or waiting):
                break
            if len(numbers) < len(ready):
                last = True
                poll.unregister(self._wake[0])
            for number in numbers:
                if number == listening:
                    self._accept(poll)
                elif not self._read(number):
                    poll.unregister(number)
                    self._drop(number)
            waiting = self._reporter.turn()
        for number in list(self._bars):
            self._drop(number)
        while self._reporter.turn():
            pass

    def _accept(self, poll: select.poll) -> None:
        """Accept all who wait."""
        while True:
            try:
                connected, _ = self._listening.accept()
            except OSError:
                return
            pid = _peer(connected, self._user)
            if pid is None or self._reporter is None or len(self._bars) >= CONNECTION_LIMIT:
                connected.close()
                continue
            connected.setblocking(False)
            number = connected.fileno()
            self._bars[number] = (connected, self._reporter.connect(pid), bytearray())
            self._started[number] = start_time(pid)
            poll.register(number, select.POLLIN)

    def _read(self, number: int) -> bool:
        """Take in what a connection has sent; return False at its end."""
        connected, bars, rest = self._bars[number]
        try:
            data = connected.recv(READ)
        except BlockingIOError:
            return True
        except OSError:
            return False
        rest += data
        if not data:
            rest += b"\n"  # the last line need have no end
        *lines, after = rest.split(b"\n")
        rest[:] = after
        for line in lines:
            bars.feed(line.decode("utf-8", "replace"))
        return bool(data) and len(rest) <= LINE_LIMIT

    def _drop(self, number: int) -> None:
        connected, bars, _ = self._bars.pop(number)
        connected.close()
        started = self._started.pop(number)
        if self._reporter is not None:
            lives = None if started is None else bars.any_open() and _lives(bars.pid, started)
            self._reporter.disconnect(bars, lives=lives)


def _peer(connected: socket.socket, user: int) -> int | None:
    """Return the pid of who has connected, None for another user's process."""
    option = getattr(socket, "SO_PEERCRED", None)
    if option is None:
        return None
    try:
        data = connected.getsockopt(socket.SOL_SOCKET, option, _CREDENTIALS.size)
    except OSError:
        return None
    pid, uid, _ = _CREDENTIALS.unpack(data)
    return pid if uid in (user, 0) else None


def _lives(pid: int, started: int) -> bool:
    """Return whether a process goes on, whose connection has ended: it may be about to end."""
    try:
        process = ProcessHandle(pid)
    except ProcessLookupError:
        return False
    try:
        return process.started == started and not process.wait(DEATH_TIMEOUT)
    finally:
        process.close()


def parent_of(pid: int) -> int | None:
    """Return the parent process of a process, or None where that is unknown or init."""
    fields = status_fields(pid)
    parent = 0 if fields is None else int(fields[PARENT])
    return parent if parent > 1 else None
