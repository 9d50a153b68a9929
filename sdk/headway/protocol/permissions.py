"""Give private files and directories their owner's permissions, whatever a umask has withheld.

`mkdir` and `open` withhold what the umask says even from the owner; a program must not change
the umask of its process, for other threads make files. So what was made is given its mode
afterwards, by whoever finds it first. No link is followed.
"""

from __future__ import annotations

import os
import stat

from headway.async_exceptions import reraise_async

_PATH = getattr(os, "O_PATH", None)  # Linux: a descriptor of what may not be read


def open_to_owner(path: str, owner: int, folder: int | None = None) -> None:
    """Give a directory of `owner` the mode 0700, or a file 0600, if it lacks any of that.

    What is open to others, belongs to another user or is something else stays as it is.
    Raise OSError where the mode cannot be changed.
    """
    mode = _missing(os.stat(path, dir_fd=folder, follow_symlinks=False), owner)
    if not mode:
        return
    flags = os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        descriptor = os.open(path, flags | os.O_RDONLY, dir_fd=folder)
    except PermissionError:
        if _PATH is None:
            os.chmod(path, mode, dir_fd=folder, follow_symlinks=False)
            return
        descriptor = os.open(path, flags | _PATH, dir_fd=folder)
    try:
        # It may be another by now; what this is stays so.
        mode = _missing(os.fstat(descriptor), owner)
        if mode:
            _change(descriptor, mode)
    finally:
        os.close(descriptor)


def _missing(status: os.stat_result, owner: int) -> int:
    """Return the mode that its owner lacks some of, or 0."""
    if status.st_uid != owner or status.st_mode & 0o077:
        return 0
    if stat.S_ISDIR(status.st_mode):
        mode = 0o700
    elif stat.S_ISREG(status.st_mode):
        mode = 0o600
    else:
        return 0
    return 0 if status.st_mode & mode == mode else mode


def _change(descriptor: int, mode: int) -> None:
    try:
        os.fchmod(descriptor, mode)
    except OSError as error:  # not by a descriptor of a path alone, but by its name
        reraise_async(error)
        os.chmod(f"/proc/self/fd/{descriptor}", mode)
