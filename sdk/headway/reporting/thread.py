"""The reporting thread of a process: its start, its loop and its end.

It is hidden from the program (`host.threads`). At the end of the program it has a bounded time
to deliver final states, for which `exits` waits. Slow imports run in a second thread, so that
an end in the middle of one need not wait for it. Other threads wake it by a write to a pipe.
"""

from __future__ import annotations

import _thread
import errno
import os
import sys
import threading
import time

from headway.async_exceptions import is_async, reraise_async
from headway.host import descriptor_reserve, importing, propagation, resources, threads
from headway.host.files import first_environment
from headway.version import VERSION

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable

    from headway.reporting.connection import Connection
    from headway.reporting.interfaces import Reporting
    from headway.reporting.spool.births import Births

EXIT_TIMEOUT = 0.85  # seconds to deliver final states: the exit may be delayed by 1 s, all in all
GOODBYE = 0.1  # seconds more for the thread to close what it has
FIRST_LOOK = 0.02  # seconds between two looks at the program while pyzmq is imported
FAILURES = 5  # turns in a row that may fail before nothing is reported any more


class ReportingThread:
    """Runs the connection of a reporter. Raise OSError or RuntimeError where it cannot run."""

    def __init__(self, reporter: Reporting) -> None:
        if not threads.possible():
            raise RuntimeError("threads are not what they seem")
        if not resources.has_descriptors():
            raise OSError(errno.EMFILE, "too few descriptors are left")
        resources.occupy_standard_descriptors()
        self.exiting = False
        self._stopping = False  # another thread is to take its place
        self._exit_deadline: float | None = None  # once the program has ended
        self.resting = True  # it will not look soon: what a stage does has to rouse it
        self.reason: str | None = None  # why nothing is sent any more
        self.read, self._write = os.pipe()
        self._pipe = descriptor_reserve.identity(self._write)
        descriptor_reserve.keep(self.read)
        self._reporter = reporter
        self._pid = os.getpid()
        # A child forked by another thread than the main one ends with that, unannounced.
        self._forked_off_main_thread = type(threading.main_thread()).__name__ != "_MainThread"
        self._finish_reporting: Callable[[], None] = lambda: None  # what is to be done at the end
        self._close: Callable[[], None] = lambda: None  # the connection, while the program goes on
        self._wake_pending = False
        self._running: int | None = None  # the thread
        self._done = _thread.allocate_lock()  # held while it runs
        for end in (self.read, self._write):
            os.set_blocking(end, False)

    @property
    def started(self) -> bool:
        """Return whether it runs, or has run."""
        return self._running is not None

    @property
    def over(self) -> bool:
        """Return whether it has run, and ended."""
        return self.started and not self._done.locked()

    # From other threads.

    def start(self) -> None:
        """Start the thread. Raise RuntimeError where none can be started."""
        self._done.acquire()
        try:
            threads.start(self._run)
        except BaseException as error:
            if isinstance(error, RuntimeError) and not is_async(error):
                self._done.release()
                raise
            # A signal's handler raised, before or after.
            time.sleep(0.02)  # in which a thread that was begun says so
            raise

    def wake(self) -> None:
        """Wake the thread by its pipe. Never blocks."""
        if not self._wake_pending:
            self._wake_pending = True
            try:
                # A program may have closed all descriptors, and opened files in their places.
                if descriptor_reserve.identity(self._write) == self._pipe:
                    os.write(self._write, b"\0")
            except BaseException as error:
                if not isinstance(error, OSError) or is_async(error):
                    self._wake_pending = False  # a byte too many does no harm
                    raise

    def finish(self, until: float, grace: float) -> None:
        """Deliver final states until `until`, and end the thread; wait for that `grace` longer."""
        if self._pid != os.getpid() or self._running == _thread.get_ident():
            return
        self._end(until)
        if self._done.acquire(timeout=max(0.0, until + grace - time.monotonic())):
            self._done.release()

    def stop(self, seconds: float) -> bool:
        """End the thread and close its descriptors; return whether that took at most `seconds`.

        What is open or not acknowledged is reported by the next thread.
        """
        if self._pid != os.getpid() or self._running == _thread.get_ident():
            return False
        self._stopping = True
        self.wake()
        if not self._done.acquire(timeout=seconds):
            return False
        self.close_pipe()
        return True

    def close_pipe(self) -> None:
        """Close the pipe: in a forked child nothing else, as the socket is the parent's."""
        descriptor_reserve.give_up()
        for end in (self.read, self._write):
            try:
                os.close(end)
            except OSError as error:
                reraise_async(error)

    # The thread.

    def _run(self) -> None:
        """Report until the program ends, then deliver final states."""
        self._running = self._reporter.reporting_thread = _thread.get_ident()
        try:
            # Give the processor back first: the program's first report is waiting for us.
            time.sleep(0.001)
            try:
                self._report()
            except Exception as error:
                self._give_up(error)
            try:
                self._finish_reporting()
            except Exception as error:
                self.reason = f"{type(error).__name__}: {error}"
            self._reporter.closed = self.exiting
            if self._stopping:
                # Here, not where that is waited for: what a signal's handler raises amid the wait
                # would leave a thread that has ended, and the program would report no more.
                self._reporter.let_go(self)
        finally:
            self._done.release()

    def _report(self) -> None:
        with importing.lock:
            from headway.host.launch import shadowed_stdlib  # noqa: PLC0415 - for a report only

        hiding = shadowed_stdlib.find(sys.path, sys.modules)
        if hiding is not None:
            raise ImportError(f"{hiding} hides a module of the standard library")
        if not resources.has_resources():
            raise OSError(errno.ENOMEM, "too little memory or too few threads are left")
        # First what an early end needs, which can import nothing while another thread does.
        with importing.lock:
            from headway.host.files.spool import may_listen  # noqa: PLC0415
            from headway.host.identity import describe  # noqa: PLC0415
            from headway.host.launch import cgroup  # noqa: PLC0415
            from headway.protocol.endpoint import user_of  # noqa: PLC0415
            from headway.reporting.spool import last_resort  # noqa: PLC0415
            from headway.reporting.spool.births import Births  # noqa: PLC0415

            publisher = self._reporter.publisher
            publisher.about.update(describe(VERSION))
            user = user_of(first_environment.environ(), os.getuid())
            publisher.surroundings = cgroup.for_broker(first_environment.environ(), user)
        births = self._reporter.births = Births(self._reporter)
        self._finish_reporting = lambda: _leave(self._reporter, births, last_resort.finish)
        births.keep(time.monotonic(), listening=may_listen())
        if propagation.may_be_ended(forked=self._reporter.forked):
            with importing.lock:
                from headway.reporting.spool import wills  # noqa: PLC0415 - few processes have one
            wills.tell(self._reporter)
        with importing.lock:
            from headway.host.launch import broker_launch  # noqa: PLC0415
        try:
            # The broker is there the sooner, and also after a program that has ended by then.
            address = broker_launch.endpoint(first_environment.environ(), os.getuid())
        except OSError:
            address = None
        loaded = self._load(births, address)
        if loaded is None:
            return
        connection = loaded(self._reporter, self, births)
        self._finish_reporting = connection.finish
        self._close = connection.close
        failures = 0
        while not self.exiting:
            if self._stopping:
                self._finish_reporting = connection.close
                return
            try:
                connection.turn()
                failures = 0
            except Exception:
                failures += 1
                if failures > FAILURES:
                    raise
                connection.restart()
                time.sleep(0.1 * failures)

    def _load(self, births: Births, address: str | None) -> type[Connection] | None:
        """Import and return `Connection`; None where the program ended and left no time for it.

        pyzmq and msgpack take 40 ms, for which the program does not wait, nor does its end where
        nobody listens, unless a broker is to be waited for, or where it is stopped.
        """
        from headway.host.launch import broker_launch  # noqa: PLC0415 - imported by now

        listening = address is not None
        stopped: broker_launch.StoppedBroker | None = None
        found: list[type[Connection]] = []
        errors: list[Exception] = []
        done = _thread.allocate_lock()
        done.acquire()

        def load() -> None:
            try:
                with importing.lock:
                    # First: an end that comes meanwhile packs by msgpack, in a fifth of the time.
                    __import__("headway.protocol.wire")
                    from headway.reporting.connection import Connection  # noqa: PLC0415

                    found.append(Connection)
            except Exception as error:
                errors.append(error)
            finally:
                done.release()

        try:
            threads.start(load)
        except RuntimeError:  # the interpreter is ending already
            load()
        births.keep(time.monotonic(), listening=listening)
        while not done.acquire(timeout=FIRST_LOOK):
            self.check_end()
            if self.exiting and self._reporter.is_left_to_file():
                return None
            now = time.monotonic()
            if self.exiting and (
                now > self.exit_deadline(now) or not (listening or self.awaits_broker())
            ):
                return None
            if self.exiting and address is not None:
                stopped = stopped or broker_launch.StoppedBroker(address, now)
                if stopped.is_found(now) and self._reporter.is_spooled():
                    self._reporter.exit_spool.tell_others()
                    return None
            births.keep(now, listening=listening)
        if errors:
            raise errors[0]
        return found[0]

    def exit_deadline(self, now: float) -> float:
        """Return the deadline for final states, `EXIT_TIMEOUT` after the program's end or `now`."""
        return now + EXIT_TIMEOUT if self._exit_deadline is None else self._exit_deadline

    def awaits_broker(self) -> bool:
        """Return whether an exit waits for a broker that is starting.

        No file holds output; nor the ends, where none could be written.
        """
        publisher = self._reporter.publisher
        unfiled = publisher.unacknowledged_ends and not self._reporter.exit_spool.filled
        if not (publisher.output.unsent or unfiled):
            return False
        from headway.host.launch import broker_launch  # noqa: PLC0415 - imported by now

        return broker_launch.starting(first_environment.environ(), os.getuid())

    def has_resources(self) -> bool:
        """Return whether there are the resources that libzmq needs."""
        return resources.has_resources()

    def clear_wakeups(self) -> None:
        """Empty the pipe of `wake`, so that the next call writes again."""
        try:
            os.read(self.read, 4096)
        except OSError:
            pass
        # Last: else a `wake` in between had its byte read and would be the last one to write.
        self._wake_pending = False

    def check_end(self) -> float | None:
        """Notice the exit of a child forked off the main thread; return seconds to the next call.

        It runs no exit handler. Return None in any other process, which need not be looked at.
        """
        if not self._forked_off_main_thread:
            return None
        # The thread that forked is the child's program, be it a daemon (`Pool` replaces a dead
        # worker from one).
        main = threading.main_thread()
        if not any(t.is_alive() for t in threading.enumerate() if t is main or not t.daemon):
            self._end(time.monotonic() + EXIT_TIMEOUT)
        return 0.05

    def _end(self, until: float) -> None:
        if not self.exiting:
            self._exit_deadline = until
            self.exiting = True
        self.wake()

    def _give_up(self, error: Exception) -> None:
        """Disable the reporter after a failure for good; the program's handles go on counting.

        What has ended by then is spooled, and at the program's end what ends until then.
        """
        self.reason = f"{type(error).__name__}: {error}"
        if not self.exiting:  # nothing that is open ends by this
            self._finish_reporting = self._close
        try:
            self._reporter.exit_spool.write(self._reporter.next_spool_name())
        except Exception:
            pass
        self._reporter.disable()


def _leave(reporter: Reporting, births: Births, spool: Callable[[Reporting], None]) -> None:
    """End without a connection: what is not acknowledged is in a file, or goes into one."""
    spool(reporter)
    births.drop()
