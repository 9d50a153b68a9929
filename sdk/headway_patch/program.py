"""The program that is patched: its processes, its thread, and its frames, out of the libraries."""

from __future__ import annotations

import os
import sys
from _thread import get_ident

from headway_patch.async_exceptions import reraise_async

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType

# What a bar's own code is in: the next frame out is that of who uses it.
LIBRARIES = ("headway_patch", "tqdm", "rich", "alive_progress", "about_time", "contextlib")
ANCESTOR_LIMIT = 8  # processes above this one that are told: servers of forks, shells


def ancestors() -> list[int]:
    """Return the parent process, the parent of that and so on, as far as they can be known."""
    found = [os.getppid()]
    try:
        while found[-1] > 1 and len(found) < ANCESTOR_LIMIT:
            with open(f"/proc/{found[-1]}/stat", "rb") as file:
                found.append(int(file.read().rpartition(b")")[2].split()[1]))
    except (OSError, ValueError, IndexError) as error:
        reraise_async(error)
    return [pid for pid in found if pid > 1]


def main_thread() -> int:
    """Return the thread that the program began in: this one, where it knows of no others."""
    threading = sys.modules.get("threading")
    try:
        return threading.main_thread().ident or get_ident()  # type: ignore[union-attr]
    except AttributeError as error:
        reraise_async(error)  # it is not imported, or not whole yet
        return get_ident()


def program_frame() -> FrameType | None:
    """Return the frame that uses a bar, out of its library.

    None where the interpreter itself drops the bar, as it does with what `sys.exit` has left.
    """
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        if str(frame.f_globals.get("__name__")).partition(".")[0] not in LIBRARIES:
            break
        frame = frame.f_back
    return frame


def program_line() -> tuple[tuple[str, int], ...]:
    """Return the line that makes a bar, and before it those of a library that makes several."""
    program, frame = program_frame(), sys._getframe(1)
    found: list[tuple[str, int]] = []
    while True:
        if str(frame.f_globals.get("__name__")).partition(".")[0] != "headway_patch":
            found.append((frame.f_code.co_filename, frame.f_lineno))
        if frame is program or frame.f_back is None:
            return tuple(found)
        frame = frame.f_back
