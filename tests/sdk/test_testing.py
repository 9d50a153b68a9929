"""The fakes that programs may test with."""

import headway
from headway.protocol import messages
from headway.testing import ManualClock, MemoryLink, reporting


class Peer:
    """Welcomes, acknowledges, and keeps what it was told."""

    def __init__(self):
        self.told = []

    def __call__(self, message, now):
        self.told.append(message)
        if type(message) is messages.Hello:
            yield messages.Welcome(1, 0, "i", now, now, "ipc:///f", True)
        elif type(message) is messages.Announce and message.operation[4] == "completed":
            yield messages.Acknowledge([message.operation[:2]])


def test_a_clock_moves_when_it_is_told_to():
    clock = ManualClock(5.0)
    assert clock() == 5.0
    assert clock.advance(2.5) == clock() == 7.5


def test_what_a_program_reports_is_carried_as_bytes():
    clock = ManualClock()
    with reporting(clock) as home:
        peer = Peer()
        link = MemoryLink(home, peer)
        with headway.operation("Work") as op, op.stage("Step", total=3) as stage:
            link.carry()
            stage.advance(2)
            clock.advance(1.0)
            link.carry()
            assert peer.told[-1].counts == {stage.id: 2}
        clock.advance(1.0)
        link.carry()
        assert home.publisher.settled


def test_a_link_can_lose_and_repeat_frames():
    with reporting() as home:
        peer = Peer()
        link = MemoryLink(home, peer, spoil=lambda frame: [])
        headway.operation("Work").start()
        assert link.carry() == []
        link.cut()
        link.spoil = lambda frame: [frame, frame]
        assert [type(message) for message in link.carry()] == [
            messages.Hello,
            messages.Hello,
            messages.Announce,
            messages.Announce,
        ]
