"""The one thread that reports for a process, and how it ends.

The thread is no daemon, so that the interpreter waits for it at exit, also in children of
multiprocessing, which run no atexit functions. A second one, a daemon, waits for the end of
the program's own threads and tells it; then it has a bounded time to deliver final states.
All that the rest of the process does with it is one write to a pipe.
"""

from __future__ import annotations

import errno
import os
import sys
import threading
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from headway.connection import Connection
    from headway.process import Home


DESCRIPTORS = 16  # that a link and its connection may want, and then some


class Link(threading.Thread):
    """Sends what the publisher has to say, and hands on what comes back."""

    def __init__(self, home: Home) -> None:
        super().__init__(name="headway")
        if not affordable():
            raise OSError(errno.EMFILE, "too few descriptors are left")
        # Threads inherit this from their starter, which may be a daemon.
        self.daemon = False
        self.ending = False
        self.resting = True  # it waits for nothing but the pipe: `update` has to rouse it
        self.reason: str | None = None  # why nothing is sent any more
        self.read, self._write = os.pipe()
        self._home = home
        self._connection: Connection | None = None
        self._roused = False
        self._watching = False
        for end in (self.read, self._write):
            os.set_blocking(end, False)

    # From other threads.

    def wake(self) -> None:
        """Look at the marks now; never blocks."""
        if not self._roused:
            self._roused = True
            try:
                os.write(self._write, b"\0")
            except OSError:
                pass

    def finish(self, seconds: float) -> None:
        """Deliver what is owed now, though the main thread lives; wait for it that long at most."""
        self.ending = True
        self.wake()
        self.join(seconds)

    def forked(self) -> None:
        """Close the pipe in a forked child; the parent's socket is not to be touched."""
        for end in (self.read, self._write):
            try:
                os.close(end)
            except OSError:
                pass

    # The thread.

    def run(self) -> None:
        """Report until the program ends, then deliver what is owed."""
        # Give the processor back first: the program's first report is waiting for us.
        time.sleep(0.001)
        self._watch()
        try:
            with self._home.importing:
                # 40 ms of pyzmq and msgpack, which the program does not wait for.
                from headway.connection import Connection  # noqa: PLC0415

                self._connection = connection = Connection(self._home, self)
            if not threading.main_thread().is_alive():
                _restore_interrupt()
            while not self.ending:
                connection.turn()
        except Exception as error:
            self._give_up(error)
        try:
            if self._connection is not None:
                self._connection.part()
        except Exception as error:
            self.reason = f"{type(error).__name__}: {error}"
        self._home.closed = True

    def hear(self) -> None:
        """Take in what `wake` wrote; what is marked from here on rouses again."""
        try:
            os.read(self.read, 4096)
        except OSError:
            pass
        # Last: else a `wake` in between had its byte read and would be the last one to write.
        self._roused = False

    def check_end(self) -> float | None:
        """How long to wait at most before this is called again, or None: it need not be."""
        if self._watching:
            return None
        self.ending = self.ending or not threading.main_thread().is_alive()
        return 0.05

    def _watch(self) -> None:
        try:
            threading.Thread(target=self._await_end, name="headway-end", daemon=True).start()
            self._watching = True
        except RuntimeError:  # the interpreter is ending already
            pass

    def _await_end(self) -> None:
        main = threading.main_thread()
        main.join()
        while True:
            others = [
                thread
                for thread in threading.enumerate()
                if not thread.daemon and thread is not self and thread is not main
            ]
            if not others:
                break
            for thread in others:
                thread.join()
        self.ending = True
        self.wake()

    def _give_up(self, error: Exception) -> None:
        """Reporting has failed for good; the program must not notice, so counts go on."""
        self.reason = f"{type(error).__name__}: {error}"
        self._home.publisher.lost()
        while not self.ending:
            with self._home.lock:
                self._home.tally.tick(time.monotonic())
            self.check_end()
            self.hear()
            time.sleep(0.05)


def affordable() -> bool:
    """Whether there are descriptors to be had: libzmq aborts the process where it gets none."""
    import resource  # noqa: PLC0415 - not there on Windows

    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    try:
        used = len(os.listdir("/dev/fd"))
    except FileNotFoundError:  # no telling
        return True
    except OSError:
        return False
    return limit == resource.RLIM_INFINITY or used + DESCRIPTORS <= limit


def _restore_interrupt() -> None:
    """Let a program that a Ctrl+C has ended still die of it, as a shell expects.

    The interpreter keeps a flag for that, which running source text clears; imports do so
    here and there, and ours came after the main thread's end.
    """
    if getattr(sys, "last_type", None) is KeyboardInterrupt:
        try:
            exec("raise KeyboardInterrupt")  # noqa: S102 - what sets the flag again
        except KeyboardInterrupt:
            pass
