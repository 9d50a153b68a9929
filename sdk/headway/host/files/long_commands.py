"""Which commands took long when they ran last, or a moment: hints in a small file of the state.

A command that may end at once is followed by next to nothing at first
(`headway.run.supervision.short_command`); one that took long before is followed in full from its
beginning, and one that took but a moment is given that moment. The file is a table of `SLOTS`
slots, each the rest of a key whose beginning is the number of the slot, inverted of a short
command: it does not grow, two keys that meet in a slot take turns, and without it, or with a wrong
one, a command is only shown a moment later. Keys are the hashes of `headway.run.history_keys`: 20
hexadecimal digits.
"""

from __future__ import annotations

import os
import stat

from headway.async_exceptions import reraise_async
from headway.host.files.secret_key import secret_path
from headway.protocol import endpoint

NAME = "long-commands"
SLOTS = 4096  # for the commands that a person runs again; doubled, 32 KiB more
# Bytes of a slot: what is left of a key. A file without an entry reads as zeros.
WIDTH = 8
DIGITS_OF_SLOT = 4
LONG_SECONDS = 1.5  # a shorter one loses less by what comes late than each would pay for it


def is_long(key: str) -> bool:
    """Return whether the command of this key took long when it ran last, as far as is known."""
    return took_long(key) is True


def took_long(key: str) -> bool | None:
    """Return whether it took long when it ran last, or but a moment; None if neither is known."""
    found = _place(key)
    if found is None:
        return None
    at, entry = found
    try:
        descriptor = _open(os.O_RDONLY)
        try:
            noted = os.pread(descriptor, WIDTH, at)
        finally:
            os.close(descriptor)
    except OSError as error:
        reraise_async(error)
        return None
    return True if noted == entry else False if noted == _inverted(entry) else None


def note(key: str, seconds: float) -> None:
    """Note how long the command of this key has taken; without a file that can be, nothing."""
    found = _place(key)
    if found is None or endpoint.user_of(os.environ, os.getuid()) != os.getuid():
        return  # root makes nothing in the directory of the user it works for
    at, entry = found
    long = seconds >= LONG_SECONDS
    known = took_long(key)
    if known is long or (known is None and not long and not _is_free(at)):
        return  # what is short loses less without its hint than what is long
    try:
        descriptor = _open(os.O_RDWR | os.O_CREAT)
        try:
            os.pwrite(descriptor, entry if long else _inverted(entry), at)
        finally:
            os.close(descriptor)
    except OSError as error:
        reraise_async(error)  # such as on a full disk


def _is_free(at: int) -> bool:
    """Return whether the slot at `at` has no entry."""
    try:
        descriptor = _open(os.O_RDONLY)
        try:
            return not any(os.pread(descriptor, WIDTH, at))
        finally:
            os.close(descriptor)
    except FileNotFoundError:
        return True
    except OSError as error:
        reraise_async(error)
        return False


def _inverted(entry: bytes) -> bytes:
    return bytes(0xFF - byte for byte in entry)


def _place(key: str) -> tuple[int, bytes] | None:
    """Return where in the file a key is noted, and as what; None for what is no such key."""
    try:
        slot = int(key[:DIGITS_OF_SLOT], 16) % SLOTS
        entry = bytes.fromhex(key[DIGITS_OF_SLOT:])
    except ValueError:
        return None
    return (slot * WIDTH, entry) if len(entry) == WIDTH and any(entry) else None


def _open(flags: int) -> int:
    """Open the file, a regular one of this user. Raise OSError."""
    path = os.path.join(os.path.dirname(secret_path(os.environ, os.getuid())), NAME)
    flags |= os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
    descriptor = os.open(path, flags, 0o600)
    about = os.fstat(descriptor)
    if not stat.S_ISREG(about.st_mode) or about.st_uid != os.getuid():
        os.close(descriptor)
        raise PermissionError(f"{path} is no file of ours")
    return descriptor
