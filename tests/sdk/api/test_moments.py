"""What tells how a loop was left, besides its block and the end of the program."""

import threading

import pytest

import headway
from headway.api import moments


def leave(error=None):
    for x in headway.track(range(9), "Loop"):
        if x == 3:
            if error is not None:
                raise error
            break


def the_stage(reporter):
    (entry,) = reporter.publisher.operations.values()
    (stage,) = entry.model.stages.values()
    return stage


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_thread_that_ends_by_an_exception_fails_its_loop(reporter):
    thread = threading.Thread(target=leave, args=(ValueError("no disk"),))
    thread.start()
    thread.join()
    assert (the_stage(reporter).state, the_stage(reporter).error) == ("failed", "no disk")


def test_the_next_prompt_judges_what_the_line_left(reporter):
    prompt = moments.Prompt(">>> ")
    leave()
    assert str(prompt) == ">>> "
    assert the_stage(reporter).reason == "stopped at 3 of 9"


def test_the_next_prompt_tells_of_a_new_exception(reporter, monkeypatch):
    prompt = moments.Prompt(">>> ")
    try:
        leave(ValueError("no disk"))
    except ValueError as error:
        monkeypatch.setattr("sys.last_value", error, raising=False)
    str(prompt)
    assert (the_stage(reporter).state, the_stage(reporter).error) == ("failed", "no disk")


def test_a_cell_that_ends_by_an_exception_fails_its_loop(reporter):
    class Result:
        error_before_exec = None
        error_in_exec = ValueError("no disk")

    leave()
    moments._after_cell(Result())
    assert the_stage(reporter).state == "failed"
