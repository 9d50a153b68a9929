import asyncio
import contextlib
import io
import re
import threading

import pytest
from machine import until
from rich.console import Console
from rich.progress import Progress

import progress_tracker
from progress_tracker import RichProgressTracker


class Terminal(io.StringIO):
    """What was drawn, without its colours."""

    def getvalue(self):
        return re.sub(r"\x1b\[[\d;]*m", "", super().getvalue())


def forced():
    out = Terminal()
    console = Console(file=out, width=60, height=20, force_terminal=True)
    return RichProgressTracker("Op", console=console), out


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch):
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    monkeypatch.delenv("TTY_COMPATIBLE", raising=False)


def test_without_rich_it_says_what_to_install(monkeypatch):
    monkeypatch.setattr(progress_tracker, "RICH_AVAILABLE", False)
    with pytest.raises(ImportError, match="pip install rich"):
        RichProgressTracker("Op")


def test_there_is_a_progress_object_inside_and_none_outside():
    tracker, _out = forced()
    tracker.add_stage("[one]")
    assert tracker.progress_obj is None

    async def work():
        async with tracker.live_progress() as given:
            assert given is tracker
            assert isinstance(tracker.progress_obj, Progress)
            tracker.start_stage(0)
            tracker.update_stage_progress(0, 0.5)
            until(lambda: tracker.progress_obj.tasks[0].completed == 50)
            tracker.complete_stage(0)

    asyncio.run(work())
    assert tracker.progress_obj is None


def test_it_draws_without_a_call_what_changes_comes_and_fails():
    tracker, out = forced()
    tracker.add_stage("first")
    with tracker.live_progress():
        tracker.start_stage(0)
        until(lambda: "first (current)" in out.getvalue())
        late = tracker.add_stage("added later")
        until(lambda: "added later" in out.getvalue())
        tracker.complete_stage(late, error="no [space] left")
        until(lambda: "(failed: no [space] left)" in out.getvalue())
        tracker.stages[0].progress = 0.42
        until(lambda: " 42%" in out.getvalue())


def test_its_clocks_go_on_while_nothing_is_reported():
    tracker, out = forced()
    tracker.start_stage(tracker.add_stage("slow"))
    with tracker.live_progress():
        until(lambda: "slow (current) 2s" in out.getvalue())


def test_an_exception_leaves_the_block_and_the_picture():
    tracker, out = forced()
    with contextlib.suppress(ValueError), tracker.live_progress():
        tracker.start_stage(tracker.add_stage("one"))
        raise ValueError
    assert tracker.progress_obj is None
    drawn = out.getvalue()
    until(lambda: "progress-live" not in [thread.name for thread in threading.enumerate()])
    assert out.getvalue() == drawn


def test_an_end_inside_the_block_is_drawn_once():
    tracker, out = forced()
    with tracker.live_progress():
        tracker.start_stage(tracker.add_stage("one"))
        tracker.complete(message="all there")
    assert out.getvalue().count("all there") == 1
    after = out.getvalue().split("all there")[1]
    assert "Estimated" not in after


def test_a_pipe_gets_the_changes_as_they_come():
    out = io.StringIO()
    tracker = RichProgressTracker("Op", console=Console(file=out, width=80))
    with tracker.live_progress():
        tracker.start_stage(tracker.add_stage("one"))
        until(lambda: "[→] one (current)" in out.getvalue())
    assert "\x1b" not in out.getvalue()
