"""The locks of a terminal: which process may draw on it, and which rows are reserved there.

Each role of a terminal is a file in the runtime directory, which its holder locks. The kernel
releases a lock when its holder is killed, so that exactly one process has each role whatever
happens to the others. The file of `REGION` also records how many rows its holder has reserved:
whoever takes it next releases what a killed holder has left.
"""

from __future__ import annotations

import fcntl
import os

from headway.host import broker_launch
from headway.host.identity import start_time

# The roles.
VIEWER = "viewer"  # the viewer process of the programs in the terminal
FRONT = "front"  # `headway view`, while its process group is in the foreground
REGION = "region"  # whoever has rows reserved, one of these two

FOLDER = "terminals"
_RECORD_BYTES = 64


class TerminalLock:
    """One role of the terminal behind `descriptor`.

    Where there is no runtime directory the role is free for everybody, because no broker can be
    met either.
    """

    def __init__(self, descriptor: int, role: str) -> None:
        self.held = False
        self._file: int | None = None
        self._session = _session()
        self._unfiled = 0  # the record where there is no file
        try:
            self._file = _open(descriptor, role)
        except OSError:
            pass

    def acquire(self) -> bool:
        """Take the role, unless another process has it; return whether this one has it."""
        if self.held:
            return True
        self.held = self._file is None or _lock(self._file)
        return self.held

    def release(self) -> None:
        """Give the role up."""
        if self.held and self._file is not None:
            fcntl.flock(self._file, fcntl.LOCK_UN)
        self.held = False

    def is_taken(self) -> bool:
        """Return whether another process has the role."""
        if self.held or self._file is None:
            return False
        if not _lock(self._file):
            return True
        fcntl.flock(self._file, fcntl.LOCK_UN)
        return False

    def close(self) -> None:
        """Give the role up for good."""
        self.held = False
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def fileno(self) -> int | None:
        """Return the descriptor whose inheritor has the role, too; None without a file."""
        return self._file

    @property
    def rows(self) -> int:
        """The number of rows that are recorded as reserved in this session."""
        if self._file is None:
            return self._unfiled
        try:
            *session, rows = os.pread(self._file, _RECORD_BYTES, 0).split()
            return int(rows) if session == self._session else 0
        except (OSError, ValueError):
            return 0

    def record(self, rows: int) -> None:
        """Record how many rows are reserved, before they are."""
        if self._file is None:
            self._unfiled = rows
            return
        try:
            record = b" ".join([*self._session, b"%d\n" % rows])
            os.pwrite(self._file, record.rjust(_RECORD_BYTES), 0)
        except OSError:
            pass  # a full disk: a killed holder's rows then stay until the next frame


def _session() -> list[bytes]:
    """Return what tells this session from others on the same terminal: its number is reused."""
    leader = os.getsid(0)
    return [b"%d" % leader, b"%d" % (start_time(leader) or 0)]


def _lock(file: int) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _open(descriptor: int, role: str) -> int:
    make = os.environ.get("HEADWAY_BROKER", "").lower() != "never"
    folder = os.path.join(broker_launch.directory(os.environ, os.getuid(), make=make), FOLDER)
    owner = os.stat(os.path.dirname(folder))
    as_root = os.geteuid() == 0 and owner.st_uid != 0  # under sudo: the user's own, too
    try:
        os.mkdir(folder, 0o700)
        if as_root:
            os.chown(folder, owner.st_uid, owner.st_gid, follow_symlinks=False)
    except FileExistsError:
        pass
    terminal = os.fstat(descriptor)
    path = os.path.join(folder, f"{terminal.st_dev:x}-{terminal.st_rdev:x}.{role}")
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    if as_root and os.fstat(file).st_uid == 0:
        os.fchown(file, owner.st_uid, owner.st_gid)
    return file
