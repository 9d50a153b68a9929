import pytest

from headway.protocol.messages import Reply
from headway_viewer.connection.owner_answer import owner_answer


def told(verb, answer, reason=None, error=None):
    return owner_answer(Reply(1, {"answer": answer, "reason": reason}, error)).told(verb, "apt")


@pytest.mark.parametrize(
    ("verb", "words"),
    [
        ("cancel", "apt is being cancelled"),
        ("pause", "apt is paused"),
        ("resume", "apt goes on"),
    ],
)
def test_what_is_accepted_is_told_as_done(verb, words):
    assert told(verb, "accepted") == words
    assert told(verb, "accepted", "at the next file") == f"{words}: at the next file"


def test_what_is_refused_is_told_with_the_reason_of_its_owner():
    assert told("pause", "refused", "it is another user's") == (
        "apt cannot be paused: it is another user's"
    )


def test_an_operation_that_nobody_answers_for_is_told_so():
    assert told("cancel", "nobody") == "apt cannot be cancelled: nobody listens"


def test_a_refusal_without_a_reason_is_given_none():
    assert told("cancel", "refused") == "apt cannot be cancelled"


def test_what_the_broker_refuses_is_told_with_its_error():
    reply = Reply(1, {}, "no such operation")
    assert owner_answer(reply).told("resume", "apt") == "apt cannot be resumed: no such operation"
