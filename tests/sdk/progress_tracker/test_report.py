import gc
from unittest.mock import Mock

from progress_tracker import ProgressTracker


def tracker(name="Op", **flags):
    return ProgressTracker(name, console=Mock(), **flags)


def stages_of(operation):
    return [(stage.name, stage.state, stage.done, stage.total) for stage in operation.stages]


def test_a_tracker_is_an_operation_that_nobody_else_draws(opened):
    one = tracker()
    one.add_stage("Fetch", total_bytes=1000)
    one.add_stage("Set up")
    one.start()
    (operation,) = opened
    assert (operation.name, operation.state, operation.model.display) == ("Op", "running", "quiet")
    assert stages_of(operation) == [("Fetch", "pending", 0, 1000), ("Set up", "pending", 0, None)]
    one.start_stage(0)
    one.update_stage_progress(0, processed_bytes=400)
    one.start_stage(1)
    one.update_stage_progress(1, progress=0.25)
    late = one.add_stage("Late")
    assert stages_of(operation) == [
        ("Fetch", "running", 400, 1000),
        ("Set up", "running", 25, 100),
        ("Late", "pending", 0, None),
    ]
    one.complete_stage(0)
    one.start_stage(late)
    one.complete_stage(late, error="broken")
    one.complete(message="done")
    assert [stage.state for stage in operation.stages] == ["completed", "completed", "failed"]
    assert operation.stages[2].model.error == "broken"
    assert (operation.state, operation.model.message) == ("completed", "done")


def test_the_final_state_says_that_a_notification_was_sent(opened, bell):
    tracker().complete(success=False, message="no")
    tracker().complete()
    one = tracker()
    one.start()
    one.complete(success=False, message="no")
    assert (opened[-1].state, opened[-1].model.error) == ("failed", "no")
    assert opened[-1].model.notify == "sent"


def test_what_the_program_does_not_want_notified_is_not_left_to_notifiers(opened, bell):
    for flags, success, left in (
        ({"enable_notifications": False}, True, False),
        ({"notification_on_complete": False}, True, False),
        ({"notification_on_error": False}, False, False),
        ({"notification_on_complete": False}, False, "sent"),
    ):
        one = tracker(**flags)
        one.start()
        one.complete(success=success)
        assert opened[-1].model.notify == left


def test_without_plyer_notifying_is_left_to_notifiers(opened, monkeypatch):
    monkeypatch.setattr("progress_tracker.PLYER_AVAILABLE", False)
    one = tracker()
    one.start()
    one.complete()
    assert opened[-1].model.notify is None


def test_stages_of_equal_names_stay_apart(opened):
    one = tracker()
    for _ in range(2):
        one.start_stage(one.add_stage("Download"))
        one.complete_stage(len(one.stages) - 1)
    assert [stage.name for stage in opened[0].stages] == ["Download", "Download (2)"]
    assert [stage.model.attempt for stage in opened[0].stages] == [1, 1]


def test_a_retry_is_another_attempt(opened):
    one = tracker()
    one.start_stage(one.add_stage("Download", total_bytes=10))
    one.update_stage_progress(0, processed_bytes=7)
    one.complete_stage(0, error="reset by peer")
    one.start_stage(0)
    stage = opened[0].stages[0]
    assert (stage.state, stage.model.attempt, stage.done) == ("running", 2, 0)


def test_attributes_that_are_assigned_are_reported_when_it_is_drawn(opened):
    one = tracker()
    one.start_stage(one.add_stage("x"))
    one.stages[0].progress = 0.75
    one.display_progress()
    assert opened[0].stages[0].done == 75


def test_cancelling_says_why(opened):
    one = tracker()
    one.start_stage(one.add_stage("x"))
    one.cancel("not today")
    assert (opened[0].state, opened[0].model.reason) == ("cancelled", "not today")
    assert opened[0].stages[0].state == "cancelled"


def test_a_tracker_that_nobody_holds_ends_as_its_stages_did(opened):
    for error, state in ((None, "completed"), ("broken", "failed")):
        one = tracker()
        one.start_stage(one.add_stage("x"))
        one.complete_stage(0, error=error)
        del one
        gc.collect()
        assert opened[-1].state == state
    one = tracker()
    one.start_stage(one.add_stage("x"))
    del one
    gc.collect()
    assert opened[-1].state == "failed"


def test_nothing_that_is_wrong_with_reporting_reaches_the_program(monkeypatch):
    import headway

    def broken(*_arguments, **_named):
        raise RuntimeError("no threads, no sockets")

    monkeypatch.setattr(headway, "operation", broken)
    one = tracker()
    one.start()
    one.start_stage(one.add_stage("x"))
    one.update_stage_progress(0, 0.5)
    one.complete_stage(0)
    one.complete()
    assert one.get_overall_progress() == 1.0
