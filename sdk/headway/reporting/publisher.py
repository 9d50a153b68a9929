"""What a worker sends to its broker, and when: heartbeats, resync, batching. Pure.

Handles mark what changed (`marks`); the reporting thread passes in what it received (`session`)
and takes the messages to send.
"""

from __future__ import annotations

from _operator import itemgetter  # `operator` is 20 times as long to import

from headway.protocol.limits import LINES_LIMIT, MESSAGE_BYTES, SPOOL_FILE_BYTES, STAGES_LIMIT
from headway.protocol.messages import (
    MAGIC,
    MAJOR,
    MINOR,
    Announce,
    Beat,
    Bye,
    Counts,
    Hello,
    Log,
    Output,
    Share,
    Work,
)
from headway.protocol.vocabulary import are_own
from headway.records import OPERATION_FIELDS, STAGE_FIELDS, stage_records
from headway.reporting.session import ACKNOWLEDGE_TIMEOUT, Session
from headway.states import FAILED

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from headway.model import Operation, Stage
    from headway.reporting.marks import Entry

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
MESSAGES_AT_ONCE = 1_000  # that `take` returns: a call for each would cost more
COUNTS_PER_MESSAGE = 1_000  # a quarter of COUNTS_LIMIT: what is folded under the lock at once
# Ended operations that wait in memory for a broker at most. Where there are more, and no message
# of a broker has come for SILENCE_LIMIT seconds, they go into spool files of ENDS_PER_FILE.
ENDS_LIMIT = 1_000
SILENCE_LIMIT = 2.0
ENDS_PER_FILE = 5_000
STAGES_IN_BIRTHS = 100  # of an open operation, in a birth file
# What an exit sends at most where its file tells all of it: stages, an operation being as much work
# as `OPERATION_COST` of them. They take 20 ms. Doubled, an exit computes that much more; halved, of
# more programs what has ended is known only once the broker hears of their death, and reads it.
EXIT_COST = 4_000
OPERATION_COST = 8
# Stages of an operation in a file: as many as a broker takes of it, `headway_broker.state.ledger`.
STAGES_IN_FILES = 20_000
WORK_MINOR = 1  # the first minor version whose brokers know `Work`
_REVISION = OPERATION_FIELDS.index("revision")
_name = itemgetter(STAGE_FIELDS.index("name"))
_texts = itemgetter(*(STAGE_FIELDS.index(field) for field in ("unit", "reason", "error", "detail")))
_WITHOUT_TEXTS = {(None, None, None, None)}


class Publisher(Session):
    """The session of a process, and the messages that are to be sent in it.

    `about` is the map of the `Hello`; it is filled in before the first `take`. Not thread-safe:
    its owner locks.
    """

    def __init__(self, session: str, *, mute: bool = False) -> None:
        super().__init__(session, mute=mute)
        self.forgot = False  # what was not acknowledged then is in the spool, or lost
        self.about: dict[str, Any] = {}
        self.sequence = 0
        self._leaving = False  # what is told from here on is the last of it
        self._last_counts = self._last_sent = float("-inf")

    def unpacked(self, message: Any) -> None:
        """`message`, which was taken, cannot be sent: tell what it is of no more, but count it."""
        self.about["unpacked"] = self.about.get("unpacked", 0) + 1
        if type(message) is Announce and message.operation[0] in self.operations:
            self._drop(self.operations[message.operation[0]])

    def forget(self) -> None:
        """Drop everything, and mark nothing from now on: nothing will be sent any more."""
        self.mute = self.forgot = True
        self._clear()
        self._answers.clear()
        self.output.forget()

    def keep_known(self) -> None:
        """Mark what becomes of the operations that are known, for the spool, and nothing else."""
        self.mute = True
        self._clear_details()
        self._answers.clear()
        self.output.forget()

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

    def take(self, now: float, most: int = MESSAGES_AT_ONCE, *, hurry: bool = False) -> list[Any]:
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
        return Announce(self.sequence, now, whole, self._record(entry), records)

    def _record(self, entry: Entry) -> list[Any]:
        """Return the record to announce an operation with, some of its stages being told.

        An end that takes several messages has its revision in the last of them alone: a broker
        that has stored the others acknowledges an earlier one, which proves nothing.
        """
        model = entry.model
        more = bool(entry.changed) and not model.open
        if more and not entry.parted:
            model.revision += 1
        entry.parted = more
        record = model.record()
        if more:
            record[_REVISION] -= 1
        return record

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
            while self._moved and len(counts) < COUNTS_PER_MESSAGE and room > 0:
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
            if apart or len(lines) >= LINES_LIMIT or room < 0:
                break
            lines.append(printed.line)
        del self._lines[: len(lines)]
        return Log(first.operation, first.stage, lines)

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

    def is_left_to_file(self) -> bool:
        """Return whether an exit is to send no more, if a file tells all that it owes.

        Where much is unsent, all of it would be packed for the second time. It is sent where it has
        the text of a failure that no file has.
        """
        unsent = list(self._dirty.values())
        cost = OPERATION_COST * len(unsent) + sum(len(entry.changed) for entry in unsent)
        return cost > EXIT_COST and not any(_has_text(entry.model) for entry in unsent)

    def bye(self, now: float) -> Bye:
        """Return the last message of the session."""
        return Bye(self.sequence, now)

    def spool_messages(self, now: float, operation: str | None = None) -> list[Any]:
        """Return the messages of spool files: those that a broker has not acknowledged.

        A session of its own: a `Hello`, whole `Announce`s of what has ended, an `Output` of what
        failed without any, the shares, a `Bye`. Of one `operation` where that is given, without
        shares. Empty where everything is acknowledged. Nothing counts as sent.
        """
        messages: list[Any] = []
        ended: set[str] = set()
        for entry in self._kept() if operation is None else self._kept_of(operation):
            if not entry.model.open:
                messages += self._announces(entry.model, list(entry.model.stages.values()), now)
                ended.add(entry.model.id)
        silent = ended.intersection(self.output.without_output())
        messages += [Output(one, 0, b"", 0, True) for one in sorted(silent)]
        if operation is None:
            messages += self.last_shares(now)
        return [self._hello(now), *messages, self.bye(now)] if messages else []

    def last_shares(self, now: float) -> list[Share]:
        """Return what this process has counted in stages of others and nobody has acknowledged."""
        return [
            Share(self.sequence, now, key.operation, key.stage, done, key.attempt, True)
            for key, done in {**self._told_shares, **self._shares}.items()
        ]

    def announces(self, model: Operation, now: float, most: int) -> list[Announce]:
        """Return the announcements of an operation for a file; of an open one `most` stages."""
        stages = list(model.stages.values())
        return self._announces(model, stages[:most] if model.open else stages, now)

    def hello(self, now: float) -> Hello:
        """Return the first message of a file."""
        return self._hello(now)

    def birth_messages(self, now: float) -> list[Any]:
        """Return the messages of a birth file: all that no broker has acknowledged, open or ended.

        As of `spool_messages`, but without a `Bye`. Of operations with many stages only what is
        needed to tell of their death.
        """
        messages: list[Any] = []
        for entry in list(self.operations.values()):
            messages += self.announces(entry.model, now, STAGES_IN_BIRTHS)
        return [self._hello(now), *messages] if messages else []

    def _announces(self, model: Operation, stages: list[Stage], now: float) -> list[Announce]:
        """Return whole announcements for a file: nothing of them counts as sent.

        With no more stages than a broker takes, and no more bytes than one file has room for: the
        end is in the first of them.
        """
        if model.pid is None:
            self._set_origin(model)
        messages: list[Announce] = []
        stages = stages[:STAGES_IN_FILES]
        place = 0
        room = SPOOL_FILE_BYTES
        while not messages or (place < len(stages) and room > MESSAGE_BYTES):
            records, size = _filled(stages[place : place + STAGES_LIMIT])
            whole = not messages
            messages.append(Announce(self.sequence, now, whole, model.record(), records))
            place += len(records)
            room -= size
        return messages


def _has_text(operation: Operation) -> bool:
    """Return whether an operation has failed by an error that no file tells."""
    error = operation.error
    return operation.state == FAILED and error is not None and not are_own(error)


def _records(stages: list[Stage]) -> list[list[Any]]:
    """Return the records of as many of the stages, the first ones, as have room in a message."""
    return _filled(stages)[0]


def _filled(stages: list[Stage]) -> tuple[list[list[Any]], int]:
    """Return what `_records` does, and about how many bytes that takes."""
    records = stage_records(stages[:STAGES_LIMIT])
    taken = _size(records)
    if taken <= MESSAGE_BYTES:  # mostly: an exit spools thousands
        return records, taken
    taken = 0
    for number, record in enumerate(records):
        size = _size([record])
        if number and taken + size > MESSAGE_BYTES:
            return records[:number], taken
        taken += size
    return records, taken


def _size(records: list[list[Any]]) -> int:
    """Return the bytes that records of stages take at most."""
    size = 150 * len(records) + 4 * sum(map(len, map(_name, records)))
    if set(map(_texts, records)) - _WITHOUT_TEXTS:  # most have none
        size += sum(4 * len(text) for record in records for text in _texts(record) if text)
    return size
