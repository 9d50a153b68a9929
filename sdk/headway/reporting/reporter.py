"""The per-process reporter: its lock, publisher, open scopes and reporting thread.

`forks` gives a forked child a reporter of its own; the operations that the child inherits stay
its parent's: a handle is foreign where its reporter is not `reporter()`. `exits` waits for the
delivery of final states when the program ends.
"""

from __future__ import annotations

import os
import sys
from _thread import get_ident
from itertools import count
from threading import RLock
from time import monotonic, sleep

from headway.async_exceptions import is_async, reraise_async
from headway.host import propagation, reaping
from headway.host.files import first_environment
from headway.host.random_id import random_id
from headway.host.threads import ClosingLock
from headway.protocol.interning import Interner
from headway.reporting import exit_status
from headway.reporting.publisher import Publisher
from headway.reporting.receipts import Receipts
from headway.reporting.tally import Tally
from headway.reporting.thread import EXIT_TIMEOUT, GOODBYE, ReportingThread
from headway.reporting.verdicts import Verdicts

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

    from headway.reporting.interfaces import Handle
    from headway.reporting.spool.births import Births
    from headway.reporting.spool.last_resort import ExitSpool
    from headway.reporting.spool.wills import Will
    from headway.reporting.viewers.notebook_viewer import NotebookViewer

# Seconds by which an exit is delayed at most: what `EXIT_TIMEOUT` and `GOODBYE` leave of them is
# for the receipts that this process prints itself.
EXIT_LIMIT = 1.0
# Seconds more where the viewer first writes the table of a CI job's step, which ends with the
# program: its table has what is usual, and the one that is written here does not.
TABLE_TIMEOUT = 2.0
# Seconds for an exit after one that has waited in vain: enough where the broker answers again.
DEAF_TIMEOUT = 0.005
# Seconds for the exit of a forked child: a program that forks one after the other waits for each
# until one of them has marked the broker as deaf. Halved, a busy broker is told of more by files.
FORKED_TIMEOUT = 0.6
# Seconds in which who draws on the terminal has printed a receipt, at an end by `os._exit`.
ANSWER_TIMEOUT = 0.25
SWITCH_INTERVAL = 0.0002  # seconds for which a thread keeps the interpreter during an exit


class Reporter:
    """The reporter of one process.

    `lock` guards every model, the publisher, the tally and the tree of scopes. It is held for
    moments only, never while waiting; it is reentrant, as a signal handler may report in the
    thread that holds it. Lock order: `importing.lock`, then `lock` (a fork takes both).
    """

    def __init__(
        self,
        session: str,
        clock: Callable[[], float] = monotonic,
        *,
        off: bool = False,
        inherited: str | None = None,
    ) -> None:
        self.session = session
        self.clock = clock
        self.off = off  # nothing is sent; models, counts and states work all the same
        self.lock: Any = RLock()
        self.publisher = Publisher(session, mute=off)
        self.tally = Tally(self.publisher)
        self.tree = propagation.Tree(inherited)
        self.names = Interner(1000)  # of stages: a worker with more names has few of each
        self.handles: dict[str, Handle] = {}  # the open operations
        self.receipts = Receipts()
        # In a kernel: what shows in its cells, and the cell in which an operation began.
        self.notebook_viewer: NotebookViewer | None = None
        self.cells: dict[str, Any] = {}
        # Those of the processes that this one was forked from: what it counts there is a share.
        self.inherited: list[Handle] = []
        self.thread: ReportingThread | None = None
        self.reporting_thread: int | None = None  # its identity, once it runs
        self.forked = False  # the process was forked without exec
        self.deaf = False  # the broker did not answer the process that this one was forked from
        self.closed = False  # the program has ended: later reports change nothing, but for
        self.verdicts = Verdicts()  # how ended what the end has judged
        self.stage_ids = count(1)
        self._files = count(1)
        self._exit_spool: ExitSpool | None = None
        self.sent_at = float("-inf")  # when a worker of a pool last sent something to its parent
        self.births: Births | None = None  # of the thread
        self.will: Will | None = None  # of a process that another may end without a word

    def wake(self) -> None:
        """Wake the reporting thread, or start it: there is something to send."""
        if self.thread is not None:
            self.thread.wake()
        elif not (self.off or self.closed):
            self._start_thread()

    def wake_resting(self) -> None:
        """Call `wake`, unless the thread looks within a frame anyway."""
        if self.thread is None or self.thread.resting:
            self.wake()

    def flush(self, seconds: float) -> None:
        """Wait until changes of state are with the socket or in a birth file, `seconds` at most.

        For a process that is about to stop (SIGTSTP), its reporting thread with it: before a broker
        has greeted it, only a file tells anybody.
        """
        until = monotonic() + seconds  # not `clock`, which a test may hold still
        while not self._has_told() and monotonic() < until:
            sleep(0.005)

    def await_greeting(self, seconds: float, is_over: Callable[[], object]) -> None:
        """Wait until a broker has been told what has begun, `seconds` at most, or until `is_over`.

        For a process with much to import: two threads that import take turns, and the one that
        loads pyzmq is what viewers wait for.
        """
        until = monotonic() + seconds
        told = self.publisher
        while self.thread is not None and (told.welcome is None or told.unsaid):
            if is_over() or monotonic() >= until:
                break
            sleep(0.005)

    def _has_told(self) -> bool:
        if self.publisher.welcome is not None or self.publisher.mute:
            return not self.publisher.unsaid
        if self.thread is None or not self.publisher.operations:
            return not self.publisher.unsaid  # nothing is sent, or nothing is to be told
        if self.births is None:
            return False  # the thread has just been started
        if self.births.has_told:
            return True
        self.births.hurry()
        self.wake()
        return False

    def _start_thread(self) -> None:
        with self.lock:
            if self.thread is not None or self.off or self.closed:
                return
            first_environment.note()
            try:
                thread = ReportingThread(self)
            except Exception as error:  # no real threads, or no descriptors left
                reraise_async(error)
                self.disable()
                return
            # Before: what a signal's handler keeps from being prepared is so by the next report.
            for prepare in _on_start:
                prepare()
            reaping.hide()
            exit_status.watch()
            self.thread = thread
            try:
                thread.start()
            except BaseException as error:
                ours = isinstance(error, RuntimeError) and not is_async(error)
                if ours or not thread.started:
                    self.thread = None
                    thread.close_pipe()
                if not ours:  # raised by a signal handler of the program
                    raise
                # "at interpreter shutdown": `end` delivers. Otherwise no thread can be had.
                if "shutdown" not in str(error):
                    self.disable()

    def let_go(self, thread: object) -> None:
        """Let the next report start another thread: `thread` has stopped."""
        with self.lock:
            if self.thread is thread:
                self.thread = None
                self.tally.rest()

    def disable(self) -> None:
        """Give up sending for good, and let stages count by themselves.

        What somebody may know of already, a broker or a birth file, is spooled once it has ended.
        """
        with self.lock:
            self.off = True
            self.publisher.lost()
            if self.births is None:
                self.publisher.forget()
            else:
                self.publisher.keep_known()
            self.tally.rest()

    def next_spool_name(self) -> str:
        """Return the name for another spool file; the name `session` is the last one's."""
        return f"{self.session}-{next(self._files)}"

    def judge_open(self, error: BaseException | None = None) -> None:
        """End what the program left open, by how the program ends, or by `error`; once.

        What a daemon thread opens after that is told to nobody.
        """
        error = error or exit_status.ended_by()
        with self.lock:
            if self.closed:
                return
            self.tally.finish()
            self.verdicts.note(list(self.handles.values()))
            self.judge_left()
            self._judge_handles(error)
            self.tally.finish()
            self.publisher.seal()
            self.closed = True

    def _judge_handles(self, error: BaseException | None) -> None:
        for handle in list(self.handles.values()):
            if handle.open:
                handle._judge_open(error)

    def judge_left(self) -> None:
        """Judge what was left and not judged, by how the program ends."""
        error = exit_status.ended_by()
        with self.lock:
            self.tally.collect_left()
            for handle in list(self.handles.values()):
                handle._judge_left(error)

    def correct(self, operation: str, end: Callable[[], None]) -> None:
        """Open what the program's end has judged, call `end()`, which ends it, and spool that.

        Nothing happens to what ended before. The lock is held. Raises what `end()` raises.
        """
        if not (self.closed and self.verdicts.reopen(operation)):
            return
        before = self.publisher.spool_version
        self.closed = False
        self.publisher.seal(sealed=False)
        try:
            end()
        finally:
            self.closed = True
            self.publisher.seal()
            try:
                self.exit_spool.correct(operation, before)
            except Exception as error:
                reraise_async(error)  # there is no wire any more: it stays as it was judged

    def correct_all(self) -> None:
        """Judge what the program's end has judged by how it ends otherwise, if that failed."""
        error = exit_status.ended_by()
        if error is None or not self.closed:
            return
        with self.lock:
            for handle in self.verdicts.judged():

                def end(handle: Handle = handle) -> None:
                    handle._judge_left(error)
                    if handle.open:
                        handle._judge_open(error)

                self.correct(handle.model.id, end)

    def print_receipts(self) -> None:
        """Print the receipts of what has just ended, before what the program prints next.

        Never waits. Of the workers of a pool the viewer prints one receipt for all.
        """
        if not self.receipts.fresh or self.off or self.closed or self.forked:
            return
        if get_ident() == self.reporting_thread or propagation.is_of_multiprocessing():
            return
        try:
            self.receipts.print_fresh()
        except Exception as error:
            reraise_async(error)  # the terminal is gone, or takes nothing

    def leave_receipts(self) -> None:
        """Let who draws on the terminal print the receipts that are owed, or else print them.

        Before an `os._exit`: it is how a forked child ends whose parent reports nothing.
        """
        if self.off or propagation.is_of_multiprocessing():
            return
        until = monotonic() + ANSWER_TIMEOUT
        try:
            while self.receipts.left_to_another() and self.thread and monotonic() < until:
                sleep(0.005)  # its thread takes in what has been printed
            self.receipts.print_pending(until + ANSWER_TIMEOUT, shared=True)
        except Exception as error:
            reraise_async(error)  # as above

    @property
    def exit_spool(self) -> ExitSpool:
        """Return what this process spools at its exit."""
        if self._exit_spool is None:
            from headway.reporting.spool.last_resort import ExitSpool  # noqa: PLC0415 - at an end only

            self._exit_spool = ExitSpool(self)
        return self._exit_spool

    def is_spooled(self) -> bool:
        """Return whether a file of this exit tells all that the broker is owed: none has output."""
        return self.exit_spool.filled and not self.publisher.output.unsent

    def is_left_to_file(self) -> bool:
        """Return whether a file of this exit tells so much that it is not sent besides."""
        return self.is_spooled() and self.publisher.is_left_to_file()

    def is_deaf(self, exit_spool: ExitSpool) -> bool:
        """Return whether waiting for the broker is in vain, and a file tells what it would."""
        silent = self.deaf and self.publisher.welcome is None
        return exit_spool.filled and (silent or exit_spool.nobody_listens())

    def end(self) -> None:
        """Deliver final states at the end of the process, within `EXIT_TIMEOUT` at most.

        Nothing is waited for after `EXIT_LIMIT`, receipts neither. First they are spooled: whatever
        becomes of the waiting, no end is lost. Never raises, but for what a signal's handler of the
        program does.
        """
        now = monotonic()
        until = now + (FORKED_TIMEOUT if self.forked else EXIT_TIMEOUT)
        # Threads of the program that go on would keep the interpreter from us for 5 ms each.
        interval = sys.getswitchinterval()
        sys.setswitchinterval(min(interval, SWITCH_INTERVAL))
        if type(self.lock) is not ClosingLock:
            self.lock = ClosingLock(self.lock, lambda: self.reporting_thread)
        try:
            self._end(until, now + EXIT_LIMIT)
        finally:
            sys.setswitchinterval(interval)
        self.closed = True
        self._free()

    def _free(self) -> None:
        """Free what has ended, once it is stored or spooled and nothing can correct it.

        The interpreter looks at all objects that are left, more than once, before it is gone: of an
        operation of 20,000 stages that takes longer than all else.
        """
        stored = not self.publisher.has_unacknowledged or (
            self._exit_spool is not None and self._exit_spool.filled
        )
        thread = self.thread
        if stored and not self.verdicts.judged() and (thread is None or thread.over):
            with self.lock:
                self.publisher.forget()

    def spool_ends(self, error: BaseException | None = None) -> bool:
        """End what is open, by `error` or as the program ends, and spool what is not acknowledged.

        Return `is_deaf`.
        """
        deaf = False
        if (
            self.thread is not None
            or self.publisher.operations
            or self.publisher.has_unacknowledged
        ):
            try:
                self.judge_open(error)
                if self.publisher.has_unacknowledged:
                    self.exit_spool.write(self.session)
                    if self.births is not None:
                        self.births.hand_over()  # all that it told has ended
                    deaf = self.is_deaf(self.exit_spool)
                if self.will is not None:
                    self.will.drop()  # likewise
            except Exception as failure:
                reraise_async(failure)  # there is still the wire
        return deaf

    def _end(self, until: float, limit: float) -> None:
        deaf = self.spool_ends()
        if self.thread is not None:
            if deaf:
                until = min(until, monotonic() + DEAF_TIMEOUT)
            tables = self.receipts.lines_begun and bool(os.environ.get("GITHUB_STEP_SUMMARY"))
            try:
                self.thread.finish(until, TABLE_TIMEOUT if tables else GOODBYE)
            except Exception as error:
                reraise_async(error)
        if self.publisher.has_unacknowledged:
            try:
                self.exit_spool.count_lost()
            except Exception as error:
                reraise_async(error)
        # Of the workers of a pool the viewer prints one receipt for all; of children that were
        # forked for as short a time as it takes to start one, nobody else does.
        if not (self.off or propagation.is_of_multiprocessing()):
            try:
                self.receipts.print_pending(limit, shared=self.forked)
            except Exception as error:
                reraise_async(error)  # the terminal is gone, or takes nothing
            try:
                self._tell_log()
            except Exception as error:
                reraise_async(error)  # no room, or no such file

    def _tell_log(self) -> None:
        """Tell a CI job of the ends that its log's viewer has not told in time.

        On a busy machine the broker of the first program is still starting when that has ended.
        """
        untold = self.receipts.untold()
        if not untold:
            return
        from headway.host.files import step_table  # noqa: PLC0415 - at an end only
        from headway.reporting.viewers.terminal_viewer import TerminalViewer  # noqa: PLC0415

        summary = step_table.path(os.environ)
        if summary is not None:
            step_table.append(summary, untold)
        if not self.receipts.lines_begun:
            TerminalViewer(self).tell_ends(untold)


def _new_reporter() -> Reporter:
    off = os.environ.get("HEADWAY", "").lower() == "off" or os.name == "nt"
    return Reporter(random_id(16), off=off, inherited=propagation.inherited())


_reporter: Reporter | None = None
_on_start: list[Callable[[], None]] = []  # called before a reporting thread is started
_made: dict[int, Reporter] = {}  # pid → the first of those that several threads made at once


def reporter() -> Reporter:
    """Return the reporter of this process; it is made by the first call."""
    global _reporter  # noqa: PLW0603 - one per process is what it is
    own = _reporter
    if own is None:
        own = _reporter = _made.setdefault(os.getpid(), _new_reporter())
    return own


def known() -> Reporter | None:
    """Return the reporter of this process, or None where none has been made."""
    return _reporter


def on_start(prepare: Callable[[], None]) -> None:
    """Register `prepare()`, to be called before a reporting thread is started."""
    _on_start.append(prepare)


def use(other: Reporter | None) -> Reporter | None:
    """Replace the reporter of this process, in a forked child or a test; return the old one."""
    global _reporter
    before, _reporter = _reporter, other
    _made.clear()
    return before
