"""What the core decides, told by real frames and a manual clock."""

import pytest
from wired import Wired

from headway.protocol import messages
from headway_broker.publishing import frames
from headway_broker.state import effects
from headway_broker.storage import rows as archive


@pytest.fixture
def wired():
    return Wired()


def test_a_hello_is_welcomed_with_the_instance_and_the_clocks(wired):
    worker = wired.worker()
    [welcome] = worker.heard()
    assert welcome == messages.Welcome(
        1, 0, "instance", 100.0, 1_700_000_100.0, "ipc:///follow", False
    )


def test_another_major_version_is_refused_with_the_ones_that_are_spoken(wired):
    worker = wired.worker(hello=False)
    worker.hello(major=2)
    assert worker.heard() == [messages.Refuse("version", {"majors": [1]})]
    assert wired.dropped() == {"version": 1}


def test_what_is_not_headway_is_refused(wired):
    worker = wired.worker(hello=False)
    worker.hello(magic="other")
    assert [message.reason for message in worker.heard(messages.Refuse)] == ["not headway"]


def test_another_user_is_refused_and_root_is_not(wired):
    assert wired.worker("other", uid=1001).heard(messages.Refuse)[0].reason == "user"
    assert wired.worker("root", uid=0).heard(messages.Welcome)


def test_an_announced_operation_is_known_with_its_stages(wired):
    wired.worker().start(stages=("Download", "Unpack"))
    op = wired.operation("op")
    assert op.state == "running"
    assert [stage.name for stage in op.stages.values()] == ["Download", "Unpack"]


def test_counts_are_applied_when_a_frame_is_due_and_not_before(wired):
    worker = wired.worker()
    worker.start()
    wired.tick()
    worker.count({1: 10})
    worker.count({1: 20})
    assert wired.operation("op").stages[1].done == 0
    wired.pass_time(1)
    assert wired.operation("op").stages[1].done == 20


def test_the_next_counts_of_a_session_are_taken_by_a_way_of_their_own(wired):
    wired.worker().start()
    session = wired.core.sessions.by_id["worker"]
    messages_before = wired.core.messages
    sequence = session.sequence + 1
    assert wired.core.receive_counts(session, sequence, {1: 20}, 30, wired.now + 0.5)
    assert (session.sequence, session.heard) == (sequence, wired.now + 0.5)
    assert wired.core.messages == messages_before + 1
    wired.pass_time(1)
    assert wired.operation("op").stages[1].done == 20


@pytest.mark.parametrize(("ahead", "silent"), [(0, False), (2, False), (1, True)])
def test_counts_that_are_not_simply_the_next_are_left_to_receive(wired, ahead, silent):
    wired.worker().start()
    session = wired.core.sessions.by_id["worker"]
    session.silent_since = wired.now if silent else None
    before = session.sequence, session.heard, wired.core.messages, wired.core.updates
    sequence = session.sequence + ahead
    assert not wired.core.receive_counts(session, sequence, {1: 20}, 30, wired.now + 0.5)
    assert before == (session.sequence, session.heard, wired.core.messages, wired.core.updates)
    assert not session.counts


def test_an_announced_stage_overtakes_counts_that_came_before_it(wired):
    worker = wired.worker()
    op = worker.start()
    worker.count({1: 10})
    op.stages[1].done = 30
    worker.announce()
    wired.pass_time(1)
    assert wired.operation("op").stages[1].done == 30


def test_a_hole_in_the_sequence_asks_for_everything_once_a_second_until_the_next_hello(wired):
    worker = wired.worker()
    worker.start()
    worker.sequence += 5
    worker.count({1: 10})
    worker.sequence += 5
    worker.count({1: 20})
    wired.pass_time(2.5)
    assert worker.heard(messages.Again) == [messages.Again(None)] * 3
    assert wired.operation("op").stages[1].done == 20
    worker.hello()
    wired.pass_time(3)
    assert len(worker.heard(messages.Again)) == 3


def test_a_message_of_an_old_sequence_changes_nothing(wired):
    worker = wired.worker()
    worker.start()
    worker.count({1: 50})
    wired.pass_time(1)
    worker.sequence = 0
    worker.count({1: 10})
    wired.pass_time(1)
    assert wired.operation("op").stages[1].done == 50
    assert wired.dropped() == {"stale": 1}


def test_a_beat_that_names_a_later_message_shows_a_lost_tail(wired):
    worker = wired.worker()
    worker.start()
    worker.sequence += 1
    worker.beat()
    wired.pass_time(2)
    assert worker.heard(messages.Again)


def test_counts_of_an_unknown_stage_ask_for_everything(wired):
    worker = wired.worker()
    worker.start()
    worker.count({99: 1})
    wired.pass_time(1)
    assert worker.heard(messages.Again)
    assert wired.dropped() == {"unknown stage": 1}


def test_a_connection_that_never_said_hello_is_asked_to_start_again_once_a_second(wired):
    worker = wired.worker(hello=False)
    worker.count({1: 1})
    worker.count({1: 2})
    assert len(worker.heard(messages.Again)) == 1
    wired.now += 1.5
    worker.count({1: 3})
    assert len(worker.heard(messages.Again)) == 2


def test_an_end_is_acknowledged_at_once_where_there_is_no_history(wired):
    worker = wired.worker()
    worker.start()
    worker.end()
    assert worker.heard(messages.Acknowledge) == [messages.Acknowledge([["op", 2]])]


def test_an_end_is_acknowledged_only_once_it_is_stored():
    wired = Wired(remembers=True)
    worker = wired.worker()
    worker.start()
    worker.end()
    assert not worker.heard(messages.Acknowledge)
    wired.store_all()
    assert worker.heard(messages.Acknowledge) == [messages.Acknowledge([["op", 2]])]


def test_an_end_that_is_safe_is_acknowledged_again_when_it_is_announced_again():
    wired = Wired(remembers=True)
    worker = wired.worker()
    worker.start()
    worker.end()
    wired.store_all()
    worker.operations["op"].revision -= 1
    worker.announce()
    assert len(worker.heard(messages.Acknowledge)) == 2


def test_an_operation_of_another_session_cannot_be_announced(wired):
    wired.worker("first").start(name="Install")
    forger = wired.worker("second")
    forger.start(name="Forged")
    assert wired.operation("op").name == "Install"
    assert forger.heard(messages.Refuse)[0].reason == "operation of another session"
    assert wired.dropped() == {"operation of another session": 1}


def test_a_session_id_belongs_to_the_process_that_came_first(wired):
    wired.worker("same", pid=1)
    thief = wired.worker("same", pid=2, hello=False)
    thief.hello(identity=b"other")
    assert thief.heard(messages.Refuse)[0].reason == "session of another process"


def test_a_worker_that_connects_again_takes_its_session_over(wired):
    worker = wired.worker()
    worker.start()
    worker.hello(identity=b"again")
    worker.sequence = 0
    worker.announce()
    worker.count({1: 7})
    wired.pass_time(1)
    assert wired.operation("op").stages[1].done == 7
    assert wired.core.status(wired.now)["workers"] == 1


def test_times_of_another_machine_are_shifted_by_what_hello_says(wired):
    far = wired.worker("far", offset=60.0, boot="other-boot")
    far.start()
    assert wired.operation("op").started == pytest.approx(100.0)


def test_times_of_this_machine_are_taken_as_they_are(wired):
    worker = wired.worker(offset=0.5)
    worker.start()
    assert wired.operation("op").started == pytest.approx(99.5)


def test_an_illegal_move_is_refused_and_changes_nothing(wired):
    worker = wired.worker()
    op = worker.start()
    worker.end()
    op.state = "running"
    worker.announce()
    assert wired.operation("op").state == "completed"
    assert wired.dropped() == {"illegal move": 1}


def test_workers_hear_when_somebody_begins_to_follow_and_when_nobody_does(wired):
    worker = wired.worker()
    wired.core.subscribed(b"d", True)
    wired.tick()
    wired.core.subscribed(b"d", False)
    wired.tick()
    assert [m.watched for m in worker.heard(messages.Watched)] == [True, False]


def test_a_forked_child_adds_its_share_and_never_ends_the_operation(wired):
    wired.worker("parent").start()
    child = wired.worker("child")
    child.say(messages.Share(child.next(), child.now, "op", 1, 25))
    assert wired.operation("op").stages[1].shown == 25
    wired.core.died("child", wired.now)
    wired.pass_time(1)
    assert wired.operation("op").state == "running"
    assert wired.operation("op").stages[1].shown == 25


@pytest.mark.parametrize("followed", [False, True])
def test_what_is_due_is_done_so_that_an_idle_core_is_hardly_called(wired, followed):
    worker = wired.worker()
    worker.start()
    if followed:
        wired.core.subscribed(b"d", True)
    calls = 0
    end = wired.now + 60
    while wired.now < end:
        wired.tick()
        # A shell waits in whole milliseconds, and is woken between by what comes.
        due = wired.core.deadline()
        beat = wired.now - wired.now % 1.9 + 1.9
        wired.now = max(wired.now + 0.001, min(beat, end if due is None else due))
        if wired.now == beat:
            worker.beat()
        calls += 1
    assert calls < 60 * 6


def test_the_core_leaves_five_minutes_after_the_last_one(wired):
    wired.core.subscribed(b"d", True)
    wired.tick()
    wired.pass_time(400, step=50)
    assert wired.stopped is None
    wired.core.subscribed(b"d", False)
    wired.tick()
    wired.pass_time(299)
    assert wired.stopped is None
    wired.pass_time(2)
    assert wired.stopped == "nobody is here"


def test_stop_is_answered_before_it_is_done(wired):
    viewer = wired.viewer()
    viewer.ask("stop")
    assert viewer.heard(messages.Reply) == [messages.Reply(1, {}, None)]
    assert wired.stopped == "asked to stop"


def test_viewers_are_told_of_a_stop_so_that_only_work_starts_the_next(wired):
    worker, viewer = wired.worker(), wired.viewer()
    wired.viewer().ask("stop")
    assert viewer.heard(messages.Retire)
    assert not worker.heard(messages.Retire)


def test_status_counts_what_there_is(wired):
    wired.worker().start()
    viewer = wired.viewer()
    viewer.ask("status")
    status = viewer.heard(messages.Reply)[0].result
    assert (status["workers"], status["operations"], status["open"], status["stages"]) == (
        1,
        1,
        1,
        1,
    )
    assert status["dropped"] == {}


def test_a_newer_client_makes_everybody_connect_again(wired):
    worker = wired.worker()
    viewer = wired.viewer()
    viewer.ask("retire", major=1, minor=1)
    assert worker.heard(messages.Retire)
    assert wired.stopped


@pytest.mark.parametrize(
    "version", [{"major": 1, "minor": 0}, {"major": 0, "minor": 9}, {}, {"major": "2", "minor": 0}]
)
def test_nobody_else_makes_the_broker_retire(wired, version):
    viewer = wired.viewer()
    viewer.ask("retire", **version)
    assert viewer.heard(messages.Reply)[0].result == {"retiring": False}
    assert wired.stopped is None


def test_an_unknown_request_is_answered_with_its_name(wired):
    viewer = wired.viewer()
    viewer.ask("dance")
    assert viewer.heard(messages.Reply)[0].error == "unknown request 'dance'"


def test_lines_reach_followers_and_the_tail(wired):
    worker = wired.worker()
    worker.start()
    wired.follow()
    worker.say(messages.Log("op", 1, ["one", "two"]))
    assert [m.lines for _, m in wired.published if isinstance(m, messages.Lines)] == [
        ["one", "two"]
    ]
    assert wired.operation("op").tail == ["one", "two"]


def test_lines_of_another_sessions_operation_are_dropped(wired):
    wired.worker("first").start()
    other = wired.worker("second")
    other.say(messages.Log("op", 1, ["forged"]))
    assert wired.operation("op").tail == []
    assert wired.dropped() == {"lines": 1}


def test_merged_counts_are_applied_early_when_they_grow_heavy(wired):
    worker = wired.worker()
    worker.start()
    session = wired.core.sessions.by_id["worker"]
    wired.core.merge(session, {1: [5, 100, "x"]}, 5 << 20, wired.now)
    assert wired.operation("op").stages[1].done == 5
    assert not session.counts


def notes(wired):
    return [effect.text for effect in wired.effects if isinstance(effect, effects.Note)]


def test_a_message_that_breaks_its_handler_is_counted_and_noted_and_ends_nothing(
    wired, monkeypatch
):
    def break_down(*_arguments):
        raise ZeroDivisionError("what a worker wrote")

    worker = wired.worker()
    with monkeypatch.context() as patched:
        patched.setattr(wired.core.ledger, "announce", break_down)
        worker.start("bad")
    worker.start("good")
    assert wired.dropped() == {"broken": 1}
    assert wired.operation("good").state == "running"
    [note] = [note for note in notes(wired) if note.startswith("broken")]
    assert note.startswith("broken: Announce of worker: ZeroDivisionError at test_core.py:")


def test_counts_that_break_the_ledger_are_counted_and_end_nothing(wired, monkeypatch):
    def break_down(*_arguments):
        raise ZeroDivisionError

    worker = wired.worker()
    worker.start()
    wired.follow()
    monkeypatch.setattr(wired.core.ledger, "count", break_down)
    worker.count({1: 5})
    wired.pass_time(0.2)
    assert wired.dropped() == {"broken": 1}


def break_down(*_arguments):
    raise ZeroDivisionError


def broken(wired):
    return [note.partition(" at ")[0] for note in notes(wired) if note.startswith("broken")]


def test_a_duty_that_fails_is_held_off_for_a_second_and_keeps_nobody_from_the_others(
    wired, monkeypatch
):
    wired.breaks = True
    worker = wired.worker()
    worker.start()
    monkeypatch.setattr(wired.core.publishing, "publish", break_down)
    wired.follow()
    assert wired.sent[worker.identity][-1] == messages.Watched(watched=True)
    for _ in range(3):
        wired.tick()
    assert broken(wired) == ["broken: publish of a tick: ZeroDivisionError"]
    assert wired.core.deadline() == wired.now + 1.0
    wired.pass_time(1.0)
    assert len(broken(wired)) == 2


def test_a_duty_that_fails_delays_no_other(wired, monkeypatch):
    wired.breaks = True
    worker = wired.worker()
    worker.start()
    wired.follow()
    monkeypatch.setattr(wired.core.shares, "look", break_down)
    wired.core.died("worker", wired.now)
    wired.pass_time(0.4)
    assert wired.operation("op").state == "crashed"


def test_a_crash_that_cannot_be_stored_keeps_no_other_death_from_being_settled(wired, monkeypatch):
    first, second = wired.worker("first"), wired.worker("second")
    first.start("a")
    second.start("b")
    wired.follow()
    end = wired.core.keeping.end
    monkeypatch.setattr(
        wired.core.keeping,
        "end",
        lambda entry, now: break_down() if entry.operation.id == "a" else end(entry, now),
    )
    for session in ("first", "second"):
        wired.core.died(session, wired.now)
    wired.pass_time(1.0)
    assert [wired.operation(op).state for op in "ab"] == ["crashed", "crashed"]
    assert [row for row in wired.watched if row in ("first", "second")] == []
    assert broken(wired) == ["broken: crash of a of first: ZeroDivisionError"]


def test_an_operation_that_cannot_be_told_keeps_no_other_from_being_told(wired, monkeypatch):
    worker = wired.worker()
    wired.follow()
    rows = frames.changed_rows
    monkeypatch.setattr(
        frames,
        "changed_rows",
        lambda entry, marks: break_down() if entry.operation.id == "a" else rows(entry, marks),
    )
    worker.start("a")
    worker.start("b")
    wired.pass_time(0.2)
    deltas = [message for _, message in wired.published if isinstance(message, messages.Delta)]
    assert {row[0] for delta in deltas for row in delta.operations} == {"b"}
    assert broken(wired) == ["broken: delta of a of worker: ZeroDivisionError"]


def test_a_row_that_cannot_be_made_keeps_no_other_from_being_stored(monkeypatch):
    wired = Wired(remembers=True)
    worker = wired.worker()
    make = archive.row_of
    monkeypatch.setattr(
        archive,
        "row_of",
        lambda entry, wall: break_down() if entry.operation.id == "a" else make(entry, wall),
    )
    for operation in "ab":
        wired.core.keeping.change(wired.core.ledger.entries[worker.start(operation).id])
    wired.pass_time(30.0)
    assert set(wired.remembered()) == {"b"}
