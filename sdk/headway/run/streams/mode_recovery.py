"""Give back the modes that a killed process owes to a terminal, as its lock has recorded them."""

from __future__ import annotations

import termios

TYPE_CHECKING = False
if TYPE_CHECKING:
    from headway.host.files.terminal_locks import TerminalLock


def give_back_modes(fd: int, lock: TerminalLock) -> None:
    """Restore the modes of the terminal `fd` that are recorded as owed, for whoever holds `lock`.

    Nothing is done where somebody has set other modes since, such as `stty` or `reset`; never
    raise.
    """
    if not lock.acquire():
        return
    owed = lock.modes
    if owed is None:
        return
    saved, changed = owed
    try:
        if termios.tcgetattr(fd) == changed:
            termios.tcsetattr(fd, termios.TCSANOW, saved)
    except (OSError, termios.error):
        pass  # the terminal is gone
    lock.forget()
