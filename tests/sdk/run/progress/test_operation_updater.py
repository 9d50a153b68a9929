from __future__ import annotations

import pytest

import headway
from headway.model import UNTOLD
from headway.run.exit_status import Outcome
from headway.run.kernel.file_progress import Count
from headway.run.progress.operation_updater import STAGE_LIMIT, TAIL_LINES, OperationUpdater
from headway.run.reading.events import (
    Cancellable,
    Detail,
    Failed,
    NeedsInput,
    Planned,
    StageEnded,
    StageMoved,
    StageStarted,
    ToolStarted,
    Untold,
    Waiting,
    Withdrawn,
)
from headway.testing import ManualClock, reporting


class FakeStage:
    def __init__(self, calls, name):
        self.calls, self.name = calls, name

    def start(self):
        self.calls.append(("start", self.name))
        return self

    def update(self, **what):
        self.calls.append(("update", self.name, {k: v for k, v in what.items() if v is not None}))

    def complete(self):
        self.calls.append(("complete", self.name))

    def fail(self, error):
        self.calls.append(("fail", self.name, error))

    def skip(self, reason):
        self.calls.append(("skip", self.name, reason))


class FakeOperation:
    state = "waiting"

    def __init__(self):
        self.calls = []

    def stage(self, name, total, unit, parent):
        self.calls.append(("stage", name, total, unit, parent.name if parent else None))
        return FakeStage(self.calls, name)

    def __getattr__(self, name):
        return lambda *args, **kwargs: self.calls.append((name, *args, *kwargs.items()))


class Broken:
    tried = 0

    def fail_always(self, *_, **__):
        self.tried += 1
        raise RuntimeError

    stage = set = wait = resume = log = complete = fail = cancel = fail_always


@pytest.fixture
def operation():
    return FakeOperation()


def test_stages_are_started_moved_and_ended(operation):
    OperationUpdater(operation).apply(
        [
            StageStarted("Download", 10, "B"),
            StageMoved("Download", 4, None, "x"),
            StageStarted("x 1.0", None, "B", "Download"),
            StageEnded("x 1.0", "skipped", "cached"),
            StageEnded("Download"),
        ]
    )
    assert operation.calls == [
        ("stage", "Download", 10, "B", None),
        ("start", "Download"),
        ("update", "Download", {"done": 4, "detail": "x"}),
        ("stage", "x 1.0", None, "B", "Download"),
        ("start", "x 1.0"),
        ("skip", "x 1.0", "cached"),
        ("complete", "Download"),
    ]


def test_the_stages_of_a_tool_are_parts_of_its_stage_whatever_their_names(operation):
    updater = OperationUpdater(operation)
    updater.apply([StageStarted("Download"), ToolStarted("pip install x")])
    updater.apply([StageStarted("Download"), StageMoved("Download", 3)], "pip install x")
    updater.apply([StageStarted("x 1.0", None, "B", "Download")], "pip install x")
    updater.apply([Detail("of the command")])
    assert [call for call in operation.calls if call[0] == "stage"] == [
        ("stage", "Download", None, None, None),
        ("stage", "pip install x", None, None, None),
        ("stage", "Download", None, None, "pip install x"),
        ("stage", "x 1.0", None, "B", "Download"),
    ]
    assert operation.calls[-1] == ("update", "Download", {"detail": "of the command"})


def planned_after(*events):
    """Return what an operation says of its plan after a command's events."""
    with reporting(), headway.operation("x") as made:
        OperationUpdater(made).apply(list(events))
        return made.model.planned, [(s.name, s.state, s.total) for s in made.stages]


def test_a_plan_announces_stages_with_what_is_known_of_them():
    plan = Planned((StageStarted("Download", None, "B"), StageStarted("Unpack", 4, "packages")))
    told = planned_after(plan, StageStarted("Download", 9, "B"), StageMoved("Download", 3))
    assert told == (2, [("Download", "running", 9), ("Unpack", "pending", 4)])
    told = planned_after(plan, StageStarted("Download"), StageEnded("Download"), plan.stages[1])
    assert told[0] == 2


@pytest.mark.parametrize(
    "events",
    [
        [Untold(), StageStarted("Read", 9)],
        [StageStarted("Read", 9), StageEnded("Read"), StageStarted("Write", 9)],
        [StageStarted("Copy", 9), StageEnded("Copy"), StageStarted("Copy", 9)],
        [ToolStarted("pip install x")],
    ],
)
def test_what_is_one_of_several_in_turn_is_told_not_to_be_the_whole(events):
    assert planned_after(*events)[0] == UNTOLD


@pytest.mark.parametrize(
    "events",
    [
        [StageStarted("Read", 9), StageMoved("Read", 4)],
        [StageStarted("a", 9), StageStarted("b", 9), StageStarted("c", 9, None, "a")],
        [StageStarted("Run"), Detail("hello"), StageEnded("Run"), StageStarted("train", 9)],
    ],
)
def test_what_may_be_the_whole_is_not_told_to_be_a_part(events):
    assert planned_after(*events)[0] is None


def test_what_the_input_has_told_ends_where_the_output_tells_of_a_stage():
    with reporting(), headway.operation("x") as made:
        updater = OperationUpdater(made)
        updater.begin("Run")
        updater.show_input("Run", Count(10, 100, "data"))
        updater.apply([StageStarted("Copy", None, "B")])
        assert [(stage.name, stage.model.state) for stage in made.stages] == [
            ("Run", "completed"),
            ("Copy", "running"),
        ]
        updater.apply([StageStarted("Run"), Detail("a line")])
        assert made.stages[0].model.state == "running"


def test_a_count_of_the_output_is_not_taken_back_with_that_of_the_input():
    with reporting(), headway.operation("x") as made:
        updater = OperationUpdater(made)
        updater.begin("Run")
        updater.show_input("Run", Count(10, 100, "data"))
        updater.apply([StageStarted("Run", 40, ""), StageMoved("Run", 3, 40, None, "")])
        updater.leave_run()
        assert (made.stages[0].done, made.stages[0].total) == (3, 40)


@pytest.mark.parametrize(
    ("told", "scope", "read", "total"),
    [
        (90, "", Count(100, 1000, "data"), 1000),
        (10, "", Count(100, 1000, "data"), None),  # it counts something else
        (90, "", Count(100, None, "data"), None),
        (90, "dd", Count(100, 1000, "data"), None),  # of another tool
    ],
)
def test_a_tool_that_counts_the_bytes_of_its_input_has_their_total(told, scope, read, total):
    with reporting(), headway.operation("x") as made:
        updater = OperationUpdater(made)
        updater.apply([StageStarted("Copy", None, "B"), StageMoved("Copy", told)])
        updater.show_total(scope, read)
        assert made.stages[0].total == total


def test_what_is_withdrawn_is_unknown():
    with reporting() as reporter:
        with headway.operation("x") as made:
            OperationUpdater(made).apply(
                [StageStarted("Run", 9, "%"), StageMoved("Run", 4), Withdrawn("Run")]
            )
            stage = made.stages[0]
            assert (stage.done, stage.total, stage.model.unit) == (None, None, "")
            OperationUpdater(made).apply([StageStarted("Run"), StageMoved("Run", 5, 9)])
        assert reporter


def test_a_wait_is_told_once_and_ends_with_the_next_progress(operation):
    updater = OperationUpdater(operation)
    updater.apply([Waiting("the dpkg lock"), Waiting("the dpkg lock"), StageStarted("Unpack")])
    assert operation.calls[:2] == [("wait", "the dpkg lock"), ("resume",)]


def test_a_question_waits_for_an_answer(operation):
    updater = OperationUpdater(operation)
    updater.apply([NeedsInput("configuration file /etc/x")])
    assert operation.calls == [("wait", "an answer: configuration file /etc/x")]
    updater.waiting.note_unfinished_line("Do you want to continue? [Y/n]")
    assert len(operation.calls) == 1


def test_a_detail_belongs_to_the_stage_that_began_last(operation):
    OperationUpdater(operation).apply([Detail("lost"), StageStarted("Run"), Detail("one")])
    assert operation.calls[-1] == ("update", "Run", {"detail": "one"})
    assert len(operation.calls) == 3


def test_a_failure_passes_its_last_lines_on(operation):
    updater = OperationUpdater(operation)
    for number in range(50):
        updater.add_line(str(number))
    updater.apply([Failed("no space"), Cancellable(False)])
    assert updater.error == "no space"
    updater.end(Outcome("failed", "no space"), 4)
    logged = [call[1] for call in operation.calls if call[0] == "log"]
    assert logged == [str(number) for number in range(50 - TAIL_LINES, 50)]
    assert operation.calls[-2:] == [("set", ("exit_status", 4)), ("fail", "no space")]


def test_a_success_passes_no_lines_on(operation):
    updater = OperationUpdater(operation)
    updater.add_line("x")
    updater.end(Outcome("completed", None), 0)
    assert operation.calls == [("set", ("exit_status", 0)), ("complete",)]


def test_nothing_of_it_outlasts_its_command_though_its_output_is_read_later():
    with reporting():
        made = headway.operation("x").start()
        updater = OperationUpdater(made)
        when = made.model.started
        updater.apply([StageStarted("Run")])
        updater.end(Outcome("completed", None), 0, when)
        stage = made.stages[0].model
        assert made.model.state == stage.state == "completed"
        assert made.model.ended == stage.started == stage.ended == when


def test_an_end_is_no_earlier_than_that_of_a_stage_that_was_told():
    with reporting():
        made = headway.operation("x").start()
        updater = OperationUpdater(made)
        updater.apply([StageStarted("Run"), StageEnded("Run")])
        updater.end(Outcome("failed", "no"), 1, made.model.started)
        assert (made.model.state, made.model.error) == ("failed", "no")
        assert made.model.ended == made.stages[0].model.ended


def test_the_number_of_stages_is_bounded(operation):
    OperationUpdater(operation).apply([StageStarted(str(number)) for number in range(1000)])
    assert len([call for call in operation.calls if call[0] == "start"]) == STAGE_LIMIT


@pytest.mark.parametrize("operation", [None, Broken()])
def test_no_operation_or_a_broken_one_harms_nobody(operation):
    updater = OperationUpdater(operation)
    updater.apply([StageStarted("x"), StageMoved("x", 1), Waiting("y"), StageEnded("x")])
    updater.waiting.suspend()
    updater.end(Outcome("cancelled", "z"), 130)
    assert operation is None or operation.tried


def test_what_a_spinner_drew_is_no_last_line(operation):
    updater = OperationUpdater(operation)
    for line in ("npm error 404", "\u2838", "\u280b \u2819", "", "the end"):
        updater.add_line(line)
    updater.end(Outcome("failed", "exit status 1"), 1)
    told = [call[1] for call in operation.calls if call[0] == "log"]
    assert told == ["npm error 404", "the end"]


def test_what_a_paused_command_has_said_before_resumes_nothing(operation):
    updater = OperationUpdater(operation)
    updater.waiting.pause()
    updater.apply([StageStarted("Fetch"), Detail("more"), Waiting("the lock")])
    assert [call for call in operation.calls if call[0] in ("wait", "resume")] == [
        ("wait", "paused")
    ]


@pytest.mark.parametrize("before", [[], [StageStarted("Run")]])
def test_a_stage_that_a_paused_command_has_begun_before_resumes_nothing(before):
    with reporting():
        made = headway.operation("x").start()
        updater = OperationUpdater(made)
        updater.apply(before)
        updater.waiting.pause()
        updater.apply([StageStarted("Fetch"), StageMoved("Fetch", 4)])
        updater.begin("Input")
        assert (made.state, made.model.reason) == ("waiting", "paused")
        updater.waiting.unpause()
        assert made.state == "running"
        made.complete()


@pytest.mark.parametrize(("came", "initial"), [(0.1, 50), (0.4, 0), (None, 0)])
def test_only_a_first_count_that_came_with_the_beginning_was_there_already(came, initial):
    """The stage's line is read half a second late; `came` is when its first count came after it."""
    clock = ManualClock(100.0)
    with reporting(clock):
        made = headway.operation("x").start()
        clock.advance(1)
        began = clock() - 0.5
        updater = OperationUpdater(made)
        updater.apply([StageStarted("Build", 100, "files")], when=began)
        if came is None:
            clock.advance(10)
        moved = StageMoved("Build", 50, 100, None, "files")
        updater.apply([moved], when=None if came is None else began + came)
        stage = made.stages[0].model
        assert (stage.done, stage.initial) == (50, initial)
