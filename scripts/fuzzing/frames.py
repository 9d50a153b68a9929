"""Generate frames: valid ones, malformed ones, and mutations of valid ones. Seeded."""

from __future__ import annotations

import random
from typing import Any

from headway.model import Operation, Stage
from headway.protocol import messages
from headway.protocol.limits import STAGES_LIMIT
from headway.protocol.wire import encode, pack

WORDS = ("", "Download", "\x1b[31m", "\u202e", "\ud800", "a" * 5000, "\0", "running", "crashed")
DEEP = 0.05  # how often stages are nested deeply
FIRST = 100  # id of the outermost of those stages
NUMBERS = (
    0, 1, -1, 2**53, 2**63, 2**64 - 1, -(2**63), 1e308, -1e308, 0.5,
    float("nan"), float("inf"), float("-inf"),
)  # fmt: skip


def valid_message(rng: random.Random, sessions: int = 4) -> Any:
    """Return a message that a peer may send, about one of a few sessions and operations."""
    session = f"{rng.randrange(sessions):016d}"
    operation = Operation(f"op{rng.randrange(6):010d}", rng.choice(WORDS[:2]))
    operation.revision = rng.randrange(50)
    operation.state = rng.choice(("running", "waiting", "completed", "failed", "cancelled"))
    operation.started = rng.random() * 100
    stages = stage_tree(rng)
    number, now = rng.randrange(100), rng.random() * 100
    counts = {rng.randrange(30): rng.choice((5, 2.5, [7, 20, "x"])) for _ in range(3)}
    role = rng.choice(("worker", "viewer"))
    verb = rng.choice(("cancel", "claim", "draw", "drawn", "status", "retire", "what"))
    arguments = {
        "operation": operation.id, "key": "k", "tty": "pts/1", "operations": [operation.id],
        "reason": None, "kill": False, "major": 1, "minor": 0,
    }  # fmt: skip
    choices: tuple[Any, ...] = (
        messages.Hello("headway", 1, 0, session, role, now, {"pid": 1, "boot": "b"}),
        messages.Announce(
            number, now, rng.random() < 0.5, operation.record(), [one.record() for one in stages]
        ),
        messages.Counts(number, now, counts),
        messages.Share(number, now, operation.id, rng.randrange(30), 5),
        messages.Log(operation.id, None, ["a line"]),
        messages.Work(operation.id, now, rng.choice((None, 2.5)), 4096, None, [7, 8]),
        messages.Beat(number, now),
        messages.Bye(number, now),
        messages.Answer(1, "accepted", None),
        messages.Request(number, verb, arguments),
    )
    return rng.choice(choices)


def stage_tree(rng: random.Random) -> list[Stage]:
    """Return stages: nested, in a cycle, without their parent, or as many as are allowed."""
    if rng.random() < DEEP:
        numbers = range(FIRST, FIRST + rng.choice((40, STAGES_LIMIT)))
        stages = [Stage(number, "Level", number - 1) for number in numbers]
        stages[0].parent = rng.choice((None, None, None, FIRST, numbers[-1], 0))
        state = rng.choice(("running", "waiting", "completed", "failed"))
        for stage in stages:
            stage.state = state
    else:
        stages = [Stage(rng.randrange(30), "Stage", total=10) for _ in range(rng.randrange(4))]
        for stage in stages:
            stage.parent = rng.choice((None, stage.id, rng.randrange(30), FIRST + 40))
            stage.state = rng.choice(("pending", "running", "waiting", "completed", "failed"))
    return stages


def malformed(rng: random.Random) -> bytes:
    """Return a message with values that are wrong, of another type, or nested deeply."""
    fields = [*messages.INBOUND, None].index(None)
    message = valid_message(rng)
    values: list[Any] = [messages.INBOUND.index(type(message)), *message]
    for _ in range(rng.randint(1, 3)):
        place: Any = values
        while True:
            position = rng.randrange(len(place))
            inside = place[position]
            if isinstance(inside, list) and inside and rng.random() < 0.7:
                place = inside
                continue
            place[position] = _wrong_value(rng, fields)
            break
    if rng.random() < 0.1:
        del values[rng.randrange(len(values)) :]
    try:
        return pack(values)
    except (ValueError, OverflowError, UnicodeEncodeError, RecursionError):
        return pack([rng.randrange(fields)])


def _wrong_value(rng: random.Random, fields: int) -> Any:
    kind = rng.randrange(8)
    if kind == 0:
        return rng.choice(WORDS).encode("utf-8", "replace")
    if kind == 1:
        return rng.choice(WORDS).replace("\ud800", "\ufffd")
    if kind in (2, 3):
        return rng.choice(NUMBERS)
    if kind == 4:
        return {rng.choice((1, "a", None, 2.5, b"b", True)): rng.choice(NUMBERS)}
    if kind == 5:
        return [rng.choice(NUMBERS)] * rng.choice((0, 1, 20, 5000))
    if kind == 6:
        nested: Any = None
        for _ in range(rng.choice((2, 100, 500))):
            nested = [nested]
        return nested
    return rng.choice((None, True, False, fields))


def mutate(frame: bytes, rng: random.Random) -> bytes:
    """Return `frame` with bytes changed, removed, repeated or inserted."""
    data = bytearray(frame)
    for _ in range(rng.choice((1, 1, 2, 8))):
        place = rng.randrange(len(data) + 1)
        what = rng.randrange(6)
        if what == 0 and data:
            data[place % len(data)] = rng.randrange(256)
        elif what == 1:
            del data[place:]
        elif what == 2:
            data[place:place] = bytes(rng.choices(range(256), k=rng.choice((1, 4, 100))))
        elif what == 3:
            data += data[: rng.randrange(200)]
        elif what == 4 and data:
            data[place % len(data)] ^= 1 << rng.randrange(8)
        else:
            data[place : place + 4] = rng.choice(
                (
                    b"\xc1",
                    b"\xdd\xff\xff\xff\xff",
                    b"\xc7\x01\x05",
                    b"\xdf\x00\xff\xff\xff",
                    b"\xc9",
                )
            )
    return bytes(data)


def generate(rng: random.Random) -> bytes:
    """Return the next frame: sometimes a valid one, so that there is state to corrupt."""
    kind = rng.random()
    if kind < 0.15:
        return encode(valid_message(rng))
    if kind < 0.5:
        return malformed(rng)
    return mutate(encode(valid_message(rng)), rng)
