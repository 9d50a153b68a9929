from __future__ import annotations

import pytest

from headway.run.exit_status import Ending
from headway.run.reading.events import (
    Cancellable,
    Detail,
    Failed,
    NeedsInput,
    StageEnded,
    StageMoved,
    StageStarted,
    Waiting,
)
from headway.run.reporter import STAGES, TAIL, Reporter


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
    Reporter(operation).apply(
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


def test_a_wait_is_told_once_and_ends_with_the_next_progress(operation):
    reporter = Reporter(operation)
    reporter.apply([Waiting("the dpkg lock"), Waiting("the dpkg lock"), StageStarted("Unpack")])
    assert operation.calls[:2] == [("wait", "the dpkg lock"), ("resume",)]


def test_a_question_waits_for_an_answer(operation):
    reporter = Reporter(operation)
    reporter.apply([NeedsInput("configuration file /etc/x")])
    assert operation.calls == [("wait", "an answer: configuration file /etc/x")]
    reporter.quiet("Do you want to continue? [Y/n]")
    assert len(operation.calls) == 1


def test_silence_after_a_question_waits_for_an_answer(operation):
    Reporter(operation).quiet("Do you want to continue? [Y/n]")
    assert operation.calls == [("wait", "an answer: Do you want to continue? [Y/n]")]


def test_a_detail_belongs_to_the_stage_that_began_last(operation):
    Reporter(operation).apply([Detail("lost"), StageStarted("Run"), Detail("one")])
    assert operation.calls[-1] == ("update", "Run", {"detail": "one"})
    assert len(operation.calls) == 3


def test_a_failure_passes_its_last_lines_on(operation):
    reporter = Reporter(operation)
    for number in range(50):
        reporter.printed(str(number))
    reporter.apply([Failed("no space"), Cancellable(False)])
    assert reporter.error == "no space"
    reporter.end(Ending("failed", "no space"), 4)
    logged = [call[1] for call in operation.calls if call[0] == "log"]
    assert logged == [str(number) for number in range(50 - TAIL, 50)]
    assert operation.calls[-2:] == [("set", ("exit_status", 4)), ("fail", "no space")]


def test_a_success_passes_no_lines_on(operation):
    reporter = Reporter(operation)
    reporter.printed("x")
    reporter.end(Ending("completed", None), 0)
    assert operation.calls == [("set", ("exit_status", 0)), ("complete",)]


def test_the_number_of_stages_is_bounded(operation):
    Reporter(operation).apply([StageStarted(str(number)) for number in range(1000)])
    assert len([call for call in operation.calls if call[0] == "start"]) == STAGES


@pytest.mark.parametrize("operation", [None, Broken()])
def test_no_operation_or_a_broken_one_harms_nobody(operation):
    reporter = Reporter(operation)
    reporter.apply([StageStarted("x"), StageMoved("x", 1), Waiting("y"), StageEnded("x")])
    reporter.stopped()
    reporter.end(Ending("cancelled", "z"), 130)
    assert operation is None or operation.tried


def test_what_a_spinner_drew_is_no_last_line(operation):
    reporter = Reporter(operation)
    for line in ("npm error 404", "\u2838", "\u280b \u2819", "", "the end"):
        reporter.printed(line)
    reporter.end(Ending("failed", "exit status 1"), 1)
    told = [call[1] for call in operation.calls if call[0] == "log"]
    assert told == ["npm error 404", "the end"]
