import asyncio
import signal
import threading
from unittest.mock import Mock, patch

import pytest

from progress_tracker import ProgressTracker, run_with_progress


@pytest.fixture(autouse=True)
def _as_before():
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in before.items():
        assert signal.getsignal(number) is handler


def handled(callback=None):
    tracker = ProgressTracker("Op", console=Mock())
    tracker.add_stage("x")
    tracker.setup_cancellation_handler(callback)
    return tracker


def test_both_signals_are_handled_from_the_call_on():
    with patch("progress_tracker.signal.signal") as installed:
        tracker = handled(callback := Mock())
    assert tracker.cancel_callback is callback
    numbers = [call[0][0] for call in installed.call_args_list]
    assert numbers == [signal.SIGINT, signal.SIGTERM]
    handler = installed.call_args_list[0][0][1]
    with pytest.raises(SystemExit) as left:
        handler(signal.SIGINT, None)
    assert left.value.code == 130
    callback.assert_called_once_with()


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_cancels_cleans_up_once_and_leaves(number, status):
    calls = []
    tracker = handled(lambda: calls.append(1))
    with pytest.raises(SystemExit) as left:
        signal.raise_signal(number)
    tracker.cancel()
    assert left.value.code == status
    assert tracker.cancelled
    assert calls == [1]


def test_the_handlers_of_the_program_are_called_and_restored():
    heard = []
    before = signal.signal(signal.SIGTERM, lambda number, _frame: heard.append(number))
    theirs = signal.getsignal(signal.SIGTERM)
    try:
        tracker = handled()
        assert signal.getsignal(signal.SIGTERM) is not theirs
        with pytest.raises(SystemExit):
            signal.raise_signal(signal.SIGTERM)
        assert heard == [signal.SIGTERM]
        assert tracker.cancelled
        assert signal.getsignal(signal.SIGTERM) is theirs
        handled().complete()
        assert signal.getsignal(signal.SIGTERM) is theirs
    finally:
        signal.signal(signal.SIGTERM, before)


def test_every_tracker_that_asked_is_cancelled_whichever_ends_first():
    trackers = [handled() for _ in range(3)]
    trackers[2].complete()
    with pytest.raises(SystemExit):
        signal.raise_signal(signal.SIGINT)
    assert [tracker.cancelled for tracker in trackers] == [True, True, False]


def test_a_second_signal_during_the_cleanup_leaves_at_once():
    steps = []

    def clean():
        steps.append("begun")
        signal.raise_signal(signal.SIGINT)
        steps.append("finished")

    tracker = handled(clean)
    with pytest.raises(SystemExit) as left:
        signal.raise_signal(signal.SIGINT)
    assert left.value.code == 130
    assert steps == ["begun"]
    assert tracker.cancelled


def test_an_ended_tracker_leaves_a_signal_to_the_program():
    tracker = handled()
    thread = threading.Thread(target=tracker.complete)  # it cannot restore handlers there
    thread.start()
    thread.join()
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)
    handled().complete()


def test_outside_the_main_thread_nothing_is_installed_and_nothing_raises():
    before = signal.getsignal(signal.SIGINT)
    thread = threading.Thread(target=lambda: handled().cancel())
    thread.start()
    thread.join()
    assert signal.getsignal(signal.SIGINT) is before


def test_an_asynchronous_cleanup_is_done_before_the_program_is_left():
    steps = []

    async def clean():
        for _ in range(10):
            await asyncio.sleep(0)
        steps.append("cleaned")

    async def work(_tracker):
        asyncio.get_running_loop().call_soon(signal.raise_signal, signal.SIGTERM)
        await asyncio.Event().wait()

    tracker = ProgressTracker("Op", console=Mock())
    tracker.cancel_callback = clean
    with pytest.raises(SystemExit) as left:
        asyncio.run(run_with_progress(tracker, work))
    assert left.value.code == 143
    assert steps == ["cleaned"]
    assert tracker.cancelled
