"""Which operations are ranks of one job."""

import pytest
from showcase import operation, stage

from headway_viewer.replica.ranks import Ranks, are_ranks, latest_job, slowest


def of(identity, number, job="7.1.1", state="running", name="Batches", parent=None):
    return operation(identity, name, state, rank=(job, number, 4), parent=parent)


def test_operations_of_one_job_and_name_are_together():
    ranks = Ranks()
    for made in (of("b", 1), of("a", 0), of("c", 0, "7.1.2"), of("d", 1, name="Other")):
        ranks.add(made)
    assert ranks.together("a") == ranks.together("b") == ["a", "b"]
    assert ranks.together("c") == ranks.together("d") == ranks.together("unknown") == []


def test_a_second_operation_of_a_rank_stands_for_itself():
    ranks = Ranks()
    for made in (of("a", 0), of("b", 1), of("worker", 1)):
        ranks.add(made)
    assert ranks.together("a") == ["a", "b"]
    assert ranks.together("worker") == []


@pytest.mark.parametrize("state", ["failed", "crashed"])
def test_what_breaks_leaves_the_others(state):
    ranks = Ranks()
    for made in (of("a", 0), of("b", 1), of("c", 2)):
        ranks.add(made)
    ranks.add(of("b", 1, state=state))
    assert ranks.together("a") == ["a", "c"]
    assert ranks.together("b") == []


def test_what_is_removed_is_forgotten():
    ranks = Ranks()
    for made in (of("a", 0), of("b", 1)):
        ranks.add(made)
    ranks.remove("b")
    ranks.remove("b")
    assert ranks.together("a") == []


def test_ranks_are_of_one_job_and_differ():
    assert are_ranks([of("a", 0), of("b", 1)])
    assert not are_ranks([of("a", 0)])
    assert not are_ranks([of("a", 0), of("b", 0)])
    assert not are_ranks([of("a", 0), of("b", 1, "7.1.2")])
    assert not are_ranks([of("a", 0), operation("b", "Batches")])


def test_the_latest_job_is_that_of_the_last():
    earlier = [of("a", 0), of("b", 1)]
    later = [of("c", 0, "7.1.2"), of("d", 1, "7.1.2")]
    assert latest_job([*earlier, *later]) == later
    plain = [operation("x", "rows"), *earlier]
    assert latest_job(plain) == plain


def test_the_slowest_is_the_one_that_goes_on_and_has_done_least():
    ranks = [of("a", 0), of("b", 1), of("c", 2, state="completed")]
    for made, done in zip(ranks, (30, 20, 10)):
        stage(made, "Batches", done=done, total=100)
    assert slowest(ranks).id == "b"


def test_of_ranks_that_have_ended_the_last_counts():
    ranks = [of("a", 0, state="completed"), of("b", 1, state="completed")]
    ranks[0].ended, ranks[1].ended = 9.0, 5.0
    assert slowest(ranks).id == "a"
