"""Which parser knows which program; a parser's module is loaded only when its tool is run."""

from __future__ import annotations

import importlib

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any

    from headway.run.reading.command_line import Command, Form, Setting
    from headway.run.reading.events import Parser

# program -> the module of its parser
TOOLS = {
    "apt": "packages.apt",
    "apt-get": "packages.apt",
    "dpkg": "packages.dpkg",
    "pip": "packages.pip",
    "git": "transfers.git",
    "npm": "packages.npm",
    "curl": "transfers.curl",
    "wget": "transfers.wget",
    "rsync": "transfers.rsync",
    "dd": "transfers.dd",
    "ninja": "builds.make",
    "make": "builds.make",
    "gmake": "builds.make",
    "cmake": "builds.make",
    "cargo": "builds.cargo",
    "uv": "packages.uv",
}
# The modules that have a machine form: these alone are loaded before the command goes.
FORMED = frozenset(
    {
        "packages.apt",
        "packages.dpkg",
        "packages.pip",
        "transfers.git",
        "packages.npm",
        "builds.cargo",
    }
)
# Whose progress is on standard error alone: what they write to standard output is data.
DATA_ON_OUTPUT = frozenset({"curl", "wget", "git", "dd"})


def find_tool(program: str) -> ModuleType | None:
    """Return the module of the tool that `program` is, or None if nobody knows it."""
    name = TOOLS.get(program)
    return importlib.import_module("headway.run.parsers." + name) if name else None


def make_parser(tool: ModuleType | None, command: Command) -> Parser:
    """Make the parser for a run of `command`."""
    if tool is None:
        tool = importlib.import_module("headway.run.parsers.generic")
    parser: Parser = tool.Parser(command)
    return parser


def name_command(command: Command) -> str:
    """Name the operation by the program and the words its parser knows, nothing else."""
    tool = find_tool(command.program)
    name: str = tool.name_of(command) if tool else command.program.rsplit("/", 1)[-1]
    return name


def machine_form(command: Command, setting: Setting) -> Form | None:
    """Return how to start `command` so that it tells more, or None to start it as it is.

    Never behind sudo: it closes descriptors and may refuse variables.
    """
    if command.elevated or TOOLS.get(command.program) not in FORMED:
        return None
    tool: Any = find_tool(command.program)
    found: Form | None = tool.machine_form(command, setting)
    return found
