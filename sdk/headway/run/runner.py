"""Follows one command to its end: the flat loop of `headway run`."""

from __future__ import annotations

import errno
import os
import termios
import time

from headway.host.threads import signals as signal
from headway.run.exit_status import Ending, death, exit_status, judge
from headway.run.launch import Preparation, deliver
from headway.run.parsers.registry import find_tool, make_parser
from headway.run.parsing_loop import Reading
from headway.run.process.escalation import Stopping
from headway.run.process.signals import PASSED_ON, Heard
from headway.run.reporter import Reporter
from headway.run.stderr import complain
from headway.run.streams.pump import copy_on

TICK = 0.1  # seconds between looks at what the command printed
IDLE = 0.25  # the same while it prints nothing

TYPE_CHECKING = False
if TYPE_CHECKING:
    from headway.run.reading.events import Parser


def _parser_of(begun: Preparation) -> Parser | None:
    """What reads its output; None where that cannot be loaded: the command runs already."""
    try:
        return make_parser(find_tool(begun.tool), begun.plan.command)
    except Exception:
        return None


class Runner:
    """Follows a command that has begun, to its end."""

    def __init__(self, begun: Preparation) -> None:
        self._begun = begun
        self._layout = begun.layout
        self._child = begun.child
        self._signals = begun.signals
        self._status = begun.status
        self._stopping = Stopping()
        self._interrupted: tuple[int, float] | None = None
        self._pumps = begun.pumps
        self._keyboard = begun.keyboard
        self._reporter = Reporter(begun.operation)
        self._reading = Reading(_parser_of(begun), self._reporter)
        for pump in begun.pumps:
            if pump.samples is not None:
                self._reading.add(pump.samples)

    def run(self) -> int:
        """Follow it; return its exit status, or die of the signal that it died of."""
        status = self._loop()
        if self._keyboard is not None:
            self._keyboard.finish()
        return self._end(status)

    # The middle.

    def _loop(self) -> int:
        """Serve the command until it ends; return its wait status."""
        tick = TICK
        while True:
            heard = self._signals.wait(tick)
            if heard is not None:
                self._hear(heard)
            for status in self._child.news():
                if os.WIFSTOPPED(status):
                    self._suspend(os.WSTOPSIG(status))
                else:
                    return status
            self._cancel()
            terminal = self._layout.terminal
            if terminal is not None:
                terminal.follow()
            tick = TICK if self._look() or terminal is not None else IDLE

    def _look(self) -> bool:
        try:
            self._read_status()
            return self._reading.look(time.monotonic())
        except Exception:
            return False  # the command goes on, whatever is wrong with its report

    def _read_status(self) -> None:
        if self._status is None:
            return
        try:
            data = os.read(self._status, 65536)
        except BlockingIOError:
            return
        if data:
            self._reading.status.samples.put(memoryview(data))
        else:
            os.close(self._status)
            self._status = None

    def _hear(self, heard: Heard) -> None:
        number = heard.number
        if number in PASSED_ON:
            self._interrupted = (number, time.monotonic())
            shared = self._layout.terminal is None
            if not (shared and heard.keyed) and not self._child.send(number):
                self._type(termios.VINTR)
        elif number == signal.SIGTSTP:
            if not heard.keyed or self._layout.terminal is not None:
                self._child.send(number)
        elif number == signal.SIGCONT:
            self._child.resume()
        elif number == signal.SIGWINCH:
            self._layout.resize()

    def _type(self, key: int) -> None:
        """Let the pty make the signal: what reaches a command of another user."""
        terminal = self._layout.terminal
        if terminal is not None:
            try:
                os.write(terminal.master, terminal.control(key))
            except (OSError, termios.error):
                pass

    def _suspend(self, number: int) -> None:
        """The command was stopped, so our job is; come back when it goes on."""
        self._reporter.stopped()
        terminal = self._layout.terminal
        if terminal is not None:
            terminal.give_back()
        self._reporter.tell(0.25)  # the threads that send it stop, too
        self._signals.stop(group=terminal is not None and number == signal.SIGTSTP)
        self._layout.resize()
        if terminal is not None:
            terminal.follow()
        self._child.resume()
        self._reporter.resume()

    # Cancelling.

    def _cancel(self) -> None:
        now = time.monotonic()
        while self._begun.requests:
            request = self._begun.requests.popleft()
            self._stopping.request(request.reason, request.kill, now)
        for number in self._stopping.due(now):
            if not self._child.send_all(number):
                self._type(termios.VINTR)

    # The end.

    def _end(self, status: int) -> int:
        code = exit_status(status)
        killed = self._drain()
        if self._layout.terminal is not None:
            self._layout.terminal.give_back()
        now = time.monotonic()
        self._look()
        self._reading.finish(code, now)
        if self._interrupted is None and self._keyboard is not None:
            typed = self._keyboard.interrupted
            self._interrupted = None if typed is None else (signal.SIGINT, typed)
        error, stopping = self._reporter.error, self._stopping
        ending = judge(status, error, self._interrupted, stopping.requested, stopping.reason, now)
        lost = self._lost()
        if lost is not None:
            complain(lost)
            if code == 0:  # it could not know, but whoever reads our status should
                code, ending = 1, Ending("failed", lost)
        self._reporter.end(ending, code)
        deliver()
        self._leave_behind()
        self._child.part()
        number = killed or death(status)
        if number:
            self._signals.die(number)
        return code

    def _drain(self) -> int | None:
        """Pass on what the command has left; return the signal that we are to end by, if any."""
        for pump in self._pumps:
            pump.finish()
        for pump in self._pumps:
            pump.join(0.01)
            while pump.is_alive():
                heard = self._signals.wait(0.01)
                if heard is not None and heard.number in PASSED_ON:
                    return heard.number  # nobody else is left to take it
        return None

    def _lost(self) -> str | None:
        """Why output of the command was lost, unless nobody wanted to read it."""
        for pump in self._pumps:
            if pump.error is not None and pump.error.errno not in (errno.EPIPE, errno.EIO):
                return f"its output could not be written: {pump.error.strerror}"
        return None

    def _leave_behind(self) -> None:
        """Somebody the command started still writes: leave a process that passes it on."""
        left = [(pump.source, pump.target) for pump in self._pumps if pump.lingering]
        if not left:
            return
        try:
            child = os.fork()
        except OSError:  # nobody else can do it, and it shall not die of a pipe without a reader
            self._signals.give_back()
            copy_on(left)
            return
        if child == 0:
            try:
                copy_on(left)
            finally:
                os._exit(0)
