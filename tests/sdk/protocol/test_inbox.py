import pytest

from headway.protocol.inbox import inbox_topic, is_event_inbox, is_inbox, is_overview_inbox


def test_the_topics_that_are_out_in_the_world_stay_what_they_are():
    assert inbox_topic(b"0123456789abcdef") == b"i0123456789abcdef"
    assert inbox_topic(b"0123456789abcdef", events=True) == b"j0123456789abcdef"
    assert inbox_topic(b"0123456789abcdef", overview=True) == b"k0123456789abcdef"


def test_an_inbox_of_events_is_told_by_its_first_byte():
    assert is_event_inbox(inbox_topic(b"x" * 16, events=True))
    assert not is_event_inbox(inbox_topic(b"x" * 16))
    assert is_overview_inbox(inbox_topic(b"x" * 16, overview=True))
    assert not is_overview_inbox(inbox_topic(b"x" * 16))


@pytest.mark.parametrize(
    ("topic", "expected"),
    [
        (b"k" + b"x" * 16, True),
        (b"i" + b"x" * 16, True),
        (b"i" + b"x" * 15, False),
        (b"d" + b"x" * 16, False),
        (b"", False),
    ],
)
def test_an_inbox_is_told_by_its_first_byte_and_its_length(topic, expected):
    assert is_inbox(topic) is expected
