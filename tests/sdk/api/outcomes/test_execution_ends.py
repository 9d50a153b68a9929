"""What tells how a loop was left, besides its block and the end of the program."""

import threading

import headway
from headway.api.outcomes import execution_ends


def leave(error=None):
    for x in headway.track(range(9), "Loop"):
        if x == 3:
            if error is not None:
                raise error
            break


def all_stages(reporter):
    entries = reporter.publisher.operations.values()
    return [stage for entry in entries for stage in entry.model.stages.values()]


def the_stage(reporter):
    (stage,) = all_stages(reporter)
    return stage


def hooked(monkeypatch):
    """What reaches a program's hook that was there before; pytest sets its own late."""
    told = []
    monkeypatch.setattr(threading, "excepthook", lambda args: told.append(args.exc_value))
    return told


def in_a_thread(*arguments):
    thread = threading.Thread(target=leave, args=arguments)
    thread.start()
    thread.join()


def test_a_thread_that_ends_by_an_exception_fails_its_loop(reporter, monkeypatch):
    before = hooked(monkeypatch)
    error = ValueError("no disk")
    in_a_thread(error)
    assert (the_stage(reporter).state, the_stage(reporter).error) == ("failed", "no disk")
    assert before == [error]


def test_so_it_does_after_somebody_has_put_another_hook_in_its_place(reporter, monkeypatch):
    hooked(monkeypatch)
    stranger = threading.excepthook
    in_a_thread()
    threading.excepthook = stranger
    in_a_thread(ValueError("no disk"))
    assert all_stages(reporter)[-1].state == "failed"


def test_the_next_prompt_judges_what_the_line_left(reporter):
    prompt = execution_ends.Prompt(">>> ")
    leave()
    assert str(prompt) == ">>> "
    assert the_stage(reporter).reason == "stopped at 3 of 9"


def test_the_next_prompt_tells_of_a_new_exception(reporter, monkeypatch):
    prompt = execution_ends.Prompt(">>> ")
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
    execution_ends._after_cell(Result())
    assert the_stage(reporter).state == "failed"
