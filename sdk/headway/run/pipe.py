"""`headway pipe`: a shell script reports its progress by printing lines."""

from __future__ import annotations

import os
import sys
from typing import Any, Sequence

from headway.run.exit_status import Ending
from headway.run.reading.pipe_lines import Logged, Planned, Script, ScriptError
from headway.run.reporter import Reporter
from headway.run.stderr import complain

USAGE = "usage: headway pipe [--name N] [--display MODE]"
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
                                  unless a stage fell short of its total

options:
  --name N        call the operation N
  --display MODE  what this terminal shows: auto, live, plain, json, quiet
  -h, --help      show this

exit status: 0 completed, 1 failed, 130 cancelled, 2 wrong usage.

examples:
  for n in $(seq 100); do work $n; echo $n%; done | headway pipe --name Work
  (echo stage Copy total=3 unit=files; for f in a b c; do cp $f /backup; echo advance; done) \\
      | headway pipe --name Backup
"""
_STATUS = {"completed": 0, "failed": 1, "cancelled": 130}


def main(arguments: Sequence[str]) -> int:
    """Run `headway pipe` with these arguments; return the exit status."""
    arguments = list(arguments)
    if arguments[:1] in (["-h"], ["--help"]):
        print(HELP, end="")  # noqa: T201 - this is its output
        return 0
    values: dict[str, str | None] = {"--name": None, "--display": None}
    while arguments:
        option, given, value = arguments.pop(0).partition("=")
        if option not in values or not (given or arguments):
            complain(f"{option} makes no sense here\n{USAGE}", "pipe")
            return 2
        values[option] = value if given else arguments.pop(0)
    import headway  # noqa: PLC0415 - not for the help

    operation = headway.operation(values["--name"] or "pipe", display=values["--display"])
    cancelled: list[Any] = []
    operation.on_cancel(lambda request: _stop(cancelled, request))
    operation.start()
    try:
        ending = _read(operation)
    except KeyboardInterrupt:
        reason = cancelled[0].reason if cancelled else "interrupted by SIGINT"
        ending = Ending("cancelled", reason)
    status = _STATUS[ending.state]
    Reporter(operation).end(ending, status)
    return status


def _stop(cancelled: list[Any], request: Any) -> None:
    """End the reading of lines, whatever the script does next: it learns of it by its pipe."""
    import signal  # noqa: PLC0415 - only now needed

    cancelled.append(request)
    os.kill(os.getpid(), signal.SIGINT)


def _read(operation: Any) -> Ending:
    script, reporter = Script(), Reporter(operation)
    for number, line in enumerate(sys.stdin.buffer if sys.stdin else (), 1):
        try:
            events = script.feed(line.decode("utf-8", "replace"))
        except ScriptError as error:
            complain(f"line {number}: {error}", "pipe")
            continue
        for event in events:
            if isinstance(event, Planned):
                operation.plan(*event.names)
            elif isinstance(event, Logged):
                operation.log(event.text)
            else:
                reporter.apply([event])
        if script.ending is not None:
            break
    return script.finish()
