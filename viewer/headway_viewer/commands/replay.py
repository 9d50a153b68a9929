"""`headway replay`: show a recording again on any display, at its own pace or faster.

With `--estimates`, print a `backtest` of the estimator instead.
"""

from __future__ import annotations

import os
import sys
import time

from headway.commands.standard_streams import silence_stdout
from headway.formatting import picture_support
from headway_viewer.commands.backtest import backtest
from headway_viewer.commands.options import make_parser, positive, print_error
from headway_viewer.commands.selection import Selection
from headway_viewer.commands.view import make_display
from headway_viewer.connection.signals import SignalHandlers
from headway_viewer.picture.board import Board
from headway_viewer.public_json.decoder import RecordingDecoder
from headway_viewer.public_json.reader import lines
from headway_viewer.replica.replica import Replica

FRAME_INTERVAL = 0.1  # seconds


def play(path: str, speed: float, display: str) -> int:
    """Show the recording `path`, `speed` times as fast; return the exit status.

    Raise OSError where the file cannot be read or the output not be written, ValueError where
    there is nothing to show.
    """
    replica = Replica()
    board = Board(replica)
    if display == "auto":
        terminal = sys.stdout.isatty()
        display = "live" if picture_support.drawable(terminal, os.environ) else "plain"
    shown = make_display(display, board, Selection([]), sys.stdout)
    now: float | None = None
    with SignalHandlers() as signals:
        for at, message in RecordingDecoder().messages(lines(path)):
            now = at if now is None else now
            while now < at and signals.received is None:
                step = min(FRAME_INTERVAL * speed, at - now)
                time.sleep(step / speed)
                now += step
                shown.show(replica.take(), None, now)
            if signals.received is not None:
                break
            replica.fold(message, now)
            changes = replica.take()
            board.absorb(changes, now)
            shown.show(changes, None, now)
        if now is not None:
            shown.finish(now)
    if now is None and not signals.received:
        raise ValueError(f"{path}: not a recording, so there is nothing to show")
    return 0


def main(argv: list[str]) -> int:
    """Run `headway replay ARGV…`; return the exit status."""
    parser = make_parser(
        "replay",
        "Show what `headway record` has written once more, at its own pace or faster; or, with\n"
        "--estimates, print what would have been estimated all along, without waiting.",
        "headway replay build.ndjson --speed 10\n"
        "headway replay build.ndjson --estimates --history earlier/",
    )
    parser.add_argument("file", metavar="FILE", help="a recording; for --estimates also a trace")
    parser.add_argument(
        "--estimates", action="store_true", help="print estimates as JSON lines, one a tick"
    )
    parser.add_argument(
        "--tick", type=positive, default=0.25, metavar="S", help="seconds between estimates"
    )
    parser.add_argument(
        "--history", metavar="DIR", help="recordings that teach the estimates first, by name"
    )
    parser.add_argument("--speed", type=positive, default=1.0, metavar="X", help="times as fast")
    parser.add_argument(
        "--display",
        choices=("auto", "live", "plain", "json"),
        default="auto",
        help="how to show it",
    )
    args = parser.parse_args(argv)
    try:
        if not args.estimates:
            return play(args.file, args.speed, args.display)
        backtest(args.file, args.tick, args.history, sys.stdout.write)
        sys.stdout.flush()
    except BrokenPipeError:
        return silence_stdout()
    except OSError as error:
        return print_error("replay", f"{error.filename or args.file}: {error.strerror}", 1)
    except ValueError as error:
        return print_error("replay", str(error), 1)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
