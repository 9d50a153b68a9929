"""What the rules of other programs say of an even run."""

from __future__ import annotations

import pytest
from benches.areas.baselines import BASELINES, ObservedRun, baselines

from headway_viewer.public_json.reader import Change


def go(seconds=100.0, until=50.0, earlier=(), stages=2):
    """Stages that go evenly one after another; every rule's guess at `until`."""
    run = ObservedRun()
    rules = baselines(run, list(earlier))
    each = seconds / stages
    moments = [(0.0, stage, "pending", 0) for stage in range(stages)]
    for stage in range(stages):
        moments += [(stage * each + part * each / 20, stage, "running", part) for part in range(20)]
        moments.append(((stage + 1) * each, stage, "completed", 20))
    for time, stage, state, done in moments:
        if time > until:
            break
        change = Change("stage", time, "op")
        change.stage, change.name, change.state = stage, f"s{stage}", state
        change.done, change.total = done, 20
        run.observe(change)
        for rule in rules:
            rule.observed()
    return {rule.name: rule.guess(until) for rule in rules}


@pytest.mark.parametrize("name", ["elapsed / progress", "tqdm", "rich", "indicatif", "ninja"])
def test_an_even_run_is_predicted_without_history(name):
    assert go()[name] == pytest.approx(50, rel=0.1)


@pytest.mark.parametrize("name", ["ninja", "earlier medians", "weighted stages"])
def test_a_run_like_the_earlier_ones_is_predicted(name):
    assert go(earlier=[{"s0": 50.0, "s1": 50.0}] * 3)[name] == pytest.approx(50, rel=0.1)


def test_what_rests_on_earlier_runs_says_nothing_without_them():
    said = go()
    assert said["earlier medians"] is None
    assert said["weighted stages"] is None


def test_nothing_is_said_before_anything_has_moved():
    run = ObservedRun()
    for rule in baselines(run, []):
        assert rule.guess(0.0) is None
    assert len({rule.name for rule in BASELINES}) == len(BASELINES)
