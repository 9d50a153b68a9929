"""The API of the original document, as a program that knows nothing of Headway uses it."""

import asyncio
import io
import threading
import time
from unittest.mock import Mock, patch

import pytest

import progress_tracker
from progress_tracker import ProgressTracker, StageStatus, notification


def test_a_new_tracker_has_nothing_but_its_name(tracker):
    assert tracker.operation_name == "Test Operation"
    assert (tracker.stages, tracker.current_stage_index) == ([], -1)
    assert tracker.start_time is tracker.end_time is tracker.cancel_callback is None
    assert tracker.cancelled is False
    assert tracker.get_overall_progress() == 0.0
    assert tracker.estimate_remaining_time() is None
    assert tracker.format_time_remaining() == "calculating..."


def test_stages_are_added_started_updated_and_completed(tracker):
    first, second = tracker.add_stage("Stage 1"), tracker.add_stage("Stage 2", total_bytes=1000)
    assert (first, second) == (0, 1)
    assert tracker.stages[1].total_bytes == 1000
    tracker.start()
    assert tracker.start_time == pytest.approx(time.time(), abs=1)
    tracker.start_stage(0)
    assert tracker.current_stage_index == 0
    assert tracker.stages[0].status is StageStatus.IN_PROGRESS
    tracker.update_stage_progress(0, progress=0.5)
    assert tracker.stages[0].progress == 0.5
    tracker.complete_stage(0)
    assert (tracker.stages[0].status, tracker.stages[0].progress) == (StageStatus.COMPLETED, 1.0)
    tracker.start_stage(1)
    tracker.update_stage_progress(1, processed_bytes=250)
    assert (tracker.stages[1].processed_bytes, tracker.stages[1].progress) == (250, 0.25)
    tracker.complete_stage(1, error="no space left")
    assert (tracker.stages[1].status, tracker.stages[1].error) == (
        StageStatus.FAILED,
        "no space left",
    )


def test_stages_at_one_a_half_and_nothing_make_exactly_a_half(tracker):
    for progress in (1.0, 0.5, 0.0):
        tracker.update_stage_progress(tracker.add_stage("x"), progress=progress)
    assert tracker.get_overall_progress() == 0.5


def test_a_stage_may_be_updated_before_it_is_started(tracker):
    tracker.update_stage_progress(tracker.add_stage("x"), progress=0.3)
    assert (tracker.stages[0].progress, tracker.stages[0].status) == (0.3, StageStatus.PENDING)


def test_indices_out_of_range_are_ignored(tracker):
    tracker.add_stage("x")
    for index in (-1, 1, 99):
        tracker.start_stage(index)
        tracker.update_stage_progress(index, progress=0.5)
        tracker.complete_stage(index)
    assert tracker.current_stage_index == -1
    assert tracker.stages[0].status is StageStatus.PENDING


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(None, "calculating..."), (45, "45s"), (125, "2m 5s"), (7325, "2h 2m")],
)
def test_the_time_remaining_is_said_in_words(tracker, monkeypatch, seconds, said):
    monkeypatch.setattr(tracker, "estimate_remaining_time", lambda: seconds)
    assert tracker.format_time_remaining() == said
    if seconds:
        assert f"⏱️ Estimated time remaining: {said}" in tracker.render_text_progress()


def test_an_estimate_comes_from_stages_whose_times_were_assigned(tracker):
    tracker.add_stage("a")
    tracker.add_stage("b")
    tracker.start()
    tracker.start_time = time.time() - 10
    tracker.start_stage(0)
    tracker.stages[0].start_time = time.time() - 10
    tracker.update_stage_progress(0, progress=0.5)
    assert tracker.estimate_remaining_time() == pytest.approx(30, abs=1)
    tracker.complete_stage(0)
    assert tracker.estimate_remaining_time() == pytest.approx(10, abs=1)
    assert tracker.stages[0].elapsed_time == pytest.approx(10, abs=1)


def test_the_text_is_that_of_the_document(tracker):
    for name in ("done", "at it", "broken", "off", "later"):
        tracker.add_stage(name)
    tracker.start_stage(0)
    tracker.complete_stage(0)
    tracker.start_stage(1)
    tracker.start_stage(2)
    tracker.complete_stage(2, error="why")
    tracker.stages[3].status = StageStatus.CANCELLED
    text = tracker.render_text_progress().splitlines()
    assert text[0] == "Test Operation..."
    assert text[1] == "━" * 8 + "─" * 32 + " 20%"
    assert text[4:] == [
        "[✓] done (0s)",
        "[→] at it (current)",
        "[✗] broken (failed: why)",
        "[⊗] off (cancelled)",
        "[ ] later",
    ]


def test_completing_ends_running_stages_prints_and_notifies_once(tracker, bell):
    tracker.add_stage("x")
    tracker.start()
    tracker.start_stage(0)
    tracker.complete(message="All good")
    tracker.complete()
    tracker.complete(success=False)
    tracker.cancel()
    assert tracker.stages[0].status is StageStatus.COMPLETED
    assert tracker.get_overall_progress() == 1.0
    assert not tracker.cancelled
    assert bell == [("Test Operation Complete", "Finished in 0s", 5)]
    printed = [str(call) for call in tracker.console.print.call_args_list]
    assert sum("All good" in line for line in printed) == 1


def test_a_failure_without_a_message_marks_the_running_stage_failed(tracker, bell):
    for message in (None, ""):
        failing = ProgressTracker("Op", console=Mock())
        failing.start_stage(failing.add_stage("x"))
        failing.complete(success=False, message=message)
        assert failing.stages[0].status is StageStatus.FAILED
        assert failing.stages[0].progress < 1.0
    assert [title for title, _message, _timeout in bell] == ["Op Failed", "Op Failed"]


def test_an_empty_error_is_an_error(tracker):
    tracker.add_stage("x")
    tracker.complete_stage(0, error="")
    assert tracker.stages[0].status is StageStatus.FAILED
    tracker.complete_stage(0)
    assert tracker.stages[0].status is StageStatus.FAILED


def test_an_ended_operation_is_never_turned_into_a_success(tracker, bell):
    tracker.add_stage("x")
    tracker.start()
    tracker.cancel("enough")
    tracker.start()
    tracker.start_stage(0)
    tracker.update_stage_progress(0, 1.0)
    tracker.complete_stage(0)
    tracker.complete()
    assert tracker.cancelled
    assert tracker.stages[0].status is StageStatus.CANCELLED
    assert bell == [("Test Operation Cancelled", "enough", 5)]


def test_cancelling_cancels_what_has_not_ended_and_calls_back_once(tracker):
    calls = []
    tracker.cancel_callback = lambda: calls.append(tracker.cancelled)
    for _ in range(3):
        tracker.add_stage("x")
    tracker.start_stage(0)
    tracker.complete_stage(0)
    tracker.start_stage(1)
    tracker.cancel()
    tracker.cancel()
    assert calls == [True]
    assert [stage.status.value for stage in tracker.stages] == [
        "completed",
        "cancelled",
        "cancelled",
    ]
    assert tracker.stages[1].end_time is not None


def test_a_callback_that_fails_is_told_of_and_harms_nothing(tracker):
    def broken():
        raise RuntimeError("cannot clean [up]")

    tracker.cancel_callback = broken
    tracker.cancel()
    assert tracker.cancelled
    assert "cannot clean [up]" in str(tracker.console.print.call_args_list)


def test_an_asynchronous_callback_is_run_to_its_end_without_a_loop(tracker):
    done = []

    async def clean():
        done.append(True)

    tracker.setup_cancellation_handler(clean)
    tracker.cancel()
    assert done == [True]


@pytest.mark.parametrize(
    ("flags", "titles"),
    [
        ({"enable_notifications": False}, []),
        ({"notification_on_complete": False}, ["x Failed"]),
        ({"notification_on_error": False}, ["x Complete"]),
    ],
)
def test_flags_choose_among_notifications(bell, flags, titles):
    for success in (True, False):
        ProgressTracker("x", console=Mock(), **flags).complete(success=success)
    assert [title for title, _message, _timeout in bell] == titles


def test_the_names_of_the_module_are_read_when_they_are_used(bell):
    tracker = ProgressTracker("x", console=Mock())
    with patch("progress_tracker.PLYER_AVAILABLE", False):
        assert tracker.enable_notifications is False
    with patch("progress_tracker.plyer_notification") as patched:
        tracker.complete()
    patched.notify.assert_called_once()
    assert "x Complete" in patched.notify.call_args[1]["title"]
    assert bell == []
    with patch("progress_tracker.Console") as console:
        assert ProgressTracker("y").console is console.return_value
    with patch("progress_tracker.RICH_AVAILABLE", False):
        assert ProgressTracker("y").console is None
        assert ProgressTracker("y").render_rich_progress() is None


def test_switching_rich_off_switches_to_plain_text(tracker, monkeypatch, capsys):
    monkeypatch.setattr(progress_tracker, "RICH_AVAILABLE", False)
    tracker.add_stage("Stage")
    tracker.start()
    tracker.display_progress()
    out = capsys.readouterr().out
    assert "Test Operation" in out
    assert "[ ] Stage" in out
    tracker.console.print.assert_not_called()


def test_display_prints_to_the_console(tracker):
    tracker.add_stage("Stage")
    tracker.display_progress()
    assert "[ ] Stage" in str(tracker.console.print.call_args)


def test_names_in_brackets_and_escape_sequences_are_shown_as_they_are():
    from rich.console import Console

    out = io.StringIO()
    tracker = ProgressTracker("[red]op[/red]", console=Console(file=out, width=100))
    tracker.add_stage("[bold]pkg[/] \x1b[2J")
    tracker.start()
    tracker.display_progress()
    tracker.complete_stage(0, error="[/nope] :smile:")
    tracker.complete(success=False, message="[link]gone[/link]")
    text = out.getvalue()
    for shown in ("[red]op[/red]", "[bold]pkg[/] ␛[2J", "[/nope] :smile:", "❌ [link]gone[/link]"):
        assert shown in text
    assert "\x1b" not in text


def call_sites(tracker):
    """Callbacks of installers as they are written today."""

    def by_step(current, total, step):
        while len(tracker.stages) < total:
            tracker.add_stage(step)
        if current > 1:
            tracker.complete_stage(current - 2)
        tracker.stages[current - 1].name = step
        tracker.start_stage(current - 1)

    def by_percent(message, percent):
        tracker.start_stage(0)
        if percent >= 0:
            tracker.update_stage_progress(0, progress=percent / 100)
        tracker.display_progress()

    def by_bytes(downloaded, total):
        tracker.stages[0].total_bytes = total
        tracker.start_stage(0)
        tracker.update_stage_progress(0, processed_bytes=downloaded)
        tracker.display_progress()

    return by_step, by_percent, by_bytes


def test_callbacks_of_installers_work_as_they_are_written(tracker):
    by_step, by_percent, _ = call_sites(tracker)
    for number, step in enumerate(("Download", "Unpack", "Configure"), 1):
        by_step(number, 3, step)
    assert [stage.status.value for stage in tracker.stages] == [
        "completed",
        "completed",
        "in_progress",
    ]
    percentages = ProgressTracker("y", console=Mock())
    percentages.add_stage("All")
    _, by_percent, _ = call_sites(percentages)
    for percent in (-1, 0, 40, 100):
        by_percent("working", percent)
    assert percentages.stages[0].progress == 1.0
    assert percentages.stages[0].status is StageStatus.IN_PROGRESS


def test_an_unknown_size_is_shown_with_bytes_and_rate_but_no_percent():
    tracker = ProgressTracker("z", console=Mock())
    tracker.add_stage("Fetch")
    _, _, by_bytes = call_sites(tracker)
    by_bytes(0, 0)
    tracker.stages[0].start_time = time.time() - 10
    for downloaded in range(0, 12_300_000, 8192):
        by_bytes(downloaded, 0)
    line = tracker.render_text_progress().splitlines()[-1]
    assert line.startswith("[→] Fetch (current) 12.3 MB 1.2")
    assert line.endswith(" MB/s")
    assert tracker.estimate_remaining_time() is None


def test_a_hung_notification_daemon_delays_the_end_by_half_a_second_at_most(tracker):
    release = threading.Event()
    with patch("progress_tracker.plyer_notification") as hung:
        hung.notify.side_effect = lambda **_: release.wait(20)
        before = time.monotonic()
        tracker.complete()
        assert time.monotonic() - before < 1.0
    release.set()


def test_a_clock_set_back_gives_no_negative_time(tracker, monkeypatch, bell):
    tracker.start()
    start = tracker.start_time
    tracker.start_stage(tracker.add_stage("x"))
    monkeypatch.setattr(time, "time", lambda: start - 3600)
    tracker.update_stage_progress(0, 0.5)
    assert tracker.estimate_remaining_time() >= 0
    tracker.complete()
    assert tracker.end_time >= start
    assert bell[0][1] == "Finished in 0s"


def fast(tracker, **total):
    stage = tracker.add_stage("part", **total)
    tracker.start_stage(stage)
    return stage


def test_of_many_reports_in_a_row_few_take_the_lock(tracker):
    taken = []
    stage = fast(tracker, total_bytes=100_000)
    update = tracker._update
    tracker._update = lambda *report: (taken.append(report), update(*report))
    for done in range(1, 100_001):
        tracker.update_stage_progress(stage, processed_bytes=done)
    assert len(taken) < 5000
    assert (tracker.stages[0].processed_bytes, tracker.stages[0].progress) == (100_000, 1.0)


def test_shares_in_a_row_are_kept_exactly(tracker, opened):
    stage = fast(tracker)
    for step in range(1, 1000):
        tracker.update_stage_progress(stage, step / 1000)
        assert tracker.stages[0].progress == step / 1000
    assert opened[0].stages[0].done == pytest.approx(99.9)


@pytest.mark.parametrize("odd", [-5, 2**70, -(2**70), True, 7.5])
def test_a_count_that_is_out_of_the_way_is_taken_as_before(tracker, odd):
    stage = fast(tracker, total_bytes=1000)
    for done in range(1, 500):
        tracker.update_stage_progress(stage, processed_bytes=done)
    tracker.update_stage_progress(stage, processed_bytes=odd)
    assert tracker.stages[0].processed_bytes == odd
    assert 0.0 <= tracker.stages[0].progress <= 1.0


def test_indices_that_are_no_index_are_refused_as_before(tracker):
    fast(tracker, total_bytes=1000)
    tracker.update_stage_progress(-1, processed_bytes=3)
    tracker.update_stage_progress(7, 0.5)
    with pytest.raises(TypeError):
        tracker.update_stage_progress([], processed_bytes=3)
    assert tracker.stages[0].processed_bytes == 0


def test_a_stage_that_ends_among_reports_of_a_thread_keeps_its_end(tracker):
    stage, over = fast(tracker, total_bytes=1000), threading.Event()

    def report():
        while not over.is_set():
            for done in range(1000):
                tracker.update_stage_progress(stage, processed_bytes=done)

    thread = threading.Thread(target=report)
    thread.start()
    try:
        for _ in range(50):
            tracker.start_stage(stage)
            time.sleep(0.001)
            tracker.complete_stage(stage)
            kept = tracker.stages[0].processed_bytes
            time.sleep(0.001)
            assert (tracker.stages[0].processed_bytes, tracker.stages[0].progress) == (kept, 1.0)
    finally:
        over.set()
        thread.join()


def test_a_slow_notifier_does_not_hold_an_event_loop(tracker):
    release = threading.Event()

    async def complete():
        before = time.monotonic()
        tracker.complete()
        return time.monotonic() - before

    with patch("progress_tracker.plyer_notification") as hung:
        hung.notify.side_effect = lambda **_: release.wait(20)
        assert asyncio.run(complete()) < notification.HANDOVER_TIMEOUT / 2
        release.set()
