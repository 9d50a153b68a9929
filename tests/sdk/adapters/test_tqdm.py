"""tqdm's interface, reported."""

import io

import pytest

import headway
from headway.adapters.tqdm import tqdm, trange
from headway.tally import GRACE


@pytest.fixture
def op(home):
    with headway.operation("Work") as op:
        yield op


def test_an_iterable_counts_itself(op):
    assert list(tqdm([3, 1, 2], desc="Loop", unit="files")) == [3, 1, 2]
    (stage,) = op.stages
    assert (stage.name, stage.state, stage.done, stage.total) == ("Loop", "completed", 3, 3)
    assert stage.model.unit == "files"


def test_a_range_counts_itself(op):
    bar = trange(2, 8, 2, desc="Loop")
    assert len(bar) == 3
    assert [bar.n for _ in bar] == [0, 1, 2]
    assert bar.n == 3


def test_a_counter_is_updated(op):
    with tqdm(total=10, desc="Loop", unit="B", unit_scale=True, ncols=80) as bar:
        bar.update(4)
        bar.update()
        assert (bar.n, bar.total) == (5, 10)
        bar.total = 6
        bar.n = 6
    (stage,) = op.stages
    assert (stage.state, stage.done, stage.total, stage.model.unit) == ("completed", 6, 6, "B")


def test_what_was_done_before_is_no_progress_of_this_run(op):
    bar = tqdm(total=10, initial=4)
    bar.update(1)
    assert (bar.n, op.stages[0].model.initial) == (5, 4)
    bar.close()


def test_a_counter_closed_early_has_stopped_there(op):
    bar = tqdm(total=10, desc="Loop")
    bar.update(4)
    bar.close()
    bar.close()
    assert op.stages[0].model.reason == "stopped at 4 of 10"


def test_a_counter_that_is_dropped_has_stopped_there(op, home, clock):
    bar = tqdm(total=10, desc="Loop")
    bar.update(4)
    del bar
    home.tally.tick(clock.advance(GRACE + 0.01))
    assert op.stages[0].model.reason == "stopped at 4 of 10"


def test_an_exception_fails_it(home):
    op = headway.operation("Work").start()
    with pytest.raises(ValueError, match="no disk"), op.stage("Step"), tqdm(total=9, desc="Loop"):
        raise ValueError("no disk")
    assert [stage.state for stage in op.stages] == ["failed", "failed"]
    assert op.stages[1].model.error == "no disk"


def test_descriptions_and_postfixes_say_what_it_is_busy_with(op):
    bar = tqdm(total=10, desc="Loop", postfix={"loss": 0.5})
    assert op.stages[0].model.detail == "loss=0.5"
    bar.set_description("epoch 3")
    bar.set_postfix(loss=0.12345, lr="1e-3")
    assert op.stages[0].model.detail == "epoch 3, loss=0.123, lr=1e-3"
    bar.set_postfix_str("nearly")
    assert op.stages[0].model.detail == "epoch 3, nearly"
    bar.close()


def test_bars_inside_bars_are_parts_of_them(op):
    for _ in tqdm(range(2), desc="Outer"):
        for _ in tqdm(range(3), desc="Inner"):
            pass
    outer, inner = op.stages
    assert inner.model.parent == outer.id
    assert inner.model.attempt == 2


def test_a_disabled_bar_reports_nothing(op):
    assert list(tqdm([1, 2], disable=True)) == [1, 2]
    bar = tqdm(total=3, disable=True)
    bar.update(2)
    assert bar.n == 2
    bar.set_description("x")
    bar.close()
    assert op.stages == []


def test_it_can_begin_again(op):
    bar = tqdm(total=3, desc="Loop")
    bar.update(3)
    bar.reset(total=5)
    assert (bar.n, bar.total) == (0, 5)
    bar.close()


def test_what_a_stream_moves_is_counted(op):
    with tqdm.wrapattr(io.BytesIO(b"x" * 10), "read", total=10, desc="Copy") as stream:
        while stream.read(4):
            pass
    assert (op.stages[0].done, op.stages[0].model.unit) == (10, "B")


def test_lines_are_printed_as_they_are(op, capsys):
    tqdm.write("hello")
    with tqdm.external_write_mode():
        pass
    assert capsys.readouterr().out == "hello\n"


def test_its_figures_can_be_read(op, clock):
    bar = tqdm(total=10, desc="Loop")
    bar.update(4)
    clock.advance(2.0)
    figures = bar.format_dict
    assert (figures["n"], figures["total"], figures["elapsed"], figures["rate"]) == (4, 10, 2, 2)
    assert bool(bar)
    assert bar.refresh()
    bar.close()
