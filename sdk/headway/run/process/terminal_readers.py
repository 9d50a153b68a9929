"""Which terminal the processes of a command read from, as the kernel tells it.

Nothing is known of another user's processes, behind sudo, but their names.
"""

from __future__ import annotations

import os

from headway.run.kernel.process_tree import process_tree

# Programs that read from the terminal of their standard error: known by name where their
# descriptors cannot be looked at, or do not tell.
_READ_STDERR = frozenset({"more"})
_OPEN_STDERR = frozenset({"less", "more", "pager"})


def reads_from(pid: int, name: str) -> bool:
    """Return whether the command reads from the terminal `name`, which is its output."""
    return any(_has_opened(member, name) for member in process_tree(pid))


def _has_opened(pid: int, name: str) -> bool:
    program = _program(pid)
    try:
        numbers = os.listdir(f"/proc/{pid}/fd")
    except OSError:
        return program in _OPEN_STDERR
    for number in numbers:
        try:
            if os.readlink(f"/proc/{pid}/fd/{number}") != name:
                continue
            if int(number) == 2 and program in _READ_STDERR:
                return True
            # Opened by name to be read; duplicates of ours are open for both.
            with open(f"/proc/{pid}/fdinfo/{number}", "rb") as file:
                flags = int(file.read().partition(b"flags:")[2].split()[0], 8)
            if flags & os.O_ACCMODE == os.O_RDONLY:
                return True
        except (OSError, ValueError, IndexError):
            continue
    return False


def _program(pid: int) -> str:
    try:
        with open(f"/proc/{pid}/comm", "rb") as file:
            return file.read().decode("utf-8", "replace").strip()
    except OSError:
        return ""
