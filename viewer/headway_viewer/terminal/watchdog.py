"""A process that gives the terminal back where `headway view` or `headway top` is killed.

Shell. It is forked before the view starts a thread, sleeps until the view ends, and then
releases the rows, shows the cursor and gives the input modes back where the view has not.
"""

from __future__ import annotations

import mmap
import os
import signal
import time

from headway.host.files.terminal_locks import MODES, TerminalLock
from headway.run.streams.mode_recovery import give_back_modes
from headway_viewer.display.escapes import SHOW_CURSOR
from headway_viewer.display.live import write_all
from headway_viewer.display.taskbar import clear_left
from headway_viewer.terminal.region_lock import RegionLock

RELEASE_TIMEOUT = 1.0  # seconds for the kernel to release the locks of the killed process
RELEASE_INTERVAL = 0.02  # seconds between two attempts
_IGNORED = (
    signal.SIGINT,
    signal.SIGQUIT,
    signal.SIGTERM,
    signal.SIGHUP,
    signal.SIGTSTP,
    signal.SIGTTIN,
    signal.SIGTTOU,
)


class Watchdog:
    """The watchdog of this process for the terminal behind `descriptor`.

    `leaving` is what to write there where the cursor is noted as hidden.
    """

    def __init__(self, descriptor: int, leaving: str = SHOW_CURSOR) -> None:
        self._leaving = leaving
        self._flags = mmap.mmap(-1, 1)
        self._pid: int | None = None
        read, self._write = os.pipe()
        try:
            self._pid = os.fork()
        except OSError:  # no more processes: the view works without it
            pass
        if self._pid == 0:
            try:
                os.close(self._write)
                self._watch(read, descriptor)
            finally:
                os._exit(0)
        os.close(read)

    def note(self, *, hidden: bool) -> None:
        """Note whether the cursor is hidden."""
        self._flags[0] = hidden

    def dismiss(self) -> None:
        """End it: this process gives the terminal back itself."""
        try:
            os.write(self._write, b".")
        except OSError:
            pass  # it was killed
        os.close(self._write)
        if self._pid is not None:
            try:
                os.waitpid(self._pid, 0)
            except OSError:
                pass

    def _watch(self, read: int, descriptor: int) -> None:
        os.setpgid(0, 0)
        for number in _IGNORED:
            signal.signal(number, signal.SIG_IGN)
        terminal = os.dup(descriptor)
        for stream in range(3):
            os.close(stream)
        if os.read(read, 1):
            return
        region = RegionLock(terminal)
        until = time.monotonic() + RELEASE_TIMEOUT
        while not region.acquire() and time.monotonic() < until:
            time.sleep(RELEASE_INTERVAL)
        region.close()
        clear_left(terminal)
        if self._flags[0]:
            write_all(terminal, self._leaving.encode())
        modes = TerminalLock(terminal, MODES)
        while not modes.acquire() and time.monotonic() < until:
            time.sleep(RELEASE_INTERVAL)
        give_back_modes(terminal, modes)
