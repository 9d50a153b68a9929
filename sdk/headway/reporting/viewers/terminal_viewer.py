"""The viewer process of this program's terminal: when it starts, and what an exit waits for.

A reporting process never draws. `START_DELAY` after its first operation began, a program whose
standard error is a terminal starts a viewer process for it; a program that ends sooner leaves
nothing on the screen. Where standard error is no terminal, `CI` asks for plain lines.

One viewer process serves a terminal: a program takes its role and hands it the locked file, so
of those that begin at once one starts a viewer. The others, and all where it is killed, look
whether the role is free.
"""

from __future__ import annotations

import os
import time

from headway.async_exceptions import reraise_async
from headway.formatting import picture_support
from headway.host.files import first_environment, key_files
from headway.host.files.terminal_locks import REGION, VIEWER, TerminalLock
from headway.host.identity import terminal
from headway.host.launch import detached_process, interpreter
from headway.host.process_status import TERMINAL, status_fields
from headway.states import FAILED

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable

    from headway.model import Operation
    from headway.reporting.interfaces import Reporting

START_DELAY = 0.5  # seconds: what ends sooner was no wait, and a viewer is the start of a Python
# Seconds that the exit waits for the viewer to draw the receipts: a part of the one second by which
# an exit may be delayed.
RECEIPT_TIMEOUT = 0.25
# The same where the viewer first writes the table of a CI job's step, which ends with the program:
# all of that second, of which the exit takes no more whatever stands here.
SUMMARY_TIMEOUT = 1.0
CHECK_INTERVAL = 1.0  # seconds between looks whether the terminal still has a viewer
MAX_STARTS = 3  # of viewers by one program: one that leaves at once will do so again
# Seconds that the exit of a program which reports nothing itself waits for the receipts of the
# workers of its pool: it has killed them, and their ends are in files that the broker reads.
WORKERS_TIMEOUT = 0.6
RECEIPTS_LIMIT = 100  # unanswered ends that are remembered where no viewer answers


class TerminalViewer:
    """Starts the viewer of a process's terminal, and another where that is killed."""

    def __init__(self, reporter: Reporting) -> None:
        self._reporter = reporter
        self._started = False  # a viewer was started or found, or none is wanted
        self._viewing = False
        self._starts = 0
        self._check_at: float | None = None  # whether the terminal still has a viewer
        # Operations that are open, or whose end the viewer has not answered, oldest first.
        self.drawn_for: dict[str, None] = {}

    def deadline(self) -> float | None:
        """Return when `look` has something to do, or None."""
        if self._started:
            return self._check_at if self._reporter.handles else None
        begins = [
            handle.model.started
            for handle in list(self._reporter.handles.values())
            if handle.model.parent is None and handle.model.started is not None
        ]
        return min(begins) + START_DELAY if begins else None

    def look(self, now: float) -> None:
        """Start the viewer if it is due; take in which receipts it has drawn."""
        drawn = self._reporter.publisher.drawn
        if self._viewing:
            for operation in drawn:
                self.drawn_for.pop(operation, None)
            self._reporter.receipts.answered(drawn)
            self._draw_for(list(self._reporter.handles))
        drawn.clear()  # another program's viewer may answer, too
        due = self.deadline()
        if due is None or now < due:
            return
        self._started = True
        self._check_at = None
        arguments = viewer_of(
            [handle.model.display for handle in list(self._reporter.handles.values())],
            self._reporter.session,
        )
        environ = first_environment.environ()
        if arguments is not None and not key_files.may_follow(environ, os.getuid()):
            return
        python = interpreter.find(environ) if arguments is not None else None
        if arguments is None or python is None:
            return
        try:
            if "--tty" in arguments:
                self._serve_terminal([python.path, *arguments], python.foreign)
                self._check_at = now + CHECK_INTERVAL if self._starts < MAX_STARTS else None
            else:
                _spawn([python.path, *arguments], python.foreign, ())
                self._reporter.receipts.lines_begun = True
            self._viewing = True
            self._draw_for(list(self._reporter.handles))
        except OSError as error:
            reraise_async(error)

    def tell_ends(self, ended: list[Operation]) -> None:
        """Start what appends lines to a log, where it did not begin in time, for what has ended.

        What took `START_DELAY` is told though this program has come late to it, and what has
        failed in any case. A log is complete only once who writes it has ended, so it may come now.
        """
        told = [model for model in ended if model.parent is None and _is_worth_a_line(model)]
        if self._started or terminal() is not None:
            return
        arguments = viewer_of([model.display for model in told], self._reporter.session)
        if arguments is None or not key_files.may_follow(first_environment.environ(), os.getuid()):
            return
        self._started = True
        python = interpreter.find(first_environment.environ())
        if python is not None:
            try:
                _spawn([python.path, *arguments], python.foreign, ())
                self._reporter.receipts.lines_begun = True
            except OSError as error:
                reraise_async(error)

    def _serve_terminal(self, command: list[str], foreign: bool) -> None:
        """Start the viewer of the terminal, unless there is one."""
        role = _viewer_role(command[command.index("--tty") + 1])
        try:
            if role.acquire():
                self._starts += 1
                descriptor = role.fileno()
                if descriptor is None:
                    _spawn(command, foreign, ())
                else:
                    _spawn([*command, "--role", str(descriptor)], foreign, (descriptor,))
        finally:
            role.close()

    def _draw_for(self, opened: list[str]) -> None:
        self.drawn_for.update(dict.fromkeys(opened))
        if len(self.drawn_for) > len(opened) + 2 * RECEIPTS_LIMIT:  # the viewer is gone
            still = set(opened)
            ended = [operation for operation in self.drawn_for if operation not in still]
            self.drawn_for = dict.fromkeys([*ended[-RECEIPTS_LIMIT:], *opened])

    def finish(self, wait: Callable[[float], bool]) -> None:
        """Wait until the receipts of all drawn operations are out, or for a part of a second.

        `wait(until)` receives messages; it returns False once `until` has passed.
        """
        if not self._viewing:
            return
        summary = bool(os.environ.get("GITHUB_STEP_SUMMARY"))
        until = self._reporter.clock() + (SUMMARY_TIMEOUT if summary else RECEIPT_TIMEOUT)
        drawn = self._reporter.publisher.drawn
        while not self.drawn_for.keys() <= drawn and wait(until):
            pass
        self._reporter.receipts.answered(drawn)
        if not self.drawn_for.keys() <= drawn:
            give_back()


def _is_worth_a_line(model: Operation) -> bool:
    if model.started is None or model.ended is None:
        return False
    return model.state == FAILED or model.ended - model.started >= START_DELAY


def await_workers() -> None:
    """Wait until the viewer of this terminal has gone with the workers that it drew.

    `WORKERS_TIMEOUT` at most: in the shell's prompt, which comes then, it prints nothing.
    """
    name = terminal()
    role = None if name is None else _viewer_role(name)
    if role is None:
        return
    try:
        _await_release(role, time.monotonic() + WORKERS_TIMEOUT)
    finally:
        role.close()


def _await_release(role: TerminalLock, until: float) -> None:
    while role.is_taken() and time.monotonic() < until:
        time.sleep(0.01)


_UNREAD = os.O_WRONLY | os.O_NOCTTY | os.O_NONBLOCK | os.O_CLOEXEC


def _viewer_role(name: str) -> TerminalLock:
    """Return the role of a terminal's viewer; one of another user is only known as our own."""
    try:
        descriptor = os.open(name, _UNREAD)
    except OSError as error:
        reraise_async(error)
        return TerminalLock(2, VIEWER)
    try:
        return TerminalLock(descriptor, VIEWER)
    finally:
        os.close(descriptor)


def _spawn(command: list[str], foreign: bool, keep: tuple[int, ...]) -> None:
    environ = first_environment.environ()
    detached_process.spawn(command, environ, foreign=foreign, terminal=True, keep=keep)


def give_back() -> None:
    """Reset the scroll region of the terminal: its viewer did not answer, it may be killed.

    Only if rows are recorded as reserved, while this process is in the foreground, and if the
    terminal accepts it at once.
    """
    name = terminal()
    if name is None:
        return
    try:
        descriptor = os.open(name, _UNREAD)
    except OSError as error:
        reraise_async(error)
        return
    region = TerminalLock(descriptor, REGION)
    try:
        if region.rows and os.tcgetpgrp(descriptor) == os.getpgrp():
            # What was drawn stands below the cursor.
            os.write(descriptor, b"\x1b7\x1b[r\x1b8\x1b[J")
            region.record(0)
    except OSError as error:
        reraise_async(error)
    finally:
        region.close()
        os.close(descriptor)


def _is_of_a_notebooks_server(name: str) -> bool:
    """Return whether a terminal is the one of the server of our notebook, which logs there.

    What a cell starts inherits it; a `!` command of a cell has a terminal of its own.
    """
    server = os.environ.get("JPY_PARENT_PID")
    if not server:
        return False
    status = status_fields(server)
    if status is None:
        return False
    try:
        device = os.stat(name).st_rdev
    except OSError as error:
        reraise_async(error)
        return False
    number = int(status[TERMINAL])
    place = number >> 8 & 0xFFF, number & 0xFF | number >> 12 & 0xFFF00
    return place == (os.major(device), os.minor(device))


def viewer_of(displays: list[str | None], session: str) -> list[str] | None:
    """Return the interpreter's arguments for the viewer of standard error, or None for no viewer.

    `displays` are those of the open operations.
    """
    if not displays:
        return None
    wanted = {display or "auto" for display in displays}
    command = ["-m", "headway_viewer.terminal"]
    whose = ("--session", session, "--pid", str(os.getpid()))
    name = terminal()
    drawn = name is not None and bool(wanted & {"auto", "live"})
    if drawn and name is not None and picture_support.drawable(True, os.environ):
        return [*command, "--tty", name, *whose]
    seen = (drawn or "auto" in wanted) and not (name and _is_of_a_notebooks_server(name))
    if seen and picture_support.appends_lines(name is not None, os.environ):
        wanted.add("plain")
    for lines in ("plain", "json"):
        if lines in wanted:
            return [*command, "--lines", lines, "--fd", "2", *whose]
    return None
