"""Estimates of recorded operations, every run knowing the runs before it."""

from __future__ import annotations

import math
from pathlib import Path
from statistics import mean

import pytest

from headway_viewer.commands.backtest import Backtest
from headway_viewer.public_json.reader import _recording, changes

RECORDINGS = Path(__file__).parents[2] / "recordings" / "eta"
OPERATIONS = sorted(path.name for path in RECORDINGS.iterdir() if path.is_dir())


def off(said, whole):
    """The error of one line: ln of predicted over true remaining seconds, a second added."""
    if said["median"] is None:
        return 1.0
    return abs(math.log((said["median"] + 1) / (whole - said["t"] + 1)))


def holds(said, whole):
    left = whole - said["t"]
    return said["low"] <= left <= said["high"]


@pytest.fixture(scope="module")
def said():
    """Operation → for every run with earlier ones: what was said, and how long it took."""
    found = {}
    for operation in OPERATIONS:
        history = {}
        for path in sorted((RECORDINGS / operation).glob("*.jsonl")):
            happened = list(changes(str(path)))
            whole = happened[-1].time
            lines = []
            Backtest(history, max(0.25, whole / 100)).run(happened, lines.append)
            found.setdefault(operation, []).append((lines, whole))
    return found


@pytest.mark.parametrize("operation", OPERATIONS)
def test_every_moment_has_an_estimate_once_there_is_history(said, operation):
    for lines, _ in said[operation][1:]:
        assert all(line["median"] is not None for line in lines)
        assert all(line["low"] <= line["median"] <= line["high"] for line in lines)
        assert {line["basis"] for line in lines} <= {"history", "history+rate"}


@pytest.mark.parametrize("operation", OPERATIONS)
def test_progress_hardly_goes_back_and_is_never_whole_before_the_end(said, operation):
    for lines, _ in said[operation][1:]:
        shown = [line["progress"] for line in lines if line["progress"] is not None]
        assert all(0 <= share < 1 for share in shown)
        assert all(after >= before - 0.15 for before, after in zip(shown, shown[1:]))


def test_time_in_which_the_process_was_stopped_is_no_pace():
    def line(time, done, *stops, state="running"):
        part = {"id": 1, "name": "s", "state": state, "started": 0.0, "ended": time}
        part.update(done=done, total=20)
        made = {"id": "a", "name": "x", "state": state, "started": 0.0, "ended": time}
        return {
            "type": "operation",
            "time": time,
            "operation": {**made, "stops": list(stops), "stages": [part]},
        }

    lines = [line(float(second), second) for second in range(11)]
    lines.append(line(12.0, 10, [10.0, None]))
    lines += [line(float(90 + second), 10 + second, [10.0, 90.0]) for second in range(1, 10)]
    lines.append(line(100.0, 20, [10.0, 90.0], state="completed"))
    history, said = {}, []
    Backtest(history, 1.0).run(_recording(lines[0], lines[1:]), said.append)

    assert {line["median"] for line in said if 13 <= line["t"] <= 89} == {None}
    after = [line for line in said if 92 <= line["t"] <= 95]
    assert all(off(line, 100.0) < 0.3 for line in after)
    assert history["x"][0].seconds == pytest.approx(20.0, abs=1.1)


def test_estimates_with_history_are_typically_off_by_less_than_half(said):
    errors = [
        mean(mean(off(line, whole) for line in lines) for lines, whole in runs[1:])
        for runs in said.values()
    ]
    assert mean(errors) < 0.39


def test_first_runs_are_typically_off_by_less_than_the_factor_two(said):
    errors = [mean(off(line, runs[0][1]) for line in runs[0][0]) for runs in said.values()]
    assert mean(errors) < 0.66


def test_ranges_hold_about_four_times_in_five(said):
    held = [
        mean(mean(holds(line, whole) for line in lines) for lines, whole in runs[1:])
        for runs in said.values()
    ]
    assert 0.7 < mean(held) < 0.9
