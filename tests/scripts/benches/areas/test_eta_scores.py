"""How estimators are scored on recorded runs."""

from __future__ import annotations

import json
import math

import pytest
from benches.areas.eta_scores import (
    Operation,
    Played,
    Recorded,
    average,
    error,
    hindsight,
    read,
    score,
)

from headway.estimate import Estimate


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
    errors = Operation([trace("0.jsonl", 20.0)]).others()
    assert errors["elapsed / progress"][0] < 0.2
    assert errors["earlier medians"] == [1.0]


def test_a_run_like_the_one_before_is_predicted_by_history(trace):
    operation = Operation([trace("0.jsonl", 20.0), trace("1.jsonl", 20.0)])
    first, second = operation.scores("causal")
    assert second.error < first.error
    assert operation.scores("cold")[1].error == first.error
    assert operation.scores("loro")[0].error < first.error
    assert operation.others()["earlier medians"][1] == pytest.approx(0.0, abs=1e-9)


def test_saying_nothing_costs_one():
    assert error(None, 5.0) == 1.0


def test_an_error_is_a_logarithm_of_a_factor():
    assert error(19.0, 9.0) == pytest.approx(math.log(2))


def test_a_range_that_misses_costs_ten_times_what_it_misses_by():
    narrow = Estimate(9, 9, 9, "rate", 0)
    scored = score(Played([(0.0, narrow)], 0.0, None), 19.0)
    assert scored.held == 0.0
    assert scored.winkler == pytest.approx(10 * math.log(2))


def test_in_hindsight_an_estimate_that_is_always_twice_the_truth_has_no_error():
    said = [(now, Estimate(1, 2 * (1000.0 - now), 9e9, "rate", 0)) for now in range(0, 900, 100)]
    played = Played(said, 0.0, None)
    assert score(played, 1000.0).error > 0.6
    assert hindsight(played, 1000.0) < 0.02


def test_hindsight_mends_no_silence():
    assert hindsight(Played([(0.0, None)], 1.0, None), 2.0) == 1.0


def test_an_average_leaves_out_what_is_unknown():
    known = score(Played([(0.0, Estimate(1, 2, 3, "rate", 0))], 0.0, None), 2.0)
    unknown = score(Played([(0.0, None)], 1.0, None), 2.0)
    assert average([known, unknown]).held == known.held
    assert average([known, unknown]).blank == 0.5


def test_a_recorded_run_ends_with_its_last_change(trace):
    run = trace("0.jsonl", 10.0)
    assert isinstance(run, Recorded)
    assert run.seconds == 10.0
