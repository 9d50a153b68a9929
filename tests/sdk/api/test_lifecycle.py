"""What operations and stages have in common: how they start, wait and end."""

import pytest

import headway
from headway.api import lifecycle
from headway.host.threads import signals


@pytest.fixture(params=["operation", "stage"])
def handle(request, reporter):
    operation = headway.operation("Work")
    return operation if request.param == "operation" else operation.start().stage("Step")


def told(reporter):
    """What is marked to be sent, which is none from here on."""
    reporter.publisher.connected()
    return len(reporter.publisher.take(1e9, hurry=True))


def test_it_is_what_it_was_told_to_be(handle):
    assert handle.state == "pending"
    assert handle.start() is handle
    assert handle.state == "running"
    handle.wait("a lock")
    assert (handle.state, handle.model.reason) == ("waiting", "a lock")
    handle.wait("another lock")
    assert (handle.state, handle.model.reason) == ("waiting", "another lock")
    handle.resume()
    assert (handle.state, handle.model.reason) == ("running", None)
    handle.cancel("enough")
    assert (handle.state, handle.model.reason, handle.open) == ("cancelled", "enough", False)


def test_every_change_is_told_at_once(handle, reporter):
    for change in (handle.start, lambda: handle.wait("a lock"), handle.resume, handle.complete):
        told(reporter)
        revision = reporter.publisher.sequence
        change()
        assert told(reporter)
        assert reporter.publisher.sequence > revision


def test_to_do_it_twice_is_to_do_it_once(handle, clock):
    handle.start()
    clock.advance(1.0)
    handle.start()
    assert handle.model.started == 100.0
    handle.complete()
    clock.advance(1.0)
    handle.complete()
    assert handle.model.ended == 101.0


def test_what_has_failed_is_run_again_as_another_attempt(handle):
    handle.start().fail("no disk")
    assert handle.model.error == "no disk"
    handle.start()
    assert (handle.state, handle.model.attempt, handle.model.error) == ("running", 2, None)


def test_as_a_block_it_is_around_what_is_opened_inside(handle):
    with handle as entered:
        assert entered is handle
        assert headway.current() is handle
    assert (handle.state, headway.current() is handle) == ("completed", False)


def test_a_block_ends_as_it_is_left(handle):
    error = OSError("unplugged")
    with pytest.raises(OSError, match="unplugged") as raised, handle:
        raise error
    assert raised.value is error
    assert (handle.state, handle.model.error) == ("failed", "unplugged")


@pytest.mark.parametrize("at", ["enter", "start"])
def test_what_is_raised_as_a_block_is_entered_ends_it(handle, monkeypatch, at):
    start = handle.start

    def raise_late(*_):
        start()
        raise TimeoutError("late")

    if at == "enter":
        monkeypatch.setattr(lifecycle, "enter", raise_late)
    else:
        monkeypatch.setattr(type(handle), "start", raise_late)
    with pytest.raises(TimeoutError), handle:
        raise AssertionError("the block is not run")
    assert (handle.state, handle.model.error) == ("failed", "late")


def test_a_block_that_cannot_begin_is_not_told(handle, monkeypatch):
    monkeypatch.setattr(type(handle), "start", lambda _: int("none"))
    with pytest.raises(ValueError, match="none"), handle:
        raise AssertionError("the block is not run")
    assert handle.state == "pending"


def test_a_block_that_has_ended_inside_stays_as_it_has(handle):
    with handle:
        handle.cancel("enough")
    assert (handle.state, handle.model.reason) == ("cancelled", "enough")


def test_what_the_program_reports_after_its_end_changes_nothing(handle, reporter):
    handle.start()
    reporter.closed = True
    handle.cancel()
    assert handle.state == "running"


def test_a_signal_handler_may_end_it_while_it_ends(handle, reporter):
    before = signals.signal(signals.SIGUSR1, lambda *_: handle.fail("by the handler"))
    real = reporter.clock

    def clock():  # read within the move
        reporter.clock = real
        signals.raise_signal(signals.SIGUSR1)
        return real()

    try:
        handle.start()
        reporter.clock = clock
        handle.fail("by the program")
    finally:
        signals.signal(signals.SIGUSR1, before)
    assert handle.state == "failed"
