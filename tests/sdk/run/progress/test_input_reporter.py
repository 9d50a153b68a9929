import pytest

from headway.run.kernel.file_progress import Count
from headway.run.kernel.input_follower import InputProgress
from headway.run.progress.input_reporter import InputReporter


class FakeUpdater:
    def __init__(self):
        self.calls = []
        self.counted = False

    def __getattr__(self, name):
        return lambda *arguments: self.calls.append((name, *arguments))


@pytest.fixture
def updater():
    return FakeUpdater()


NOTHING = InputProgress(None, {})
SOME = Count(10, 100, "data")
MORE = Count(20, 100, "data")


def test_the_input_of_the_command_is_the_stage_run(updater):
    reporter = InputReporter(updater)
    for look in (
        NOTHING,
        InputProgress(SOME, {}),
        InputProgress(SOME, {}),
        InputProgress(MORE, {}),
    ):
        reporter.take(look, 1.0)
    assert updater.calls == [
        ("begin", "Run", None),
        ("show_input", "Run", SOME),
        ("show_input", "Run", MORE),
    ]


def test_what_is_no_longer_known_is_hidden(updater):
    reporter = InputReporter(updater)
    reporter.take(InputProgress(SOME, {}), 1.0)
    reporter.take(NOTHING, 1.0)
    reporter.take(NOTHING, 1.0)
    assert updater.calls[2:] == [("hide_input", "Run")]


def test_one_process_of_several_is_never_all_there_is(updater):
    reporter = InputReporter(updater)
    reporter.take(InputProgress(None, {"tar": SOME}, {"": 1.0, "tar": 2.0}), 1.0)
    reporter.take(NOTHING, 1.0)
    assert updater.calls == [
        ("leave_untold",),
        ("begin", "Run", 1.0),
        ("begin", "tar", 2.0),
        ("show_input", "tar", SOME),
        ("end_input", "tar"),
    ]


def test_output_that_tells_more_is_left_to_tell_it(updater):
    reporter = InputReporter(updater)
    reporter.take(InputProgress(SOME, {}), 1.0)
    updater.counted = True
    reporter.take(InputProgress(MORE, {}), 1.0)
    reporter.take(InputProgress(MORE, {}), 1.0)
    reporter.finish(MORE)
    assert updater.calls[2:] == [
        ("leave_run",),
        ("show_total", "", MORE),
        ("show_total", "", MORE),
    ]


def test_a_process_beside_output_that_tells_more_is_shown_until_it_ends(updater):
    reporter = InputReporter(updater)
    reporter.take(InputProgress(SOME, {"tar": SOME}), 1.0)
    updater.counted, updater.calls = True, []
    reporter.take(InputProgress(None, {"tar": MORE}), 2.0)
    assert updater.calls == [("hide_input", "tar"), ("leave_run",), ("show_total", "tar", MORE)]
    reporter.take(NOTHING, 3.0)
    reporter.take(NOTHING, 4.0)
    assert updater.calls[3:] == [("end_input", "tar")]


def test_a_known_tool_may_tell_first(updater):
    reporter = InputReporter(updater, 2.0)
    reporter.take(InputProgress(SOME, {}), 1.9)
    assert updater.calls == []
    reporter.take(InputProgress(MORE, {}), 2.0)
    assert updater.calls == [("begin", "Run", None), ("show_input", "Run", MORE)]


def test_after_a_success_all_was_read(updater):
    reporter = InputReporter(updater)
    reporter.take(InputProgress(SOME, {}), 1.0)
    reporter.finish(Count(100, 100, None))
    assert updater.calls[-1] == ("show_input", "Run", Count(100, 100, None))


def test_what_was_not_shown_is_not_finished(updater):
    InputReporter(updater).finish(Count(100, 100, None))
    assert updater.calls == []
