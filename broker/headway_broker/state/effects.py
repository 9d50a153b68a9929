"""What the core may ask of its shell: each a small tuple, carried out in order."""

from __future__ import annotations

from typing import Any, NamedTuple, Union


class Send(NamedTuple):
    """Send a message to one connection; where it cannot be sent now, it is dropped."""

    identity: bytes
    message: Any


class Publish(NamedTuple):
    """Publish a frame to whoever subscribed to the topic."""

    topic: bytes
    frame: bytes


class Watch(NamedTuple):
    """Call `Core.died` when this process is gone, at once if it is gone already.

    `started` is its start time in clock ticks, which tells it from a later process of the
    same pid, or None where it is not known.
    """

    session: str
    pid: int
    started: int | None


class Unwatch(NamedTuple):
    """Nobody cares about the process of this session any more."""

    session: str


class End(NamedTuple):
    """The end of an operation, as of this revision."""

    operation: str
    revision: int


class StoredShare(NamedTuple):
    """What a forked child, by its session, has counted in a stage."""

    stage: int
    writer: str
    done: float


class SharesOf(NamedTuple):
    """What forked children counted in an operation."""

    operation: str
    shares: tuple[StoredShare, ...]


class Row(NamedTuple):
    """What is stored of an operation; `ended` is None while it is open."""

    operation: str
    revision: int
    ended: float | None
    session: str
    uid: int | None
    pid: int | None
    about: dict[str, Any]
    body: bytes  # msgpack of [record, stage records, shares]
    shares: tuple[StoredShare, ...] = ()  # of the body, those not stored before


class Store(NamedTuple):
    """Store this operation; once an end or a share in it is safe, call `Core.stored`."""

    row: Row


class Recall(NamedTuple):
    """Read the earlier runs of this history key and call `Core.recalled`."""

    key: str


class Trace(NamedTuple):
    """Call `Waits.traced` with the processes that this one descends from."""

    pid: int


class Identify(NamedTuple):
    """Call `Core.identified` with the program that this process runs, if that can be read."""

    session: str
    pid: int


class Learn(NamedTuple):
    """Add a finished run to a history key."""

    key: str
    run: dict[str, Any]


class KeepClaim(NamedTuple):
    """Store that this key has been claimed."""

    key: str


class Note(NamedTuple):
    """A line for the log."""

    text: str


class Stop(NamedTuple):
    """Leave: release the lock and end the process."""

    reason: str


Effect = Union[
    Send, Publish, Watch, Unwatch, Store, Recall, Trace, Identify, Learn, KeepClaim, Note, Stop
]
Job = Union[Store, Recall, Learn, KeepClaim]  # those that the history carries out
