"""What is marked is taken once, and merges while it waits."""

from publishers import publisher_with, sample, welcomed

from headway.model import Operation, Stage
from headway.protocol import limits, messages
from headway.reporting.marks import WAITING_LINES
from headway.reporting.publisher import WATCHED, Publisher


def test_what_cannot_be_packed_is_told_no_more_and_counted():
    publisher, _ = publisher_with()
    _, announce = publisher.take(1.0)
    publisher.unpacked(announce)
    assert publisher.all_acknowledged
    assert publisher.about["unpacked"] == 1


def test_a_stage_that_moves_twice_between_frames_is_told_once():
    publisher, operation = publisher_with("A")
    publisher.take(1.0)
    stage = operation.stages[1]
    for done in (3, 5):
        stage.done = done
        publisher.moved(stage)
    (counts,) = publisher.take(2.0)
    assert counts.counts == {1: 5}


def test_lines_are_sent_by_stage_and_the_oldest_go_first():
    publisher, operation = publisher_with("A")
    publisher.take(1.0)
    publisher.log(operation.id, None, [str(number) for number in range(WAITING_LINES + 5)])
    publisher.log(operation.id, 1, ["last"])
    logs = publisher.take(2.0)
    lines = [line for log in logs for line in log.lines]
    assert len(lines) == WAITING_LINES
    assert lines[0] == "6"
    assert (logs[-1].stage, logs[-1].lines) == (1, ["last"])
    assert all(len(log.lines) <= limits.LINES_LIMIT for log in logs)


def test_hidden_counts_wait_for_the_next_frame_and_merge():
    publisher, _ = publisher_with()
    publisher.take(1.0)
    welcomed(publisher)
    publisher.work(sample(1.0, 7))
    publisher.work(sample(2.0, 8))
    assert publisher.deadline() <= 1.0 + WATCHED
    assert publisher.take(1.0 + WATCHED) == [sample(2.0, 7, 8)]
    assert publisher.take(1.0 + 2 * WATCHED) == []


def test_shares_are_in_doubt_until_the_last_is_acknowledged():
    publisher = Publisher("s" * 16)
    publisher.share("o" * 12, Stage(3, "Together"), 17)
    publisher.connected()
    assert publisher.take(1.0)[1:] == [messages.Share(1, 1.0, "o" * 12, 3, 17, 1, last=False)]
    assert not publisher.all_acknowledged
    last = messages.Share(2, 1.1, "o" * 12, 3, 17, 1, last=True)
    assert publisher.take(1.1, hurry=True) == [last]
    assert publisher.take(1.2, hurry=True) == []
    publisher.receive(messages.Acknowledge([], [["o" * 12, 3, 16]]), 1.2)
    assert not publisher.all_acknowledged
    publisher.receive(messages.Acknowledge([], [["o" * 12, 3, 17]]), 1.2)
    assert publisher.all_acknowledged


def test_nothing_owed_is_no_file():
    assert list(Publisher("s" * 16).spool_messages(1.0)) == []


def test_where_sending_was_given_up_only_what_is_known_by_then_is_owed_once_it_has_ended():
    publisher, operation = publisher_with("A")
    publisher.take(1.0)
    publisher.share("p" * 12, Stage(9, "Shared"), 2)
    publisher.keep_known()
    publisher.changed(Operation("later".ljust(12, "0"), "Later"))
    publisher.share("p" * 12, Stage(8, "Other"), 1)
    publisher.share("p" * 12, Stage(9, "Shared"), 5)
    publisher.moved(operation.stages[1])
    publisher.log(operation.id, 1, ["a line"])
    operation.move("completed", 2.0)
    publisher.changed(operation)
    _, announce, share, _ = list(publisher.spool_messages(2.0))
    assert announce.operation[4] == "completed"
    assert share.done == 5
    assert not publisher._moved
    assert not publisher._lines


def test_a_mute_publisher_keeps_nothing():
    publisher = Publisher("s" * 16, mute=True)
    operation = Operation("o" * 12, "Work")
    publisher.changed(operation)
    publisher.moved(Stage(1, "A"))
    publisher.log(operation.id, None, ["line"])
    assert operation.revision == 1
    assert publisher.all_acknowledged
    publisher.connected()
    assert [type(message).__name__ for message in publisher.take(1.0)] == ["Hello"]
