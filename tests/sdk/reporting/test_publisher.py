"""What a worker tells its broker, and when."""

from types import SimpleNamespace

import pytest
from publishers import kinds, publisher_with, sample, welcomed

from headway.model import Operation, Stage
from headway.protocol import limits, messages, wire
from headway.reporting.publisher import (
    ENDS_LIMIT,
    EXIT_COST,
    HEARTBEAT_INTERVAL,
    UNWATCHED,
    WATCHED,
    Publisher,
)
from headway.states import COMPLETED, FAILED, RUNNING


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
        assert len(frame) < limits.FRAME_LIMIT
        wire.decode(frame, messages.INBOUND)


def test_an_end_in_parts_has_its_revision_in_the_last_of_them_alone():
    publisher, operation = publisher_with(connected=False)
    for number in range(1, 2501):
        operation.stages[number] = Stage(number, "n" * 256)
    operation.move(COMPLETED, 0.5)
    publisher.changed(operation)
    publisher.connected()
    _, *parts = publisher.take(1.0)
    revisions = [part.operation[1] for part in parts]
    assert revisions == [operation.revision - 1] * (len(parts) - 1) + [operation.revision]
    assert len(parts) > 1
    publisher.receive(messages.Acknowledge([[operation.id, revisions[0]]]), 1.0)
    assert operation.id in publisher.operations  # what is stored is not all of it
    publisher.receive(messages.Acknowledge([[operation.id, revisions[-1]]]), 1.0)
    assert operation.id not in publisher.operations


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
    assert all(len(wire.encode(part)) < limits.FRAME_LIMIT for part in parts)
    assert [part.sequence for part in parts] == list(range(1, len(parts) + 1))


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
    assert not publisher.all_acknowledged


def test_a_share_that_was_told_is_owed_until_it_is_acknowledged():
    publisher = Publisher("s" * 16)
    publisher.share("o" * 12, Stage(3, "Together"), 17)
    publisher.connected()
    assert kinds(publisher.take(1.0)) == [messages.Hello, messages.Share]
    assert publisher.has_unacknowledged
    assert kinds(list(publisher.spool_messages(2.0))) == [
        messages.Hello,
        messages.Share,
        messages.Bye,
    ]
    publisher.receive(messages.Acknowledge([], [["o" * 12, 3, 17]]), 3.0)
    assert not publisher.has_unacknowledged


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
    found = list(publisher.spool_messages(3.0))
    assert kinds(found) == [messages.Hello, messages.Announce, messages.Share, messages.Bye]
    assert found[1].whole
    assert found[1].operation[0] == operation.id


@pytest.mark.parametrize(("printed", "told"), [(b"", 1), (b"no space left", 0)])
def test_a_file_tells_of_a_failure_that_it_printed_nothing(printed, told):
    publisher, operation = publisher_with("A")
    read = SimpleNamespace(read=lambda offset, most: (0, printed, len(printed)))
    publisher.output.keep(operation.id, read)
    operation.move(FAILED, 2.0)
    publisher.changed(operation)
    publisher.output.end(operation.id, send=True)
    found = [one for one in publisher.spool_messages(3.0) if type(one) is messages.Output]
    assert found == [messages.Output(operation.id, 0, b"", 0, True)] * told


def test_ends_that_nobody_takes_in_do_not_grow_without_bound():
    publisher = Publisher("s" * 16)
    for number in range(ENDS_LIMIT + 2):
        operation = Operation(f"{number:012}", "Work")
        operation.move(COMPLETED, 0.0)
        publisher.changed(operation)
    found = publisher.take_overflow(1.0)
    assert kinds(found) == [messages.Hello] + [messages.Announce] * (ENDS_LIMIT + 2)
    assert publisher.all_acknowledged
    assert publisher.take_overflow(2.0) == []


def test_an_exit_that_would_send_much_leaves_it_to_its_file():
    publisher, operation = publisher_with(*map(str, range(EXIT_COST)))
    assert publisher.is_left_to_file()
    operation.move("failed", 2.0)
    operation.error = "exit status 3"
    assert publisher.is_left_to_file()
    operation.error = "ValueError: what no file has"
    assert not publisher.is_left_to_file()
    operation.error = None
    publisher.take(1.0)
    assert not publisher.is_left_to_file()  # all is sent
