"""The one thread that reports for a process, and how it ends.

The thread is no daemon, so that the interpreter waits for it at exit, also in children of
multiprocessing, which run no atexit functions. A second one, a daemon, waits for the end of
the program's own threads and tells it; then it has a bounded time to deliver final states.
A third, a daemon, imports what takes long, so that an end in the middle of that need not wait
for it. All that the rest of the process does with it is one write to a pipe.
"""

from __future__ import annotations

import errno
import os
import sys
import threading
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from threading import Lock
    from typing import Callable

    from headway.connection import Connection
    from headway.process import Home


FAREWELL = 0.9  # seconds to deliver final states in: the exit may be delayed by 1 s, all in all
DESCRIPTORS = 16  # that a link and its connection may want, and then some
THREADS = 4  # of libzmq, likewise


class Link(threading.Thread):
    """Sends what the publisher has to say, and hands on what comes back."""

    def __init__(self, home: Home) -> None:
        super().__init__(name="headway")
        if not affordable():
            raise OSError(errno.EMFILE, "too few descriptors are left")
        # Threads inherit this from their starter, which may be a daemon.
        self.daemon = False
        self.ending = False
        self.ended: float | None = None  # when the program's end was noticed
        self.resting = True  # it waits for nothing but the pipe: `update` has to rouse it
        self.reason: str | None = None  # why nothing is sent any more
        self.read, self._write = os.pipe()
        self._home = home
        self._part: Callable[[], None] = lambda: None  # what is to be done at the end
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
        self._end()
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
            # First what a hasty end needs, which can import nothing while another thread does.
            with self._home.importing:
                from headway import __version__, hasty  # noqa: PLC0415
                from headway.about import about  # noqa: PLC0415

                self._home.publisher.about.update(about(__version__))
            loaded = self._load()
            if not threading.main_thread().is_alive():
                _restore_interrupt()
            if loaded is None:
                self._part = lambda: hasty.part(self._home)
            else:
                connection = loaded(self._home, self)
                self._part = connection.part
                while not self.ending:
                    connection.turn()
        except Exception as error:
            self._give_up(error)
        try:
            self._part()
        except Exception as error:
            self.reason = f"{type(error).__name__}: {error}"
        self._home.closed = True

    def _load(self) -> type[Connection] | None:
        """What makes a connection; None where the end came first and left no time for it."""
        loading = Loading(self._home.importing)
        try:
            loading.start()
        except RuntimeError:  # the interpreter is ending already
            loading.run()
        while loading.is_alive():
            self.check_end()
            if self.ended is not None and time.monotonic() > self.ended + FAREWELL:
                return None
            loading.join(0.05)
        if loading.error is not None:
            raise loading.error
        return loading.loaded

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
        if not threading.main_thread().is_alive():
            self._end()
        return 0.05

    def _end(self) -> None:
        if not self.ending:
            self.ended = time.monotonic()
            self.ending = True
        self.wake()

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
        self._end()

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


class Loading(threading.Thread):
    """Imports 40 ms of pyzmq and msgpack, which the program does not wait for."""

    def __init__(self, lock: Lock) -> None:
        super().__init__(name="headway-load", daemon=True)
        self.loaded: type[Connection] | None = None
        self.error: Exception | None = None
        self._lock = lock  # held meanwhile

    def run(self) -> None:
        """Import it."""
        try:
            with self._lock:
                from headway.connection import Connection  # noqa: PLC0415

                self.loaded = Connection
        except Exception as error:
            self.error = error


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


def spare_threads(count: int) -> bool:
    """Whether so many threads are to be had: libzmq aborts the process where it gets none."""
    over = threading.Event()
    started: list[threading.Thread] = []
    try:
        for _ in range(count):
            thread = threading.Thread(target=over.wait, name="headway-spare", daemon=True)
            thread.start()
            started.append(thread)
    except RuntimeError as error:
        # Otherwise the interpreter is ending, which says nothing of other threads.
        return "start new thread" not in str(error)
    finally:
        over.set()
        for thread in started:
            thread.join()
        time.sleep(0.001)  # before 3.13 they are joined a moment before the kernel lets them go
    return True


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
