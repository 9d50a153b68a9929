"""Give up the controlling terminal, in a process that stays in its session and process group.

So keys still signal it (Ctrl+C, Ctrl+Z), and nothing it opens as /dev/tty is there to be read.
"""

from __future__ import annotations

import fcntl
import os
import termios


def give_up_terminal() -> None:
    """Let this process, and those it starts, have no controlling terminal; never raise.

    Of a session's leader it would be taken from the whole session: that keeps it.
    """
    if os.getsid(0) == os.getpid():
        return
    try:
        terminal = os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY)
    except OSError:
        return  # it has none
    try:
        fcntl.ioctl(terminal, termios.TIOCNOTTY)
    except OSError:
        pass
    finally:
        os.close(terminal)
