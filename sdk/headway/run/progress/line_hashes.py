"""Hashes of the lines that a command prints, by which later runs find where they are.

Pure. A hash is keyed: it tells nothing of the line to whoever has not the secret. Numbers in a
line count as one sign: times and sizes differ from run to run. Of many lines those of the lowest
hashes are kept, so that two runs keep the same ones, however many each has.
"""

from __future__ import annotations

import re

try:
    from _blake2 import blake2s  # hashlib loads all of OpenSSL beside it
except ImportError:
    from hashlib import blake2s

from headway.protocol.limits import HASHES_LIMIT

KEPT = 256  # lines of one run
HASH_BYTES = 4
LONGEST = 1_000  # characters of a line that are looked at
_NUMBER = re.compile(r"[0-9]+")


class LineHashes:
    """The lines of one command that were printed once, or more than once."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._limit = 1 << (8 * HASH_BYTES)  # above it nothing is kept
        self._again: dict[int, bool] = {}  # whether it came more than once
        self._fresh: list[int] = []

    def add(self, line: str) -> None:
        """Take a line that was printed."""
        text = _NUMBER.sub("0", line[:LONGEST].strip())
        if len(text) < 2:
            return
        data = text.encode("utf-8", "replace")
        found = int.from_bytes(blake2s(data, digest_size=HASH_BYTES, key=self._key).digest(), "big")
        if found >= self._limit or self._again.get(found):
            return
        self._again[found] = found in self._again
        self._fresh.append(found)
        if len(self._again) > 2 * KEPT:
            kept = sorted(self._again)[:KEPT]
            self._limit = kept[-1] + 1
            self._again = {one: self._again[one] for one in kept}

    def take(self) -> list[int]:
        """Return the hashes of the lines since the last call.

        One that comes for the second time is in it once more; after that no more.
        """
        fresh, self._fresh = self._fresh, []
        return [one for one in fresh if one < self._limit][-HASHES_LIMIT:]
