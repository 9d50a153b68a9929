"""What is around a line of code."""

import copy
import pickle
import threading

import pytest

import headway


@pytest.fixture(autouse=True)
def environment(monkeypatch, process_config):
    monkeypatch.setenv("HEADWAY_PARENT", "")
    monkeypatch.delitem(process_config, "headway_parent", raising=False)


def test_a_thread_is_in_what_is_around_everything(reporter):
    seen = []

    def look():
        thread = threading.Thread(target=lambda: seen.append(headway.current()))
        thread.start()
        thread.join()

    look()
    with headway.operation("Work") as op:
        look()
        with op.stage("Step") as step:
            look()
            for _ in step.track([1], "Loop"):
                look()  # a loop's other threads are beside it, not in it
            with headway.operation("Child") as child:
                look()
    assert seen == [None, op, step, step, child]


def test_leaving_restores_what_the_context_was_in(reporter):
    first = headway.operation("First").start()
    with first.stage("Step"):
        pass
    assert headway.operation("Beside").model.parent is None


@pytest.mark.parametrize("copied", [pickle.dumps, copy.copy, copy.deepcopy])
def test_a_handle_that_is_pickled_says_what_to_do_instead(reporter, copied):
    op = headway.operation("Work")
    for handle, what in ((op, "operation"), (op.stage("Step"), "stage")):
        with pytest.raises(TypeError, match=f"a headway {what} .* joins by itself"):
            copied(handle)
