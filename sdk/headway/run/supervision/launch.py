"""Start a command, and what relays its streams.

The command is started first; what is needed only to follow it is imported and begun while it runs.
Where little is left of processes, descriptors or memory it is the other way round: the command is
forked and held at a gate, and where it could not be followed it replaces this process instead.
"""

from __future__ import annotations

import errno
import os
import sys
import time

from headway.host import resources, threads
from headway.host.propagation import PARENT
from headway.host.random_id import random_id
from headway.host.threads import signals as signal
from headway.run.light_collections import deque
from headway.run.process.child import Child
from headway.run.process.fork_gate import CannotStart
from headway.run.process.signal_forwarding import FORWARDED, SignalReceiver
from headway.run.supervision.invocation import Invocation
from headway.run.supervision.signal_relay import SignalRelay

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from headway.run.own_tools import OwnTools
    from headway.run.process.pty_session import PtyChild
    from headway.run.streams.keyboard import Keyboard
    from headway.run.streams.output_log import OutputLog
    from headway.run.streams.plumbing import Plumbing
    from headway.run.streams.pump import Pump
    from headway.run.supervision.pausing import Pausing
    from headway.run.supervision.plan import Plan
    from headway.run.supervision.terminal_follower import TerminalFollower

# Threads that must be available: pumps, keyboard, reporting and libzmq start six; the rest is
# left to the command, which counts towards the same limit.
THREADS_NEEDED = 16
# Seconds for which this thread relays what a command prints, before any other thread is started and
# what follows the command is imported: many have ended by then. A shell needs 1 ms for its first
# line; doubled, a longer one is followed that much later.
HEAD_START = 0.005
# Seconds for which what follows a command is imported later than pyzmq, at most: a broker that runs
# greets in less. Doubled, a command that has to start one is followed that much later.
GREETING = 0.25
# Seconds for which a thread keeps the interpreter while another waits for it. With Python's
# own 5 ms a pump that shares the interpreter with the parser slows a loud command down.
SWITCH_INTERVAL = 0.0005


class Launch:
    """A command that is about to begin, and what is needed to follow it.

    With `held` it is forked, and waits at its gate.

    `operation` is set once the command runs, and stays None where nothing can be reported.
    """

    def __init__(self, plan: Plan, signals: SignalReceiver, *, held: bool) -> None:
        self.plan = plan
        self.signals = signals
        self.operation: Any = None
        self.id = random_id(12)  # of the operation
        self.begun = 0.0  # when the command was started, on the monotonic clock
        self.own_tools: OwnTools | None = None
        self.requests: deque[Any] = deque()  # to cancel
        self.pausing: Pausing | None = None  # once its operation is told of
        self.pumps: list[Pump] = []
        self.output: OutputLog | None = None  # the last of what it prints, once it is relayed
        self._follower: TerminalFollower | None = None  # once the command is followed
        self._released = False
        self.invocation = Invocation(plan)
        self._held = held or self.invocation.plumbing.relayed_terminal is not None
        self.child = self._fork()
        self.signal_relay = SignalRelay(self.child, self.plumbing.relayed_terminal)
        if self._held:
            self.invocation.close_child_ends()

    @property
    def is_held(self) -> bool:
        """Return whether the command is forked, and waits to be released."""
        return self._held

    @property
    def plumbing(self) -> Plumbing:
        """Return the command's descriptors."""
        return self.invocation.plumbing

    def _fork(self) -> Child | PtyChild:
        plan, invocation = self.plan, self.invocation
        argv, kept, streams = invocation.argv, invocation.kept, self.plumbing.streams
        ignored = self.signals.ignored
        terminal = self.plumbing.relayed_terminal
        if terminal is None:
            mask = None if self._held else self.signals.hold()
            reader = plan.link is None  # several would take each other's keys
            return Child(plan.path, argv, streams, kept, ignored, mask, reader=reader)
        from headway.run.process.pty_session import PtyChild  # noqa: PLC0415 - few need it

        return PtyChild(plan.path, argv, streams, kept, ignored, terminal)

    def make_pumps(self) -> None:
        """Make what relays its output. Raise OSError."""
        from headway.run.streams.output_log import OutputLog, StreamLog  # noqa: PLC0415
        from headway.run.streams.pump import Pump  # noqa: PLC0415 - after the command has begun
        from headway.run.streams.samples import KNOWN_TOOL_LIMIT, Samples  # noqa: PLC0415

        self.output = OutputLog()
        if self._held:
            self.signals.start()
            _require_resources()
        output = self.plumbing.output_terminal
        if output is not None:
            output.signal_command = self.child.send_all
        terminal = self.plumbing.terminal
        margins = None if terminal is None else terminal.with_margins
        for stream in self.plumbing.pumped:
            samples = Samples(KNOWN_TOOL_LIMIT) if self.invocation.parses else None
            hidden = self.invocation.filter_for(stream.target)
            kept = StreamLog(self.output)
            if self._held:
                kept.reserve()
            self.pumps.append(
                Pump(stream.source, stream.target, samples, kept, hidden, output, margins)
            )

    def start_threads(self) -> None:
        """Start the threads that relay its output and the keyboard. Raise OSError, RuntimeError."""
        if not self._held:
            self.signals.start()
        pumps = [pump for pump in self.pumps if not pump.over]
        if pumps:
            # Else a pump waits 5 ms for the interpreter whenever another thread has it.
            sys.setswitchinterval(SWITCH_INTERVAL)
            for pump in pumps:
                pump.start()
            self.plumbing.widen_pipes()
        self.child.wait_until_forked()
        if self.plumbing.terminal is not None:
            from headway.run.supervision.terminal_follower import TerminalFollower  # noqa: PLC0415

            self._follower = TerminalFollower(self.plumbing, self.child)
            self._follower.relay_keys()

    def _relay_first_output(self) -> None:
        """Relay what it prints at once, for which no thread is needed."""
        from headway.run.streams.pump import copy_first  # noqa: PLC0415 - as above

        copy_first(self.pumps, HEAD_START)

    @property
    def keyboard(self) -> Keyboard | None:
        """Return what passes the command keys, if anything does."""
        return None if self._follower is None else self._follower.keyboard

    def follow_terminal(self) -> None:
        """Follow the modes and the size of the command's terminal."""
        if self._follower is not None:
            self._follower.follow(self.begun)

    def wait_unreported(self) -> int:
        """Follow the command by what is imported already, unreported; return its exit status.

        A stream for which no thread could be had is relayed here.
        """
        from headway.run.exit_status import exit_status  # noqa: PLC0415 - hardly ever needed
        from headway.run.streams.pump import copy_ready  # noqa: PLC0415

        alone = [pump for pump in self.pumps if not (pump.started or pump.over)]
        statuses: list[int] = []
        while not statuses:
            heard = self.signals.wait(0.0 if alone else 0.25)
            if heard is not None and not heard.passed_on and heard.number in FORWARDED:
                self.child.send(heard.number)
            copy_ready(alone)
            statuses = [
                status for status in self.child.take_statuses() if not os.WIFSTOPPED(status)
            ]
        while copy_ready(alone):
            pass
        for pump in self.pumps:
            pump.finish()
        for pump in self.pumps:
            pump.join()
        self.release_terminal()
        return exit_status(statuses[0])

    def release_terminal(self) -> None:
        """Let go of the command, and of the processes that watch over its terminal."""
        self.restore_terminal()
        if not self._released:
            self._released = True
            self.child.detach()
        if self._follower is not None:
            self._follower.dismiss_watchdog()

    def abandon(self) -> None:
        """Undo the fork before the command has begun, and restore the terminal."""
        self.invocation.close_sockets()
        self.restore_terminal()
        self.invocation.close_child_ends()
        self.child.abandon()

    def restore_terminal(self) -> None:
        """Restore the terminal's modes."""
        if self.plumbing.terminal is not None:
            self.plumbing.terminal.restore()

    def release(self) -> None:
        """Let the command execute, and relay its streams.

        It is told the id of its operation before the operation exists. Should it never exist, what
        the command itself reports has no parent. Raise CannotStart where it cannot be executed,
        another OSError where it can have no process; Unfollowed where it runs.
        """
        self.begun = time.monotonic()
        try:
            self.child.start({**self.invocation.environ, PARENT: self.id})
        except CannotStart:
            self.report()
            raise
        self.relay_signals()
        if not self._held:
            self.invocation.close_child_ends()
            try:
                self.make_pumps()
                self._relay_first_output()
                self.start_threads()
            except Exception as error:
                raise Unfollowed(reason_of(error)) from None

    def relay_signals(self) -> None:
        """Pass signals on at once, whatever is imported here, until the next wait for one."""
        self.signals.relay(self.signal_relay.pass_on_at_once)

    def watch_end(self) -> None:
        """Note when the command ends: whoever takes its status may still be importing then."""
        waits = self.plumbing.relayed_terminal is None and hasattr(os, "waitid")
        if waits and self.child.ended is None:
            try:
                threads.start(self._note_end)
            except RuntimeError:
                pass  # none can be had

    def _note_end(self) -> None:
        try:
            os.waitid(os.P_PID, self.child.pid, os.WEXITED | os.WNOWAIT)
        except OSError:
            return  # its status has been taken
        self.child.ended = time.monotonic()

    def report_start_failure(self, error: CannotStart) -> int:
        """Report that the command could not be executed; return the exit status."""
        self.restore_terminal()
        from headway.run.stderr import print_error  # noqa: PLC0415 - only here

        code = 127 if error.errno == errno.ENOENT else 126
        text = os.strerror(error.errno or errno.EIO)
        print_error(f"{self.plan.command.argv[0]}: {text}")
        if self.operation is not None:
            self.operation.set(exit_status=code)
            self.operation.fail(text)
            flush_report()
        return code

    def report(self) -> None:
        """Begin its operation. The command need not wait for what is imported here."""
        try:
            import headway_command  # noqa: PLC0415
            from headway.run.late_modules import postpone  # noqa: PLC0415 - before pyzmq is imported

            postpone()
            headway_command.complete("headway")
            from headway.api.opening import operation as open_operation  # noqa: PLC0415
            from headway.reporting.reporter import reporter  # noqa: PLC0415

            self._load_own_tools()
            plan = self.plan
            if plan.called is not None:
                reporter().receipts.least = 0.0  # of several commands each is told
            operation = open_operation(
                plan.operation_name(),
                display=plan.display,
                cancellable=self.can_signal(),
                labels=plan.labels,
            )
            model = operation.model
            model.id = self.id  # before anybody has been told of another
            model.started = self.begun  # not only once all this was imported
            keys = plan.history_keys()
            if keys is not None:
                model.key, model.coarser, model.former = keys
            operation.on_cancel(self._request_cancel)
            from headway.run.supervision.pausing import Pausing  # noqa: PLC0415 - as above

            self.pausing = Pausing(self.child)
            operation.pauser = self.pausing.request
            self.operation = operation.start()
            if self.invocation.patch is not None:
                self.invocation.patch.socket.report(self.operation)
        except Exception:
            pass  # it runs all the same

    def await_greeting(self) -> None:
        """Let the thread that reports come first: viewers wait for it, the command for nobody."""
        try:
            from headway.reporting.reporter import reporter  # noqa: PLC0415 - as above

            if self.operation is not None:
                reporter().await_greeting(GREETING, lambda: self.child.ended)
        except Exception:
            pass  # as above

    def _load_own_tools(self) -> None:
        """Register the user's own tables of lines: they may know words for the command's name."""
        if not self.invocation.parses:
            return
        from headway.run.own_tools import OwnTools  # noqa: PLC0415 - after the command has begun

        self.own_tools = OwnTools()
        self.own_tools.load_file()

    def can_signal(self) -> bool:
        """Return whether a cancel request can be passed on: sudo takes ^C only from a terminal."""
        elevated = self.plan.command.elevated and os.geteuid() != 0
        return self.plumbing.relayed_terminal is not None or not elevated

    def _request_cancel(self, request: Any) -> None:
        """Queue a request to cancel; called on the SDK's thread."""
        self.requests.append(request)
        os.kill(os.getpid(), signal.SIGCHLD)  # look now


def _require_resources() -> None:
    """Raise OSError where reporting is impossible or would take what the command needs."""
    if not threads.can_start(THREADS_NEEDED):
        raise OSError(errno.EAGAIN, "too few threads are left")
    if not resources.has_memory():
        raise OSError(errno.EMFILE, "too few descriptors or too little memory is left")


class Unfollowed(Exception):
    """The command runs, and no thread can be had to relay it; the text says why."""


def reason_of(error: Exception) -> str:
    """Return why something could not be had."""
    return getattr(error, "strerror", None) or str(error) or type(error).__name__


def prepare_launch(plan: Plan) -> Launch:
    """Prepare to start a command; where little is left, fork it and start what follows it.

    Raise whatever prevents that, and then leave nothing behind: the command may still replace
    this process.
    """
    signals = SignalReceiver()
    signals.prepare()
    # Of an ignored SIGCHLD we have restored the default, which the command is not to inherit.
    easy = signals.can_hold and signal.SIGCHLD not in signals.ignored and resources.are_ample()
    launch: Launch | None = None
    try:
        launch = Launch(plan, signals, held=not easy)
        if launch.is_held:
            launch.make_pumps()
            launch.start_threads()
    except Exception:
        if launch is not None:
            launch.abandon()
        signals.restore()
        raise
    return launch


def flush_report() -> None:
    """Deliver what is still to be reported, before this process may die of a signal."""
    try:
        from headway.reporting.reporter import reporter  # noqa: PLC0415 - without it there is nothing to deliver

        reporter().end()
    except Exception:
        pass
