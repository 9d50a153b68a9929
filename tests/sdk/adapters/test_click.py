"""click's progress bar, reported."""

import io
from importlib import import_module

import pytest

import headway
from headway.testing import reporting

click = pytest.importorskip("click")
progressbar = import_module("headway.adapters.click").progressbar


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def op():
    with reporting(), headway.operation("Work") as op:
        yield op


@pytest.fixture(params=[io.StringIO, Terminal])
def file(request):
    return request.param()


def test_its_iteration_is_a_stage_of_its_label(op, file):
    with progressbar([1, 2, 3], label="Files", file=file) as bar:
        assert list(bar) == [1, 2, 3]
    (stage,) = op.stages
    assert (stage.name, stage.state, stage.done, stage.total) == ("Files", "completed", 3, 3)
    assert headway.current() is op


def test_what_is_updated_is_counted(op, file):
    with progressbar(length=10, label="Bytes", file=file) as bar:
        bar.update(4)
        assert op.stages[0].done == 4
        bar.update(6)
    assert (op.stages[0].state, op.stages[0].done) == ("completed", 10)


def test_short_of_its_length_it_has_stopped(op, file):
    with progressbar(length=10, file=file) as bar:
        bar.update(4)
    assert op.stages[0].model.reason == "stopped at 4 of 10"


def test_an_exception_that_leaves_the_block_has_failed_it(op, file):
    def work():
        with progressbar(range(9), file=file) as bar:
            for _ in bar:
                raise ValueError("bad")

    with pytest.raises(ValueError, match="bad"):
        work()
    assert (op.stages[0].state, op.stages[0].model.error) == ("failed", "bad")


def test_what_it_shows_of_an_item_is_the_detail(op, file):
    with progressbar(length=3, file=file, item_show_func=lambda item: f"<{item}>") as bar:
        bar.update(1, "a")
    assert op.stages[0].model.detail == "<a>"


def test_where_headway_draws_click_does_not(op, monkeypatch):
    monkeypatch.setattr("headway.adapters.click.is_drawn_by_headway", lambda _: True)
    file = Terminal()
    with progressbar([1, 2], label="Files", file=file) as bar:
        assert list(bar) == [1, 2]
    assert file.getvalue() == ""


def test_elsewhere_it_draws_as_click_does(op):
    ours, theirs = Terminal(), Terminal()
    for make, file in ((progressbar, ours), (click.progressbar, theirs)):
        with make([1, 2], label="Files", file=file, show_eta=False) as bar:
            assert list(bar) == [1, 2]
    assert ours.getvalue() == theirs.getvalue()


def test_outside_of_a_block_it_raises_what_click_raises(op):
    with pytest.raises(RuntimeError):
        iter(progressbar([1]))
    with pytest.raises(TypeError):
        progressbar(None)
