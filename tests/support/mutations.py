"""Frames as peers send them, and a seeded mutator that breaks them."""

from __future__ import annotations

import random

import msgpack

from headway.model import Operation, Stage
from headway.protocol import messages
from headway.protocol.wire import encode

EDGES = (0, 1, -1, 127, 128, 255, 256, 2**31, 2**53, 2**63 - 1, -(2**63), 2**64 - 1)
ODD = (
    None, True, False, *EDGES, 1.5, float("nan"), float("inf"), -float("inf"), 1e308, "", "x" * 300,
    "\x1b[31m", "\u202e", "\x00", b"", b"\xff" * 20, [], {}, [[]], {"a": {}}, {1: 2},
    {None: None}, [None] * 20,
)  # fmt: skip


def recorded():
    """A frame of every kind, in the order in which a session sends them."""
    op = Operation("op0000000000", "Install")
    op.move("running", 1.0)
    for number, name in enumerate(("Download", "Unpack"), 1):
        op.stages[number] = Stage(number, name, total=100)
    op.stages[1].move("running", 1.0)
    records = [stage.record() for stage in op.stages.values()]
    about = {"pid": 5, "started": 7, "boot": "this-boot", "host": "here"}
    return [
        messages.Hello("headway", 1, 0, "s" * 16, "worker", 1.0, about, 0),
        messages.Announce(1, 1.0, True, op.record(), records),
        messages.Counts(2, 1.0, {1: 10, 2: [5, 100, "item"]}),
        messages.Share(3, 1.0, op.id, 1, 5),
        messages.Log(op.id, 1, ["line one", "line two"]),
        messages.Work(op.id, 1.0, 2.5, 4096, None, [7, 8]),
        messages.Announce(4, 1.0, False, op.record(), records[:1]),
        messages.Beat(5, 1.0),
        messages.Answer(1, "accepted", None),
        messages.Request(1, "cancel", {"operation": op.id, "reason": None, "kill": False}),
        messages.Request(2, "claim", {"key": "k"}),
        messages.Request(3, "draw", {"tty": "/dev/pts/1"}),
        messages.Request(4, "drawn", {"operations": [op.id]}),
        messages.Request(5, "status", {}),
        messages.Bye(6, 1.0),
    ]


class Mutator:
    """Endless frames, near to good ones; the same for the same seed."""

    def __init__(self, seed):
        self.dice = random.Random(seed)
        self.values = [msgpack.unpackb(encode(m), strict_map_key=False) for m in recorded()]

    def frame(self):
        dice = self.dice
        value = self.values[dice.randrange(len(self.values))]
        if dice.random() < 0.7:
            value = self._bend(value, dice.randint(1, 3))
        try:
            frame = msgpack.packb(value, use_bin_type=True)
        except (ValueError, OverflowError, TypeError):
            return b"\xc1"
        if dice.random() < 0.3:
            frame = self._break(frame)
        return frame

    def _bend(self, value, times):
        """Change some places inside a value."""
        dice = self.dice
        for _ in range(times):
            value = self._bend_once(value)
            if dice.random() < 0.3:
                break
        return value

    def _bend_once(self, value):
        dice = self.dice
        if isinstance(value, list) and value and dice.random() < 0.85:
            value = list(value)
            at = dice.randrange(len(value))
            act = dice.random()
            if act < 0.7:
                value[at] = self._bend_once(value[at])
            elif act < 0.8:
                del value[at]
            elif act < 0.9:
                value.insert(at, dice.choice(ODD))
            else:
                value += value[: dice.randint(1, len(value))]
            return value
        if isinstance(value, dict) and value and dice.random() < 0.8:
            value = dict(value)
            key = dice.choice(list(value))
            held = value.pop(key)
            odd = dice.choice((*EDGES, "", "x", None, 1.5))
            value[key if dice.random() < 0.5 else odd] = self._bend_once(held)
            return value
        if isinstance(value, str) and dice.random() < 0.5:
            return value * dice.choice((0, 2, 100, 3000))
        if isinstance(value, int) and dice.random() < 0.6:
            return value + dice.choice((-1, 1, 2, 1000))
        return dice.choice(ODD)

    def _break(self, frame):
        dice = self.dice
        frame = bytearray(frame)
        for _ in range(dice.randint(1, 4)):
            act = dice.random()
            at = dice.randrange(len(frame) + 1)
            if act < 0.5 and at < len(frame):
                frame[at] = dice.randrange(256)
            elif act < 0.7:
                del frame[at:]
            elif act < 0.85:
                frame[at:at] = bytes(dice.randrange(256) for _ in range(dice.randint(1, 8)))
            else:
                frame[at:at] = frame[: dice.randint(0, 20)]
        return bytes(frame)
