"""The requests to JetStream and its answers: streams, consumers, deliveries, acknowledgements.

Pure. What a Debian server of version 2.9 has, and no more. The client library builds such requests
too, in ways that change from version to version; permissions are given by these subjects. Absent:
the connection.
"""

from __future__ import annotations

import json
from typing import Any, NamedTuple

STREAM = "HEADWAY"
MAX_AGE = 24 * 3600.0  # seconds for which the last state of an operation is kept
MAX_BYTES = 256 << 20  # of the stream: the states of some 200,000 operations
DUPLICATES = 120  # seconds, the server's own default, in which it looks for duplicates
IDLE_HEARTBEAT = 5.0  # seconds between signs of a consumer that has nothing to deliver
INACTIVE = 30.0  # seconds after which the server drops the consumer of a viewer that is gone
ACKNOWLEDGED = "$JS.ACK"
_API = "$JS.API."
_FULL = (
    10047,
    10077,
    10122,
    10023,
)  # no storage, maximum bytes or messages, insufficient resources
_NO_STREAM = 10059
_PER_SUBJECT_LEAST_AGE = 60.0


class ServerError(Exception):
    """JetStream has refused a request; the text is its own."""

    def __init__(self, words: str, code: int = 0) -> None:
        super().__init__(words)
        self.code = code

    @property
    def is_missing(self) -> bool:
        """Return whether there is no such stream."""
        return self.code == _NO_STREAM

    @property
    def is_full(self) -> bool:
        """Return whether the stream, or the storage of the server, has no room."""
        return self.code in _FULL


class Delivery(NamedTuple):
    """Where a message stands in a consumer and its stream; `stored` is the server's Unix time."""

    number: int  # counted by the consumer, from 1
    stored: float
    pending: int  # messages that the consumer has still to deliver


class Consumer(NamedTuple):
    """A consumer: how much it has to deliver, and when (the server's Unix time) it was made."""

    pending: int
    created: float


def in_domain(subject: str, domain: str | None) -> str:
    """Return the subject of a request as a leaf node of that domain's hub takes it."""
    if domain is None or not subject.startswith(_API):
        return subject
    return f"$JS.{domain}.API.{subject[len(_API) :]}"


def stream_info_subject() -> str:
    """Return where the settings of the stream are asked for."""
    return f"$JS.API.STREAM.INFO.{STREAM}"


def create_stream(prefix: str) -> tuple[str, bytes]:
    """Return the request that makes the stream; `prefix` is the first token of its subjects."""
    settings = {
        "name": STREAM,
        "subjects": [f"{prefix}.>"],
        "retention": "limits",
        "max_consumers": -1,
        "max_msgs": -1,
        "max_bytes": MAX_BYTES,
        "max_age": int(MAX_AGE * 1e9),
        "max_msgs_per_subject": 1,
        "max_msg_size": -1,
        "discard": "old",
        "storage": "file",
        "num_replicas": 1,
        "duplicate_window": int(DUPLICATES * 1e9),
    }
    return f"$JS.API.STREAM.CREATE.{STREAM}", json.dumps(settings).encode()


def create_consumer(name: str, subject: str, inbox: str) -> tuple[str, bytes]:
    """Return the request for an ordered consumer: the last message of each subject, then all."""
    settings = {
        "stream_name": STREAM,
        "config": {
            "name": name,
            "deliver_policy": "last_per_subject",
            "deliver_subject": inbox,
            "filter_subject": subject,
            "ack_policy": "none",
            "max_deliver": 1,
            "replay_policy": "instant",
            "flow_control": True,
            "idle_heartbeat": int(IDLE_HEARTBEAT * 1e9),
            "inactive_threshold": int(INACTIVE * 1e9),
            "num_replicas": 1,
            "mem_storage": True,
        },
    }
    return f"$JS.API.CONSUMER.CREATE.{STREAM}.{name}.{subject}", json.dumps(settings).encode()


def delete_consumer_subject(name: str) -> str:
    """Return where the end of a consumer is asked for."""
    return f"$JS.API.CONSUMER.DELETE.{STREAM}.{name}"


def answer(data: bytes) -> dict[str, Any]:
    """Return an answer of JetStream. Raise `ServerError`."""
    try:
        found = json.loads(data)
    except ValueError:
        raise ServerError("its answer is not JSON") from None
    if not isinstance(found, dict):
        raise ServerError("its answer is no JSON object")
    error = found.get("error")
    if isinstance(error, dict):
        code = error.get("err_code")
        words = error.get("description") or "without a word"
        raise ServerError(str(words)[:200], code if isinstance(code, int) else 0)
    return found


def consumer_of(found: dict[str, Any]) -> Consumer:
    """Return the consumer that an answer tells of. Raise `ServerError`."""
    pending = found.get("num_pending", 0)
    return Consumer(pending if isinstance(pending, int) else 0, unix_time(found.get("created")))


def delivery_of(reply: str) -> Delivery | None:
    """Return what the reply subject of a delivered message tells, or None."""
    parts = reply.split(".")
    if parts[:2] != ["$JS", "ACK"] or len(parts) < 9:
        return None
    # $JS.ACK.[domain.account.]stream.consumer.tries.sequence.number.stored.pending[.token]
    at = 2 if len(parts) == 9 else 4
    try:
        return Delivery(int(parts[at + 4]), int(parts[at + 5]) / 1e9, int(parts[at + 6]))
    except (ValueError, IndexError):
        return None


def unix_time(words: Any) -> float:
    """Return the Unix time of a time as servers write it. Raise `ServerError`."""
    try:
        date, _, rest = str(words).partition("T")
        clock, _, offset = rest.replace("Z", "+00:00").replace("-", "+-").partition("+")
        year, month, day = map(int, date.split("-"))
        hours, minutes, seconds = clock.split(":")
        sign = -1 if offset.startswith("-") else 1
        ahead_hours, _, ahead_minutes = offset.lstrip("-").partition(":")
        ahead = sign * (int(ahead_hours or 0) * 3600 + int(ahead_minutes or 0) * 60)
        of_day = int(hours) * 3600 + int(minutes) * 60 + float(seconds)
        return _days(year, month, day) * 86400.0 + of_day - ahead
    except (ValueError, TypeError):
        raise ServerError("it tells no time") from None


def unsuitable(found: dict[str, Any], prefix: str) -> str | None:
    """Return why nothing can be published to a stream with these settings, or None."""
    config = _settings(found)
    wanted = f"{prefix}.>"
    subjects = config.get("subjects") or []
    if not any(subject in (wanted, ">") for subject in subjects):
        return (
            f"its stream {STREAM} takes the subjects {', '.join(map(str, subjects))[:100]},"
            f" not {wanted}: give it that subject"
        )
    if config.get("no_ack"):
        return f"its stream {STREAM} acknowledges nothing: make it anew without no_ack"
    if config.get("sealed"):
        return f"its stream {STREAM} is sealed: make it anew"
    return None


def doubtful(found: dict[str, Any]) -> str | None:
    """Return what is not well in the settings of a stream that works all the same, or None."""
    config = _settings(found)
    each = config.get("max_msgs_per_subject")
    if each != 1:
        return (
            f"its stream {STREAM} keeps {'all' if not each or each < 0 else each} messages of each"
            " subject, where 1 would do: set max_msgs_per_subject to 1"
        )
    age = max_age(found)
    if age is not None and age < _PER_SUBJECT_LEAST_AGE:
        return f"its stream {STREAM} forgets after {age:g} s: set max_age to hours"
    return None


def max_age(found: dict[str, Any]) -> float | None:
    """Return for how many seconds a stream keeps a message, or None: for ever, or unknown."""
    age = _settings(found).get("max_age")
    return age / 1e9 if isinstance(age, (int, float)) and age > 0 else None


def _settings(found: dict[str, Any]) -> dict[str, Any]:
    config = found.get("config")
    return config if isinstance(config, dict) else {}


def _days(year: int, month: int, day: int) -> int:
    """Return the days since 1970 of a day of the Gregorian calendar."""
    year -= month <= 2
    month = (month + 9) % 12
    return (
        365 * year + year // 4 - year // 100 + year // 400 + (month * 306 + 5) // 10 + day - 719469
    )
