import pytest

from headway.model import Operation
from headway.states import COMPLETED, FAILED, RUNNING, WAITING
from headway_viewer.picture.taskbar import CLEAR, INTERVAL, KEEP_ALIVE, MIN_DURATION, Taskbar


def operation(name, progress=None, left=None, begun=100.0):
    made = Operation(name, name)
    made.move(RUNNING, begun)
    made.progress = progress
    made.estimate = None if left is None else (left, left, left, "history", 3)
    return made


def step(operations, now=200.0, taskbar=None):
    return (taskbar or Taskbar()).step(operations, lambda one: one.estimate, now)


def shown(state, percent):
    return f"\x1b]9;4;{state};{percent}\x1b\\"


def test_one_operation_has_its_own_progress():
    assert step([operation("a", 0.425)]) == shown(1, 42)
    assert step([operation("a")]) == shown(3, 0)
    assert step([operation("a", 1.0)]) == shown(1, 99)  # it has not ended


def test_several_count_by_their_expected_durations():
    # 100 s and 300 s of which 50 s and 100 s are done, by what each says of itself.
    long, short = operation("a", 1 / 3, 200.0), operation("b", 0.5, 0.0)
    assert step([long, short]) == shown(1, int(100 * (100 + 50) / 400))


@pytest.mark.parametrize("other", [operation("b"), operation("b", 0.5), operation("b", None, 9.0)])
def test_without_the_weight_of_one_there_is_no_number(other):
    assert step([operation("a", 0.9, 10.0), other]) == shown(3, 0)


def test_what_has_ended_counts_until_all_have():
    taskbar = Taskbar()
    first, second = operation("a", 0.5, 100.0), operation("b", 0.5, 100.0)
    assert step([first, second], 200.0, taskbar) == shown(1, 50)
    first.move(COMPLETED, 300.0)
    second.estimate = (0.0, 0.0, 0.0, "history", 3)
    assert step([first, second], 300.0, taskbar) == shown(1, 75)
    second.move(COMPLETED, 301.0)
    assert step([first, second], 301.0, taskbar) == CLEAR
    assert step([first, second, operation("c", 0.1)], 400.0, taskbar) == shown(1, 10)


def test_a_failure_among_others_is_an_error_and_gone_with_them():
    taskbar = Taskbar()
    failed, other = operation("a", 0.5, 10.0), operation("b", 0.5, 10.0)
    step([failed, other], 200.0, taskbar)
    failed.move(FAILED, 201.0)
    assert step([failed, other], 201.0, taskbar).startswith("\x1b]9;4;2;")
    other.move(COMPLETED, 202.0)
    assert step([failed, other], 202.0, taskbar) == CLEAR


def test_where_all_wait_it_is_paused():
    one, other = operation("a", 0.5), operation("b", 0.5)
    one.move(WAITING, 150.0, "an answer: y/n")
    assert step([one]) == shown(4, 50)
    assert step([one, other]) == shown(3, 0)


def test_nothing_and_what_is_short_show_nothing():
    assert step([]) == ""
    assert step([operation("a", 0.5, begun=200.0 - MIN_DURATION / 2)]) == ""


def test_a_value_is_written_when_it_changes_and_kept_alive():
    taskbar, one = Taskbar(), operation("a", 0.5)
    assert step([one], 200.0, taskbar) == shown(1, 50)
    one.progress = 0.6
    assert step([one], 200.0 + INTERVAL / 2, taskbar) == ""
    assert step([one], 200.0 + INTERVAL, taskbar) == shown(1, 60)
    assert step([one], 201.0, taskbar) == ""
    assert step([one], 200.0 + INTERVAL + KEEP_ALIVE, taskbar) == shown(1, 60)
    assert taskbar.clear() == CLEAR
    assert taskbar.clear() == ""
