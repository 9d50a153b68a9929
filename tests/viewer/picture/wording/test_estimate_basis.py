"""What is told of an operation beside its counts."""

import pytest
from showcase import operation

from headway_viewer.picture.wording.estimate_basis import basis_text, work_text


@pytest.mark.parametrize(
    ("work", "words"),
    [
        (None, ""),
        ((0.4, 90_000, 0), ""),
        ((0.4, 2_000_000, 0), "read 2 MB, 0.4 s CPU"),
        ((0.6, 90_000, 0), "0.6 s CPU"),
        ((75.0, 0, 3_100_000_000), "wrote 3.10 GB, 1 min 15 s CPU"),
        ((12.0, None, None), "12 s CPU, what it reads and writes cannot be seen"),
    ],
)
def test_the_work_done_is_told_once_there_is_some(work, words):
    assert work_text(operation("a", "x", work=work)) == words


@pytest.mark.parametrize(
    ("basis", "words"),
    [
        ("rate", "estimated by its rate"),
        ("work", "estimated by the work it has done, held against earlier runs"),
        ("of a newer version", ""),
    ],
)
def test_an_estimate_says_what_it_rests_on(basis, words):
    made = operation("a", "x", estimate=(1.0, 2.0, 3.0, basis, 1))
    assert basis_text(made) == words


def test_what_has_ended_or_has_no_estimate_rests_on_nothing():
    assert basis_text(operation("a", "x")) == ""
    ended = operation("a", "x", "completed", estimate=(1.0, 2.0, 3.0, "rate", 1))
    assert basis_text(ended) == ""
