"""A process that outlives this one, should it be killed, while the command is paused.

Nobody else would continue the command then: a request to resume finds nobody to take it.
"""

from __future__ import annotations

import os
import time

from headway.host.threads import signals as signal
from headway.run.kernel.process_tree import process_status, process_tree
from headway.run.process import process_group
from headway.run.process.child import send_signal
from headway.run.process.fork_gate import close_all_but, run_in_child

TYPE_CHECKING = False
if TYPE_CHECKING:
    from headway.run.process.child import Child
    from headway.run.process.pty_session import PtyChild

_IGNORED = (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM, signal.SIGTTOU)
_LOADED = (process_group,)  # by `send_signal`: a process that was forked imports nothing
_DISMISSED = "dismissed"
# Seconds for the end of the guard once it is dismissed: it is waited for, so that no dead child
# stays behind with each pause. A busy machine gives it a turn within a tenth of that.
DISMISS_SECONDS = 1.0


class PauseGuard:
    """Continues a command where this process ends before `dismiss`. Raise OSError.

    It is told of each process that is about to be stopped; those below the command it finds.
    """

    def __init__(self, child: Child | PtyChild) -> None:
        read, self.pipe = os.pipe()
        try:
            self.pid = os.fork()
        except OSError:
            os.close(read)
            os.close(self.pipe)
            raise
        if self.pid == 0:
            run_in_child(lambda: _guard(child, read))
        os.close(read)

    def note(self, pid: int, started: int) -> None:
        """Tell it of a process that is about to be stopped, by its pid and its start."""
        self._tell(f"{pid} {started}\n")

    def dismiss(self) -> None:
        """End it: the command goes on, or is over."""
        self._tell(_DISMISSED)
        os.close(self.pipe)
        until = time.monotonic() + DISMISS_SECONDS
        try:
            while not os.waitpid(self.pid, os.WNOHANG)[0] and time.monotonic() < until:
                time.sleep(0.002)
        except ChildProcessError:
            pass  # another part of the process took the status

    def _tell(self, text: str) -> None:
        try:
            os.write(self.pipe, text.encode())
        except OSError:
            pass  # it was killed


def _guard(child: Child | PtyChild, read: int) -> None:
    """Wait until the write end is closed, then continue what was not let go. In the guard."""
    os.setpgid(0, 0)  # what the terminal tells the foreground is not for it
    for number in _IGNORED:
        signal.signal(number, signal.SIG_IGN)
    close_all_but({read})  # nobody's pipe or terminal shall stay open for it
    command = process_status(child.pid)
    told = b""
    while True:
        part = os.read(read, 1 << 16)
        if not part:
            break
        told += part
    text = told.decode()
    if text.endswith(_DISMISSED):
        return
    stopped = {}
    for line in text.splitlines():
        pid, _, started = line.partition(" ")
        stopped[int(pid)] = int(started)
    status = process_status(child.pid)
    if command is None or (status is not None and status.started == command.started):
        for pid in process_tree(child.pid)[1:]:
            status = process_status(pid)
            if status is not None:
                stopped.setdefault(pid, status.started)
        child.send_all(signal.SIGCONT)
    for pid, started in stopped.items():
        status = process_status(pid)
        if status is not None and status.started == started:
            send_signal(os.kill, pid, signal.SIGCONT)
