"""What programs left in files."""

from __future__ import annotations

import pytest
from wired import Wired

from headway.protocol import messages
from headway.protocol.redaction import redact
from headway_broker.peers.spooled import ENDED_BY_PARENT
from headway_broker.state import ledger
from headway_broker.state.process_image import ProcessImage


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
    owed = wired.core.spooled.apply(spool(worker, "completed"), 1000, wired.now)
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
    wired.core.spooled.apply([hello, *others], 1000, wired.now)
    assert wired.core.dropped.counts["unpacked"] == 2


def test_a_file_that_repeats_an_end_leaves_its_texts(wired):
    worker = wired.worker()
    worker.start()
    worker.end(state="failed")
    operation = wired.operation("op")
    operation.error = "printed"
    messages_of_file = file_of(worker, "op")
    wired.core.spooled.apply(messages_of_file, 1000, wired.now)
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
    wired.core.spooled.apply(spool(worker, "completed"), 1000, wired.now)
    assert wired.operation("op").state == "completed"
    assert wired.core.status(wired.now)["workers"] == 0


def failure(worker, error="no space left"):
    """The file in which a worker that lives tells its failure, without the text."""
    worker.start()
    op = worker.operations["op"]
    op.move("failed", worker.now)
    op.error = error
    op.revision += 1
    return file_of(worker, "op")


def shown(wired, operation="op"):
    """Whether viewers are shown what the broker knows of an operation."""
    return wired.core.ledger.entries[operation] not in wired.core.ledger.held


@pytest.mark.parametrize("connected", [False, True])
@pytest.mark.parametrize("has_history", [False, True])
def test_a_failure_is_shown_with_the_text_that_its_process_tells(connected, has_history):
    wired = Wired(has_history=has_history)
    worker = wired.worker(hello=connected)
    file = wired.core.spooled.apply(failure(worker), 1000, wired.now)
    wired.carry_out()
    wired.store_all()
    wired.pass_time(1.5)
    assert wired.core.spooled.are_safe(file, wired.now)
    assert not shown(wired)
    if not connected:
        worker.hello()
    worker.announce()
    wired.store_all()
    assert shown(wired)
    assert wired.operation("op").error == "no space left"


def test_an_end_in_a_file_is_shown_before_it_is_stored():
    # The file stays until then: the next broker knows the end, too, also where the disk is full.
    wired = Wired(has_history=True)
    worker = wired.worker()
    worker.start()
    file = wired.core.spooled.apply(spool(worker, "completed"), 1000, wired.now)
    assert shown(wired)
    assert not wired.core.spooled.are_safe(file, wired.now)


def test_a_failure_in_headways_own_words_is_shown_at_once(wired):
    worker = wired.worker(hello=False)
    wired.core.spooled.apply(failure(worker, "exit status 3"), 1000, wired.now)
    assert shown(wired)


def test_a_failure_is_shown_without_its_text_once_its_process_is_dead(wired):
    worker = wired.worker(hello=False)
    wired.core.spooled.apply(failure(worker), 1000, wired.now)
    assert not shown(wired)
    wired.core.died(worker.session, wired.now)
    assert shown(wired)
    wired.pass_time(1)
    assert wired.core.status(wired.now)["workers"] == 0


def test_a_failure_whose_process_was_connected_is_shown_once_its_last_messages_were_read(wired):
    worker = wired.worker()
    wired.core.spooled.apply(failure(worker), 1000, wired.now)
    wired.core.died(worker.session, wired.now)
    assert not shown(wired)
    wired.pass_time(0.4)
    assert shown(wired)


@pytest.mark.parametrize("boot", ["this-boot", "another"])
def test_a_failure_whose_process_does_not_tell_it_is_shown_after_three_seconds(wired, boot):
    worker = wired.worker(hello=False, boot=boot)
    wired.core.spooled.apply(failure(worker), 1000, wired.now)
    assert shown(wired) is (boot == "another")
    wired.pass_time(3.1)
    assert shown(wired)
    assert wired.core.deadline() is None or wired.core.deadline() > wired.now


def birth(worker, **about):
    """The file of a worker that no broker has greeted, with an open operation."""
    op = worker.start()
    about = {"pid": worker.pid, "started": 7, "boot": worker.boot, **about}
    return [
        messages.Hello("headway", 1, 0, worker.session, "worker", worker.now, about),
        messages.Announce(1, worker.now, True, op.record(), []),
    ]


@pytest.mark.parametrize("told", ["1 2 3", "1 2", "1 2 x", 5])
def test_what_a_file_tells_of_a_program_that_another_has_replaced_has_ended(wired, told):
    worker = wired.worker(hello=False)
    first = birth(worker)
    wired.core.spooled.apply(first, 1000, wired.now)
    hello, announce = first
    last = [hello._replace(about={**hello.about, messages.IMAGE: told}), announce]
    wired.core.spooled.apply(last, 1000, wired.now)
    wired.carry_out()
    wired.pass_time(6.5)
    wired.core.process_image_read(worker.session, ProcessImage(7, 1, 2, 4), wired.now)
    wired.pass_time(1)
    assert wired.operation("op").state == ("ended" if told == "1 2 3" else "running")


@pytest.mark.parametrize(
    ("becomes", "heard_after", "state"),
    [(True, None, "ended"), (True, 1, "ended"), (True, 5, "crashed"), (False, None, "crashed")],
)
def test_what_a_program_had_open_that_was_about_to_exec_has_ended_unless_that_failed(
    wired, becomes, heard_after, state
):
    worker = wired.worker()
    hello, announce = birth(worker)
    about = {**hello.about, messages.BECOMES: int(becomes)}
    wired.core.spooled.apply([hello._replace(about=about), announce], 1000, wired.now)
    if heard_after is not None:
        wired.pass_time(heard_after)
        worker.beat()
    wired.core.died(worker.session, wired.now)
    wired.pass_time(1)
    assert wired.operation("op").state == state


def test_what_a_dead_process_had_begun_before_there_was_a_broker_has_crashed():
    wired = Wired(has_history=True)
    worker = wired.worker(hello=False)
    file = wired.core.spooled.apply(birth(worker), 1000, wired.now)
    wired.carry_out()
    watched = wired.watched[worker.session]
    assert (watched.pid, watched.started) == (worker.pid, 7)
    assert wired.operation("op").state == "running"
    wired.core.died(worker.session, wired.now)
    wired.pass_time(1)
    assert wired.operation("op").state == "crashed"
    assert not wired.core.spooled.are_safe(file, wired.now)
    wired.store_all()
    assert wired.core.spooled.are_safe(file, wired.now)


def test_a_process_that_connects_takes_over_what_its_birth_file_told(wired):
    worker = wired.worker(hello=False)
    file = wired.core.spooled.apply(birth(worker), 1000, wired.now)
    assert not wired.core.spooled.are_safe(file, wired.now)
    worker.hello()
    worker.end(state="completed")
    assert wired.operation("op").state == "completed"
    assert wired.core.spooled.are_safe(file, wired.now)


def test_a_birth_is_kept_until_it_is_stored_though_its_process_has_told_of_it():
    wired = Wired(has_history=True)
    worker = wired.worker(hello=False)
    file = birth(worker)
    owed = wired.core.spooled.apply(file, 1000, wired.now)
    worker.hello()
    worker.announce()
    wired.pass_time(1.5)
    assert not wired.core.spooled.are_safe(owed, wired.now)
    # Broker and worker are killed: nothing of the operation was stored, and its file is there.
    after = Wired(has_history=True, now=wired.now)
    after.core.spooled.apply(file, 1000, after.now)
    after.core.died(worker.session, after.now)
    after.pass_time(1)
    assert after.operation("op").state == "crashed"
    wired.store_all()
    assert wired.core.spooled.are_safe(owed, wired.now)


def test_without_a_history_a_birth_is_kept_until_it_has_ended(wired):
    worker = wired.worker(hello=False)
    owed = wired.core.spooled.apply(birth(worker), 1000, wired.now)
    worker.hello()
    worker.announce()
    wired.pass_time(5)
    assert not wired.core.spooled.are_safe(owed, wired.now)
    assert not worker.heard(messages.Acknowledge)
    worker.end()
    assert wired.core.spooled.are_safe(owed, wired.now)


def test_a_process_of_an_earlier_boot_is_dead(wired):
    worker = wired.worker(hello=False)
    wired.core.spooled.apply(birth(worker, boot="another"), 1000, wired.now)
    wired.pass_time(1)
    assert wired.operation("op").state == "crashed"


def test_a_pid_of_another_namespace_means_nobody_and_its_file_stays(wired):
    worker = wired.worker(hello=False)
    file = wired.core.spooled.apply(birth(worker, pid_namespace=4), 1000, wired.now)
    assert not wired.core.ledger.entries
    assert not wired.core.sessions.by_id
    assert not wired.core.spooled.are_safe(file, wired.now)


@pytest.mark.parametrize("ended", [True, False])
def test_what_a_process_begins_between_two_brokers_is_settled_by_the_second(ended):
    before = Wired(has_history=True, namespace=4)
    worker = before.worker()
    before.core.sessions.by_id[worker.session].about["pid_namespace"] = 4
    worker.start()
    if ended:
        worker.end(state="completed")
    before.pass_time(2)
    wired = Wired(has_history=True, now=before.now, namespace=4)
    wired.core.restored([before.stored_rows()["op"]], wired.now)
    wired.carry_out()
    worker.wired = wired
    op = worker.start("later", name="Later")
    about = {"pid": worker.pid, "started": 7, "boot": worker.boot, "pid_namespace": 4}
    file = [
        messages.Hello("headway", 1, 0, worker.session, "worker", worker.now, about),
        messages.Announce(1, worker.now, True, op.record(), []),
    ]
    wired.core.spooled.apply(file, 1000, wired.now)
    wired.carry_out()
    assert wired.watched[worker.session].pid == worker.pid
    wired.core.died(worker.session, wired.now)
    wired.pass_time(1)
    assert wired.operation("later").state == "crashed"


def test_a_birth_takes_nothing_back_of_what_has_ended(wired):
    worker = wired.worker(hello=False)
    begun = birth(worker)
    wired.core.spooled.apply(spool(worker, "completed"), 1000, wired.now)
    file = wired.core.spooled.apply(begun, 1000, wired.now)
    assert wired.operation("op").state == "completed"
    assert wired.core.spooled.are_safe(file, wired.now)


def test_an_end_that_is_refused_is_still_owed(wired, monkeypatch):
    monkeypatch.setattr(ledger, "OPERATIONS_LIMIT", 0)
    worker = wired.worker(hello=False)
    worker.start()
    owed = spool(worker, "completed")
    file = wired.core.spooled.apply(owed, 1000, wired.now)
    assert file.refused == ["too many operations"]
    assert not wired.core.spooled.are_safe(file, wired.now)
    monkeypatch.undo()
    file = wired.core.spooled.apply(owed, 1000, wired.now)
    assert wired.operation("op").state == "completed"
    assert wired.core.spooled.are_safe(file, wired.now)


def test_a_file_of_another_major_version_is_owed_to_another_broker(wired):
    worker = wired.worker(hello=False)
    worker.start()
    hello, *others = spool(worker, "completed")
    file = wired.core.spooled.apply([hello._replace(major=2), *others], 1000, wired.now)
    assert file.refused == ["version"]
    assert not wired.core.ledger.entries


def will(worker, *, ended_by_parent):
    """The messages of the will of a worker that had told the broker all of it."""
    op = worker.operations["op"]
    about = {**worker.facts, ENDED_BY_PARENT: ended_by_parent}
    stages = [stage.record() for stage in op.stages.values()]
    return [
        messages.Hello("headway", 1, 0, worker.session, "worker", worker.now, about),
        messages.Announce(1, worker.now, True, op.record(), stages),
    ]


@pytest.mark.parametrize("ended", [False, True])
def test_what_its_parent_ended_a_worker_in_is_cancelled_and_not_crashed(wired, ended):
    worker = wired.worker(pid_namespace=3)
    worker.start(stages=("Step",))
    wired.core.died("worker", wired.now)
    wired.core.spooled.apply(will(worker, ended_by_parent=ended), 1000, wired.now)
    wired.pass_time(1)
    operation = wired.operation("op")
    (step,) = operation.stages.values()
    if ended:
        assert (operation.state, operation.reason) == ("cancelled", "ended by its parent")
        assert operation.error is None
    else:
        assert (operation.state, operation.reason) == ("crashed", None)
    assert step.state == operation.state


def test_a_loop_that_was_left_before_its_parent_ended_it_has_stopped_there(wired):
    worker = wired.worker(pid_namespace=3)
    worker.start(stages=("Step",))
    wired.operation("op").reason = "left at 2 of 3"  # as its worker has told
    wired.core.died("worker", wired.now)
    wired.core.spooled.apply(will(worker, ended_by_parent=True), 1000, wired.now)
    wired.pass_time(1)
    operation = wired.operation("op")
    (step,) = operation.stages.values()
    for one in (operation, step):
        assert (one.state, one.reason) == ("completed", "stopped at 2 of 3")


def note(worker):
    """What a parent noted of a worker that has left no will."""
    about = {**worker.facts, ENDED_BY_PARENT: True}
    return [messages.Hello("headway", 1, 0, "", "worker", 0.0, about)]


def test_a_note_of_a_worker_without_a_will_is_kept_until_its_death_is_settled(wired):
    worker = wired.worker(pid_namespace=3)
    worker.start()
    file = wired.core.spooled.apply(note(worker), 1000, wired.now)
    assert not wired.core.spooled.are_safe(file, wired.now)
    wired.core.died("worker", wired.now)
    wired.pass_time(1)
    assert wired.operation("op").reason == "ended by its parent"
    assert wired.core.spooled.are_safe(file, wired.now)


@pytest.mark.parametrize("other", [{"started": 8}, {"started": None}, {"pid": [1]}])
def test_a_note_of_another_process_changes_nothing(wired, other):
    worker = wired.worker(pid_namespace=3)
    worker.start()
    (hello,) = note(worker)
    of_another = hello._replace(about={**hello.about, **other})
    file = wired.core.spooled.apply([of_another], 1000, wired.now)
    assert wired.core.spooled.are_safe(file, wired.now)
    wired.core.died("worker", wired.now)
    wired.pass_time(1)
    assert wired.operation("op").state == "crashed"


def test_that_a_failure_printed_nothing_is_told_by_its_file(wired):
    worker, viewer = wired.worker(hello=False), wired.viewer()
    worker.start()
    hello, end, bye = spool(worker, "failed")
    nothing = messages.Output("op", 0, b"", 0, True)
    wired.core.spooled.apply([hello, end, nothing, bye], 1000, wired.now)
    viewer.ask("logs", operation="op", offset=0)
    reply = viewer.heard(messages.Reply)[-1].result
    assert (reply["found"], reply["complete"], reply["total"]) == ("here", True, 0)


def test_no_file_tells_what_was_printed(wired):
    worker, viewer = wired.worker(hello=False), wired.viewer()
    worker.start()
    hello, end, bye = spool(worker, "failed")
    output = messages.Output("op", 0, b"secret", 6, True)
    wired.core.spooled.apply([hello, end, output, bye], 1000, wired.now)
    viewer.ask("logs", operation="op", offset=0)
    assert viewer.heard(messages.Reply)[-1].result == {"found": "restarted"}
