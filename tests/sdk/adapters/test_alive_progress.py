"""alive-progress's bars, reported."""

import io
from importlib import import_module

import pytest

import headway
from headway.testing import reporting

original = pytest.importorskip("alive_progress")
adapter = import_module("headway.adapters.alive_progress")


@pytest.fixture
def op():
    with reporting(), headway.operation("Work") as op:
        yield op


@pytest.fixture
def options():
    return {"file": io.StringIO(), "force_tty": False}


def test_a_bar_is_a_stage_of_its_title(op, options):
    with adapter.alive_bar(10, title="Pages", unit=" pages", **options) as bar:
        bar()
        bar(8)
        bar(1, skipped=True)
        assert bar.current == 10
        assert headway.current().name == "Pages"
        bar.text = "a"
        assert op.stages[0].model.detail == "a"
        bar.text("b")
    (stage,) = op.stages
    assert (stage.state, stage.done, stage.total) == ("completed", 10, 10)
    assert (stage.model.unit, stage.model.detail) == ("pages", "b")
    assert headway.current() is op
    assert options["file"].getvalue().startswith("Pages |")


@pytest.mark.parametrize(("total", "reason"), [(10, "stopped at 4 of 10"), (None, None), (0, None)])
def test_short_of_its_total_it_has_stopped(op, options, total, reason):
    with adapter.alive_bar(total, **options) as bar:
        bar(4)
    (stage,) = op.stages
    assert (stage.state, stage.done, stage.model.reason) == ("completed", 4, reason)


def test_a_share_that_is_set_is_per_cent(op, options):
    with adapter.alive_bar(manual=True, **options) as bar:
        bar(0.5)
        assert op.stages[0].done == 50
        bar(1.0)
    assert (op.stages[0].total, op.stages[0].model.unit) == (100, "%")


def test_an_exception_that_leaves_the_block_has_failed_it(op, options):
    with pytest.raises(ValueError, match="bad"), adapter.alive_bar(4, **options):
        raise ValueError("bad")
    assert (op.stages[0].state, op.stages[0].model.error) == ("failed", "bad")


def test_an_iterable_is_counted(op, options):
    items = adapter.alive_it([1, 2, 3], title="Files", **options)
    seen = []
    for item in items:
        items.text = f"at {item}"
        seen.append(item)
    assert seen == [1, 2, 3]
    (stage,) = op.stages
    assert (stage.name, stage.state, stage.done, stage.total) == ("Files", "completed", 3, 3)
    assert stage.model.detail == "at 3"


def test_a_loop_that_is_left_is_judged_by_what_left_it():
    def leave(title, error=None):
        for _ in adapter.alive_it(range(9), title=title, file=io.StringIO(), force_tty=False):
            if error is not None:
                raise error
            break

    def work():
        with headway.operation("Work") as op:
            ops.append(op)
            leave("first")
            leave("second", KeyError())

    ops = []
    with reporting(), pytest.raises(KeyError):
        work()
    first, second = ops[0].stages
    assert (first.state, first.model.reason) == ("completed", "stopped at 0 of 9")
    assert second.state == "failed"


def test_where_headway_draws_alive_progress_does_not(op, options, monkeypatch):
    monkeypatch.setattr("headway.adapters.alive_progress.is_drawn_by_headway", lambda _: True)
    assert list(adapter.alive_it([1, 2], **options)) == [1, 2]
    assert options["file"].getvalue() == ""
    assert op.stages[0].done == 2


def test_what_is_disabled_is_not_reported(op):
    with adapter.alive_bar(2, disable=True) as bar:
        bar()
    assert not op.stages


@pytest.mark.parametrize(("arguments", "options"), [(("3",), {}), ((), {"nonsense": 1})])
def test_it_raises_what_alive_progress_raises(op, arguments, options):
    found = []
    for make in (adapter.alive_bar, original.alive_bar):
        with pytest.raises(Exception) as caught, make(*arguments, **options):  # noqa: PT011
            pass
        found.append((caught.type, str(caught.value)))
    assert found[0] == found[1]
    assert not op.stages


def test_every_name_of_alive_progress_can_be_imported_from_here():
    assert adapter.config_handler is original.config_handler
    with pytest.raises(AttributeError):
        adapter.nothing  # noqa: B018
