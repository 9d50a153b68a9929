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
