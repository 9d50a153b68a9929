import asyncio
import threading
from unittest.mock import Mock

import pytest

import headway
from headway.api.cancellation import Request, deliver
from progress_tracker import ProgressTracker, StageStatus, run_with_progress


@pytest.fixture
def tracker():
    return ProgressTracker("Op", console=Mock())


def run(tracker, function, *arguments, **named):
    return asyncio.run(run_with_progress(tracker, function, *arguments, **named))


def test_it_returns_what_a_coroutine_function_returns(tracker, bell):
    async def work(given, number, *, more):
        assert given is tracker
        given.start_stage(given.add_stage("x"))
        return number + more

    assert run(tracker, work, 1, more=2) == 3
    assert tracker.stages[0].status is StageStatus.COMPLETED
    assert tracker.start_time
    assert tracker.end_time
    assert [title for title, _, _ in bell] == ["Op Complete"]


def test_a_plain_function_is_as_good(tracker):
    assert run(tracker, lambda given: given.operation_name) == "Op"
    assert tracker.get_overall_progress() == 0.0
    assert tracker.end_time


@pytest.mark.parametrize("error", [ValueError("bad"), ValueError(""), OSError()])
def test_an_exception_fails_the_running_stage_and_is_passed_on(tracker, error):
    async def work(given):
        given.start_stage(given.add_stage("x"))
        raise error

    with pytest.raises(type(error)):
        run(tracker, work)
    assert tracker.stages[0].status is StageStatus.FAILED
    assert tracker.stages[0].error == (str(error) or type(error).__name__)


@pytest.mark.parametrize(
    "leave", [KeyboardInterrupt, asyncio.CancelledError, headway.Cancelled, GeneratorExit]
)
def test_what_cancels_ends_it_as_cancelled_and_is_passed_on(tracker, leave):
    calls = []
    tracker.cancel_callback = lambda: calls.append(1)

    async def settle():
        def work(given):
            given.add_stage("x")
            raise leave

        with pytest.raises(leave):
            await run_with_progress(tracker, work)

    asyncio.run(settle())
    assert tracker.cancelled
    assert calls == [1]
    assert tracker.stages[0].status is StageStatus.CANCELLED


@pytest.mark.parametrize(
    ("code", "status"),
    [(0, StageStatus.COMPLETED), (None, StageStatus.COMPLETED), (3, StageStatus.FAILED)],
)
def test_leaving_the_program_ends_it_by_the_exit_status(tracker, code, status):
    def work(given):
        given.start_stage(given.add_stage("x"))
        raise SystemExit(code)

    with pytest.raises(SystemExit):
        run(tracker, work)
    assert tracker.stages[0].status is status


def test_an_end_that_the_function_chose_stands(tracker, bell):
    async def work(given):
        given.complete(success=False, message="Download failed")
        return 1

    assert run(tracker, work) == 1
    assert [(title, said) for title, said, _ in bell] == [("Op Failed", "Download failed")]


async def turns(number=10):
    """Let the event loop turn a few times."""
    for _ in range(number):
        await asyncio.sleep(0)


async def cancelled(tracker):
    """Cancel a tracker's task in the midst of its work."""
    begun = asyncio.Event()

    async def work(_tracker):
        begun.set()
        await asyncio.Event().wait()

    task = asyncio.create_task(run_with_progress(tracker, work))
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


def test_a_callback_set_before_is_kept(tracker):
    calls = []
    tracker.setup_cancellation_handler(callback=lambda: calls.append(1))
    asyncio.run(cancelled(tracker))
    assert calls == [1]


def test_an_asynchronous_callback_has_ended_before_the_cancellation_goes_on(tracker):
    steps = []

    async def clean():
        await turns()
        steps.append("cleaned")

    async def passed_on():
        tracker.cancel_callback = clean
        await cancelled(tracker)
        steps.append("passed on")

    asyncio.run(passed_on())
    assert steps == ["cleaned", "passed on"]


def test_it_works_off_the_main_thread(tracker):
    results = []
    thread = threading.Thread(target=lambda: results.append(run(tracker, lambda _: 5)))
    thread.start()
    thread.join()
    assert results == [5]


def test_a_request_to_cancel_reaches_the_one_task_meant(opened):
    trackers = [ProgressTracker(name, console=Mock()) for name in ("a", "b")]

    async def both():
        begun, goes_on = [], asyncio.Event()

        async def work(tracker):
            begun.append(tracker)
            await goes_on.wait()

        tasks = [asyncio.create_task(run_with_progress(tracker, work)) for tracker in trackers]
        while len(begun) < 2:
            await turns(1)
        assert deliver(opened[0], Request("no longer needed"))[0] == "accepted"
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        goes_on.set()
        return await asyncio.gather(*tasks, return_exceptions=True)

    cancelled, done = asyncio.run(both())
    assert isinstance(cancelled, asyncio.CancelledError)
    assert done is None
    assert [tracker.cancelled for tracker in trackers] == [True, False]
    assert [operation.state for operation in opened] == ["cancelled", "completed"]
    assert opened[0].model.reason == "no longer needed"
