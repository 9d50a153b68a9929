"""The loop of the commands that follow the broker: receive, select, show, until done."""

from __future__ import annotations

import os
import select
import signal
import time
from typing import TYPE_CHECKING, Callable, Protocol, Sequence

from headway.commands.standard_streams import has_no_room, silence_stdout
from headway.host.launch import broker_launch
from headway.model import Operation
from headway_viewer.commands.exit_status import NONE_SEEN, NOT_JUDGED, TIMED_OUT, USAGE
from headway_viewer.commands.options import print_error, spelled
from headway_viewer.commands.selection import NEXT_RUN_WAIT, Ambiguous, Selection
from headway_viewer.connection.endpoint import following_feed, require_usable
from headway_viewer.connection.feed import Feed
from headway_viewer.connection.signals import SignalHandlers
from headway_viewer.display.browser import Browser
from headway_viewer.display.jsonl import Jsonl
from headway_viewer.display.plain import Plain
from headway_viewer.display.quiet import StartHint
from headway_viewer.fleet.server_access import NotUsable
from headway_viewer.picture.board import Board
from headway_viewer.replica.replica import Changes, Replica
from headway_viewer.terminal.jobs import Session
from headway_viewer.terminal.processes import seconds_since_start

if TYPE_CHECKING:
    from headway_viewer.fleet.fleet_feed import FleetFeed

LINE_BEFORE = 2.0  # seconds between the beginning of a job and that of the view, typed or not
GAVE_UP = "gave up waiting"  # the remark once the time is up
QUIET_PERIOD = 0.5  # seconds after the last end in which the next operation may begin


class Barred(Exception):
    """The broker takes nothing of this viewer: what is waited for will not be told."""


class Display(Protocol):
    """One way to show operations.

    While it is `throttled`, calling `show` earlier than it asked for has no effect. `keyboard` is
    the descriptor that it reads keys from just now; `left` says that one of them was to leave.
    """

    throttled: bool
    keyboard: int | None
    left: bool

    def show(self, changes: Changes, note: str | None, local: float) -> float:
        """Show the changes; return the seconds until the next call is due."""
        ...

    def pause(self) -> None:
        """Give the terminal back: the process is about to be stopped."""
        ...

    def finish(self, local: float, remark: str | None = None) -> None:
        """Show the end, with `remark` as the last line."""
        ...


def follow_broker(
    verb: str,
    words: list[str],
    display: Callable[[Board, Selection], Display],
    *,
    until_done: bool,
    detaches: bool,
    timeout: float | None,
    start: bool,
    output: int | None = None,
    session: Session | None = None,
    labels: Sequence[tuple[str, str]] = (),
    fleet: Callable[[Replica], FleetFeed | None] | None = None,
    screen: bool = False,
) -> int:
    """Follow the broker for `headway VERB WORDS…`; return the exit status.

    `display(board, selection)` makes the display. With `start`, a broker is started where
    none runs; without, only in place of one that was met and is gone, for what is followed may
    have ended meanwhile, with nobody left to start one. `session` and `labels` are those of
    `Selection`. `fleet` connects to a fleet instead, or returns None. With `screen`, what the
    display shows fits on one. The other arguments are those of `follow`; errors are printed.
    """
    replica = Replica()
    board = Board(replica)
    selection = Selection(words, NEXT_RUN_WAIT if until_done else 0.0, session, labels)
    board.accepts = selection.accepts
    board.seen_since = ends_seen(replica, session)
    if words or session is not None:
        board.hint = lambda: selection.hint(board)
    try:
        feed = None if fleet is None else fleet(replica)
    except NotUsable as error:
        return print_error(verb, str(error), USAGE)
    board.tells_hosts = feed is not None
    try:
        if feed is None:
            # The first rows of the broker's order are not those of a selection.
            screen = screen and not (words or labels) and session is None
            feed = following_feed(replica, start=start, screen=screen)
            require_usable()
        made = display(board, selection)
        if isinstance(made, Browser):
            made.feed = feed
            if screen and isinstance(feed, Feed):
                made.looks = feed.look_at_all
        hint = None
        if board.hint is not None and isinstance(made, (Plain, Jsonl)):
            # A picture has it in its header.
            hint = StartHint(board.hint, lambda words: print_error(verb, spelled(words), 0))
        return follow(
            feed,
            board,
            selection,
            made,
            hint=hint,
            until_done=until_done,
            detaches=detaches,
            timeout=timeout,
            output=output,
        )
    except broker_launch.NoRuntimeDirectory as error:
        return print_error(verb, str(error), 1)
    except Barred as error:
        return print_error(verb, str(error), 1)
    except Ambiguous as error:
        return print_error(verb, spelled(str(error)), USAGE)
    except BrokenPipeError:
        return silence_stdout()
    except OSError as error:
        if has_no_room(error):
            raise  # `headway.commands.table` says so of every command
        return print_error(verb, str(error), 1)
    finally:
        if feed is not None:
            feed.close()


def ends_seen(replica: Replica, session: Session | None) -> Callable[[Operation], float]:
    """Return the function that says from when on the end of an operation counts as seen.

    From the beginning of this process, however long it took to attach. Jobs of the session were
    begun before it, by the same command line or the one before; what ended before its leader began
    had another session on a terminal of that name.
    """
    own = seconds_since_start()
    begun = time.monotonic() - own
    leader = seconds_since_start(os.getsid(0)) if session is not None else 0.0
    before = min(LINE_BEFORE, max(leader - own, 0.0)) if leader else LINE_BEFORE

    def since(operation: Operation) -> float:
        ours = session is not None and session.includes(operation)
        return replica.time(begun) - (before if ours else 0.0)

    return since


def follow(
    feed: Feed | FleetFeed,
    board: Board,
    selection: Selection,
    display: Display,
    *,
    until_done: bool,
    detaches: bool,
    timeout: float | None = None,
    output: int | None = None,
    hint: StartHint | None = None,
) -> int:
    """Follow until the selection is done, a signal or `timeout`; return the exit status.

    `hint` says beside the display what has not begun. With `detaches`, Ctrl+C gives exit status 0.
    Raise `Ambiguous`, `BrokenPipeError` as soon as the descriptor `output` has no reader, and
    `Barred` where the end cannot be told.
    """
    replica = feed.replica
    clock = feed.clock
    replica.set_clocks(clock(), time.time())
    deadline = None if timeout is None else clock() + timeout
    done_since: float | None = None
    pause = 0.0
    reader_gone = select.poll()
    if output is not None:
        reader_gone.register(output, 0)
        feed.output = output
    with SignalHandlers() as signals:
        feed.wake = signals.wake
        try:
            while True:
                feed.input = display.keyboard
                feed.wait(_shorter(pause, deadline, clock()), rest=display.throttled)
                signals.drain()
                local = clock()
                number = signal.SIGINT if display.left else signals.received
                if number is not None:
                    return _exit_on_signal(number, selection, board, display, detaches, local)
                if signals.suspended:
                    display.pause()
                    signals.suspend()
                _raise_if_unread(reader_gone)
                if until_done:
                    _raise_if_barred(feed)
                changes = replica.take()
                now = replica.time(local)
                found = selection.update(replica, now)
                added = set(found).difference(changes.operations)
                changes = changes._replace(operations=[*changes.operations, *added])
                board.absorb(changes, now)
                if selection.confine(board):
                    board.select_again()
                    changes = changes._replace(operations=list(replica.operations), fresh=True)
                pause = display.show(changes, feed.note(), local)
                if hint is not None:
                    pause = min(pause, hint.show(changes, None, local))
                if until_done and feed.refused is not None:
                    pause = min(pause, 1.0)
                if display.left:
                    continue
                if isinstance(display, Jsonl):
                    display.log(feed.lines, local)
                feed.lines.clear()
                pause = _shorter(pause, selection.next_check(now), 0.0)
                if until_done and selection.done(board):
                    done_since = local if done_since is None else done_since
                    if local - done_since >= QUIET_PERIOD:
                        display.finish(local)
                        return selection.exit_status(board)
                    pause = min(pause, QUIET_PERIOD)
                elif until_done and selection.in_vain(board, now):
                    display.finish(local, "no operation began in this terminal")
                    return NONE_SEEN
                else:
                    done_since = None
                if until_done and selection.left(board):
                    if selection.unjudged(board, now):
                        display.finish(local, "left, not judged")
                        return NOT_JUDGED
                    pause = min(pause, 1.0)
                if deadline is not None and local >= deadline:
                    display.finish(local, GAVE_UP)
                    return NONE_SEEN if not selection.operations(board) else TIMED_OUT
        except BaseException:
            display.pause()
            raise


def _raise_if_unread(reader_gone: select.poll) -> None:
    if reader_gone.poll(0):
        raise BrokenPipeError


def _raise_if_barred(feed: Feed | FleetFeed) -> None:
    if feed.barred:
        raise Barred(feed.note())


def _shorter(pause: float, deadline: float | None, now: float) -> float:
    return pause if deadline is None else max(min(pause, deadline - now), 0.0)


def _exit_on_signal(
    number: int,
    selection: Selection,
    board: Board,
    display: Display,
    detaches: bool,
    local: float,
) -> int:
    running = sum(operation.open for operation in selection.operations(board))
    remark = None
    if running and detaches:
        it, they = ("it goes", "it") if running == 1 else ("they go", "them")
        remark = f"detached; {it} on: `headway view` shows {they} again"
    display.finish(local, remark)
    return 0 if number == signal.SIGINT and detaches else 128 + number
