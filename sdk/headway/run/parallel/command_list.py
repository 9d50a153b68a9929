"""Several commands of one `headway run`: their options, and what prevents them from being run."""

from __future__ import annotations

import os
import sys
import time
from functools import partial

from headway.formatting import ci_log, picture_support
from headway.host import identity
from headway.run.history_keys import working_directory
from headway.run.own_tools import OwnTools
from headway.run.parallel.coordinator import Coordinator
from headway.run.parallel.jobs import BadJob, Job, labels_of, read_lines, separates, split_parts
from headway.run.parallel.lines_viewer import LinesViewer
from headway.run.parallel.output import KINDS, CommandOutput
from headway.run.parsers.registry import name_command
from headway.run.process.which import find_program, reason_against
from headway.run.reading.command_line import parse_command_line
from headway.run.stderr import print_error

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Mapping, NamedTuple
else:
    from headway.light_typing import NamedTuple


class CommandList(NamedTuple):
    """Several commands, and the options that each of them is run with."""

    jobs: list[Job]
    limit: int
    output: str
    display: str | None
    options: list[str]


def read_several(
    values: dict[str, str],
    argv: list[str],
    parse: bool,
    *,
    patched: bool = False,
    labels: Mapping[str, str] | None = None,
) -> CommandList | None:
    """Return the commands, or None where `argv` is one. Raise BadJob."""
    file = values.get("--file")
    if file is not None:
        if argv:
            raise BadJob("--file takes the commands from the file, and none beside it")
        found = _read_file(file)
    elif not separates(argv):
        return None
    else:
        found = split_parts(argv)
    if "--name" in values:
        raise BadJob("--name is for one command")
    limit = values.get("-j", str(len(found) if file is None else os.cpu_count() or 1))
    if not limit.isdecimal() or not int(limit):
        raise BadJob(f"-j takes a number of commands, not {limit!r}")
    output = values.get("--output", KINDS[0])
    if output not in KINDS:
        raise BadJob("--output takes one of " + ", ".join(KINDS))
    options = [f"--as={values['--as']}"] if "--as" in values else []
    if "--fail-if" in values:
        options.append(f"--fail-if={values['--fail-if']}")
    if not parse:
        options.append("--no-parse")
    if patched:
        options.append("--patch")
    options += [f"--label={key}={words}" for key, words in (labels or {}).items()]
    return CommandList(found, int(limit), output, values.get("--display"), options)


def _read_file(name: str) -> list[Job]:
    try:
        if name == "-":
            return read_lines(sys.stdin, "standard input")
        with open(name, encoding="utf-8", errors="surrogateescape") as file:
            return read_lines(file, name)
    except OSError as error:
        raise BadJob(f"{name}: {error.strerror}") from None


def run_several(several: CommandList) -> int:
    """Run several commands, none unless each can be started; return the exit status."""
    for job in several.jobs:
        path = find_program(job.argv[0], os.environ.get("PATH", os.defpath))
        against = reason_against(job.argv[0], path)
        if against is not None:
            print_error(f"{job.where}: {against[0]}")
            return against[1]
    options = [*several.options]
    lines = LinesViewer.start(several.display)
    display = "quiet" if lines.wanted else several.display
    if display is not None:
        options.append(f"--display={display}")
    terminal = identity.terminal()
    if terminal is not None:
        options.append(f"--terminal={terminal}")
    OwnTools().load_file()  # it may know words for a command's name
    cwd = working_directory()
    # Of `sh -c '…'` it is the first program that the shell is told to run.
    names = [name_command(parse_command_line(job.argv), cwd, recipe=True) for job in several.jobs]
    labels = labels_of(names)
    width = max(map(len, labels))
    log = ci_log.service(os.environ)
    waiting = [
        (
            [*options, f"--called={label}", "--", *job.argv],
            CommandOutput(several.output, label, width, partial(_fold, log, number)),
        )
        for number, (job, label) in enumerate(zip(several.jobs, labels))
    ]
    tells = picture_support.shows_nothing(several.display, terminal is not None, os.environ)
    logs = None if os.environ.get("HEADWAY", "").lower() == "off" else f"{_own_name()} logs"
    return Coordinator(
        waiting, several.limit, lines.add, lines.finish, tells=tells, logs=logs
    ).run()


def _own_name() -> str:
    """Return how a person calls this command: by its path where it is not the one on PATH."""
    path = sys.argv[0]
    if os.path.basename(path) != "headway":
        return "headway"
    found = find_program("headway", os.environ.get("PATH", os.defpath))
    if found is not None and os.path.realpath(found) == os.path.realpath(path):
        return "headway"
    near = os.path.relpath(path)
    return path if near.startswith("..") else near


def _fold(log: str | None, number: int, label: str) -> tuple[str, str] | None:
    return ci_log.fold(log, label, number, time.time())
