import pytest
from wired import Wired

from headway.protocol import messages
from headway_broker.peers.viewers import output_logs
from headway_broker.peers.viewers.output_logs import ASK_EVERY, BURST, FOLLOWED_FOR, REPLY_BYTES
from headway_broker.state import retention


@pytest.fixture
def wired():
    return Wired()


def print_out(worker, data, offset=0, *, total=None, last=False, operation="op"):
    total = offset + len(data) if total is None else total
    worker.say(messages.Output(operation, offset, data, total, last))


def asked(viewer, offset=0, operation="op"):
    """The result of the request for output."""
    number = viewer.ask("logs", operation=operation, offset=offset)
    reply = viewer.heard(messages.Reply)[-1]
    assert reply.request == number
    return reply.result if reply.error is None else reply.error


def test_the_output_of_what_failed_is_there_from_any_offset(wired):
    worker, viewer = wired.worker(), wired.viewer()
    worker.start()
    worker.end(state="failed")
    print_out(worker, b"hello ", total=11)
    print_out(worker, b"world", 6, last=True)
    assert asked(viewer) == {
        "found": "here",
        "offset": 0,
        "data": b"hello world",
        "end": 11,
        "total": 11,
        "complete": True,
    }
    assert asked(viewer, 6)["data"] == b"world"
    assert asked(viewer, 99)["data"] == b""
    assert worker.heard(messages.OutputWanted) == []


def test_the_output_of_what_goes_on_is_asked_for_while_it_is_followed(wired):
    worker, viewer = wired.worker(), wired.viewer()
    worker.start()
    assert asked(viewer) == {"found": "asked"}
    assert worker.heard(messages.OutputWanted) == [messages.OutputWanted("op", 0)]
    print_out(worker, b"one ")
    assert asked(viewer)["data"] == b"one "
    wired.pass_time(ASK_EVERY + 0.1)
    assert worker.heard(messages.OutputWanted)[1] == messages.OutputWanted("op", 4)
    wired.pass_time(FOLLOWED_FOR)
    assert worker.heard(messages.OutputWanted)[-1] == messages.OutputWanted("op", None)
    assert wired.core.output_logs.kept.by_operation == {}
    heard = len(worker.heard(messages.OutputWanted))
    wired.pass_time(10.0)
    assert len(worker.heard(messages.OutputWanted)) == heard


def test_what_was_followed_when_it_ended_is_kept(wired):
    worker, viewer = wired.worker(), wired.viewer()
    worker.start()
    asked(viewer)
    print_out(worker, b"one ")
    worker.end()
    print_out(worker, b"two", 4, last=True)
    wired.pass_time(2 * FOLLOWED_FOR)
    assert asked(viewer)["data"] == b"one two"


def test_of_what_completed_and_nobody_followed_nothing_is_kept(wired):
    worker, viewer = wired.worker(), wired.viewer()
    worker.start()
    worker.end()
    assert asked(viewer) == {"found": "unheard"}
    assert asked(viewer, operation="nobody") == "no such operation"


def test_that_a_worker_keeps_no_output_is_told(wired):
    worker, viewer = wired.worker(), wired.viewer()
    worker.start()
    asked(viewer)
    worker.say(messages.Output("op", 0, None, 0, True))
    assert asked(viewer) == {"found": "none"}


def test_what_ended_before_the_broker_began_is_told_as_that():
    earlier = Wired(has_history=True)
    worker = earlier.worker()
    worker.start()
    worker.end(state="failed")
    earlier.pass_time(2.0)
    rows = list(earlier.stored_rows().values())
    later = Wired(has_history=True)
    later.core.restored(rows, later.now)
    assert asked(later.viewer()) == {"found": "restarted"}


def test_only_the_writer_of_an_operation_sends_its_output(wired):
    worker, other, viewer = wired.worker(), wired.worker("other"), wired.viewer()
    worker.start()
    worker.end(state="failed")
    print_out(other, b"lies")
    print_out(worker, b"x", operation="unknown")
    assert wired.dropped()["output"] == 2
    assert asked(viewer) == {"found": "unheard"}


def test_a_log_goes_with_its_operation(wired):
    worker = wired.worker()
    worker.start()
    worker.end(state="failed")
    print_out(worker, b"x", last=True)
    wired.store_all()
    wired.pass_time(retention.KEEP_SECONDS + 60.0, step=1000.0)
    assert "op" not in wired.core.ledger.entries
    assert wired.core.output_logs.kept.by_operation == {}


def test_a_viewer_that_does_not_read_costs_bounded_memory(wired, monkeypatch):
    worker, viewer = wired.worker(), wired.viewer()
    worker.start()
    worker.end(state="failed")
    size = 1 << 17
    for number in range(8):
        print_out(worker, b"x" * size, number * size, total=8 * size, last=number == 7)
    sent = [len(asked(viewer)["data"]) for _ in range(100)]
    assert max(sent) == REPLY_BYTES
    assert sum(sent) == BURST
    wired.now += 0.5
    assert 0 < sum(len(asked(viewer)["data"]) for _ in range(10)) <= output_logs.RATE // 2


@pytest.mark.parametrize("offset", [None, -1, "x", 2**60, True, 1.5])
def test_a_wrong_offset_is_taken_for_the_beginning(wired, offset):
    worker, viewer = wired.worker(), wired.viewer()
    worker.start()
    worker.end(state="failed")
    print_out(worker, b"hello")
    number = viewer.ask("logs", operation="op", offset=offset)
    reply = viewer.heard(messages.Reply)[-1]
    assert (reply.request, reply.result["data"]) == (number, b"hello")


def test_a_worker_that_dies_leaves_what_has_come(wired):
    worker, viewer = wired.worker(), wired.viewer()
    worker.start()
    asked(viewer)
    print_out(worker, b"one ")
    wired.core.died(worker.session, wired.now)
    wired.pass_time(20.0)
    assert wired.operation("op").state == "crashed"
    found = asked(viewer)
    assert (found["data"], found["complete"]) == (b"one ", False)
