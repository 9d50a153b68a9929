"""What an uplink publishes, and when: the table of `publications`, row by row."""

from functools import partial

import pytest

from headway.model import Operation, Stage
from headway_viewer.fleet import publications as rules
from headway_viewer.fleet import state_message
from headway_viewer.fleet.publications import Publications


@pytest.fixture
def one():
    made = Publications()
    made.connected(0.0)
    return made


def sent(publications, now):
    """The next batch without heartbeats; it has arrived."""
    batch = [one for one in publications.due(now) if one.operation is not None]
    publications.arrived()
    return batch


def not_asked():
    raise AssertionError("it is stored already")


def names(batch):
    return [publication.operation for publication in batch]


def test_what_begins_is_told_in_the_next_batch(one):
    one.change("a", is_open=True)
    assert names(sent(one, 1.0)) == ["a"]
    assert sent(one, 1.0) == []


def test_what_changes_a_hundred_times_is_one_state_after_the_interval(one):
    one.change("a", is_open=True)
    sent(one, 1.0)
    for _ in range(100):
        one.change("a", is_open=True)
    assert sent(one, 1.0 + rules.INTERVAL / 2) == []
    assert one.deadline(1.05) == pytest.approx(1.0 + rules.INTERVAL)
    assert names(sent(one, 1.0 + rules.INTERVAL)) == ["a"]
    assert 5 <= 1 / rules.INTERVAL <= 10


def test_an_end_does_not_wait_and_is_told_again_until_it_is_stored(one):
    one.change("a", is_open=True)
    sent(one, 1.0)
    one.change("a", is_open=False)
    first = sent(one, 1.0)[0]
    assert first.number is not None
    assert sent(one, 1.1) == []  # it is on its way
    one.not_stored(first.number, 2.0)
    assert sent(one, 2.0) == []
    assert one.deadline(2.0) <= 2.0 + rules.RETRY
    second = sent(one, 2.0 + rules.RETRY)[0]
    one.stored(second.number)
    assert sent(one, 100.0) == []
    assert one.waiting == 0


def test_retries_come_ever_more_rarely_within_a_limit(one):
    one.change("a", is_open=False)
    now, waits = 1.0, []
    publications = sent(one, now)
    for _ in range(10):
        failed = now
        one.not_stored(publications[0].number, failed)
        publications = []
        while not publications:
            now = max(one.deadline(now), now + 0.01)
            publications = sent(one, now)
        waits.append(now - failed)
    assert waits == sorted(waits)
    assert max(waits) <= rules.RETRY_LONGEST + 0.2


def test_an_end_that_has_changed_since_it_was_sent_is_told_again(one):
    one.change("a", is_open=False)
    first = sent(one, 1.0)[0]
    one.change("a", is_open=False)
    one.stored(first.number)
    assert one.waiting == 1
    second = sent(one, 1.1)[0]
    one.stored(second.number)
    assert one.waiting == 0


def test_what_begins_again_is_no_end_any_more_and_a_late_answer_changes_nothing(one):
    one.change("a", is_open=False)
    first = sent(one, 1.0)[0]
    one.change("a", is_open=True)
    one.stored(first.number)
    assert one.waiting == 0
    assert [(p.operation, p.number) for p in sent(one, 2.0)] == [("a", None)]


def test_nothing_is_sent_while_the_server_is_away_and_all_is_after_it(one):
    one.change("open", is_open=True)
    one.change("over", is_open=False)
    for publication in sent(one, 1.0):
        if publication.number is not None:
            one.stored(publication.number)
    one.disconnected()
    one.change("open", is_open=True)
    one.change("new", is_open=True)
    assert one.due(50.0) == []
    assert one.deadline(50.0) is None
    one.connected(60.0)
    assert sorted(names(sent(one, 60.0))) == ["new", "open", "over"]


def test_a_batch_waits_until_the_one_before_has_arrived(one):
    one.change("a", is_open=True)
    assert one.due(1.0)
    one.change("b", is_open=True)
    assert one.due(2.0) == []
    assert one.deadline(2.0) is None
    one.arrived()
    assert names(one.due(2.0)) == ["b"]


def test_batches_and_ends_on_their_way_are_bounded(one):
    for number in range(3 * rules.BATCH):
        one.change(f"open{number}", is_open=True)
        one.change(f"over{number}", is_open=False)
    batch = sent(one, 1.0)
    assert len(batch) <= rules.BATCH
    assert sum(p.number is not None for p in batch) == rules.UNSTORED
    assert not any(p.number is not None for p in sent(one, 1.1))
    assert one.whole is False


def test_a_heartbeat_comes_at_once_and_every_ten_seconds(one):
    assert [p.operation for p in one.due(0.0)] == [None]
    one.arrived()
    assert one.due(5.0) == []
    assert one.deadline(5.0) == rules.HEARTBEAT
    assert [p.operation for p in one.due(rules.HEARTBEAT)] == [None]


def test_it_is_whole_once_all_that_is_open_was_sent_since_the_connection(one):
    one.change("a", is_open=True)
    assert not one.whole
    sent(one, 1.0)
    assert one.whole
    one.change("a", is_open=True)  # it moves on: what it was is known
    assert one.whole
    one.disconnected()
    assert not one.whole


def test_what_is_removed_while_it_is_open_is_told_as_removed_until_that_is_stored(one):
    one.change("a", is_open=True)
    sent(one, 1.0)
    one.remove("a", not_asked)
    removal = sent(one, 1.1)[0]
    assert removal.removed
    one.not_stored(removal.number, 1.2)
    again = sent(one, 10.0)[0]
    assert again.removed
    one.stored(again.number)
    assert sent(one, 100.0) == []


def test_a_stored_end_that_the_broker_forgets_is_told_no_more(one):
    one.change("a", is_open=False)
    one.stored(sent(one, 1.0)[0].number)
    one.remove("a", not_asked)
    one.connected(2.0)
    assert sent(one, 2.0) == []


def test_an_end_that_the_broker_forgets_in_an_outage_is_kept_and_told_after_it(one):
    one.disconnected()
    one.change("a", is_open=False)
    one.remove("a", lambda: b"what it was")
    one.connected(3600.0)
    publication = sent(one, 3600.0)[0]
    assert publication.kept == b"what it was"
    one.stored(publication.number)
    one.connected(3700.0)
    assert sent(one, 3700.0) == []


def test_what_is_kept_in_an_outage_is_bounded_and_the_rest_is_counted(one):
    one.disconnected()
    row = bytes(rules.KEPT_BYTES // 10 - rules.KEPT_EACH)
    for number in range(25):
        one.change(f"op{number}", is_open=False)
        one.remove(f"op{number}", partial(bytes, row))
    assert one.dropped == 15
    one.connected(1.0)
    assert names(sent(one, 1.0)) == [f"op{number}" for number in range(15, 25)]


def test_what_stands_still_is_told_again_after_minutes(one):
    one.change("a", is_open=True)
    sent(one, 1.0)
    assert sent(one, rules.REFRESH - 1) == []
    assert names(sent(one, rules.REFRESH + 1)) == ["a"]


def test_no_end_of_an_hours_outage_is_dropped(one):
    # An end a second, of three stages with names as people give them: what the broker forgot.
    one.disconnected()
    row = state_message.encode_row(ended_operation(), with_output=False)
    for number in range(3600):
        one.change(f"q7f3c0ffe{number:04}", is_open=False)
        one.remove(f"q7f3c0ffe{number:04}", partial(bytes, row))
    assert (one.dropped, one.waiting) == (0, 3600)


def ended_operation():
    made = Operation("q7f3c0ffee22", "Nightly build of the documentation", "nightly build")
    made.labels = {"run": "4711", "branch": "main"}
    made.host, made.user, made.tty = "build-1.example.org", "jenkins", "/dev/pts/17"
    made.move("running", 1000.0)
    for number in range(1, 4):
        stage = made.add_stage(Stage(number, f"Compile module {number}", total=1200))
        stage.move("running", 1000.0)
        stage.done, stage.unit = 1200, "files"
    made.move("completed", 1100.0)
    return made


def test_a_heartbeat_that_tells_something_new_does_not_wait(one):
    assert [beat.operation for beat in one.due(1.0)] == [None]
    one.arrived()
    assert one.due(2.0) == []
    one.beat()
    assert [beat.operation for beat in one.due(2.0)] == [None]
