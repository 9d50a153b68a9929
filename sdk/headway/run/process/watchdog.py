"""A process that outlives this one, should it be killed, and settles what it leaves at a terminal.

It gives back the terminal's modes where they were the command's, and hangs up on the command, whose
output nobody takes any more.
"""

from __future__ import annotations

import os

from headway.host.threads import signals as signal
from headway.run.process.child import send_signal
from headway.run.process.fork_gate import close_all_but, run_in_child
from headway.run.process.process_group import descendants_in_group

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable

_IGNORED = (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTTOU, signal.SIGTSTP)
_DISMISSED = b"."


class Watchdog:
    """Watches over the command `pid` until `dismiss`, or until this process is killed.

    `recover` then gives the terminal back; `kept` are the descriptors that it needs for that. All
    others are closed: nobody's pipe shall stay open for it.
    """

    def __init__(self, pid: int, kept: tuple[int, ...], recover: Callable[[], object]) -> None:
        read, self._write = os.pipe()
        try:
            self.pid = os.fork()
        except OSError:
            os.close(read)
            os.close(self._write)
            raise
        if self.pid == 0:
            run_in_child(lambda: _watch(pid, read, kept, recover))
        os.close(read)

    def dismiss(self) -> None:
        """End it: the command has ended, and this process gives the terminal back itself."""
        try:
            os.write(self._write, _DISMISSED)
        except OSError:
            pass  # it was killed
        os.close(self._write)


def _watch(pid: int, read: int, kept: tuple[int, ...], recover: Callable[[], object]) -> None:
    group = os.getpgrp()
    os.setpgid(0, 0)  # what the terminal tells the foreground is not for it
    for number in _IGNORED:
        signal.signal(number, signal.SIG_IGN)
    close_all_but({read, *kept})
    if os.read(read, 1):
        return
    recover()
    try:
        if os.getpgid(pid) != group:
            return  # it has ended, and another process has its number
    except OSError:
        return
    for member in descendants_in_group(pid):
        send_signal(os.kill, member, signal.SIGHUP)
        send_signal(os.kill, member, signal.SIGCONT)
