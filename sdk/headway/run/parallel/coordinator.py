"""Run several commands at once, each in a `headway run` of its own: their output and their ends.

Shell. The commands share this process's group, so that keys of the terminal reach them. They
have no input; the picture of all is drawn by the terminal's viewer, as that of any program.
"""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import time
from collections import deque

from headway.run.parallel.endings import CANCELLED, ending_text
from headway.run.parallel.output import CommandOutput
from headway.run.process.coordinator_link import KILL
from headway.run.process.signal_forwarding import in_foreground
from headway.run.stderr import print_error

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType
    from typing import Callable

    from headway.run.parallel.output import Pieces

# Without the working directory, whose modules may shadow ours.
START = "import sys; sys.path[:1] = []; from headway_command import program; program()"
# Seconds after which those that a request to stop has not ended are named: most have ended by then.
TOLD_SECONDS = 0.3
LINGER_SECONDS = 0.1  # for what a command's background processes print after its end
TERMINATE_SECONDS = 10.0  # after which commands that heed no SIGINT get SIGTERM
READ_BYTES = 1 << 16
MOST_LABELS = 4  # that a line names: a terminal has no more room
_BY_KEY = (signal.SIGINT, signal.SIGQUIT)
_STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)


class _Running:
    """A command that runs, and its two pipes."""

    def __init__(self, words: list[str], output: CommandOutput) -> None:
        self.output = output
        held, self._link = os.pipe()
        try:
            self.process = subprocess.Popen(  # noqa: S603 - the command is the user's
                [sys.executable, "-c", START, "run", f"--link={held}", *words],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                pass_fds=(held,),
            )
        except OSError:
            os.close(self._link)
            raise
        finally:
            os.close(held)
        self.streams: dict[int, int] = {}  # descriptor → 1 or 2
        for number, pipe in ((1, self.process.stdout), (2, self.process.stderr)):
            if pipe is not None:
                os.set_blocking(pipe.fileno(), False)
                self.streams[pipe.fileno()] = number
        self.ended: float | None = None

    def kill(self) -> None:
        """Let its `headway run` kill the command."""
        try:
            os.write(self._link, KILL)
        except OSError:  # it has ended, or become the command, which has not inherited the pipe
            self.process.kill()

    def close(self) -> None:
        os.close(self._link)
        for pipe in (self.process.stdout, self.process.stderr):
            if pipe is not None:
                pipe.close()


class Coordinator:
    """Runs the arguments of `headway run` that `waiting` holds, with their outputs.

    At most `limit` run at once; `started(pid)` is called for each, `finished()` after the last.
    With `tells`, for nothing is drawn, it is said on standard error which a request to stop does
    not end at once, and at the end which of them did not succeed; and where output of cancelled
    ones was held back, that the command `logs` prints it.
    """

    def __init__(
        self,
        waiting: list[tuple[list[str], CommandOutput]],
        limit: int,
        started: Callable[[int], None],
        finished: Callable[[], None],
        *,
        tells: bool = False,
        logs: str | None = None,
    ) -> None:
        self._tells = tells
        self._logs = logs
        self._unsuccessful: list[str] = []
        self._withheld: list[str] = []  # cancelled ones whose output was not shown
        self._finished = finished
        self._started = started
        self._waiting = deque(waiting)
        self._limit = limit
        self._running: list[_Running] = []
        self._codes: list[int] = []
        self._signals: deque[int] = deque()
        self._heeded: set[int] = set()
        self._stopped_by: int | None = None
        self._stops = 0  # how often that was requested
        self._killed = False  # by that
        self._due: list[tuple[float, int]] = []  # what it is sent then, in order
        self._terminated = False  # by SIGTERM, as the first request was not heeded
        self._told_at: float | None = None  # when those that have not stopped are named
        self._wake, self._woken = os.pipe()

    def run(self) -> int:
        """Run all to their ends; return the exit status, as `headway wait` has it."""
        for end in (self._wake, self._woken):
            os.set_blocking(end, False)
        signal.set_wakeup_fd(self._woken, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, _ignore)
        for number in _STOPPING:
            if signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, _ignore)
                self._heeded.add(number)
        while self._waiting or self._running:
            self._start()
            self._wait()
            self._pass_signals()
            self._reap()
        self._finished()
        for text in self._unsuccessful if self._tells else ():
            print_error(text)
        if self._withheld and self._logs is not None:
            print_error(f"`{self._logs} NAME` prints what {_listed(self._withheld)} printed")
        if self._stopped_by is not None:
            signal.signal(self._stopped_by, signal.SIG_DFL)
            os.kill(os.getpid(), self._stopped_by)
        if any(code not in CANCELLED and code != 0 for code in self._codes):
            return 1
        return 130 if any(self._codes) else 0

    def _start(self) -> None:
        while self._waiting and len(self._running) < self._limit:
            words, output = self._waiting.popleft()
            try:
                running = _Running(words, output)
                self._running.append(running)
                self._started(running.process.pid)
            except OSError as error:
                self._codes.append(1)
                _write(output.feed(2, f"headway run: {error.strerror}\n".encode()))
                _write(output.finish(failed=True))

    def _wait(self) -> None:
        poller = select.poll()
        poller.register(self._wake, select.POLLIN)
        owners = {}
        for running in self._running:
            for descriptor in running.streams:
                poller.register(descriptor, select.POLLIN)
                owners[descriptor] = running
        late = any(running.ended is not None for running in self._running)
        timeout = LINGER_SECONDS if late else None
        if timeout is None and (self._due or self._told_at is not None):
            timeout = TOLD_SECONDS
        for descriptor, _ in poller.poll(None if timeout is None else timeout * 1000):
            if descriptor == self._wake:
                self._take_signals()
            else:
                _read(owners[descriptor], descriptor)

    def _pass_signals(self) -> None:
        while self._signals:
            number = self._signals.popleft()
            if self._waiting:
                names = ", ".join(output.label for _, output in self._waiting)
                print_error(f"not started: {names}")
                self._waiting.clear()
            self._stop(number, time.monotonic())
        now = time.monotonic()
        while self._due and self._due[0][0] <= now:
            self._send(self._due.pop(0)[1])
            self._terminated = True
            self._tell_after(now)
        if self._told_at is not None and self._told_at <= now:
            self._tell_stopping()

    def _stop(self, number: int, now: float) -> None:
        """Pass a request to stop on; the second is a termination, one after that kills."""
        self._stops += 1
        if self._stopped_by is None:
            self._stopped_by = number
            self._due = [(now + TERMINATE_SECONDS, signal.SIGTERM)]
            self._tell_after(now)
        if self._terminated or self._stops > 2:
            self._killed = True
            for running in self._running:
                running.kill()
            self._due = []
            return
        by_key = number in _BY_KEY and in_foreground()
        if not by_key:
            self._send(number)
        if self._stops > 1:
            self._due = [(now, signal.SIGTERM)]

    def _tell_after(self, now: float) -> None:
        if self._tells:
            self._told_at = now + TOLD_SECONDS

    def _tell_stopping(self) -> None:
        """Name those that go on after a request to stop, and say what ends them."""
        self._told_at = None
        labels = [running.output.label for running in self._running if running.ended is None]
        if labels:
            them = "it" if len(labels) == 1 else "them"
            if self._stopped_by in _BY_KEY and in_foreground():
                ends = f"kills {them}" if self._terminated else f"ends {them} at once"
                how = f"Ctrl+C again {ends}"
            elif self._terminated:
                how = f"another signal kills {them}"
            else:
                how = f"SIGTERM follows after {TERMINATE_SECONDS:g} s"
            print_error(f"stopping {_listed(labels)} ({how})")

    def _send(self, number: int) -> None:
        for running in self._running:
            running.process.send_signal(number)

    def _reap(self) -> None:
        now = time.monotonic()
        for running in list(self._running):
            code = running.process.poll()
            if code is None:
                continue
            if running.ended is None:
                running.ended = now
            if running.streams and now - running.ended < LINGER_SECONDS:
                continue
            self._running.remove(running)
            self._codes.append(code)
            if code != 0:
                self._unsuccessful.append(
                    ending_text(running.output.label, code, killed=self._killed)
                )
            # Whoever cancelled it knows why it ended: its last words are not to bury the rest.
            cancelled = code in CANCELLED or self._stopped_by is not None
            if cancelled and running.output.withholds(failed=code != 0):
                self._withheld.append(running.output.label)
            _write(running.output.finish(failed=code != 0, cancelled=cancelled))
            running.close()

    def _take_signals(self) -> None:
        """Take what has come: each of it, though Python calls a handler once for several."""
        try:
            numbers = os.read(self._wake, 4096)
        except BlockingIOError:
            return
        self._signals.extend(number for number in numbers if number in self._heeded)


def _listed(labels: list[str]) -> str:
    """Return "npm", "npm and pip", or "pip, npm and 2 more"."""
    if len(labels) > MOST_LABELS:
        labels = [*labels[: MOST_LABELS - 1], f"{len(labels) - MOST_LABELS + 1} more"]
    return " and ".join(part for part in (", ".join(labels[:-1]), labels[-1]) if part)


def _ignore(number: int, frame: FrameType | None) -> None:
    """Handle a signal that only has to wake the loop."""
    del number, frame


def _read(running: _Running, descriptor: int) -> None:
    stream = running.streams[descriptor]
    try:
        data = os.read(descriptor, READ_BYTES)
    except BlockingIOError:
        return
    if data:
        _write(running.output.feed(stream, data))
    else:
        del running.streams[descriptor]


def _write(pieces: Pieces) -> None:
    """Write each piece with one write where the stream takes it; lost where nobody reads."""
    for stream, data in pieces:
        view = memoryview(data)
        try:
            while view:
                try:
                    view = view[os.write(stream, view) :]
                except BlockingIOError:
                    select.select([], [stream], [])
        except OSError:
            pass  # the reader has gone: the commands go on
