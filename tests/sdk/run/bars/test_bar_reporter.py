import pytest

import headway
from headway.run.bars import bar_reporter
from headway.run.bars.bar_reporter import BarReporter
from headway.run.exit_status import Outcome

# Process → its parent; 9 and 10 are each other's, as after a race.
PARENTS = {3: 2, 2: 1, 4: 1, 9: 10, 10: 9}


@pytest.fixture
def op(reporter):
    return headway.operation("train.py").start()


@pytest.fixture
def bars(op):
    return BarReporter(op, PARENTS.get, runner=1)


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
    say(worker, "@1 done 20", "@1 stop")
    assert [(one.name, one.state, one.done) for one in op.stages] == [
        ("render", "completed", 1),
        ("rows", "completed", 20),
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
    say(bars.connect(79), "child 80 1", "@1 stage served")  # by a process that has ended, too
    assert [(one.name, one.model.parent) for one in op.stages][1:] == [
        ("rows", op.stages[0].id),
        ("alone", None),
        ("served", op.stages[0].id),
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


@pytest.mark.parametrize(
    ("lives", "state", "reason", "error"),
    [
        (False, "crashed", None, "the process died at 2 of 4"),
        (True, "ended", "the program let go of it before its end", None),
        (None, "failed", None, "cut off at 2 of 4"),
    ],
)
def test_what_an_explicit_process_told_no_end_of_ends_by_what_became_of_it(
    op, bars, lives, state, reason, error
):
    process = bars.connect(1)
    say(process, "explicit", "@1 stage loop total=4", "@1 done 2", "@2 stage whole total=4")
    say(process, "@2 done 4", "@3 announce later")
    assert process.any_open()
    bars.disconnect(process, lives=lives)
    while bars.turn():
        pass
    model = op.stages[0].model
    assert (model.state, model.reason, model.error) == (state, reason, error)
    assert [one.state for one in op.stages[1:]] == ["completed", "skipped"]
    assert not process.any_open()


@pytest.mark.parametrize(
    ("lines", "state"), [(["becomes"], "ended"), (["becomes", "@1 done 3"], "crashed")]
)
def test_what_became_another_program_has_not_crashed_however_soon_that_ended(
    op, bars, lines, state
):
    process = bars.connect(1)
    say(process, "explicit", "@1 stage loop total=4", "@1 done 2", *lines, "")
    bars.disconnect(process, lives=False)
    while bars.turn():
        pass
    assert op.stages[0].state == state


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


def test_a_bar_ends_after_the_bars_of_other_processes_in_it(op, bars):
    main, worker = bars.connect(1), bars.connect(4)
    say(main, "@1 stage pages total=24", "@2<1 stage own total=3")
    say(worker, "@1 stage lines total=10", "@1 done 4")
    say(main, "@1 done 24", "@1 stop")
    assert [(one.name, one.state) for one in op.stages][::2] == [
        ("pages", "running"),
        ("lines", "running"),
    ]
    say(worker, "@1 done 10", "@1 stop")
    assert [(one.name, one.state, one.done) for one in op.stages][::2] == [
        ("pages", "completed", 24),
        ("lines", "completed", 10),
    ]


def test_a_bar_whose_worker_is_gone_is_awaited_no_longer(op, bars):
    main, worker = bars.connect(1), bars.connect(4)
    say(main, "@1 stage pages total=24")
    say(worker, "@1 stage lines total=10")
    say(main, "@1 done 24", "@1 stop")
    bars.disconnect(main)
    bars.disconnect(worker)
    while bars.turn():
        pass
    assert [(one.name, one.state) for one in op.stages] == [
        ("pages", "completed"),
        ("lines", "failed"),
    ]


def test_a_loop_that_was_left_is_told_so_until_it_is_known_why(reporter, op, bars):
    process = bars.connect(1)
    say(process, "@1 stage loop total=30", "@1 done 12", "@1 left")
    model = op.stages[0].model
    reporter.tally.collect_left()
    assert (model.state, model.reason) == ("running", "left at 12 of 30")
    say(bars.connect(4), "@1 stage rows")
    assert op.stages[1].model.parent is None
    say(process, "@1 fail ValueError: no row")
    assert (model.state, model.error) == ("failed", "ValueError: no row")


def test_a_loop_that_was_left_and_is_run_again_is_the_newer_bars(op, bars):
    process = bars.connect(1)
    say(process, "@1 stage loop total=30", "@1 done 12", "@1 left")
    say(process, "@2 stage loop total=30", "@2 done 7", "@1 stop")
    assert told(op) == [("loop", None, "running", 7, 30)]
    say(process, "@2 done 30", "@2 stop")
    assert told(op) == [("loop", None, "completed", 30, 30)]


@pytest.mark.parametrize(
    ("process", "outcome", "state", "reason"),
    [
        ("child 1", Outcome("completed", None), "completed", "stopped at 2 of 4"),
        ("child 1", Outcome("failed", "exit status 3"), "failed", None),
        ("child 1", Outcome("cancelled", None), "cancelled", "stopped at 2 of 4"),
        ("child 77", Outcome("failed", "exit status 3"), "completed", "stopped at 2 of 4"),
    ],
)
def test_a_bar_that_is_open_when_the_command_ends_ends_as_its_exit_status_says(
    op, bars, process, outcome, state, reason
):
    command = bars.connect(5)
    say(command, process, "@1 stage counter total=4", "@1 done 2", "@1 end")
    say(command, "@2 stage full total=4", "@2 done 4", "@2 end")
    bars.disconnect(command)
    while bars.turn():
        pass
    bars.finish(outcome)
    model = op.stages[0].model
    assert (model.state, model.reason) == (state, reason)
    assert op.stages[1].state == "completed"


@pytest.mark.parametrize(
    ("ends", "state", "reason", "error"),
    [
        ("ends 3", "cancelled", "ended by its parent", None),
        ("ends 9", "failed", None, "cut off at 2 of 4"),
        ("ends x", "failed", None, "cut off at 2 of 4"),
    ],
)
def test_what_a_process_was_in_that_its_parent_ends_is_cancelled(
    op, bars, ends, state, reason, error
):
    main, worker = bars.connect(2), bars.connect(3)
    say(worker, "@1 stage rows total=4", "@1 done 2", "@2 stage whole total=4", "@2 done 4")
    say(main, ends)
    bars.disconnect(worker)
    say(main)
    model = op.stages[0].model
    assert (model.state, model.reason, model.error) == (state, reason, error)
    assert op.stages[1].state == "completed"


def test_nobody_but_a_parent_says_that_it_ends_a_process(op, bars):
    main, worker = bars.connect(4), bars.connect(3)
    say(worker, "@1 stage rows total=4")
    say(main, "ends 3")
    bars.disconnect(worker)
    say(main)
    assert op.stages[0].state == "failed"


@pytest.mark.parametrize(("line", "state"), [("explicit", "failed"), ("", "completed")])
def test_a_bar_without_a_total_that_is_cut_off_has_failed_where_each_ends_by_a_line(
    op, bars, line, state
):
    process = bars.connect(1)
    say(process, line, "@1 stage rows", "@1 done 2")
    bars.disconnect(process)
    say(process)
    assert (op.stages[0].state, op.stages[0].model.error) == (
        state,
        "cut off at 2" if line else None,
    )


def test_a_loop_without_a_total_that_was_left_says_where(op, bars):
    process = bars.connect(1)
    say(process, "@1 stage loop", "@1 done 12", "@1 left", "@1 stop")
    say(process, "@2 stage counter", "@2 done 12", "@2 stop")
    assert [one.model.reason for one in op.stages] == ["stopped at 12", None]


def test_a_bar_that_is_announced_is_pending_until_it_begins(op, bars):
    process, worker = bars.connect(1), bars.connect(4)
    say(process, *(f"@{bar} announce part {bar} total=5" for bar in range(4)))
    say(process, "@9 announce part 1 total=5")  # another of this name
    say(worker, "@1 stage rows")
    assert op.stages[4].model.parent is None  # what has not begun is around nothing
    say(process, "@1 stage part 1 total=6", "@1 done 6", "@1 complete", "@2 skip removed")
    say(process, "@9 stage part 1 total=5", "@9 done 1")
    assert told(op)[:4] == [
        ("part 0", None, "pending", 0, 5),
        ("part 1", None, "running", 1, 5),
        ("part 2", None, "skipped", 0, 5),
        ("part 3", None, "pending", 0, 5),
    ]
    bars.disconnect(process)
    say(process)
    ended = [(one.state, one.model.reason) for one in op.stages]
    assert ended[0] == ended[3] == ("skipped", "not reached")
