"""The registry of parsers by program; a parser's module is imported only when its tool is run."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from headway.run.reading.command_line import Command, FormContext, MachineForm
    from headway.run.reading.events import Parser

# program -> the module of its parser; behind a colon its table in that module
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
    "pv": "transfers.pv",
    "ninja": "builds.make",
    "make": "builds.make",
    "gmake": "builds.make",
    "cmake": "builds.make",
    "cargo": "builds.cargo",
    "uv": "packages.uv",
    "aptitude": "packages.apt",
}
# The same for tools whose parser is a table: module -> its programs.
_TABLES = {
    "archives": "zip unzip 7z 7za 7zr 7zz zstd unzstd xz unxz mksquashfs unsquashfs par2",
    "backups": "restic borg pg_restore",
    "builds": "pytest py.test tox ctest prove sphinx-build mvn mvnw gradle gradlew bazel",
    "disks": "mke2fs mkfs.ext2 mkfs.ext3 mkfs.ext4 e2fsck fsck.ext2 fsck.ext3 fsck.ext4 badblocks"
    " ddrescue shred",
    "infrastructure": "docker podman buildah terraform tofu ansible-playbook",
    "media": "ffmpeg flac",
    "packages": "pnpm yarn",
    "transfers": "aria2c rclone scp sftp yt-dlp",
}
for _name, _programs in _TABLES.items():
    PARSERS.update({program: f"tables.{_name}:{program}" for program in _programs.split()})
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
DATA_ON_STDOUT = frozenset(
    {"curl", "wget", "git", "dd", "pv", "xz", "unxz", "zstd", "unzstd", "ffmpeg", "flac"}
)


# Characters of a command line that is looked at for a script: splitting takes the square of it.
TYPED_LIMIT = 4096
_OWN = "own:"  # in front of a program whose parser Headway does not ship
_tools: dict[str, Any] = {}  # program -> that parser's tool


def add_tools(tools: dict[str, Any]) -> None:
    """Register tools that Headway does not ship; each has `name_of` and `Parser`."""
    _tools.update(tools)
    PARSERS.update({program: _OWN + program for program in tools})


def is_known(program: str) -> bool:
    """Return whether there is a parser for a program."""
    return program in PARSERS


def find_parser_module(program: str) -> Any:
    """Return what has `name_of` and `Parser` for a program: its module, or its table's tool.

    None if the program is unknown.
    """
    if PARSERS.get(program, "").startswith(_OWN):
        return _tools[program]
    name, _, table = PARSERS.get(program, "").partition(":")
    if not name:
        return None
    import importlib  # noqa: PLC0415 - the command is not to wait for it

    module = importlib.import_module("headway.run.parsers." + name)
    if not table:
        return module
    from headway.run.parsers.line_table import Tool  # noqa: PLC0415 - only now needed

    return Tool(module.TABLES[table])


def make_parser(tool: Any, command: Command) -> Parser:
    """Return a parser for one run of `command`, of what `find_parser_module` found."""
    if tool is None:
        from headway.run.parsers import generic as tool  # noqa: PLC0415 - not to start
    parser: Parser = tool.Parser(command)
    return parser


def make_fallback(command: Command, *, text: bool = False) -> Parser:
    """Return a parser for what the parser of a known tool does not recognize.

    With `text`, its lines make a stage, as those of an unknown command do.
    """
    from headway.run.parsers.generic import Parser as Generic  # noqa: PLC0415 - rarely needed

    return Generic(command, text=text)


def name_command(command: Command, cwd: str, *, recipe: bool = False) -> str:
    """Return the operation's name: what its program works on, as far as that may be told.

    The program and the words that its parser knows, the folder of a build, or the script of an
    interpreter; no other argument. `cwd` is the working directory. Of a `recipe` of make, which
    would be called `sh` as all others, it is the first program that the shell is told to run.
    """
    from headway.run.reading.script import basename, find_script, folder_of  # noqa: PLC0415 - not needed to start

    name = _tool_name(command)
    if recipe and command.program not in PARSERS:
        from headway.run.reading.recipe import first_program  # noqa: PLC0415 - only in make

        found = first_program(command)
        if found is not None:
            return found
    script = None if command.program in PARSERS else find_script(command)
    if script is not None:
        word = command.argv[script.at]
        return f"python -m {word}" if script.module else basename(word) or name
    folder = folder_of(command, cwd)
    return f"{name} ({basename(folder)})" if folder is not None and basename(folder) else name


def script_in(line: str) -> str | None:
    """Return what the script is called that a command line runs: "deploy.sh" of "sh deploy.sh".

    None where it runs none, is but that name, or is longer than what a person types.
    """
    if len(line) > TYPED_LIMIT:
        return None
    import shlex  # noqa: PLC0415 - for what a person types, who looks for an operation

    from headway.run.reading.command_line import parse_command_line  # noqa: PLC0415
    from headway.run.reading.script import find_script  # noqa: PLC0415

    try:
        argv = shlex.split(line)
    except ValueError:  # a quote is open
        return None
    command = parse_command_line(argv) if argv else None
    if command is None or command.program in PARSERS or find_script(command) is None:
        return None
    name = name_command(command, "")
    return None if name == line else name


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
    tool = find_parser_module(command.program)
    found: MachineForm | None = tool.machine_form(command, setting)
    return found
