from wired import Wired

from headway_broker.history.jobs import Stored, awaited, stored, unwritten
from headway_broker.state.effects import (
    End,
    Recall,
    StoreClaim,
    StoredShare,
    StoredShares,
    StoreOperation,
    StoreRun,
)
from headway_broker.storage.row_mapping import row_of

SHARES = (StoredShare(1, "child", 3.0),)


def store(operation="op", ended=False, **changes):
    wired = Wired()
    worker = wired.worker()
    worker.start(operation)
    if ended:
        worker.end(operation)
    return StoreOperation(row_of(wired.core.ledger.entries[operation], 0.0)._replace(**changes))


def test_operations_and_questions_are_waited_for_and_nothing_else_is():
    assert all(awaited(job) for job in (store(ended=True), store(), Recall("key")))
    assert not any(awaited(job) for job in (StoreRun("key", {}), StoreClaim("key")))


def test_of_each_operation_only_its_last_row_is_written_later():
    first, last, other = store(), store(ended=True), store("other")
    learned, claimed = StoreRun("key", {}), StoreClaim("key")
    owed = unwritten([first, learned, other, Recall("key"), claimed, last])
    assert owed == [learned, claimed, last, other]


def test_of_what_was_written_ends_shares_and_beginnings_are_told():
    jobs = [store("open"), store("counted", shares=SHARES), store("over", ended=True)]
    assert stored([*jobs, StoreRun("key", {})]) == Stored(
        [End("over", 2, 2)], [StoredShares("counted", SHARES)], ["open", "counted"]
    )
