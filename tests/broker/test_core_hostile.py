"""Mutated frames through codec and core: nothing raises, nothing grows, the good stay right.

HEADWAY_FUZZ_FRAMES sets how many (a million takes some minutes), HEADWAY_FUZZ_SEED which.
"""

import os
import tracemalloc

import pytest
from mutations import Mutator, recorded
from wired import Wired

from headway.protocol import messages
from headway.protocol.wire import Malformed, decode, encode
from headway_broker.state.sessions import Credentials

FRAMES = int(os.environ.get("HEADWAY_FUZZ_FRAMES", "20000"))
SEED = int(os.environ.get("HEADWAY_FUZZ_SEED", "1"))


class Door:
    """Frames into a core as the server takes them, from four connections."""

    def __init__(self):
        self.wired = Wired()
        self.malformed = 0

    def take(self, identity, frame):
        core, now = self.wired.core, self.wired.now
        session = core.sessions.by_identity.get(identity)
        try:
            message = decode(frame, messages.INBOUND)
        except Malformed as error:
            self.malformed += 1
            core.malformed(session, error)
            return
        if isinstance(message, messages.Hello):
            core.greet(identity, Credentials(1000, 5), message, now)
        elif session is None:
            core.receive_unidentified(identity, now)
        else:
            core.receive(session, message, now)


def test_every_recorded_frame_is_taken():
    door = Door()
    for message in recorded():
        door.take(b"good", encode(message))
    assert door.malformed == 0
    door.wired.carry_out()
    assert door.wired.operation("op0000000000").state == "running"


@pytest.mark.timeout(0 if FRAMES > 100_000 else 120)
def test_mutated_frames_harm_neither_the_core_nor_a_good_worker():
    door = Door()
    wired = door.wired
    good = wired.worker("good", pid=77)
    good.start("good00000000", name="Good")
    for identity in range(4):
        door.take(b"%d" % identity, encode(recorded()[0]._replace(session=f"evil{identity}")))
    wired.follow()
    mutator = Mutator(SEED)
    half = None
    tracemalloc.start()
    for number in range(FRAMES):
        door.take(b"%d" % (number % 4), mutator.frame())
        if number % 50 == 0:
            good.count({1: number})
            wired.now += 0.05
            wired.tick()
            wired.effects.clear()
            wired.sent.clear()
            wired.published.clear()
        if number == FRAMES // 2:
            half = tracemalloc.get_traced_memory()[0]
    grown = tracemalloc.get_traced_memory()[0] - half
    tracemalloc.stop()
    assert FRAMES * 0.1 < door.malformed < FRAMES
    assert "broken" not in wired.dropped()
    assert grown < 30e6
    good.count({1: 99})
    wired.pass_time(1)
    held = wired.operation("good00000000")
    assert (held.name, held.state, held.stages[1].done) == ("Good", "running", 99)
    good.end("good00000000")
    assert wired.operation("good00000000").state == "completed"
