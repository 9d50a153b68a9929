"""Who hears a request to cancel."""

import threading

import pytest

import headway
from headway.api.cancellation import Request, deliver, pause
from headway.host.threads import signals
from headway.testing import reporting


@pytest.fixture
def op():
    with reporting():
        yield headway.operation("Work").start()


def test_nobody_listens_in_a_thread(reporter):
    begun = []
    thread = threading.Thread(target=lambda: begun.append(headway.operation("Work").start()))
    thread.start()
    thread.join()
    (op,) = begun
    assert deliver(op, Request()) == ("nobody", "nothing in the program listens")
    assert op.request is None


def test_who_looks_hears(op):
    op.check_cancelled()
    assert deliver(op, Request("enough")) == ("accepted", None)
    with pytest.raises(headway.Cancelled, match="enough"):
        op.check_cancelled()


def test_a_loop_hears(op):
    loop = op.track(range(9), "Loop")
    next(loop)
    assert deliver(op, Request("enough")) == ("accepted", None)
    with pytest.raises(headway.Cancelled, match="enough"):
        next(loop)


def test_callbacks_hear_with_or_without_the_request(op):
    heard = []
    done = threading.Event()
    op.on_cancel(heard.append)
    op.on_cancel(lambda: heard.append("plain"))
    op.on_cancel(lambda request, more=1: (heard.append(request.kill), done.set()))
    request = Request("enough", kill=True)
    assert deliver(op, request) == ("accepted", None)
    assert done.wait(5)
    assert heard == [request, "plain", True]
    assert op.cancelled


def test_a_callback_that_fails_is_told_as_any_uncaught_error(op, monkeypatch):
    told = []
    done = threading.Event()
    monkeypatch.setattr("sys.excepthook", lambda *error: told.append(error[0]))
    op.on_cancel(lambda: {}["nothing"])
    op.on_cancel(done.set)
    deliver(op, Request())
    assert done.wait(5)
    assert told == [KeyError]


@pytest.mark.parametrize(
    ("prepare", "why"),
    [
        (lambda op: op.complete(), "it is completed"),
        (lambda op: op.set(cancellable=False), "it cannot be cancelled"),
    ],
)
def test_what_cannot_be_cancelled_refuses(op, prepare, why):
    op.on_cancel(lambda: None)
    prepare(op)
    assert deliver(op, Request()) == ("refused", why)


def test_callbacks_for_which_no_thread_can_be_had_refuse_with_that_reason(op, monkeypatch):
    def start(_thread):
        raise RuntimeError("can't start new thread")

    op.on_cancel(lambda: None)
    loop = op.track(range(9), "Loop")
    next(loop)
    monkeypatch.setattr(threading.Thread, "start", start)
    answer, why = deliver(op, Request("enough"))
    assert (answer, op.request) == ("refused", None)
    assert why is not None
    assert "can't start new thread" in why
    assert next(loop) == 1


def test_who_is_interrupted_finds_the_request_there(op, monkeypatch):
    found = []
    monkeypatch.setattr(signals, "pthread_kill", lambda *_: found.append(op.request))
    request = Request("enough")
    assert deliver(op, request) == ("accepted", None)
    assert found == [request]
    assert op.request is request


def test_what_nobody_can_stop_from_outside_is_not_paused(op):
    assert pause(op, paused=True) == (
        "refused",
        "only a command of `headway run` can be paused",
    )


def test_a_pause_is_refused_for_the_reason_that_its_pauser_has(op):
    asked = []
    op.pauser = lambda paused: asked.append(paused) or ("busy" if paused else None)
    assert pause(op, paused=True) == ("refused", "busy")
    assert pause(op, paused=False) == ("accepted", None)
    assert asked == [True, False]


def test_what_has_ended_is_not_paused(op):
    op.pauser = lambda _: None
    op.complete()
    assert pause(op, paused=True) == ("refused", "it is completed")
