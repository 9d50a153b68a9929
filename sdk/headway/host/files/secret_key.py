"""The secret of a user, under which keys are hashed: random bytes in the state directory.

Whoever reads the history cannot tell from a key which arguments it is made of, nor try guesses.
Losing the file loses nothing but the way back to what was learned of commands.
"""

from __future__ import annotations

import os
import stat

from headway.async_exceptions import reraise_async
from headway.host import identity
from headway.protocol import endpoint

NAME = "secret"
SIZE = 32  # bytes, the most that blake2s takes as its key

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Mapping


def secret_path(environ: Mapping[str, str], uid: int) -> str:
    """Return where the secret of the user is, whom `uid` reports to."""
    user = endpoint.user_of(environ, uid)
    if user != uid:  # root keeps its own XDG directory; the broker is that of the user
        environ = {name: value for name, value in environ.items() if name != "XDG_STATE_HOME"}
    return os.path.join(endpoint.state_directory(environ, identity.home(user)), NAME)


def read_secret() -> bytes | None:
    """Return the secret of this user, made where there is none; None where that fails."""
    user = endpoint.user_of(os.environ, os.getuid())
    path = secret_path(os.environ, os.getuid())
    try:
        return load(path, user)
    except FileNotFoundError:
        pass
    except OSError as error:
        reraise_async(error)
        return None
    try:
        return _make(path, user)
    except OSError as error:
        reraise_async(error)
        return None


def load(path: str, user: int) -> bytes:
    """Return the secret in `path`. Raise OSError, also where it is not private to `user`."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
    try:
        about = os.fstat(descriptor)
        secret = os.read(descriptor, SIZE + 1)
    finally:
        os.close(descriptor)
    if not stat.S_ISREG(about.st_mode) or about.st_uid not in (user, os.getuid()):
        raise PermissionError(f"{path} belongs to somebody else")
    if stat.S_IMODE(about.st_mode) & 0o077:
        raise PermissionError(f"{path} is open to others; it must be 0600")
    if len(secret) != SIZE:
        raise OSError(f"{path} does not hold {SIZE} bytes")
    return secret


def _make(path: str, user: int) -> bytes:
    """Make the secret, or read what another process has made meanwhile. Raise OSError."""
    folder = os.path.dirname(path)
    if user != os.getuid() and not os.path.isdir(folder):
        raise PermissionError("the user's own programs make it")  # not root, in their home
    os.makedirs(folder, 0o700, exist_ok=True)
    secret = os.urandom(SIZE)
    temporary = f"{path}.{os.getpid()}.{secret[:4].hex()}"
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(temporary, flags, 0o600)
    try:
        try:
            os.fchmod(descriptor, 0o600)  # whatever the umask
            if user != os.getuid():
                os.fchown(descriptor, user, -1)
            os.write(descriptor, secret)
        finally:
            os.close(descriptor)
        # A link is made whole or not at all, and never over another: who comes second reads.
        os.link(temporary, path)
    except FileExistsError:
        return load(path, user)
    finally:
        os.unlink(temporary)
    return secret
