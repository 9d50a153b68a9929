"""The history key of a name, normalized: equal for names that differ only in versions."""

from __future__ import annotations

import re

try:
    from _blake2 import blake2s  # hashlib loads all of OpenSSL beside it
except ImportError:
    from hashlib import blake2s

# What follows a name and looks like a version: =1.22-3ubuntu1, ==2.0.*, >=1, @4.17.21, :3.9-slim,
# -1.2.3.tar.gz, " v2.1.0". Plain numbers are left alone: "Step 1" is not "Step 2".
_PINNED = re.compile(r"(?<=[\w\]])(?:[=~<>!]=|===|[=<>@]|:(?=v?\d))\s*v?\d[^\s,;/]*", re.IGNORECASE)
_DOTTED = re.compile(r"(?<![\w.])v?\d+(?:\.\d+)+(?:[-+~.]?[a-z0-9]+)*(?![\w.])", re.IGNORECASE)
_SUFFIX = re.compile(
    r"(?<=\w)[-_]v?\d+(?:\.\d+)+(?:[-+~]?(?:rc|a|b|alpha|beta|post|dev)?\d*)*", re.IGNORECASE
)


def history_key(name: str) -> str:
    """Return the key under which runs of `name` are stored.

    >>> history_key("apt install nginx=1.22") == history_key("apt install  nginx=1.24-2")
    True
    """
    key = _PINNED.sub("", name)
    key = _SUFFIX.sub("", key)
    key = _DOTTED.sub("", key)
    return " ".join(key.split()) or " ".join(name.split())


def key_id(key: str) -> str:
    """Return the id of a key: six characters, by which a person names it."""
    return blake2s(key.encode("utf-8", "surrogatepass"), digest_size=3).hexdigest()
