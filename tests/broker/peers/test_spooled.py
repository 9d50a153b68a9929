"""What programs left in files."""

from __future__ import annotations

import pytest
from wired import Wired

from headway.protocol import messages
from headway.protocol.redaction import redact


@pytest.fixture
def wired():
    return Wired()


def test_a_late_true_end_corrects_a_crash():
    wired = Wired(has_history=True)
    worker = wired.worker()
    worker.start()
    wired.core.died("worker", wired.now)
    wired.pass_time(1)
    wired.store_all()
    assert wired.operation("op").state == "crashed"
    owed = wired.core.spooled.take(spool(worker, "completed"), 1000, wired.now)
    assert owed.ends == {"op"}
    assert wired.operation("op").state == "completed"
    assert not wired.core.ledger.is_safe("op")
    wired.carry_out()
    wired.store_all()
    assert wired.core.ledger.is_safe("op")


def spool(worker, state):
    """The messages of a file that a worker left."""
    op = worker.operations["op"]
    op.move(state, worker.now)
    op.revision += 1
    about = {"pid": worker.pid, "boot": worker.boot}
    return [
        messages.Hello("headway", 1, 0, worker.session, "worker", worker.now, about),
        messages.Announce(
            1, worker.now, True, op.record(), [s.record() for s in op.stages.values()]
        ),
        messages.Bye(2, worker.now),
    ]


def test_what_a_worker_could_not_pack_is_counted(wired):
    worker = wired.worker(hello=False)
    worker.start()
    hello, *others = spool(worker, "failed")
    hello = hello._replace(about={**hello.about, "unpacked": 2})
    wired.core.spooled.take([hello, *others], 1000, wired.now)
    assert wired.core.dropped.counts["unpacked"] == 2


def test_a_file_that_repeats_an_end_leaves_its_texts(wired):
    worker = wired.worker()
    worker.start()
    worker.end(state="failed")
    operation = wired.operation("op")
    operation.error = "printed"
    messages_of_file = file_of(worker, "op")
    wired.core.spooled.take(messages_of_file, 1000, wired.now)
    assert wired.operation("op").error == "printed"


def file_of(worker, name):
    """The messages of a file in which a worker repeats an operation as it is."""
    op = worker.operations[name]
    about = {"pid": worker.pid, "boot": worker.boot}
    announce = messages.Announce(1, worker.now, True, op.record(), [])
    return [
        messages.Hello("headway", 1, 0, worker.session, "worker", worker.now, about),
        redact(announce),
    ]


def test_an_unsent_end_of_a_worker_that_nobody_knew_is_taken_in(wired):
    worker = wired.worker(hello=False)
    worker.start()
    wired.core.spooled.take(spool(worker, "failed"), 1000, wired.now)
    assert wired.operation("op").state == "failed"
    assert wired.core.status(wired.now)["workers"] == 0


def test_an_unsent_file_cannot_open_an_operation(wired):
    worker = wired.worker(hello=False)
    op = worker.start()
    about = {"pid": 1, "boot": worker.boot}
    frames = [
        messages.Hello("headway", 1, 0, "s", "worker", 1.0, about),
        messages.Announce(1, 1.0, True, op.record(), []),
    ]
    assert wired.core.spooled.take(frames, 1000, wired.now).ends == set()
    assert not wired.core.ledger.entries
    assert not wired.core.sessions.by_id
