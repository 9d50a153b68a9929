"""The history keys of a command: keyed hashes of its rungs, under the secret of the user.

A key tells nothing of the arguments that it is made of: passwords stand there. Who has not the
secret cannot even try whether a guess is right.
"""

from __future__ import annotations

import os

from headway.host.files.secret_key import read_secret
from headway.run.parsers.registry import PARSERS, former_name
from headway.run.reading.rungs import rungs_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NamedTuple

    from headway.run.reading.command_line import Command
else:
    from headway.light_typing import NamedTuple

KEY_BYTES = 10  # of a hash: that two of a million commands share one is next to impossible


class HistoryKeys(NamedTuple):
    """The keys of a command, the finest first, and the one that earlier versions used, or None."""

    key: str
    coarser: list[str]
    former: str | None


def keys_of(command: Command, given: str | None, *, terminal: bool) -> HistoryKeys | None:
    """Return the keys of a command run here under a `given` name; None where history is off."""
    if os.environ.get("HEADWAY_HISTORY", "").lower() == "off":
        return None
    # Without a secret that stays, no run is found again, and none of another command.
    secret = read_secret() or os.urandom(32)
    known = command.program in PARSERS
    temporary = os.environ.get("TMPDIR", "")
    rungs = rungs_of(
        command, working_directory(), terminal=terminal, known=known, temporary=temporary
    )
    key, *coarser = [_key(rung, secret) for rung in rungs]
    return HistoryKeys(key, coarser, given or former_name(command))


def working_directory() -> str:
    """Return the working directory; empty where it has been removed."""
    try:
        return os.getcwd()
    except OSError:
        return ""


def _key(rung: list[str], secret: bytes) -> str:
    try:
        from _blake2 import blake2s  # noqa: PLC0415 - hashlib loads all of OpenSSL beside it
    except ImportError:
        from hashlib import blake2s  # noqa: PLC0415

    # Joined by what cannot stand in an argument.
    material = "\0".join(rung).encode("utf-8", "surrogateescape")
    return blake2s(material, digest_size=KEY_BYTES, key=secret).hexdigest()
