"""`headway pv`: copy standard input to standard output, and report how many bytes have passed."""

from __future__ import annotations

import os
import signal
import stat
import sys
from typing import Any, Sequence

from headway.run.reading.sizes import parse_size
from headway.run.stderr import print_error

USAGE = "usage: headway pv [--name N] [--size S] [--display MODE]"
HELP = f"""{USAGE}

Copy standard input to standard output, and report the bytes that pass.

options:
  --name N        call the operation N
  --size S        so much will pass: 10G, 500MB or bytes; of a file it is known
  --display MODE  what this terminal shows: auto, live, plain, json, quiet
  -h, --help      show this

exit status: 0, or that of a writer whose reader has gone.

examples:
  tar c src | headway pv --name "pack src" | zstd > src.tar.zst
  headway pv < disk.img > /dev/null
"""
CHUNK = 1 << 20  # bytes; a pipe gives 64 KiB at most


def main(arguments: Sequence[str]) -> int:
    """Run `headway pv` with these arguments; return the exit status."""
    arguments = list(arguments)
    if arguments[:1] in (["-h"], ["--help"]):
        from headway.host.terminfo import show_help  # noqa: PLC0415 - not for the command

        show_help(HELP)
        return 0
    values: dict[str, str | None] = {"--name": None, "--size": None, "--display": None}
    while arguments:
        option, given, value = arguments.pop(0).partition("=")
        if option not in values or not (given or arguments):
            print_error(f"{option} makes no sense here; see `headway pv --help`", "pv")
            return 2
        values[option] = value if given else arguments.pop(0)
    total = _file_size(0)
    if values["--size"] is not None:
        total = parse_size(values["--size"])
        if total is None:
            print_error(f"{values['--size']!r} is no size; see `headway pv --help`", "pv")
            return 2
    import headway  # noqa: PLC0415 - not for the help

    with headway.operation(values["--name"] or "pv", display=values["--display"]) as operation:
        with operation.stage("Copy", total=total, unit="B") as stage:
            read = _copy(stage)
        if not read:
            operation.cancel("its reader has gone")
    if not read:
        from headway.reporting.exits import end_program  # noqa: PLC0415 - only here

        end_program()
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGPIPE)
    return 0


def _copy(stage: Any) -> bool:
    """Copy until the end of the input; return False if nobody reads the output any more."""
    out = sys.stdout.fileno()
    while True:
        data = os.read(0, CHUNK)
        if not data:
            return True
        view = memoryview(data)
        while view:
            try:
                written = os.write(out, view)
            except BrokenPipeError:
                return False
            stage.advance(written)
            view = view[written:]


def _file_size(descriptor: int) -> int | None:
    """Return how much of a regular file is left to read, or None."""
    try:
        about = os.fstat(descriptor)
        if not stat.S_ISREG(about.st_mode):
            return None
        return max(about.st_size - os.lseek(descriptor, 0, os.SEEK_CUR), 0)
    except OSError:
        return None
