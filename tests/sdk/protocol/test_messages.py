"""The tables of kinds."""

from __future__ import annotations

from headway.protocol import messages


def test_every_message_has_one_kind_in_one_direction():
    kinds = [*messages.INBOUND, *messages.OUTBOUND, *messages.PUBLISHED]

    assert len(kinds) == len(set(kinds))


def test_the_kinds_that_are_out_in_the_world_stay_what_they_are():
    assert [kind.__name__ for kind in messages.INBOUND] == [
        "Hello", "Announce", "Counts", "Share", "Log", "Beat", "Bye", "Answer", "Request",
        "Work", "Output",
    ]  # fmt: skip
    assert [kind.__name__ for kind in messages.OUTBOUND] == [
        "Welcome", "Acknowledge", "Reannounce", "Cancel", "Watched", "Refuse", "Drawn", "Retire",
        "Reply", "Pause", "OutputWanted",
    ]  # fmt: skip
    assert [kind.__name__ for kind in messages.PUBLISHED] == [
        "Snapshot", "Delta", "Removed", "Lines", "Pulse", "WorkDone",
    ]  # fmt: skip


def test_the_topics_that_are_out_in_the_world_stay_what_they_are():
    assert messages.STREAM_TOPIC == b"d"
