"""What a worker sends to its broker, and when: heartbeats, resync, batching. Pure.

Handles mark what changed (dirty); the reporting thread passes in what it received and takes
the messages to send. A mark stays until it is taken and marks merge, so a broker that does not
read costs no memory: what goes out later is the state of that moment.
"""

from __future__ import annotations

from headway.model import Operation, Stage, clean_count
from headway.protocol import retirement
from headway.protocol.messages import (
    MAGIC,
    MAJOR,
    MINOR,
    Acknowledge,
    Announce,
    Answer,
    Beat,
    Bye,
    Cancel,
    Counts,
    Drawn,
    Hello,
    Log,
    OutputWanted,
    Pause,
    Reannounce,
    Refuse,
    Reply,
    Request,
    Retire,
    Share,
    Watched,
    Welcome,
    Work,
)
from headway.reporting.output_sender import OutputSender

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, NamedTuple
else:
    from headway.light_typing import NamedTuple

# Seconds between heartbeats. The broker calls an operation silent after three of them (6 s,
# `headway_broker.peers.liveness`); doubled, one that is late by 2 s is enough for that.
HEARTBEAT_INTERVAL = 2.0
# Seconds between two `Counts` while a viewer follows (20 a second look fluent; half the interval
# costs a worker twice the folds) and while none does (enough for the broker to estimate).
WATCHED = 0.05
UNWATCHED = 0.5
# Seconds between two bursts of announcements: beginnings and ends within it go out together,
# merged. Doubled, a broker gets half the messages of short stages, and hears of each 4 ms later.
ANNOUNCE_SPACING = 0.004
# Seconds after which an end that was not acknowledged is announced again: the broker stores it
# first. Halved, a broker with a slow disk is told more ends twice, when it has least time.
ACKNOWLEDGE_TIMEOUT = 2.0
STAGES_PER_MESSAGE = 1_000  # the limit that `protocol.wire` checks
MESSAGE_BYTES = 900_000  # an upper bound by `_size`, below `wire.FRAME_LIMIT`
# Ended operations that wait in memory for a broker at most. Where there are more, and no message
# of a broker has come for SILENCE_LIMIT seconds, they go into spool files of ENDS_PER_FILE.
ENDS_LIMIT = 1_000
SILENCE_LIMIT = 2.0
ENDS_PER_FILE = 5_000
# Seconds without a Welcome after which a broker is taken for deaf by the children that are forked.
# Doubled, a pool that is forked beside a stopped one pays its first exit's wait a little later.
WELCOME_TIMEOUT = 0.3
REFUSED_LIMIT = 100  # ends that a broker has refused and that are kept for the spool
STAGES_IN_BIRTHS = 100  # of an open operation, in a birth file
RETIRE_REQUEST = 1  # its number; those that ask for usual durations come after it
WORK_MINOR = 1  # the first minor version whose brokers know `Work`
HASHES_LIMIT = 256  # of lines in a `Work`, as `protocol.wire` has it
OUTPUT_MINOR = 1  # the version of a broker that takes output
LINES_LIMIT = 1_000  # log lines that wait at most; the oldest are dropped: they are no state


class Shared(NamedTuple):
    """A stage of another process that this one, a forked child, counts in."""

    operation: str
    stage: int
    attempt: int


class Printed(NamedTuple):
    """A line that an operation printed."""

    operation: str
    stage: int | None
    line: str


class Entry:
    """An operation with its marks: what of it the broker does not have."""

    __slots__ = ("changed", "model", "sent", "stored", "whole")

    def __init__(self, model: Operation) -> None:
        self.model = model
        self.stored = False  # the broker that is connected has stored it as open
        self.whole = True  # to be announced whole: new to the broker, or part of a resync
        self.changed: dict[int, Stage] = {}  # stages to announce, in order
        self.sent = 0.0  # when its end was last announced


class Publisher:
    """The session of a process, with what it has not sent or what is not acknowledged.

    `about` is the map of the `Hello`; it is filled in before the first `take`. Not thread-safe:
    its owner locks.
    """

    def __init__(self, session: str, *, mute: bool = False) -> None:
        self.session = session
        self.mute = mute  # nothing is taken for good: mark nothing
        self.forgot = False  # what was not acknowledged then is in the spool, or lost
        self.about: dict[str, Any] = {}
        self.operations: dict[str, Entry] = {}  # open, or ended and not acknowledged
        self.refused_ends: dict[str, Entry] = {}  # ended, and not taken by the broker
        self.watched = True  # until the broker says otherwise: so the first counts go out soon
        self.welcome: Welcome | None = None
        self.refused: Refuse | None = None
        self.retired = False
        self.surroundings: retirement.Surroundings | None = None  # of a broker that we start
        self.requests: list[Cancel | Pause] = []  # to be answered
        self.drawn: set[str] = set()
        self.output = OutputSender()
        self.sequence = 0
        self._connected = False
        self._greeted = False
        self._older: int | None = None  # the major of a broker that is only asked to retire
        self.usual: dict[
            str, float
        ] = {}  # operation → seconds, where it was asked for and is known
        self._asked_usual: dict[int, str] = {}  # request → operation
        self._asked_to_retire = False  # once: programs of another version may start theirs again
        self._requests: list[Request] = []
        self._dirty: dict[str, Entry] = {}
        self._unacknowledged: dict[str, Entry] = {}  # ends that were sent and not acknowledged
        self._moved: dict[int, Stage] = {}
        self._moved_with_details: set[int] = set()  # whose total or detail changed too
        self._shares: dict[Shared, float] = {}
        self._told_shares: dict[Shared, float] = {}  # and not acknowledged
        self._leaving = False  # what is told from here on is the last of it
        self._lines: list[Printed] = []
        self._work: dict[str, Work] = {}  # by operation; the newest counts
        self._answers: list[Answer] = []
        self._last_counts = self._last_announce = self._last_sent = float("-inf")
        self._heard = float("-inf")
        self._greeted_at = float("-inf")
        self._sealed = False  # the program has ended: nothing is marked any more
        self.changes = 0  # of structure, so far
        self._handlers: dict[type[Any], Callable[[Any], None]] = {
            Acknowledge: self._receive_acknowledge,
            Welcome: self._receive_welcome,
            Watched: self._receive_watched,
            Reannounce: self._receive_reannounce,
            Cancel: self._receive_request,
            Pause: self._receive_request,
            OutputWanted: self._receive_output_wanted,
            Drawn: self._receive_drawn,
            Retire: self._receive_retire,
            Refuse: self._receive_refuse,
            Reply: self._receive_reply,
        }

    # Marking: called by the handles.

    def changed(self, operation: Operation, stage: Stage | None = None) -> None:
        """Mark a change of `operation`, or of a stage of it, beyond counts: it is sent at once."""
        if self._sealed:
            return
        operation.revision += 1
        if self.mute:
            return
        self.changes += 1
        entry = self.operations.get(operation.id)
        if entry is None:
            entry = self.operations[operation.id] = Entry(operation)
        self._unacknowledged.pop(operation.id, None)
        if stage is not None:
            entry.changed[stage.id] = stage
        self._dirty[operation.id] = entry

    def moved(self, stage: Stage, *, more: bool = False) -> None:
        """Mark that the count of `stage` moved; with `more` its total or detail as well."""
        if self.mute or self._sealed:
            return
        self._moved[stage.id] = stage
        if more:
            self._moved_with_details.add(stage.id)

    def share(self, operation: str, stage: Stage, done: float) -> None:
        """Mark the share of this process, a forked child, in a stage of another: `done` in all."""
        if not (self.mute or self._sealed):
            self._shares[Shared(operation, stage.id, stage.attempt)] = done

    def log(self, operation: str, stage: int | None, lines: list[str]) -> None:
        """Queue lines of output; the oldest are dropped beyond `LINES_LIMIT`."""
        if not (self.mute or self._sealed):
            self._lines += [Printed(operation, stage, line) for line in lines]
        del self._lines[:-LINES_LIMIT]

    def work(self, sample: Work) -> None:
        """Queue the hidden counts of an operation, in place of those that still wait."""
        if self.mute or self._sealed:
            return
        waiting = self._work.get(sample.operation)
        if waiting is not None:
            lines = (waiting.lines + sample.lines)[-HASHES_LIMIT:]
            sample = sample._replace(lines=lines)
        self._work[sample.operation] = sample

    def ask_usual(self, operation: str) -> None:
        """Ask for the usual duration of an operation; what is known of it comes into `usual`."""
        if self.mute or self._sealed or self.welcome is None:
            return
        number = RETIRE_REQUEST + 1 + len(self._asked_usual)
        self._asked_usual[number] = operation
        self._requests.append(Request(number, "usual", {"operation": operation}))

    def answer(self, request: int, answer: str, reason: str | None = None) -> None:
        """Queue the answer to the `Cancel` or `Pause` of that number."""
        self._answers.append(Answer(request, answer, reason))

    def seal(self) -> None:
        """Mark nothing from now on: the program has ended, and what it owes is final."""
        self._sealed = True

    # The connection: called by the reporting thread.

    def connected(self) -> None:
        """A connection is made: mark everything open or unacknowledged for a resync."""
        self._connected = True
        self.output.connected()
        self._greet_again()

    def lost(self) -> None:
        """The connection is lost: hand out nothing until there is another."""
        self._connected = False
        self.welcome = None
        self.retired = False
        self.refused = self._older = None  # the next broker may be another
        self._requests.clear()
        for entry in self.operations.values():
            entry.stored = False

    def _greet_again(self) -> None:
        self._greeted = False
        self._last_announce = float("-inf")
        for entry in self.operations.values():
            self._repeat(entry)
        self._doubt_shares()

    def _doubt_shares(self) -> None:
        self._shares = {**self._told_shares, **self._shares}

    def _repeat(self, entry: Entry) -> None:
        self._unacknowledged.pop(entry.model.id, None)
        entry.whole = True
        entry.changed = dict(entry.model.stages)
        self._dirty[entry.model.id] = entry

    def receive(self, message: Any, now: float) -> None:
        """Apply a message of `messages.OUTBOUND`."""
        self._heard = now
        handler = self._handlers.get(type(message))
        if handler is not None:
            handler(message)

    def _receive_acknowledge(self, message: Acknowledge) -> None:
        for operation, revision in message.finals:
            entry = self.operations.get(operation)
            if entry and not entry.model.open and revision >= entry.model.revision:
                self._drop(entry)
        for operation in message.begun:
            if operation in self.operations:
                self.operations[operation].stored = True
        for operation, stage, done in message.shares:
            self._told_shares = {
                key: told
                for key, told in self._told_shares.items()
                if (key.operation, key.stage, told) != (operation, stage, done)
            }

    def _receive_welcome(self, message: Welcome) -> None:
        if self._older is not None:
            return
        self.welcome = message
        self.refused = None
        self.watched = message.watched
        self.output.supported = message.minor >= OUTPUT_MINOR
        words = retirement.request(message, self.surroundings)
        if words is not None:
            self._ask_to_retire(words)

    def _ask_to_retire(self, words: dict[str, Any]) -> None:
        if not self._asked_to_retire:
            self._asked_to_retire = True
            self._requests.append(Request(RETIRE_REQUEST, "retire", words))

    def _receive_watched(self, message: Watched) -> None:
        self.watched = message.watched

    def _receive_reannounce(self, message: Reannounce) -> None:
        if message.operations is None:
            self._greet_again()
        else:
            for operation in message.operations:
                if operation in self.operations:
                    self._repeat(self.operations[operation])

    def _receive_request(self, message: Cancel | Pause) -> None:
        self.requests.append(message)

    def _receive_output_wanted(self, message: OutputWanted) -> None:
        self.output.want(message.operation, message.offset)

    def _receive_drawn(self, message: Drawn) -> None:
        self.drawn.update(message.operations)

    def _receive_retire(self, _message: Retire) -> None:
        self.retired = True

    def _receive_refuse(self, message: Refuse) -> None:
        operation = message.details.get("operation")
        older = retirement.older_major(message)
        if older is not None and not self._asked_to_retire:
            self._older = older
            self._greeted = False
            self._ask_to_retire(retirement.words(self.surroundings))
        elif operation is None:
            self.refused = message
        elif operation in self.operations:
            entry = self.operations[operation]
            self._drop(entry)
            if not entry.model.open:
                # It is told to this broker no more; the spool keeps it, as another may take it.
                self.refused_ends[operation] = entry
                for oldest in list(self.refused_ends)[:-REFUSED_LIMIT]:
                    del self.refused_ends[oldest]

    def _receive_reply(self, message: Reply) -> None:
        operation = self._asked_usual.get(message.request)
        if operation is not None:
            usual = clean_count(message.result.get("usual"))
            if usual is not None:
                self.usual[operation] = usual
            return
        if self._older is not None and message.result.get("retiring") is not True:
            self.refused = Refuse("version", {"majors": [self._older]})

    @property
    def unheard(self) -> bool:
        """Return whether this broker takes nothing of ours."""
        return self.refused is not None or self._older is not None

    def unpacked(self, message: Any) -> None:
        """`message`, which was taken, cannot be sent: tell what it is of no more, but count it."""
        self.about["unpacked"] = self.about.get("unpacked", 0) + 1
        if type(message) is Announce and message.operation[0] in self.operations:
            self._drop(self.operations[message.operation[0]])

    def _drop(self, entry: Entry) -> None:
        for marks in (self.operations, self._dirty, self._unacknowledged, self._work):
            marks.pop(entry.model.id, None)

    @property
    def settled(self) -> bool:
        """Return whether nothing is open and every final state and share is acknowledged.

        Shares are acknowledged only at the end of a process, when they are sent for the last
        time.
        """
        return not (self.operations or self._shares or self._told_shares)

    @property
    def awaits_ends(self) -> bool:
        """Return whether an acknowledgement of a final state or a share may come."""
        entries = list(self.operations.values())
        return bool(self._shares) or any(not entry.model.open for entry in entries)

    @property
    def owes_ends(self) -> bool:
        """Return whether a final state or a share is not acknowledged."""
        return bool(self.refused_ends) or self.awaits_ends

    def is_stored(self, operation: str) -> bool:
        """Return whether the broker has stored all that is known of an operation's state.

        So it is where it is open and its beginning is acknowledged, or where its end is.
        """
        if operation in self.refused_ends:
            return False
        entry = self.operations.get(operation)
        return entry is None or (entry.model.open and entry.stored)

    @property
    def any_open(self) -> bool:
        """Return whether an operation has not ended."""
        return any(entry.model.open for entry in list(self.operations.values()))

    @property
    def ends_owed(self) -> int:
        """Return how many final states and shares are not acknowledged."""
        shares = len({**self._told_shares, **self._shares})
        return shares + sum(not entry.model.open for entry in self._kept())

    @property
    def owing(self) -> object:
        """Return what differs where `owed` would return something else."""
        return self.changes, {**self._told_shares, **self._shares}

    def _kept(self) -> list[Entry]:
        return [*self.refused_ends.values(), *self.operations.values()]

    @property
    def unsaid(self) -> bool:
        """Return whether a change of state waits for a connection that stands."""
        return self._connected and bool(self._dirty or self._answers)

    def is_unanswered(self, now: float) -> bool:
        """Return whether there is a broker that should have answered by now, and has not."""
        if not (self._connected and self._greeted):
            return False
        if self.welcome is None:
            return now > self._greeted_at + WELCOME_TIMEOUT
        sent = [entry.sent for entry in list(self._unacknowledged.values())[:1]]
        return any(self._heard < at < now - ACKNOWLEDGE_TIMEOUT for at in sent)

    def tick(self, now: float) -> None:
        """Mark the ends that were not acknowledged within `ACKNOWLEDGE_TIMEOUT` again."""
        while self._unacknowledged:
            entry = next(iter(self._unacknowledged.values()))
            if now < entry.sent + ACKNOWLEDGE_TIMEOUT:
                break
            self._repeat(entry)

    def deadline(self) -> float | None:
        """Return when `take` has something to hand out, or None: not before a change."""
        if not self._connected or self.refused is not None:
            return None
        if not self._greeted or self._requests:
            return float("-inf")
        if self._older is not None:
            return None
        if self._answers:
            return float("-inf")
        due = self._last_sent + HEARTBEAT_INTERVAL
        if self._dirty:
            due = min(due, self._last_announce + ANNOUNCE_SPACING)
        if self._moved or self._shares or self._lines or self._tells_work():
            due = min(due, self._last_counts + self._interval())
        if self._unacknowledged:
            due = min(due, next(iter(self._unacknowledged.values())).sent + ACKNOWLEDGE_TIMEOUT)
        output = self.output.deadline()
        return due if output is None else min(due, output)

    def _interval(self) -> float:
        return WATCHED if self.watched else UNWATCHED

    def take(self, now: float, most: int = STAGES_PER_MESSAGE, *, hurry: bool = False) -> list[Any]:
        """Return up to `most` messages to send at `now`, in order; in a `hurry` without intervals.

        What is taken counts as sent. If it is lost, the broker sees the gap in the sequence
        and asks for a resync.
        """
        if hurry and not self._leaving:
            self._leaving = True
            self._doubt_shares()
        messages: list[Any] = []
        while len(messages) < most:
            message = self._next(now, hurry)
            if message is None:
                break
            self._last_sent = now
            messages.append(message)
        return messages

    def _next(self, now: float, hurry: bool) -> Any:
        if not self._connected or self.refused is not None:
            return None
        if not self._greeted:
            self._greeted = True
            self._greeted_at = now
            return self._hello(now)
        if self._requests:
            return self._requests.pop(0)
        if self._older is not None:
            return None
        if self._answers:
            return self._answers.pop(0)
        if self._dirty:
            if not hurry and now < self._last_announce + ANNOUNCE_SPACING:
                return None  # counts of a stage must not come before the stage
            entry = next(iter(self._dirty.values()))
            if not entry.model.open and entry.model.id in self._work and self._tells_work():
                return self._work.pop(entry.model.id)  # it teaches no more once it has ended
            message = self._announce(entry, now)
            if not entry.changed:
                entry.changed = {}  # an emptied one would keep its memory
                del self._dirty[entry.model.id]
                if not entry.model.open:
                    entry.sent = now
                    self._unacknowledged[entry.model.id] = entry
            if not self._dirty:
                self._last_announce = now
            return message
        if hurry or now >= self._last_counts + self._interval():
            message = self._counts(now) or self._log() or self._next_work(now)
            if message is not None:
                return message
            self._last_counts = max(self._last_counts, now - self._interval())
        output = self.output.take(now)
        if output is not None:
            return output
        if now >= self._last_sent + HEARTBEAT_INTERVAL:
            return Beat(self.sequence, now)
        return None

    def _hello(self, now: float) -> Hello:
        major = MAJOR if self._older is None else self._older
        return Hello(MAGIC, major, MINOR, self.session, "worker", now, self.about, self.sequence)

    def take_overflow(self, now: float, room: int = ENDS_LIMIT) -> list[Any]:
        """Remove and return the messages of a spool file if too many ends wait for a broker.

        As of `take_final_states`, with `ENDS_PER_FILE` ends at most; empty while no more than
        `room` wait, or while the broker answers.
        """
        answered = room and self._connected and now < self._heard + SILENCE_LIMIT
        if answered or len(self._dirty) + len(self._unacknowledged) <= room:
            return []
        ended = [entry for entry in self.operations.values() if not entry.model.open]
        if len(ended) <= room:
            return []
        messages: list[Any] = [self._hello(now)]
        for entry in ended[:ENDS_PER_FILE]:
            self._drop(entry)
            messages += self._announces(entry.model, list(entry.model.stages.values()), now)
        return messages

    def forget(self) -> None:
        """Drop everything, and mark nothing from now on: nothing will be sent any more."""
        self.mute = self.forgot = True
        for marks in (self.operations, self._dirty, self._unacknowledged, self._moved):
            marks.clear()
        for more in (self._shares, self._told_shares, self._moved_with_details):
            more.clear()
        self._lines.clear()
        self._work.clear()
        self._answers.clear()
        self.output.forget()

    def _announce(self, entry: Entry, now: float) -> Announce:
        records = _records(list(entry.changed.values()))
        for record in records:
            del entry.changed[record[0]]
            self._moved.pop(record[0], None)
            self._moved_with_details.discard(record[0])
        if entry.model.pid is None:
            self._set_origin(entry.model)
        self.sequence += 1
        whole, entry.whole = entry.whole, False
        return Announce(self.sequence, now, whole, entry.model.record(), records)

    def _set_origin(self, operation: Operation) -> None:
        """Fill in host, pid, user and terminal of an operation, from the `Hello`."""
        operation.host = self.about.get("host")
        operation.pid = self.about.get("pid")
        operation.user = self.about.get("user")
        operation.tty = self.about.get("tty")

    def _counts(self, now: float) -> Any:
        if self._moved:
            counts: dict[int, Any] = {}
            room = MESSAGE_BYTES
            while self._moved and len(counts) < STAGES_PER_MESSAGE and room > 0:
                identity, stage = self._moved.popitem()
                if identity in self._moved_with_details:
                    self._moved_with_details.discard(identity)
                    counts[identity] = [stage.done, stage.total, stage.detail]
                    room -= 40 + 4 * len(stage.detail or "")
                else:
                    counts[identity] = stage.done
            self.sequence += 1
            if not self._moved:
                self._moved = {}  # an emptied one would keep its memory
                if not self._shares:
                    self._last_counts = now
            return Counts(self.sequence, now, counts)
        if self._shares:
            key, done = self._shares.popitem()
            self._told_shares[key] = done
            self.sequence += 1
            if not self._shares:
                self._last_counts = now
            return Share(
                self.sequence, now, key.operation, key.stage, done, key.attempt, self._leaving
            )
        return None

    def _tells_work(self) -> bool:
        """Return whether there are hidden counts, and the broker knows the message."""
        return bool(self._work) and self.welcome is not None and self.welcome.minor >= WORK_MINOR

    def _next_work(self, now: float) -> Work | None:
        if not self._tells_work():
            return None
        self._last_counts = now
        return self._work.pop(next(iter(self._work)))

    def _log(self) -> Log | None:
        if not self._lines:
            return None
        first = self._lines[0]
        room = MESSAGE_BYTES
        lines: list[str] = []
        for printed in self._lines:
            room -= 4 * len(printed.line)
            apart = (printed.operation, printed.stage) != (first.operation, first.stage)
            if apart or len(lines) >= 200 or room < 0:
                break
            lines.append(printed.line)
        del self._lines[: len(lines)]
        return Log(first.operation, first.stage, lines)

    # The end.

    def bye(self, now: float) -> Bye:
        """Return the last message of the session."""
        return Bye(self.sequence, now)

    def owed(self, now: float) -> list[Any]:
        """Return the messages of a spool file: those that a broker has not acknowledged.

        A session of its own: a `Hello`, whole `Announce`s of what has ended, the shares, a
        `Bye`. Empty where everything is acknowledged. Nothing counts as sent.
        """
        messages: list[Any] = []
        for entry in self._kept():
            if not entry.model.open:
                messages += self._announces(entry.model, list(entry.model.stages.values()), now)
        for key, done in {**self._told_shares, **self._shares}.items():
            where = (key.operation, key.stage, done, key.attempt)
            messages.append(Share(self.sequence, now, *where, True))
        return [self._hello(now), *messages, self.bye(now)] if messages else []

    def born(self, now: float) -> list[Any]:
        """Return the messages of a birth file: all that no broker has acknowledged, open or ended.

        As of `owed`, but without a `Bye`. Of operations with many stages only what is needed to
        tell of their death.
        """
        messages: list[Any] = []
        for entry in list(self.operations.values()):
            stages = list(entry.model.stages.values())
            if entry.model.open:
                stages = stages[:STAGES_IN_BIRTHS]
            messages += self._announces(entry.model, stages, now)
        return [self._hello(now), *messages] if messages else []

    def _announces(self, model: Operation, stages: list[Stage], now: float) -> list[Announce]:
        """Return whole announcements for a file: nothing of them counts as sent."""
        if model.pid is None:
            self._set_origin(model)
        messages: list[Announce] = []
        while stages or not messages:
            records = _records(stages)
            whole = not messages
            messages.append(Announce(self.sequence, now, whole, model.record(), records))
            stages = stages[len(records) :]
        return messages


def _records(stages: list[Stage]) -> list[list[Any]]:
    """Return the records of as many of the stages, the first ones, as have room in a message."""
    records: list[list[Any]] = []
    room = MESSAGE_BYTES
    for stage in stages:
        room -= _size(stage)
        if records and (room < 0 or len(records) >= STAGES_PER_MESSAGE):
            break
        records.append(stage.record())
    return records


def _size(stage: Stage) -> int:
    texts = (stage.name, stage.unit, stage.reason, stage.error, stage.detail)
    return 150 + sum(4 * len(text) for text in texts if text)
