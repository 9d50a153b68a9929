"""Frames that peers send, and what becomes of them when somebody means harm. Seeded."""

from __future__ import annotations

import random
from typing import Any

from headway.model import Operation, Stage
from headway.protocol import messages
from headway.protocol.wire import STAGES_LIMIT, encode, pack

WORDS = ("", "Download", "\x1b[31m", "\u202e", "\ud800", "a" * 5000, "\0", "running", "crashed")
DEEP = 0.05  # how often stages are nested deeply
FIRST = 100  # id of the outermost of those
NUMBERS = (
    0, 1, -1, 2**53, 2**63, 2**64 - 1, -(2**63), 1e308, -1e308, 0.5,
    float("nan"), float("inf"), float("-inf"),
)  # fmt: skip


def valid(dice: random.Random, sessions: int = 4) -> Any:
    """A message that a peer could send, about one of a few sessions and operations."""
    session = f"{dice.randrange(sessions):016d}"
    operation = Operation(f"op{dice.randrange(6):010d}", dice.choice(WORDS[:2]))
    operation.revision = dice.randrange(50)
    operation.state = dice.choice(("running", "waiting", "completed", "failed", "cancelled"))
    operation.started = dice.random() * 100
    stages = nested(dice)
    number, now = dice.randrange(100), dice.random() * 100
    counts = {dice.randrange(30): dice.choice((5, 2.5, [7, 20, "x"])) for _ in range(3)}
    role = dice.choice(("worker", "viewer"))
    verb = dice.choice(("cancel", "claim", "draw", "drawn", "status", "retire", "what"))
    arguments = {
        "operation": operation.id, "key": "k", "tty": "pts/1", "operations": [operation.id],
        "reason": None, "kill": False, "major": 1, "minor": 0,
    }  # fmt: skip
    choices: tuple[Any, ...] = (
        messages.Hello("headway", 1, 0, session, role, now, {"pid": 1, "boot": "b"}),
        messages.Announce(
            number, now, dice.random() < 0.5, operation.record(), [one.record() for one in stages]
        ),
        messages.Counts(number, now, counts),
        messages.Share(number, now, operation.id, dice.randrange(30), 5),
        messages.Log(operation.id, None, ["a line"]),
        messages.Beat(number, now),
        messages.Bye(number, now),
        messages.Answer(1, "accepted", None),
        messages.Request(number, verb, arguments),
    )
    return dice.choice(choices)


def nested(dice: random.Random) -> list[Stage]:
    """Some stages, in each other, in circles or astray; now and then as many as go in a message."""
    if dice.random() < DEEP:
        numbers = range(FIRST, FIRST + dice.choice((40, STAGES_LIMIT)))
        stages = [Stage(number, "Level", number - 1) for number in numbers]
        stages[0].parent = dice.choice((None, None, None, FIRST, numbers[-1], 0))
        state = dice.choice(("running", "waiting", "completed", "failed"))
        for stage in stages:
            stage.state = state
    else:
        stages = [Stage(dice.randrange(30), "Stage", total=10) for _ in range(dice.randrange(4))]
        for stage in stages:
            stage.parent = dice.choice((None, stage.id, dice.randrange(30), FIRST + 40))
            stage.state = dice.choice(("pending", "running", "waiting", "completed", "failed"))
    return stages


def crooked(dice: random.Random) -> bytes:
    """A message some of whose values are others, of other types, or nested without end."""
    fields = [*messages.INBOUND, None].index(None)
    message = valid(dice)
    values: list[Any] = [messages.INBOUND.index(type(message)), *message]
    for _ in range(dice.randint(1, 3)):
        place: Any = values
        while True:
            position = dice.randrange(len(place))
            inside = place[position]
            if isinstance(inside, list) and inside and dice.random() < 0.7:
                place = inside
                continue
            place[position] = _nonsense(dice, fields)
            break
    if dice.random() < 0.1:
        del values[dice.randrange(len(values)) :]
    try:
        return pack(values)
    except (ValueError, OverflowError, UnicodeEncodeError, RecursionError):
        return pack([dice.randrange(fields)])


def _nonsense(dice: random.Random, fields: int) -> Any:
    kind = dice.randrange(8)
    if kind == 0:
        return dice.choice(WORDS).encode("utf-8", "replace")
    if kind == 1:
        return dice.choice(WORDS).replace("\ud800", "\ufffd")
    if kind in (2, 3):
        return dice.choice(NUMBERS)
    if kind == 4:
        return {dice.choice((1, "a", None, 2.5, b"b", True)): dice.choice(NUMBERS)}
    if kind == 5:
        return [dice.choice(NUMBERS)] * dice.choice((0, 1, 20, 5000))
    if kind == 6:
        nested: Any = None
        for _ in range(dice.choice((2, 100, 500))):
            nested = [nested]
        return nested
    return dice.choice((None, True, False, fields))


def mutated(frame: bytes, dice: random.Random) -> bytes:
    """`frame` with bytes changed, cut, doubled or put in."""
    data = bytearray(frame)
    for _ in range(dice.choice((1, 1, 2, 8))):
        place = dice.randrange(len(data) + 1)
        what = dice.randrange(6)
        if what == 0 and data:
            data[place % len(data)] = dice.randrange(256)
        elif what == 1:
            del data[place:]
        elif what == 2:
            data[place:place] = bytes(dice.choices(range(256), k=dice.choice((1, 4, 100))))
        elif what == 3:
            data += data[: dice.randrange(200)]
        elif what == 4 and data:
            data[place % len(data)] ^= 1 << dice.randrange(8)
        else:
            data[place : place + 4] = dice.choice(
                (
                    b"\xc1",
                    b"\xdd\xff\xff\xff\xff",
                    b"\xc7\x01\x05",
                    b"\xdf\x00\xff\xff\xff",
                    b"\xc9",
                )
            )
    return bytes(data)


def frame(dice: random.Random) -> bytes:
    """The next frame: now and then a valid one, so that there is something to harm."""
    kind = dice.random()
    if kind < 0.15:
        return encode(valid(dice))
    if kind < 0.5:
        return crooked(dice)
    return mutated(encode(valid(dice)), dice)
