"""Quotas: what one process may have in the broker's memory, whatever it sends; pure.

A process has a quota for all its sessions. What is beyond it is left out and counted: texts first,
then new stages. Its operations and their ends stay: refused as a whole, an end would be lost. Bytes
are estimates, by what the objects of CPython take: a bound for memory, no account of it.
"""

from __future__ import annotations

from typing import Any, Iterable

from headway.model import Operation, Stage
from headway.records import OPERATION_FIELDS, STAGE_FIELDS
from headway_broker.state.sessions import Session

# Open operations of one process and their stages: what every snapshot and the next broker have to
# carry. At these limits `headway ps` takes about a second; doubled, twice that.
OPEN_LIMIT = 2_000
STAGES_LIMIT = 20_000
# Bytes of all operations of one process, ended ones included. An open operation of 20,000 stages
# with short texts has 10 MB; halved, a process that ends hundreds of long ones loses them from `ps`
# early.
BYTES_LIMIT = 32 << 20
# From here on its oldest ended operations are forgotten, before anything of new ones is left out.
BYTES_KEPT = BYTES_LIMIT * 3 // 4
SHARES_LIMIT = 100_000  # shares of one process in all stages

# Seconds between two times that a process of which something was left out is asked for everything,
# once it has room again. Doubled, it is that much longer until all of it is shown; halved, one that
# counts in an operation that was refused tells all that it has in vain twice as often.
ASK_EVERY = 60.0
FRAME_BYTES = 2 << 20  # of texts in a frame of 1 MiB, by our count of them

STAGE_BYTES = 400  # of a stage without its texts
OPERATION_BYTES = 1_500
LABEL_BYTES = 200  # of a label without its texts
SHORT = 200  # characters that are left of an operation's text

_STAGE_TEXTS = tuple(STAGE_FIELDS.index(field) for field in ("reason", "error", "detail"))
_STAGE_ID = STAGE_FIELDS.index("id")
_TEXTS = tuple(OPERATION_FIELDS.index(field) for field in ("reason", "error", "message"))


class Quota:
    """What a process has: open operations, their stages, bytes of all, and shares in any.

    `exceeded` says that operations or stages of it were left out. `process` is what it is found by.
    """

    __slots__ = ("_ask_at", "bytes", "exceeded", "opened", "process", "shares", "stages")

    def __init__(self, process: object = None) -> None:
        self.opened = self.stages = self.bytes = self.shares = 0
        self.exceeded = False
        self.process = process
        self._ask_at = float("-inf")

    @property
    def full(self) -> bool:
        """Return whether no more bytes may be kept."""
        return self.bytes >= BYTES_LIMIT

    def is_asked_in_vain(self, now: float) -> bool:
        """Return whether to ask it for everything is in vain: of what was left out it counts on.

        Where it has room again it is asked now, and not again for `ASK_EVERY` seconds.
        """
        if not self.exceeded:
            return False
        roomy = self.opened <= OPEN_LIMIT // 2 and self.stages <= STAGES_LIMIT // 2
        if not roomy or self.bytes > BYTES_KEPT or now < self._ask_at:
            return True
        self._ask_at = now + ASK_EVERY
        return False

    def trim(
        self, known: Iterable[int], stages: list[list[Any]], room: int, *, still_open: bool
    ) -> int:
        """Remove the new ones of these stage records for which there is no room; return how many.

        `known` are the ids of the operation's stages, `room` what others leave of all limits.
        """
        room = min(room, (BYTES_LIMIT - self.bytes) // STAGE_BYTES)
        if still_open:
            room = min(room, STAGES_LIMIT - self.stages)
        room = max(0, room)
        if len(stages) <= room:
            return 0
        had = frozenset(known)
        kept: list[list[Any]] = []
        for stage in stages:
            if stage[_STAGE_ID] not in had:
                if not room:
                    continue
                room -= 1
            kept.append(stage)
        left_out = len(stages) - len(kept)
        self.exceeded = self.exceeded or left_out > 0
        stages[:] = kept
        return left_out

    def shorten(self, record: list[Any], stages: list[list[Any]]) -> int:
        """Remove what there is no room for of the texts of these records; return of how many."""
        if self.bytes <= BYTES_LIMIT - FRAME_BYTES:  # whatever is in a message
            return 0
        texts = sum(_texts_of(stage, _STAGE_TEXTS) for stage in stages)
        if self.bytes + texts + _texts_of(record, _TEXTS) <= BYTES_LIMIT:
            return 0
        shortened = 0
        for stage in stages:
            if any(stage[position] for position in _STAGE_TEXTS):
                shortened += 1
                for position in _STAGE_TEXTS:
                    stage[position] = None
        for position in _TEXTS:
            text = record[position]
            if text is not None and len(text) > SHORT:
                shortened += 1
                record[position] = text[:SHORT]
        return shortened


class Quotas:
    """The quotas of all processes, by uid and pid; a session of an unknown pid has its own."""

    def __init__(self) -> None:
        self.of_process: dict[object, Quota] = {}
        self.sharers: dict[str, Quota] = {}  # of forked children, by session id
        self.heavy: dict[Quota, None] = {}  # those beyond `BYTES_KEPT`

    def of(self, session: Session) -> Quota:
        """Return the quota of the process of a session."""
        process = process_of(session)
        found = self.of_process.get(process)
        if found is None:
            found = self.of_process[process] = Quota(process)
        return found

    def follow(self, session: Session, quota: Quota) -> Quota:
        """Return the quota of a session that has had `quota`, whose process may be known since.

        A session of the spool has no process until its birth file, or it, is heard of. If the
        process has a quota already, that takes over what was the session's own.
        """
        process = process_of(session)
        if quota.process == process:
            return quota
        found = self.of_process.get(process)
        if quota.process != session.id and found is not None:
            return quota  # other sessions of the earlier process are in it
        self._remove(quota)
        if found is None:
            quota.process = process
            self.of_process[process] = quota
            return quota
        found.opened += quota.opened
        found.stages += quota.stages
        found.exceeded = found.exceeded or quota.exceeded
        size, quota.opened, quota.stages = quota.bytes, 0, 0
        self.charge(quota, -size)
        self.charge(found, size)
        return found

    def release(self, quota: Quota) -> None:
        """Forget the quota of a process that has nothing."""
        if not (quota.opened or quota.bytes or quota.shares):
            self._remove(quota)

    def _remove(self, quota: Quota) -> None:
        if self.of_process.get(quota.process) is quota:
            del self.of_process[quota.process]

    def charge(self, quota: Quota, size: int) -> None:
        """Add `size` bytes, or remove them where it is negative."""
        quota.bytes += size
        if quota.bytes > BYTES_KEPT:
            self.heavy[quota] = None
        elif self.heavy:
            self.heavy.pop(quota, None)

    def has_room_for_share(self, writer: Session) -> bool:
        """Return whether the process of a forked child may count in one more stage."""
        found = self.of_process.get(process_of(writer))
        return found is None or found.shares < SHARES_LIMIT

    def shared(self, writer: Session) -> None:
        """Note a new share of a forked child."""
        known = self.sharers.get(writer.id)
        if known is None:
            known = self.sharers[writer.id] = self.of(writer)
        known.shares += 1

    def unshared(self, writers: Iterable[str]) -> None:
        """Note that these shares are gone, by the sessions of their writers."""
        for writer in writers:
            quota = self.sharers.get(writer)
            if quota is None:
                continue  # of the history
            quota.shares = max(0, quota.shares - 1)
            if not quota.shares:
                del self.sharers[writer]
                self.release(quota)


def process_of(session: Session) -> object:
    """Return what stands for the process of a session."""
    return (session.uid, session.pid) if session.pid else session.id


def text_bytes(text: str | None) -> int:
    """Return about how many bytes a text takes; of one that is not all ASCII, at most."""
    if text is None:
        return 0
    return len(text) if text.isascii() else 4 * len(text)


def stage_text_bytes(stage: Stage) -> int:
    """Return about how many bytes the texts of a stage take."""
    if stage.detail is None and stage.reason is None and stage.error is None:
        return 0
    return text_bytes(stage.detail) + text_bytes(stage.reason) + text_bytes(stage.error)


def operation_text_bytes(operation: Operation) -> int:
    """Return about how many bytes the texts of an operation take, without its output."""
    texts = (operation.reason, operation.error, operation.message)
    size = sum(map(text_bytes, texts))
    for key, words in (operation.labels or {}).items():
        size += LABEL_BYTES + text_bytes(key) + text_bytes(words)
    return size


def whole_bytes(operation: Operation) -> int:
    """Return about how many bytes a whole operation takes."""
    size = OPERATION_BYTES + operation_text_bytes(operation)
    size += sum(map(text_bytes, operation.tail))
    size += STAGE_BYTES * len(operation.stages)
    return size + sum(map(stage_text_bytes, operation.stages.values()))


def _texts_of(record: list[Any], positions: tuple[int, ...]) -> int:
    return sum(text_bytes(record[position]) for position in positions)
