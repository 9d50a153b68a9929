"""The effects: what the core may ask of its shell, carried out in order."""

from __future__ import annotations

from typing import Any, NamedTuple, Union

# In a run that was found under a coarser key: of other arguments, or elsewhere.
OF_OTHERS = "elsewhere"


class Send(NamedTuple):
    """Send a message to one connection; drop it if it cannot be sent now."""

    identity: bytes
    message: Any


class SendStatus(NamedTuple):
    """Reply to a request for the status; the shell adds the facts of the process."""

    identity: bytes
    request: int
    status: dict[str, Any]


class ReadKeys(NamedTuple):
    """Read which keys are allowed, call `Core.keys_read`, and reply to the request."""

    identity: bytes
    request: int


class Publish(NamedTuple):
    """Publish a frame to the subscribers of a topic."""

    topic: bytes
    frame: bytes


class Watch(NamedTuple):
    """Watch a process and call `Core.died` when it has ended, at once if it has already.

    `started` is its start time in clock ticks, which tells it from a later process with the
    same pid; None if unknown.
    """

    session: str
    pid: int
    started: int | None


class Unwatch(NamedTuple):
    """Stop watching the process of a session."""

    session: str


class End(NamedTuple):
    """The final state of an operation, as of a revision and so many changes of its stages."""

    operation: str
    revision: int
    changes: int


class StoredShare(NamedTuple):
    """The share of a forked child in a stage; `writer` is the session of the child."""

    stage: int
    writer: str
    done: float


class StoredShares(NamedTuple):
    """The shares in an operation."""

    operation: str
    shares: tuple[StoredShare, ...]


class StoredOperation(NamedTuple):
    """A row of the history: an operation as it is stored.

    `ended` is a Unix time, None while the operation is open. `clock` is when an earlier broker
    stored it, on the monotonic clock, where that was just before; else None. `changes` is of an
    entry, and not stored.
    """

    operation: str
    revision: int
    ended: float | None
    session: str
    uid: int | None
    pid: int | None
    about: dict[str, Any]
    body: bytes  # msgpack of [record, stage records, shares]
    shares: tuple[StoredShare, ...] = ()  # those of the body that no earlier row held
    clock: float | None = None
    changes: int = 0


class StoreOperation(NamedTuple):
    """Store an operation; call `Core.stored` once its end or a share in it is on disk."""

    row: StoredOperation


class Recall(NamedTuple):
    """Read the earlier runs of the first of these keys that has any and call `Core.recalled`.

    `coarser` are looked up after `key`, and then the runs that an earlier version stored under
    `former`; the call names `key` whatever was found.
    """

    key: str
    coarser: tuple[str, ...] = ()
    former: str | None = None


class Trace(NamedTuple):
    """Look up the ancestors of a process and call `LockHolders.traced`."""

    pid: int


class Identify(NamedTuple):
    """Read which program a process runs and call `Core.process_image_read`, if it can be read."""

    session: str
    pid: int


class Inspect(NamedTuple):
    """Read whether a process is stopped and call `Core.run_state_read`, if it can be read."""

    session: str
    pid: int


class StoreRun(NamedTuple):
    """Store a finished run under a history key; later estimates learn from it.

    It is found under the keys `coarser`, too; `name` is what a person calls it.
    """

    key: str
    run: dict[str, Any]
    name: str = ""
    coarser: tuple[str, ...] = ()


class StoreClaim(NamedTuple):
    """Store that a key has been claimed."""

    key: str


class Note(NamedTuple):
    """Write a line into the log."""

    text: str


class Stop(NamedTuple):
    """Stop the broker: release the lock and exit."""

    reason: str


Effect = Union[
    Send,
    SendStatus,
    ReadKeys,
    Publish,
    Watch,
    Unwatch,
    StoreOperation,
    Recall,
    Trace,
    Identify,
    Inspect,
    StoreRun,
    StoreClaim,
    Note,
    Stop,
]
Job = Union[
    StoreOperation, Recall, StoreRun, StoreClaim
]  # the effects that the history carries out
