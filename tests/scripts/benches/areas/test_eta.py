"""How estimators are scored on recorded runs."""

from __future__ import annotations

import json
import math

import pytest
from benches.areas.eta import Recorded, losses, read, score


@pytest.fixture
def trace(tmp_path):
    def write(name, seconds):
        lines = [{"t": 0, "op": "op", "state": "plan", "plan": ["a", "b"]}]
        for index, stage in enumerate(("a", "b")):
            begun = index * seconds / 2
            for part in range(11):
                state = "start" if not part else "done" if part == 10 else "run"
                lines.append(
                    {
                        "t": begun + part * seconds / 20,
                        "op": "op",
                        "stage": stage,
                        "done": part,
                        "total": 10,
                        "unit": None,
                        "state": state,
                    }
                )
        lines.append({"t": seconds, "op": "op", "state": "end"})
        path = tmp_path / name
        path.write_text("\n".join(json.dumps(line) for line in lines))
        return read(path)

    return write


def test_an_even_run_is_predicted_by_elapsed_over_progress(trace):
    scores = score([trace("0.jsonl", 20.0)])
    assert scores.errors["elapsed / progress"][0] < 0.2
    assert scores.errors["earlier medians"] == [1.0]
    assert scores.covered == []


def test_a_run_like_the_one_before_is_predicted_by_history(trace):
    scores = score([trace("0.jsonl", 20.0), trace("1.jsonl", 20.0)])
    assert scores.errors["earlier medians"][1] == pytest.approx(0.0, abs=1e-9)
    assert scores.errors["headway"][1] < scores.errors["headway"][0]
    assert scores.errors["headway, no history"][1] == scores.errors["headway"][0]
    assert scores.covered[0] > 0.9


def test_saying_nothing_costs_one(trace):
    run = trace("0.jsonl", 10.0)
    assert losses(run, {"mute": lambda _now: None}, _unheard) == {"mute": 1.0}


def test_an_error_is_a_logarithm_of_a_factor(trace):
    run = trace("0.jsonl", 10.0)
    double = {"double": lambda now: 2 * (run.seconds - now + 1) - 1}
    assert losses(run, double, _unheard)["double"] == pytest.approx(math.log(2))


def test_a_recorded_run_ends_with_its_last_change(trace):
    run = trace("0.jsonl", 10.0)
    assert isinstance(run, Recorded)
    assert run.seconds == 10.0


def _unheard(_change):
    pass
