"""The rank that a launcher has given this process."""

import multiprocessing
import os

import pytest

import headway
from headway.host import rank
from headway.testing import reporting


@pytest.mark.parametrize(
    ("environ", "found"),
    [
        ({"RANK": "3", "WORLD_SIZE": "8", "LOCAL_RANK": "1", "LOCAL_WORLD_SIZE": "2"}, (3, 8)),
        ({"OMPI_COMM_WORLD_RANK": "0", "OMPI_COMM_WORLD_SIZE": "2"}, (0, 2)),
        ({"PMI_RANK": "1", "PMI_SIZE": "2"}, (1, 2)),
        ({"SLURM_PROCID": "5", "SLURM_NTASKS": "6"}, (5, 6)),
        ({"LOCAL_RANK": "1", "LOCAL_WORLD_SIZE": "2"}, (1, 2)),
        ({"RANK": "gold", "WORLD_SIZE": "8", "PMI_RANK": "1", "PMI_SIZE": "2"}, (1, 2)),
        ({"RANK": "0", "WORLD_SIZE": "1"}, None),
        ({"RANK": "8", "WORLD_SIZE": "8"}, None),
        ({"RANK": "-1", "WORLD_SIZE": "8"}, None),
        ({"RANK": "²", "WORLD_SIZE": "8"}, None),
        ({"RANK": "1"}, None),
        ({}, None),
    ],
)
def test_it_is_read_from_what_launchers_set(environ, found):
    assert rank.read(environ) == found


def test_what_the_ranks_begin_as_their_next_of_one_name_is_one_job(monkeypatch):
    monkeypatch.setattr(rank, "_begun", {})
    told = [
        [rank.of_next(name, {"RANK": number, "WORLD_SIZE": "2"}) for name in ("a", "a", "b")]
        for number in "0"
    ]
    rank._begun.clear()  # as in the other process
    told.append([rank.of_next(name, {"RANK": "1", "WORLD_SIZE": "2"}) for name in ("a", "a", "b")])
    first, second = told
    assert [one[0] for one in first] == [other[0] for other in second]
    assert first[0][0] != first[1][0]
    assert [one[1:] for one in (first[0], second[0])] == [(0, 2), (1, 2)]


def in_child(queue):
    queue.put(rank.of_next("rows", os.environ))


def test_the_children_of_a_rank_are_not_of_its_job(monkeypatch):
    monkeypatch.setenv("RANK", "1")
    monkeypatch.setenv("WORLD_SIZE", "2")
    own = rank.of_next("rows", os.environ)
    context = multiprocessing.get_context("fork")
    queue = context.SimpleQueue()
    child = context.Process(target=in_child, args=(queue,))
    child.start()
    child.join(30)
    assert child.exitcode == 0
    assert queue.get()[0] != own[0]


def test_operations_that_nothing_is_around_tell_it(monkeypatch):
    monkeypatch.setenv("RANK", "1")
    monkeypatch.setenv("WORLD_SIZE", "2")
    with reporting(), headway.operation("Train") as outer, headway.operation("Step") as inner:
        assert outer.model.rank[1:] == (1, 2)
        assert inner.model.rank is None
