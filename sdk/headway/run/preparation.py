"""How a command is to be started, decided and forked while this process has one thread."""

from __future__ import annotations

import os
from typing import Any, Mapping

from headway.run.child import Child
from headway.run.command import Command, Form, Setting
from headway.run.layout import lay_out
from headway.run.session import PtyChild
from headway.run.tools import DATA_ON_OUTPUT, find_tool, machine_form, make_parser


class Plan:
    """What is to be run: `path` is the program found for `command`."""

    def __init__(
        self, command: Command, path: str, name: str, display: str | None, tool: str | None
    ) -> None:
        self.command = command
        self.path = path
        self.name = name
        self.display = display
        self.tool = tool  # whose output to expect; "" for nobody's


class Preparation:
    """The command, forked and waiting, and what is needed to follow it.

    `look` tells that its output is of interest, `known` that its tool is. `environ` is to be
    added to its environment. `hidden` maps 1 and 2 to the lines that are not passed on, and
    `status` is the descriptor that it writes status lines to, read without waiting.
    """

    def __init__(self, plan: Plan) -> None:
        command = plan.command
        self.look = plan.tool != ""
        tool = find_tool(plan.tool or command.program) if self.look else None
        self.known = tool is not None
        own = self.known and not plan.tool  # the command is the tool itself
        self.parser = make_parser(tool, command)
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
            form = machine_form(tool, command, setting)
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
            return Child(plan.path, argv, self.layout.streams, kept)
        pty = (terminal.master, terminal.slave)
        return PtyChild(plan.path, argv, self.layout.streams, kept, pty)


def _version(command: Command) -> tuple[int, ...] | None:
    if command.program != "pip":
        return None
    from headway.run.versions import pip_version  # noqa: PLC0415 - nobody else has it

    return pip_version(command, os.environ)
