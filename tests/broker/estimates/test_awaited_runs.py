from wired import Wired

from headway.estimate import Run
from headway_broker.estimates.awaited_runs import HISTORY_TIMEOUT, AwaitedRuns
from headway_broker.estimates.history_keys import Keys


def keys(key, missing=None):
    return Keys(key, (), None, key, missing)


def test_the_runs_of_a_key_are_asked_for_once_and_again_where_no_answer_comes():
    awaited = AwaitedRuns()
    assert awaited.wait("first", "make", 0.0)
    assert not awaited.wait("second", "make", HISTORY_TIMEOUT - 0.1)
    assert awaited.wait("third", "make", HISTORY_TIMEOUT)
    assert awaited.take("make") == ["first", "second", "third"]
    assert awaited.wait("fourth", "make", HISTORY_TIMEOUT)


def test_the_number_of_those_that_wait_counts_every_key():
    awaited = AwaitedRuns()
    awaited.wait("first", "make", 0.0)
    awaited.wait("second", "apt", 0.0)
    assert len(awaited) == 2
    awaited.drop("first", keys("make"))
    assert len(awaited) == 1
    assert awaited.take("make") == []


def test_what_came_before_its_parent_is_told_when_that_comes():
    awaited = AwaitedRuns()
    awaited.displace("child", "parent")
    awaited.displace("other", "parent")
    awaited.drop("other", keys("make", "parent"))
    assert awaited.take_displaced("parent") == ["child"]
    assert awaited.take_displaced("parent") == []


def test_one_that_does_not_wait_can_be_dropped():
    awaited = AwaitedRuns()
    awaited.wait("op", "make", 1.0)
    awaited.drop("stranger", keys("make", "parent"))
    assert awaited.take("make") == ["op"]


def test_runs_that_were_never_read_are_asked_for_again_by_the_next_operation_of_that_key():
    wired = Wired(has_history=True)
    worker = wired.worker()
    wired.follow()
    worker.start("first")
    worker.start("second")
    assert len(wired.recalls()) == 1
    wired.pass_time(HISTORY_TIMEOUT + 1)
    worker.start("third")
    assert len(wired.recalls()) == 2
    wired.core.recalled("Install", [Run(5.0, []).to_dict()])
    wired.pass_time(0.5)
    assert wired.operation("third").late_after == 5.0


def test_runs_that_are_read_late_are_taken_all_the_same():
    wired = Wired(has_history=True)
    worker = wired.worker()
    wired.follow()
    worker.start("first")
    wired.pass_time(HISTORY_TIMEOUT + 1)
    assert wired.operation("first").estimate is None
    wired.core.recalled("Install", [Run(20.0, []).to_dict()])
    wired.pass_time(0.5)
    assert 10 < wired.operation("first").estimate.median < 18


def test_what_waits_for_runs_that_are_never_read_does_not_pile_up():
    wired = Wired(has_history=True)
    worker = wired.worker()
    wired.follow()
    for number in range(5):
        worker.start(f"op{number}")
        if number % 2:
            worker.end(f"op{number}")
        wired.pass_time(HISTORY_TIMEOUT + 1)
        if not number % 2:
            worker.end(f"op{number}")
    assert wired.core.forecasts.waiting == 0
