"""What a worker makes of what its broker says."""

import pytest
from publishers import kinds, publisher_with, welcomed

from headway.model import Operation, Stage
from headway.protocol import messages
from headway.protocol.retirement import Surroundings
from headway.reporting.session import (
    ACKNOWLEDGE_TIMEOUT,
    RETRY_LIMIT,
    START_PART,
    START_POLL,
    START_TIMEOUT,
    WELCOME_TIMEOUT,
    BackOff,
)
from headway.states import COMPLETED


def test_an_end_is_told_again_until_it_is_acknowledged():
    publisher, operation = publisher_with("A")
    publisher.take(1.0)
    operation.move(COMPLETED, 2.0)
    publisher.changed(operation)
    publisher.take(2.0)
    assert not publisher.all_acknowledged
    assert publisher.deadline() <= 2.0 + ACKNOWLEDGE_TIMEOUT
    publisher.tick(2.0 + ACKNOWLEDGE_TIMEOUT)
    again = publisher.take(2.0 + ACKNOWLEDGE_TIMEOUT)[0]
    assert (again.whole, again.operation[4]) == (True, "completed")
    publisher.receive(messages.Acknowledge([[operation.id, operation.revision - 1]]), 5.0)
    assert not publisher.all_acknowledged
    publisher.receive(messages.Acknowledge([[operation.id, operation.revision]]), 5.0)
    assert publisher.all_acknowledged


def test_a_broker_that_greets_nobody_in_time_is_deaf():
    publisher, _ = publisher_with("A")
    assert not publisher.is_unanswered(100.0)  # it has not been spoken to
    publisher.take(100.0)
    assert not publisher.is_unanswered(100.0)
    assert publisher.is_unanswered(100.0 + 2 * WELCOME_TIMEOUT)
    publisher.lost()
    assert not publisher.is_unanswered(100.0 + 2 * WELCOME_TIMEOUT)


def test_a_broker_that_has_not_acknowledged_an_end_and_says_nothing_is_deaf():
    publisher, operation = publisher_with("A")
    publisher.take(100.0)
    publisher.receive(messages.Welcome(1, 0, "i", 0.0, 0.0, "ipc:///f", False), 100.0)
    operation.move(COMPLETED, 101.0)
    publisher.changed(operation)
    publisher.take(101.0)
    late = 101.5 + ACKNOWLEDGE_TIMEOUT
    assert not publisher.is_unanswered(101.5)
    assert publisher.is_unanswered(late)
    publisher.receive(messages.Watched(True), late)
    assert not publisher.is_unanswered(late)


def test_a_broker_that_is_absent_is_looked_for_by_a_part_of_that_time():
    """Each look is taken from the work: as often as at first, there were 100 in three seconds."""
    back_off = BackOff()
    begun = now = 100.0
    looks = []
    while now < begun + START_TIMEOUT:
        back_off.failed(now)
        looks.append(back_off.retry_at - now)
        assert looks[-1] == pytest.approx(max(START_POLL, (now - begun) * START_PART))
        now = back_off.retry_at
    assert len(looks) < 40
    for _ in range(10):
        back_off.failed(now)
        now = back_off.retry_at
    back_off.failed(now)
    assert back_off.retry_at == now + RETRY_LIMIT
    back_off.heard()
    back_off.failed(now)
    assert back_off.retry_at == now + START_POLL


def test_who_asks_again_is_told_all_of_it():
    publisher, operation = publisher_with("A", "B")
    publisher.take(1.0)
    publisher.receive(messages.Reannounce([operation.id, "unknown"]), 2.0)
    (announce,) = publisher.take(2.0)
    assert announce.whole
    assert len(announce.stages) == 2
    publisher.receive(messages.Reannounce(None), 3.0)
    hello, announce = publisher.take(3.0)
    assert (type(hello), hello.sequence) == (messages.Hello, 2)
    assert (announce.sequence, announce.whole) == (3, True)


def test_a_new_connection_is_told_all_of_it():
    publisher, _ = publisher_with("A")
    publisher.take(1.0)
    publisher.lost()
    assert publisher.take(2.0) == []
    publisher.connected()
    assert kinds(publisher.take(2.0)) == [messages.Hello, messages.Announce]


def test_a_refused_operation_is_dropped_and_a_refused_session_is_silent():
    publisher, operation = publisher_with("A")
    publisher.take(1.0)
    publisher.receive(messages.Refuse("not its writer", {"operation": operation.id}), 1.0)
    assert publisher.all_acknowledged
    publisher.receive(messages.Refuse("version", {"majors": [2]}), 1.0)
    assert publisher.take(9.0) == []
    assert publisher.deadline() is None


def test_a_broker_that_is_worse_off_is_asked_once_to_retire_and_still_told_everything():
    publisher, operation = publisher_with("A")
    publisher.surroundings = Surroundings(None, 0)
    words = {"major": 1, "minor": messages.MINOR, "service": None, "nice": 0, "limits": 0}
    asked = welcomed(publisher, service="cron.service", nice=0)
    assert asked == [messages.Request(1, "retire", words)]
    publisher.changed(operation)
    assert kinds(publisher.take(2.0)) == [messages.Announce]
    publisher.lost()
    publisher.connected()
    assert welcomed(publisher, service="cron.service", nice=0) == []


def test_a_broker_that_is_as_well_off_is_asked_nothing():
    publisher, _ = publisher_with("A")
    publisher.surroundings = Surroundings(None, 0)
    assert welcomed(publisher, service=None, nice=0) == []


def test_an_older_broker_is_only_asked_to_retire_in_its_own_version():
    publisher, operation = publisher_with("A")
    publisher.take(1.0)
    publisher.receive(messages.Refuse("version", {"majors": [0]}), 1.0)
    hello, request = publisher.take(1.1)
    assert (hello.major, request.verb) == (0, "retire")
    publisher.receive(messages.Welcome(0, 0, "i", 0.0, 0.0, "ipc:///f", True), 1.2)
    publisher.changed(operation)
    assert publisher.take(9.0) == []
    assert publisher.deadline() is None
    assert publisher.unheard
    publisher.receive(messages.Retire(), 9.0)
    publisher.lost()
    publisher.connected()
    assert publisher.take(10.0)[0].major == messages.MAJOR
    assert not publisher.unheard


def test_an_older_broker_that_stays_is_asked_no_more():
    publisher, _ = publisher_with("A")
    publisher.take(1.0)
    for _ in range(2):
        publisher.receive(messages.Refuse("version", {"majors": [0]}), 1.0)
    publisher.take(1.1)
    publisher.receive(messages.Reply(1, {"retiring": False}, None), 1.2)
    assert publisher.refused == messages.Refuse("version", {"majors": [0]})
    publisher.lost()
    publisher.connected()
    publisher.take(2.0)
    publisher.receive(messages.Refuse("version", {"majors": [0]}), 2.0)
    assert publisher.take(9.0) == []


def test_the_usual_duration_is_there_once_the_broker_has_told_it():
    publisher, operation = publisher_with()
    welcomed(publisher)
    publisher.ask_usual(operation.id)
    [first] = publisher.take(2.0)
    assert (first.verb, first.arguments) == ("usual", {"operation": operation.id})
    publisher.receive(messages.Reply(first.request, {"usual": None}, None), 2.0)
    assert publisher.usual == {}
    publisher.ask_usual(operation.id)
    [second] = publisher.take(3.0)
    publisher.receive(messages.Reply(second.request, {"usual": 20.0}, None), 3.0)
    assert publisher.usual == {operation.id: 20.0}
    assert publisher.refused is None


def test_what_viewers_request_waits_in_order_and_an_answer_goes_before_all_else():
    publisher, operation = publisher_with("A")
    publisher.take(1.0)
    requests = [
        messages.Cancel(7, operation.id, "enough", False),
        messages.Pause(8, operation.id, True),
    ]
    for request in requests:
        publisher.receive(request, 2.0)
    assert publisher.viewer_requests == requests
    publisher.changed(operation)
    publisher.answer(7, "refused", "not now")
    assert publisher.deadline() == float("-inf")
    first, second = publisher.take(2.0)
    assert first == messages.Answer(7, "refused", "not now")
    assert kinds([second]) == [messages.Announce]


@pytest.mark.parametrize("again", ["room", "connection"])
def test_an_open_operation_that_found_no_room_is_told_once_there_may_be(again):
    publisher, operation = publisher_with("A")
    other = Operation("p" * 12, "Other")
    other.move("running", 0.0)
    other.stages[9] = Stage(9, "B")
    publisher.changed(other)
    publisher.take(1.0)
    refusal = messages.Refuse("too many operations", {"operation": other.id})
    publisher.receive(refusal, 1.0)
    operation.move("completed", 2.0)
    publisher.changed(operation)
    assert [one.operation[0] for one in publisher.take(2.0)] == [operation.id]
    if again == "room":
        publisher.receive(messages.Acknowledge([[operation.id, operation.revision]]), 2.0)
        (told,) = publisher.take(3.0)
    else:
        publisher.lost()
        publisher.connected()
        (told,) = [one for one in publisher.take(3.0)[1:] if one.operation[0] == other.id]
    assert told.whole
    assert told.operation[0] == other.id
    assert [record[0] for record in told.stages] == [9]
    publisher.receive(refusal, 3.0)
    other.move("completed", 4.0)
    publisher.connected()
    assert other.id not in publisher.operations
