"""Random ids, of operations and of sessions."""

from __future__ import annotations

import os

_ALPHABET = "abcdefghijklmnopqrstuvwxyz234567"


def random_id(length: int) -> str:
    """Return a random id of `length` base-32 characters."""
    bits = int.from_bytes(os.urandom(length), "big")
    return "".join(_ALPHABET[bits >> shift & 31] for shift in range(0, 5 * length, 5))
