"""Every message that crosses a process boundary, a class each, by direction.

A message travels as one msgpack array: its kind (the class's place in its direction's
table, below), then its fields in order. Fields are only ever appended and kinds never
reused; a receiver ignores fields it does not know, and logs and ignores a kind it does not
know. `docs/protocol.md` is the specification. Absent: sockets, and any decision.

`now` is the sender's monotonic clock in seconds when it sent. `sequence` counts a session's
state-bearing messages from 1 without a gap, across connections; a receiver that sees a gap
asks for all again.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NamedTuple
else:
    from headway.light_typing import NamedTuple

MAGIC = "headway"
# Of the `about` of a Hello in a spool file: where the code begins and ends in memory, and where the
# stack begins, of a program that may have become another by exec since. Texts of numbers.
IMAGE = "image"
# Likewise: 1 where the program is about to become another by exec, unless that fails.
BECOMES = "becomes"
MAJOR = 1
# From 1 on: Work, Output and OutputWanted; from 2 on: overviews; from 3 on: states, labels;
# from 4 on: traceparent; from 5 on: screens.
MINOR = 5

# Of deltas, removals and pulses: a subscription to STREAM_TOPIC, its beginning, takes them too, one
# to all of it is that of who looks at no screen.
STATES_TOPIC = b"ds"
STREAM_TOPIC = b"d"  # of those, and of lines and hidden counts
SCREEN_TOPIC = b"s"  # of what a screen can show with each frame, and of the rest in turn
EVENT_TOPIC = b"e"  # of what began, ended or waits, for those who look at no screen

# From workers and viewers to the broker.


class Hello(NamedTuple):
    """The first message on every connection, and again to every new broker."""

    magic: str
    major: int
    minor: int
    session: str  # 16 characters, one per process incarnation: a forked child has its own
    role: str  # "worker" or "viewer"
    now: float
    about: dict[str, Any]  # pid, started (of the process), boot, host, user, tty, sdk, looks
    sequence: int = 0  # the session's last one so far


class Announce(NamedTuple):
    """The absolute state of one operation: all of it, or with `whole` false what changed.

    `operation` is a record of `records.OPERATION_FIELDS`, `stages` are records of
    `records.STAGE_FIELDS`, parents first. An operation of many stages comes as one whole
    message and others that are not.
    """

    sequence: int
    now: float
    whole: bool
    operation: list[Any]
    stages: list[list[Any]]


class Counts(NamedTuple):
    """Stage id → what it has done by now; a list is [done, total, detail].

    Stage ids are unique in a session, so no operation is named. The hot message: its map is
    merged as it is and looked at once a frame.
    """

    sequence: int
    now: float
    counts: dict[int, Any]


class Share(NamedTuple):
    """What this session (a forked child) has counted in a stage that another one owns.

    `attempt` is the stage's when the child was forked; 0 where it is not told.
    """

    sequence: int
    now: float
    operation: str
    stage: int
    done: float
    attempt: int = 0
    last: bool = False  # the session is about to leave: it is to be acknowledged


class Log(NamedTuple):
    """Lines that an operation printed; not state: losing some does no harm."""

    operation: str
    stage: int | None
    lines: list[str]


class Beat(NamedTuple):
    """The heartbeat, every 2 s; `sequence` is the last one sent, so that a lost tail shows."""

    sequence: int
    now: float


class Bye(NamedTuple):
    """The session ends by itself: every operation of it has ended."""

    sequence: int
    now: float


class Answer(NamedTuple):
    """The answer to a `Cancel` or a `Pause`: "accepted", "refused" or "nobody" listens, and why."""

    request: int
    answer: str
    reason: str | None


class Request(NamedTuple):
    """A viewer's request; the `Reply` carries the same `request` number.

    Verbs: cancel {operation, reason, kill}, pause {operation}, resume {operation}, claim {key},
    draw {tty}, drawn {operations}, logs {operation, offset}, status {}, stop {},
    retire {major, minor, service, nice}.
    """

    request: int
    verb: str
    arguments: dict[str, Any]


class Work(NamedTuple):
    """What the processes of an operation have done since it began, by the kernel's counts.

    `cpu` is in seconds, `read` and `written` in bytes; None: it cannot be read. `lines` are the
    hashes of lines that they have printed since the last message: each is sent when it comes for
    the first time, and for the second. Not state: losing some does no harm.
    """

    operation: str
    now: float
    cpu: float | None
    read: int | None
    written: int | None
    lines: list[int]


class Output(NamedTuple):
    """What an operation printed, as bytes, from `offset` on of the `total` there were by then.

    Absolute, as all else: an offset beyond what was sent before says that the bytes between are
    gone. `data` is None where no output of the operation is kept. With `last` there is no more.
    """

    operation: str
    offset: int
    data: bytes | None
    total: int
    last: bool


# From the broker to workers and viewers.


class Welcome(NamedTuple):
    """The answer to a `Hello` of a version that the broker speaks."""

    major: int
    minor: int
    instance: str  # of the broker: a new one means that everything is to be announced again
    now: float
    wall: float  # Unix time at `now`, on the broker's anchor
    follow: str  # the endpoint of the XPUB socket
    watched: bool
    about: dict[str, Any] = {}  # noqa: RUF012 - of the broker: version, pid, service, nice


class Acknowledge(NamedTuple):
    """What is stored: ends [[operation, revision], …], shares [[operation, stage, done], …].

    And the ids of open operations, `begun`: the next broker will know them. Each is told once to a
    connection that announces it, if there is a history.
    """

    finals: list[list[Any]]
    shares: list[list[Any]] = []  # noqa: RUF012 - never changed
    begun: list[str] = []  # noqa: RUF012 - never changed


class Reannounce(NamedTuple):
    """A resync: announce these operations whole; None: all that are open or not acknowledged."""

    operations: list[str] | None


class Cancel(NamedTuple):
    """A request to cancel an operation of this session; `Answer` it."""

    request: int
    operation: str
    reason: str | None
    kill: bool


class Watched(NamedTuple):
    """Whether any viewer follows: if none does, twice a second is often enough."""

    watched: bool


class Refuse(NamedTuple):
    """The broker does not accept this peer's messages, and why: {"majors": [1]}, …."""

    reason: str
    details: dict[str, Any]


class Drawn(NamedTuple):
    """The terminal's viewer has drawn the end of these operations."""

    operations: list[str]


class Retire(NamedTuple):
    """The broker exits in order: reconnect in a moment. Viewers start none in its place."""


class Pause(NamedTuple):
    """A request to pause an operation of this session, or with `paused` false to resume it.

    `Answer` it.
    """

    request: int
    operation: str
    paused: bool


class OutputWanted(NamedTuple):
    """Send the output of an operation of this session from `offset` on; None: stop sending it."""

    operation: str
    offset: int | None


class Reply(NamedTuple):
    """The result of a `Request`; `error` says why it was not done."""

    request: int
    result: dict[str, Any]
    error: str | None


# From the broker to everyone who follows. Published as [topic, message].


class Snapshot(NamedTuple):
    """Part `part` of `parts` of all that is known, true at `sequence`; on an inbox topic."""

    instance: str
    sequence: int
    now: float
    wall: float
    part: int
    parts: int
    operations: list[Any]  # a `rows.OperationRow` each, or what is to be decoded to one; whole


class Delta(NamedTuple):
    """What changed since `sequence` − 1."""

    instance: str
    sequence: int
    now: float
    operations: list[Any]  # a `rows.OperationRow` each, or what is to be decoded to one


class Removed(NamedTuple):
    """These operations are no longer kept."""

    instance: str
    sequence: int
    now: float
    operations: list[str]


class Lines(NamedTuple):
    """Lines that an operation printed; `sequence` is the delta's before it, not a new one."""

    instance: str
    sequence: int
    now: float
    operation: str
    stage: int | None
    lines: list[str]


class WorkDone(NamedTuple):
    """A `Work` of an operation, for whoever records it; `now` is of the sample, on this clock."""

    instance: str
    sequence: int
    now: float
    operation: str
    cpu: float | None
    read: int | None
    written: int | None
    lines: list[int]


class Pulse(NamedTuple):
    """The broker's heartbeat and its `sequence`; every 2 s while anybody follows."""

    instance: str
    sequence: int
    now: float
    wall: float | None = None  # Unix time at `now`, which may have been set since the snapshot


# A kind is a class's index here.
INBOUND: tuple[type[Any], ...] = (
    Hello,
    Announce,
    Counts,
    Share,
    Log,
    Beat,
    Bye,
    Answer,
    Request,
    Work,
    Output,
)
OUTBOUND: tuple[type[Any], ...] = (
    Welcome,
    Acknowledge,
    Reannounce,
    Cancel,
    Watched,
    Refuse,
    Drawn,
    Retire,
    Reply,
    Pause,
    OutputWanted,
)
PUBLISHED: tuple[type[Any], ...] = (Snapshot, Delta, Removed, Lines, Pulse, WorkDone)
