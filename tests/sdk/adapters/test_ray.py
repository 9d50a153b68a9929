"""Progress of Ray, by a stand-in with its two functions."""

import sys
from types import ModuleType

import pytest

import headway
from headway.adapters.ray import get
from headway.testing import reporting


@pytest.fixture
def op():
    with reporting(), headway.operation("Work") as op:
        yield op


@pytest.fixture
def ray(monkeypatch):
    """A Ray whose references are functions, the last of which is done first."""
    module = ModuleType("ray")
    module.wait = lambda refs, num_returns, timeout=None: (
        (refs[-1:], refs[:-1]) if timeout is None else ([], refs)
    )
    module.get = lambda refs: [ref() for ref in refs]
    monkeypatch.setitem(sys.modules, "ray", module)


def test_results_come_in_the_order_of_their_references_and_are_counted(op, ray):
    refs = [lambda n=n: n * 2 for n in range(5)]
    assert get([*refs, refs[0]], "Double") == [0, 2, 4, 6, 8, 0]
    (stage,) = op.stages
    assert (stage.name, stage.state, stage.done, stage.total) == ("Double", "completed", 5, 5)


def test_one_that_raises_fails_the_stage(op, ray):
    def fail():
        raise ValueError("no disk")

    with pytest.raises(ValueError, match="no disk"):
        get([str, fail, list])
    (stage,) = op.stages
    assert (stage.state, stage.done) == ("failed", 1)
