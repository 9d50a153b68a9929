"""A tracker that many threads use at once."""

import contextlib
import threading
import time

from progress_tracker import StageStatus


class SlowList(list):
    """A list whose append lets another thread in before it returns."""

    def append(self, item):
        super().append(item)
        time.sleep(0.002)


def add_from_threads(tracker):
    indices = []
    barrier = threading.Barrier(8)

    def add():
        barrier.wait()
        indices.extend([tracker.add_stage("x") for _ in range(5)])

    threads = [threading.Thread(target=add) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return indices


def test_stages_added_by_many_threads_have_indices_of_their_own(tracker):
    tracker.stages = SlowList()
    assert sorted(add_from_threads(tracker)) == list(range(40))


def test_without_the_lock_they_would_not(tracker):
    tracker.stages = SlowList()
    tracker._lock = contextlib.nullcontext()
    assert sorted(add_from_threads(tracker)) != list(range(40))


def test_many_stages_at_once_are_counted_exactly(tracker):
    tracker.start()

    def work():
        stage = tracker.add_stage("part", total_bytes=1000)
        tracker.start_stage(stage)
        for done in range(0, 1001, 50):
            tracker.update_stage_progress(stage, processed_bytes=done)
            tracker.display_progress()
        tracker.complete_stage(stage)

    threads = [threading.Thread(target=work) for _ in range(150)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(tracker.stages) == 150
    assert all(stage.processed_bytes == 1000 for stage in tracker.stages)
    assert all(stage.status is StageStatus.COMPLETED for stage in tracker.stages)
    assert tracker.get_overall_progress() == 1.0


def test_one_end_among_many_threads_counts(tracker, bell):
    ends = [tracker.complete, tracker.cancel, lambda: tracker.complete(success=False)] * 5
    threads = [threading.Thread(target=end) for end in ends]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(bell) == 1
