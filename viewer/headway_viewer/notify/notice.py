"""A notice: what a notification says, how urgent it is, and how long it stays.

Pure. `body` has the line that says why, which may be of a command's output: `public_body` has none
of it, for channels that leave the machine.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from headway.estimate import usually
from headway.formatting.duration import duration
from headway.formatting.outcome import (
    broken_stage_name,
    display_name,
    elapsed_text,
    lasted_text,
    outcome_text,
)
from headway.model import Operation
from headway.states import CANCELLED, COMPLETED, CRASHED, FAILED, UNJUDGED
from headway_viewer.picture.board import end_word

QUESTION, STALLED, SLOW, JOINED = "question", "stalled", "slow", "joined"
BAD = (FAILED, CRASHED)

LOW, NORMAL, CRITICAL = "low", "normal", "critical"
# Seconds that a notification stays: a failure is to be met by somebody who comes back from a
# coffee, a success is not to be in anybody's way.
SHOWN = {LOW: 10, NORMAL: 30, CRITICAL: 60}

# Words of the line that says why. Of the last lines of a tool the very last is often "see the log".
_WHY = re.compile(
    r"\b(error|fatal|failed|failure|cannot|can't|could not|denied|refused|not found|no such"
    r"|undefined|unable|invalid|exception|panic|abort(ed)?|killed|timed out)\b|^E:|!\s",
    re.IGNORECASE,
)
_ONLY_STATUS = re.compile(
    r"^(exit(ed)?( with)?( status| code)?|status)\s*:?\s*-?\d+\.?$", re.IGNORECASE
)


class Notice(NamedTuple):
    """A notification; `key` is the same in every notifier that finds it.

    `event` is the state that the operation ended in, or QUESTION, STALLED, SLOW or JOINED. `took`
    is in seconds; `value` is the progress in per cent, where it is known and not over. `tty` and
    `pid` are those of the operation on `host`. `forced`: the operation asks to be told of.
    """

    key: str
    event: str
    title: str
    body: str
    public_body: str
    urgency: str = NORMAL
    operation: str = ""
    name: str = ""
    took: float | None = None
    exit_status: float | None = None
    value: int | None = None
    host: str | None = None
    tty: str | None = None
    pid: int | None = None
    forced: bool = False

    @property
    def shown(self) -> int:
        """Return the seconds that the notification stays."""
        return SHOWN[self.urgency]


def end_notice(operation: Operation) -> Notice:
    """Return the notice of the end of an operation."""
    where = _where(operation)
    bad = operation.state in BAD
    why = why_line(operation) if bad else ""
    body = f"{why}\n{where}" if why and where else why or _capital(where)
    if operation.state == COMPLETED and not operation.stopped:
        body = _capital(outcome_text(operation))
    return _notice(
        operation,
        f"end:{operation.id}:{operation.attempt}:{operation.state}",
        operation.state,
        f"{display_name(operation)} {end_word(operation)}",
        body,
        _capital(where),
        CRITICAL if bad else LOW,
    )


def question_notice(operation: Operation, question: str) -> Notice:
    """Return the notice that an operation waits for a person."""
    return _notice(
        operation,
        f"input:{operation.id}:{operation.attempt}:{question[:80]}",
        QUESTION,
        f"{display_name(operation)} needs you",
        f"It waits for {question}",
        f"It waits for {question.partition(':')[0]}",
        CRITICAL,
    )


def stalled_notice(operation: Operation, now: float) -> Notice:
    """Return the notice that the counts of an operation stand still."""
    since = now if operation.stalled_since is None else operation.stalled_since
    words = f"No progress for {duration(now - since)}"
    return _notice(
        operation,
        f"stalled:{operation.id}:{operation.attempt}",
        STALLED,
        f"{display_name(operation)} stands still",
        words,
        words,
        NORMAL,
    )


def slow_notice(operation: Operation, now: float) -> Notice:
    """Return the notice that an operation takes longer than it usually does."""
    words = f"{lasted_text(operation, now)} so far"
    once = operation.usual is not None and operation.usual[3] == 1
    than = "before" if once else "usual"
    if operation.usual is not None:
        words += f", {usually(duration(operation.usual[0]), operation.usual[3])}"
    return _notice(
        operation,
        f"slow:{operation.id}:{operation.attempt}",
        SLOW,
        f"{display_name(operation)} takes longer than {than}",
        _capital(words),
        _capital(words),
        LOW,
    )


def named_by_host(notice: Notice) -> Notice:
    """Return a notice whose title begins with the host: there are several."""
    if not notice.host or notice.event == JOINED:
        return notice
    return notice._replace(title=f"{notice.host}: {notice.title}")


def joined_notice(notices: list[Notice]) -> Notice:
    """Return one notice for several: "12 ended, 2 failed", and which ones failed."""
    bad = [notice for notice in notices if notice.event in BAD]
    ends = sum(notice.event in (*BAD, COMPLETED, CANCELLED, UNJUDGED) for notice in notices)
    parts = [f"{ends} ended"] if ends else []
    for state in BAD:
        count = sum(notice.event == state for notice in bad)
        if count:
            parts.append(f"{count} {state}")
    rest = len(notices) - ends
    if rest:
        parts.append(
            f"{rest} other{'s'[: rest > 1]}" if ends else f"{rest} stand still or are slow"
        )
    told = bad or notices
    lines = [notice.title for notice in told[:3]]
    if len(told) > len(lines):
        lines[-1] = f"{lines[-1]}, and {len(told) - len(lines)} more"
    body = "\n".join(lines)
    urgency = CRITICAL if bad else max((notice.urgency for notice in notices), key=_RANK.index)
    key = "joined:" + notices[0].key
    return Notice(key, JOINED, ", ".join(parts), body, body, urgency, "joined")


def why_line(operation: Operation) -> str:
    """Return the line that says why an operation broke; "" where nothing does.

    A line that only repeats the exit status is none.
    """
    said = [line.strip() for line in (operation.error or "").splitlines() if line.strip()]
    said = [line for line in said if not _ONLY_STATUS.match(line)]
    if said:
        return said[0]
    printed = [line.strip() for line in operation.tail if line.strip()]
    told = [line for line in printed if _WHY.search(line)] or printed
    told = [line for line in told if not _ONLY_STATUS.match(line)]
    return told[-1] if told else ""


_RANK = (LOW, NORMAL, CRITICAL)


def _where(operation: Operation) -> str:
    """Return "in Fetch, after 38 s, exit 1", of what ended badly or was stopped."""
    stage = broken_stage_name(operation) if operation.state in BAD else ""
    elapsed = elapsed_text(operation)
    status = operation.exit_status
    parts = [
        f"in {stage}" if stage else "",
        f"after {elapsed}" if elapsed else "",
        f"exit {status:g}" if status and operation.state in BAD else "",
    ]
    return ", ".join(part for part in parts if part)


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]


def _notice(
    operation: Operation,
    key: str,
    event: str,
    title: str,
    body: str,
    public_body: str,
    urgency: str,
) -> Notice:
    took = None
    if operation.started is not None and operation.ended is not None:
        took = operation.ended - operation.started
    known = operation.open and operation.progress is not None
    return Notice(
        key,
        event,
        title,
        body,
        public_body,
        urgency,
        operation.id,
        display_name(operation),
        took,
        operation.exit_status,
        int((operation.progress or 0.0) * 100) if known else None,
        operation.host,
        operation.tty,
        operation.pid,
        operation.notify is True,
    )
