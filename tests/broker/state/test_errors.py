"""What is refused is named and counted."""

from headway_broker.state.errors import Dropped, Refused, fault


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


def test_a_fault_is_noted_by_its_kind_and_place_and_not_by_what_a_peer_wrote():
    try:
        {}["what a peer wrote"]
    except KeyError as error:
        noted = fault(error)
    assert noted.startswith("KeyError at test_errors.py:")
    assert fault(ValueError("what a peer wrote")) == "ValueError"
