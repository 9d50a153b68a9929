"""What one process may have, and that others have theirs."""

import itertools

import pytest
from wired import Wired

from headway.model import Stage
from headway.plain_values import TEXT_LIMIT
from headway.protocol import messages
from headway_broker.peers.counts import forked_counts
from headway_broker.state import quotas as rules
from headway_broker.state import retention


@pytest.fixture
def wired():
    return Wired()


def test_stages_beyond_the_budget_of_their_process_are_left_out_and_the_end_is_not(
    wired, monkeypatch
):
    monkeypatch.setattr(rules, "STAGES_LIMIT", 3)
    hog = wired.worker("hog", pid=7)
    hog.start("large", stages=("a", "b", "c", "d", "e"))
    other = wired.worker("other", pid=8)
    other.start("small", stages=("x",))
    assert len(wired.operation("large").stages) == 3
    assert len(wired.operation("small").stages) == 1
    assert wired.dropped() == {"stages over budget": 2}
    hog.end("large")
    assert wired.operation("large").state == "completed"


def test_open_operations_of_a_process_are_limited_and_what_ends_makes_room(wired, monkeypatch):
    monkeypatch.setattr(rules, "OPEN_LIMIT", 1)
    worker = wired.worker("worker", pid=7)
    worker.start("one")
    worker.start("two")
    assert "two" not in wired.core.ledger.entries
    assert worker.heard(messages.Refuse)[0].details["operation"] == "two"
    worker.end("one")
    worker.start("three")
    assert wired.operation("three").open


def test_what_counts_in_an_operation_that_was_refused_is_not_asked_for_everything(
    wired, monkeypatch
):
    monkeypatch.setattr(rules, "OPEN_LIMIT", 1)
    worker = wired.worker("worker", pid=7)
    worker.start("one")
    refused = worker.start("two", stages=("a",))
    for count in (1, 2, 3):
        worker.count(dict.fromkeys(refused.stages, count))
        wired.pass_time(1.1)
    assert not worker.heard(messages.Reannounce)
    assert wired.dropped()["unknown stage"] == 3


def born(wired, worker):
    """Let the broker read the birth file of a worker, before that is connected."""
    worker.start("born")
    about = {"pid": worker.pid, "boot": worker.boot}
    hello = messages.Hello("headway", 1, 0, worker.session, "worker", worker.now, about)
    record = worker.operations["born"].record()
    announce = messages.Announce(1, worker.now, True, record, [])
    wired.core.spooled.apply([hello, announce], 1000, wired.now)


def test_a_worker_that_was_known_by_its_birth_file_has_the_quota_of_its_process(wired, monkeypatch):
    monkeypatch.setattr(rules, "OPEN_LIMIT", 2)
    worker = wired.worker("worker", pid=7, hello=False)
    born(wired, worker)
    worker.hello()
    worker.start("second")
    worker.start("third")
    assert set(wired.core.ledger.entries) == {"born", "second"}
    assert quota(wired, worker).opened == 2
    assert len(wired.core.ledger.quotas.of_process) == 1


def test_what_was_known_by_a_birth_file_counts_in_the_quota_that_its_process_has_already(
    wired, monkeypatch
):
    monkeypatch.setattr(rules, "OPEN_LIMIT", 2)
    before = wired.worker("before", pid=7)
    before.start("one")
    worker = wired.worker("worker", pid=7, hello=False)
    born(wired, worker)
    worker.hello()
    worker.start("third")
    assert set(wired.core.ledger.entries) == {"one", "born"}
    worker.end("born")
    before.end("one")
    assert quota(wired, worker).opened == 0
    counted = sum(e.bytes for e in wired.core.ledger.entries.values())
    assert quota(wired, worker).bytes == counted


def test_what_was_left_out_is_asked_for_once_there_is_room_and_no_oftener_than_each_minute(
    wired, monkeypatch
):
    monkeypatch.setattr(rules, "OPEN_LIMIT", 2)
    worker = wired.worker("worker", pid=7)
    worker.start("one")
    worker.start("two")
    refused = worker.start("three", stages=("a",))

    def count():
        """Counts in what was refused: whether everything is asked for."""
        before = len(worker.heard(messages.Reannounce))
        worker.count(dict.fromkeys(refused.stages, 5))
        wired.pass_time(1.1)
        asked = len(worker.heard(messages.Reannounce)) > before
        if asked:
            worker.hello()
        return asked

    assert not count()
    worker.end("one")
    assert count()
    assert not count()  # it has not told it again: a program forgets what was refused
    wired.pass_time(rules.ASK_EVERY)
    assert count()
    worker.announce("three")
    assert wired.operation("three").open
    assert wired.dropped()["too many operations"] == 1


@pytest.fixture
def little(monkeypatch):
    """A quota of few bytes, in which a message is no small thing."""
    monkeypatch.setattr(rules, "BYTES_LIMIT", 16_000)
    monkeypatch.setattr(rules, "BYTES_KEPT", 12_000)
    monkeypatch.setattr(rules, "FRAME_BYTES", 16_000)


def detailed(worker, operation, count, detail="d" * TEXT_LIMIT):
    """Announce an operation with stages of long texts."""
    op = worker.start(operation, stages=())
    for _ in range(count):
        number = next(worker.stage_ids)
        op.stages[number] = Stage(number, "s")
        op.stages[number].detail = detail
    worker.announce(operation)


def quota(wired, worker):
    return wired.core.ledger.quotas.of(wired.core.sessions.by_id[worker.session])


def held(wired, worker):
    """What the broker counts for a process, and what its operations are worth."""
    own = wired.core.sessions.by_id[worker.session]
    entries = wired.core.ledger.operations(own)
    return quota(wired, worker).bytes, sum(rules.whole_bytes(e.operation) for e in entries)


def test_texts_beyond_the_budget_are_left_out_and_those_of_others_are_not(wired, little):
    hog = wired.worker("hog", pid=7)
    detailed(hog, "large", 2)
    detailed(hog, "larger", 2)
    other = wired.worker("other", pid=8)
    detailed(other, "small", 1)
    assert [s.detail for s in wired.operation("larger").stages.values()] == [None, None]
    assert [len(s.detail) for s in wired.operation("small").stages.values()] == [TEXT_LIMIT]
    assert wired.dropped() == {"texts over budget": 2}
    assert quota(wired, hog).bytes <= rules.BYTES_LIMIT


def test_a_text_that_is_not_ascii_weighs_what_it_takes(wired):
    worker = wired.worker(pid=7)
    detailed(worker, "one", 1, detail="\N{SNOWMAN}" * 100)
    before = quota(wired, worker).bytes
    detailed(worker, "two", 1, detail="x" * 100)
    assert before - (quota(wired, worker).bytes - before) == 300


def test_details_by_counts_and_lines_of_output_are_within_the_budget(wired, little):
    worker = wired.worker(pid=7)
    detailed(worker, "one", 4, detail=None)
    for number in list(wired.operation("one").stages):
        worker.count({number: [1, 2, "d" * TEXT_LIMIT]})
        wired.pass_time(1.1)
    for _ in range(5):
        worker.say(messages.Log("one", None, ["l" * 500] * 10))
    counted, worth = held(wired, worker)
    assert counted == worth
    assert worth <= rules.BYTES_LIMIT + TEXT_LIMIT + 5_000
    assert wired.dropped()["texts over budget"] >= 2


def test_new_stages_beyond_the_bytes_are_left_out_also_of_an_end(wired, little):
    worker = wired.worker(pid=7)
    op = worker.start("one", stages=())
    for _ in range(100):
        number = next(worker.stage_ids)
        op.stages[number] = Stage(number, "s")
    worker.end("one")
    assert wired.operation("one").state == "completed"
    assert 0 < len(wired.operation("one").stages) < 100


def test_the_oldest_ends_of_a_heavy_process_are_forgotten_and_nobody_elses(wired, little):
    hog, other = wired.worker("hog", pid=7), wired.worker("other", pid=8)
    other.start("before")
    other.end("before")
    for number in range(6):
        detailed(hog, f"op {number}", 1, detail="d" * 2_000)
        hog.end(f"op {number}")
        wired.pass_time(0.1)
    left = list(wired.core.ledger.entries)
    assert "before" in left
    assert "op 5" in left
    assert "op 0" not in left
    assert quota(wired, hog).bytes <= rules.BYTES_LIMIT


def test_what_is_forgotten_is_counted_no_more(wired, monkeypatch):
    monkeypatch.setattr(retention, "KEEP_ENDED", 0)
    monkeypatch.setattr(retention, "KEEP_FRESH", 0)
    worker = wired.worker(pid=7)
    detailed(worker, "one", 3, detail="x" * 50)
    worker.say(messages.Log("one", None, ["line"]))
    counted, worth = held(wired, worker)
    assert counted == worth > 0
    worker.end("one")
    wired.pass_time(0.2)
    assert not wired.core.ledger.entries
    assert not wired.core.ledger.quotas.of_process


def test_shares_of_a_process_are_limited_and_go_with_the_operation(wired, monkeypatch):
    monkeypatch.setattr(rules, "SHARES_LIMIT", 2)
    monkeypatch.setattr(retention, "KEEP_ENDED", 0)
    monkeypatch.setattr(retention, "KEEP_FRESH", 0)
    parent = wired.worker("parent", pid=7)
    parent.start("one", stages=("a", "b", "c"))
    child = wired.worker("child", pid=8)
    other = wired.worker("other child", pid=9)
    for sharer, stage in itertools.product((child, other), (1, 2, 3)):
        sharer.say(messages.Share(sharer.next(), wired.now, "one", stage, 5.0))
    shared = [sorted(s.shares or ()) for s in wired.operation("one").stages.values()]
    assert shared == [["child", "other child"], ["child", "other child"], []]
    assert child.heard(messages.Refuse)[0].reason == "too many shares"
    parent.end("one")
    wired.pass_time(forked_counts.KEEP_SECONDS, step=2_000)
    assert not wired.core.ledger.quotas.of_process
    assert not wired.core.ledger.quotas.sharers
