"""Follow one command to its end: the flat loop of `headway run`."""

from __future__ import annotations

import errno
import os
import time
from functools import partial

import headway_command
from headway.host.files import long_commands
from headway.host.threads import signals as signal
from headway.protocol import vocabulary
from headway.run.exit_status import INTERRUPTS, Outcome, exit_status, outcome_of, termination_signal
from headway.run.kernel.input_follower import InputFollower
from headway.run.kernel.looks import ProcessLooks
from headway.run.parsers.registry import PARSERS, find_parser_module, make_fallback, make_parser
from headway.run.process.child import ignores_signal
from headway.run.process.escalation import Escalation
from headway.run.process.input_wait import InputWatch
from headway.run.process.signal_forwarding import FORWARDED, ReceivedSignal
from headway.run.progress.input_reporter import KNOWN_TOOL_SECONDS, InputReporter
from headway.run.progress.operation_updater import OperationUpdater
from headway.run.progress.parsing_loop import ParsingLoop
from headway.run.progress.work_reporter import WorkReporter
from headway.run.stderr import print_error
from headway.run.streams.pump import copy_until_closed
from headway.run.streams.samples import KNOWN_TOOL_LIMIT, UNKNOWN_TOOL_LIMIT, Samples
from headway.run.supervision import report
from headway.run.supervision.launch import Launch, flush_report
from headway.run.supervision.pausing import Pausing
from headway.run.tree.processes import Processes
from headway.run.tree.router import Router

TYPE_CHECKING = False
if TYPE_CHECKING:
    from headway.run.kernel.looks import Walk
    from headway.run.process.coordinator_link import CoordinatorLink
    from headway.run.supervision.timeout import Timeout

# Seconds between two looks at the output: a viewer draws at most ten times a second, so
# looking more often shows nothing more and costs wake-ups.
ACTIVE_INTERVAL = 0.1
IDLE_INTERVAL = 0.25  # while nothing is printed; signals end the wait at once
# What ends a command sooner that was asked to stop: one of several, before and after SIGTERM; any.
AGAIN = "Ctrl+C again ends it at once"
ONCE_MORE = "Ctrl+C again kills it"
BY_KILL = "headway cancel --kill ends it"
# Seconds by which a stop is delayed at most until it is told. Most take 0.02; in the first moments
# of a busy machine what tells it is still being imported. Doubled, ^Z seems dead to a person.
STOP_DELAY = 1.0


def _link(descriptor: int) -> CoordinatorLink | None:
    """Return the pipe from who runs several commands; None where it is none."""
    from headway.run.process.coordinator_link import CoordinatorLink  # noqa: PLC0415 - few have one

    try:
        return CoordinatorLink(descriptor)
    except OSError:
        return None


def _router_of(launch: Launch) -> Router:
    """Return the router of the output; without a parser that cannot be loaded, none is asked."""
    command = launch.plan.command
    if launch.own_tools is not None and launch.invocation.tool not in PARSERS:
        launch.own_tools.load_packages()
    module = PARSERS.get(launch.invocation.tool)
    try:
        root = make_parser(find_parser_module(launch.invocation.tool), command)
    except Exception:
        return Router(None)
    return Router(root, module, partial(make_fallback, command) if module else None)


class Runner:
    """Follows a released command to its end; `heard` is a signal that has come before that."""

    def __init__(self, launch: Launch, heard: ReceivedSignal | None = None) -> None:
        self._launch = launch
        self._heard = heard
        self._collects = False  # garbage
        self._plumbing = launch.plumbing
        self._child = launch.child
        self._signals = launch.signals
        self._relay = launch.signal_relay
        self._status = launch.invocation.status
        self._escalation = Escalation()
        self._interrupted: tuple[int, float] | None = None
        self._asked_to_stop = False  # by a signal
        self._pumps = launch.pumps
        self._updater = OperationUpdater(launch.operation)
        if launch.pumps and launch.output is not None:
            self._updater.keep_output(launch.output)
        self._pausing = launch.pausing or Pausing(launch.child)
        self._pausing.show_by(self._updater)
        self._link = None if launch.plan.link is None else _link(launch.plan.link)
        self._begun = launch.begun
        self._watch = InputFollower(launch.child.pid, self._begun)
        known = launch.invocation.tool in PARSERS
        self._input = InputReporter(
            self._updater, self._begun + KNOWN_TOOL_SECONDS if known else 0.0
        )
        self._work: WorkReporter | None = None
        if launch.operation is not None:
            self._work = WorkReporter(launch.operation, time.monotonic())
        self._timeout = None if launch.plan.limit is None else self._make_timeout()
        self._parsing = self._make_parsing_loop(_router_of(launch))
        for pump in launch.pumps:
            if pump.samples is not None:
                if launch.invocation.tool not in PARSERS:  # nor found after the start
                    pump.samples.limit = UNKNOWN_TOOL_LIMIT
                self._parsing.add(pump.samples)
        if launch.invocation.notify_socket is not None:
            samples = Samples(KNOWN_TOOL_LIMIT)
            self._parsing.add(samples)
            launch.invocation.notify_socket.relay(samples)

    def _make_timeout(self) -> Timeout:
        from headway.run.supervision.timeout import Timeout  # noqa: PLC0415 - few commands have a limit

        return Timeout(self._launch, self._updater)

    def _make_parsing_loop(self, router: Router) -> ParsingLoop:
        launch, plumbing = self._launch, self._plumbing
        looks = ProcessLooks(launch.child.pid)
        if self._work is not None:
            looks.add(self._look)
        if not launch.invocation.parses:
            return ParsingLoop(router, self._updater, looks)
        watch = InputWatch(looks, plumbing.terminals(), plumbing.input_pipe())
        hashes = None if self._work is None else self._work.lines
        return ParsingLoop(router, self._updater, looks, Processes(router.wants), watch, hashes)

    def run(self) -> int:
        """Follow it; return its exit status, or die of the signal that it died of."""
        status = self._loop()
        if self._launch.keyboard is not None:
            self._launch.keyboard.finish()
        return self._end(status)

    # The middle.

    def _loop(self) -> int:
        """Serve the command until it ends; return its wait status."""
        tick = ACTIVE_INTERVAL
        while True:
            heard, self._heard = self._heard or self._signals.wait(tick), None
            if not self._collects:
                self._collects = True
                headway_command.collect_garbage()  # all is imported by now
            if heard is not None:
                self._handle_signal(heard)
            for status in self._child.take_statuses():
                if os.WIFSTOPPED(status):
                    if self._pausing.is_over():
                        continue
                    self._stop_with_command(os.WSTOPSIG(status))
                else:
                    return status
            if self._timeout is not None:
                self._timeout.look(time.monotonic())
            if self._link is not None and self._link.look():
                self._obey(self._link)
            self._cancel()
            keyboard = self._launch.keyboard
            self._pausing.look(None if keyboard is None else keyboard.interrupted)
            self._launch.follow_terminal()
            active = self._parse_output() or self._plumbing.terminal is not None
            tick = ACTIVE_INTERVAL if active else IDLE_INTERVAL

    def _look(self, found: Walk, now: float) -> None:
        """Report what a look at the processes tells, while they go on."""
        if self._pausing.paused or self._work is None:
            return
        self._work.take(found, now)
        look = self._watch.take(found, now)
        if look is not None:
            self._input.take(look, now)

    def _parse_output(self) -> bool:
        try:
            self._read_status()
            return self._parsing.poll(time.monotonic())
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
            self._parsing.status.samples.put(memoryview(data))
        else:
            os.close(self._status)
            self._status = None

    def _handle_signal(self, heard: ReceivedSignal) -> None:
        number = heard.number
        if number in FORWARDED:
            if number in INTERRUPTS:
                self._interrupted = (number, time.monotonic())
            if not heard.passed_on:
                self._relay.pass_on(heard)
            if self._signals.ends_us(number):
                self._pausing.lift()
                if self._link is not None:
                    self._show_stopping(number)
        elif number == signal.SIGTSTP:
            if self._pausing.paused:  # the command cannot stop once more
                self._signals.stop(group=False)
            elif not heard.passed_on:
                self._relay.pass_on(heard)
        elif number == signal.SIGCONT:
            self._child.resume()
            self._pausing.lift()
        elif number == signal.SIGWINCH:
            self._plumbing.resize()

    def _stop_with_command(self, number: int) -> None:
        """Stop as the command was stopped, as one job; resume it when this process is continued.

        What was told to wait for the foreground goes on where it has it by now: no shell continues
        a job that it has not seen stop.
        """
        output = self._plumbing.output_terminal
        if number == signal.SIGTTOU and output is not None and output.foreground:
            self._child.resume()
            return
        self._updater.waiting.suspend()
        self._launch.restore_terminal()
        self._updater.flush(STOP_DELAY)  # the threads that send it stop, too
        alone = self._plumbing.relayed_terminal is not None  # its key has stopped nobody else
        self._signals.stop(group=alone and number == signal.SIGTSTP)
        self._plumbing.resize()
        self._launch.follow_terminal()
        self._child.resume()
        self._updater.waiting.resume()

    # Cancelling.

    def _show_stopping(self, number: int) -> None:
        """Show that one of several commands is to end: who runs them has passed that on, or a key.

        A command of its own may do as it likes with a key; of several, what heeds none is ended.
        """
        if number in INTERRUPTS:
            again = self._asked_to_stop and number == signal.SIGTERM
            self._asked_to_stop = True
            self._updater.waiting.stop(ONCE_MORE if again else AGAIN)

    def _obey(self, link: CoordinatorLink) -> None:
        """End the command where who runs several wants that, or has been killed."""
        now = time.monotonic()
        if link.is_gone:
            self._escalation.abandon(vocabulary.COORDINATOR_KILLED, now)
        elif link.wants_kill:
            self._escalation.request(None, True, False, now)

    def _cancel(self) -> None:
        now = time.monotonic()
        while self._launch.requests:
            request = self._launch.requests.popleft()
            deaf = ignores_signal(self._child.pid, signal.SIGINT)
            self._escalation.request(request.reason, request.kill, deaf, now)
            self._updater.waiting.stop(BY_KILL)
        for number in self._escalation.due(now):
            if not self._child.send_all(number):
                self._relay.interrupt_by_key()
            self._pausing.lift()

    # The end.

    def _end(self, status: int) -> int:
        code = exit_status(status)
        self._pausing.finish()
        killed = self._drain()
        self._launch.restore_terminal()
        if self._launch.invocation.notify_socket is not None:
            self._launch.invocation.notify_socket.finish()
        now = time.monotonic()
        self._parse_output()
        if code == 0:
            self._input.finish(self._watch.finished())
        self._parsing.finish(code, now)
        if self._interrupted is None and self._launch.keyboard is not None:
            typed = self._launch.keyboard.interrupted
            self._interrupted = None if typed is None else (signal.SIGINT, typed)
        error, escalation = self._updater.error, self._escalation
        outcome = outcome_of(
            status, error, self._interrupted, escalation.requested, escalation.reason, now
        )
        expired = None if self._timeout is None else self._timeout.expired
        if expired is not None:
            print_error(f"it {expired}")
            from headway.run.time_limit import EXPIRED  # noqa: PLC0415 - as above

            code, outcome = EXPIRED, Outcome("failed", expired)
        elif self._timeout is not None:
            uncompared = self._timeout.uncompared()
            if uncompared is not None:
                print_error(uncompared)
        if self._launch.own_tools is not None:
            for complaint in self._launch.own_tools.complaints:
                print_error(complaint)
        lost = self._output_error()
        if lost is not None:
            print_error(lost)
            if code == 0:  # it could not know, but whoever reads our status should
                code, outcome = 1, Outcome("failed", lost)
        if self._launch.invocation.patch is not None:
            self._launch.invocation.patch.socket.finish(outcome)
        ended = self._launch.child.ended
        self._updater.end(outcome, code, ended)
        if outcome.state == "completed":
            self._note_length((ended or now) - self._begun)
        self._tell(outcome, code, now)
        flush_report()
        self._fork_copier()
        self._launch.release_terminal()
        number = killed or (termination_signal(status) if expired is None else 0)
        if number:
            self._signals.die(number)
        return code

    def _note_length(self, seconds: float) -> None:
        """Note how long it took, for its next run."""
        try:
            keys = self._launch.plan.history_keys()
            if keys is not None:
                long_commands.note(keys.key, seconds)
        except Exception:
            pass  # the next run is shown a moment later

    def _tell(self, outcome: Outcome, code: int, now: float) -> None:
        """Tell an agent how it ended, in three lines on standard error."""
        operation = self._launch.operation
        if operation is None or not report.is_wanted(os.environ, terminal=os.isatty(2)):
            return
        last = self._updater.last_line
        for line in report.lines(operation.name, outcome, code, last, now - self._begun):
            print_error(line)

    def _drain(self) -> int | None:
        """Relay what is left of the output; return the signal to die of if one comes meanwhile."""
        for pump in self._pumps:
            pump.finish()
        for pump in self._pumps:
            pump.join(0.01)
            while pump.is_alive():
                heard = self._signals.wait(0.01)
                if heard is not None and self._signals.ends_us(heard.number):
                    return heard.number  # nobody else is left to take it
        return None

    def _output_error(self) -> str | None:
        """Return why output of the command was lost; None if it was not, or its reader has left."""
        for pump in self._pumps:
            if pump.error is not None and pump.error.errno not in (errno.EPIPE, errno.EIO):
                return f"its output could not be written: {pump.error.strerror}"
        return None

    def _fork_copier(self) -> None:
        """Leave a process that relays the output of the command's background processes."""
        left = [(pump.source, pump.target) for pump in self._pumps if pump.lingering]
        if not left:
            return
        if self._plumbing.output_terminal is not None:
            self._plumbing.output_terminal.leave()
        try:
            child = os.fork()
        except OSError:  # nobody else can do it, and it shall not die of a pipe without a reader
            self._signals.restore()
            copy_until_closed(left)
            return
        if child == 0:
            try:
                copy_until_closed(left)
            finally:
                os._exit(0)
