"""The environment that decides where this process reports to, as it was at its first report.

A program may clear its environment, or go to another directory, at any moment: what it reports
before and after belongs to the same broker.
"""

from __future__ import annotations

import os

from headway.async_exceptions import reraise_async
from headway.host.propagation import environment

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Mapping

# What says which broker it is, whether and with what one is started, and what that keeps.
NAMES = (
    "HEADWAY_BROKER",
    "HEADWAY_ENDPOINT",
    "HEADWAY_HISTORY",
    "HEADWAY_KEY",
    "HEADWAY_RUNTIME_DIR",
    "HEADWAY_STATE_DIR",
    "HOME",
    "PATH",
    "SUDO_UID",
    "XDG_CONFIG_HOME",
    "XDG_RUNTIME_DIR",
    "XDG_STATE_HOME",
)
_DIRECTORIES = ("HEADWAY_RUNTIME_DIR", "HEADWAY_STATE_DIR")  # that may be relative

_first: dict[str, str | None] = {}  # the values of `NAMES`, once the process has reported


def note() -> None:
    """Note the environment as it is now, unless that is done: something is going to be reported."""
    if _first:
        return
    found = {name: os.environ.get(name) for name in NAMES}
    for name in _DIRECTORIES:
        try:
            found[name] = os.path.abspath(found[name] or "") if found[name] else None
        except OSError as error:  # the working directory is gone
            reraise_async(error)
    _first.update(found)


def forget() -> None:
    """Let the next `note` note it again."""
    _first.clear()


def environ() -> Mapping[str, str]:
    """Return the environment of this process, with what decides as it was at the first report."""
    if all(os.environ.get(name) == value for name, value in _first.items()):
        return os.environ
    copy = environment(os.environ)
    for name, value in _first.items():
        if value is None:
            copy.pop(name, None)
        else:
            copy[name] = value
    return copy
