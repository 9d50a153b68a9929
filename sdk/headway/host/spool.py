"""Write spool files and the start lock in the runtime directory, also as root for another user.

Under sudo root writes where the user may place symbolic links meanwhile (a race between check
and use). So no path is opened that was only checked: the directory is opened first and refused
unless the user owns it, everything else is opened relative to that descriptor (`dir_fd`), and
what is created is given to the user. Root then does nothing that the user could not do alone.
The spool is the folder `unsent/`: `headway_broker.shell.spool` reads it.
"""

from __future__ import annotations

import os
import stat

from headway.protocol.endpoint import SPOOL
from headway.protocol.permissions import open_to_owner

START_LOCK = "start.lock"
# An empty file of the spool: a broker that listens has let the exit of a program wait in vain. The
# exits after it wait for no more than a moment; a broker removes it whenever it reads the spool.
DEAF = ".deaf"


def write_spool_file(place: str, user: int, name: str, data: bytes) -> None:
    """Write `data` as the spool file `name` in the runtime directory `place` of `user`.

    Atomic: a broker sees the whole file or none, as it is renamed into place. Raise OSError.
    """
    outer = _proven(place, user)
    try:
        folder = _folder(outer, SPOOL, user)
    finally:
        os.close(outer)
    try:
        temporary = f".{name}.tmp"
        descriptor = _create(folder, temporary, user)
        try:
            try:
                while data:
                    data = data[os.write(descriptor, data) :]
            finally:
                os.close(descriptor)
            os.rename(temporary, name, src_dir_fd=folder, dst_dir_fd=folder)
        except OSError:
            os.unlink(temporary, dir_fd=folder)
            raise
    finally:
        os.close(folder)


def remove_spool_file(place: str, user: int, name: str) -> None:
    """Remove a spool file in the runtime directory `place` of `user`. Raise OSError."""
    outer = _proven(place, user)
    try:
        folder = _proven(SPOOL, user, outer)
    finally:
        os.close(outer)
    try:
        os.unlink(name, dir_fd=folder)
    finally:
        os.close(folder)


def mark_deaf(place: str, user: int) -> None:
    """Tell the programs that end after this one that the broker has not answered in time."""
    try:
        write_spool_file(place, user, DEAF, b"")
    except OSError:
        pass  # they wait as well


def is_deaf(place: str) -> bool:
    """Return whether the broker has not answered in time, and has read no file since."""
    return os.path.lexists(os.path.join(place, SPOOL, DEAF))


def try_out(place: str, user: int) -> None:
    """Try in the runtime directory all that a program may need to write; raise OSError."""
    os.close(start_lock(place, user))
    name = f".try-{os.getpid()}"  # brokers do not read hidden files
    write_spool_file(place, user, name, b"\0" * 4096)
    remove_spool_file(place, user, name)


def start_lock(place: str, user: int) -> int:
    """Return a descriptor of the file that whoever starts a broker locks. Raise OSError."""
    folder = _proven(place, user)
    try:
        try:
            return _create(folder, START_LOCK, user)
        except FileExistsError:
            open_to_owner(START_LOCK, user, folder)
            flags = os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
            return os.open(START_LOCK, flags, dir_fd=folder)
    finally:
        os.close(folder)


def _proven(path: str, user: int, folder: int | None = None) -> int:
    """Return a descriptor of a directory that `user` owns and that is no symbolic link."""
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(path, flags, dir_fd=folder)
    status = os.fstat(descriptor)
    if status.st_uid != user or not stat.S_ISDIR(status.st_mode):
        os.close(descriptor)
        raise PermissionError(f"{path} belongs to uid {status.st_uid}, not {user}")
    return descriptor


def _folder(outer: int, name: str, user: int) -> int:
    try:
        os.mkdir(name, 0o700, dir_fd=outer)
    except FileExistsError:
        open_to_owner(name, user, outer)
        return _proven(name, user, outer)
    open_to_owner(name, os.geteuid(), outer)
    if not _for_another(user):
        return _proven(name, user, outer)
    descriptor = _proven(name, 0, outer)
    os.fchown(descriptor, user, -1)
    return descriptor


def _create(folder: int, name: str, user: int) -> int:
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(name, flags, 0o600, dir_fd=folder)
    os.fchmod(descriptor, 0o600)  # whatever the umask
    if _for_another(user):
        os.fchown(descriptor, user, -1)
    return descriptor


def _for_another(user: int) -> bool:
    return user != 0 and os.geteuid() == 0
