import pytest

from headway.model import Operation, Stage
from headway.states import CANCELLED, COMPLETED, CRASHED, FAILED, RUNNING, WAITING
from headway_viewer.notify.policy import (
    LONG_OPERATION,
    LONG_UNSEEN,
    QUESTION_DELAY,
    STALL_DELAY,
    Policy,
    Settings,
    told_in_front,
    told_unseen,
)


def operation(name="apt install nginx", notify=None, parent=None):
    made = Operation("abcdefghijkl", name, parent=parent)
    made.notify = notify
    made.move(RUNNING, 100.0)
    return made


def told(made, state, took, policy=None, **ending):
    """The notices when `made`, seen running, ends after `took` seconds."""
    if policy is None:
        policy = Policy()
        policy.absorb([], 50.0)
    policy.absorb([made], 100.0)
    for field, value in ending.items():
        setattr(made, field, value)
    made.move(state, 100.0 + took)
    return policy.absorb([made], 100.0 + took)


@pytest.mark.parametrize(
    ("notify", "state", "took", "tells"),
    [
        (None, COMPLETED, LONG_OPERATION - 1, False),
        (None, COMPLETED, LONG_OPERATION, True),
        (None, CANCELLED, LONG_OPERATION - 1, False),
        (None, CANCELLED, LONG_OPERATION, True),
        (None, FAILED, 0.1, True),
        (None, CRASHED, 0.1, True),
        (True, COMPLETED, 0.1, True),
        (True, CANCELLED, 0.1, True),
        (False, FAILED, 100, False),
        (False, CRASHED, 100, False),
        ("error", COMPLETED, 100, False),
        ("error", FAILED, 1, True),
        ("error", CRASHED, 1, True),
        ("sent", COMPLETED, 100, False),
        ("sent", FAILED, 100, False),
        ("sent", CRASHED, 100, True),
    ],
)
def test_which_ends_are_told(notify, state, took, tells):
    assert bool(told(operation(notify=notify), state, took)) is tells


def test_the_end_of_a_part_is_told_with_the_whole():
    assert not told(operation(parent="mnopqrstuvwx/3"), FAILED, 100)
    assert not told(operation(parent="mnopqrstuvwx"), COMPLETED, 100)
    assert told(operation(parent="mnopqrstuvwx", notify=True), COMPLETED, 1)


def test_what_is_said_of_an_end():
    made = operation()
    made.stages[1] = Stage(1, "Fetch")
    made.stages[1].move(RUNNING, 100.0)
    made.stages[2] = Stage(2, "Configure")
    (notice,) = told(made, FAILED, 38, exit_status=1, error="404 Not Found")
    assert notice.title == "apt install nginx failed"
    assert notice.body == "404 Not Found\nin Fetch, after 38 s, exit 1"
    (notice,) = told(operation(), COMPLETED, 124, message="nginx 1.22")
    assert (notice.title, notice.body) == (
        "apt install nginx completed",
        "2 min 4 s, nginx 1.22",
    )


def test_every_notifier_finds_the_same_key_and_tells_it_once():
    made = operation()
    policies = [Policy(), Policy()]
    for policy in policies:
        policy.absorb([made], 100.0)
    made.move(FAILED, 101.0)
    made.revision = 7
    (first,) = policies[0].absorb([made], 101.0)
    made.revision = 8
    (second,) = policies[1].absorb([made], 101.0)
    assert first.key == second.key == "end:abcdefghijkl:1:failed"
    assert policies[0].absorb([made], 102.0) == []


def test_another_attempt_is_another_end_and_so_is_a_corrected_crash():
    policy = Policy()
    made = operation()
    policy.absorb([made], 100.0)
    made.move(FAILED, 101.0)
    assert policy.absorb([made], 101.0)
    made.move(RUNNING, 102.0)
    policy.absorb([made], 102.0)
    made.move(FAILED, 103.0)
    assert policy.absorb([made], 103.0)[0].key == "end:abcdefghijkl:2:failed"
    crashed = operation(notify=True)
    policy.absorb([crashed], 104.0)
    crashed.move(CRASHED, 105.0)
    assert policy.absorb([crashed], 105.0)
    crashed.move(COMPLETED, 106.0)
    assert policy.absorb([crashed], 106.0)


def test_only_what_is_newer_than_the_notifier_is_told():
    old, new = operation(), operation()
    old.move(FAILED, 110.0)
    policy = Policy()
    assert policy.absorb([old], 200.0) == []
    assert policy.absorb([old], 201.0) == []
    new.move(FAILED, 210.0)  # it began and ended while the connection was lost
    assert len(policy.absorb([old, new], 220.0)) == 1


def test_an_end_that_came_while_the_broker_changed_is_told():
    made = operation()
    policy = Policy()
    policy.absorb([made], 200.0)
    policy.restart(lambda at: at + 10_000)
    made.move(FAILED, 10_199.0)  # seen open before, though it ended before we came
    assert len(policy.absorb([made], 10_300.0)) == 1
    other = operation()
    other.id = "mnopqrstuvwx"
    other.move(FAILED, 10_199.0)
    assert policy.absorb([other], 10_300.0) == []


def test_a_question_is_told_once_it_has_stood_for_a_while():
    policy = Policy()
    made = operation()
    policy.absorb([made], 100.0)
    made.move(WAITING, 110.0, "an answer: configuration file /etc/nginx.conf")
    assert policy.absorb([made], 110.0) == []
    assert policy.due(110.0 + QUESTION_DELAY - 0.1) == []
    assert policy.deadline() == 110.0 + QUESTION_DELAY
    policy.absorb([made], 112.0)  # news of something else does not begin it anew
    (notice,) = policy.due(110.0 + QUESTION_DELAY)
    assert notice.title == "apt install nginx needs you"
    assert notice.body == "It waits for an answer: configuration file /etc/nginx.conf"
    policy.absorb([made], 120.0)
    assert policy.due(200.0) == []
    assert policy.deadline() is None


def test_a_question_that_was_answered_in_time_is_not_told():
    policy = Policy()
    made = operation()
    made.move(WAITING, 110.0, "a password")
    policy.absorb([made], 110.0)
    made.move(RUNNING, 112.0)
    policy.absorb([made], 112.0)
    assert policy.due(200.0) == []


def test_a_lock_is_no_question_and_a_stage_may_ask():
    policy = Policy()
    made = operation()
    made.move(WAITING, 110.0, "the dpkg lock, held by process 4711")
    policy.absorb([made], 110.0)
    assert policy.due(500.0) == []
    made.move(RUNNING, 501.0)
    made.stages[1] = Stage(1, "Log in")
    made.stages[1].move(WAITING, 502.0, "password for deploy")
    policy.absorb([made], 502.0)
    assert len(policy.due(600.0)) == 1


@pytest.mark.parametrize(
    ("notify", "after"), [(True, 0.0), ("sent", QUESTION_DELAY), (False, None)]
)
def test_an_operation_decides_whether_its_questions_are_told(notify, after):
    policy = Policy()
    made = operation(notify=notify)
    made.move(WAITING, 110.0, "an answer: y/n")
    policy.absorb([made], 110.0)
    assert policy.deadline() == (None if after is None else 110.0 + after)


def test_what_is_no_longer_kept_asks_nothing():
    policy = Policy()
    made = operation()
    made.move(WAITING, 110.0, "an answer: y/n")
    policy.absorb([made], 110.0)
    policy.forget([made.id])
    assert policy.due(500.0) == []


def test_what_ended_since_the_notifier_began_is_told_though_it_met_no_broker_yet():
    made = operation()
    made.move(FAILED, 101.0)
    policy = Policy()
    policy.attach(99.0)
    assert len(policy.absorb([made], 110.0)) == 1


def test_a_stall_is_told_once_when_it_has_lasted():
    policy = Policy()
    made = operation()
    made.stalled_since = 150.0
    policy.absorb([made], 200.0)
    assert policy.deadline() == 150.0 + STALL_DELAY
    assert policy.due(150.0 + STALL_DELAY - 1) == []
    (notice,) = policy.due(150.0 + STALL_DELAY)
    assert (notice.title, notice.body) == (
        "apt install nginx stands still",
        "No progress for 2 min",
    )
    made.stalled_since = None
    policy.absorb([made], 300.0)
    made.stalled_since = 310.0
    policy.absorb([made], 400.0)
    assert policy.deadline() is None


@pytest.mark.parametrize("change", ["moves", "ends"])
def test_what_went_on_in_time_is_no_stall(change):
    policy = Policy()
    made = operation()
    made.stalled_since = 150.0
    policy.absorb([made], 200.0)
    made.stalled_since = None
    if change == "ends":
        made.move(COMPLETED, 201.0)
    policy.absorb([made], 201.0)
    assert policy.due(1000.0) == []


@pytest.mark.parametrize(("slow", "told"), [(False, None), (True, 100.0 + 200.0)])
def test_slowness_is_told_only_where_asked_for(slow, told):
    policy = Policy(Settings(slow=slow))
    made = operation()
    made.usual = (100.0, 90.0, 110.0, 5)
    policy.absorb([made], 101.0)
    assert policy.deadline() == told
    words = [notice.body for notice in policy.due(300.0)]
    assert words == ([] if told is None else ["3 min 20 s so far, usually 1 min 40 s"])


def test_time_in_which_it_was_stopped_makes_nothing_slow():
    policy = Policy(Settings(slow=True))
    made = operation()
    made.usual = (100.0, 90.0, 110.0, 5)
    policy.absorb([made], 101.0)
    made.stops = ((150.0, None),)  # nobody tells a notifier of that
    assert policy.due(300.0) == []
    made.stops = ((150.0, 500.0),)
    policy.absorb([made], 500.0)
    assert policy.due(649.0) == []
    words = [notice.body for notice in policy.due(650.0)]
    assert words == ["3 min 20 s (paused for 5 min 50 s) so far, usually 1 min 40 s"]


def test_what_is_paused_is_not_looked_at_for_slowness():
    policy = Policy(Settings(slow=True))
    made = operation()
    made.usual = (100.0, 90.0, 110.0, 5)
    made.move("waiting", 150.0, "paused")
    policy.absorb([made], 150.0)
    assert policy.deadline() is None


def test_what_took_longer_than_one_earlier_run_is_not_called_unusual():
    policy = Policy(Settings(slow=True))
    made = operation()
    made.usual = (100.0, 100.0, 100.0, 1)
    policy.absorb([made], 101.0)
    (notice,) = policy.due(300.0)
    assert notice.title.endswith("takes longer than before")
    assert notice.body == "3 min 20 s so far, one earlier run took 1 min 40 s"


@pytest.mark.parametrize(
    ("state", "took", "notify", "in_front", "unseen"),
    [
        (COMPLETED, LONG_OPERATION, None, False, False),
        (COMPLETED, LONG_UNSEEN, None, False, True),
        (COMPLETED, LONG_OPERATION, True, True, True),
        (FAILED, 1, None, True, True),
        (CRASHED, 1, None, True, True),
        (CANCELLED, LONG_OPERATION, None, False, False),
    ],
)
def test_a_success_is_not_told_to_somebody_who_looks(state, took, notify, in_front, unseen):
    (notice,) = told(operation(notify=notify), state, took)
    assert told_in_front(notice) is in_front
    assert told_unseen(notice) is unseen
