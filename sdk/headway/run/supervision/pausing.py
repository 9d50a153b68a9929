"""Pause and resume a command on request: all its processes, by SIGSTOP and SIGCONT.

Requests come on the reporting thread, all else on the main thread.
"""

from __future__ import annotations

import os
import threading
import time

from headway.host.threads import signals as signal
from headway.protocol.endpoint import Uninstalled, refuse_uninstalled
from headway.reporting.reporter import known
from headway.run.kernel.process_tree import is_stopped, process_status, process_tree
from headway.run.process.child import send_signal
from headway.run.supervision.pause_guard import PauseGuard

TYPE_CHECKING = False
if TYPE_CHECKING:
    from headway.run.process.child import Child
    from headway.run.process.pty_session import PtyChild
    from headway.run.progress.operation_updater import OperationUpdater

ANOTHER_USER = "it runs as another user"
UNGUARDED = "no process can be had that continues it should this one be killed"
# Looks for processes that were started while others were being stopped.
ROUNDS = 5
STOP_SECONDS = 1.0  # at most, until a signal to stop has stopped a process of a busy machine


class Pausing:
    """Stops and continues the command; `paused` tells which.

    It does so from the moment in which the operation is told of, and shows it once it can.
    """

    def __init__(self, child: Child | PtyChild) -> None:
        self._child = child
        self._updater: OperationUpdater | None = None
        self._lock = threading.Lock()
        self._stopped: dict[int, int] = {}  # processes outside its group too → start time
        self._guard: PauseGuard | None = None  # while it is paused
        self.paused = False
        self._settled = False  # the stop has come about
        self.since = 0.0  # monotonic seconds

    def show_by(self, updater: OperationUpdater) -> None:
        """Show by `updater` from now on whether it is paused."""
        with self._lock:
            self._updater = updater
            if self._settled and self.paused:
                updater.waiting.pause()

    def request(self, pause: bool) -> str | None:
        """Pause it, or with false resume it; return None, or why it cannot be."""
        with self._lock:
            if pause == self.paused:
                return None
            if not pause:
                self._continue()
                return None
            try:
                self._guard = PauseGuard(self._child)
            except OSError:
                return UNGUARDED
            self.paused = True  # first: the main thread hears of the stop
            self._settled = False
            self.since = time.monotonic()
            if not self._stop():
                self._continue()
                return ANOTHER_USER
            self._settled = True
            if self._updater is not None:
                self._updater.waiting.pause()
            return None

    def lift(self) -> None:
        """Resume it: a signal was sent that it shall act on."""
        with self._lock:
            if self.paused:
                self._continue()

    def finish(self) -> None:
        """Resume what the command has left: it is over."""
        with self._lock:
            if self.paused:
                self._continue_stopped()
                self._dismiss_guard()

    def look(self, interrupted: float | None) -> None:
        """Notice that somebody else has continued it, or interrupted it by a key at that time.

        Or that nobody can resume it any more: Headway was uninstalled, or has given up reporting.
        """
        if not self.paused:
            return
        typed = interrupted is not None and interrupted > self.since
        continued = self._settled and is_stopped(self._child.pid) is False
        if typed or continued or _is_out_of_reach():
            self.lift()

    def is_over(self) -> bool:
        """Return whether a stop that was just reported is this one's, or has passed."""
        return self.paused or is_stopped(self._child.pid) is False

    def _stop(self) -> bool:
        """Stop all its processes; return whether that was permitted."""
        if not self._child.send_all(signal.SIGSTOP):
            return False
        self._stopped = {}
        for _ in range(ROUNDS):
            fresh = [pid for pid in process_tree(self._child.pid) if pid not in self._stopped]
            if not fresh:
                break
            for pid in fresh:
                status = process_status(pid)
                if status is None:
                    continue
                self._stopped[pid] = status.started
                if self._guard is not None:
                    self._guard.note(pid, status.started)
                if not send_signal(os.kill, pid, signal.SIGSTOP):
                    return False
        until = time.monotonic() + STOP_SECONDS
        while is_stopped(self._child.pid) is False and time.monotonic() < until:
            time.sleep(0.005)  # else a stop that is on its way looks like one that is over
        return True

    def _continue(self) -> None:
        self.paused = False
        if self._updater is not None:
            self._updater.waiting.unpause()
        self._continue_stopped()
        self._child.send_all(signal.SIGCONT)
        self._dismiss_guard()

    def _continue_stopped(self) -> None:
        self.paused = False
        for pid, started in self._stopped.items():
            status = process_status(pid)
            if status is not None and status.started == started:
                send_signal(os.kill, pid, signal.SIGCONT)
        self._stopped = {}

    def _dismiss_guard(self) -> None:
        guard, self._guard = self._guard, None
        if guard is not None:
            guard.dismiss()


def _is_out_of_reach() -> bool:
    """Return whether no request can come any more. A broker that is gone is started again."""
    reporter = known()
    if reporter is not None and reporter.off:
        return True
    try:
        refuse_uninstalled()
    except Uninstalled:
        return True
    return False
