"""Read the beginning of a file in which the kernel tells something, such as those of `/proc`."""

from __future__ import annotations

import os


def read_start(path: str, limit: int = 1 << 14) -> bytes:
    """Return at most `limit` bytes by one read; nothing where it cannot be read."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return b""
    try:
        return os.read(descriptor, limit)
    except OSError:
        return b""
    finally:
        os.close(descriptor)
