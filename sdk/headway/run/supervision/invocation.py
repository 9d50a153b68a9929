"""How a command is started: its words, descriptors and environment, and what it tells us beside.

Some tools have a machine form, which prints more; some commands are given sockets. Whatever of that
cannot be had is left out: the command is started all the same.
"""

from __future__ import annotations

import os

from headway.run.streams.plumbing import connect_streams

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Mapping

    from headway.run.bars.patch import Patch
    from headway.run.notify_socket import NotifySocket
    from headway.run.reading.command_line import Command, MachineForm
    from headway.run.streams.filter import DrawnLineFilter, LineFilter
    from headway.run.supervision.plan import Plan


class Invocation:
    """The words `argv` of a command, its `plumbing`, and what else it is started with.

    `parses` tells whether its output is parsed, `tool` as whose. `environ` is added to its
    environment, `kept` are descriptors that it inherits. `hidden` maps 1 and 2 to the pattern of
    the lines that are not passed on, and `status` is the non-blocking descriptor that its status
    lines are read from.
    """

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.parses = plan.tool != ""
        display = plan.display or os.environ.get("HEADWAY_DISPLAY") or "auto"
        self._drawn = display in ("auto", "live")
        own = self.parses and not plan.tool and not plan.is_plain  # it may be a tool itself
        self.plumbing = connect_streams(
            self.parses, own and self._writes_data(), self._drawn, self._needs_controlling_terminal
        )
        self.environ: Mapping[str, str] = {}
        self.hidden: dict[int, Any] = {}
        self._hidden_start = b""  # of lines between which a spinner is drawn
        self.status: int | None = None
        status, end = os.pipe() if own else (-1, -1)
        form = self._machine_form(end) if own else None
        if form is not None:
            self.environ = form.environ
            if form.hidden is not None:
                stream = 1 if self.plumbing.on_terminal else form.stream
                self.hidden = {stream: form.hidden}
                self._hidden_start = form.start
        self.patch = self._prepare_patch() if plan.patched else None
        if self.patch is not None:
            self.environ = {**self.environ, **self.patch.environ}
        self.notify_socket = self._listen_to_notices() if plan.notifies else None
        if self.notify_socket is not None:
            self.environ = {**self.environ, **self.notify_socket.environ}
        if form is not None and form.status:
            os.set_blocking(status, False)
            self.status = status
        elif status >= 0:
            os.close(status)
        self.argv = plan.argv if form is None else form.argv
        self.kept = (end,) if form is not None and form.status else ()
        self._ends_closed = False
        self._unneeded = end

    @property
    def tool(self) -> str:
        """Return the tool whose output is parsed, "" for none."""
        return (self.plan.tool or self.plan.command.program) if self.parses else ""

    def _writes_data(self) -> bool:
        from headway.run.parsers.registry import DATA_ON_STDOUT  # noqa: PLC0415 - not for a plain one

        return self.plan.command.program in DATA_ON_STDOUT

    def _needs_controlling_terminal(self) -> bool:
        from headway.run.reading.command_line import needs_controlling_terminal  # noqa: PLC0415 - not for pipes

        return needs_controlling_terminal(self.plan.command)

    def _machine_form(self, end: int) -> MachineForm | None:
        from headway.run.parsers.registry import machine_form  # noqa: PLC0415 - not for a plain one
        from headway.run.reading.command_line import FormContext  # noqa: PLC0415

        command = self.plan.command
        setting = FormContext(end, self.plumbing.on_terminal, self._drawn, _version(command))
        return machine_form(command, setting)

    def close_child_ends(self) -> None:
        """Close what the command has inherited by now."""
        if not self._ends_closed:
            self._ends_closed = True
            self.plumbing.close_child_ends()
            if self._unneeded >= 0:
                os.close(self._unneeded)

    def close_sockets(self) -> None:
        """Close what it would have told us by."""
        if self.patch is not None:
            self.patch.socket.close()
        if self.notify_socket is not None:
            self.notify_socket.close()

    def filter_for(self, target: int) -> LineFilter | DrawnLineFilter | None:
        """Return the filter of a stream of ours, 1 or 2; None where all of it is passed on."""
        hidden = self.hidden.get(target)
        if hidden is None:
            return None
        from headway.run.streams.filter import DrawnLineFilter, LineFilter  # noqa: PLC0415 - only a machine form needs it

        if self._hidden_start:
            return DrawnLineFilter(hidden, self._hidden_start)
        return LineFilter(hidden)

    def _prepare_patch(self) -> Patch | None:
        """Return what makes the command's Python programs report; None where it cannot be had."""
        from headway.run.bars.patch import Patch  # noqa: PLC0415 - few want it

        real = self.plumbing.terminal
        try:
            name = real.name if real is not None else os.ttyname(2)
        except OSError:
            name = None
        try:
            return Patch(self.plan.display, name)
        except OSError as error:
            from headway.run.stderr import print_error  # noqa: PLC0415 - only here

            print_error(f"its bars are not reported: {error.strerror or error}")
            return None

    def _listen_to_notices(self) -> NotifySocket | None:
        """Return the socket that it tells its status on; None where it cannot be had."""
        from headway.run.notify_socket import NotifySocket  # noqa: PLC0415 - few want it

        try:
            return NotifySocket()
        except OSError as error:
            from headway.run.stderr import print_error  # noqa: PLC0415 - only here

            print_error(f"what it tells systemd is not read: {error.strerror or error}")
            return None


def _version(command: Command) -> tuple[int, ...] | None:
    if command.program != "pip":
        return None
    from headway.run.process.pip_version import pip_version  # noqa: PLC0415 - nobody else has it

    return pip_version(command, os.environ)
