from __future__ import annotations

from headway.estimate.analogues.speed import Speed
from headway.estimate.history.parameters import Parameters
from headway.estimate.history.run import Run
from headway.estimate.history.span import Span
from headway.estimate.history.trust import trust


def run(*seconds, totals=None):
    spans, at = [], 0.0
    for i, worked in enumerate(seconds):
        total = totals[i] if totals else 0.0
        spans.append(Span(f"s{i}", at, at + worked, worked, total=total, unit="file"))
        at += worked
    return Run(at, spans)


def test_where_the_whole_machine_was_slower_speed_is_carried_on():
    together = Parameters([run(10, 10, 10), run(20, 20, 20), run(10, 10, 10), run(15, 15, 15)])
    apart = Parameters([run(10, 10, 10), run(20, 10, 10), run(10, 10, 20), run(20, 10, 10)])
    assert Speed(*together.regression_sums).carry > 0.6
    assert Speed(*apart.regression_sums).carry < 0.3


def test_time_grows_with_size_as_it_did():
    grows = Parameters([run(10, totals=[100]), run(20, totals=[200]), run(40, totals=[400])])
    stays = Parameters([run(10, totals=[100]), run(10, totals=[200]), run(10, totals=[400])])
    assert grows.elasticity("s0") > 0.85
    assert stays.elasticity("s0") < 0.5
    assert grows.elasticity("never seen") == 0.9


def span(worked, seconds, total=10.0):
    steps = len(seconds) - 1
    return Span(
        "a",
        0,
        worked,
        worked,
        total=total,
        unit="file",
        sized=True,
        fractions=[i / steps for i in range(steps + 1)],
        seconds=seconds,
    )


def test_an_even_count_is_trusted_and_one_with_long_waits_is_not():
    even = span(10, [float(i) for i in range(11)])
    early = span(10, [0, 6, 6.4, 6.8, 7.2, 7.6, 8.0, 8.4, 8.8, 9.2, 9.6])
    late = span(10, [0, 0.4, 0.8, 1.2, 1.6, 2.0, 2.4, 2.8, 3.2, 3.6, 9.6])
    assert trust([even]) > 0.9
    assert trust([even, even, even]) > 0.9
    assert trust([early]) < trust([even])
    assert trust([early, late, early]) < 0.3
    assert trust([]) == 1.0


def test_a_count_that_predicts_runs_of_other_speeds_is_trusted():
    slow = span(30, [3.0 * i for i in range(11)])
    fast = span(10, [1.0 * i for i in range(11)])
    assert trust([slow, fast, slow]) > 0.9
