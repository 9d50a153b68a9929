import pytest

from headway.protocol import messages, wire
from headway.protocol.limits import OUTPUT_LIMIT
from headway.reporting.output_sender import INTERVAL, OutputSender


class Kept:
    """Output, of which the bytes before `first` are gone."""

    def __init__(self, data=b"", first=0):
        self.data = data
        self.first = first

    def read(self, offset, most):
        offset = min(max(offset, self.first), len(self.data))
        return offset, self.data[offset : offset + most], len(self.data)


@pytest.fixture
def sender():
    made = OutputSender()
    made.supported = True
    return made


def taken(sender, now=0.0):
    """All that is handed out at one time."""
    found = []
    while True:
        message = sender.take(now)
        if message is None:
            return found
        assert wire.decode(wire.encode(message), messages.INBOUND) == message
        found.append(message)


def test_of_what_nobody_wants_nothing_is_sent(sender):
    sender.keep("op", Kept(b"hello"))
    assert (sender.deadline(), sender.take(0.0)) == (None, None)
    sender.end("op", send=False)
    assert (sender.deadline(), sender.take(0.0), sender.pending) == (None, None, False)


def test_at_a_bad_end_all_that_is_kept_is_sent_in_pieces(sender):
    data = b"x" * (2 * OUTPUT_LIMIT + 5)
    sender.keep("op", Kept(data, first=3))
    sender.end("op", send=True)
    assert sender.pending
    sent = taken(sender)
    assert [message.last for message in sent] == [False, False, True]
    assert sent[0].offset == 3
    assert b"".join(message.data for message in sent) == data[3:]
    assert {message.total for message in sent} == {len(data)}
    assert not sender.pending
    assert sender.deadline() is None


def test_an_end_without_output_is_told_too(sender):
    sender.keep("op", Kept())
    sender.end("op", send=True)
    assert taken(sender) == [messages.Output("op", 0, b"", 0, True)]


def test_what_is_wanted_is_sent_as_it_comes_a_piece_at_a_time(sender):
    kept = Kept(b"one ")
    sender.keep("op", kept)
    sender.want("op", 0)
    assert [message.data for message in taken(sender, 1.0)] == [b"one "]
    kept.data += b"two"
    assert taken(sender, 1.0) == []
    assert sender.deadline() == 1.0 + INTERVAL
    assert [message.data for message in taken(sender, 1.0 + INTERVAL)] == [b"two"]
    assert taken(sender, 2.0) == []
    sender.want("op", None)
    kept.data += b"three"
    assert (taken(sender, 3.0), sender.deadline()) == ([], None)


def test_that_nothing_was_printed_yet_is_told_once(sender):
    sender.keep("op", Kept())
    sender.want("op", 0)
    assert taken(sender, 1.0) == [messages.Output("op", 0, b"", 0, False)]
    assert taken(sender, 2.0) == []


def test_a_broker_that_has_some_of_it_is_sent_the_rest(sender):
    sender.keep("op", Kept(b"0123456789"))
    sender.want("op", 4)
    sender.want("op", 0)  # asked again
    assert [(one.offset, one.data) for one in taken(sender)] == [(4, b"456789")]


def test_what_is_followed_is_sent_to_its_end_whatever_that_is(sender):
    kept = Kept(b"one ")
    sender.keep("op", kept)
    sender.want("op", 0)
    taken(sender, 1.0)
    kept.data += b"two"
    sender.end("op", send=False)
    assert taken(sender, 1.0) == [messages.Output("op", 4, b"two", 7, True)]


def test_that_no_output_is_kept_is_told(sender):
    sender.want("other", 0)
    sender.want("other", 0)
    assert sender.deadline() is not None
    assert taken(sender) == [messages.Output("other", 0, None, 0, True)]


def test_another_broker_is_sent_what_failed_anew_and_nothing_that_it_has_not_wanted(sender):
    sender.keep("bad", Kept(b"x" * (OUTPUT_LIMIT + 1)))
    sender.keep("going", Kept(b"y"))
    sender.want("going", 0)
    sender.end("bad", send=True)
    sender.take(0.0)
    sender.connected()
    assert (taken(sender), sender.pending) == ([], False)  # until it says that it takes output
    sender.supported = True
    assert [one.operation for one in taken(sender, 9.0)] == ["bad", "bad"]


def test_after_forgetting_there_is_nothing(sender):
    sender.keep("op", Kept(b"x"))
    sender.end("op", send=True)
    sender.forget()
    assert (taken(sender), sender.pending) == ([], False)


def test_what_was_followed_is_sent_at_its_end_though_the_next_broker_has_not_asked(sender):
    sender.keep("op", Kept(b"hello"))
    sender.want("op", 0)
    taken(sender)
    sender.connected()
    sender.supported = True
    sender.end("op", send=False)
    assert taken(sender) == [messages.Output("op", 0, b"hello", 5, True)]
