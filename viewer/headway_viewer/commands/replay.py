"""`headway replay`: go through a recorded file again, with a virtual clock.

`play` shows it on any display, at its own pace or faster. `--estimates` runs the estimator over
it and prints what it would have said, one JSON line a tick; nothing is waited for.
"""

from __future__ import annotations

import json
import os
import sys
import time

from headway.estimate import Forecast
from headway.formatting import theme
from headway.model import WAITING
from headway_viewer.commands.options import complain, parser_of, positive, unread
from headway_viewer.commands.selection import Selection
from headway_viewer.commands.view import display_of
from headway_viewer.connection.signals import Interrupts
from headway_viewer.picture.board import Board
from headway_viewer.public_json.messages import Tape
from headway_viewer.public_json.reader import changes, lines
from headway_viewer.replica.replica import Replica

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Iterable

    from headway.estimate import Run
    from headway_viewer.public_json.reader import Change

STEP = 0.1  # seconds between two frames


class Rehearsal:
    """Every operation of one recording with the forecast that it would have had."""

    def __init__(self, history: dict[str, list[Run]], tick: float) -> None:
        self.history = history
        self.tick = tick
        self._ticks = 0
        self._open: dict[str, tuple[str, Forecast]] = {}
        # The stages of each, or 0 for all of it, that wait for a person.
        self._asked: dict[str, set[int]] = {}

    def go(self, happened: Iterable[Change], say: Callable[[dict[str, Any]], None]) -> None:
        """Go through what happened; `say` gets one record a tick for every open operation.

        A tick comes after everything that happened up to it. What an operation teaches when
        it ends is added to the history of its key.
        """
        for change in happened:
            while self._ticks * self.tick < change.time:
                self._tell(self._ticks * self.tick, say)
                self._ticks += 1
            self._take(change)

    def _take(self, change: Change) -> None:
        if change.kind == "begin":
            forecast = Forecast(self.history.get(change.key, ()))
            forecast.start(change.time)
            self._open[change.operation] = (change.key, forecast)
            return
        found = self._open.get(change.operation)
        if found is None:
            return
        key, forecast = found
        asked = self._asked.setdefault(change.operation, set())
        (asked.add if change.asked else asked.discard)(change.stage)
        if change.kind == "end":
            del self._open[change.operation], self._asked[change.operation]
            lesson = forecast.finish(change.state, change.time)
            if lesson is not None:
                self.history.setdefault(key, []).append(lesson)
            return
        if change.kind == "whole":
            forecast.hold(change.time, waiting=change.state == WAITING)
            return
        forecast.observe(
            change.stage,
            change.name,
            change.parent,
            change.state,
            change.done,
            change.total,
            change.unit,
            change.time,
            change.attempt,
        )

    def _tell(self, now: float, say: Callable[[dict[str, Any]], None]) -> None:
        for operation, (_, forecast) in self._open.items():
            forecast.set_concurrency(len(self._open) - 1, now)
            estimate = None if self._asked.get(operation) else forecast.estimate(now)
            record: dict[str, Any] = {"t": round(now, 6), "op": operation}
            if estimate is None:
                record.update(low=None, median=None, high=None, basis=None, runs=0)
            else:
                record.update(
                    low=round(estimate.low, 4),
                    median=round(estimate.median, 4),
                    high=round(estimate.high, 4),
                    basis=estimate.basis,
                    runs=estimate.runs,
                )
            share = forecast.progress(now)
            record["progress"] = None if share is None else round(share, 5)
            say(record)


def estimates(path: str, tick: float, folder: str | None, out: Callable[[str], Any]) -> None:
    """Write what the estimator says while `path` goes by, after it has learned from `folder`.

    Raises OSError and ValueError as `recording.changes` does.
    """
    history: dict[str, list[Run]] = {}
    if folder is not None:
        for name in sorted(os.listdir(folder)):
            if not name.startswith("."):
                Rehearsal(history, tick).go(changes(os.path.join(folder, name)), _silent)
    Rehearsal(history, tick).go(changes(path), lambda record: out(json.dumps(record) + "\n"))


def _silent(_record: dict[str, Any]) -> None:
    pass


def play(path: str, speed: float, display: str) -> int:
    """Show the recording `path` at `speed` times the pace of its day; returns the exit status.

    Raises OSError, as where nobody reads any longer, and ValueError where there is nothing.
    """
    replica = Replica()
    board = Board(replica)
    if display == "auto":
        terminal = sys.stdout.isatty()
        display = "live" if theme.drawable(terminal, os.environ) else "plain"
    shown = display_of(display, board, Selection([]), sys.stdout)
    now: float | None = None
    with Interrupts() as interrupts:
        for at, message in Tape().messages(lines(path)):
            now = at if now is None else now
            while now < at and interrupts.received is None:
                step = min(STEP * speed, at - now)
                time.sleep(step / speed)
                now += step
                shown.show(replica.take(), None, now)
            if interrupts.received is not None:
                break
            replica.fold(message, now)
            changes = replica.take()
            board.absorb(changes, now)
            shown.show(changes, None, now)
        if now is not None:
            shown.finish(now)
    if now is None and not interrupts.received:
        raise ValueError(f"{path}: not a recording, so there is nothing to show")
    return 0


def main(argv: list[str]) -> int:
    """Run `headway replay ARGV…`; return the exit status."""
    parser = parser_of(
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
        estimates(args.file, args.tick, args.history, sys.stdout.write)
        sys.stdout.flush()
    except BrokenPipeError:
        return unread()
    except OSError as error:
        return complain("replay", f"{error.filename or args.file}: {error.strerror}", 1)
    except ValueError as error:
        return complain("replay", str(error), 1)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
