"""What a worker tells its broker, and when."""

from headway.model import COMPLETED, RUNNING, Operation, Stage
from headway.protocol import messages, wire
from headway.protocol.retirement import Surroundings
from headway.reporting.publisher import (
    ACKNOWLEDGE_TIMEOUT,
    ENDS_LIMIT,
    HEARTBEAT_INTERVAL,
    LINES_LIMIT,
    UNWATCHED,
    WATCHED,
    WELCOME_TIMEOUT,
    Publisher,
)


def publisher_with(*names, connected=True):
    publisher = Publisher("s" * 16)
    operation = Operation("o" * 12, "Work")
    operation.move(RUNNING, 0.0)
    for number, name in enumerate(names, 1):
        operation.stages[number] = Stage(number, name)
    publisher.changed(operation)
    for stage in operation.stages.values():
        publisher.changed(operation, stage)
    if connected:
        publisher.connected()
    return publisher, operation


def kinds(taken):
    return [type(message) for message in taken]


def test_a_connection_is_greeted_and_told_everything():
    publisher, operation = publisher_with("A", "B")
    hello, announce = publisher.take(1.0)
    assert hello.session == "s" * 16
    assert hello.role == "worker"
    assert (announce.sequence, announce.whole) == (1, True)
    assert announce.operation == operation.record()
    assert [record[2] for record in announce.stages] == ["A", "B"]
    assert publisher.take(1.0) == []


def test_operations_are_signed_as_the_greeting_says():
    publisher, operation = publisher_with()
    publisher.about.update(host="h", pid=7, user="u", tty="/dev/pts/3")
    publisher.take(1.0)
    assert (operation.host, operation.pid) == ("h", 7)
    assert (operation.user, operation.tty) == ("u", "/dev/pts/3")


def test_what_cannot_be_packed_is_told_no_more_and_counted():
    publisher, _ = publisher_with()
    _, announce = publisher.take(1.0)
    publisher.unpacked(announce)
    assert publisher.settled
    assert publisher.about["unpacked"] == 1


def test_nothing_is_taken_without_a_connection():
    publisher, _ = publisher_with("A", connected=False)
    assert publisher.take(1.0) == []
    assert publisher.deadline() is None


def test_later_only_what_changed_is_told():
    publisher, operation = publisher_with("A", "B")
    publisher.take(1.0)
    operation.stages[2].move(RUNNING, 2.0)
    publisher.changed(operation, operation.stages[2])
    (announce,) = publisher.take(2.0)
    assert (announce.sequence, announce.whole) == (2, False)
    assert [record[0] for record in announce.stages] == [2]


def test_announcements_are_spaced_so_that_they_merge():
    publisher, operation = publisher_with("A")
    publisher.take(1.0)
    publisher.changed(operation)
    assert publisher.take(1.001) == []
    assert publisher.deadline() <= 1.004
    publisher.changed(operation)
    assert kinds(publisher.take(1.005)) == [messages.Announce]
    publisher.changed(operation)
    assert kinds(publisher.take(1.006, hurry=True)) == [messages.Announce]


def test_counts_wait_for_the_next_frame_and_merge():
    publisher, operation = publisher_with("A", "B")
    publisher.take(1.0)
    first, second = operation.stages.values()
    first.done = 3
    publisher.moved(first)
    second.done, second.total, second.detail = 4, 9, "four"
    publisher.moved(second, more=True)
    (counts,) = publisher.take(2.0)
    assert counts.counts == {1: 3, 2: [4, 9, "four"]}
    first.done = 5
    publisher.moved(first)
    assert publisher.take(2.0 + WATCHED / 2) == []
    assert publisher.deadline() == 2.0 + WATCHED
    assert publisher.take(2.0 + WATCHED)[0].counts == {1: 5}


def test_a_stage_that_moves_twice_between_frames_is_told_once():
    publisher, operation = publisher_with("A")
    publisher.take(1.0)
    stage = operation.stages[1]
    for done in (3, 5):
        stage.done = done
        publisher.moved(stage)
    (counts,) = publisher.take(2.0)
    assert counts.counts == {1: 5}


def test_nobody_watching_makes_frames_rare():
    publisher, operation = publisher_with("A")
    publisher.take(1.0)
    publisher.receive(messages.Watched(False), 1.0)
    publisher.moved(operation.stages[1])
    publisher.take(2.0)
    publisher.moved(operation.stages[1])
    assert publisher.deadline() == 2.0 + UNWATCHED


def test_counts_never_come_before_their_stage():
    publisher, operation = publisher_with("A")
    publisher.take(1.0)
    stage = operation.stages[2] = Stage(2, "B")
    publisher.changed(operation, stage)
    publisher.moved(stage)
    assert publisher.take(1.001) == []
    assert kinds(publisher.take(1.01)) == [messages.Announce]


def test_an_end_is_told_again_until_it_is_acknowledged():
    publisher, operation = publisher_with("A")
    publisher.take(1.0)
    operation.move(COMPLETED, 2.0)
    publisher.changed(operation)
    publisher.take(2.0)
    assert not publisher.settled
    assert publisher.deadline() <= 2.0 + ACKNOWLEDGE_TIMEOUT
    publisher.tick(2.0 + ACKNOWLEDGE_TIMEOUT)
    again = publisher.take(2.0 + ACKNOWLEDGE_TIMEOUT)[0]
    assert (again.whole, again.operation[4]) == (True, "completed")
    publisher.receive(messages.Acknowledge([[operation.id, operation.revision - 1]]), 5.0)
    assert not publisher.settled
    publisher.receive(messages.Acknowledge([[operation.id, operation.revision]]), 5.0)
    assert publisher.settled


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


def test_an_operation_of_many_stages_comes_in_parts_that_fit():
    publisher = Publisher("s" * 16)
    operation = Operation("o" * 12, "Work")
    for number in range(1, 2501):
        operation.stages[number] = Stage(number, "n" * 256)
        operation.stages[number].detail = "\U0001f600" * 4096 if number <= 100 else None
    publisher.changed(operation)
    publisher.connected()
    _, *parts = publisher.take(1.0)
    assert [part.whole for part in parts] == [True] + [False] * (len(parts) - 1)
    assert [record[0] for part in parts for record in part.stages] == list(range(1, 2501))
    for part in parts:
        frame = wire.encode(part)
        assert len(frame) < wire.FRAME_LIMIT
        wire.decode(frame, messages.INBOUND)


def test_counts_of_many_stages_come_in_parts_that_fit():
    publisher = Publisher("s" * 16)
    publisher.connected()
    publisher.take(0.0)
    for number in range(5000):
        stage = Stage(number, "n")
        stage.detail = "\U0001f600" * 4096
        publisher.moved(stage, more=number < 200)
    parts = publisher.take(10.0)
    assert sum(len(part.counts) for part in parts) == 5000
    assert all(len(wire.encode(part)) < wire.FRAME_LIMIT for part in parts)
    assert [part.sequence for part in parts] == list(range(1, len(parts) + 1))


def test_lines_are_sent_by_stage_and_the_oldest_go_first():
    publisher, operation = publisher_with("A")
    publisher.take(1.0)
    publisher.log(operation.id, None, [str(number) for number in range(LINES_LIMIT + 5)])
    publisher.log(operation.id, 1, ["last"])
    logs = publisher.take(2.0)
    lines = [line for log in logs for line in log.lines]
    assert len(lines) == LINES_LIMIT
    assert lines[0] == "6"
    assert (logs[-1].stage, logs[-1].lines) == (1, ["last"])
    assert all(len(log.lines) <= wire.LINES_LIMIT for log in logs)


def sample(cpu, *lines):
    return messages.Work("o" * 12, 1.0, cpu, 10, 10, list(lines))


def test_hidden_counts_wait_for_the_next_frame_and_merge():
    publisher, _ = publisher_with()
    publisher.take(1.0)
    welcomed(publisher)
    publisher.work(sample(1.0, 7))
    publisher.work(sample(2.0, 8))
    assert publisher.deadline() <= 1.0 + WATCHED
    assert publisher.take(1.0 + WATCHED) == [sample(2.0, 7, 8)]
    assert publisher.take(1.0 + 2 * WATCHED) == []


def test_a_broker_that_does_not_know_hidden_counts_is_not_told():
    publisher, operation = publisher_with()
    publisher.take(1.0)
    publisher.receive(messages.Welcome(1, 0, "i", 0.0, 0.0, "ipc:///f", True), 1.0)
    publisher.work(sample(1.0))
    operation.move("completed", 2.0)
    publisher.changed(operation)
    assert messages.Work not in kinds(publisher.take(2.0))


def test_the_last_hidden_counts_come_before_the_end():
    publisher, operation = publisher_with()
    publisher.take(1.0)
    welcomed(publisher)
    publisher.work(sample(1.0))
    operation.move("completed", 1.5)
    publisher.changed(operation)
    assert kinds(publisher.take(1.5)) == [messages.Work, messages.Announce]


def test_a_silent_worker_gives_signs_of_life():
    publisher, _ = publisher_with("A")
    publisher.take(1.0)
    assert publisher.take(1.0 + HEARTBEAT_INTERVAL / 2) == []
    assert publisher.deadline() == 1.0 + HEARTBEAT_INTERVAL
    assert publisher.take(1.0 + HEARTBEAT_INTERVAL) == [messages.Beat(1, 1.0 + HEARTBEAT_INTERVAL)]


def test_shares_are_in_doubt_until_the_last_is_acknowledged():
    publisher = Publisher("s" * 16)
    publisher.share("o" * 12, Stage(3, "Together"), 17)
    publisher.connected()
    assert publisher.take(1.0)[1:] == [messages.Share(1, 1.0, "o" * 12, 3, 17, 1, last=False)]
    assert not publisher.settled
    last = messages.Share(2, 1.1, "o" * 12, 3, 17, 1, last=True)
    assert publisher.take(1.1, hurry=True) == [last]
    assert publisher.take(1.2, hurry=True) == []
    publisher.receive(messages.Acknowledge([], [["o" * 12, 3, 16]]), 1.2)
    assert not publisher.settled
    publisher.receive(messages.Acknowledge([], [["o" * 12, 3, 17]]), 1.2)
    assert publisher.settled


def test_what_is_asked_for_again_while_leaving_is_in_doubt_again():
    publisher = Publisher("s" * 16)
    publisher.share("o" * 12, Stage(3, "Together"), 17)
    publisher.connected()
    publisher.take(1.0, hurry=True)
    publisher.receive(messages.Reannounce(None), 1.1)
    assert publisher.take(1.2, hurry=True)[1:] == [
        messages.Share(2, 1.2, "o" * 12, 3, 17, 1, last=True)
    ]
    publisher.receive(messages.Welcome(1, 0, "i", 0.0, 0.0, "ipc:///f", True), 1.3)
    assert not publisher.settled


def test_shares_are_told_again_on_a_new_connection():
    publisher = Publisher("s" * 16)
    publisher.share("o" * 12, Stage(3, "Together"), 17)
    publisher.connected()
    publisher.take(1.0)
    publisher.lost()
    publisher.connected()
    assert kinds(publisher.take(2.0)) == [messages.Hello, messages.Share]


def test_what_could_not_be_sent_goes_whole_into_a_file():
    publisher, operation = publisher_with("A")
    still = Operation("p" * 12, "Open")
    still.move(RUNNING, 0.0)
    publisher.changed(still)
    publisher.take(1.0)
    operation.move(COMPLETED, 2.0)
    publisher.changed(operation)
    publisher.share("q" * 12, Stage(1, "Together"), 5)
    found = publisher.owed(3.0)
    assert kinds(found) == [messages.Hello, messages.Announce, messages.Share, messages.Bye]
    assert found[1].whole
    assert found[1].operation[0] == operation.id


def test_nothing_owed_is_no_file():
    assert Publisher("s" * 16).owed(1.0) == []


def test_ends_that_nobody_takes_in_do_not_grow_without_bound():
    publisher = Publisher("s" * 16)
    for number in range(ENDS_LIMIT + 2):
        operation = Operation(f"{number:012}", "Work")
        operation.move(COMPLETED, 0.0)
        publisher.changed(operation)
    found = publisher.take_overflow(1.0)
    assert kinds(found) == [messages.Hello] + [messages.Announce] * (ENDS_LIMIT + 2)
    assert publisher.settled
    assert publisher.take_overflow(2.0) == []


def test_a_refused_operation_is_dropped_and_a_refused_session_is_silent():
    publisher, operation = publisher_with("A")
    publisher.take(1.0)
    publisher.receive(messages.Refuse("not its writer", {"operation": operation.id}), 1.0)
    assert publisher.settled
    publisher.receive(messages.Refuse("version", {"majors": [2]}), 1.0)
    assert publisher.take(9.0) == []
    assert publisher.deadline() is None


def welcomed(publisher, major=messages.MAJOR, **about):
    publisher.take(1.0)
    told = (major, messages.MINOR, "i", 0.0, 0.0, "ipc:///f", True, about)
    publisher.receive(messages.Welcome(*told), 1.0)
    return publisher.take(1.0)


def test_a_broker_that_is_worse_off_is_asked_once_to_retire_and_still_told_everything():
    publisher, operation = publisher_with("A")
    publisher.surroundings = Surroundings(None, 0)
    words = {"major": 1, "minor": messages.MINOR, "service": None, "nice": 0}
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


def test_a_mute_publisher_keeps_nothing():
    publisher = Publisher("s" * 16, mute=True)
    operation = Operation("o" * 12, "Work")
    publisher.changed(operation)
    publisher.moved(Stage(1, "A"))
    publisher.log(operation.id, None, ["line"])
    assert operation.revision == 1
    assert publisher.settled
    assert not publisher._moved
    assert not publisher._lines


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
