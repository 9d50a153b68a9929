"""The history keys of an operation: under which its runs are stored and found; pure."""

from __future__ import annotations

from typing import NamedTuple

from headway.estimate import history_key
from headway.model import Operation
from headway_broker.state.entry import Entry
from headway_broker.state.ledger import Ledger

DEPTH_LIMIT = 8  # operations inside each other whose names make a key: deeper ones share it


class Keys(NamedTuple):
    """The history keys of an operation, the finest first, and what a person calls it.

    `former` is the key under which earlier versions stored its runs, or None. `missing` is the
    operation above it that has not been heard of yet: then the keys are those of another place.
    """

    key: str
    coarser: tuple[str, ...]
    former: str | None
    name: str
    missing: str | None = None


def keys_of(entry: Entry, ledger: Ledger) -> Keys:
    """Return the history keys of an operation: its own, or the path of names to it.

    Where the path begins with a command, it has as many keys as the command.
    """
    operation = entry.operation
    if operation.key:
        former = None if operation.former is None else history_key(operation.former)
        return Keys(operation.key, tuple(operation.coarser or ()), former, operation.name)
    names = [operation.name]
    command: Operation | None = None
    above = operation.parent
    missing: str | None = None
    while above and len(names) < DEPTH_LIMIT:
        parent = ledger.entries.get(above.partition("/")[0])
        if parent is None:
            missing = above.partition("/")[0]
            break
        if parent.operation.key:
            command = parent.operation
            break
        names.append(parent.operation.name)
        above = parent.operation.parent
    names.reverse()
    path = [history_key(name) for name in names]
    if command is None or not command.key:
        return Keys(_joined(path), (), None, _joined(names), missing)
    return Keys(
        _joined([history_key(command.key), *path]),
        tuple(_joined([key, *path]) for key in command.coarser or ()),
        None if command.former is None else _joined([history_key(command.former), *path]),
        _joined([command.name, *names]),
    )


def _joined(names: list[str]) -> str:
    return " / ".join(names)
