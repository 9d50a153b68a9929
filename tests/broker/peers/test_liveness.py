"""Silent, dead and settled: one table of times."""

import pytest

from headway.model import Operation, Stage
from headway_broker.peers.liveness import LOOKS, SETTLE, SILENT_AFTER, Liveness, watch
from headway_broker.state.effects import Identify, Watch
from headway_broker.state.entry import Entry
from headway_broker.state.ledger import Ledger
from headway_broker.state.process_image import ProcessImage
from headway_broker.state.sessions import AWAITED, ENDED, Session


@pytest.fixture
def session():
    return Session("s", "worker", 0.0)


@pytest.mark.parametrize(
    ("heard", "now", "silent"),
    [(0.0, 5.9, False), (0.0, 6.0, True), (4.0, 9.9, False), (4.0, 10.0, True)],
)
def test_six_seconds_without_a_word_are_silence(session, heard, now, silent):
    liveness = Liveness(Ledger(), 0.0)
    session.heard = heard
    assert bool(liveness.check([session], now)) is silent
    assert session.silent_since == (heard if silent else None)


def test_silence_is_told_once(session):
    liveness = Liveness(Ledger(), 0.0)
    assert liveness.check([session], 7.0) == [session]
    assert liveness.check([session], 14.0) == []


def test_the_silent_are_looked_at_at_once_and_whenever_the_silence_has_doubled(session):
    liveness = Liveness(Ledger(), 0.0)
    liveness.check([session], 6.0)
    looks = []
    for now in range(6, 100):
        assert liveness.doubtful(now) in ([], [session])
        if liveness.deadline(any_session=False) == now + now:
            looks.append(now)
    assert looks == [6, 12, 24, 48, 96]


@pytest.mark.parametrize("change", [{"silent_since": None}, {"state": ENDED}])
def test_who_is_not_silent_any_more_is_not_looked_at(session, change):
    liveness = Liveness(Ledger(), 0.0)
    liveness.check([session], 6.0)
    for name, value in change.items():
        setattr(session, name, value)
    assert liveness.doubtful(6.0) == []
    assert liveness.deadline(any_session=False) is None


def test_one_look_looks_ahead_to_the_next_silence(session):
    liveness = Liveness(Ledger(), 0.0)
    session.heard = 4.0
    liveness.check([session], 6.0)
    assert liveness.deadline(any_session=True) == 4.0 + SILENT_AFTER


def test_nothing_is_due_while_nobody_is_there():
    assert Liveness(Ledger(), 0.0).deadline(any_session=False) is None


def test_who_is_gone_is_not_missed(session):
    session.state = ENDED
    assert Liveness(Ledger(), 0.0).check([session], 100.0) == []


def test_a_death_settles_for_300_ms(session):
    liveness = Liveness(Ledger(), 0.0)
    liveness.died(session, 10.0)
    assert liveness.deadline(any_session=True) == 6.0
    assert not liveness.settle_due(10.2)
    assert liveness.settled(10.2, drained=True) == []
    assert liveness.settle_due(10.0 + SETTLE)
    assert liveness.settled(10.0 + SETTLE, drained=True) == [session]
    assert liveness.settled(20.0, drained=True) == []


def test_a_second_notice_of_a_death_does_not_put_it_off(session):
    liveness = Liveness(Ledger(), 0.0)
    liveness.died(session, 10.0)
    liveness.died(session, 10.2)
    assert liveness.settled(10.3, drained=True) == [session]


def test_a_death_is_put_off_while_messages_wait_but_not_for_ever(session):
    liveness = Liveness(Ledger(), 0.0)
    liveness.died(session, 10.0)
    for _ in range(LOOKS):
        assert liveness.settled(99.0, drained=False) == []
    assert liveness.settled(99.0, drained=False) == [session]


def test_time_in_which_the_broker_stood_still_is_forgiven(session):
    liveness = Liveness(Ledger(), 0.0)
    liveness.forgive([session], 60.0, 61.0)
    assert session.heard == 60.0
    liveness.forgive([session], 60.0, 61.0)
    assert session.heard == 61.0


def operation(*stages):
    op = Operation("op", "Install")
    op.move("running", 0.0)
    for number, (name, state) in enumerate(stages, 1):
        stage = op.stages[number] = Stage(number, name)
        if state != "pending":
            stage.move("running", 0.0)
        if state not in ("pending", "running"):
            stage.move(state, 1.0)
    return op


@pytest.mark.parametrize(
    ("stages", "age", "text"),
    [
        ((), 3.04, "the process died, 3.0 s after its last report"),
        (
            (("a", "completed"), ("b", "running")),
            75,
            "the process died in 'b', 75 s after its last report",
        ),
        (
            (("a", "waiting"), ("b", "pending")),
            1,
            "the process died in 'a', 1.0 s after its last report",
        ),
        ((("a", "completed"),), -1, "the process died, 0.0 s after its last report"),
    ],
)
def test_a_crash_names_the_stage_and_its_age(session, stages, age, text):
    entry = Entry(operation(*stages), session, 100.0)
    assert Liveness(Ledger(), 0.0).crash_reason(entry, 100.0 + age) == text


@pytest.mark.parametrize(
    ("status", "told"),
    [
        (9, "was killed by SIGKILL"),
        (15 | 0x80, "was killed by SIGTERM"),
        (3 << 8, "ended with exit status 3"),
        (0, "ended with exit status 0"),
        (None, "died"),
    ],
)
def test_a_crash_tells_how_the_process_ended_where_the_kernel_does(session, status, told):
    entry = Entry(operation(("a", "running")), session, 100.0)
    liveness = Liveness(Ledger(), 0.0)
    liveness.died(session, 101.0, status)
    assert (
        liveness.crash_reason(entry, 101.0)
        == f"the process {told} in 'a', 1.0 s after its last report"
    )


def test_a_program_that_was_replaced_is_said_to_have_been(session):
    liveness = Liveness(Ledger(), 0.0)
    session.state, session.silent_since, session.process_image = (
        AWAITED,
        90.0,
        ProcessImage(7, 1, 2, 3),
    )
    liveness.process_image_read(session, ProcessImage(7, 1, 2, 4), 104.0)
    entry = Entry(operation(("a", "running")), session, 100.0)
    told = "its program was replaced by another (exec) in 'a'"
    assert liveness.crash_reason(entry, 105.0) == told
    liveness.leave(session)
    assert not liveness.is_replaced(session)


@pytest.mark.parametrize("age", [0.4, 5.0])
def test_a_crash_nobody_saw_has_no_age(session, age):
    session.state = AWAITED
    entry = Entry(operation(), session, 100.0)
    text = "the process died before this broker had heard from it"
    assert Liveness(Ledger(), 0.0).crash_reason(entry, 100.0 + age) == text


@pytest.mark.parametrize(
    ("pid", "told", "started"),
    [(5, {"pid": 5, "started": 7}, 7), (5, {"pid": 9, "started": 7}, None), (5, {}, None)],
)
def test_a_process_is_watched_by_a_start_time_that_is_of_its_pid(session, pid, told, started):
    session.pid, session.about = pid, told
    assert watch(session) == [Watch("s", pid, started), Identify("s", pid)]


def test_a_process_of_another_pid_namespace_cannot_be_watched(session):
    session.pid = 0
    assert watch(session) == []
