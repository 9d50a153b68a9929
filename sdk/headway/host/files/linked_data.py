"""Bytes in the target of a symbolic link, where no byte may be written into a file.

A process whose files may have no bytes (a hard RLIMIT_FSIZE of 0) may still make links. Such a link
leads nowhere; its target begins with a mark, so that no other link is taken for one.
"""

from __future__ import annotations

import errno
import os
import stat

from headway.async_exceptions import reraise_async

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NamedTuple
else:
    from headway.light_typing import NamedTuple

LIMIT = 4_000  # bytes of a target: Linux has 4,095
_MARK = b"headway:"
# No target has a zero byte: what stands for it, and for what that begins with.
_ZERO, _FOR_ZERO = b"\0", b"\1\1"
_ONE, _FOR_ONE = b"\1", b"\1\2"


class Linked(NamedTuple):
    """What a link holds, whose it is, and the Unix time at which it was made."""

    data: bytes
    owner: int
    time: float


def target_of(data: bytes) -> bytes:
    """Return the target of the link that holds `data`. Raise OSError where it is too long."""
    target = _MARK + data.replace(_ONE, _FOR_ONE).replace(_ZERO, _FOR_ZERO)
    if len(target) > LIMIT:
        raise OSError(errno.EFBIG, f"{len(data)} bytes have no room in a link")
    return target


def data_of(target: bytes) -> bytes | None:
    """Return what the link to `target` holds, or None if it is an ordinary one."""
    if not target.startswith(_MARK):
        return None
    return target[len(_MARK) :].replace(_FOR_ZERO, _ZERO).replace(_FOR_ONE, _ONE)


def make(folder: int, name: str, data: bytes) -> None:
    """Make the link `name`, which holds `data`, in the directory `folder`. Raise OSError."""
    os.symlink(target_of(data), os.fsencode(name), dir_fd=folder)


def read(path: str, folder: int | None = None) -> Linked | None:
    """Return what the link at `path`, in the directory `folder`, holds; None if it is none such."""
    try:
        status = os.lstat(path, dir_fd=folder)
        if not stat.S_ISLNK(status.st_mode):
            return None
        data = data_of(os.readlink(os.fsencode(path), dir_fd=folder))
    except OSError as error:
        reraise_async(error)
        return None
    return None if data is None else Linked(data, status.st_uid, status.st_mtime)
