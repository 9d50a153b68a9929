"""`headway view`, `ps`, `wait`, `cancel` and `record`: what they take, do and answer.

Each verb is a function from its arguments to its exit status.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from typing import Any, Callable, Sequence, TextIO

from headway import launch
from headway_viewer import theme
from headway_viewer.display.jsonl import Jsonl
from headway_viewer.display.live import Live
from headway_viewer.display.plain import Plain
from headway_viewer.feed import Feed
from headway_viewer.following import Display, Silent, follow
from headway_viewer.listing import listing
from headway_viewer.record import Writer
from headway_viewer.replica import Replica
from headway_viewer.rows import Board
from headway_viewer.selection import NONE_SEEN, Ambiguous, Selection, pick

USAGE = 2
NOT_CANCELLED = 3
DISPLAYS = ("auto", "live", "plain", "json", "quiet")
START_EVERY = 2.0  # seconds between two attempts to start a broker
ANSWER_WITHIN = 15.0  # seconds for a worker's answer to a cancel request
SNAPSHOT_WITHIN = 5.0  # seconds for the broker's answer to `ps`


def finder(*, start: bool) -> Callable[[], str | None]:
    """What looks for the broker, and with `start` starts one where there is none."""
    last = float("-inf")

    def find() -> str | None:
        nonlocal last
        now = time.monotonic()
        due = start and now - last >= START_EVERY
        if due:
            last = now
        found = _look(start=due)
        if found is not None:
            launch.started()
        return found

    return find


def _look(*, start: bool) -> str | None:
    """Where the broker listens. Raises `NoRuntimeDirectory` where none can be started."""
    try:
        return launch.endpoint(os.environ, os.getuid(), start=start)
    except launch.NoRuntimeDirectory:
        if start:
            raise
        return None


def view(argv: Sequence[str]) -> int:
    """Run `headway view ARGV…`."""
    parser = _parser(
        "view",
        "Follow what goes on: everything, or the operations named.",
        "headway view\nheadway view --display json | jq .\nmake -j4 & headway view --until-done",
    )
    parser.add_argument("operation", metavar="OP", nargs="*", help=_OP_HELP)
    parser.add_argument(
        "--display",
        choices=DISPLAYS,
        default=None,
        help="live in a terminal, plain lines, or json lines; default: what fits the output",
    )
    parser.add_argument(
        "--until-done",
        action="store_true",
        help="wait for a first operation, then until none is open; exit status 0 if all"
        " completed, 1 if any failed or crashed, 130 if any was cancelled, 4 if none was seen",
    )
    parser.add_argument("--timeout", type=_seconds, metavar="S", help="give up after S seconds")
    arguments = parser.parse_args(argv)
    asked = arguments.display or os.environ.get("HEADWAY_DISPLAY", "") or "auto"
    if asked not in DISPLAYS:
        parser.error(f"HEADWAY_DISPLAY is {asked!r}, which is no display")
    terminal = sys.stdout.isatty()
    if arguments.display == "live" and not terminal:
        parser.error("the live display needs a terminal; --display plain does not")
    if asked == "auto" or (asked == "live" and not terminal):
        asked = "live" if theme.drawable(terminal, os.environ) else "plain"
    return _follow(
        "view",
        arguments.operation,
        lambda board, selection: display_of(asked, board, selection, sys.stdout),
        until_done=arguments.until_done,
        detaches=True,
        timeout=arguments.timeout,
        start=True,
    )


def wait(argv: Sequence[str]) -> int:
    """Run `headway wait ARGV…`."""
    parser = _parser(
        "wait",
        "Wait, in silence, for operations to end. The exit status tells how they did:\n"
        "0 all completed, 1 any failed or crashed, 130 any cancelled, 4 none seen.",
        'headway wait 7f3 && echo done\nheadway wait "Install PostgreSQL" --timeout 600',
    )
    parser.add_argument("operation", metavar="OP", nargs="*", help=_OP_HELP)
    parser.add_argument("--timeout", type=_seconds, metavar="S", help="give up after S seconds")
    arguments = parser.parse_args(argv)
    return _follow(
        "wait",
        arguments.operation,
        lambda _board, _selection: Silent(),
        until_done=True,
        detaches=False,
        timeout=arguments.timeout,
        start=False,
    )


def record(argv: Sequence[str]) -> int:
    """Run `headway record ARGV…`."""
    parser = _parser(
        "record",
        "Write all that happens to a file, as the lines of `headway view --display json`,\n"
        "until interrupted. `headway replay` shows it again.",
        "headway record build.ndjson",
    )
    parser.add_argument("file", metavar="FILE", help="the file to write; - for standard output")
    parser.add_argument("--until-done", action="store_true", help="as of `headway view`")
    arguments = parser.parse_args(argv)
    try:
        stream = (
            sys.stdout if arguments.file == "-" else open(arguments.file, "w", encoding="utf-8")  # noqa: SIM115
        )
    except OSError as error:
        return _complain("record", f"{arguments.file}: {error.strerror}", 1)
    with stream:
        return _follow(
            "record",
            [],
            lambda board, selection: Jsonl(board.replica, stream, lambda: selection.chosen),
            until_done=arguments.until_done,
            detaches=True,
            timeout=None,
            start=True,
        )


def ps(argv: Sequence[str]) -> int:
    """Run `headway ps ARGV…`."""
    parser = _parser("ps", "List the operations there are. Starts nothing.", "headway ps --json")
    parser.add_argument("--json", action="store_true", help="one line of JSON")
    arguments = parser.parse_args(argv)
    replica = Replica()
    found = _snapshot(replica)
    if found is _ABSENT and not arguments.json:
        return _say(["nothing is running"])
    if found is _UNANSWERED:
        return _complain("ps", "the broker does not answer", 1)
    local = time.monotonic()
    if found is _ABSENT:
        replica.know_nothing(local, time.time())
    now = replica.time(local)
    if arguments.json:
        return _say([Writer(replica).snapshot(now)])
    board = Board(replica)
    board.absorb(replica.take(), now)
    columns = _columns(sys.stdout)
    look = _theme(sys.stdout)
    return _say([look.paint(line) for line in listing(board, look, columns, now)])


def cancel(argv: Sequence[str]) -> int:
    """Run `headway cancel ARGV…`."""
    parser = _parser(
        "cancel",
        "Ask an operation to end. Exit status 0 if it was accepted, 3 if it cannot be\n"
        "cancelled, 4 if there is no such operation.",
        'headway cancel 7f3 --reason "wrong branch"\nheadway cancel "npm install" --kill',
    )
    parser.add_argument("operation", metavar="OP", help=_OP_HELP)
    parser.add_argument("--reason", metavar="R", help="told to the operation, and shown")
    parser.add_argument("--kill", action="store_true", help="do not ask long: kill in the end")
    arguments = parser.parse_args(argv)
    replica = Replica()
    feed = Feed(replica, finder(start=False))
    try:
        return _cancel(feed, arguments)
    finally:
        feed.close()


def _cancel(feed: Feed, arguments: argparse.Namespace) -> int:
    found = _gather(feed)
    if found is _UNANSWERED:
        return _complain("cancel", "the broker does not answer", 1)
    look = _theme(sys.stderr)
    word = look.spell(arguments.operation)
    try:
        operation = pick(feed.replica, arguments.operation)
    except Ambiguous as error:
        return _complain("cancel", look.spell(str(error)), USAGE)
    if operation is None:
        return _complain("cancel", f"there is no operation {word!r}", NONE_SEEN)
    name = f"{look.spell(operation.name)} ({operation.id})"
    if not operation.open:
        return _complain("cancel", f"{name} has ended: {operation.state}", NOT_CANCELLED)
    reply = feed.ask(
        "cancel",
        {"operation": operation.id, "reason": arguments.reason, "kill": arguments.kill},
        ANSWER_WITHIN,
    )
    if reply is None:
        return _complain("cancel", "the broker does not answer", 1)
    why = reply.error or reply.result.get("reason")
    because = f": {look.spell(str(why))}" if why else ""
    answer = reply.result.get("answer")
    if answer == "accepted":
        return _say([f"{name} is being cancelled{because}"])
    if answer == "nobody":
        because = because or ": nobody listens"
    return _complain("cancel", f"{name} cannot be cancelled{because}", NOT_CANCELLED)


def display_of(kind: str, board: Board, selection: Selection, stream: TextIO) -> Display:
    """The display of that name, on a stream."""
    if kind == "json":
        return Jsonl(board.replica, stream, lambda: selection.chosen)
    if kind == "live":
        return Live(board, _theme(stream), stream.fileno())
    if kind == "quiet":
        return Silent()
    if isinstance(stream.encoding, str) and hasattr(stream, "reconfigure"):
        stream.reconfigure(errors="replace")  # type: ignore[attr-defined]
    return Plain(board, _theme(stream), stream)


def _follow(
    verb: str,
    words: list[str],
    display: Callable[[Board, Selection], Display],
    *,
    until_done: bool,
    detaches: bool,
    timeout: float | None,
    start: bool,
) -> int:
    replica = Replica()
    board = Board(replica)
    selection = Selection(words)
    board.accepts = selection.accepts
    feed = Feed(replica, finder(start=start))
    try:
        return follow(
            feed,
            board,
            selection,
            display(board, selection),
            until_done=until_done,
            detaches=detaches,
            timeout=timeout,
        )
    except launch.NoRuntimeDirectory as error:
        return _complain(verb, str(error), 1)
    except Ambiguous as error:
        return _complain(verb, _theme(sys.stderr).spell(str(error)), USAGE)
    except BrokenPipeError:
        return _unread()
    except OSError as error:
        return _complain(verb, str(error), 1)
    finally:
        feed.close()


_FOUND = object()
_ABSENT = object()
_UNANSWERED = object()


def _snapshot(replica: Replica) -> object:
    feed = Feed(replica, finder(start=False))
    try:
        return _gather(feed)
    finally:
        feed.close()


def _gather(feed: Feed) -> object:
    """Have one snapshot in the feed's replica."""
    if _look(start=False) is None:
        return _ABSENT
    until = feed.clock() + SNAPSHOT_WITHIN
    while feed.replica.wanted:
        left = until - feed.clock()
        if left <= 0:
            return _UNANSWERED
        feed.wait(left)
    return _FOUND


_OP_HELP = "an operation: the beginning of its id, or its name"


def _parser(verb: str, about: str, examples: str) -> argparse.ArgumentParser:
    indented = "".join(f"\n  {line}" for line in examples.splitlines())
    return argparse.ArgumentParser(
        prog=f"headway {verb}",
        description=about,
        epilog=f"examples:{indented}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )


def _seconds(text: str) -> float:
    value = float(text)
    if not 0 <= value < 1e9:
        raise ValueError(text)
    return value


def _theme(stream: TextIO) -> theme.Theme:
    terminal = stream.isatty()
    return theme.make(
        ascii_only=not theme.encodes(stream.encoding),
        coloured=theme.coloured(terminal, os.environ),
    )


def _columns(stream: TextIO) -> int:
    try:
        return os.get_terminal_size(stream.fileno()).columns or 80
    except (OSError, ValueError):
        return 100


def _say(lines: list[Any]) -> int:
    try:
        for line in lines:
            sys.stdout.write(f"{line}\n")
        sys.stdout.flush()
    except BrokenPipeError:
        return _unread()
    return 0


def _complain(verb: str, what: str, status: int) -> int:
    sys.stderr.write(f"headway {verb}: {what}\n")
    return status


def _unread() -> int:
    """Whoever read has left: nothing to complain about, not even for Python at its exit."""
    sink = os.open(os.devnull, os.O_WRONLY)
    os.dup2(sink, sys.stdout.fileno())
    os.close(sink)
    return 0
