"""Simulated peers say what real ones say."""

from __future__ import annotations

from benches.simulated_peers import head_of, identifier

from headway.protocol import messages, wire


def test_identifiers_differ_and_have_their_length():
    made = {identifier(number, 12) for number in range(1000)}
    assert len(made) == 1000
    assert {len(one) for one in made} == {12}


def test_the_head_of_a_frame_is_read_without_the_rest():
    for message in (
        messages.Delta("i" * 16, 7_000_000_000, 1.0, [["x" * 5000]]),
        messages.Removed("instance", 3, 1.0, []),
    ):
        assert head_of(wire.encode(message)) == (message.sequence, message.now)
