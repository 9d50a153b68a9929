"""The pty to which a program relays its terminal itself, as apt does for dpkg, and sudo. Linux.

Such a program reads single keys of its terminal only to pass them on. Whether lines are printed
there, or a full screen is drawn, is told by the mode of the pty within.
"""

from __future__ import annotations

import os
import termios

from headway.host.process_status import TERMINAL, status_fields
from headway.run.kernel.process_tree import process_tree
from headway.terminal_mode import LINE, RAW, SECRET, line_mode

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Iterable


def inner_mode(roots: Iterable[int], outer: int) -> str | None:
    """Return the mode of the terminals of `roots` and their descendants beside the device `outer`.

    None where they have no other, or none that may be asked.
    """
    devices = {_terminal_of(pid) for root in roots for pid in process_tree(root)}
    modes = {_mode_of(device) for device in devices if device not in (0, outer)}
    # Of two, one within the other, the outer one is raw, too.
    return next((mode for mode in (SECRET, LINE, RAW) if mode in modes), None)


def _terminal_of(pid: int) -> int:
    """Return the device of the controlling terminal of a process, 0 for none."""
    fields = status_fields(pid)
    return 0 if fields is None else int(fields[TERMINAL])


def _mode_of(device: int) -> str | None:
    path = f"/dev/pts/{os.minor(device)}"
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOCTTY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return None  # another user's
    try:
        there = os.fstat(descriptor).st_rdev == device
        return line_mode(termios.tcgetattr(descriptor)) if there else None
    except (OSError, termios.error):
        return None
    finally:
        os.close(descriptor)
