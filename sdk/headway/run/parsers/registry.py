"""The registry of parsers by program; a parser's module is imported only when its tool is run."""

from __future__ import annotations

import importlib

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any

    from headway.run.reading.command_line import Command, FormContext, MachineForm
    from headway.run.reading.events import Parser

# program -> the module of its parser
PARSERS = {
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
WITH_MACHINE_FORM = frozenset(
    {
        "packages.apt",
        "packages.dpkg",
        "packages.pip",
        "transfers.git",
        "packages.npm",
        "builds.cargo",
    }
)
# What a parser knows of the tools that its own starts: those are no stages of their own.
OWNED = {
    "packages.apt": frozenset({"packages.dpkg"}),
    "packages.npm": frozenset({"packages.npm"}),
}
# Whose progress is on standard error alone: what they write to standard output is data.
DATA_ON_STDOUT = frozenset({"curl", "wget", "git", "dd"})


def find_parser_module(program: str) -> ModuleType | None:
    """Return the module of the parser for `program`, or None if the program is unknown."""
    name = PARSERS.get(program)
    return importlib.import_module("headway.run.parsers." + name) if name else None


def make_parser(tool: ModuleType | None, command: Command) -> Parser:
    """Return a parser for one run of `command`."""
    if tool is None:
        tool = importlib.import_module("headway.run.parsers.generic")
    parser: Parser = tool.Parser(command)
    return parser


def name_command(command: Command, cwd: str) -> str:
    """Return the operation's name: what its program works on, as far as that may be told.

    The program and the words that its parser knows, the folder of a build, or the script of an
    interpreter; no other argument. `cwd` is the working directory.
    """
    from headway.run.reading.script import basename, find_script, folder_of  # noqa: PLC0415 - not needed to start

    name = _tool_name(command)
    script = None if command.program in PARSERS else find_script(command)
    if script is not None:
        word = command.argv[script.at]
        return f"python -m {word}" if script.module else basename(word) or name
    folder = folder_of(command, cwd)
    return f"{name} ({basename(folder)})" if folder is not None and basename(folder) else name


def former_name(command: Command) -> str | None:
    """Return the name in earlier versions, by which they kept its runs.

    None where that was also the name of what is not like it: an interpreter's other scripts, a
    build in another folder, other arguments of an unknown program.
    """
    from headway.run.reading.script import find_script, folder_of  # noqa: PLC0415

    if folder_of(command, "/") is not None:
        return None
    if command.program not in PARSERS and (command.words or find_script(command)):
        return None
    return _tool_name(command)


def _tool_name(command: Command) -> str:
    tool = find_parser_module(command.program)
    name: str = tool.name_of(command) if tool else command.program.rsplit("/", 1)[-1]
    return name


def machine_form(command: Command, setting: FormContext) -> MachineForm | None:
    """Return how to start `command` so that it prints more, or None to start it as it is.

    Never behind sudo: it closes descriptors and may refuse variables.
    """
    if command.elevated or PARSERS.get(command.program) not in WITH_MACHINE_FORM:
        return None
    tool: Any = find_parser_module(command.program)
    found: MachineForm | None = tool.machine_form(command, setting)
    return found
