"""Write spool files and the start lock in the runtime directory, also as root for another user.

Under sudo root writes where the user may place symbolic links meanwhile (a race between check
and use). So no path is opened that was only checked: the directory is opened first and refused
unless the user owns it, everything else is opened relative to that descriptor (`dir_fd`), and
what is created is given to the user. Root then does nothing that the user could not do alone.
The spool is the folder `unsent/`: `headway_broker.shell.spool` reads it.
"""

from __future__ import annotations

import errno
import os
import stat

from headway.async_exceptions import reraise_async
from headway.host.files import first_environment, linked_data
from headway.host.identity import home
from headway.protocol.endpoint import (
    REPORT,
    SPOOL,
    reason_against,
    runtime_directory,
    second_spool,
    state_directory,
    user_of,
)
from headway.protocol.permissions import open_to_owner

START_LOCK = "start.lock"
# An empty file of the spool: a broker that listens has let the exit of a program wait in vain. The
# exits after it wait for no more than a moment; a broker removes it whenever it reads the spool.
DEAF = ".deaf"
# Files that wait at most: where no broker can ever be started each run of a program leaves one.
# Beyond that the oldest go, a tenth of them at once. The directory is listed by one write of
# `SEARCH_EVERY` (which takes 2 ms with 5,000 files), so that some more may lie there for a while.
WAITING_LIMIT = 5_000
SEARCH_EVERY = 64
LOG = "broker.log"  # of `headway_broker.shell.log`, which bounds it by the same size
LOG_LIMIT = 256 * 1024  # bytes, from which on a start writes no more


def spool_place() -> tuple[str, int]:
    """Return the runtime directory whose spool this process writes to, and its user.

    Raise OSError where there is none.
    """
    environ = first_environment.environ()
    user = user_of(environ, os.getuid())
    return runtime_directory(environ, user), user


# What says that the disk of the runtime directory has no room: another may have.
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EROFS)


def second_place(place: str, user: int, *, make: bool = False) -> str | None:
    """Return the directory with the second spool of the runtime directory `place`, or None.

    With `make` it is made. Who reports for another user keeps out of that one's home.
    """
    if user != os.getuid():
        return None
    state = state_directory(first_environment.environ(), home(user))
    second = second_spool(state, place, os.uname().nodename)
    if make:
        try:
            os.makedirs(state, 0o700, exist_ok=True)
            os.mkdir(second, 0o700)
        except OSError as error:
            reraise_async(error)
    return second if reason_against(second, user) is None else None


def may_listen() -> bool:
    """Return whether there is a socket of a broker, without a look whether somebody listens."""
    if first_environment.environ().get("HEADWAY_ENDPOINT"):
        return True
    try:
        return os.path.lexists(os.path.join(spool_place()[0], REPORT))
    except OSError as error:
        reraise_async(error)
        return True  # there is no place for a file either


def write_spool_file(place: str, user: int, name: str, data: bytes) -> int:
    """Write `data` as the spool file `name` in the runtime directory `place` of `user`.

    Atomic: a broker sees the whole file or none, as it is renamed into place. Where this process
    may write no file it is a link (`linked_data`), of little. Return how many old files had to go
    for it. Raise OSError.
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
                _write(descriptor, data)
            except OSError as error:
                reraise_async(error)
                if error.errno != errno.EFBIG:
                    raise
                os.unlink(temporary, dir_fd=folder)
                _link(folder, temporary, user, data)
            finally:
                os.close(descriptor)
            os.rename(temporary, name, src_dir_fd=folder, dst_dir_fd=folder)
        except OSError:
            try:
                os.unlink(temporary, dir_fd=folder)
            except FileNotFoundError as error:
                reraise_async(error)  # it is renamed, and a signal's handler raised after that
            raise
        if not name.startswith(".") and os.urandom(1)[0] % SEARCH_EVERY == 0:
            return _forget_oldest(folder)
        return 0
    finally:
        os.close(folder)


def link(place: str, user: int, name: str, data: bytes) -> None:
    """Make a link that holds `data` in the directory `place` of `user`. Raise OSError."""
    folder = _proven(place, user)
    try:
        _link(folder, name, user, data)
    finally:
        os.close(folder)


def _link(folder: int, name: str, user: int, data: bytes) -> None:
    linked_data.make(folder, name, data)
    if _for_another(user):
        os.chown(name, user, -1, dir_fd=folder, follow_symlinks=False)


def _write(descriptor: int, data: bytes) -> None:
    while data:
        data = data[os.write(descriptor, data) :]


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


def opened_in_spool(place: str, user: int, name: str, mode: int, *, make: bool = False) -> int:
    """Return a descriptor of a file of the spool, with `make` of a new one. Raise OSError."""
    outer = _proven(place, user)
    try:
        folder = _folder(outer, SPOOL, user) if make else _proven(SPOOL, user, outer)
    finally:
        os.close(outer)
    try:
        if make:
            return _create(folder, name, user, mode)
        return os.open(name, mode | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
    finally:
        os.close(folder)


def mark_deaf(place: str, user: int) -> None:
    """Tell the programs that end after this one that the broker has not answered in time."""
    try:
        write_spool_file(place, user, DEAF, b"")
    except OSError as error:
        reraise_async(error)  # they wait as well


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
    return opened(place, user, START_LOCK, os.O_RDWR)


def start_log(place: str, user: int) -> int | None:
    """Return a descriptor of the log, for why a broker cannot start, unless it is full."""
    try:
        descriptor = opened(place, user, LOG, os.O_WRONLY | os.O_APPEND)
    except OSError as error:
        reraise_async(error)
        return None
    status = os.fstat(descriptor)
    if stat.S_ISREG(status.st_mode) and status.st_size < LOG_LIMIT:
        return descriptor
    os.close(descriptor)
    return None


def opened(place: str, user: int, name: str, mode: int) -> int:
    """Return a descriptor of the file `name` of a directory of `user`, made where there is none.

    Raise OSError.
    """
    folder = _proven(place, user)
    try:
        try:
            return _create(folder, name, user, mode)
        except FileExistsError:
            open_to_owner(name, user, folder)
            flags = mode | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
            return os.open(name, flags, dir_fd=folder)
    finally:
        os.close(folder)


def _forget_oldest(folder: int) -> int:
    """Remove the oldest files that wait, where there are more than `WAITING_LIMIT`.

    Return how many those were.
    """
    try:
        names = [name for name in os.listdir(folder) if not name.startswith(".")]
    except OSError as error:  # no descriptor is left
        reraise_async(error)
        return 0
    if len(names) <= WAITING_LIMIT:
        return 0
    aged: list[tuple[int, str]] = []
    for name in names:
        try:
            aged.append((os.lstat(name, dir_fd=folder).st_mtime_ns, name))
        except OSError as error:
            reraise_async(error)
            continue  # a broker has taken it in
    removed = 0
    for _, name in sorted(aged)[: len(aged) - WAITING_LIMIT * 9 // 10]:
        try:
            os.unlink(name, dir_fd=folder)
        except OSError as error:
            reraise_async(error)
            continue
        removed += 1
    return removed


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


def _create(folder: int, name: str, user: int, mode: int = os.O_RDWR) -> int:
    flags = mode | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(name, flags, 0o600, dir_fd=folder)
    os.fchmod(descriptor, 0o600)  # whatever the umask
    if _for_another(user):
        os.fchown(descriptor, user, -1)
    return descriptor


def _for_another(user: int) -> bool:
    return user != 0 and os.geteuid() == 0
