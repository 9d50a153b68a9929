import pytest
from showcase import NOW, operation

from headway.estimate.history.key import key_id
from headway_viewer.metrics import tallies
from headway_viewer.metrics.tallies import OTHER, Tallies, key_of


class Counted:
    """Tallies that are shown operations, and began to count at NOW."""

    def __init__(self, **options):
        self.tallies = Tallies(**{"named": True, **options})
        self.operations = {}

    def show(self, *operations, now=NOW, made=None, removed=()):
        for name in removed:
            del self.operations[name]
        self.operations.update((one.id, one) for one in operations)
        names = [one.id for one in operations]
        self.tallies.absorb(names, removed, self.operations, NOW, now, lambda _: made)

    def ends(self):
        return {
            (series.name, series.outcome): histogram.cumulative()[-1][1]
            for series, histogram in self.tallies.durations.items()
        }


@pytest.fixture
def counted():
    return Counted()


def test_an_end_is_counted_once_by_its_outcome_with_its_duration(counted):
    counted.show(operation("a", "build", started=1))
    ended = operation("a", "build", "failed", started=1, ended=31)
    counted.show(ended)
    counted.show(ended)  # another snapshot
    counted.show(removed=["a"])
    counted.show(ended)  # the next broker tells of it again
    assert counted.ends() == {("build", "failed"): 1}
    assert counted.tallies.begun == 1
    [histogram] = counted.tallies.durations.values()
    assert histogram.sum == 30


def test_what_began_and_ended_between_two_looks_is_counted(counted):
    counted.show(operation("a", "build", "completed", started=1, ended=2))
    assert counted.ends() == {("build", "completed"): 1}
    assert counted.tallies.begun == 1


def test_what_had_ended_before_is_not_counted_and_what_ran_is_as_an_end(counted):
    counted.show(operation("a", "old", "completed", started=-60, ended=-1), operation("b", "long"))
    counted.show(operation("b", "long", "completed", ended=5))
    assert counted.ends() == {("long", "completed"): 1}
    assert counted.tallies.begun == 0


def test_a_retry_counts_another_end(counted):
    counted.show(operation("a", "build", "failed", started=1, ended=2))
    counted.show(operation("a", "build", started=1, attempt=2))
    counted.show(operation("a", "build", "completed", started=1, ended=3, attempt=2))
    assert counted.ends() == {("build", "failed"): 1, ("build", "completed"): 1}
    assert counted.tallies.begun == 1


def test_estimates_of_what_completed_are_judged(counted):
    for name, state in (("a", "completed"), ("b", "failed")):
        counted.show(
            operation(name, name, started=0, estimate=(5.0, 10.0, 20.0, "rate", 0)), now=NOW
        )
        counted.show(operation(name, name, state, started=0, ended=10), now=NOW + 10)
    assert counted.tallies.estimated == {"inside": 10.0, "outside": 0.0, "none": 0.0}
    assert counted.tallies.factors.cumulative()[-1][1] == 1


def test_an_estimate_is_judged_by_when_it_was_made_however_often_its_operation_changes(counted):
    estimate = (5.0, 10.0, 11.0, "rate", 0)
    for seconds in range(10):  # a row each second, figures once
        running = operation("a", "a", started=0, estimate=estimate)
        counted.show(running, now=NOW + seconds, made=NOW)
    counted.show(operation("a", "a", "completed", started=0, ended=10), now=NOW + 10)
    assert counted.tallies.estimated == {"inside": 10.0, "outside": 0.0, "none": 0.0}
    assert counted.tallies.factors.sum == 1.0


def test_a_running_operation_is_counted_once_however_many_end_meanwhile(monkeypatch, counted):
    monkeypatch.setattr(tallies, "SEEN_LIMIT", 3)
    counted.show(operation("long", "backup", started=1))
    for number in range(10):
        counted.show(operation(str(number), "job", "completed", started=1, ended=2))
        counted.show(operation("long", "backup", started=1))
    counted.show(operation("long", "backup", "completed", started=1, ended=30))
    assert counted.tallies.begun == 11
    assert counted.ends() == {("job", "completed"): 10, ("backup", "completed"): 1}
    assert counted.tallies.remembered <= 4


def test_keys_are_bounded_and_names_are_told_only_where_asked_for(monkeypatch):
    monkeypatch.setattr(tallies, "KEYS_LIMIT", 2)
    counted = Counted(named=False)
    for number in range(5):
        name = f"job {'abcde'[number]}"
        counted.show(operation(name, name, "completed", started=1, ended=2))
    found = [(series.key, series.name) for series in counted.tallies.durations]
    assert found == [(key_id("job a"), ""), (key_id("job b"), ""), (OTHER, "")]
    assert list(counted.tallies.durations.values())[-1].cumulative()[-1][1] == 3


def test_a_hostile_name_is_safe_text(counted):
    counted.show(operation("a", "\x1b[2J\ud800" + "x" * 500, "completed", started=1, ended=2))
    [(name, _)] = counted.ends()
    assert name.startswith("␛[2J")
    assert len(name) <= tallies.NAME_LIMIT
    name.encode()


def test_what_is_remembered_of_ended_operations_is_bounded(monkeypatch, counted):
    monkeypatch.setattr(tallies, "SEEN_LIMIT", 3)
    for number in range(10):
        counted.show(operation(str(number), "job", "completed", started=1, ended=2))
    assert counted.tallies.remembered == 3


def test_the_key_is_the_one_that_the_broker_tells():
    assert key_of(operation("a", "deploy v1.2.3", key="all / deploy")) == "all / deploy"
    assert key_of(operation("a", "deploy v1.2.3")) == "deploy"
    assert key_of(operation("a", "deploy v1.2.3", key="-")) == "deploy"
