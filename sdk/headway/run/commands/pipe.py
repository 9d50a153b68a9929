"""`headway pipe`: report the progress of a shell script from the lines that it prints."""

from __future__ import annotations

import os
import select
import sys
import time
from typing import Any, Iterator, Sequence

from headway.run.exit_status import Outcome
from headway.run.progress.operation_updater import OperationUpdater
from headway.run.reading.events import StageMoved
from headway.run.reading.pipe_protocol import Logged, PipeParser, PipeSyntaxError
from headway.run.stderr import print_error
from headway.text import safe

USAGE = """usage: headway pipe [--name N] [--display MODE] [--needs-end] [--functions] [--pace FILE]
       headway pipe --tqdm [OPTION of tqdm]..."""
HELP = f"""{USAGE}

Read lines on standard input and report them as the progress of one operation.

lines:
  stage NAME [total=N] [unit=U]   the next stage begins, the one before has completed
  done N, advance [N], total N    counts of the stage
  N% or N                         per cent of the stage
  detail TEXT or # TEXT           what it is busy with
  wait REASON, run                it is held up; it goes on
  plan A, B, C                    stages that will come
  log TEXT                        a line of output
  skip [REASON]                   the stage was not needed
  complete, fail TEXT, cancel     the end; without it, the end of the input is a success
                                  unless a stage fell short of its total. `fail exit status N`
                                  tells the script's

options:
  --name N        call the operation N
  --display MODE  what this terminal shows: auto, live, plain, json, quiet
  --needs-end     the end of the input without `complete` is a failure: the script was killed
  --functions     call a line that makes no sense by the function of `headway shell` that wrote it
  --pace FILE     remove FILE a tenth of a second after a line: a script adds its counts up while
                  it is there
  --tqdm          be the command line of tqdm: pass standard input on, and count its lines (or
                  --bytes). What follows is tqdm's: --total N, --desc TEXT, --unit U, --null, ...
  -h, --help      show this

exit status: 0 completed, 1 failed, 130 cancelled, 2 wrong usage. Where no terminal shows it, a
line on standard error says what has failed or was cancelled, and why.

examples:
  for n in $(seq 100); do work $n; echo $n%; done | headway pipe --name Work
  (echo stage Copy total=3 unit=files; for f in a b c; do cp $f /backup; echo advance; done) \\
      | headway pipe --name Backup
  seq 9 | headway pipe --tqdm --total 9 --desc Count
"""
READ_SIZE = 1 << 16  # bytes: what a pipe holds
LINE_LIMIT = 1 << 16  # bytes: what is beyond is not kept; no text is that long
PACE = 0.1  # seconds
_STATUS = {"completed": 0, "failed": 1, "cancelled": 130}


def main(arguments: Sequence[str]) -> int:
    """Run `headway pipe` with these arguments; return the exit status."""
    arguments = list(arguments)
    if arguments[:1] in (["-h"], ["--help"]):
        from headway.host.terminfo import show_help  # noqa: PLC0415 - not for the command

        show_help(HELP)
        return 0
    values: dict[str, str | None] = {"--name": None, "--display": None, "--pace": None}
    flags: set[str] = set()
    while arguments:
        if arguments[0] in ("--needs-end", "--functions"):
            flags.add(arguments.pop(0))
            continue
        option, given, value = arguments.pop(0).partition("=")
        if option not in values or not (given or arguments):
            print_error(f"{option} makes no sense here; see `headway pipe --help`", "pipe")
            return 2
        values[option] = value if given else arguments.pop(0)
    import headway  # noqa: PLC0415 - not for the help

    operation = headway.operation(values["--name"] or "pipe", display=values["--display"])
    cancelled: list[Any] = []
    operation.on_cancel(lambda request: _stop(cancelled, request))
    operation.start()
    try:
        outcome = _read(operation, values["--pace"], flags)
    except KeyboardInterrupt:
        reason = cancelled[0].reason if cancelled else "interrupted by SIGINT"
        outcome = Outcome("cancelled", reason)
    status = _STATUS[outcome.state]
    OperationUpdater(operation).end(outcome, _told_status(outcome) or status)
    if status and _shows_nothing(values["--display"]):
        why = f": {outcome.text}" if outcome.text else ""
        print_error(safe(f"{operation.name} {outcome.state}{why}"), "pipe")
    return status


def _shows_nothing(display: str | None) -> bool:
    """Return whether nobody else tells on standard error how it has ended."""
    from headway.formatting import picture_support  # noqa: PLC0415 - only of what has not succeeded
    from headway.host import identity  # noqa: PLC0415

    return picture_support.shows_nothing(display, identity.terminal() is not None, os.environ)


def _told_status(outcome: Outcome) -> int | None:
    """Return the exit status that a script has told by `fail exit status N`, or None."""
    begin, _, number = (outcome.text or "").partition("exit status ")
    told = not begin and number.isascii() and number.isdigit() and len(number) < 4
    return int(number) if outcome.state == "failed" and told else None


def _stop(cancelled: list[Any], request: Any) -> None:
    """Interrupt the reading of lines; the script learns of it by its broken pipe."""
    import signal  # noqa: PLC0415 - only now needed

    cancelled.append(request)
    os.kill(os.getpid(), signal.SIGINT)


def _read(operation: Any, pace: str | None, flags: set[str]) -> Outcome:
    """Report the lines of standard input. Of counts that come together only the last is applied.

    A script that counts fast fills the pipe otherwise, and would wait for this process.
    """
    parser = PipeParser(needs_end="--needs-end" in flags)
    updater = OperationUpdater(operation)
    moved: list[Any] = []
    number = 0
    for line in read_lines(0, pace) if sys.stdin is not None else ():
        number += line is not None
        try:
            events = parser.feed(line.decode("utf-8", "replace")) if line is not None else []
        except PipeSyntaxError as error:
            if line is not None and "--functions" in flags:
                print_error(f"{function_of(line.decode('utf-8', 'replace'))}: {error}", "shell")
            else:
                print_error(f"line {number}: {error}", "pipe")
            continue
        if len(events) == 1 and type(events[0]) is StageMoved:
            moved = events
            continue
        if moved:
            updater.apply(moved)
            moved = []
        for event in events:
            if isinstance(event, Logged):
                operation.log(event.text)
            else:
                updater.apply([event])
        if parser.outcome is not None:
            break
    return parser.finish()


def function_of(line: str) -> str:
    """Return the function of `headway shell` that writes such a line."""
    word = line.split(maxsplit=1)[0]
    return "hw_percent" if word.endswith("%") else f"hw_{word}"


def read_lines(descriptor: int, pace: str | None) -> Iterator[bytes | None]:
    """Yield the lines of a descriptor, and None after those that came together."""
    rest = b""
    held: float | None = None  # until when the file `pace` may be there
    try:
        while True:
            if pace is not None and held is not None:
                left = held - time.monotonic()
                if left <= 0 or not select.select([descriptor], [], [], left)[0]:
                    _remove(pace)
                    held = None
            data = os.read(descriptor, READ_SIZE)
            if not data:
                break
            *whole, rest = (rest + data).split(b"\n")
            rest = rest[:LINE_LIMIT]
            yield from whole
            yield None
            if pace is not None and held is None:
                held = time.monotonic() + PACE
    finally:
        if pace is not None and held is not None:
            _remove(pace)
    if rest:
        yield rest
    yield None


def _remove(file: str) -> None:
    try:
        os.unlink(file)
    except OSError:
        pass  # the script has made none
