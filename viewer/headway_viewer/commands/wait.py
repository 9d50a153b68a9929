"""`headway wait`: wait for operations to end; the exit status is their outcome."""

from __future__ import annotations

from typing import Sequence

from headway.model import Operation
from headway_viewer.commands.follow import GAVE_UP, Display, follow_broker
from headway_viewer.commands.options import (
    LABEL_HELP,
    OP_HELP,
    label,
    make_parser,
    print_error,
    print_lines,
    seconds,
    spelled,
)
from headway_viewer.commands.selection import Selection
from headway_viewer.display.clock import clock_time
from headway_viewer.display.countdown import AllDone
from headway_viewer.display.quiet import StartHint
from headway_viewer.fleet.options import add_fleet, fleet_feed
from headway_viewer.picture import brief
from headway_viewer.picture.board import Board
from headway_viewer.picture.finish_time import FinishTime

NAMED = 5  # operations that a wait has given up, by name


def _say(words: str) -> None:
    print_error("wait", spelled(words), 0)


class WaitHint(StartHint):
    """Says what has not begun, what was left early, and why the wait is over before its end."""

    def __init__(self, board: Board, selection: Selection) -> None:
        self._board = board
        self._selection = selection
        super().__init__(
            lambda: selection.hint(board) or self._unnamed(),
            _say,
            lambda: _left(selection.left(board)),
        )

    def finish(self, local: float, remark: str | None = None) -> None:
        """Say why the wait is over, and what was waited for."""
        del local
        if remark is not None:
            _say(self._told(remark))

    def _told(self, remark: str) -> str:
        awaited = self._selection.awaited(self._board)
        if awaited is not None:
            return f"{remark} for {awaited} to begin" if remark == GAVE_UP else remark
        going = self._going()
        told = ", ".join(f"{one.name!r} is {one.state}" for one in going[:NAMED])
        more = f" and {len(going) - NAMED} more" if len(going) > NAMED else ""
        return f"{remark}: {told}{more}" if told else remark

    def _going(self) -> list[Operation]:
        return [one for one in self._selection.operations(self._board) if one.open]

    def _unnamed(self) -> str | None:
        """Return what is waited for where the command line does not name it."""
        going = self._going() if self._selection.chosen is None else []
        names = ", ".join(repr(one.name) for one in going[:NAMED])
        more = f" and {len(going) - NAMED} more" if len(going) > NAMED else ""
        return f"waiting for {names}{more} to end" if going else None


class BriefHint(WaitHint):
    """Prints the three lines of each operation at the end, too, and what ended the wait."""

    def finish(self, local: float, remark: str | None = None) -> None:
        """Print the end."""
        now = self._board.replica.time(local)
        for operation in self._selection.operations(self._board):
            print_lines(brief.lines(operation, self._board, now))
        if remark is not None:
            print_lines([remark])


def _left(operations: list[Operation]) -> str | None:
    return "; ".join(f"{one.name!r}: {one.reason}" for one in operations) or None


def wait(argv: Sequence[str]) -> int:
    """Run `headway wait ARGV…`; return the exit status."""
    parser = make_parser(
        "wait",
        "Wait for operations to end. The exit status tells how they did:\n"
        "0 all completed, 1 any failed or crashed, 130 any cancelled, 4 none seen,\n"
        "5 left early, and for 60 s nothing told how it ended, 124 --timeout is over and\n"
        "it goes on.\n\n"
        "Without OP, until nothing goes on any more; if nothing does yet, for a first operation.\n"
        "An OP that is not there yet is waited for, for ever: a misspelled name, too. With\n"
        "--timeout S it is given up after S seconds, with 4 where nothing had begun.",
        'headway wait 7f3 && echo done\nheadway wait "Install PostgreSQL" --timeout 600\n'
        "headway wait 7f3 --brief\nheadway wait --all && systemctl poweroff",
    )
    parser.add_argument("operation", metavar="OP", nargs="*", help=OP_HELP)
    parser.add_argument(
        "--all",
        action="store_true",
        help="all operations there are; says on standard error when they will be done",
    )
    parser.add_argument(
        "--timeout",
        type=seconds,
        metavar="S",
        help="give up after S seconds, with exit status 124, or 4 if nothing began",
    )
    parser.add_argument(
        "--brief",
        action="store_true",
        help="at the end, three lines for each: its state, why, and how long against its usual",
    )
    parser.add_argument("--label", type=label, action="append", metavar="K=V", help=LABEL_HELP)
    add_fleet(parser)
    arguments = parser.parse_args(argv)
    if arguments.all and arguments.operation:
        parser.error("--all means every operation: name none beside it")
    hint = BriefHint if arguments.brief else WaitHint

    def display(board: Board, selection: Selection) -> Display:
        made = hint(board, selection)
        return (
            AllDone(board, made, FinishTime(clock_time, always=True), _say)
            if arguments.all
            else made
        )

    return follow_broker(
        "wait",
        arguments.operation,
        display,
        until_done=True,
        detaches=False,
        timeout=arguments.timeout,
        start=False,
        labels=arguments.label or (),
        fleet=lambda replica: fleet_feed(replica, arguments),
    )
