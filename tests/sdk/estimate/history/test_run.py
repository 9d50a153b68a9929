from __future__ import annotations

import json
from pathlib import Path

import pytest

from headway.estimate import Run
from headway.estimate.history.span import Span


@pytest.mark.parametrize(
    "record",
    [
        {},
        {"format": 99},
        {"format": 1, "seconds": "x", "spans": [], "misses": []},
        {"format": 1, "seconds": 1, "spans": [{}], "misses": []},
        {"format": 1, "seconds": 1, "spans": [3], "misses": []},
        {"format": 1, "seconds": 1, "spans": [], "misses": [[1]]},
        {"format": 1, "seconds": float("nan"), "spans": [], "misses": []},
        {"format": 1, "seconds": 1e300, "spans": [], "misses": []},
        [],
        None,
    ],
)
def test_what_is_no_run_is_refused(record):
    with pytest.raises(ValueError, match="not a run"):
        Run.from_dict(record)


def test_a_stored_curve_that_lost_its_first_pass_is_dropped_and_its_duration_kept():
    # Stored by a version that kept the last pass of a count alone.
    file = Path(__file__).parents[3] / "recordings" / "history" / "format-1.json"
    run = Run.from_dict(json.loads(file.read_text()))
    spans = {span.key: span for span in run.spans}
    assert spans["compile"].fractions == []
    assert spans["compile"].worked == pytest.approx(180.2, abs=0.1)
    assert spans["prepare"].fractions


def test_a_curve_that_begins_late_is_kept_since_passes_are_known():
    late = Span("a", 0, 10, 10, total=100, sized=True, fractions=[0, 0.01, 1], seconds=[0, 9, 10])
    again = Run.from_dict(Run(10, [late]).to_dict())
    assert again.spans[0].seconds == [0, 9, 10]
    assert again.spans[0].passes == [(100, 100)]


def test_a_run_of_negative_length_took_no_time():
    # Stored by a machine whose clock was set back.
    worked = Span("a", 0, 1, 1)
    assert Run.from_dict({**Run(1, [worked]).to_dict(), "seconds": -1}).seconds == 0
