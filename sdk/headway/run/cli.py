"""`headway run`: its arguments, and what stands in the way of a command."""

from __future__ import annotations

import errno
import os

from headway.host.threads import signals as signal
from headway.run.process.fork_gate import CannotStart, execute, restore_pythons_own
from headway.run.process.which import find_program
from headway.run.stderr import complain

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NamedTuple, Sequence

    from headway.run.launch import Preparation
else:
    from headway.light_typing import NamedTuple

DISPLAYS = ("auto", "live", "plain", "json", "quiet")
USAGE = "usage: headway run [--name N] [--display MODE] [--as TOOL] [--no-parse] -- CMD [ARG…]"
HELP = f"""{USAGE}

Run CMD as it is, and report its progress: its stages, counts and bytes where its output is
understood (apt, dpkg, pip, git, npm, curl, wget, rsync, dd, ninja, make, cmake, cargo, uv),
else how long it runs and its last line. Output, input, exit status and signals are CMD's own.

options:
  --name N        call the operation N (default: the program and what it works on)
  --display MODE  what this terminal shows: auto, live, plain, json, quiet
  --as TOOL       read the output as TOOL's, for a script that runs TOOL
  --no-parse      do not look at the output at all
  -h, --help      show this

exit status: CMD's; 1 if it succeeded and its output could not be written; 126 if it cannot be
run, 127 if there is no such command, 128+N if it died of signal N.

examples:
  headway run -- pip install -r requirements.txt
  headway run -- sudo apt-get install nginx
  headway run --name "Nightly build" -- make -j8
  headway run --as pip -- ./install.sh
"""


class Options(NamedTuple):
    """What was asked for; `tool` is None to find it out, "" for nobody's output."""

    argv: list[str]
    name: str | None = None
    display: str | None = None
    tool: str | None = None


class UsageError(Exception):
    """The arguments make no sense; the text says why."""


def read_options(arguments: Sequence[str]) -> Options:
    """Read the arguments up to the command; raises UsageError."""
    values: dict[str, str] = {}
    parse = True
    at = 0
    while at < len(arguments):
        word = arguments[at]
        at += 1
        if word == "--":
            break
        if not word.startswith("-") or word == "-":
            at -= 1
            break
        option, given, value = word.partition("=")
        if option == "--no-parse" and not given:
            parse = False
            continue
        if option not in ("--name", "--display", "--as"):
            raise UsageError(f"unknown option {option}")
        if not given:
            if at == len(arguments):
                raise UsageError(f"{option} needs a value")
            value = arguments[at]
            at += 1
        values[option] = value
    argv = list(arguments[at:])
    if not argv or not argv[0]:
        raise UsageError("no command was given")
    if values.get("--display", "auto") not in DISPLAYS:
        raise UsageError("--display takes one of " + ", ".join(DISPLAYS))
    tool = values.get("--as")
    if tool is not None:
        from headway.run.parsers.registry import TOOLS  # noqa: PLC0415 - rarely needed

        if tool not in TOOLS:
            raise UsageError("--as takes one of " + ", ".join(sorted(TOOLS)))
    return Options(argv, values.get("--name"), values.get("--display"), tool if parse else "")


def main(arguments: Sequence[str]) -> int:
    """Run `headway run` with these arguments; return the exit status."""
    arguments = list(arguments)
    if arguments[:1] in (["-h"], ["--help"]):
        print(HELP, end="")  # noqa: T201 - this is its output
        return 0
    try:
        options = read_options(arguments)
    except UsageError as error:
        return _complain(f"{error}\n{USAGE}", 2)
    program = options.argv[0]
    _die_of_interrupts()
    path = find_program(program, os.environ.get("PATH", os.defpath))
    if path is None:
        kind = "No such file or directory" if "/" in program else "command not found"
        return _complain(f"{program}: {kind}", 127)
    if os.path.isdir(path):
        return _complain(f"{program}: Is a directory", 126)
    if not os.access(path, os.X_OK):
        return _complain(f"{program}: Permission denied", 126)
    if os.environ.get("HEADWAY", "").lower() == "off":
        return _become(path, options.argv)
    try:
        begun = _prepare(options, path)
    except Exception as error:
        # No descriptors, no processes, no memory: nothing of it is the command's fault.
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        complain(f"{reason}, running it without progress")
        return _become(path, options.argv)
    try:
        begun.go()
    except CannotStart as error:
        return begun.refuse(error)
    try:
        return _follow(begun)
    finally:
        begun.give_back()


def _die_of_interrupts() -> None:
    """Until the command runs, ^C ends this process as it would end that: with no traceback."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)


def _prepare(options: Options, path: str) -> Preparation:
    """Fork the command and make ready to follow it."""
    from headway.run.launch import Plan, prepare  # noqa: PLC0415
    from headway.run.reading.command_line import read_command  # noqa: PLC0415 - not where it is off

    command = read_command(options.argv)
    return prepare(Plan(command, path, options.name, options.display, options.tool))


def _follow(begun: Preparation) -> int:
    try:
        # The command need not wait for it; the descriptors of its gate are free to load it by.
        from headway.run.runner import Runner  # noqa: PLC0415

        runner = Runner(begun)
    except Exception as error:  # such as of a command that removes our files
        complain(f"{error}, it goes on without progress")
        return begun.see_out()
    return runner.run()


def _become(path: str, argv: list[str]) -> int:
    """There is nothing to add: the command takes this process."""
    restore_pythons_own()
    try:
        execute(path, argv, os.environb)
    except OSError as error:
        code = 127 if error.errno == errno.ENOENT else 126
        return _complain(f"{argv[0]}: {error.strerror}", code)


def _complain(text: str, code: int) -> int:
    complain(text)
    return code
