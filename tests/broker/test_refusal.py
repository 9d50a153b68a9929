"""What is refused is named and counted."""

from headway_broker.refusal import Dropped, Refused


def test_a_refusal_says_why_and_what_would_be_right():
    refused = Refused("version", {"majors": [1]})
    assert (refused.reason, refused.details, str(refused)) == (
        "version",
        {"majors": [1]},
        "version",
    )


def test_what_is_dropped_is_counted_by_reason():
    dropped = Dropped()
    dropped.add("flood")
    dropped.add("flood", 3)
    dropped.add("hole")
    assert dropped.counts == {"flood": 4, "hole": 1}
