"""The locks of a terminal: which process may draw on it, reserve rows there, or change its modes.

Each role of a terminal is a file in the runtime directory, which its holder locks. The kernel
releases a lock when its holder is killed, so that exactly one process has each role whatever
happens to the others. The file also records what its holder owes to the terminal: the rows that it
has reserved, or the modes to give back. Whoever takes the role next clears what a killed holder
has left.
"""

from __future__ import annotations

import fcntl
import marshal
import os

from headway.async_exceptions import reraise_async
from headway.host.files import first_environment
from headway.host.process_status import start_time

# Not by way of `broker_launch`: a thread imports this while another imports `collections.abc`, and
# that module is empty for a moment (it replaces itself in sys.modules).
from headway.protocol.endpoint import runtime_directory, user_of

# The roles.
VIEWER = "viewer"  # the viewer process of the programs in the terminal
FRONT = "front"  # `headway view`, while its process group is in the foreground
REGION = "region"  # whoever has rows reserved, one of these two
MODES = "modes"  # the `headway run` whose command has modes of its own

FOLDER = "terminals"
_RECORD_BYTES = 64  # of a number of rows
_READ_BYTES = 4096  # more than any record has

TYPE_CHECKING = False
if TYPE_CHECKING:
    from headway.terminal_mode import Attributes


class TerminalLock:
    """One role of the terminal behind `descriptor`.

    Where there is no runtime directory the role is free for everybody, because no broker can be
    met either.
    """

    def __init__(self, descriptor: int, role: str) -> None:
        self.held = False
        self._file: int | None = None
        self._session = _session()
        self._unfiled = b""  # the record where there is no file
        try:
            self._file = open_file(descriptor, role)
        except OSError as error:
            reraise_async(error)

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
        """Return the number of rows that are recorded as reserved in this session."""
        try:
            return int(self._read() or 0)
        except ValueError:
            return 0

    def record(self, rows: int) -> None:
        """Record how many rows are reserved, before they are."""
        self._write(b"%d" % rows)

    @property
    def modes(self) -> tuple[Attributes, Attributes] | None:
        """Return the modes to give back and those that were set, as recorded in this session."""
        try:
            saved, changed = marshal.loads(bytes.fromhex(self._read().decode()))  # noqa: S302 - ours
        except (ValueError, EOFError, TypeError):
            return None
        return saved, changed

    def record_modes(self, saved: Attributes, changed: Attributes) -> None:
        """Record the modes to give back and those that are set, before they are."""
        self._write(marshal.dumps((saved, changed)).hex().encode())

    def forget(self) -> None:
        """Record that nothing is owed to the terminal."""
        self._write(b"")

    def _read(self) -> bytes:
        if self._file is None:
            return self._unfiled
        try:
            words = os.pread(self._file, _READ_BYTES, 0).split()
        except OSError as error:
            reraise_async(error)
            return b""
        return words[2] if words[:2] == self._session and len(words) == 3 else b""

    def _write(self, content: bytes) -> None:
        if self._file is None:
            self._unfiled = content
            return
        try:
            record = b" ".join([*self._session, content + b"\n"]).rjust(_RECORD_BYTES)
            os.pwrite(self._file, record, 0)
            os.ftruncate(self._file, len(record))
        except OSError as error:
            reraise_async(error)  # a full disk: what a killed holder owes then stays


def _session() -> list[bytes]:
    """Return what tells this session from others on the same terminal: its number is reused."""
    leader = os.getsid(0)
    return [b"%d" % leader, b"%d" % (start_time(leader) or 0)]


def _lock(file: int) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        reraise_async(error)
        return False
    return True


def _directory(*, make: bool) -> str:
    environ = first_environment.environ()
    return runtime_directory(environ, user_of(environ, os.getuid()), make=make)


def open_file(descriptor: int, kind: str) -> int:
    """Open the file of that kind of the terminal behind `descriptor`. Raise OSError."""
    make = first_environment.environ().get("HEADWAY_BROKER", "").lower() != "never"
    folder = os.path.join(_directory(make=make), FOLDER)
    owner = os.stat(os.path.dirname(folder))
    as_root = os.geteuid() == 0 and owner.st_uid != 0  # under sudo: the user's own, too
    try:
        os.mkdir(folder, 0o700)
        if as_root:
            os.chown(folder, owner.st_uid, owner.st_gid, follow_symlinks=False)
    except FileExistsError:
        pass
    terminal = os.fstat(descriptor)
    path = os.path.join(folder, f"{terminal.st_dev:x}-{terminal.st_rdev:x}.{kind}")
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    if as_root and os.fstat(file).st_uid == 0:
        os.fchown(file, owner.st_uid, owner.st_gid)
    return file
