from wired import Wired

from headway_broker.history.jobs import Claimed, Learned, Wanted, awaited, still_owed
from headway_broker.storage.rows import row_of


def row(operation="op", ended=False):
    wired = Wired()
    worker = wired.worker()
    worker.start(operation)
    if ended:
        worker.end(operation)
    return row_of(wired.core.ledger.entries[operation], 0.0)


def test_an_end_and_a_question_are_waited_for_and_nothing_else_is():
    shares = row()._replace(shares=((1, "child", 3.0),))
    assert all(awaited(job) for job in (row(ended=True), shares, Wanted("key")))
    assert not any(awaited(job) for job in (row(), Learned("key", {}), Claimed("key")))


def test_of_each_operation_only_its_last_row_is_written_later():
    first, last, other = row(), row(ended=True), row("other")
    learned, claimed = Learned("key", {}), Claimed("key")
    owed = still_owed([first, learned, other, Wanted("key"), claimed, last])
    assert owed == [learned, claimed, last, other]
