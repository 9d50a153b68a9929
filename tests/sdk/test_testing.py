"""The fakes that programs may test with."""

import headway
from headway.protocol import messages
from headway.testing import ManualClock, MemoryConnection, reporting


class Peer:
    """Welcomes, acknowledges, and keeps what it was told."""

    def __init__(self):
        self.told = []

    def __call__(self, message, now):
        self.told.append(message)
        if type(message) is messages.Hello:
            yield messages.Welcome(1, messages.MINOR, "i", now, now, "ipc:///f", True)
        elif type(message) is messages.Announce and message.operation[4] == "completed":
            yield messages.Acknowledge([message.operation[:2]])


def test_a_clock_moves_when_it_is_told_to():
    clock = ManualClock(5.0)
    assert clock() == 5.0
    assert clock.advance(2.5) == clock() == 7.5


def test_what_a_program_reports_is_carried_as_bytes():
    clock = ManualClock()
    with reporting(clock) as reporter:
        peer = Peer()
        connection = MemoryConnection(reporter, peer)
        with headway.operation("Work") as op, op.stage("Step", total=3) as stage:
            connection.carry()
            stage.advance(2)
            clock.advance(1.0)
            connection.carry()
            assert peer.told[-1].counts == {stage.id: 2}
        clock.advance(1.0)
        connection.carry()
        assert reporter.publisher.all_acknowledged


def test_a_link_can_lose_and_repeat_frames():
    with reporting() as reporter:
        peer = Peer()
        connection = MemoryConnection(reporter, peer, spoil=lambda frame: [])
        headway.operation("Work").start()
        assert connection.carry() == []
        connection.cut()
        connection.spoil = lambda frame: [frame, frame]
        assert [type(message) for message in connection.carry()] == [
            messages.Hello,
            messages.Hello,
            messages.Announce,
            messages.Announce,
        ]
