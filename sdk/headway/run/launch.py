"""How a command is started: decided and forked while this process has one thread, then let go.

What only follows the command is loaded after that, while it runs.
"""

from __future__ import annotations

import errno
import os
import sys
from collections import deque

from headway.host import threads
from headway.host.threads import signals as signal
from headway.reporting.reporter import identity
from headway.reporting.thread import has_room
from headway.run.exit_status import exit_status
from headway.run.parsers.registry import DATA_ON_OUTPUT, TOOLS, machine_form
from headway.run.process.child import Child
from headway.run.process.fork_gate import CannotStart
from headway.run.process.signals import PASSED_ON, Signals
from headway.run.reading.command_line import Setting
from headway.run.stderr import complain
from headway.run.streams.plumbing import lay_out
from headway.run.streams.pump import Pump
from headway.run.streams.samples import KNOWN, STRANGER, Samples

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Mapping

    from headway.run.process.pty_session import PtyChild
    from headway.run.reading.command_line import Command, Form
    from headway.run.streams.filter import Hider
    from headway.run.streams.keyboard import Keyboard

PARENT = "HEADWAY_PARENT"
THREADS = 16  # that pumps, keyboard and reporting may want, and then some
TURN = 0.0005  # seconds that a thread keeps the interpreter while another one waits for it
FAREWELL = 1.0  # seconds that our end may wait for the last report and its drawing


class Plan:
    """What is to be run: `path` is the program found for `command`."""

    def __init__(
        self, command: Command, path: str, name: str | None, display: str | None, tool: str | None
    ) -> None:
        self.command = command
        self.path = path
        self.name = name  # None to find one
        self.display = display
        self.tool = tool  # whose output to expect; "" for nobody's


class Preparation:
    """The command, forked and waiting, and what is needed to follow it.

    `look` tells that its output is of interest, `tool` whose it is taken for. `environ` is to be
    added to its environment. `hidden` maps 1 and 2 to the lines that are not passed on, and
    `status` is the descriptor that it writes status lines to, read without waiting.
    `operation` is there once it runs, and stays None where reporting is not to be had.
    """

    def __init__(self, plan: Plan, signals: Signals) -> None:
        self.plan = plan
        command = plan.command
        self.signals = signals
        self.operation: Any = None
        self.requests: deque[Any] = deque()  # to cancel
        self.pumps: list[Pump] = []
        self.keyboard: Keyboard | None = None
        self.look = plan.tool != ""
        self.tool = (plan.tool or command.program) if self.look else ""
        known = self.tool in TOOLS
        own = known and not plan.tool  # the command is the tool itself
        display = plan.display or os.environ.get("HEADWAY_DISPLAY") or "auto"
        drawn = display in ("auto", "live")
        self.layout = lay_out(self.look, own and command.program in DATA_ON_OUTPUT, drawn)
        self.environ: Mapping[str, str] = {}
        self.hidden: dict[int, Any] = {}
        self.status: int | None = None
        status, end = os.pipe()
        form = None
        if own:
            on_terminal = self.layout.terminal is not None
            setting = Setting(end, on_terminal, drawn, _version(command))
            form = machine_form(command, setting)
        if form is not None:
            self.environ = form.environ
            if form.hidden is not None:
                stream = 1 if self.layout.terminal is not None else form.stream
                self.hidden = {stream: form.hidden}
        self.child = self._fork(plan, form, end)
        self.layout.opened()
        os.close(end)
        if form is not None and form.status:
            os.set_blocking(status, False)
            self.status = status
        else:
            os.close(status)

    def _fork(self, plan: Plan, form: Form | None, end: int) -> Child | PtyChild:
        argv = list(plan.command.argv) if form is None else form.argv
        kept = (end,) if form is not None and form.status else ()
        terminal = self.layout.terminal
        if terminal is None:
            return Child(plan.path, argv, self.layout.streams, kept, self.signals.ignored)
        from headway.run.process.pty_session import PtyChild  # noqa: PLC0415 - only a terminal needs it

        pty = (terminal.master, terminal.slave)
        return PtyChild(plan.path, argv, self.layout.streams, kept, self.signals.ignored, pty)

    def ready(self) -> None:
        """Start the threads that pass on what comes and what is typed."""
        self.signals.start()
        _afford()
        limit = KNOWN if self.tool in TOOLS else STRANGER
        for through in self.layout.pumped:
            samples = Samples(limit) if self.look else None
            self.pumps.append(
                Pump(through.source, through.target, samples, self._hider(through.target))
            )
        # A pump shall not wait 5 ms for the interpreter whenever something else has it.
        sys.setswitchinterval(TURN)
        for pump in self.pumps:
            pump.start()
        self.child.ready()
        terminal = self.layout.terminal
        if terminal is not None:
            from headway.run.streams.keyboard import Keyboard  # noqa: PLC0415 - nobody types elsewhere

            self.keyboard = Keyboard(2, terminal)
            terminal.follow()
            self.keyboard.start()

    def see_out(self) -> int:
        """Follow the command with what is loaded already, and report nothing; its exit status."""
        statuses: list[int] = []
        while not statuses:
            heard = self.signals.wait(0.25)
            if heard is not None and heard.number in PASSED_ON:
                self.child.send(heard.number)
            statuses = [status for status in self.child.news() if not os.WIFSTOPPED(status)]
        for pump in self.pumps:
            pump.finish()
        for pump in self.pumps:
            pump.join()
        self.child.part()
        return exit_status(statuses[0])

    def abandon(self) -> None:
        """It could not be made ready: let there be nothing of it, and the terminal as it was."""
        self.give_back()
        self.child.abandon()

    def give_back(self) -> None:
        """Put the terminal into the mode that it had."""
        if self.layout.terminal is not None:
            self.layout.terminal.give_back()

    def go(self) -> None:
        """Let the command go; raises CannotStart.

        It is told the id of its operation before there is one. Should there never be, what it
        reports itself is part of none.
        """
        id_ = identity(12)
        try:
            self.child.start({**self.environ, PARENT: id_})
        finally:
            # Only now: the command need not wait for what is imported here.
            self._report(id_)

    def _hider(self, target: int) -> Hider | None:
        threads = self.hidden.get(target)
        if threads is None:
            return None
        from headway.run.streams.filter import Hider  # noqa: PLC0415 - only a machine form needs it

        return Hider(threads)

    def refuse(self, error: CannotStart) -> int:
        """Tell why the command could not be started; return the exit status."""
        self.give_back()
        code = 127 if error.errno == errno.ENOENT else 126
        text = os.strerror(error.errno or errno.EIO)
        complain(f"{self.plan.command.argv[0]}: {text}")
        if self.operation is not None:
            self.operation.set(exit_status=code)
            self.operation.fail(text)
            deliver()
        return code

    def _report(self, id_: str) -> None:
        try:
            from headway.api.opening import operation as open_operation  # noqa: PLC0415
            from headway.run.parsers.registry import name_command  # noqa: PLC0415

            plan = self.plan
            operation = open_operation(
                plan.name or name_command(plan.command),
                display=plan.display,
                cancellable=self._can_signal(),
            )
            operation.model.id = id_  # before anybody has been told of another
            operation.on_cancel(self._asked)
            self.operation = operation.start()
        except Exception:
            pass  # it runs all the same

    def _can_signal(self) -> bool:
        """Whether a request to cancel could be passed on: sudo takes ^C only from a terminal."""
        elevated = self.plan.command.elevated and os.geteuid() != 0
        return self.layout.terminal is not None or not elevated

    def _asked(self, request: Any) -> None:
        """Somebody wants it to end: called on a thread of the SDK."""
        self.requests.append(request)
        os.kill(os.getpid(), signal.SIGCHLD)  # look now


def _afford() -> None:
    """Raise OSError where reporting would take what the command needs, or could not be had."""
    if not threads.affordable(THREADS):
        raise OSError(errno.EAGAIN, "too few threads are left")
    if not has_room():
        raise OSError(errno.EMFILE, "too few descriptors or too little memory is left")


def prepare(plan: Plan) -> Preparation:
    """Fork the command and make all ready that it needs to be followed.

    Raises whatever stands in the way, and then has left nothing behind: the command may still
    take this process.
    """
    signals = Signals()
    signals.keep_statuses()
    begun: Preparation | None = None
    try:
        begun = Preparation(plan, signals)
        begun.ready()
    except Exception:
        if begun is not None:
            begun.abandon()
        signals.give_back()
        raise
    return begun


def deliver() -> None:
    """Let the last report out now: we may be about to die of a signal."""
    try:
        from headway.reporting.reporter import here  # noqa: PLC0415 - nothing to deliver without it

        link = here().link
        if link is not None:
            link.finish(FAREWELL)
    except Exception:
        pass


def _version(command: Command) -> tuple[int, ...] | None:
    if command.program != "pip":
        return None
    from headway.run.process.pip_version import pip_version  # noqa: PLC0415 - nobody else has it

    return pip_version(command, os.environ)
