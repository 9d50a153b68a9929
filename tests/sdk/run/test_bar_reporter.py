import pytest

import headway
from headway.run import bar_reporter
from headway.run.bar_reporter import BarReporter

# Process → its parent; 9 and 10 are each other's, as after a race.
PARENTS = {3: 2, 2: 1, 4: 1, 9: 10, 10: 9}


@pytest.fixture
def op(reporter):
    return headway.operation("train.py").start()


@pytest.fixture
def bars(op):
    return BarReporter(op, PARENTS.get)


def told(op):
    return [(one.name, one.model.parent, one.state, one.done, one.total) for one in op.stages]


def say(process, *lines):
    for line in lines:
        process.feed(line)
    while process._reporter.turn():
        pass


def test_bars_are_stages_and_nested_bars_are_nested_stages(op, bars):
    process = bars.connect(1)
    say(process, "@1 stage epoch total=3", "@2<1 stage batch total=4", "@2 done 4", "@2 complete")
    say(process, "@1 done 1", "@3<1 stage batch total=4", "@3 done 2")
    epoch = op.stages[0].id
    assert told(op) == [("epoch", None, "running", 1, 3), ("batch", epoch, "running", 2, 4)]


def test_bars_of_a_worker_are_part_of_the_bar_of_the_nearest_ancestor(op, bars):
    main, worker = bars.connect(1), bars.connect(3)
    say(worker, "@1 stage early")
    say(main, "@1 stage render total=6")
    say(worker, "@2 stage rows total=20")
    say(bars.connect(4), "@1 stage rows total=20")
    say(bars.connect(9), "@1 stage alone")
    parents = {(one.name, one.model.parent) for one in op.stages}
    assert parents == {
        ("early", None),
        ("render", None),
        ("rows", op.stages[1].id),
        ("alone", None),
    }
    assert len(op.stages) == 5


def test_a_bar_that_was_read_after_the_end_of_the_one_around_it_is_part_of_that(op, bars):
    main, worker = bars.connect(1), bars.connect(4)
    main.feed("@1 stage render total=1")
    main.feed("@1 done 1")
    main.feed("@1 complete")
    bars.disconnect(main)
    assert bars.turn()
    worker.feed("@1 stage rows total=20")
    assert not bars.turn()
    assert [(one.name, one.state) for one in op.stages] == [
        ("render", "completed"),
        ("rows", "completed"),
    ]
    assert op.stages[1].model.parent == op.stages[0].id
    say(worker, "@2 stage alone")
    assert op.stages[2].model.parent is None


def test_a_bar_of_the_same_name_is_the_same_stage_run_again(op, bars):
    process = bars.connect(1)
    for number in range(3):
        process.feed(f"@{number} stage batch total=4")
        process.feed(f"@{number} complete")
    while bars.turn():
        pass
    assert [(one.name, one.state) for one in op.stages] == [("batch", "completed")]


def test_a_worker_that_has_ended_by_now_has_said_who_its_parent_was(op, bars):
    say(bars.connect(1), "@1 stage render total=6")
    say(bars.connect(77), "child 1", "@1 stage rows total=20")
    say(bars.connect(78), "child x", "@1 stage alone")
    assert [(one.name, one.model.parent) for one in op.stages][1:] == [
        ("rows", op.stages[0].id),
        ("alone", None),
    ]


@pytest.mark.parametrize(
    ("lines", "state", "reason", "error"),
    [
        (["@1 done 4", "@1 complete"], "completed", None, None),
        (["@1 done 2", "@1 stop"], "completed", "stopped at 2 of 4", None),
        (["@1 fail KeyError: 'x'"], "failed", None, "KeyError: 'x'"),
        (["@1 cancel ^C"], "cancelled", "^C", None),
    ],
)
def test_how_a_bar_ends_is_how_its_stage_ends(op, bars, lines, state, reason, error):
    say(bars.connect(1), "@1 stage loop total=4", *lines)
    model = op.stages[0].model
    assert (model.state, model.reason, model.error) == (state, reason, error)


def test_what_a_killed_process_had_open_has_failed(op, bars):
    process = bars.connect(1)
    say(process, "@1 stage loop total=4", "@1 done 2")
    bars.disconnect(process)
    while bars.turn():
        pass
    assert (op.stages[0].state, op.stages[0].done) == ("failed", 2)


def test_a_bar_that_is_reset_is_run_again(op, bars):
    process = bars.connect(1)
    say(process, "@1 stage loop total=4", "@1 done 4", "@1 stage loop total=9", "@1 done 1")
    assert told(op) == [("loop", None, "running", 1, 9)]


def test_details_and_lines_without_sense_and_lines_after_the_end(op, bars):
    process = bars.connect(1)
    say(process, "@1 done 1", "oops", "@1 stage loop", "@1 detail loss=0.3", "", "@2 stop", "@1 7x")
    assert op.stages[-1].model.detail == "loss=0.3"
    say(process, "@1 complete", "@1 done 9", "@5 complete")
    assert [one.state for one in op.stages if one.name == "loop"] == ["completed"]


def test_stages_are_limited_and_the_rest_is_left_out(op, bars, monkeypatch):
    monkeypatch.setattr(bar_reporter, "STAGE_LIMIT", 3)
    process = bars.connect(1)
    for number in range(10):
        say(process, f"@{number} stage bar {number}", f"@{number} done 1", f"@{number} complete")
    assert [one.name for one in op.stages] == ["bar 0", "bar 1", "bar 2"]
    say(process, "@99 stage bar 1", "@99 done 5")
    assert op.stages[1].done == 5
