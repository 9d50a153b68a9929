"""The NATS subjects of a fleet: `headway.<site>.<host>.<operation>`, each part one token.

Pure. A host may be called `db.example.org`, and an id is whatever a worker has sent: what could
end a token, or be taken for a wildcard, is escaped. Absent: what is published there.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

PREFIX = "headway"
CONTROL = "headway-control"  # requests to an uplink; no subject of the stream
INBOX = "_INBOX"  # where answers come
DEFAULT_SITE = "default"
TOKEN_BYTES = 180  # of a token, escaped: four of them are a subject that every server takes
PLACES_KNOWN = 4_096  # sites and hosts that are not read again in each of their messages
_PLAIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-")
# Begins the last token of heartbeats: "al" is no number, so no operation is escaped to it.
_ALIVE = "_alive-"


class Subject(NamedTuple):
    """What a subject names: an operation, or with `reporter` the heartbeat of an uplink."""

    site: str
    host: str
    operation: str | None
    reporter: str | None = None


def token(words: str) -> str:
    """Return `words` as one token: letters, digits and "-" stay, bytes of others are `_XX`.

    What is too long is cut, at a whole character.
    """
    made = ""
    for char in words:
        part = (
            char
            if char in _PLAIN
            else "".join(f"_{byte:02X}" for byte in char.encode("utf-8", "replace"))
        )
        if len(made) + len(part) > TOKEN_BYTES:
            break
        made += part
    return made or "_00"  # a token has at least one character


def words_of(name: str) -> str | None:
    """Return the words that `token` has made `name` of, or None where it has made no such."""
    if "_" not in name:
        return name  # as most are, and a late viewer reads a hundred thousand of them
    found = bytearray()
    at = 0
    while at < len(name):
        if name[at] != "_":
            found += name[at].encode("utf-8", "replace")
            at += 1
            continue
        digits = name[at + 1 : at + 3]
        if len(digits) < 2 or any(digit not in "0123456789ABCDEF" for digit in digits):
            return None
        found.append(int(digits, 16))
        at += 3
    try:
        words = found.decode("utf-8")
    except UnicodeDecodeError:
        return None
    return "" if words == "\0" else words


def of_operation(site: str, host: str, operation: str) -> str:
    """Return the subject of the states of an operation."""
    return ".".join((PREFIX, token(site), token(host), token(operation)))


def of_heartbeat(site: str, host: str, reporter: str) -> str:
    """Return the subject of the heartbeat of an uplink; `reporter` is the user that it is of."""
    return ".".join((PREFIX, token(site), token(host), _ALIVE + token(reporter)))


def of_control(site: str, host: str, reporter: str) -> str:
    """Return the subject of requests to an uplink."""
    return ".".join((CONTROL, token(site), token(host), token(reporter)))


def of_inbox(user: str | None) -> str:
    """Return under which subject answers to `user` come: one that nobody else need read."""
    return INBOX if not user else f"{INBOX}.{token(user)}"


def filters(site: str | None, hosts: list[str], operation: str | None = None) -> list[str]:
    """Return the filters of what is asked for: of a site and of hosts, or of all.

    With `operation`, of that one alone.
    """
    where = "*" if site is None else token(site)
    if operation is not None:
        named = [token(host) for host in dict.fromkeys(hosts)] or ["*"]
        return [f"{PREFIX}.{where}.{host}.{token(operation)}" for host in named]
    if not hosts:
        return [f"{PREFIX}.>" if site is None else f"{PREFIX}.{where}.>"]
    return [f"{PREFIX}.{where}.{token(host)}.>" for host in dict.fromkeys(hosts)]


def read(subject: str) -> Subject | None:
    """Return what a subject names, or None where it is none of ours."""
    parts = subject.split(".")
    if len(parts) != 4 or parts[0] != PREFIX:
        return None
    site, host = _place(parts[1], parts[2])
    beat = parts[3].startswith(_ALIVE)
    last = words_of(parts[3][len(_ALIVE) :] if beat else parts[3])
    if site is None or host is None or last is None:
        return None
    return Subject(site, host, None, last) if beat else Subject(site, host, last)


@lru_cache(maxsize=PLACES_KNOWN)
def _place(site: str, host: str) -> tuple[str | None, str | None]:
    return words_of(site), words_of(host)
